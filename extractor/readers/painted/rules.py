"""Rules to tables: what is ruled on a page, put together into cells with spans.

Rules come as lines, thin rectangles, frames, dots in a row or thin pictures, doubled or in pieces. All lengths are points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from extractor.readers.painted.colours import luminance
from extractor.readers.painted.page import Image, Stroke
from models.geometry import Rect, area, around, contains, meet, middle

# A rule is thinner than any letter; two rules nearer than this are one double rule; pieces nearer than this are one rule.
THIN = 3.5
SNAP = 3.2
REACH = 3.5
# Boxes for choosing are about as large as a character.
BOX_SMALLEST, BOX_LARGEST = 4.5, 20.0
MAX_RULES = 4_000
_WHITE = 0.93
_COVERED = 0.6


class Rule(NamedTuple):
    """A level rule (`at` is y, from x to x) or a plumb one (`at` is x, from y to y)."""

    at: float
    start: float
    end: float


@dataclass(frozen=True)
class GridCell:
    """Where a cell starts on its table's lattice, how far it reaches, and its box."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Rect


@dataclass(frozen=True)
class Grid:
    """A ruled table: `owner` gives for each part of its lattice the cell it belongs to, None outside."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[GridCell, ...]
    owner: dict[tuple[int, int], int]

    @property
    def box(self) -> Rect:
        return around(cell.box for cell in self.cells)

    def cell_at(self, x: float, y: float) -> int | None:
        """The index of the cell at a point, None outside the table."""
        row, column = _interval(self.ys, y), _interval(self.xs, x)
        return None if row is None or column is None else self.owner.get((row, column))


class Ruling(NamedTuple):
    """What the strokes of a page make: tables, tables inside their cells, boxes for choosing, and level rules of none of these."""

    grids: tuple[Grid, ...]
    nested: tuple[Grid, ...]
    squares: tuple[Rect, ...]
    loose: tuple[Rule, ...]


def find_tables(strokes: Iterable[Stroke], images: Iterable[Image], extra: tuple[list[Rule], list[Rule]] = ([], [])) -> Ruling:
    """The tables that strokes and thin pictures rule; `extra` adds rules found in a picture of the page."""
    level, plumb = list(extra[0]), list(extra[1])
    squares: list[Rect] = []
    for stroke in strokes:
        if is_frame(stroke):
            squares.append(stroke.box)
        else:
            _add_rules(stroke, level, plumb)
    for image in images:
        _add_thin(image.box, level, plumb)
    if len(level) + len(plumb) > MAX_RULES:
        return Ruling((), (), tuple(squares), ())
    level, plumb = _join(level), _join(plumb)
    grids, loose = [], []
    for own_level, own_plumb in _components(level, plumb):
        box = _extent(own_level, own_plumb)
        if _box_sized(box) and len(own_level) > 1 and len(own_plumb) > 1:
            squares.append(box)
            continue
        grid = _grid(*_closed(own_level, own_plumb)) if own_level and own_plumb else None
        if grid is None:
            loose += own_level
        else:
            grids.append(grid)
    outer, nested = _by_depth(grids)
    return Ruling(outer, nested, tuple(_distinct(squares)), tuple(loose))


def is_frame(stroke: Stroke) -> bool:
    """Whether a stroke is a frame the size of a box for choosing: a square or a ring, all its points near its outline."""
    x0, y0, x1, y1 = stroke.box
    if not _box_sized(stroke.box) or len(stroke.points) < 4 or (stroke.stroke is None and stroke.fill is None):
        return False
    slack = (x1 - x0 + y1 - y0) / 8
    closed = abs(stroke.points[0][0] - stroke.points[-1][0]) + abs(stroke.points[0][1] - stroke.points[-1][1]) < slack
    return (closed or stroke.fill is not None) and all(min(x - x0, x1 - x, y - y0, y1 - y) <= slack for x, y in stroke.points)


def _box_sized(box: Rect) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return BOX_SMALLEST <= wide <= BOX_LARGEST and BOX_SMALLEST <= high <= BOX_LARGEST and 0.7 <= wide / high <= 1.43


def _distinct(boxes: Iterable[Rect]) -> list[Rect]:
    """Boxes without those that lie in another: a double frame is one box."""
    kept: list[Rect] = []
    for box in sorted(boxes, key=area, reverse=True):
        if not any(contains(other, *middle(box)) for other in kept):
            kept.append(box)
    return kept


def _add_rules(stroke: Stroke, level: list[Rule], plumb: list[Rule]) -> None:
    colour = stroke.stroke or stroke.fill
    if colour is None or luminance(colour) > _WHITE:
        return
    if stroke.stroke is not None and stroke.axial:
        for (ax, ay), (bx, by) in zip(stroke.points, stroke.points[1:], strict=False):
            box = meet((min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), stroke.box)
            _add_thin(box, level, plumb)
    elif stroke.stroke is None:
        _add_thin(stroke.box, level, plumb)


def _add_thin(box: Rect, level: list[Rule], plumb: list[Rule]) -> None:
    wide, high = box[2] - box[0], box[3] - box[1]
    if wide < 0 or high < 0:
        return
    if high <= THIN:
        level.append(Rule((box[1] + box[3]) / 2, box[0], box[2]))
    if wide <= THIN:
        plumb.append(Rule((box[0] + box[2]) / 2, box[1], box[3]))


def _join(rules: list[Rule]) -> list[Rule]:
    """Rules snapped to common places, with touching pieces and doubled lines made one; what stays a dot is dropped."""
    joined: list[Rule] = []
    rules = sorted(rules)
    begin = 0
    for i in range(1, len(rules) + 1):
        if i < len(rules) and rules[i].at - rules[begin].at <= SNAP:
            continue
        group = rules[begin:i]
        longest = max(group, key=lambda rule: rule.end - rule.start)
        pieces: list[list[float]] = []
        for rule in sorted(group, key=lambda rule: rule.start):
            if pieces and rule.start <= pieces[-1][1] + REACH:
                pieces[-1][1] = max(pieces[-1][1], rule.end)
            else:
                pieces.append([rule.start, rule.end])
        joined += [Rule(longest.at, start, end) for start, end in pieces if end - start > THIN]
        begin = i
    return joined


def _components(level: list[Rule], plumb: list[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Rules that touch each other, directly or through others."""
    parent = list(range(len(level) + len(plumb)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, across in enumerate(level):
        for j, down in enumerate(plumb):
            crosses = across.start - REACH <= down.at <= across.end + REACH and down.start - REACH <= across.at <= down.end + REACH
            if crosses:
                parent[root(i)] = root(len(level) + j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for i, rule in enumerate(level):
        groups.setdefault(root(i), ([], []))[0].append(rule)
    for j, rule in enumerate(plumb):
        groups.setdefault(root(len(level) + j), ([], []))[1].append(rule)
    return list(groups.values())


def _extent(level: Sequence[Rule], plumb: Sequence[Rule]) -> Rect:
    boxes = [(rule.start, rule.at, rule.end, rule.at) for rule in level] + [
        (rule.at, rule.start, rule.at, rule.end) for rule in plumb
    ]
    return around(boxes)


def _closed(level: list[Rule], plumb: list[Rule]) -> tuple[list[Rule], list[Rule]]:
    """The rules with the outer sides added that a table without them lacks: open left and right, or cut off by a page's end."""
    return _ends_closed(level, plumb), _ends_closed(plumb, level)


def _ends_closed(across: list[Rule], along: list[Rule]) -> list[Rule]:
    """`across` with a rule where at least two of `along` end together, well beyond the last of `across`."""
    added = []
    last, first = max(rule.at for rule in across), min(rule.at for rule in across)
    for ends, outwards, edge in (([rule.end for rule in along], 1, last), ([rule.start for rule in along], -1, first)):
        far = [end for end in ends if (end - edge) * outwards > 2 * REACH]
        if len(far) > 1:
            at = sorted(far)[len(far) // 2]
            meeting = [rule.at for rule, end in zip(along, ends, strict=True) if abs(end - at) <= 2 * REACH]
            if len(meeting) > 1:
                added.append(Rule(at, min(meeting), max(meeting)))
    return across + added


def _grid(level: list[Rule], plumb: list[Rule]) -> Grid | None:
    """The cells between rules, None where they enclose nothing. Neighbours without a rule between them are one cell."""
    xs, ys = sorted({rule.at for rule in plumb}), sorted({rule.at for rule in level})
    if len(xs) < 2 or len(ys) < 2:
        return None
    rows, columns = len(ys) - 1, len(xs) - 1
    walls_above = {(r, c) for r, y in enumerate(ys) for c in range(columns) if _ruled(level, y, xs[c], xs[c + 1])}
    walls_left = {(r, c) for c, x in enumerate(xs) for r in range(rows) if _ruled(plumb, x, ys[r], ys[r + 1])}
    outside = (-1, -1)
    parent = {outside: outside} | {(r, c): (r, c) for r in range(rows) for c in range(columns)}

    def root(at: tuple[int, int]) -> tuple[int, int]:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    def place(r: int, c: int) -> tuple[int, int]:
        return (r, c) if 0 <= r < rows and 0 <= c < columns else outside

    for r in range(rows + 1):
        for c in range(columns):
            if (r, c) not in walls_above:
                parent[root(place(r, c))] = root(place(r - 1, c))
    for c in range(columns + 1):
        for r in range(rows):
            if (r, c) not in walls_left:
                parent[root(place(r, c))] = root(place(r, c - 1))
    return _collected(xs, ys, {at: root(at) for at in parent if at != outside}, root(outside))


def _collected(
    xs: list[float], ys: list[float], roots: dict[tuple[int, int], tuple[int, int]], outside: tuple[int, int]
) -> Grid | None:
    regions: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for at, top in roots.items():
        if top != outside:
            regions.setdefault(top, []).append(at)
    cells: list[GridCell] = []
    owner: dict[tuple[int, int], int] = {}
    for parts in sorted(regions.values(), key=min):
        first_row, last_row = min(r for r, _ in parts), max(r for r, _ in parts) + 1
        left, right = min(c for _, c in parts), max(c for _, c in parts) + 1
        owner.update(dict.fromkeys(parts, len(cells)))
        box = xs[left], ys[first_row], xs[right], ys[last_row]
        cells.append(GridCell(first_row, left, last_row - first_row, right - left, box))
    return Grid(tuple(xs), tuple(ys), tuple(cells), owner) if cells else None


def _ruled(rules: list[Rule], at: float, start: float, end: float) -> bool:
    covered = sum(max(0.0, min(rule.end, end) - max(rule.start, start)) for rule in rules if rule.at == at)
    return covered >= _COVERED * (end - start)


def _by_depth(grids: list[Grid]) -> tuple[tuple[Grid, ...], tuple[Grid, ...]]:
    """Tables that stand on the page itself, and those inside a cell of another."""
    outer: list[Grid] = []
    nested: list[Grid] = []
    for grid in sorted(grids, key=lambda grid: area(grid.box), reverse=True):
        inside = any(other.cell_at(*middle(grid.box)) is not None for other in outer)
        (nested if inside else outer).append(grid)
    in_order = [tuple(sorted(found, key=lambda grid: (grid.box[1], grid.box[0]))) for found in (outer, nested)]
    return in_order[0], in_order[1]


def _interval(edges: Sequence[float], value: float) -> int | None:
    if not edges[0] - 1 <= value <= edges[-1] + 1:
        return None
    for i in range(len(edges) - 1):
        if value < edges[i + 1]:
            return i
    return len(edges) - 2
