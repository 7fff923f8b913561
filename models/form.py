"""The definition of a form: rows of cells, each with a label and the fields that it asks for.

One definition drives everything: the document that goes out, the places where answers are looked for in a
returned file, how they are normalised and checked, and the columns of the sheet.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field as Constraint
from pydantic import field_validator, model_validator

from models.base import Model, Wrong, refuse
from models.fields import ChoiceField, Field, RowsField
from models.fields.base import FieldName, Words
from models.identity import FormName, Version

Centimetres = Annotated[float, Constraint(gt=0, le=100)]


class Printed(Model):
    """Words that the form itself prints inside a value cell; they are never an answer. `aliases` are other
    wordings in use. `inline` words go on with the line of the item before them."""

    kind: Literal["printed"]
    text: Words
    aliases: tuple[Words, ...] = ()
    inline: bool = False
    is_mark: ClassVar[bool] = False


Item = Annotated[Printed | Field, Constraint(discriminator="kind")]


class FormCell(Model):
    """A label and the content beside or under it. Widths are counted in columns of the form's grid."""

    label: Words | None = None
    aliases: tuple[Words, ...] = ()
    label_columns: int = Constraint(default=1, ge=1)
    columns: int = Constraint(default=1, ge=1)
    content: tuple[Item, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(item for item in self.content if not isinstance(item, Printed))

    @property
    def rows_field(self) -> RowsField | None:
        """The table inside this cell, if that is what it holds."""
        return next((item for item in self.content if isinstance(item, RowsField)), None)

    @property
    def paragraphs(self) -> tuple[tuple[Item, ...], ...]:
        """The content by its paragraphs: an inline item goes on with the one before it. What is written
        beside an option is printed with it, and stands in none."""
        found: list[list[Item]] = []
        for item in self.content:
            if not isinstance(item, Printed) and item.beside:
                continue
            if item.inline and found:
                found[-1].append(item)
            else:
                found.append([item])
        return tuple(map(tuple, found))

    @property
    def has_sentence(self) -> bool:
        """Whether a line of the cell has blanks among printed words."""
        return any(item.inline for item in self.content)

    @property
    def has_words_between(self) -> bool:
        """Whether answers stand among printed words: in a sentence, or beside options."""
        return self.has_sentence or bool(self.written_beside)

    def beside(self, choice: ChoiceField) -> dict[int, Field]:
        """The fields that are written beside options of `choice`, by the index of the option."""
        return {
            choice.options.index(field.beside): field
            for field, owner in self.written_beside
            if owner is choice and field.beside
        }

    @property
    def written_beside(self) -> tuple[tuple[Field, ChoiceField], ...]:
        """Each field that is written beside an option, with the choice that has the option: the nearest
        before it."""
        choice: ChoiceField | None = None
        found: list[tuple[Field, ChoiceField]] = []
        for item in self.fields:
            if isinstance(item, ChoiceField):
                choice = item
            elif item.beside and choice and item.beside in choice.options:
                found.append((item, choice))
        return tuple(found)

    def title_of(self, field: Field) -> str:
        """The name that people use for one of the cell's fields: its own label, or the cell's; with the
        option that it is written beside."""
        if field.label or not field.beside:
            return field.label or self.label or field.name
        owner = next((choice for one, choice in self.written_beside if one is field), field)
        return f"{owner.label or self.label}：{field.beside}"

    @model_validator(mode="after")
    def _what_is_written_in_a_line_has_its_place(self) -> Self:
        placed = {(id(choice), field.beside) for field, choice in self.written_beside}
        beside = [field for field in self.fields if field.beside]
        if len(placed) < len(beside):
            raise ValueError("beside 应为同一格中前面一个 choice 的一个选项，每个选项旁只写一项")
        if any(field.entered != "written" or field.is_long or field.required for field in beside):
            raise ValueError("写在选项旁的应是一行能写下的一项，不写 required：选了这个选项才要写")
        for paragraph in self.paragraphs:
            if len(paragraph) > 1 and not all(map(_goes_in_a_line, paragraph)):
                raise ValueError("inline 用于同一行中的 printed 和一行能写下的各项")
        if self.content and self.content[0].inline:
            raise ValueError("第一项前面没有可接的，不写 inline")
        return self

    @model_validator(mode="after")
    def _a_table_stands_alone(self) -> Self:
        field = self.rows_field
        if self.fields and not self.label:
            raise ValueError("有字段的单元格应有 label")
        if field and len(self.content) > 1:
            raise ValueError("kind 为 rows 的字段应独占一个单元格的 content")
        if field and sum(column.columns for column in field.columns) != self.columns:
            raise ValueError(f"内表各栏的 columns 之和应为 {self.columns}")
        return self


def _goes_in_a_line(item: Item) -> bool:
    return isinstance(item, Printed) or (item.entered == "written" and not item.is_long)


class FormRow(Model):
    """Cells side by side. `labels: above` prints all labels in one line and the values in the next line."""

    labels: Literal["beside", "above"] = "beside"
    height: Centimetres | None = None
    cells: tuple[FormCell, ...] = Constraint(min_length=1)

    def width(self) -> int:
        """Return the number of grid columns that the row takes."""
        beside = self.labels == "beside"
        return sum(cell.columns + (cell.label_columns if beside and cell.label else 0) for cell in self.cells)

    @model_validator(mode="after")
    def _a_table_has_the_row_to_itself(self) -> Self:
        if len(self.cells) > 1 and any(cell.rows_field for cell in self.cells):
            raise ValueError("kind 为 rows 的字段所在的行应只有一个单元格")
        if self.labels == "above" and not all(cell.label for cell in self.cells):
            raise ValueError("labels 为 above 的行，每个单元格都应有 label")
        return self


class FormDefinition(Model):
    """A form. `columns` are the widths of its grid in centimetres; `heading` and `notes` stand above and
    below the grid. `notes_aliases` are texts that copies in use print there beside the notes or instead of
    them. `applicant_field` names the field that says who applies, where no seal tells it."""

    name: FormName
    version: Version
    title: Words
    title_aliases: tuple[Words, ...] = ()
    heading: Words | None = None
    notes: tuple[Words, ...] = ()
    notes_aliases: tuple[Words, ...] = ()
    template: Words | None = None
    applicant_field: FieldName | None = None
    columns: tuple[Centimetres, ...] = Constraint(min_length=1)
    rows: tuple[FormRow, ...] = Constraint(min_length=1)

    def cells(self) -> Iterator[FormCell]:
        """All cells in reading order."""
        for row in self.rows:
            yield from row.cells

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by name, in reading order."""
        return {field.name: field for cell in self.cells() for field in cell.fields}

    @cached_property
    def titles(self) -> dict[str, str]:
        """The name that people use for each field: its own label, or its cell's. No two fields share one."""
        return {field.name: cell.title_of(field) for cell in self.cells() for field in cell.fields}

    @cached_property
    def beside(self) -> dict[str, tuple[str, str]]:
        """{field: (choice, option)} of all fields that are written beside an option."""
        pairs = (pair for cell in self.cells() for pair in cell.written_beside)
        return {field.name: (choice.name, str(field.beside)) for field, choice in pairs}

    @cached_property
    def applicant(self) -> tuple[str, ...]:
        """The fields that hold the applicant's name: the names that seals and texts should bear. The name of
        a person who signs is not one of them."""
        told = (self.applicant_field,) if self.applicant_field else ()
        every = self.fields.values()
        stamped = (one.mentions for one in every if one.mentions and one.entered != "signed")
        return tuple(dict.fromkeys((*told, *stamped)))

    @cached_property
    def caption(self) -> tuple[str, ...]:
        """The fields whose first answer tells filled forms apart: the applicant's name, or else the first
        line of text."""
        texts = (name for name, field in self.fields.items() if field.may_name)
        return (*self.applicant, *texts)

    @field_validator("template")
    @classmethod
    def _stays_in_its_folder(cls, template: str | None) -> str | None:
        if template is None:
            return None
        steps = template.replace("\\", "/").split("/")
        if {"", ".", ".."} & set(steps) or ":" in template or not template.lower().endswith(".docx"):
            raise ValueError("应为定义文件所在文件夹中的一个 .docx 文件，如 表格.docx，不能写 .. 或绝对路径")
        return template

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        found = inconsistencies(len(self.columns), dict(enumerate(self.rows)))
        named = self.applicant_field
        if named is not None and (named not in self.fields or not self.fields[named].may_name):
            found.append(Wrong(("applicant_field",), f"应为某个文字字段的 name，没有“{named}”"))
        refuse(type(self).__name__, found, self)
        return self


def inconsistencies(
    width: int | None, rows: Mapping[int, FormRow], elsewhere: frozenset[str] = frozenset()
) -> list[Wrong]:
    """Return every inconsistency between `rows` (by their index in the form), each with its place in the
    form.

    `width` is the number of grid columns; None means that it is not known. `elsewhere` holds the field names
    of rows that are not given, so that a form with some broken rows can still be checked in the others.
    """
    found: list[Wrong] = []
    names: dict[str, int] = {}
    titles: dict[str, str] = {}
    places = [
        (("rows", i, "cells", j, "content", k), cell, item)
        for i, row in rows.items()
        for j, cell in enumerate(row.cells)
        for k, item in enumerate(cell.content)
        if not isinstance(item, Printed)
    ]
    every = elsewhere.union(field.name for _, _, field in places)
    for i, row in rows.items():
        if width is not None and row.width() != width:
            found.append(
                Wrong(
                    ("rows", i), f"各单元格应共占 {width} 列（与 columns 的列数相同），实占 {row.width()} 列"
                )
            )
    for place, cell, field in places:
        title = cell.title_of(field)
        if field.name in names:
            found.append(
                Wrong(
                    (*place, "name"), f"字段名应各不相同，“{field.name}”已在 rows[{names[field.name]}] 用过"
                )
            )
        elif title in titles:
            found.append(Wrong(place, f"应另写一个 label，“{title}”已是字段 {titles[title]} 的名称"))
        if field.mentions is not None and (field.mentions not in every or field.mentions == field.name):
            found.append(Wrong((*place, "mentions"), f"应为另一个字段的 name，没有“{field.mentions}”"))
        names.setdefault(field.name, place[1])
        titles.setdefault(title, field.name)
    return found


def undivided(form: FormDefinition) -> list[Wrong]:
    """Return the fields that can't be told apart from another field in its cell: of each two, the second.

    No printed words stand between such fields, and their kinds have no shapes that differ. A form should not
    go out like that, because every answer there goes to a person.
    """
    places = ((i, j, cell) for i, row in enumerate(form.rows) for j, cell in enumerate(row.cells))
    return [
        Wrong(
            ("rows", i, "cells", j, "content", second),
            f"与“{form.titles[first.name]}”同在一格，填写的内容无法区分，应给它写上 prompt",
        )
        for i, j, cell in places
        for first, second in _alike(cell)
    ]


def unended(form: FormDefinition) -> list[Wrong]:
    """Return the prompts that run into what is written behind them: 云 before 云泽市. Without a mark at its
    end, or a blank, nobody can tell such a prompt from the answer once it was typed over."""
    return [
        Wrong(
            ("rows", i, "cells", j, "content", k, "prompt"),
            f"应以冒号、空格等结尾，否则分不清“{item.prompt}”和填写的字",
        )
        for i, row in enumerate(form.rows)
        for j, cell in enumerate(row.cells)
        for k, item in enumerate(cell.content)
        if not isinstance(item, Printed) and item.entered == "written" and not item.has_shape
        # The whole of a sentence tells where its words end.
        if item.prompt and item.prompt[-1].isalnum() and not (item.inline or item.beside)
    ]


def _alike(cell: FormCell) -> Iterator[tuple[Field, int]]:
    """Yield the first of two fields that can't be told apart, and the index of the second in the content."""
    before: dict[str, Field] = {}
    for number, item in enumerate(cell.content):
        if isinstance(item, Printed) or item.prompt:
            before = {}
        if isinstance(item, Printed) or item.entered == "stamped" or item.beside:
            continue
        # A signature has no shape either: a name beside it may be the signature or an answer.
        shape = item.kind if item.has_shape else ""
        if shape in before:
            yield before[shape], number
        before.setdefault(shape, item)
