"""A form as a Word document: the printed table, with a content control in every place for an answer."""

import io
import math
from collections.abc import Iterator
from typing import Any

from docx.shared import Cm, Length, Pt

from generator.document import Document
from generator.filling import Filling, Notes, fill, words_before
from generator.word_controls import Controls, Element, Placeholder, element, run, valued
from generator.word_package import TEXT_SIZE, TITLE_FONT, empty_package
from models.fields import ChoiceField, DateField, Field, FieldBase, MomentField, NumberField
from models.fields.rows import Column
from models.form import FormCell, FormDefinition, Item, Printed
from models.identity import Identity, Tag
from models.layout import GridCell, GridRow
from models.record import Record

_LINE = Pt(20)  # the least height of a text line, so that heights don't depend on the installed font
_GUIDANCE_LINE = Pt(16)
_NOTHING = Pt(0)
_CELL_MARGINS = (("top", 57), ("left", 108), ("bottom", 57), ("right", 108))  # in twentieths of a point
_CELL_SIDE = Pt(10.8)  # both side margins together
_SLACK = Pt(10)  # stays free in a cell with marks: its margins, and what a font adds
_LEAST_HEIGHT = Cm(0.8)  # the height of a row whose definition gives none
_BLANK = "\u3000"
_ROOM = 4  # blanks in an untouched answer: enough to click on, too few to wrap in a narrow column
_BLANK_DATE = "    年    月    日"


def build_word(
    form: FormDefinition, identity: Identity, record: Record | None = None, notes: Notes | None = None
) -> Document:
    """Return `form` as a .docx, with the values of `record` where there is one, and with marks where `notes`
    ask for a correction.

    Raises:
        GenerationError: see `generator.filling.fill`.
    """
    filling = fill(form, record, notes)
    package = empty_package(form, identity, notes.number if notes else "")
    for block in _Writer(filling).blocks():
        package.element.body.insert_element_before(block, "w:sectPr")
    file = io.BytesIO()
    package.save(file)
    return Document(data=file.getvalue(), suffix=".docx")


class _Writer:
    """The writer of one form. It holds what all parts of the form need."""

    def __init__(self, filling: Filling) -> None:
        self._filling = filling
        self._form = filling.form
        self._controls = Controls()

    def blocks(self) -> Iterator[Element]:
        """Yield the elements of the body, from top to bottom."""
        form = self._form
        if form.heading:
            yield self._printed(form.heading, 16, "left", after=0, bold=False)
        yield self._printed(form.title, 22, "center", after=10, bold=True)
        yield self._table()
        notes = self._filling.aside
        for note in notes:
            properties = element("w:pPr", None, element("w:spacing", {"w:before": "120"}))
            yield element("w:p", None, properties, self._controls.guarded(note, *_size(10.5)))
        if not notes:
            # Word requires a paragraph after a table; this one is too small to start a page.
            tiny = element("w:spacing", {"w:line": "20", "w:lineRule": "exact"})
            yield element("w:p", None, element("w:pPr", None, tiny, element("w:rPr", None, *_size(1))))

    def _printed(self, text: str, size: float, align: str, *, after: int, bold: bool) -> Element:
        font = {f"w:{script}": TITLE_FONT for script in ("ascii", "eastAsia", "hAnsi")}
        look = [element("w:rFonts", font), *([element("w:b")] if bold else []), *_size(size)]
        spacing = element("w:spacing", {"w:after": str(after * 20)})
        properties = element("w:pPr", None, element("w:keepNext"), spacing, valued("w:jc", align))
        return element("w:p", None, properties, self._controls.guarded(text, *look))

    def _table(self) -> Element:
        widths = [_twips(Cm(width)) for width in self._form.columns]
        line = {"w:val": "single", "w:sz": "4", "w:space": "0", "w:color": "auto"}
        properties = element(
            "w:tblPr",
            None,
            element("w:tblW", {"w:w": str(sum(widths)), "w:type": "dxa"}),
            valued("w:jc", "center"),
            element(
                "w:tblBorders",
                None,
                *(
                    element(f"w:{side}", line)
                    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
                ),
            ),
            element("w:tblLayout", {"w:type": "fixed"}),
            element(
                "w:tblCellMar",
                None,
                *(element(f"w:{side}", {"w:w": str(w), "w:type": "dxa"}) for side, w in _CELL_MARGINS),
            ),
        )
        grid = element("w:tblGrid", None, *(element("w:gridCol", {"w:w": str(width)}) for width in widths))
        return element("w:tbl", None, properties, grid, *self._rows())

    def _rows(self) -> Iterator[Element]:
        # The cells from rows above, with the number of further rows that each reaches into.
        merged: list[tuple[GridCell, int]] = []
        for row in self._filling.rows:
            cells = [(cell, False) for cell in row.cells] + [(cell, True) for cell, _ in merged]
            made = [
                self._cell(cell, row, again) for cell, again in sorted(cells, key=lambda pair: pair[0].column)
            ]
            yield element("w:tr", None, _row_properties(row), *made)
            merged = [(cell, left - 1) for cell, left in merged if left > 1]
            merged += [(cell, cell.row_span - 1) for cell in row.cells if cell.row_span > 1]

    def _cell(self, cell: GridCell, row: GridRow, continues: bool) -> Element:
        width = sum(
            _twips(Cm(width)) for width in self._form.columns[cell.column : cell.column + cell.column_span]
        )
        properties = element("w:tcPr", None, element("w:tcW", {"w:w": str(width), "w:type": "dxa"}))
        if cell.column_span > 1:
            properties.append(valued("w:gridSpan", cell.column_span))
        if cell.row_span > 1:
            properties.append(element("w:vMerge") if continues else valued("w:vMerge", "restart"))
        top = cell.role == "value" and any(field.is_prose or field.is_mark for field in cell.cell.fields)
        properties.append(valued("w:vAlign", "top" if top else "center"))
        paragraphs = [_paragraph("center")] if continues else self._content(cell, row)
        return element("w:tc", None, properties, *paragraphs)

    def _content(self, cell: GridCell, row: GridRow) -> list[Element]:
        if cell.role == "label":
            return [_paragraph("center", self._controls.guarded(cell.cell.label or ""))]
        if cell.heading is not None:
            if cell.entry_row is None:
                return [_paragraph("center", self._controls.guarded(cell.heading.label))]
            return [self._entry(cell.cell.fields[0].name, cell.heading, cell.entry_row)]
        width = Length(
            sum(Cm(w) for w in self._form.columns[cell.column : cell.column + cell.column_span]) - _CELL_SIDE
        )
        before = self._room_for_marks(cell.cell, width, Cm(row.height or 0))
        return [
            self._item(items[0], cell.cell, width, before if items[0].is_mark else _NOTHING)
            if len(items) == 1
            else _paragraph("left", *(part for item in items for part in self._in_line(item)))
            for items in cell.cell.paragraphs
        ] or [_paragraph("left")]

    def _entry(self, table: str, column: Column, row: int) -> Element:
        """Return one place of a table inside the form; one to sign in is left empty."""
        if column.field.is_mark:
            return _paragraph(column.field.align)
        tag = Tag(field=table, row=row, column=column.field.name)
        title = f"{self._form.titles[table]}第{row + 1}行{column.label}"
        is_first = row == 0 and tag.column == self._filling.first_column(table)
        mark = self._filling.mark(table) if is_first else None
        return _paragraph(column.field.align, self._answer(tag, title, column.field, mark))

    def _in_line(self, item: Item) -> Iterator[Element]:
        """Yield the words of an item and the blank behind them, as they stand in a sentence."""
        if isinstance(item, Printed):
            yield self._controls.guarded(item.text)
            return
        if item.prompt:
            yield self._controls.guarded(item.prompt)
        yield run(" ")
        mark, title = self._filling.mark(item.name), self._form.titles[item.name]
        yield self._answer(Tag(field=item.name), title, item, mark, underlined=True)
        yield run(" ")

    def _item(self, item: Item, cell: FormCell, width: Length, before: Length) -> Element:
        if isinstance(item, Printed):
            return _paragraph("left", self._controls.guarded(item.text), indent=True)
        # A blank separates the two controls, because LibreOffice 7.4 merges neighbours when it saves.
        parts = [self._controls.guarded(item.prompt), run(" ")] if item.prompt else []
        if isinstance(item, ChoiceField):
            parts += self._options(item, cell, _letters(width))
        else:
            mark, title = self._filling.mark(item.name), self._form.titles[item.name]
            parts.append(self._answer(Tag(field=item.name), title, item, mark))
        guided = item.is_prose and Tag(field=item.name) not in self._filling.texts
        return _paragraph(item.align, *parts, before=before, line=_GUIDANCE_LINE if guided else _LINE)

    def _options(self, field: ChoiceField, cell: FormCell, letters: int) -> Iterator[Element]:
        """Yield boxes with their options. Lines of `letters` full-width letters break between options, never
        inside one."""
        at, written = len(field.prompt or ""), cell.beside(field)
        for number, option in enumerate(field.options):
            beside = written.get(number)
            needed = 1 + len(option) + (self._letters_beside(beside) if beside else 0)
            if number:
                fits = at + 1 + needed <= letters
                yield run(_BLANK if fits else "\n")
                at = at + 1 if fits else 0
            at += needed
            tag = Tag(field=field.name, option=number)
            yield self._controls.box(
                tag, f"{self._form.titles[field.name]}：{option}", tag in self._filling.ticked
            )
            yield run(option)
            if beside:
                yield run(words_before(beside))
                yield from self._in_line(beside.model_copy(update={"prompt": None}))

    def _letters_beside(self, field: Field) -> int:
        """Return how many letters what is written beside an option takes, with the words before it."""
        text = self._filling.texts.get(Tag(field=field.name), _placeholder(field).text)
        return len(words_before(field)) + len(text) + 1

    def _answer(
        self,
        tag: Tag,
        title: str,
        field: FieldBase[Any],
        mark: str | None = None,
        *,
        underlined: bool = False,
    ) -> Element:
        usual = _placeholder(field)._replace(underlined=underlined)
        return self._controls.answer(
            tag,
            title,
            self._filling.texts.get(tag),
            # What is typed takes the mark's place.
            usual._replace(text=f"{mark}\n{usual.text}" if usual.faint else mark + usual.text)
            if mark
            else usual,
            calendar=isinstance(field, DateField),
        )

    def _room_for_marks(self, cell: FormCell, width: Length, height: Length) -> Length:
        """Return the space above each seal and signature. It is what the row's height leaves over, so that a
        stamp finds paper."""
        marks = sum(field.is_mark for field in cell.fields)
        lines = sum(self._lines(item, _letters(width)) for items in cell.paragraphs for item in items)
        return Length(max(0, height - lines * _LINE - _SLACK) // marks) if marks else _NOTHING

    def _lines(self, item: Item, letters: int) -> int:
        """Return how many lines of `letters` full-width letters an item takes."""
        if isinstance(item, Printed):
            return math.ceil((len(item.text) + 2) / letters)
        text = self._filling.texts.get(Tag(field=item.name), "")
        return sum(max(1, math.ceil(len(line) / letters)) for line in text.split("\n"))


def _placeholder(field: FieldBase[Any]) -> Placeholder:
    if isinstance(field, DateField):
        return Placeholder(_BLANK_DATE)
    if isinstance(field, MomentField) and not field.guidance:
        return Placeholder(field.blank)
    if isinstance(field, NumberField):
        return Placeholder(_BLANK * _ROOM + field.unit)
    if field.guidance:
        return Placeholder("\n".join(_BLANK * 2 + line for line in field.guidance), faint=True)
    return Placeholder(_BLANK * _ROOM)


def _row_properties(row: GridRow) -> Element:
    """Return the row's properties. Only a row with prose may break over pages; its height is a minimum."""
    prose = any(field.is_prose for cell in row.cells for field in cell.cell.fields)
    height = Cm(row.height) if row.height is not None else _LEAST_HEIGHT
    height_element = element("w:trHeight", {"w:val": str(_twips(height)), "w:hRule": "atLeast"})
    return element("w:trPr", None, *([] if prose else [element("w:cantSplit")]), height_element)


def _paragraph(
    align: str, *content: Element, before: Length = _NOTHING, line: Length = _LINE, indent: bool = False
) -> Element:
    spacing = {
        "w:before": str(_twips(before)),
        "w:after": "0",
        "w:line": str(_twips(line)),
        "w:lineRule": "atLeast",
    }
    indents = {
        "left": {"w:firstLineChars": "200", "w:firstLine": "480"} if indent else {},
        "right": {"w:right": "240"},
    }.get(align)
    placed = [element("w:ind", indents)] if indents else []
    return element(
        "w:p",
        None,
        element("w:pPr", None, element("w:spacing", spacing), *placed, valued("w:jc", align)),
        *content,
    )


def _letters(width: Length) -> int:
    """Return how many full-width letters fit on a line."""
    return max(1, width // TEXT_SIZE)


def _size(points: float) -> list[Element]:
    return [valued(name, round(points * 2)) for name in ("w:sz", "w:szCs")]


def _twips(length: Length) -> int:
    return int(length.twips)
