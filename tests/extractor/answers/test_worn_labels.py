"""Labels that only their place tells, because half of each was lost."""

from dataclasses import replace

import pytest

from extractor.answers.labels import align
from extractor.answers.match import match
from extractor.answers.units import units_of
from models.form import FormDefinition
from tests.extractor.answers import sheets

FORM = FormDefinition.model_validate(
    {
        "name": "worn",
        "version": "1",
        "title": "申请表",
        "columns": [3, 5],
        "rows": [
            {"cells": [{"label": label, "content": [{"kind": "text", "name": name}]}]}
            for label, name in (
                ("申请名称", "title"),
                ("申报单位", "unit"),
                ("联系地址", "place"),
                ("电话", "phone"),
            )
        ],
    }
)


def _read(*rows: tuple[str, str]) -> dict[str, tuple[object, list[str]]]:
    pages = sheets.scan(sheets.sheet(1, sheets.grid(rows)))
    found = match(pages, align(FORM, units_of(pages)), "a.pdf")
    return {one.field: (one.value, [doubt.code for doubt in one.doubts]) for one in found.observations}


@pytest.mark.parametrize("label", ["名称", "E3请名称"])
def test_a_label_that_lost_its_beginning_is_told_by_its_place_and_a_person_looks(label):
    read = _read((label, "近零碳示范"), ("申报单位", "某某公司"), ("联系地址", "某路1号"), ("电话", "1"))
    value, doubts = read["title"]
    assert value == "近零碳示范"
    assert "label-unsure" in doubts
    assert read["unit"] == ("某某公司", [])


def test_several_in_a_row_are_told_by_their_order():
    read = _read(("名称", "近零碳示范"), ("单位", "某某公司"), ("地址", "某路1号"), ("电话", "1"))
    assert [read[name][0] for name in ("title", "unit", "place", "phone")] == [
        "近零碳示范",
        "某某公司",
        "某路1号",
        "1",
    ]


def test_cells_may_have_been_laid_anew():
    rows = (("名称", "近零碳示范"), ("申报单位", "某某公司"), ("联系地址", "某路1号"), ("电话", "1"))
    units = units_of(sheets.scan(sheets.sheet(1, sheets.grid(rows))))
    places = [{"column": 3, "column_span": 1} if unit.cell.column else {"column_span": 3} for unit in units]
    anew = zip(units, places, strict=True)
    units = tuple(replace(unit, cell=unit.cell.model_copy(update=place)) for unit, place in anew)
    assert align(FORM, units).found[0].unit.key == "名称"


def test_out_of_its_place_or_where_two_are_alike_it_is_not():
    rows = ("申请名称", "近零碳示范"), ("申报单位", "某某公司"), ("电话", "1"), ("地址", "某路1号")
    assert "place" not in _read(*rows) or _read(*rows)["place"][0] is None
    rows = (
        ("申请名称", "近零碳示范"),
        ("单位", "某某公司"),
        ("报单", "甲"),
        ("联系地址", "某路1号"),
        ("电话", "1"),
    )
    assert "unit" not in _read(*rows) or _read(*rows)["unit"][0] is None
