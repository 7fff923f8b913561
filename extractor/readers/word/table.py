"""Blocks of a Word document: tables on their grid with spans, and the lines between them."""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from extractor.readers.word.chunks import Chunks
from extractor.readers.word.controls import shows_prompt
from extractor.readers.word.notes import REFERENCES
from extractor.readers.word.package import W
from extractor.readers.word.pieces import BreakLine, Piece, as_lines
from extractor.readers.word.styles import shade
from extractor.readers.word.text import MC, TextReader
from models.errors import Hostile
from models.page import Cell, Line, Remark, Run, Span, Table

_DEEPEST = 30
_TRANSPARENT = {f"{W}{name}" for name in ("ins", "moveTo", "customXml", "smartTag")} | {
    f"{{http://schemas.microsoft.com/office/word/2003/auxHint}}{name}" for name in ("sect", "sub-section")
}

Block = Line | Table
# Content controls from the outside in, each with whether it holds nothing else.
_Controls = tuple[tuple[etree._Element, bool], ...]


@dataclass
class BlockReader:
    """Reads the blocks of a body or a cell; counts the tables of the document as it goes."""

    text: TextReader
    chunks: Chunks
    tables: int = 0

    def blocks(self, container: etree._Element, depth: int = 0) -> list[Block]:
        """Everything at block level in `container`, in order.

        Raises:
            Hostile: nested deeper than any person nests.
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
            elif child.tag in _TRANSPARENT:
                found += self.blocks(child, depth + 1)
            elif child.tag == f"{MC}AlternateContent":
                for branch in list(child)[:1]:
                    found += self.blocks(branch, depth + 1)
        return found

    def _chunk(self, element: etree._Element) -> list[Block]:
        """The blocks of a document inside this one. Word may lay them out otherwise, so whoever checks should know of it."""
        inner = self.chunks.read(element)
        blocks = [] if inner is None else [block for page in inner.pages for block in page.blocks]
        if inner is not None:
            self.text.controls += inner.controls
            self.text.damage.update(inner.damage)
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
        """What a control shows that holds these blocks, a table among them as lines."""
        lines = list(_lines(blocks))
        pieces: list[Piece] = []
        for line in lines:
            pieces += [BreakLine()] * bool(pieces) + list(line.spans)
        kept = self.text.control(control, pieces)
        return blocks if kept is pieces else list(as_lines(kept))

    def _table(self, element: etree._Element, depth: int) -> list[Block]:
        index = self.tables
        self.tables += 1
        drafts = self._drafts(element, depth)
        if len(drafts) == 1:
            # A table of one cell is a frame round the page; what it holds stands for itself.
            return drafts[0].blocks
        cells = tuple(draft.cell() for draft in drafts)
        return [Table(index=index, cells=cells)]

    def _drafts(self, table: etree._Element, depth: int) -> list["_Draft"]:
        drafts: list[_Draft] = []
        above: dict[int, _Draft] = {}
        number, hidden = -1, Line()
        for row, round_row in _rows(table):
            properties = row.find(f"{W}trPr")
            if _is_hidden(properties):
                # Word doesn't show it; whoever checks what stands above and below should know of it.
                hidden = Line(
                    spans=(*hidden.spans, Remark(code="row-hidden", text=" ".join(t.text or "" for t in row.iter(f"{W}t"))))
                )
                if drafts:
                    drafts[-1].add(hidden)
                continue
            number += 1
            column = _number(properties, "gridBefore", 0)
            for cell, round_cell in _inside(row, f"{W}tc"):
                cell_properties = cell.find(f"{W}tcPr")
                span = max(1, _number(cell_properties, "gridSpan", 1))
                merged = _merge(cell_properties, "vMerge")
                if _merge(cell_properties, "hMerge") == "continue" and drafts and drafts[-1].row == number:
                    drafts[-1].column_span += span
                elif merged == "continue" and column in above:
                    above[column].row_span = number - above[column].row + 1
                else:
                    blocks = self._cell_blocks(cell, depth)
                    for control, is_whole in (*reversed(round_cell), *reversed(round_row)):
                        blocks = self._in_control(control, is_whole, blocks)
                    draft = _Draft(number, column, span, blocks)
                    drafts.append(draft)
                    above[column] = draft
                column += span
            if drafts and hidden.spans:
                drafts[-1].add(hidden)
            hidden = Line()
        return drafts

    def _in_control(self, control: etree._Element, is_whole: bool, blocks: list[Block]) -> list[Block]:
        """A cell that a control holds, alone or with others."""
        if is_whole:
            return self._controlled(control, blocks)
        return [Line()] if shows_prompt(control) else blocks

    def _cell_blocks(self, cell: etree._Element, depth: int) -> list[Block]:
        before = self.text.paper
        self.text.paper = self._paper(cell)
        try:
            return self.blocks(cell, depth + 1)
        finally:
            self.text.paper = before

    def _paper(self, cell: etree._Element) -> str | None:
        """The colour behind a cell's text, None where a style of the table decides, row by row."""
        own = shade(cell.find(f"{W}tcPr/{W}shd"))
        table = next(cell.iterancestors(f"{W}tbl"), None)
        if own or table is None:
            return own or self.text.paper
        style = table.find(f"{W}tblPr/{W}tblStyle")
        if style is not None and self.text.styles.shades(style.get(f"{W}val", "")):
            return None
        return shade(table.find(f"{W}tblPr/{W}shd")) or self.text.paper


@dataclass
class _Draft:
    row: int
    column: int
    column_span: int
    blocks: list[Block]
    row_span: int = 1

    def add(self, remark: Line) -> None:
        """Put a remark behind what stands in the cell."""
        last = self.blocks[-1] if self.blocks else None
        if isinstance(last, Line):
            self.blocks = [*self.blocks[:-1], Line(spans=(*last.spans, *remark.spans))]
        else:
            self.blocks = [*self.blocks, remark]

    def cell(self) -> Cell:
        lines = tuple(_lines(self.blocks))
        return Cell(row=self.row, column=self.column, row_span=self.row_span, column_span=self.column_span, lines=lines)


def _lines(blocks: list[Block]) -> Iterator[Line]:
    for block in blocks:
        yield from [block] if isinstance(block, Line) else _table_lines(block)


def _rows(table: etree._Element) -> Iterator[tuple[etree._Element, _Controls]]:
    """The rows that stand after all tracked changes are accepted."""
    for row, controls in _inside(table, f"{W}tr"):
        if row.find(f"{W}trPr/{W}del") is None:
            yield row, tuple((control, False) for control, _ in controls)


def _is_hidden(properties: etree._Element | None) -> bool:
    item = None if properties is None else properties.find(f"{W}hidden")
    return item is not None and item.get(f"{W}val", "1").lower() not in ("0", "false", "off")


def _inside(element: etree._Element, tag: str) -> Iterator[tuple[etree._Element, _Controls]]:
    """Children with `tag`, also those inside content controls, custom XML and insertions; with the controls round each."""
    for child in element:
        if child.tag == tag:
            yield child, ()
        elif child.tag == f"{W}sdt":
            found = [one for content in child.iterfind(f"{W}sdtContent") for one in _inside(content, tag)]
            for inner, controls in found:
                yield inner, ((child, len(found) == 1), *controls)
        elif child.tag in _TRANSPARENT:
            yield from _inside(child, tag)


def _table_lines(table: Table) -> Iterator[Line]:
    """A table inside a cell as lines, a row each, its cells apart by tabs."""
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
    """`restart`, `continue` (also where no value is given) or None."""
    item = None if properties is None else properties.find(W + name)
    return None if item is None else item.get(f"{W}val", "continue")
