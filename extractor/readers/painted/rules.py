"""From the rules on a page to tables: pdfplumber puts them together into cells with spans.

Rules come as lines, thin rectangles, frames, rows of dots or thin pictures, some of them doubled or in
pieces. All lengths are in points.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, cast

from pdfplumber.page import Page as PlumberPage
from pdfplumber.table import TableFinder, TableSettings, merge_edges, snap_edges

from extractor.readers.painted.colours import luminance
from extractor.readers.painted.page import Image, Seen, Stroke
from models.geometry import Rect, area, around, contains, meet, middle

# A rule is at most this thick, thinner than any letter. Two rules nearer than the second number are a double
# rule; pieces nearer than the third are one rule.
THIN = 3.5
SNAP = 3.2
# Two lines through or under words that are nearer than this are a double line. A line through words is
# farther than this from one under them.
DOUBLE = 2.2
REACH = 3.5
# No snapping here, because the rules are snapped before.
_FINDING = TableSettings(
    snap_tolerance=0,
    join_tolerance=REACH,
    intersection_tolerance=REACH,
    edge_min_length=THIN,
    edge_min_length_prefilter=THIN,
)
# A box for choosing is about as large as a character.
BOX_SMALLEST, BOX_LARGEST = 4.5, 20.0
# The most rules that an honest table has, and the most places where they might cross. pdfplumber takes a
# second for as many.
MAX_RULES, MAX_CROSSINGS = 4_000, 8_000
_WHITE = 0.93
_COVERED = 0.6


class Rule(NamedTuple):
    """A level rule (`at` is y, from x to x) or a plumb rule (`at` is x, from y to y)."""

    at: float
    start: float
    end: float


@dataclass(frozen=True)
class GridCell:
    """The place of a cell on its table's lattice, its spans, and its box."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Rect


@dataclass(frozen=True)
class Grid:
    """A ruled table. `owner` gives for each part of its lattice the cell that it belongs to. The outer sides
    of the lattice reach a point beyond the table."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[GridCell, ...]
    owner: dict[tuple[int, int], int]

    @property
    def box(self) -> Rect:
        return around(cell.box for cell in self.cells)

    def cell_at(self, x: float, y: float) -> int | None:
        """Return the index of the cell at a point; None outside the table."""
        return self.owner.get((bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1))


class Ruling(NamedTuple):
    """The result of a page's strokes: tables, tables inside their cells, boxes for choosing, and level rules
    that belong to none of these."""

    grids: tuple[Grid, ...]
    nested: tuple[Grid, ...]
    squares: tuple[Rect, ...]
    loose: tuple[Rule, ...]


def find_tables(
    page: Seen,
    strokes: Iterable[Stroke],
    images: Iterable[Image],
    extra: tuple[list[Rule], list[Rule]] = ([], []),
) -> Ruling:
    """Return the tables that strokes and thin pictures of `page` rule. `extra` adds rules found in a picture
    of the page."""
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
    _show(page, level, plumb)
    grids, loose = list[Grid](), list[Rule]()
    for own_level, own_plumb in _components(*_joined(page, DOUBLE)):
        crossed = len(own_level) > 1 and len(own_plumb) > 1
        if crossed and _box_sized(box := _extent(own_level, own_plumb)):
            squares.append(box)
            continue
        found = (
            _grids(page, own_level, own_plumb) if 0 < len(own_level) * len(own_plumb) <= MAX_CROSSINGS else []
        )
        grids += found
        # Rules that cross and enclose nothing are a drawing, such as a QR code.
        loose += [] if found or crossed else own_level
    outer, nested = _with_others(*_by_depth(grids))
    return Ruling(outer, nested, tuple(_distinct(squares)), tuple(loose))


def is_frame(stroke: Stroke) -> bool:
    """Tell whether a stroke is a frame the size of a box for choosing: a square or a ring with all its points
    near its outline."""
    x0, y0, x1, y1 = stroke.box
    if (
        not _box_sized(stroke.box)
        or len(stroke.points) < 4
        or (stroke.stroke is None and stroke.fill is None)
    ):
        return False
    slack = (x1 - x0 + y1 - y0) / 8
    closed = (
        abs(stroke.points[0][0] - stroke.points[-1][0]) + abs(stroke.points[0][1] - stroke.points[-1][1])
        < slack
    )
    return (closed or stroke.fill is not None) and all(
        min(x - x0, x1 - x, y - y0, y1 - y) <= slack for x, y in stroke.points
    )


def _box_sized(box: Rect) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return (
        BOX_SMALLEST <= wide <= BOX_LARGEST
        and BOX_SMALLEST <= high <= BOX_LARGEST
        and 0.7 <= wide / high <= 1.43
    )


def _distinct(boxes: Iterable[Rect]) -> list[Rect]:
    """Return the boxes without those inside another, because a double frame is one box."""
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


def _show(page: Seen, level: Iterable[Rule], plumb: Iterable[Rule]) -> None:
    """Give the page the rules as its lines."""
    lines = [_line(rule.start, rule.at, rule.end, rule.at) for rule in level]
    page.show({"line": lines + [_line(rule.at, rule.start, rule.at, rule.end) for rule in plumb]})


def _line(x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    return {
        "object_type": "line",
        "x0": x0,
        "top": y0,
        "x1": x1,
        "bottom": y1,
        "width": x1 - x0,
        "height": y1 - y0,
    }


def _joined(page: Seen, snap: float) -> tuple[list[Rule], list[Rule]]:
    """Return the page's rules with touching pieces joined, and rules nearer than `snap` made one. Mere dots
    are dropped."""
    edges = snap_edges(page.edges, snap, snap)
    for edge in edges:
        # pdfplumber snaps to a mean that differs in the last bits from edge to edge, so that it would join
        # nothing.
        side, other = ("top", "bottom") if edge["orientation"] == "h" else ("x0", "x1")
        edge[side] = edge[other] = round(edge[side], 2)
    level, plumb = list[Rule](), list[Rule]()
    for edge in merge_edges(edges, 0, 0, REACH, REACH):
        if edge["orientation"] == "h" and edge["x1"] - edge["x0"] > THIN:
            level.append(Rule(edge["top"], edge["x0"], edge["x1"]))
        elif edge["orientation"] == "v" and edge["bottom"] - edge["top"] > THIN:
            plumb.append(Rule(edge["x0"], edge["top"], edge["bottom"]))
    return level, plumb


def _components(level: list[Rule], plumb: list[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Return groups of rules that touch each other, directly or through others."""
    parent = list(range(len(level) + len(plumb)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, across in enumerate(level):
        for j, down in enumerate(plumb):
            crosses = (
                across.start - REACH <= down.at <= across.end + REACH
                and down.start - REACH <= across.at <= down.end + REACH
            )
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
    """Return the rules with missing outer sides added: of a table that is open left and right, or cut off by
    a page's end.

    Rules that stop short of the next rule across are extended to it.
    """
    level, plumb = _ends_closed(level, plumb), _ends_closed(plumb, level)
    return [_led(rule, plumb) for rule in level], [_led(rule, level) for rule in plumb]


def _led(rule: Rule, across: Sequence[Rule]) -> Rule:
    """Return `rule` extended over those gaps between `across` that it mostly fills."""
    places = sorted(other.at for other in across if other.start - REACH <= rule.at <= other.end + REACH)
    start, end = rule.start, rule.end
    for a, b in pairwise(places):
        if min(b, rule.end) - max(a, rule.start) >= _COVERED * (b - a):
            start, end = min(start, a), max(end, b)
    return Rule(rule.at, start, end)


def _ends_closed(across: list[Rule], along: list[Rule]) -> list[Rule]:
    """Return `across` with a rule added where at least two of `along` end together, well beyond the last."""
    added = []
    last, first = max(rule.at for rule in across), min(rule.at for rule in across)
    for ends, outwards, edge in (
        ([rule.end for rule in along], 1, last),
        ([rule.start for rule in along], -1, first),
    ):
        far = [end for end in ends if (end - edge) * outwards > 2 * REACH]
        if len(far) > 1:
            at = sorted(far)[len(far) // 2]
            meeting = [rule.at for rule, end in zip(along, ends, strict=True) if abs(end - at) <= 2 * REACH]
            if len(meeting) > 1:
                added.append(Rule(at, min(meeting), max(meeting)))
    return across + added


def _grids(page: Seen, level: list[Rule], plumb: list[Rule]) -> list[Grid]:
    """Return the tables that rules enclose on `page`. Lone cells are included, which pdfplumber doesn't count
    as tables."""
    _show(page, level, plumb)
    _show(page, *_closed(*_joined(page, SNAP)))
    finder = TableFinder(cast(PlumberPage, page), _FINDING)
    tables = [table.cells for table in finder.tables]
    held = {cell for cells in tables for cell in cells}
    return [_grid(cells) for cells in [*tables, *([cell] for cell in finder.cells if cell not in held)]]


def _grid(boxes: Iterable[Rect]) -> Grid:
    """Return cells on the lattice that their sides make."""
    ordered = sorted(boxes, key=lambda box: (box[1], box[0]))
    xs, ys = (sorted({box[side] for box in ordered for side in sides}) for sides in ((0, 2), (1, 3)))
    column, row = ({at: number for number, at in enumerate(places)} for places in (xs, ys))
    cells = [
        GridCell(row[y0], column[x0], row[y1] - row[y0], column[x1] - column[x0], (x0, y0, x1, y1))
        for x0, y0, x1, y1 in ordered
    ]
    owner = {
        (cell.row + down, cell.column + across): number
        for number, cell in enumerate(cells)
        for down in range(cell.row_span)
        for across in range(cell.column_span)
    }
    for places in (xs, ys):
        places[0], places[-1] = places[0] - 1, places[-1] + 1
    return Grid(tuple(xs), tuple(ys), tuple(cells), owner)


def _with_others(outer: Sequence[Grid], nested: Sequence[Grid]) -> tuple[tuple[Grid, ...], tuple[Grid, ...]]:
    """Return both kinds of tables, with those inside cells on the lattice of the outer one where another
    beside them is, which touches a rule of it by chance: tables side by side are read alike."""
    rest = list(nested)
    found = []
    for grid in outer:
        frames = [cell for cell in grid.cells if any(_holds(cell.box, other.box) for other in grid.cells)]
        beside = [
            cell for cell in grid.cells if any(cell.row == frame.row and cell != frame for frame in frames)
        ]
        more = [
            one for one in rest if len(one.cells) > 1 and any(_holds(cell.box, one.box) for cell in beside)
        ]
        rest = [one for one in rest if one not in more]
        boxes = [cell.box for one in (grid, *more) for cell in one.cells]
        found.append(_grid(boxes) if more else grid)
    return tuple(found), tuple(rest)


def _holds(box: Rect, other: Rect) -> bool:
    return box != other and contains(box, *middle(other)) and area(other) < area(box)


def _by_depth(grids: list[Grid]) -> tuple[tuple[Grid, ...], tuple[Grid, ...]]:
    """Return the tables that stand on the page itself, and those inside a cell of another."""
    outer: list[Grid] = []
    nested: list[Grid] = []
    for grid in sorted(grids, key=lambda grid: area(grid.box), reverse=True):
        inside = any(other.cell_at(*middle(grid.box)) is not None for other in outer)
        (nested if inside else outer).append(grid)
    in_order = [
        tuple(sorted(found, key=lambda grid: (grid.box[1], grid.box[0]))) for found in (outer, nested)
    ]
    return in_order[0], in_order[1]
