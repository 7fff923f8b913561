"""Ruled lines in a picture of a level page -> tables of cells.

Lines are ink that runs straight for longer than a stroke of writing does. Where lines meet they make a table; its grid has every
ruled position, and neighbouring fields of the grid are one cell where too little ink stands between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

_DPI = 150  # lines are looked for at this resolution
_LEVEL, _UPRIGHT = 46, 34  # least lengths in pixels of it: longer than strokes of a heading, shorter than a row is high
_AROUND, _DARKER, _LIGHTEST = 41, 22, 215  # ink is by so many levels darker than so many pixels around, and not lighter than that
_BREAK = 7  # pixels along a line that may be missing
_LONG, _BENT = 240, 200  # pixels from which on a line may be broken, and bent
_FEWEST, _STRAY = 10, 2.2  # pixels of a line that say how it runs, and how far a pixel may be off it
_MOST_PARTS, _WIDE, _HIGH = 400, 100, 25  # groups of lines that are looked at, and how large one of them is that may be a table
_ROW_HEIGHT = 22  # pixels: tables whose rows are mostly lower are strokes of large writing
_STEEPEST = 30  # pixels that a run may rise
_THICK = 6  # what is thicker is no line
_TOUCH = 7
_SAME = 6  # a piece of line may stray so far from its line
_NARROWEST = 12  # lines nearer to each other than this have no room for text between them: one line, drawn double
_COVERED = 0.55  # of a border must be ruled, or what lies on its sides is one cell
_CLOSE, _INKED = 2, 0.9  # or so much of it, so closely, be inked
_BROKEN, _WHOLE = 0.6, 0.86  # least part of a line that is inked: of a long faint one, and of a short one
_LONE, _LONE_WHOLE = 120, 0.94  # least length of a line that is no cell's border, and part of it that is inked


@dataclass(frozen=True)
class GridBox:
    """A cell: its place on the table's grid, and its inner edges x0, y0, x1, y1 in pixels."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Grid:
    """A ruled table; `lines` marks the pixels of its ruling."""

    cells: tuple[GridBox, ...]
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Ruling:
    """All tables of a page from the top down, and a mask (255) of every ruled line."""

    grids: tuple[Grid, ...]
    lines: Gray

    def taken_off(self, gray: Gray) -> Gray:
        """`gray`, the page or a layer of it, height x width, with paper where lines are ruled."""
        return np.where(self.lines > 0, np.uint8(255), gray)


@dataclass(frozen=True)
class _Line:
    """A ruled line: where it is across its direction, and from where to where it runs along it."""

    at: float
    start: float
    end: float


def find_grids(gray: Gray, scale: float) -> Ruling:
    """Tables in `gray` (level, paper white); `scale` is its pixels a point."""
    zoom = min(1.0, _DPI / 72 / scale)
    small = cv2.resize(gray, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else gray
    ink = _ink(small)
    level, upright = _run(ink, _LEVEL), _run(ink.T, _UPRIGHT).T
    upright = _between(upright, level)
    grids = [grid for part in _connected(level, upright) if (grid := _grid(level & part, upright & part, ink))]
    edges = [cell.box for grid in grids for cell in grid.cells]
    ruled = _ruled(level, ink, [y for box in edges for y in (box[1], box[3])])
    ruled |= _ruled(np.ascontiguousarray(upright.T), np.ascontiguousarray(ink.T), [x for box in edges for x in (box[0], box[2])]).T
    mask = cv2.resize(ruled, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_NEAREST)
    return Ruling(tuple(sorted((_enlarged(grid, 1 / zoom) for grid in grids), key=lambda grid: (grid.box[1], grid.box[0]))), mask)


def _ruled(runs: Gray, ink: Gray, borders: Sequence[float]) -> Gray:
    """The runs along the rows that are ruled lines: on a border of cells the nearest to it, elsewhere long ones without a break.
    The tops of a row of characters may lie as straight, and must not be taken for a line that is no part of the writing."""
    count, labels, stats, middles = cv2.connectedComponentsWithStats(runs)
    at = np.asarray(sorted(set(borders)) or [-np.inf])
    away = np.abs(middles[:, 1][:, None] - at[None, :])
    ruled = np.zeros((len(at), runs.shape[1]), bool)
    keep = np.zeros(count, bool)
    for label in sorted(range(1, count), key=lambda label: float(away[label].min())):
        x, y, width, height = (int(v) for v in stats[label, :4])
        border = int(away[label].argmin())
        if away[label, border] <= 2 * _SAME and ruled[border, x : x + width].mean() < 0.5:
            ruled[border, x : x + width] = keep[label] = True
        elif width >= _LONE:
            part = (slice(y, y + height), slice(x, x + width))
            keep[label] = float(((labels[part] == label) & (ink[part] > 0)).any(axis=0).mean()) > _LONE_WHOLE
    return _without(runs, labels, stats, keep)


def _ink(gray: Gray) -> Gray:
    """255 where it is darker than around, faint lines included."""
    around = cv2.blur(gray, (_AROUND, _AROUND))
    darker = (gray.astype(np.int16) < around.astype(np.int16) - _DARKER) & (gray < _LIGHTEST)
    return np.asarray(np.uint8(255) * darker, np.uint8)


def _run(ink: Gray, length: int) -> Gray:
    """What of `ink` runs along the rows for `length` pixels as one thin straight line; small gaps and a slight slope allowed."""
    ink = np.ascontiguousarray(ink)
    thin = ink & ~cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((_THICK + 1, 1), np.uint8))
    closed = cv2.morphologyEx(cv2.dilate(thin, np.ones((3, 1), np.uint8)), cv2.MORPH_CLOSE, np.ones((1, _BREAK), np.uint8))
    runs = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs)
    keep = np.zeros(count, bool)
    for label in range(1, count):
        x, y, width, height = (int(v) for v in stats[label, :4])
        part = (slice(y, y + height), slice(x, x + width))
        keep[label] = _is_straight((labels[part] == label) & (thin[part] > 0))
    return _without(runs, labels, stats, keep)


def _without(runs: Gray, labels: NDArray[np.int32], stats: NDArray[np.int32], keep: NDArray[np.bool_]) -> Gray:
    """The runs without the components that are not to be kept. Few are, or small ones: going over the page costs more."""
    kept = runs.copy()
    for label in np.flatnonzero(~keep[1:]) + 1:
        x, y, width, height = (int(v) for v in stats[label, :4])
        part = (slice(y, y + height), slice(x, x + width))
        kept[part][labels[part] == label] = 0
    return kept


def _is_straight(pixels: NDArray[np.bool_]) -> bool:
    """Whether the pixels lie along one line; strokes of a row of text stand on several levels."""
    ys, xs = np.nonzero(pixels)
    least = _BROKEN if pixels.shape[1] > _LONG else _WHOLE
    if len(xs) < _FEWEST or pixels.any(axis=0).mean() <= least:
        return False
    degree = 2 if pixels.shape[1] > _BENT else 1
    along = xs / pixels.shape[1] - 0.5
    near = np.ones(len(xs), bool)
    for _ in range(3):
        curve = np.polyfit(along[near], ys[near], degree)
        before, near = near, np.abs(ys - np.polyval(curve, along)) < _STRAY
        if near.sum() < _FEWEST:
            return False
        if np.array_equal(near, before):
            break
    return bool(len(np.unique(xs[near])) / pixels.shape[1] > least)


def _between(upright: Gray, level: Gray) -> Gray:
    """Upright runs that go from one level line to another; a long one may be broken off at one end."""
    near = cv2.dilate(level, np.ones((_TOUCH * 2 + 1, _TOUCH), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(upright)
    keep = np.zeros(count, bool)
    for label in range(1, count):
        x, y, width, height = (int(v) for v in stats[label, :4])
        mine = (labels[y : y + height, x : x + width] == label) & (near[y : y + height, x : x + width] > 0)
        ends = int(mine[: _TOUCH * 2].any()) + int(mine[-_TOUCH * 2 :].any())
        keep[label] = ends == 2 or (height > 4 * _UPRIGHT and mine.any())
    return _without(upright, labels, stats, keep)


def _connected(level: Gray, upright: Gray) -> list[Gray]:
    """Masks of the places where lines of both directions hang together."""
    joined = cv2.dilate(level | upright, np.ones((_TOUCH, _TOUCH), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    parts = []
    for label in range(1, min(count, _MOST_PARTS)):
        width, height = stats[label, cv2.CC_STAT_WIDTH], stats[label, cv2.CC_STAT_HEIGHT]
        if width > _WIDE and height > _HIGH:
            parts.append(np.uint8(255) * (labels == label))
    return parts


def _grid(level: Gray, upright: Gray, ink: Gray) -> Grid | None:
    rows, columns = _lines(level), _lines(np.ascontiguousarray(upright.T))
    if len(rows) < 2 or len(columns) < 2:
        return None
    ys, xs = _positions(rows), _positions(columns)
    # Only lines that others end on are part of the table; an underline in a cell is not.
    ys = [y for y in ys if _carries(y, rows, columns)]
    xs = [x for x in xs if _carries(x, columns, rows)]
    if len(ys) < 2 or len(xs) < 2:
        return None
    cells = _cells(xs, ys, level, upright, ink)
    # Strokes of large writing can look like a small table.
    if len(cells) < 2 or np.median([cell.box[3] - cell.box[1] for cell in cells]) < _ROW_HEIGHT:
        return None
    return Grid(tuple(cells), (xs[0], ys[0], xs[-1], ys[-1]))


def _lines(runs: Gray) -> list[_Line]:
    """The runs along the rows, pieces at one level joined."""
    _, _, stats, middles = cv2.connectedComponentsWithStats(runs)
    return [
        _Line(float(middle[1]), float(stat[cv2.CC_STAT_LEFT]), float(stat[cv2.CC_STAT_LEFT] + stat[cv2.CC_STAT_WIDTH]))
        for stat, middle in zip(stats[1:], middles[1:], strict=True)
        if stat[cv2.CC_STAT_HEIGHT] < _STEEPEST
    ]


def _positions(lines: Sequence[_Line]) -> list[float]:
    """The levels that lines stand on: of each group of near ones, the middle one by length."""
    groups: list[list[_Line]] = []
    for line in sorted(lines, key=lambda line: line.at):
        if groups and line.at - groups[-1][0].at <= _NARROWEST:
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_middle(group) for group in groups]


def _middle(group: Sequence[_Line]) -> float:
    half = sum(line.end - line.start for line in group) / 2
    for line in group:
        half -= line.end - line.start
        if half <= 0:
            break
    return line.at


def _carries(at: float, own: Sequence[_Line], others: Sequence[_Line]) -> bool:
    pieces = [line for line in own if abs(line.at - at) <= _SAME * 2]
    meet = [
        other.at
        for other in others
        if other.start - _TOUCH * 2 <= at <= other.end + _TOUCH * 2
        and any(line.start - _TOUCH * 2 <= other.at <= line.end + _TOUCH * 2 for line in pieces)
    ]
    return len(meet) >= 2 and max(meet) - min(meet) > _NARROWEST


def _cells(xs: list[float], ys: list[float], level: Gray, upright: Gray, ink: Gray) -> list[GridBox]:
    """Fields of the grid, joined over borders that are not there, as rectangles."""
    rows, columns = len(ys) - 1, len(xs) - 1
    parent = list(range(rows * columns))

    def root(field: int) -> int:
        while parent[field] != field:
            field = parent[field]
        return field

    across: list[list[tuple[int, int]]] = []
    for r in range(rows):
        cuts = [0, *(c for c in range(1, columns) if _parted(upright.T, ink.T, xs[c], ys[r], ys[r + 1])), columns]
        across.append(list(pairwise(cuts)))
        for start, end in across[-1]:
            for c in range(start + 1, end):
                parent[root(r * columns + c)] = root(r * columns + start)
    for r, (above, below) in enumerate(pairwise(across), 1):
        for start, end in above:
            for other_start, other_end in below:
                # A border is there or not for all of the way along two cells: a faint stretch of it joins nothing.
                meet = max(start, other_start) < min(end, other_end)
                if meet and not _parted(level, ink, ys[r], xs[min(start, other_start)], xs[max(end, other_end)]):
                    parent[root(r * columns + other_start)] = root((r - 1) * columns + start)
    return _rectangles({field: root(field) for field in range(rows * columns)}, xs, ys)


def _parted(runs: Gray, ink: Gray, at: float, start: float, end: float) -> bool:
    """Whether there is a border from `start` to `end`: ruled most of the way, or inked nearly all the way where writing that
    touches the line hides it."""
    return _covered(runs, at, start, end, _SAME) > _COVERED or _covered(ink, at, start, end, _CLOSE) > _INKED


def _covered(pixels: Gray, at: float, start: float, end: float, reach: int) -> float:
    """How much of the way from `start` to `end`, its corners left out, has a pixel within `reach` of the line."""
    near = pixels[max(0, int(at) - reach) : int(at) + reach + 1, int(start) + 3 : max(int(end) - 2, int(start) + 4)]
    return float((near > 0).any(axis=0).mean()) if near.size else 0.0


def _rectangles(roots: dict[int, int], xs: list[float], ys: list[float]) -> list[GridBox]:
    """Each group of fields as the rectangle around it; groups whose rectangles overlap become one."""
    columns = len(xs) - 1
    spans: dict[int, tuple[int, int, int, int]] = {}
    for field, group in roots.items():
        r, c = divmod(field, columns)
        r0, c0, r1, c1 = spans.get(group, (r, c, r, c))
        spans[group] = (min(r0, r), min(c0, c), max(r1, r), max(c1, c))
    merged: list[tuple[int, int, int, int]] = []
    for r0, c0, r1, c1 in spans.values():
        current, changed = (r0, c0, r1, c1), True
        while changed:
            changed = False
            for other in merged:
                if other[0] <= current[2] and current[0] <= other[2] and other[1] <= current[3] and current[1] <= other[3]:
                    merged.remove(other)
                    current = (
                        min(current[0], other[0]),
                        min(current[1], other[1]),
                        max(current[2], other[2]),
                        max(current[3], other[3]),
                    )
                    changed = True
                    break
        merged.append(current)
    return [
        GridBox(r0, c0, r1 - r0 + 1, c1 - c0 + 1, (xs[c0], ys[r0], xs[c1 + 1], ys[r1 + 1])) for r0, c0, r1, c1 in sorted(merged)
    ]


def _enlarged(grid: Grid, by: float) -> Grid:
    def scaled(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        return (box[0] * by, box[1] * by, box[2] * by, box[3] * by)

    cells = tuple(GridBox(c.row, c.column, c.row_span, c.column_span, scaled(c.box)) for c in grid.cells)
    return Grid(cells, scaled(grid.box))
