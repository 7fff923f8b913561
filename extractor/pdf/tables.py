"""Pieces into the cells of their tables, and tables that go on over pages into one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.pdf.columns import Columns, find_columns
from extractor.pdf.grid import Grid
from extractor.pdf.sight import Rect, middle
from extractor.pdf.text import Piece, lines_of, to_box
from models.page import Cell, Line, Page, Table

# Sides of one table on two pages differ by no more than this, in points.
_SAME = 5.0
# A head or foot line stands in this part of the page at either end.
_MARGIN = 0.09
_PAGE_NUMBER = re.compile(r"[\s\-–—·第共/页，,of0-9]*", re.IGNORECASE)


@dataclass(frozen=True)
class RuledTable:
    """A ruled table with what stands in its cells."""

    grid: Grid
    lines: tuple[tuple[Line, ...], ...]

    @property
    def box(self) -> Rect:
        return self.grid.box

    def row_cells(self, last: bool) -> list[int]:
        """The cells that touch the first or last row, from left to right."""
        rows = len(self.grid.ys) - 1
        cells = self.grid.cells
        touching = [i for i, c in enumerate(cells) if (c.row + c.row_span == rows if last else c.row == 0)]
        return sorted(touching, key=lambda i: cells[i].column)


@dataclass(frozen=True)
class Sheet:
    """A page whose tables are not numbered yet."""

    number: int
    width: float
    height: float
    blocks: tuple[RuledTable | Columns | Line, ...] = ()


def fill(number: int, size: tuple[float, float], pieces: Sequence[Piece], grids: Sequence[Grid]) -> Sheet:
    """Puts pieces into the cells they stand in and the rest into lines between the tables, or columns where there are none."""
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
        RuledTable(grid, tuple(lines_of(cell) for cell in cells)) for grid, cells in zip(grids, held, strict=True)
    ]
    tables = [table for table in tables if not _is_frame(table)]
    framed = [piece for grid, cells in zip(grids, held, strict=True) if len(grid.cells) == 1 for piece in cells[0]]
    rest = [*free, *framed]
    loose: list[RuledTable | Columns | Line] = [*(lines_of(rest) if tables else find_columns(rest))]
    return Sheet(number, *size, blocks=tuple(sorted([*tables, *loose], key=_top)))


def _is_frame(table: RuledTable | Columns | Line) -> bool:
    """A frame round some text is no table."""
    return isinstance(table, RuledTable) and len(table.grid.cells) == 1


def _top(block: RuledTable | Columns | Line) -> float:
    if isinstance(block, Line):
        return block.box.y0 if block.box else 0.0
    return block.box[1]


def number_tables(sheets: Sequence[Sheet]) -> tuple[Page, ...]:
    """Pages with their tables numbered. A table that goes on over pages keeps its index, its rows and its columns."""
    chains: list[list[tuple[int, RuledTable]]] = []
    pseudo = 0
    before: tuple[Sheet, RuledTable] | None = None
    for page, sheet in enumerate(sheets):
        for block in sheet.blocks:
            if not isinstance(block, RuledTable):
                continue
            if before is not None and before[0] is not sheet and _goes_on(before, (sheet, block)):
                chains[-1].append((page, block))
            else:
                chains.append([(page, block)])
            before = sheet, block
    numbered: dict[int, Table] = {}
    for index, chain in enumerate(chains):
        numbered |= dict(zip((id(table) for _, table in chain), _joined(index, [table for _, table in chain]), strict=True))
    pages = []
    for sheet in sheets:
        blocks: list[Table | Line] = []
        for block in sheet.blocks:
            if isinstance(block, Columns):
                blocks.append(Table(index=len(chains) + pseudo, cells=block.cells, box=to_box(block.box)))
                pseudo += 1
            else:
                blocks.append(block if isinstance(block, Line) else numbered[id(block)])
        pages.append(Page(number=sheet.number, width=sheet.width, height=sheet.height, blocks=tuple(blocks)))
    return tuple(pages)


def _goes_on(above: tuple[Sheet, RuledTable], below: tuple[Sheet, RuledTable]) -> bool:
    """Whether the last table of one page goes on as the first of the next: equally wide, with nothing but page margins between."""
    (sheet, table), (next_sheet, next_table) = above, below
    if next_sheet.number != sheet.number + 1 or any(abs(table.box[i] - next_table.box[i]) > _SAME for i in (0, 2)):
        return False
    after = [block for block in sheet.blocks if _top(block) > table.box[1] and block is not table]
    before = [block for block in next_sheet.blocks if _top(block) < next_table.box[1] and block is not next_table]
    return all(_is_margin(block, sheet) for block in after) and all(_is_margin(block, next_sheet) for block in before)


def _is_margin(block: RuledTable | Columns | Line, sheet: Sheet) -> bool:
    if not isinstance(block, Line) or block.box is None:
        return False
    in_margin = block.box.y1 < _MARGIN * sheet.height or block.box.y0 > (1 - _MARGIN) * sheet.height
    return in_margin or _PAGE_NUMBER.fullmatch(block.text.strip()) is not None


def _joined(index: int, parts: Sequence[RuledTable]) -> list[Table]:
    """The parts of one table as tables of one index, on a common lattice of columns, rows counted on."""
    xs = _lattice([x for part in parts for x in part.grid.xs])
    tables: list[Table] = []
    first_row = 0
    for before, part in zip((None, *parts), parts, strict=False):
        if before is not None:
            first_row += len(before.grid.ys) - 1 - (1 if _row_breaks(before, part) else 0)
        cells = []
        for cell, lines in zip(part.grid.cells, part.lines, strict=True):
            column, end = _place(xs, cell.box[0]), _place(xs, cell.box[2])
            cells.append(
                Cell(
                    row=first_row + cell.row, column=column, row_span=cell.row_span, column_span=max(1, end - column),
                    lines=lines, box=to_box(cell.box),
                )
            )  # fmt: skip
        tables.append(Table(index=index, cells=tuple(cells), box=to_box(part.box)))
    return tables


def _lattice(values: list[float]) -> list[float]:
    lattice: list[float] = []
    for value in sorted(values):
        if not lattice or value - lattice[-1] > _SAME:
            lattice.append(value)
    return lattice


def _place(lattice: Sequence[float], value: float) -> int:
    return min(range(len(lattice)), key=lambda i: abs(lattice[i] - value))


def _row_breaks(above: RuledTable, below: RuledTable) -> bool:
    """Whether the row at the page's end goes on on the next: the same cells, and nothing again in the first of them."""
    ends, starts = above.row_cells(last=True), below.row_cells(last=False)
    if len(ends) != len(starts) or len(ends) < 2 or any(line.text.strip() for line in below.lines[starts[0]]):
        return False
    pairs = [(above.grid.cells[a].box, below.grid.cells[b].box) for a, b in zip(ends, starts, strict=True)]
    return all(abs(a[0] - b[0]) <= _SAME and abs(a[2] - b[2]) <= _SAME for a, b in pairs)
