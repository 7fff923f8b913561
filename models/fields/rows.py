"""The field of a table inside the form, with as many rows as the applicant needs."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field as Constraint
from pydantic import model_validator

from models.base import Model
from models.errors import Unparsable
from models.fields.base import (
    BetweenDigits,
    Entered,
    FieldBase,
    MadeOf,
    Punctuation,
    SheetValue,
    Widget,
    Words,
)
from models.fields.choice import ChoiceField
from models.fields.codes import BankAccountField, CreditCodeField, IdCardField, PostcodeField
from models.fields.date import DateField
from models.fields.division import DivisionField
from models.fields.marks import Signature, SignatureField
from models.fields.moments import DateTimeField, MonthField, PeriodField, TimeField
from models.fields.money import MoneyField
from models.fields.number import NumberField
from models.fields.phone import PhoneField
from models.fields.text import AddressField, EmailField, TextField
from models.findings import Finding

ColumnField = Annotated[
    TextField
    | AddressField
    | EmailField
    | PhoneField
    | CreditCodeField
    | IdCardField
    | BankAccountField
    | PostcodeField
    | DivisionField
    | MoneyField
    | ChoiceField
    | DateField
    | MonthField
    | PeriodField
    | TimeField
    | DateTimeField
    | NumberField
    | SignatureField,
    Constraint(discriminator="kind"),
]


class Column(Model):
    """A column: the heading printed above it, the grid columns it takes, and the kind of its values."""

    label: Words
    aliases: tuple[Words, ...] = ()
    columns: int = Constraint(default=1, ge=1)
    field: ColumnField


class RowsField(FieldBase[tuple[Mapping[str, Any], ...]]):
    """A value is the filled rows from the top, each {column name: value}. Empty rows are left out."""

    kind: Literal["rows"]
    columns: tuple[Column, ...] = Constraint(min_length=1)
    blank_rows: int = Constraint(default=3, ge=1, le=50)
    min: int = Constraint(default=0, ge=0)
    called: ClassVar[str] = "明细类"
    widget: ClassVar[Widget] = "table"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = False
    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = True
    punctuation: ClassVar[Punctuation] = "kept"
    between_digits: ClassVar[BetweenDigits] = "value"
    said_once: ClassVar[bool] = False
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = False

    @model_validator(mode="after")
    def _columns_can_be_told_apart(self) -> Self:
        names = [column.field.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("各栏 field 的 name 应各不相同")
        if any(column.field.beside or column.field.inline for column in self.columns):
            raise ValueError("内表的栏不写 beside 和 inline")
        return self

    @classmethod
    def value_type(cls) -> Any:
        return tuple[dict[str, Any], ...]

    def row(self, texts: Mapping[str, str]) -> Mapping[str, Any] | None:
        """Return the values of one row from the texts of its columns; None where all are empty.

        Raises:
            Unparsable: a column's text has no reading.
        """
        values = {
            column.field.name: column.field.parse(texts.get(column.field.name, "")) for column in self.columns
        }
        if not self.says_something(values):
            return None
        unsigned = {name: Signature(present=False) for name in self.marks if values[name] is None}
        return {**values, **unsigned}

    @property
    def marks(self) -> tuple[str, ...]:
        """The columns whose values are set on the paper by hand."""
        return tuple(column.field.name for column in self.columns if column.field.is_mark)

    @staticmethod
    def says_something(row: Mapping[str, Any]) -> bool:
        """Tell whether a row is filled in; that nobody signed there says nothing by itself."""
        unsigned = Signature(present=False)
        return any(value is not None and value != unsigned for value in row.values())

    def agree(
        self, held: tuple[Mapping[str, Any], ...] | None, rows: tuple[Mapping[str, Any], ...] | None
    ) -> bool:
        """Tell whether the rows say all that is `held` of them, which may lack some of the columns."""
        held, rows = held or (), rows or ()
        return len(held) == len(rows) and all(
            row.get(name) == value for one, row in zip(held, rows, strict=True) for name, value in one.items()
        )

    def unmarked(self, value: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
        """Return the rows without what is set on the paper by hand, which a file without paper can't bear."""
        return tuple({name: one for name, one in row.items() if name not in self.marks} for row in value)

    def marked(
        self, value: tuple[Mapping[str, Any], ...], paper: tuple[Mapping[str, Any], ...]
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the rows with the marks of as many rows of `paper`."""
        return tuple(
            {**row, **{name: seen.get(name) for name in self.marks}}
            for row, seen in zip(value, paper, strict=True)
        )

    def parse(self, text: str) -> tuple[Mapping[str, Any], ...] | None:
        """Parse one row a line, with columns separated by tabs."""
        rows = []
        for line in text.split("\n"):
            if not line.strip():
                continue
            cells = line.split("\t")
            if len(cells) > len(self.columns):
                raise Unparsable(f"一行有 {len(cells)} 项，只有 {len(self.columns)} 栏")
            names = (column.field.name for column in self.columns)
            row = self.row(dict(zip(names, cells, strict=False)))
            if row:
                rows.append(row)
        return tuple(rows) or None

    @property
    def is_masked(self) -> bool:
        return any(column.field.is_masked for column in self.columns)

    def covered(self, value: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
        return tuple(
            {column.field.name: _covered(column.field, row.get(column.field.name)) for column in self.columns}
            for row in value
        )

    def format(self, value: tuple[Mapping[str, Any], ...]) -> str:
        return "\n".join("\t".join(self.format_row(row)) for row in value)

    def format_row(self, row: Mapping[str, Any]) -> list[str]:
        """Return the text of each column."""
        values: list[Any] = [row.get(column.field.name) for column in self.columns]
        return [
            "" if v is None else column.field.format(v)
            for column, v in zip(self.columns, values, strict=True)
        ]

    def to_json(self, value: tuple[Mapping[str, Any], ...] | None) -> Any:
        if value is None:
            return None
        return [{c.field.name: c.field.to_json(row.get(c.field.name)) for c in self.columns} for row in value]

    def from_json(self, data: Any) -> tuple[Mapping[str, Any], ...] | None:
        """Parse the output of `to_json`.

        Raises:
            ValueError: `data` does not have the shape of the rows, or names an unknown column. pydantic's
                errors are ValueErrors too.
        """
        rows = self._adapter().validate_python(data)
        if rows is None:
            return None
        known = {column.field.name for column in self.columns}
        unknown = sorted({name for row in rows for name in row} - known)
        if unknown:
            raise ValueError(f"没有“{unknown[0]}”这一栏")
        return tuple(
            {c.field.name: c.field.from_json(row.get(c.field.name)) for c in self.columns} for row in rows
        )

    def json_schema(self) -> dict[str, Any]:
        properties = {column.field.name: column.field.json_schema() for column in self.columns}
        return {
            "anyOf": [
                {"type": "array", "items": {"type": "object", "properties": properties}},
                {"type": "null"},
            ]
        }

    def check(self, value: tuple[Mapping[str, Any], ...], title: str) -> list[Finding]:
        found = []
        if len(value) < self.min:
            found.append(Finding.of("rows-too-few", self.name, title=title, min=self.min, count=len(value)))
        for number, row in enumerate(value, 1):
            for column in self.columns:
                cell, name = row.get(column.field.name), f"{title}第{number}行{column.label}"
                if cell is None and column.field.required:
                    found.append(Finding.of("required-empty", self.name, title=name))
                if cell is not None:
                    inner: list[Finding] = column.field.check(cell, name)
                    found += [finding.model_copy(update={"field": self.name}) for finding in inner]
        return found

    def sheet_value(self, value: tuple[Mapping[str, Any], ...] | None) -> SheetValue:
        return (
            None
            if value is None
            else "\n".join("，".join(filter(None, self.format_row(row))) for row in value)
        )


def _covered(field: Any, value: Any) -> Any:
    return field.covered(value) if field.is_masked and value is not None else value
