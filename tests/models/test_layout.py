from collections import Counter

import pytest

from models.fields import RowsField
from models.form import FormDefinition
from models.layout import lay_out

TEXT = {"kind": "text", "name": "a"}
TABLE = {
    "kind": "rows", "name": "t", "blank_rows": 2,
    "columns": [{"label": "甲", "columns": 2, "field": TEXT}, {"label": "乙", "field": {**TEXT, "name": "b"}}],
}  # fmt: skip
PRINTED = {"columns": 2, "content": [{"kind": "printed", "text": "甲"}]}
ODD_ROWS = {
    "a table under its label": (
        3,
        {"labels": "above", "cells": [{"label": "表", "columns": 3, "content": [TABLE]}]},
    ),
    "a table beside a wide label": (
        5,
        {"cells": [{"label": "表", "label_columns": 2, "columns": 3, "content": [TABLE]}]},
    ),
    "a cell without a label": (4, {"cells": [PRINTED, {"label": "乙", "content": [TEXT]}]}),
}


def uncovered(form):
    """How often each place of the printed grid is covered, where that is not once."""
    rows = lay_out(form)
    covered = Counter(
        (number + down, cell.column + right)
        for number, row in enumerate(rows)
        for cell in row.cells
        for down in range(cell.row_span)
        for right in range(cell.column_span)
    )
    grid = {(row, column) for row in range(len(rows)) for column in range(len(form.columns))}
    return {
        place: covered[place] for place in grid | set(covered) if covered[place] != 1 or place not in grid
    }


def test_the_cells_of_every_shipped_form_tile_its_grid(forms):
    assert len(forms) >= 2
    for form in forms.values():
        assert not uncovered(form)


@pytest.mark.parametrize(("width", "row"), ODD_ROWS.values(), ids=ODD_ROWS)
def test_the_cells_of_an_odd_row_tile_its_grid(width, row):
    form = {"name": "odd", "version": "1", "title": "表", "columns": [1] * width, "rows": [row]}
    assert not uncovered(FormDefinition.model_validate(form))


def test_every_label_value_and_entry_of_a_form_has_its_place(forms):
    for form in forms.values():
        printed = [cell for row in lay_out(form) for cell in row.cells]
        for cell in form.cells():
            places = [place for place in printed if place.cell == cell]
            assert [place.role for place in places].count("label") == (1 if cell.label else 0)
            if cell.rows_field is None:
                assert [place.role for place in places].count("value") == 1
            else:
                assert_table_has_its_entries(cell.rows_field, places)


def assert_table_has_its_entries(table: RowsField, places):
    headings = [place.heading.label for place in places if place.role == "heading"]
    assert headings == [column.label for column in table.columns]
    entries = [(place.entry_row, place.heading.field.name) for place in places if place.role == "entry"]
    assert entries == [
        (row, column.field.name) for row in range(table.blank_rows) for column in table.columns
    ]
