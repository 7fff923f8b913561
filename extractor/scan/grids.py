"""Turns the rules of a table into its cells.

A table's grid has every position of a rule. All evidence decides whether there is a border between two fields
of the grid: the rule that should stand there, its course elsewhere, and the text. Fields without a border
between them are one cell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.scan import lattice
from extractor.scan.carried import Columns
from extractor.scan.gutters import Gutter, behind, border_at, carried, find_gutters
from extractor.scan.lattice import NARROWEST, TOUCH, Rule, Texts
from extractor.scan.strokes import WRITTEN, Piece
from extractor.scan.unruled import Rows
from models.geometry import Rect

Gray = NDArray[np.uint8]
Bits = NDArray[np.bool_]

_ROW_HEIGHT = 22  # pixels: a "table" whose median cell is lower is strokes of large writing
# There is a border where one of these three shares of its length is passed. Else its two sides are one cell.
_COVERED = 0.55  # share that is ruled
_INKED = 0.9  # share that is inked
_DASHED = 0.5  # share that is inked and stands alone between paper, as dashes do
_CLOSE = 2  # pixels: ink so near to a border's course is the border's
_BARE = (4, 5)  # pixels off the border's course where dashes have paper on both sides
_GAP = 10  # pixels: a shorter break in a rule is no gap
_BRIDGED = 0.4  # share of a table: a rule with a shorter gap may go on behind it
_BROKEN = (
    0.75  # share of a table: so may one that breaks off on both sides of the gap where no rule crosses it
)
_OUTER = 0.4  # share of a table's outermost line that must be ruled
# Shares of the table's other rows in which an upright line is seen.
_ELSEWHERE = 0.75  # with more, the line must stand in this row, too
_RARE = 0.1  # with less, it hardly can
# Shares of a border's length.
_SEEN = 0.25  # with less seen, a border is not sure
_UNSEEN = 0.3  # with more seen, it is not sure that there is none
_MOST = 0.9  # with so much seen, it is a border even where text stands across it
_WHOLE = 0.97  # with more inked on every border, nothing of the table is worn
_FREE = 0.3  # so much must lie beside no writing to tell that the border is bare


@dataclass(frozen=True)
class GridBox:
    """A cell: its place on the table's grid, counted from 0, and its bounding box (x0, y0, x1, y1) in pixels.
    `sure`: it is certain that the cell has these edges and none inside it."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: tuple[float, float, float, float]
    sure: bool = True


@dataclass(frozen=True)
class Grid:
    """A table: its cells and its bounding box (x0, y0, x1, y1) in pixels."""

    cells: tuple[GridBox, ...]
    box: tuple[float, float, float, float]

    def enlarged(self, by: float) -> "Grid":
        """Return the table in a picture that is `by` times as large."""
        return Grid(
            tuple(replace(cell, box=scaled(cell.box, by)) for cell in self.cells), scaled(self.box, by)
        )


def scaled(box: Rect, by: float) -> Rect:
    """Return the box in a picture that is `by` times as large."""
    return (box[0] * by, box[1] * by, box[2] * by, box[3] * by)


@dataclass(frozen=True)
class _Border:
    """A position of the grid: `at` is its place across the direction of its rules, in pixels.

    Four masks have an entry for each pixel along it. `seen`: a rule was seen. `bridged`: a rule must be
    there, because it breaks off and goes on without another rule to end at. `inked`: there is ink, of the
    rule or of writing that hides it. `alone`: there is ink between paper.
    """

    at: float
    seen: Bits
    bridged: Bits
    inked: Bits
    alone: Bits

    def parts(self, start: float, end: float) -> tuple[bool, bool]:
        """Tell whether there is a border from `start` to `end` (pixels) without its corners, and whether that
        is sure."""
        way = _inside(start, end)
        seen, inked = float(self.seen[way].mean()), float(self.inked[way].mean())
        ruled = float((self.seen | self.bridged)[way].mean())
        if ruled > _COVERED or inked > _INKED or float(self.alone[way].mean()) > _DASHED:
            return True, max(seen, inked) > _SEEN
        return False, seen < _UNSEEN

    def is_partial(self, start: float, end: float) -> bool:
        """Tell whether neither what was seen nor what stands alone covers most of the way from `start` to
        `end`."""
        way = _inside(start, end)
        return max(float(self.seen[way].mean()), float(self.alone[way].mean())) < _MOST

    def is_whole(self, start: float, end: float) -> bool:
        """Tell whether there is no border from `start` to `end`, or one of which nothing is missing."""
        way = _inside(start, end)
        return not self.parts(start, end)[0] or float(self.inked[way].mean()) > _WHOLE

    def is_bare(self, start: float, end: float, written: Iterable[Rect]) -> bool:
        """Tell whether nothing of a border is seen from `start` to `end`. What is `written` (boxes in pixels)
        may hide a border, so its height is left out. Enough must remain to tell."""
        way = np.zeros(len(self.seen), bool)
        way[_inside(start, end)] = True
        size = np.count_nonzero(way)
        for _, y0, _, y1 in written:
            way[max(0, int(y0)) : max(0, int(y1) + 1)] = False
        return bool(np.count_nonzero(way) >= _FREE * size and not (self.seen | self.inked)[way].any())


def _inside(start: float, end: float) -> slice:
    """Return the pixels from `start` to `end` without the corners; at least one. A table that is not ruled
    may begin beyond the edge of the page."""
    first = max(int(start) + 3, 0)
    return slice(first, max(int(end) - 2, first + 1))


def grid_of(
    levels: Sequence[Rule],
    uprights: Sequence[Rule],
    ink: tuple[Gray, Gray],
    texts: Texts,
    before: Columns | None = None,
) -> Grid | None:
    """Return the table that the rules make, or None if they make none. `ink`: the ink of the page (height x
    width, not 0 where there is ink), and the same mirrored at its diagonal. `before`: the columns of the
    table that the page before ends with, in pixels."""  # fmt: skip
    # Only lines on which others end are part of the table. An underline in a cell is not.
    rows = [group for group in _positions(levels) if _carries(group, uprights)]
    columns = [group for group in _positions(uprights) if _carries(group, levels)]
    if len(rows) < 2 or len(columns) < 2:
        return None
    rows, columns = _trimmed(rows, columns, ink)
    if len(rows) < 2 or len(columns) < 2:
        return None
    ys, xs = [_middle(group) for group in rows], [_middle(group) for group in columns]
    borders = [_border(group, ys, ink[1]) for group in columns]
    if len(columns) == 2:  # only the sides
        gutters = find_gutters(ys, xs[0], xs[1], texts)
        is_drawn = any(rule.pieces for group in columns for rule in group)
        if before and (first := carried(before, ys, xs[0], xs[1], texts, is_drawn)):
            gutters = [first, *behind(first, gutters, ys, texts)]
        borders[1:1] = [_gutter(gutter, ys, ink[1].shape[1]) for gutter in gutters]
    cells = _cells([_border(group, xs, ink[0]) for group in rows], borders, texts)
    # Strokes of large writing can look like a small table.
    if len(cells) < 2 or np.median([cell.box[3] - cell.box[1] for cell in cells]) < _ROW_HEIGHT:
        return None
    return Grid(tuple(cells), (xs[0], ys[0], xs[-1], ys[-1]))


def bare_grid(rows: Rows, texts: Texts) -> Grid | None:
    """Return the table without rules that has the given rows. Its answers begin where the rows say, its other
    columns where text begins behind gaps. No cell of it is sure."""
    ys, left, right = rows.ys, rows.left, rows.right
    border = border_at(rows.answers, ys, texts)
    if not border.rows:
        return None
    gutters = [
        _uncrossed(gutter, ys, texts)
        for gutter in behind(border, find_gutters(ys, left, right, texts), ys, texts)
    ]
    blank = np.zeros_like(texts.ink)
    levels = [_border([Rule(left, right, y)], [left, right], blank) for y in ys]
    sides = [_border([Rule(ys[0], ys[-1], x)], ys, blank.T) for x in (left, right)]
    size = texts.ink.shape[0]
    first = _gutter(border, ys, size)
    columns = [replace(first, seen=first.bridged), *(_gutter(gutter, ys, size) for gutter in gutters)]
    cells = _cells(levels, [sides[0], *columns, sides[1]], texts)
    return Grid(tuple(replace(cell, sure=False) for cell in cells), (left, ys[0], right, ys[-1]))


def _uncrossed(gutter: Gutter, ys: Sequence[float], texts: Texts) -> Gutter:
    """Return the column without the rows in which a line of text crosses its beginning: there, words stand
    that far apart by chance."""
    crossed = [(y0 + y1) / 2 for x0, y0, x1, y1 in texts.boxes if x0 + (y1 - y0) < gutter.at < x1 - (y1 - y0)]
    free = [row for row in gutter.rows if not any(ys[row] < y < ys[row + 1] for y in crossed)]
    return replace(gutter, rows=tuple(free))


def _trimmed(
    rows: list[list[Rule]], columns: list[list[Rule]], ink: tuple[Gray, Gray]
) -> tuple[list[list[Rule]], list[list[Rule]]]:
    """Return the positions without outer ones that are ruled along too little of the table. Those belong to a
    stamp, or to another table."""
    changed = True
    while changed and len(rows) > 1 and len(columns) > 1:
        changed = False
        for own, others, picture in ((rows, columns, ink[0]), (columns, rows, ink[1])):
            across = [_middle(group) for group in others]
            for end in (0, -1):
                border = _border(own[end], across, picture)
                way = slice(int(across[0]), max(int(across[-1]), int(across[0]) + 1))
                if len(own) > 1 and (border.seen | border.bridged)[way].mean() < _OUTER:
                    del own[end]
                    changed = True
    return rows, columns


def _positions(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Return the rules in groups by where they stand: rules near to each other are one position."""
    groups: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        if groups and rule.at - groups[-1][0].at <= NARROWEST:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    return groups


def _middle(group: Sequence[Rule]) -> float:
    """Return the place of a group in pixels: the median of its rules' places, weighted by length."""
    half = sum(rule.length for rule in group) / 2
    for rule in group:
        half -= rule.length
        if half <= 0:
            break
    return rule.at


def _carries(group: Sequence[Rule], others: Sequence[Rule]) -> bool:
    """Tell whether two rules of the other direction stand on the group, or one does and the group ends where
    another would."""
    meet = {other.at for other in others if any(rule.meets(other) for rule in group)}
    if meet:
        ends = [end for rule in group for end in (rule.start, rule.end)]
        meet |= {other.at for other in others if any(abs(end - other.at) <= TOUCH for end in ends)}
    return len(meet) >= 2 and max(meet) - min(meet) > NARROWEST


def _border(group: Sequence[Rule], crossings: Sequence[float], ink: Gray) -> _Border:
    """Return the border on which the rules of a group stand. `crossings`: the places of the rules of the
    other direction, in pixels."""
    size = ink.shape[1]
    seen, course, at = np.zeros(size, bool), np.full(size, np.nan), _middle(group)
    for rule in sorted(group, key=lambda rule: -rule.length):
        for piece in rule.pieces or [Piece(int(rule.start), int(rule.end) + 1, (rule.at,))]:
            way = np.arange(max(piece.start, 0), min(piece.end, size))
            seen[way] = True
            free = way[np.isnan(course[way])]
            course[free] = np.polyval(piece.weights, (free - piece.start) / max(piece.length, 1) - 0.5)
    known = np.flatnonzero(~np.isnan(course))
    rows = np.rint(np.interp(np.arange(size), known, course[known])).astype(int)

    def inked(offsets: Iterable[int]) -> Bits:
        found = [ink[np.clip(rows + off, 0, ink.shape[0] - 1), np.arange(size)] > 0 for off in offsets]
        return np.asarray(np.any(found, axis=0), bool)

    near = inked(range(-_CLOSE, _CLOSE + 1))
    return _Border(
        at, seen, _bridged(seen, crossings), near, near & ~inked(_BARE) & ~inked(-off for off in _BARE)
    )


def _gutter(gutter: Gutter, ys: Sequence[float], size: int) -> _Border:
    """Return the border of a column without a rule: it must be there, but is nowhere seen. `size`: pixels
    along it."""
    bridged, nothing = np.zeros(size, bool), np.zeros(size, bool)
    for row in gutter.rows:
        bridged[int(ys[row]) : int(ys[row + 1])] = True
    return _Border(gutter.at, nothing, bridged, nothing, nothing)


def _bridged(seen: Bits, crossings: Sequence[float]) -> Bits:
    """Return a mask of where a rule is missing but must be there. A rule that is meant to end ends at a
    crossing; any other break in it is wear. What is seen bears out no longer way to a
    crossing than itself: it may be a stroke of writing."""
    first, last = int(crossings[0]), int(crossings[-1])
    bridged = np.zeros(len(seen), bool)
    on = first + np.flatnonzero(seen[first:last])
    known = [first, *on.tolist(), last]
    for before, after in pairwise(known):
        if after - before <= _GAP:
            continue  # nearly all of them: the rule is seen
        ends = [any(abs(end - at) <= TOUCH for at in crossings) for end in (before, after)]
        farthest = min(len(on), _BRIDGED * (last - first)) if any(ends) else _BROKEN * (last - first)
        if after - before < farthest:
            bridged[before:after] = not all(ends)
    return bridged


def _cells(ys: Sequence[_Border], xs: Sequence[_Border], texts: Texts) -> list[GridBox]:
    """Return the cells: fields of the grid, joined where there is no border between them, as rectangles."""
    rows, columns = len(ys) - 1, len(xs) - 1
    parent = list(range(rows * columns))
    unsure: set[int] = set()

    def root(field: int) -> int:
        while parent[field] != field:
            field = parent[field]
        return field

    worn = not all(
        border.is_whole(before.at, after.at)
        for borders, others in ((xs, ys), (ys, xs))
        for border in borders
        for before, after in pairwise(others)
    )
    across: list[list[tuple[int, int]]] = []
    for r in range(rows):
        cuts = [0]
        for c in range(1, columns):
            parted, sure = _upright_parts(xs[c], ys[0].at, ys[r].at, ys[r + 1].at, ys[-1].at, texts, worn)
            cuts += [c] * parted
            unsure |= set() if sure else {r * columns + c - 1, r * columns + c}
        across.append(list(pairwise([*cuts, columns])))
        for start, end in across[-1]:
            for c in range(start + 1, end):
                parent[root(r * columns + c)] = root(r * columns + start)
    for r, (above, below) in enumerate(pairwise(across), 1):
        for start, end in above:
            for other_start, other_end in below:
                if max(start, other_start) >= min(end, other_end):
                    continue
                # There is a border along all of two cells, or none at all. So a faint stretch of it joins no
                # fields.
                parted, sure = ys[r].parts(xs[min(start, other_start)].at, xs[max(end, other_end)].at)
                if not parted:
                    parent[root(r * columns + other_start)] = root((r - 1) * columns + start)
                unsure |= set() if sure else {(r - 1) * columns + start, r * columns + other_start}
    found = _rectangles(
        {field: root(field) for field in range(rows * columns)}, [x.at for x in xs], [y.at for y in ys]
    )
    return [
        replace(cell, sure=not any(_holds(cell, *divmod(field, columns)) for field in unsure))
        for cell in found
    ]


def _upright_parts(
    border: _Border, first: float, top: float, bottom: float, last: float, texts: Texts, worn: bool
) -> tuple[bool, bool]:
    """Tell whether an upright border stands in the row from `top` to `bottom`, and whether that is sure. The
    text tells where the line does not. The table goes from `first` to `last`; all four are in pixels. `worn`:
    a part of some border of the table is missing, so all of this one may be."""
    parted, sure = border.parts(top, bottom)
    if parted and not border.is_partial(top, bottom):
        return True, sure
    across, beside = lattice.across(Rule(top, bottom, border.at), texts)
    # In a row as low as one line of text, a stroke of a character looks like most of a border.
    if parted and across <= beside and bottom - top >= WRITTEN:
        return True, sure
    if across:
        return False, sure or not parted
    rest = np.concatenate([border.seen[int(first) : int(top)], border.seen[int(bottom) : int(last)]])
    elsewhere = float(rest.mean()) if len(rest) else 0.0
    # A line that stands in nearly all other rows is worn in this one rather than left out on purpose.
    if beside and elsewhere > _ELSEWHERE:
        return True, False
    if beside and elsewhere > _RARE:
        # Words may begin there by chance, as a number at the right of its cell does. Where the line stands in
        # hardly any other row, words may begin anywhere.
        high = [box for box in texts.boxes if box[0] - TOUCH < border.at < box[2] + TOUCH]
        sure &= not worn and border.is_bare(top, bottom, high)
    return False, sure and not parted


def _holds(cell: GridBox, row: int, column: int) -> bool:
    """Tell whether a field of the grid belongs to the cell."""
    return (
        cell.row <= row < cell.row + cell.row_span and cell.column <= column < cell.column + cell.column_span
    )


def _rectangles(roots: dict[int, int], xs: list[float], ys: list[float]) -> list[GridBox]:
    """Return the rectangle around each group of fields. Groups whose rectangles overlap become one. `roots`:
    the group of each field. `xs`, `ys`: the places of the borders, in pixels."""
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
                if (
                    other[0] <= current[2]
                    and current[0] <= other[2]
                    and other[1] <= current[3]
                    and current[1] <= other[3]
                ):
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
        GridBox(r0, c0, r1 - r0 + 1, c1 - c0 + 1, (xs[c0], ys[r0], xs[c1 + 1], ys[r1 + 1]))
        for r0, c0, r1, c1 in sorted(merged)
    ]
