"""Sorting pieces into the cells of their tables, and the rest into the lines between tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.readers.painted.columns import Columns, find_columns
from extractor.readers.painted.lines import Piece, lines_of, to_box
from extractor.readers.painted.rules import Grid, Ruling
from extractor.readers.painted.upright import upright_lines
from models.geometry import Rect, around, contains, middle
from models.page import Cell, Line, Page, Run, Span, Table


@dataclass(frozen=True)
class RuledTable:
    """A ruled table with the lines in its cells."""

    grid: Grid
    lines: tuple[tuple[Line, ...], ...]

    @property
    def box(self) -> Rect:
        return self.grid.box


@dataclass(frozen=True)
class Sheet:
    """A page whose tables are not numbered yet. `quarters` means the same as in `Page`."""

    number: int
    width: float
    height: float
    blocks: tuple[RuledTable | Columns | Line, ...] = ()
    quarters: int = 0


def fill(number: int, size: tuple[float, float], pieces: Sequence[Piece], ruling: Ruling) -> Sheet:
    """Put pieces into the cells they stand in, and the rest into lines between the tables. On a page without
    tables the rest may form columns."""
    grids = ruling.grids
    held: list[list[list[Piece]]] = [[[] for _ in grid.cells] for grid in grids]
    free: list[Piece] = []
    for piece in pieces:
        for grid, cells in zip(grids, held, strict=True):
            at = grid.cell_at(*middle(piece.box))
            if at is not None:
                cells[at].append(piece)
                break
        else:
            free.append(piece)
    tables: list[RuledTable | Columns | Line] = [
        RuledTable(
            grid,
            tuple(
                _lines(cell, place.box, ruling.nested) for cell, place in zip(cells, grid.cells, strict=True)
            ),
        )
        for grid, cells in zip(grids, held, strict=True)
    ]
    tables = [table for table in tables if not _is_frame(table)]
    framed = [
        piece for grid, cells in zip(grids, held, strict=True) if len(grid.cells) == 1 for piece in cells[0]
    ]
    rest = [*free, *framed]
    loose: list[RuledTable | Columns | Line] = [*(lines_of(rest) if tables else find_columns(rest))]
    return Sheet(number, *size, blocks=tuple(sorted([*tables, *loose], key=_top)))


def _lines(pieces: Sequence[Piece], room: Rect, nested: Sequence[Grid]) -> tuple[Line, ...]:
    """Return the lines of a cell. Each row of a table inside it is a line with tabs between its cells."""
    inner = [grid for grid in nested if contains(room, *middle(grid.box)) and len(grid.cells) > 1]
    rest, lines = list(pieces), list[Line]()
    for grid in inner:
        held: dict[int, list[Piece]] = {}
        for piece in rest:
            at = grid.cell_at(*middle(piece.box))
            if at is not None:
                held.setdefault(at, []).append(piece)
        taken = {id(piece) for cell in held.values() for piece in cell}
        rest = [piece for piece in rest if id(piece) not in taken]
        for row in sorted({grid.cells[at].row for at in held}):
            ats = [at for at, cell in enumerate(grid.cells) if cell.row == row]
            cells = [lines_of(held.get(at, ()), room=grid.cells[at].box) for at in ats]
            lines += _row(cells)
    if not lines and (columns := upright_lines(rest)):
        return columns
    return tuple(sorted([*lines_of(rest, room=room), *lines], key=_top))


def _row(cells: Sequence[Sequence[Line]]) -> list[Line]:
    """Return the lines of each cell of a row as one line, a tab before every cell but the first, empty or
    not: beside a label that nothing was written to there is still a place."""
    spans: list[Span] = []
    boxes = [line.box for lines in cells for line in lines if line.box]
    around_all = to_box(around((b.x0, b.y0, b.x1, b.y1) for b in boxes)) if boxes else None
    for number, lines in enumerate(cells):
        spans += [Run(text="\t", box=around_all)] if number else []
        spans += [span for line in lines for span in line.spans]
    return [Line(spans=tuple(spans), box=around_all)] if boxes else []


def _is_frame(table: RuledTable | Columns | Line) -> bool:
    """Tell whether a table is only a frame round some text."""
    return isinstance(table, RuledTable) and len(table.grid.cells) == 1


def _top(block: RuledTable | Columns | Line) -> float:
    if isinstance(block, Line):
        return block.box.y0 if block.box else 0.0
    return block.box[1]


def number_tables(sheets: Sequence[Sheet]) -> tuple[Page, ...]:
    """Return pages with their tables numbered through the file. A table that continues on the next page is a
    table of its own there."""
    index = 0
    pages = []
    for sheet in sheets:
        blocks: list[Table | Line] = []
        for block in sheet.blocks:
            if isinstance(block, Line):
                blocks.append(block)
                continue
            cells = block.cells if isinstance(block, Columns) else _cells(block)
            blocks.append(Table(index=index, cells=cells, box=to_box(block.box)))
            index += 1
        width, height = sheet.width, sheet.height
        pages.append(
            Page(
                number=sheet.number, width=width, height=height, blocks=tuple(blocks), quarters=sheet.quarters
            )
        )
    return tuple(pages)


def _cells(table: RuledTable) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            row=cell.row,
            column=cell.column,
            row_span=cell.row_span,
            column_span=cell.column_span,
            lines=lines,
            box=to_box(cell.box),
        )
        for cell, lines in zip(table.grid.cells, table.lines, strict=True)
    )
