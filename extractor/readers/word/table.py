"""The blocks of a Word document: tables on their grid with spans, and the lines between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from extractor.readers.word.chunks import Chunks
from extractor.readers.word.controls import shows_prompt
from extractor.readers.word.elements import MC, M, inner, meaning_of, said
from extractor.readers.word.formulas import equation
from extractor.readers.word.notes import REFERENCES
from extractor.readers.word.package import W
from extractor.readers.word.pieces import BreakLine, Piece, as_lines
from extractor.readers.word.styles import is_low, shade
from extractor.readers.word.text import TextReader
from models.errors import Hostile
from models.page import Cell, Line, Remark, Run, Span, Table
from models.writing import key

_DEEPEST = 30
Block = Line | Table
# Content controls from the outside in, each with whether it holds nothing else.
_Controls = tuple[tuple[etree._Element, bool], ...]


@dataclass
class BlockReader:
    """The reader of the blocks of a body or a cell. It counts the document's tables as it goes."""

    text: TextReader
    chunks: Chunks
    tables: int = 0

    def __post_init__(self) -> None:
        self.text.box_lines = lambda box: list(_cell_lines(self.blocks(box, 1)))

    def blocks(self, container: etree._Element, depth: int = 0) -> list[Block]:
        """Return everything at block level in `container`, in order.

        Raises:
            Hostile: it is nested more deeply than any person nests.
        """
        if depth > _DEEPEST:
            raise Hostile("嵌套层数过多")
        found: list[Block] = []
        for child in container:
            if child.tag == f"{W}p":
                found += self.text.lines(child)
            elif child.tag == f"{W}tbl":
                found += self._table(child, depth)
            elif child.tag == f"{W}sdt":
                found += self._control(child, depth)
            elif child.tag == f"{W}altChunk":
                found += self._chunk(child)
            elif child.tag in REFERENCES:
                self.text.notes.of(child)
            elif meaning_of(child) == "transparent" or child.tag == f"{MC}AlternateContent":
                found += self.blocks(inner(child), depth + 1)
                found += _told(self._branches(child))
            elif child.tag in (f"{M}oMath", f"{M}oMathPara"):
                found += as_lines(equation(child))
            else:
                found += _told(self.text.unread(child))
        return found

    def _branches(self, element: etree._Element) -> list[Remark]:
        return self.text.other_branch(element) if element.tag == f"{MC}AlternateContent" else []

    def _chunk(self, element: etree._Element) -> list[Block]:
        """Return the blocks of a document inside this one, with a remark, because Word may lay them out
        differently."""
        inner = self.chunks.read(element)
        blocks = [] if inner is None else [block for page in inner.pages for block in page.blocks]
        if inner is not None:
            self.text.controls += inner.controls
            self.text.damage.update(inner.damage)
            self.text.aside += inner.aside
        words = " ".join(line.text for line in _lines(blocks))
        found: list[Block] = [Line(spans=(Remark(code="chunk-in-answer", text=words or "未能读取"),))]
        for block in blocks:
            if isinstance(block, Table):
                block = block.model_copy(update={"index": self.tables})
                self.tables += 1
            found.append(block)
        return found

    def _control(self, control: etree._Element, depth: int) -> list[Block]:
        content = control.find(f"{W}sdtContent")
        blocks = [] if content is None else self.blocks(content, depth + 1)
        if any(isinstance(block, Table) for block in blocks):
            return blocks
        return self._controlled(control, blocks)

    def _controlled(self, control: etree._Element, blocks: list[Block]) -> list[Block]:
        """Return what a control shows that holds these blocks; a table among them is shown as lines."""
        pieces = _pieces(blocks)
        kept = self.text.control(control, pieces)
        return blocks if kept is pieces else list(as_lines(kept))

    def _table(self, element: etree._Element, depth: int) -> list[Block]:
        index = self.tables
        self.tables += 1
        grid = self._grid(element, depth)
        alone = _told(grid.between)
        if len(grid.drafts) == 1 or grid.is_frame:
            # A table of one cell is a frame round the page, and so is a column of cells that hold tables:
            # what they hold stands for itself.
            return [*(block for draft in grid.drafts for block in draft.blocks), *alone]
        return [Table(index=index, cells=tuple(draft.cell() for draft in grid.drafts)), *alone]

    def _grid(self, table: etree._Element, depth: int) -> "_Grid":
        grid = _Grid()
        for row, round_row in self._inside(table, f"{W}tr"):
            if isinstance(row, Remark):
                grid.tell_between_rows(row)
                continue
            properties = row.find(f"{W}trPr")
            if row.find(f"{W}trPr/{W}del") is not None:
                self.text.leave_out("deleted", said(row))
            elif _is_hidden(properties) or (_is_flat(properties) and said(row)):
                # Word doesn't show the row, but a person who checks the rows around it should know of it.
                text = said(row)
                grid.tell_between_rows(*[Remark(code="row-hidden", text=text)] * bool(text))
            else:
                grid.begin_row(_number(properties, "gridBefore", 0))
                self._read_row(grid, row, tuple((control, False) for control, _ in round_row), depth)
                grid.end_row()
        return grid

    def _read_row(self, grid: "_Grid", row: etree._Element, round_row: _Controls, depth: int) -> None:
        for cell, round_cell in self._inside(row, f"{W}tc"):
            if isinstance(cell, Remark):
                grid.tell_between_cells(cell)
                continue
            properties = cell.find(f"{W}tcPr")
            span = max(1, _number(properties, "gridSpan", 1))
            covering = grid.covering(properties, span)
            if covering is not None:
                text = said(cell)
                covering.add([Remark(code="cell-covered", text=text)] * bool(text))
                continue
            blocks = self._cell_blocks(cell, depth)
            for control, is_whole in (*reversed(round_cell), *reversed(round_row)):
                blocks = self._in_control(control, is_whole, blocks)
            grid.put(blocks, span)
            if properties is not None and properties.find(f"{W}cellDel") is not None and (text := said(cell)):
                # Whether the change is accepted decides which cell stands where.
                grid.drafts[-1].add([Remark(code="element-unknown", text=text)])

    def _in_control(self, control: etree._Element, is_whole: bool, blocks: list[Block]) -> list[Block]:
        """Return the blocks of a cell that a control holds, alone or with others."""
        if is_whole:
            return self._controlled(control, blocks)
        if not shows_prompt(control):
            return blocks
        return list(as_lines(self.text.without_prompt(_pieces(blocks))))

    def _cell_blocks(self, cell: etree._Element, depth: int) -> list[Block]:
        before = self.text.paper
        self.text.paper = self._paper(cell)
        try:
            return self.blocks(cell, depth + 1)
        finally:
            self.text.paper = before

    def _paper(self, cell: etree._Element) -> str | None:
        """Return the colour behind a cell's text; None where a style of the table decides, row by row."""
        own = shade(cell.find(f"{W}tcPr/{W}shd"))
        table = next(cell.iterancestors(f"{W}tbl"), None)
        if own or table is None:
            return own or self.text.paper
        style = table.find(f"{W}tblPr/{W}tblStyle")
        if style is not None and self.text.styles.shades(style.get(f"{W}val", "")):
            return None
        return shade(table.find(f"{W}tblPr/{W}shd")) or self.text.paper

    def _inside(
        self, element: etree._Element, tag: str
    ) -> Iterator[tuple[etree._Element | Remark, _Controls]]:
        """Yield the children with `tag`, also those inside content controls, custom XML and insertions, with
        the controls round each; and remarks on other children."""
        for child in element:
            if child.tag == tag:
                yield child, ()
            elif child.tag == f"{W}sdt":
                found = [
                    one for content in child.iterfind(f"{W}sdtContent") for one in self._inside(content, tag)
                ]
                is_whole = sum(not isinstance(one, Remark) for one, _ in found) == 1
                for one, controls in found:
                    yield one, ((child, is_whole), *controls)
            elif meaning_of(child) == "transparent" or child.tag == f"{MC}AlternateContent":
                yield from self._inside(inner(child), tag)
                yield from ((remark, ()) for remark in self._branches(child))
            elif child.tag in REFERENCES:
                self.text.notes.of(child)
            else:
                yield from ((remark, ()) for remark in self.text.unread(child))


@dataclass
class _Grid:
    """The cells of a table as they are found, row by row."""

    drafts: list["_Draft"] = field(default_factory=list)
    # Remarks on things between two rows or two cells, for the cells on both sides.
    between: list[Remark] = field(default_factory=list)
    _beside: list[Remark] = field(default_factory=list)
    _above: dict[int, "_Draft"] = field(default_factory=dict)
    _row: int = -1
    _column: int = 0

    @property
    def is_frame(self) -> bool:
        """Whether it has a single column, and tables in it; or sets tables beside each other, and nothing
        else."""
        rows = [draft.row for draft in self.drafts]
        tables = [[one for one in draft.blocks if isinstance(one, Table)] for draft in self.drafts]
        holding = [any(len(table.cells) > 1 for table in own) for own in tables]
        only = all(
            holds or not any(key(block.text) for block in draft.blocks if not isinstance(block, Table))
            for holds, draft in zip(holding, self.drafts, strict=True)
        )
        return any(holding) and (len(set(rows)) == len(rows) or (only and sum(holding) > 1))

    def begin_row(self, before: int) -> None:
        """Begin a row that leaves out `before` columns at its start."""
        self._row += 1
        self._column = before

    def end_row(self) -> None:
        """Give the row's last cell the remarks on things before and in the row that are no cell's own."""
        if self.drafts and self.drafts[-1].row == self._row:
            self.drafts[-1].add(self.between + self._beside)
            self.between, self._beside = [], []

    def tell_between_rows(self, *remarks: Remark) -> None:
        if self.drafts:
            self.drafts[-1].add(remarks)
        self.between += remarks

    def tell_between_cells(self, remark: Remark) -> None:
        if self.drafts and self.drafts[-1].row == self._row:
            self.drafts[-1].add([remark])
        self._beside.append(remark)

    def covering(self, properties: etree._Element | None, span: int) -> "_Draft | None":
        """Return the cell before it or above it that a cell with these properties belongs to, grown by that
        cell; None where it stands for itself."""
        draft = None
        if _merge(properties, "hMerge") == "continue" and self.drafts and self.drafts[-1].row == self._row:
            draft = self.drafts[-1]
            draft.column_span += span
        elif _merge(properties, "vMerge") == "continue" and self._column in self._above:
            draft = self._above[self._column]
            draft.row_span = self._row - draft.row + 1
        self._column += span * (draft is not None)
        return draft

    def put(self, blocks: list[Block], span: int) -> None:
        """Add the next cell."""
        draft = _Draft(self._row, self._column, span, blocks)
        draft.add(self._beside)
        self._beside = []
        self.drafts.append(draft)
        self._above[self._column] = draft
        self._column += span


@dataclass
class _Draft:
    row: int
    column: int
    column_span: int
    blocks: list[Block]
    row_span: int = 1

    def add(self, remarks: Sequence[Remark]) -> None:
        """Put remarks behind the content of the cell."""
        last = self.blocks[-1] if self.blocks else None
        if isinstance(last, Line):
            self.blocks = [*self.blocks[:-1], Line(spans=(*last.spans, *remarks))]
        else:
            self.blocks = [*self.blocks, *_told(remarks)]

    def cell(self) -> Cell:
        lines = tuple(_lines(self.blocks))
        return Cell(
            row=self.row,
            column=self.column,
            row_span=self.row_span,
            column_span=self.column_span,
            lines=lines,
        )


def _lines(blocks: list[Block]) -> Iterator[Line]:
    for block in blocks:
        yield from [block] if isinstance(block, Line) else _table_lines(block)


def _told(remarks: Sequence[Remark]) -> list[Line]:
    """Return a line for remarks where there is no line."""
    return [Line(spans=tuple(remarks))] if remarks else []


def _pieces(blocks: list[Block]) -> list[Piece]:
    """Return blocks as the pieces of one paragraph; a table among them becomes lines."""
    pieces: list[Piece] = []
    for number, line in enumerate(_lines(blocks)):
        pieces += [BreakLine()] * bool(number) + list(line.spans)
    return pieces


def _cell_lines(blocks: list[Block]) -> Iterator[Line]:
    """Yield all lines, those in tables cell by cell."""
    for block in blocks:
        yield from (
            [block] if isinstance(block, Line) else (line for cell in block.cells for line in cell.lines)
        )


def _is_hidden(properties: etree._Element | None) -> bool:
    item = None if properties is None else properties.find(f"{W}hidden")
    return item is not None and item.get(f"{W}val", "1").lower() not in ("0", "false", "off")


def _is_flat(properties: etree._Element | None) -> bool:
    return properties is not None and is_low(properties.find(f"{W}trHeight"), "val", "hRule")


def _table_lines(table: Table) -> Iterator[Line]:
    """Yield a table inside a cell as lines, one for each row, with its cells separated by tabs."""
    rows: dict[int, list[Span]] = {}
    for cell in table.cells:
        spans = rows.setdefault(cell.row, [])
        if spans:
            spans.append(Run(text="\t"))
        for number, line in enumerate(cell.lines):
            spans += [Run(text=" ")] * bool(number) + list(line.spans)
    for row in sorted(rows):
        yield Line(spans=tuple(rows[row]))


def _number(properties: etree._Element | None, name: str, default: int) -> int:
    item = None if properties is None else properties.find(W + name)
    value = "" if item is None else item.get(f"{W}val", "")
    return min(int(value), 200) if value.isdigit() else default


def _merge(properties: etree._Element | None, name: str) -> str | None:
    """Return `restart`, `continue` (also where no value is given) or None."""
    item = None if properties is None else properties.find(W + name)
    return None if item is None else item.get(f"{W}val", "continue")
