"""The texts and ticks to print in each tagged place of a form, whatever the file format."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import GenerationError
from models.fields import ChoiceField, Field, RowsField
from models.form import FormCell, FormDefinition
from models.identity import Tag
from models.layout import GridRow, lay_out
from models.record import Record, Values
from models.writing import correction_mark


@dataclass(frozen=True, slots=True)
class Notes:
    """The notice of correction that a form goes with: its number, and {field: the item that asks for it}.
    `kept` are the seals and signatures that were right and needn't be given again."""

    number: str
    items: Mapping[str, int]
    kept: tuple[str, ...] = ()

    def mark(self, field: str) -> str | None:
        """Return what is printed in the place of `field`; None where nothing is asked of it."""
        return correction_mark(self.items[field]) if field in self.items else None


@dataclass(frozen=True, slots=True)
class Filling:
    """A form with its answers. `rows` is its layout, with tables grown to hold every answer. `texts` has the
    places that are written in, `ticked` the options that are chosen. A seal or a signature is set by hand and
    appears in neither."""

    form: FormDefinition
    rows: tuple[GridRow, ...]
    texts: Mapping[Tag, str]
    ticked: frozenset[Tag]
    notes: Notes | None = None

    def mark(self, field: str) -> str | None:
        """Return the mark in the place of a field that is to be corrected, which what is written there
        replaces; None for any other. Beside a seal, a signature or a box a mark would look like one."""
        return self.notes.mark(field) if self.notes and self.form.fields[field].entered == "written" else None

    @property
    def aside(self) -> tuple[str, ...]:
        """The lines below the form, with a mark for each field that has none in its place."""
        marks = [
            f"{self.notes.mark(name)}{self.form.titles[name]}"
            for name, field in self.form.fields.items()
            if self.notes and name in self.notes.items and field.entered != "written"
        ]
        kept = "、".join(self.form.titles[name] for name in (self.notes.kept if self.notes else ()))
        return (
            *self.form.notes, *(["\u3000".join(marks)] if marks else []),
            *([f"已核对无误，不用再次盖章、签字：{kept}"] if kept else []),
        )  # fmt: skip

    def first_column(self, table: str) -> str:
        """Return the name of the first column of a table, where a mark of the whole table stands."""
        field = self.form.fields[table]
        assert isinstance(field, RowsField), "only a table has columns"
        return field.columns[0].field.name


def fill(form: FormDefinition, record: Record | None, notes: Notes | None = None) -> Filling:
    """Return `form` with the values of `record`, or with none, and with marks where `notes` ask.

    Raises:
        GenerationError: the record is of another form or version, names a field or an option that the form
            lacks, or contains a character that no document can hold.
    """
    values: Values = {}
    if record is not None:
        _must_belong(form, record)
        values = {name: value for name, value in record.values.items() if value is not None}
    texts = dict(_texts(form, values))
    for tag, text in texts.items():
        if reason := unwritable(text):
            raise GenerationError(f"“{form.titles[tag.field]}”{reason}", advice="请删去该字符后重试")
    rows, ticked = lay_out(_grown(form, values)), frozenset(_ticked(form, values))
    return Filling(form=form, rows=rows, texts=texts, ticked=ticked, notes=notes)


def _must_belong(form: FormDefinition, record: Record) -> None:
    if (record.form, record.version) != (form.name, form.version):
        raise GenerationError(
            f"记录属于表格 {record.form} {record.version} 版，不能填入 {form.name} {form.version} 版",
            advice="请选用与记录一致的表格",
        )
    unknown = sorted(record.values.keys() - form.fields.keys())
    if unknown:
        raise GenerationError(f"表格 {form.name} 没有字段 {'、'.join(unknown)}", advice="请核对字段名")


def _texts(form: FormDefinition, values: Values) -> Iterator[tuple[Tag, str]]:
    for name, value in values.items():
        field = form.fields[name]
        if isinstance(field, RowsField):
            for number, row in enumerate(value):
                for column, text in zip(field.columns, field.format_row(row), strict=True):
                    if text and not column.field.is_mark:
                        yield Tag(field=name, row=number, column=column.field.name), text
        elif field.entered == "written":
            yield Tag(field=name), field.format(value)


def _ticked(form: FormDefinition, values: Values) -> Iterator[Tag]:
    for name, value in values.items():
        field, title = form.fields[name], form.titles[name]
        if isinstance(field, ChoiceField):
            yield from (Tag(field=name, option=number) for number in _options(field, value, title))
        elif isinstance(field, RowsField):
            choices = [one.field for one in field.columns if isinstance(one.field, ChoiceField)]
            for number, row in enumerate(value):
                for choice in choices:
                    for option in _options(choice, row.get(choice.name) or (), title):
                        yield Tag(field=name, row=number, column=choice.name, option=option)


def _options(field: ChoiceField, value: Iterable[str], title: str) -> Iterator[int]:
    for option in value:
        if option not in field.options:
            raise GenerationError(
                f"“{title}”没有“{option}”这个选项", advice=f"可选：{'、'.join(field.options)}"
            )
        yield field.options.index(option)


def words_before(field: Field) -> str:
    """Return what is printed between an option and what is written beside it."""
    return field.prompt or ("：" if field.beside and field.beside[-1].isalnum() else "")


def unwritable(text: str) -> str | None:
    """Return the reason why no document can hold `text`; None where one can."""
    for at, character in enumerate(text, 1):
        # Line breaks and tabs have their own elements. XML refuses the other control characters, or they show
        # as nothing.
        if (
            unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        ) or character in "\ufffe\uffff":
            return f"第 {at} 个字符 U+{ord(character):04X} 是控制字符，不能写入文件"
    return None


def _grown(form: FormDefinition, values: Values) -> FormDefinition:
    """Return `form` with its inner tables as long as their answers."""
    rows = tuple(
        row.model_copy(update={"cells": tuple(_grown_cell(cell, values) for cell in row.cells)})
        for row in form.rows
    )
    return form.model_copy(update={"rows": rows})


def _grown_cell(cell: FormCell, values: Mapping[str, Any]) -> FormCell:
    table = cell.rows_field
    if table is None or len(values.get(table.name, ())) <= table.blank_rows:
        return cell
    return cell.model_copy(
        update={"content": (table.model_copy(update={"blank_rows": len(values[table.name])}),)}
    )
