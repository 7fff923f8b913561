"""The data of the Typst template for a PDF, and the answers that belong in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.acroform import GUIDANCE_SIZE, Align
from generator.filling import Filling, words_before
from generator.typesetting import lines_of
from models.errors import GenerationError
from models.fields import ChoiceField, DateField, Field, MomentField, NumberField
from models.form import Item, Printed
from models.identity import Identity, Tag
from models.layout import GridCell

POINTS = 72 / 2.54  # points in a centimetre
INSET_X, INSET_Y = 5.0, 4.0  # points between the rule and the words of a cell
TOP, BOTTOM = 2 * POINTS, 2.9 * POINTS  # margins of the page
TICK_BOX = 9.0  # points: the side of an option's box
BLANK_DATE = "\u3000\u3000\u3000年\u3000\u3000月\u3000\u3000日"
_A4 = (21 * POINTS, 29.7 * POINTS)
_LEAST_SIDE = 1.2 * POINTS  # the least margin left and right
_CHARACTERS = 600  # a full page holds at least so many
# Letters that fit in a blank of a sentence.
_ROOM: Mapping[str, int] = {"number": 3, "phone": 7, "postcode": 4, "address": 12}
_ROOM_FOR_WORDS = 6
_LEAST_HEIGHT = 0.8 * POINTS  # the height of a row whose definition gives none


@dataclass(frozen=True, slots=True)
class Answer:
    """A place to write or to mark in: the cell that holds it, and the properties of a widget in it."""

    tag: Tag
    title: str
    cell: int
    field: Field
    align: Align
    text: str | None = None
    unit: str | None = None  # printed behind the place, not part of its text
    in_line: bool = False  # it has words before and behind it, and is as wide as a blank in a sentence
    mark: str | None = None  # says that the place is to be corrected

    @property
    def shown(self) -> tuple[str, ...]:
        """What stands in an empty place, a line each: the mark, and advice; in that of a date its blanks."""
        if isinstance(self.field, DateField | MomentField) and not self.field.guidance:
            return ()
        return (*([self.mark] if self.mark else []), *self.field.guidance)

    @property
    def blank(self) -> str | None:
        """The blanks of an empty date, or of another time."""
        if isinstance(self.field, DateField):
            return (self.mark or "") + BLANK_DATE
        if isinstance(self.field, MomentField) and not self.field.guidance:
            return (self.mark or "") + self.field.blank
        return None


class Sheet:
    """The data that the template needs, with the cell of each answer."""

    def __init__(
        self, filling: Filling, identity: Identity, fillable: bool, values_code: str | None = None
    ) -> None:
        self.filling, self.identity, self.fillable = filling, identity, fillable
        self.values_code = values_code
        self.form = filling.form
        self.answers: list[Answer] = []
        self.cells: list[GridCell] = []
        self._rows = [self._row(index) for index in range(len(filling.rows))]

    def build(self, size: float) -> dict[str, Any]:
        """Return the JSON data for form.typ, with values set in `size` points."""
        form, identity = self.form, self.identity
        notice = self.filling.notes.number if self.filling.notes else ""
        told = f"\u3000补正通知 {notice}" if notice else ""
        return {
            "title": form.title,
            "heading": form.heading,
            "notes": self.filling.aside,
            "values-code": self.values_code,
            "values-alt": "填写内容的二维码",
            "identity": identity.qr_payload(),
            "footer": f"{form.title}\u3000版本 {identity.version}\u3000编号 {identity.instance}{told}",
            "flipped": self._page_width() != _A4[0],
            "margins": {"side": (self._page_width() - self._width()) / 2, "top": TOP, "bottom": BOTTOM},
            "inset": {"x": INSET_X, "y": INSET_Y},
            "tick-box": TICK_BOX,
            "columns": [column * POINTS for column in form.columns],
            "fillable": self.fillable,
            "size": size,
            "guidance-size": GUIDANCE_SIZE,
            "rows": self._rows,
        }

    def likely_pages(self) -> int:
        """Return a number of pages that the form rarely exceeds."""
        return (
            len(self._rows) // 20 + 2 + sum(len(answer.text or "") for answer in self.answers) // _CHARACTERS
        )

    def page_height(self) -> float:
        """Return the height in points. A form too wide for upright A4 is set on A4 in landscape."""
        return _A4[1] if self._page_width() == _A4[0] else _A4[0]

    def _width(self) -> float:
        return sum(self.form.columns) * POINTS

    def _page_width(self) -> float:
        for side in _A4:
            if self._width() <= side - 2 * _LEAST_SIDE:
                return side
        raise GenerationError(
            f"表格宽 {sum(self.form.columns):g} 厘米，A4 纸放不下", advice="请修改定义中的 columns"
        )

    def field_of_row(self, row: int) -> str:
        """Return a field of this printed row, for naming the row in a message."""
        cells = [cell["id"] for cell in self._rows[row]["cells"]]
        return next(
            (answer.tag.field for answer in self.answers if answer.cell in cells),
            next(iter(self.form.fields)),
        )

    def cell_numbers(self) -> dict[Tag, int]:
        """Return the table cell that holds each answer, counted from 0 in reading order."""
        return {answer.tag: answer.cell for answer in self.answers}

    def _row(self, index: int) -> dict[str, Any]:
        row = self.filling.rows[index]
        height = row.height * POINTS if row.height is not None else _LEAST_HEIGHT
        return {"height": height, "cells": [self._cell(cell) for cell in row.cells]}

    def _cell(self, cell: GridCell) -> dict[str, Any]:
        number = len(self.cells)
        self.cells.append(cell)
        span = self.form.columns[cell.column : cell.column + cell.column_span]
        label = {"label": cell.cell.label, "heading": cell.heading.label if cell.heading else None}.get(
            cell.role
        )
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
            is_first = cell.entry_row == 0 and column is table.columns[0]
            mark = self.filling.mark(table.name) if is_first else None
            text = self.filling.texts.get(tag)
            answer = Answer(tag, title, number, column.field, column.field.align, text, mark=mark)
            if column.field.is_mark:
                self.answers.append(answer)
                yield {"kind": "mark", "unit": None, **_common(answer)}
            else:
                yield self._written(answer)
            return
        for items in cell.cell.paragraphs:
            if len(items) > 1:
                parts = [self._in_line(item, number) for item in items]
                first = next((part["tag"] for part in parts if part["kind"] == "text"), None)
                yield {"kind": "sentence", "parts": parts, "tag": first}
            else:
                yield self._item(items[0], cell, number)

    def _item(self, item: Item, cell: GridCell, number: int) -> dict[str, Any]:
        if isinstance(item, Printed):
            return {"kind": "printed", "text": item.text}
        answer = self._answer(item, number)
        if isinstance(item, ChoiceField):
            self.answers.append(answer)
            options = list(self._options(item, cell, number))
            return {"kind": "options", "unit": None, "options": options, **_common(answer)}
        if item.is_mark:
            self.answers.append(answer)
            return {"kind": "mark", "unit": None, **_common(answer)}
        return self._written(answer)

    def _answer(self, item: Field, number: int) -> Answer:
        tag = Tag(field=item.name)
        title, mark = self.form.titles[item.name], self.filling.mark(item.name)
        return Answer(tag, title, number, item, item.align, self.filling.texts.get(tag), mark=mark)

    def _in_line(self, item: Item, number: int) -> dict[str, Any]:
        """Return words of a sentence, or a blank in it with the words before it."""
        if isinstance(item, Printed):
            return {"kind": "printed", "text": item.text}
        answer = replace(self._answer(item, number), in_line=True)
        return {**self._written(answer), "room": _ROOM.get(item.kind, _ROOM_FOR_WORDS)}

    def _options(self, field: ChoiceField, cell: GridCell, number: int) -> Iterator[dict[str, Any]]:
        written = cell.cell.beside(field)
        for index, option in enumerate(field.options):
            tag = Tag(field=field.name, option=index)
            self.answers.append(
                Answer(tag, f"{self.form.titles[field.name]}：{option}", number, field, field.align)
            )
            one = {"tag": str(tag), "text": option, "on": tag in self.filling.ticked}
            beside = written.get(index)
            blank = {**self._in_line(beside, number), "prompt": words_before(beside)} if beside else None
            yield {**one, "blank": blank}

    def _written(self, answer: Answer) -> dict[str, Any]:
        """Return a place to write in. A number's unit is printed behind it, unless the text has its own."""
        field, text, unit = answer.field, answer.text, None
        if isinstance(field, NumberField) and (text is None or text.endswith(field.unit)):
            text, unit = text and text.removesuffix(field.unit), field.unit
        # The number is set at the right, next to its unit.
        is_apart = unit and field.align == "left" and not answer.in_line
        align: Align = "right" if is_apart else field.align
        answer = replace(answer, align=align, text=text, unit=unit)
        self.answers.append(answer)
        return {
            "kind": "text",
            "value": lines_of(text) if text is not None else None,
            "unit": unit,
            "prose": field.is_prose,
            "guidance": answer.shown,
            "blank": answer.blank,
            **_common(answer),
        }


def _common(answer: Answer) -> dict[str, Any]:
    return {"tag": str(answer.tag), "prompt": answer.field.prompt, "align": answer.align}
