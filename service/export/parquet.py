"""The columns of a Parquet file, typed by the kinds of their fields."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from models.fields import Amount, ChoiceField, DateField, NumberField, RowsField, SealField, SignatureField
from models.fields.base import FieldBase
from models.form import FormDefinition
from service.export.columns import ABOUT, Names, titles_of
from service.store.exports import Kept

_PLACES = 14
# A number may have 24 digits before the point. The type leaves room for 14 digits after it.
_AMOUNT = pa.decimal128(38, _PLACES)
_ABOUT: dict[str, pa.DataType] = {
    **dict.fromkeys(("_id", "_version", "_changed", "_replaces", "_replaced_by"), pa.int64()),
    **dict.fromkeys(("_received_at", "_updated_at"), pa.timestamp("us", "UTC")),
    **dict.fromkeys(("_findings", "_unweighed", "_corrected", "_reviewers"), pa.list_(pa.string())),
    "_twins": pa.list_(pa.int64()),
}
# The column for values that fit no typed column, such as a value that was read with another version of the
# form or a number with too many digits. It also holds what must not be missed, whatever columns were chosen.
_REST = "_rest"


@dataclass(frozen=True)
class Column:
    """A column: its name, its type and its title."""

    name: str
    type: pa.DataType
    title: str


def columns_of(form: FormDefinition, chosen: Sequence[str]) -> list[Column]:
    """Returns the columns of the file: the chosen ones, `NAME.unit` beside each number, and `_rest`, which
    holds as JSON the values that fit none."""
    titles, made = titles_of(form), []
    for name in chosen:
        field = form.fields.get(name)
        made.append(Column(name, _kind(field)[0] if field else _ABOUT.get(name, pa.string()), titles[name]))
        if isinstance(field, NumberField):
            made.append(Column(f"{name}.unit", pa.string(), f"{titles[name]}（单位）"))
    return [*made, Column(_REST, pa.string(), "其他版本的内容")]


def row_of(kept: Kept, form: FormDefinition, columns: Sequence[Column], names: Names) -> dict[str, Any]:
    """Returns one record as a row, with one value for each column."""
    row: dict[str, Any] = {}
    rest = _without_column(kept, form, {column.name for column in columns}, names)
    for column in columns:
        if column.name in ABOUT:
            row[column.name] = ABOUT[column.name].value(kept, names)
        elif column.name in form.fields:
            field, data = form.fields[column.name], kept.content.get(column.name)
            try:
                value: Any = field.from_json(data)
                row[column.name] = None if value is None else _kind(field)[1](value)
            except ValueError:
                row[column.name], rest[column.name] = None, data
            else:
                if isinstance(value, Amount):
                    row[f"{column.name}.unit"] = value.unit
    row[_REST] = json.dumps(rest, ensure_ascii=False) if rest else None
    return {name: _sound(value) for name, value in row.items()}


def _without_column(
    kept: Kept, form: FormDefinition, columns: Collection[str], names: Names
) -> dict[str, Any]:
    """Returns the values of fields that the form does not have. It adds the unweighed parts of values where
    no column tells them."""
    rest = {
        name: value for name, value in kept.content.items() if name not in form.fields and value is not None
    }
    told = [part for part in ABOUT["_unweighed"].value(kept, names) if part.partition(".")[0] in columns]
    return {**rest, "_unweighed": told} if told and "_unweighed" not in columns else rest


def _kind(field: FieldBase[Any]) -> tuple[pa.DataType, Callable[[Any], Any]]:
    """Returns the type of a field's values, and the function that converts a value to it."""
    text = pa.string()
    match field:
        case ChoiceField():
            return pa.list_(text), list
        case DateField():
            return pa.date32(), lambda value: value
        case NumberField():
            return _AMOUNT, _amount
        case SealField():
            return pa.struct([("present", pa.bool_()), ("text", text), ("agrees", pa.bool_())]), _dumped
        case SignatureField():
            return pa.struct([("present", pa.bool_()), ("text", text)]), _dumped
        case RowsField():
            inner = {column.field.name: _in_a_row(column.field) for column in field.columns}
            row = pa.struct([(name, kind[0]) for name, kind in inner.items()])
            return pa.list_(row), lambda rows: [_row(inner, one) for one in rows]
    return text, lambda value: value if isinstance(value, str) else field.format(value)


def _in_a_row(field: FieldBase[Any]) -> tuple[pa.DataType, Callable[[Any], Any]]:
    """Does the same as `_kind`, except that a number keeps its unit."""
    if isinstance(field, NumberField):
        kind = pa.struct([("amount", _AMOUNT), ("unit", pa.string())])
        return kind, lambda value: {"amount": _amount(value), "unit": value.unit}
    return _kind(field)


def _row(kinds: dict[str, tuple[pa.DataType, Callable[[Any], Any]]], row: Any) -> dict[str, Any]:
    return {name: None if row.get(name) is None else write(row[name]) for name, (_, write) in kinds.items()}


def _dumped(value: Any) -> Any:
    return value.model_dump()


def _amount(value: Amount) -> Decimal:
    if int(value.amount.as_tuple().exponent) < -_PLACES:
        raise ValueError(f"more than {_PLACES} places")
    return value.amount


def _sound(value: Any) -> Any:
    """Returns `value` without unpaired surrogates, which UTF-8 can't encode."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_sound(inner) for inner in value]
    return {name: _sound(inner) for name, inner in value.items()} if isinstance(value, dict) else value
