"""The grid of a form's tables: which cells are labels, which rows have the same edges, how wide columns are
(pure)."""

from collections.abc import Sequence
from itertools import pairwise

from extractor.drafting.content import is_blank, is_to_fill, options_of
from models.page import Cell, Table
from models.writing import key

Cells = Sequence[Cell]
_WIDTH = 16.0  # centimetres of a form on A4


def is_frame(cell: Cell, cells: Cells) -> bool:
    """Whether an empty cell only holds other cells, as the outer of two nested tables does on a page."""
    return not key(cell.text) and any(
        other is not cell and cell.row <= other.row < cell.row + cell.row_span
        and cell.column <= other.column < cell.column + cell.column_span
        for other in cells
    )  # fmt: skip


def is_label(cell: Cell) -> bool:
    """Whether a cell has words and is not to be filled in."""
    return bool(key(cell.text)) and not is_to_fill(cell)


def same_edges(one: Cells, other: Cells) -> bool:
    """Whether the cells of two rows stand under each other."""
    return [(cell.column, cell.column_span) for cell in one] == [
        (cell.column, cell.column_span) for cell in other
    ]


def blank_rows(headings: Cells, following: Sequence[Cells]) -> int:
    """How many rows right below have empty cells under the headings, and nothing else but boxes and the
    blanks of a date, the same in each."""
    count = 0
    for cells in following:
        if not same_edges(headings, cells) or not all(map(_is_open, cells[1:])):
            break
        if count and any(
            key(a.text) != key(b.text) for a, b in zip(cells[1:], following[0][1:], strict=True)
        ):
            break
        # The first column may number the rows.
        if key(cells[0].text) and not key(cells[0].text).isdigit():
            break
        count += 1
    return count


def _is_open(cell: Cell) -> bool:
    return not key(cell.text) or is_blank(cell.text) or len(options_of(cell)) > 1


def widths(tables: Sequence[Table], width: int) -> list[float]:
    """The widths of the grid's columns in centimetres, from the cells' boxes where they have any."""
    edges: dict[int, list[float]] = {}
    for cell in (cell for table in tables for cell in table.cells if cell.box):
        assert cell.box is not None
        edges.setdefault(cell.column, []).append(cell.box.x0)
        edges.setdefault(cell.column + cell.column_span, []).append(cell.box.x1)
    places = [sorted(edges[n])[len(edges[n]) // 2] if n in edges else None for n in range(width + 1)]
    if any(place is None for place in places):
        return [round(_WIDTH / width, 2)] * width
    known = [float(place) for place in places if place is not None]
    steps = [max(b - a, 1.0) for a, b in pairwise(known)]
    return [round(_WIDTH * step / sum(steps), 2) for step in steps]
