"""The layout of a form's cells on its grid. The generators draw it and the matcher expects to find it."""

from collections.abc import Iterator
from typing import Literal

from models.base import Model
from models.fields.rows import Column
from models.form import FormCell, FormDefinition, FormRow

Role = Literal["label", "value", "heading", "entry"]


class GridCell(Model):
    """A cell of the printed table. The roles `heading` and `entry` belong to a table inside the form, whose
    `entry_row` counts from 0."""

    role: Role
    cell: FormCell
    column: int
    column_span: int = 1
    row_span: int = 1
    heading: Column | None = None
    entry_row: int | None = None


class GridRow(Model):
    """One printed row. `height` is its least height in centimetres."""

    height: float | None
    cells: tuple[GridCell, ...]


def lay_out(form: FormDefinition) -> tuple[GridRow, ...]:
    """Return the printed table of `form`, row by row. A cell that spans rows stands only in the first."""
    return tuple(printed for row in form.rows for printed in _printed_rows(row))


def _printed_rows(row: FormRow) -> Iterator[GridRow]:
    table = row.cells[0].rows_field
    if table is None:
        yield from _plain_rows(row)
        return
    cell, beside = row.cells[0], row.labels == "beside" and row.cells[0].label is not None
    start = cell.label_columns if beside else 0
    if cell.label and not beside:
        yield GridRow(
            height=None, cells=(GridCell(role="label", cell=cell, column=0, column_span=cell.columns),)
        )
    for entry_row in (None, *range(table.blank_rows)):
        cells = []
        if beside and entry_row is None:
            cells.append(
                GridCell(role="label", cell=cell, column=0, column_span=start, row_span=table.blank_rows + 1)
            )
        at = start
        for column in table.columns:
            role: Role = "heading" if entry_row is None else "entry"
            cells.append(
                GridCell(
                    role=role,
                    cell=cell,
                    column=at,
                    column_span=column.columns,
                    heading=column,
                    entry_row=entry_row,
                )
            )
            at += column.columns
        yield GridRow(height=row.height, cells=tuple(cells))


def _plain_rows(row: FormRow) -> Iterator[GridRow]:
    labels, values, at = [], [], 0
    for cell in row.cells:
        if cell.label and row.labels == "beside":
            values.append(GridCell(role="label", cell=cell, column=at, column_span=cell.label_columns))
            at += cell.label_columns
        elif cell.label:
            labels.append(GridCell(role="label", cell=cell, column=at, column_span=cell.columns))
        values.append(GridCell(role="value", cell=cell, column=at, column_span=cell.columns))
        at += cell.columns
    if labels:
        yield GridRow(height=None, cells=tuple(labels))
    yield GridRow(height=row.height, cells=tuple(values))
