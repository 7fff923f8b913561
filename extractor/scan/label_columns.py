"""Gives a table its labels where rules stand only around, or under, its answers: in a column left of it, or
in one tall cell, each beside its row."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from extractor.scan.carried import Columns
from extractor.scan.grids import Grid, GridBox
from models.geometry import Rect, around

_TWO = 2  # rows: a cell as tall is parted by labels far apart only
_FEWEST = 3  # rows with a label beside them
_MOST_ROWS = 0.6  # least share of the rows that have one
# Heights, that is usual heights of a line of text:
_OFF = 0.6  # labels that begin, end or have their middles one under the other stand so exactly there
_ROOM = 0.4  # room between labels and the edges of their column
_WIDEST = 10.0  # a column of labels is no wider
_WORD = 1.5  # a line of a label is wider
_IN = 0.3  # a line that reaches so far into two rows stands across them
_APART = 0.35  # labels of different rows stand farther apart
_FAR = 1.5  # those of two rows, which may be two lines of one label
_NEAR = 2.0  # a column on the page before had its edges as near


def with_labels(grid: Grid, others: Iterable[Grid], boxes: Sequence[Rect], before: Columns | None) -> Grid:
    """Return the table with the column of the labels that stand left of it; as it is where there are none.

    `others` are the other tables of the page, `boxes` the bounding boxes of lines of text, and `before` the
    columns of the table that the page before ends with, all in pixels. The new cells are not sure. With rules
    only under answers, the first row stands over the first rule; it is added, too.
    """
    if not boxes:
        return grid
    high = float(np.median([y1 - y0 for _, y0, _, y1 in boxes]))
    areas = [grid.box, *(other.box for other in others)]
    left, top, _, bottom = grid.box
    loose = [
        box
        for box in boxes
        if box[0] < left - high and box[2] < left + high
        and not any(_middle_in(box, area) for area in areas)
    ]  # fmt: skip
    column = _column([box for box in loose if top < (box[1] + box[3]) / 2 < bottom], high)
    edges = sorted({cell.box[1] for cell in grid.cells} | {bottom})
    rows = list(pairwise(edges))
    told = sum(any(_is_in_row(box, row) for box in column) for row in rows)
    is_carried = before is not None and abs(before.answers - left) < _NEAR * high and bool(column)
    if not is_carried and told < max(_FEWEST, _MOST_ROWS * len(rows)):
        return grid
    area = around(column)
    start = min(area[0], before.left + _ROOM * high if is_carried and before else area[0]) - _ROOM * high
    if left - start > _WIDEST * high:
        return grid
    beside = [GridBox(r, 0, 1, 1, (start, first, left, last), False) for r, (first, last) in enumerate(rows)]
    places = {first: r for r, first in enumerate(edges)}
    moved = [
        replace(
            cell, row=places[cell.box[1]], row_span=max(1, places[cell.box[3]] - places[cell.box[1]]),
            column=cell.column + 1,
        )
        for cell in grid.cells
    ]  # fmt: skip
    cells = sorted((*beside, *moved), key=lambda cell: (cell.row, cell.column))
    whole = Grid(tuple(cells), (start, top, grid.box[2], bottom))
    return _with_first_row(whole, left, loose, column, boxes, high)


def with_rows(grid: Grid, boxes: Sequence[Rect], goes_on: bool) -> Grid:
    """Return the table with its tall cells parted where each row beside them has a label of its own in them.
    `boxes`: bounding boxes of lines of text, in pixels. With `goes_on` a row of the page before may go on in
    the first row, which has no label then. The new cells are not sure."""
    if not boxes:
        return grid
    high = float(np.median([y1 - y0 for _, y0, _, y1 in boxes]))
    parts = [part for cell in grid.cells for part in _parts(cell, grid, boxes, high, goes_on)]
    return replace(grid, cells=tuple(sorted(parts, key=lambda cell: (cell.row, cell.column))))


def _parts(cell: GridBox, grid: Grid, boxes: Sequence[Rect], high: float, goes_on: bool) -> list[GridBox]:
    edges = {one.box[1] for one in grid.cells} | {grid.box[3]}
    left, top, right, bottom = cell.box
    ys = [top, *sorted(y for y in edges if top < y < bottom), bottom]
    rows = list(pairwise(ys))
    lines = sorted((box for box in boxes if _middle_in(box, cell.box)), key=lambda box: box[1])
    if len(rows) != cell.row_span or len(rows) < _TWO or not lines:
        return [cell]
    # Characters that stand one under the other are one label.
    own = [[box for box in lines if _is_in_row(box, row) and box[2] - box[0] > _WORD * high] for row in rows]
    crossed = any(box[1] + _IN * high < y < box[3] - _IN * high for box in lines for y in ys[1:-1])
    if crossed or len(_column(lines, high)) < _MOST_ROWS * len(lines):
        return [cell]
    if goes_on and not cell.row and len(rows) == _TWO and not own[0] and _is_centred(own[1], rows[1], high):
        own[0] = [(left, top - _FAR * high, right, top)]
    # Lines of one text follow each other closely across the rows.
    apart = _FAR if len(rows) == _TWO else _APART
    if not all(own) or any(b[0][1] - a[-1][3] < apart * high for a, b in pairwise(own)):
        return [cell]
    return [
        replace(cell, row=cell.row + n, row_span=1, box=(left, row[0], right, row[1]), sure=False)
        for n, row in enumerate(rows)
    ]


def _is_centred(lines: Sequence[Rect], row: tuple[float, float], high: float) -> bool:
    """Tell whether lines stand in the middle of their row."""
    return bool(lines) and abs(lines[0][1] + lines[-1][3] - row[0] - row[1]) / 2 < _OFF * high


def _with_first_row(
    grid: Grid, answers: float, loose: Sequence[Rect], column: Sequence[Rect], boxes: Sequence[Rect],
    high: float,
) -> Grid:  # fmt: skip
    """Return the table with a row over its first rule, where a label and its answer stand close above it.
    `answers` is where the column of answers begins; `column` holds the labels known, `loose` more lines."""
    start, top, right, _ = grid.box
    usual = float(np.median([cell.box[3] - cell.box[1] for cell in grid.cells if cell.column == 0]))
    lowest = [box for box in boxes if top - usual < (box[1] + box[3]) / 2 < top and box[2] > start]
    labels = [box for box in lowest if box in loose and len(_column([*column, box], high)) > len(column)]
    beside = [box for box in lowest if abs(box[0] - answers) < 2 * high or _goes_over(box, answers, high)]
    labels += [box for box in beside if _goes_over(box, answers, high)]
    if not labels or not beside or any(box[3] > top + high / 2 for box in labels):
        return grid
    first = around([*labels, *beside])[1] - _ROOM * high
    if first > top - high:
        return grid
    columns = max(cell.column + cell.column_span for cell in grid.cells)
    row = [
        GridBox(0, 0, 1, 1, (start, first, answers, top), False),
        GridBox(0, 1, 1, columns - 1, (answers, first, right, top), False),
    ]
    below = [replace(cell, row=cell.row + 1) for cell in grid.cells]
    return Grid((*row, *below), (start, first, right, grid.box[3]))


def _goes_over(box: Rect, answers: float, high: float) -> bool:
    """Tell whether a label and its answer were taken for one line."""
    return box[0] < answers - high and box[2] > answers + high


def _column(lines: Sequence[Rect], high: float) -> list[Rect]:
    """Return the lines that begin together, end together, or have their middles one under the other,
    whichever are most."""
    groups = [
        [box for box in lines if abs(place(box) - place(one)) <= _OFF * high]
        for place in (_start, _end, _centre)
        for one in lines
    ]
    return max(groups, key=len, default=[])


def _start(box: Rect) -> float:
    return box[0]


def _end(box: Rect) -> float:
    return box[2]


def _centre(box: Rect) -> float:
    return (box[0] + box[2]) / 2


def _is_in_row(box: Rect, row: tuple[float, float]) -> bool:
    return row[0] < (box[1] + box[3]) / 2 < row[1]


def _middle_in(box: Rect, area: Rect) -> bool:
    """Tell whether the middle of a box lies in an area."""
    return area[0] < (box[0] + box[2]) / 2 < area[2] and area[1] < (box[1] + box[3]) / 2 < area[3]
