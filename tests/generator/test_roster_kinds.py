"""Rosters as they come: .csv in any writing, .xls of before 2007, columns of others; and the template."""

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from generator.roster import SAMPLE, RosterRow, fields_of, read_roster
from generator.roster_template import write_template
from generator.sheet import SheetLimits
from models.errors import RosterError
from models.fields import ChoiceField
from models.form import FormDefinition
from tests.conftest import FIXTURES, Forms

TABLE = '申报单位,申报联系人,联系电话,申报主体概况\r\n某单位,张三,027-85807053,"两行，\n带逗号"\r\n'


@pytest.fixture
def pilot(forms: Forms) -> FormDefinition:
    return forms["pilot-application"]


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("gbk"),
        TABLE.replace("\r\n", "\n").encode("gb18030"),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace("027-85807053", '"=""027-85807053"""').encode(),
        b"\r\n" + TABLE.encode(),
    ],
    ids=[
        "utf-8",
        "with its mark",
        "gbk",
        "gb18030",
        "utf-16 with tabs",
        "semicolons",
        "kept text",
        "blank line",
    ],
)
def test_separated_values_are_read_in_the_writings_of_chinese_programs(
    pilot: FormDefinition, data: bytes
) -> None:
    (row,) = read_roster(pilot, data)
    assert row.problems == ()
    assert row.record is not None
    assert row.record.values == {
        "organization": "某单位",
        "contact": "张三",
        "phone": "027-85807053",
        "overview": "两行，\n带逗号",
    }


def test_a_number_that_lost_its_digits_is_not_used(pilot: FormDefinition) -> None:
    (row,) = read_roster(pilot, "申报单位,联系电话\n某单位,1.38072E+10\n".encode())
    assert row.record is None
    assert "科学记数法" in row.problems[0].message
    assert "第2行 B列" in row.problems[0].message


@pytest.mark.parametrize(
    ("text", "limits", "told"),
    [
        ("申报单位\n" + "某单位\n" * 5, SheetLimits(rows=3), "超过 3 行"),
        ("申报单位,a,b\n", SheetLimits(columns=2), "超过 2 列"),
        ("申报单位\n" + "某" * 200_000, SheetLimits(), "不是 .csv"),
        ("申报单位\n某单位\n", SheetLimits(bytes=9), "超过"),
    ],
)
def test_separated_values_have_limits(
    pilot: FormDefinition, text: str, limits: SheetLimits, told: str
) -> None:
    with pytest.raises(RosterError, match=told):
        read_roster(pilot, text.encode(), limits)


def _said(rows: tuple[RosterRow, ...]) -> list[tuple[int, object, tuple[str, ...]]]:
    return [
        (row.number, row.record and row.record.values, tuple(one.message for one in row.problems))
        for row in rows
    ]


def test_a_workbook_of_before_2007_gives_the_same_records(pilot: FormDefinition) -> None:
    old, new = (
        read_roster(pilot, (FIXTURES / f"roster{suffix}").read_bytes()) for suffix in (".xls", ".xlsx")
    )
    assert _said(old.rows) == _said(new.rows)
    assert len(old.rows) == 5


def test_what_an_old_workbook_hides_or_shows_otherwise_is_told(forms: Forms) -> None:
    form = forms["enterprise-filing"]
    roster = read_roster(form, (FIXTURES / "roster-odd.xls").read_bytes())
    assert roster.left_out == ("E列“备注”",)
    first, hidden, thousands, upper, lower, last = roster.rows
    assert first.record is not None
    assert first.record.to_json(form) | {
        "company": "甲公司",
        "founded": "2001-02-03",
        "credit_code": "000042",
    } == (first.record.to_json(form))
    assert "已隐藏" in hidden.problems[0].message
    assert "数字格式" in thousands.problems[0].message
    assert [row.record and row.record.values["company"] for row in (upper, lower, last)] == [
        "丁公司", "丁公司", "戊公司",
    ]  # fmt: skip


@pytest.mark.parametrize("cut", [9, 600, 3000, 9000])
def test_a_cut_old_workbook_is_refused_or_read_whole(pilot: FormDefinition, cut: int) -> None:
    data = (FIXTURES / "roster.xls").read_bytes()
    whole = _said(read_roster(pilot, data).rows)
    try:
        rows = _said(read_roster(pilot, data[:cut]).rows)
    except RosterError:
        rows = whole
    assert rows == whole


def test_columns_of_others_are_left_out_and_told(pilot: FormDefinition) -> None:
    roster = read_roster(pilot, "申报单位,备注,联系电话,所属处室\n某单位,急,027-85807053,气候处\n".encode())
    assert roster.left_out == ("B列“备注”", "D列“所属处室”")
    (row,) = roster
    assert row.problems == ()
    assert row.record is not None
    assert set(row.record.values) == {"organization", "phone"}


def test_a_heading_with_a_slip_in_it_is_not_left_out(pilot: FormDefinition) -> None:
    with pytest.raises(RosterError, match="B列“申报联系入”像是“申报联系人”"):
        read_roster(pilot, "申报单位,申报联系入\n某单位,张三\n".encode())


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_the_template_has_all_that_a_roster_can_fill_and_says_how(forms: Forms, name: str) -> None:
    form = forms[name]
    sheet = load_workbook(io.BytesIO(write_template(form)))["名册"]
    heads = [cell.value for cell in sheet[1]]
    fields = fields_of(form)
    assert heads == ["序号", *(form.titles[field.name] for field in fields)]
    assert ["*" in cell.number_format for cell in sheet[1][1:]] == [field.required for field in fields]
    assert sheet["A2"].value == SAMPLE
    told = {str(one.sqref).partition("2:")[0]: one for one in sheet.data_validations.dataValidation}
    for cell, field in zip(sheet[1][1:], fields, strict=True):
        offer = told[cell.column_letter]
        assert offer.prompt.startswith("必填" if field.required else "可不填")
        assert (offer.type == "list") == isinstance(field, ChoiceField)
        assert sheet.column_dimensions[cell.column_letter].width >= 2 * len(form.titles[field.name])


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_the_sample_row_of_the_template_is_right_and_never_becomes_a_form(forms: Forms, name: str) -> None:
    form = forms[name]
    assert read_roster(form, write_template(form)).rows == ()
    book = load_workbook(io.BytesIO(write_template(form)))
    book["名册"]["A2"] = 1  # as if a clerk had made it the first unit
    file = io.BytesIO()
    book.save(file)
    (row,) = read_roster(form, file.getvalue())
    assert row.problems == ()
    assert row.record is not None
    filled = {field.name for field in fields_of(form) if field.kind != "rows"}
    assert set(row.record.values) == filled


def test_the_options_of_the_template_are_those_of_the_form(forms: Forms, tmp_path: Path) -> None:
    form = forms["enterprise-filing"]
    book = load_workbook(io.BytesIO(write_template(form)))
    assert book["选项"].sheet_state == "hidden"
    told = {one.promptTitle: one for one in book["名册"].data_validations.dataValidation}
    for field in (field for field in fields_of(form) if isinstance(field, ChoiceField)):
        offer = told[form.titles[field.name]]
        _, _, cells = offer.formula1.partition("!")
        offered = tuple(cell.value for (cell,) in book["选项"][cells.replace("$", "")])
        assert offered == field.options
        assert offer.showErrorMessage == (field.max == 1), "several are written into one cell"
