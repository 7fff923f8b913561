"""A form as a PDF: to print, or to fill in on the screen. Both look the same, and every answer has the same place."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import segno

from generator.acroform import PAD_Y, Align, CheckWidget, TextWidget, Widget, add_widgets
from generator.document import Document, Place
from generator.filling import Filling, fill
from generator.typesetting import lines_of, must_have_glyphs, typeset
from models.errors import GenerationError
from models.fields import ChoiceField, DateField, Field, NumberField, ProseField, RowsField, SealField, SignatureField
from models.form import FormDefinition, Item, Printed
from models.identity import Identity, Tag
from models.layout import GridCell
from models.page import Box
from models.record import Record

POINTS = 72 / 2.54  # in a centimetre
_A4 = (21 * POINTS, 29.7 * POINTS)
_TOP, _BOTTOM, _LEAST_SIDE = 2 * POINTS, 2.9 * POINTS, 1.2 * POINTS  # margins; form.typ has the same
_INSET_X, _INSET_Y = 5.0, 4.0  # between rule and words of a cell; form.typ has the same
_EDGE = 1.5  # between rule and widget, so that the two together leave as much room as a cell has
_LEAST_HEIGHT = 0.8 * POINTS  # of a row whose definition gives none
_SIZES = (10.5, 9.0, 8.0, 7.0)  # of values; the first is right, the others for what would not fit a page otherwise
_BLANK_DATE = "\u3000\u3000\u3000年\u3000\u3000月\u3000\u3000日"
_QUESTION = """(
  spots: query(<spot>).map(it => { let at = it.location().position(); (it.value, at.page, at.x.pt(), at.y.pt()) }),
  tall: query(<tall>).map(it => it.value.row),
  pages: query(<page>).len(),
)"""


def generate_pdf(form: FormDefinition, identity: Identity, record: Record | None = None, *, fillable: bool) -> Document:
    """`form` as an A4 PDF, with the values of `record` where there is one; `fillable` makes it an AcroForm.

    A row grows with its value. Where the form is to be printed, long rows break over pages; a widget can't, so in a
    fillable form a value longer than a page is set smaller.

    Raises:
        GenerationError: see `generator.filling.fill`; or the fonts lack a character, the form is wider than A4, a row
            is higher than a page, or a value is too long for a widget.
    """
    filling = fill(form, record)
    must_have_glyphs(_all_texts(filling, identity))
    data = _Data(filling, identity, fillable)
    for size in _SIZES if fillable else _SIZES[:1]:
        pdf, facts = _with_codes(data.build(size), identity)
        if not facts["tall"]:
            break
    else:
        row = form.titles[data.fields_of_row(facts["tall"][0])]
        raise GenerationError(f"“{row}”一行高于一页，放不下", advice="请缩短填写内容，或改发不可填写的 PDF、Word 表格")
    spots = _Spots(facts["spots"], data)
    if fillable:
        pdf = add_widgets(pdf, list(spots.widgets(size)), table_cells=data.cell_numbers())
    return Document(data=pdf, suffix=".pdf", places=tuple(spots.places()))


def _all_texts(filling: Filling, identity: Identity) -> Iterator[tuple[str, str]]:
    """Everything that will be printed, with what to call its place."""
    form = filling.form
    for text in (form.title, form.heading or "", form.version, *form.notes):
        yield form.title, text
    for cell in form.cells():
        where = cell.label or form.title
        yield where, cell.label or ""
        for item in cell.content:
            yield where, "\n".join(_own_words(item))
    for tag, text in filling.texts.items():
        yield form.titles[tag.field], text


def _own_words(item: Item) -> Iterator[str]:
    if isinstance(item, Printed):
        yield item.text
        return
    yield item.prompt or ""
    yield from item.guidance
    if isinstance(item, ChoiceField):
        yield from item.options
    if isinstance(item, NumberField):
        yield item.unit
    if isinstance(item, RowsField):
        yield from (column.label for column in item.columns)


def _with_codes(data: dict[str, Any], identity: Identity) -> tuple[bytes, Any]:
    """The pages, each with its QR code. How many there are shows only when they are set."""
    pages = 2 + sum(len(line) for line in data["lines"]) // 600
    while True:
        codes = [_code(identity.qr_payload(page)) for page in range(1, pages + 1)]
        pdf, facts = typeset("form.typ", {**data, "codes": codes}, _QUESTION, tags=True)
        if facts["pages"] <= pages:
            return pdf, facts
        pages = facts["pages"]


def _code(payload: str) -> str:
    file = io.BytesIO()
    segno.make(payload, error="m", micro=False).save(file, kind="svg", border=2, xmldecl=False, svgns=True)
    return file.getvalue().decode()


@dataclass(frozen=True, slots=True)
class _Answer:
    """A place to write or to mark in: the cell that holds it, and what a widget in it is like."""

    tag: Tag
    title: str
    cell: int
    field: Field
    align: Align
    text: str | None = None
    unit: str | None = None  # printed behind the place, not part of its text


class _Data:
    """What the template needs, and what of it belongs where."""

    def __init__(self, filling: Filling, identity: Identity, fillable: bool) -> None:
        self._filling, self._identity, self._fillable = filling, identity, fillable
        self.form = filling.form
        self.answers: list[_Answer] = []
        self._cells: list[GridCell] = []
        self._rows = [self._row(index) for index in range(len(filling.rows))]

    def build(self, size: float) -> dict[str, Any]:
        """JSON for form.typ, values set in `size` points."""
        form, width = self.form, sum(self.form.columns) * POINTS
        page = next((page for page in _A4 if width <= page - 2 * _LEAST_SIDE), None)
        if page is None:
            raise GenerationError(f"表格宽 {sum(form.columns):g} 厘米，A4 纸放不下", advice="请修改定义中的 columns")
        return {
            "title": form.title,
            "heading": form.heading,
            "notes": form.notes,
            "footer": f"{form.title}\u3000版本 {self._identity.version}\u3000编号 {self._identity.instance}",
            "flipped": page != _A4[0],
            "margin": (page - width) / 2,
            "columns": [column * POINTS for column in form.columns],
            "fillable": self._fillable,
            "size": size,
            "rows": self._rows,
            "lines": [answer.text or "" for answer in self.answers],
        }

    def page_height(self) -> float:
        return _A4[1] if sum(self.form.columns) * POINTS <= _A4[0] - 2 * _LEAST_SIDE else _A4[0]

    def fields_of_row(self, row: int) -> str:
        """A field in this printed row, to name it by."""
        cells = [cell["id"] for cell in self._rows[row]["cells"]]
        return next((answer.tag.field for answer in self.answers if answer.cell in cells), next(iter(self.form.fields)))

    def cell_numbers(self) -> dict[Tag, int]:
        """Which cell of the table, in reading order from 0, holds each answer."""
        return {answer.tag: answer.cell for answer in self.answers}

    def _row(self, index: int) -> dict[str, Any]:
        row = self._filling.rows[index]
        height = row.height * POINTS if row.height is not None else _LEAST_HEIGHT
        return {"height": height, "cells": [self._cell(cell) for cell in row.cells]}

    def _cell(self, cell: GridCell) -> dict[str, Any]:
        number = len(self._cells)
        self._cells.append(cell)
        span = self.form.columns[cell.column : cell.column + cell.column_span]
        label = {"label": cell.cell.label, "heading": cell.heading.label if cell.heading else None}.get(cell.role)
        return {
            "id": number,
            "x": cell.column,
            "colspan": cell.column_span,
            "rowspan": cell.row_span,
            "width": sum(span) * POINTS,
            "label": label,
            "items": [] if label is not None else list(self._items(cell, number)),
        }

    def _items(self, cell: GridCell, number: int) -> Iterator[dict[str, Any]]:
        if cell.heading is not None and cell.entry_row is not None:
            table, column = cell.cell.rows_field, cell.heading
            assert table is not None, "an entry belongs to a table"
            tag = Tag(field=table.name, row=cell.entry_row, column=column.field.name)
            title = f"{self.form.titles[table.name]}第{cell.entry_row + 1}行{column.label}"
            yield self._written(_Answer(tag, title, number, column.field, column.field.align, self._filling.texts.get(tag)))
            return
        for item in cell.cell.content:
            if isinstance(item, Printed):
                yield {"kind": "printed", "text": item.text}
                continue
            tag = Tag(field=item.name)
            answer = _Answer(tag, self.form.titles[item.name], number, item, item.align, self._filling.texts.get(tag))
            if isinstance(item, ChoiceField):
                self.answers.append(answer)
                yield {"kind": "options", "unit": None, "options": list(self._options(item, number)), **_common(answer)}
            elif isinstance(item, SealField | SignatureField):
                self.answers.append(answer)
                yield {"kind": "mark", "unit": None, **_common(answer)}
            else:
                yield self._written(answer)

    def _options(self, field: ChoiceField, number: int) -> Iterator[dict[str, Any]]:
        for index, option in enumerate(field.options):
            tag = Tag(field=field.name, option=index)
            self.answers.append(_Answer(tag, f"{self.form.titles[field.name]}：{option}", number, field, field.align))
            yield {"tag": str(tag), "text": option, "on": tag in self._filling.ticked}

    def _written(self, answer: _Answer) -> dict[str, Any]:
        """A place to write in. A number's unit is printed behind it, unless the text has its own."""
        field, text, unit = answer.field, answer.text, None
        if isinstance(field, NumberField) and (text is None or text.endswith(field.unit)):
            text, unit = text and text.removesuffix(field.unit), field.unit
        # A number stands beside its unit.
        align: Align = "right" if unit and field.align == "left" else field.align
        answer = _Answer(answer.tag, answer.title, answer.cell, field, align, text, unit)
        self.answers.append(answer)
        return {
            "kind": "text",
            "value": lines_of(text) if text is not None else None,
            "unit": unit,
            "prose": isinstance(field, ProseField),
            "guidance": field.guidance,
            "blank": _BLANK_DATE if isinstance(field, DateField) else None,
            **_common(answer),
        }


def _common(answer: _Answer) -> dict[str, Any]:
    return {"tag": str(answer.tag), "prompt": answer.field.prompt, "align": answer.align}


class _Spots:
    """Where the template says that cells, answers and option boxes came to stand, all in points from the top left."""

    def __init__(self, spots: list[Any], data: _Data) -> None:
        self._data = data
        self._filling = data._filling
        self._at: dict[tuple[str, str | int], Any] = {}
        for value, page, x, y in spots:
            kind = next(kind for kind in ("cell", "end", "answer", "option") if kind in value)
            self._at[kind, value[kind]] = (value, page, x, y)

    def places(self) -> Iterator[Place]:
        """Every field, option box and table entry; one that breaks over pages has a place on each, a table one a page."""
        whole: dict[tuple[str, int], Box] = {}
        for answer in self._data.answers:
            parts = [self._option(answer)] if answer.tag.option is not None else self._region(answer)
            for page, box in parts:
                yield Place(tag=str(answer.tag), page=page, box=box)
                if answer.tag.row is not None:
                    field = str(Tag(field=answer.tag.field))
                    whole[field, page] = _around(whole.get((field, page), box), box)
        for (field, page), box in whole.items():
            yield Place(tag=field, page=page, box=box)

    def widgets(self, size: float) -> Iterator[Widget]:
        """One for each place that is written or ticked in, in the order of the form."""
        for answer in self._data.answers:
            if answer.tag.option is not None:
                page, box = self._option(answer)
                yield CheckWidget(answer.tag, answer.title, page, box, answer.tag in self._filling.ticked)
            elif not isinstance(answer.field, ChoiceField | SealField | SignatureField):
                yield self._text_widget(answer, size)

    def _text_widget(self, answer: _Answer, size: float) -> TextWidget:
        (page, region), *more = self._region(answer)
        assert not more, "rows of a fillable form are never broken"
        value, _, _, y = self._at["answer", str(answer.tag)]
        guidance = list(answer.field.guidance)
        blank = [_BLANK_DATE] if isinstance(answer.field, DateField) else []
        # What is still to be written may need a second line, so its box reaches a little higher.
        above = PAD_Y if answer.text is not None or guidance or blank else 2 * PAD_Y
        foot = max(region.y1 - _EDGE, y + value["high"] + PAD_Y)
        box = Box(x0=region.x0 + _EDGE, y0=y - above, x1=region.x1 - _EDGE, y1=foot)
        return TextWidget(
            tag=answer.tag, title=answer.title, page=page, box=box, value=answer.text, align=answer.align, size=size,
            prose=isinstance(answer.field, ProseField), placeholder=tuple(guidance or blank), grey=bool(guidance),
        )  # fmt: skip

    def _option(self, answer: _Answer) -> tuple[int, Box]:
        _, page, x, y = self._at["option", str(answer.tag)]
        return page, Box(x0=x, y0=y, x1=x + 9, y1=y + 9)

    def _region(self, answer: _Answer) -> list[tuple[int, Box]]:
        """From the answer down to the next one in its cell, or to the cell's end; from rule to rule where it is alone."""
        cell, page, x, y = self._at["cell", answer.cell]
        here, first_page, _, first_y = self._at["answer", str(answer.tag)]
        mates = [mate for mate in self._data.answers if mate.cell == answer.cell and mate.tag.option is None]
        at = mates.index(answer)
        top, bottom = (first_page, first_y - PAD_Y), self._bottom(answer.cell)
        if at == 0 and self._stands_first(answer):
            top = (page, y - _INSET_Y)
        if at + 1 < len(mates):
            _, next_page, _, next_y = self._at["answer", str(mates[at + 1].tag)]
            bottom = (next_page, next_y - PAD_Y)
        left = x + here["left"] - (0 if here["left"] else _INSET_X)
        right = x + cell["width"] - here["right"] + (0 if here["right"] else _INSET_X)
        return list(self._parts(left, right, top, bottom))

    def _stands_first(self, answer: _Answer) -> bool:
        content = self._data._cells[answer.cell].cell.content
        return answer.tag.row is not None or content[0] is answer.field

    def _bottom(self, cell: int) -> tuple[int, float]:
        value, page, _, y = self._at["cell", cell]
        if value["height"] is not None:
            return page, y + value["height"] + _INSET_Y
        _, page, _, y = self._at["end", cell]
        return page, y + _INSET_Y

    def _parts(self, left: float, right: float, top: tuple[int, float], bottom: tuple[int, float]) -> Iterator[tuple[int, Box]]:
        foot = self._data.page_height() - _BOTTOM
        for page in range(top[0], bottom[0] + 1):
            y0 = top[1] if page == top[0] else _TOP
            y1 = bottom[1] if page == bottom[0] else foot
            if y1 - y0 > 1:
                yield page, Box(x0=left, y0=y0, x1=right, y1=y1)


def _around(one: Box, other: Box) -> Box:
    return Box(x0=min(one.x0, other.x0), y0=min(one.y0, other.y0), x1=max(one.x1, other.x1), y1=max(one.y1, other.y1))
