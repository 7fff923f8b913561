"""What a form is: rows of cells, each a label and the fields that it asks for.

One definition drives everything: the document that goes out, where answers are looked for in what comes back, how they
are normalised and checked, and the columns of the sheet.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field as Constraint
from pydantic import model_validator

from models.base import Model
from models.fields import Field, RowsField
from models.fields.base import Words

Centimetres = Annotated[float, Constraint(gt=0, le=100)]


class Printed(Model):
    """Words that the form itself prints inside a value cell: never an answer. `aliases` are other wordings in use."""

    kind: Literal["printed"]
    text: Words
    aliases: tuple[Words, ...] = ()


Item = Annotated[Printed | Field, Constraint(discriminator="kind")]


class FormCell(Model):
    """A label, and beside or under it what belongs to it. Widths are counted in columns of the form's grid."""

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

    @model_validator(mode="after")
    def _a_table_stands_alone(self) -> Self:
        field = self.rows_field
        if field and len(self.content) > 1:
            raise ValueError("a field of kind rows alone in its cell")
        if field and sum(column.columns for column in field.columns) != self.columns:
            raise ValueError(f"columns of the table that take {self.columns} grid columns together")
        return self


class FormRow(Model):
    """Cells side by side. `labels: above` prints all labels in one line and the values in the next."""

    labels: Literal["beside", "above"] = "beside"
    height: Centimetres | None = None
    cells: tuple[FormCell, ...] = Constraint(min_length=1)

    def width(self) -> int:
        """Grid columns that the row takes."""
        beside = self.labels == "beside"
        return sum(cell.columns + (cell.label_columns if beside and cell.label else 0) for cell in self.cells)

    @model_validator(mode="after")
    def _a_table_has_the_row_to_itself(self) -> Self:
        if len(self.cells) > 1 and any(cell.rows_field for cell in self.cells):
            raise ValueError("a field of kind rows in a row with no other cell")
        if self.labels == "above" and not all(cell.label for cell in self.cells):
            raise ValueError("a label in every cell of a row whose labels stand above")
        return self


class FormDefinition(Model):
    """A form: `columns` are the widths of its grid in centimetres, `heading` and `notes` stand above and below it."""

    name: Annotated[str, Constraint(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
    version: Annotated[str, Constraint(pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]{0,19}$")]
    title: Words
    title_aliases: tuple[Words, ...] = ()
    heading: Words | None = None
    notes: tuple[Words, ...] = ()
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
        """What a person calls each field: its own label, or its cell's. Two fields never share one."""
        return {field.name: field.label or cell.label or field.name for cell in self.cells() for field in cell.fields}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for number, row in enumerate(self.rows, 1):
            if row.width() != len(self.columns):
                raise ValueError(f"row {number} as wide as the grid: {len(self.columns)} columns, not {row.width()}")
        every = [field for cell in self.cells() for field in cell.fields]
        names = [field.name for field in every]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"field names that differ: {name} stands {names.count(name)} times")
        for field in every:
            if field.mentions is not None and (field.mentions not in names or field.mentions == field.name):
                raise ValueError(f"the name of another field where {field.name} says `mentions: {field.mentions}`")
        titles = list(self.titles.values())
        for field, title in zip(every, titles, strict=True):
            if titles.count(title) > 1:
                raise ValueError(f"a `label` of its own for {field.name}: {titles.count(title)} fields are called {title}")
        return self
