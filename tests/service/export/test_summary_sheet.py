"""The 汇总表: what a clerk sees, and that no value in it can do anything."""

import datetime
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from models.fields import Amount, Seal
from models.findings import Finding
from models.form import FormDefinition
from models.record import Failure, FieldResult, Result
from service.export.summary_sheet import write_sheet
from service.export.workbook import is_as_made
from tests.records import random_record

HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "#REF!",
    "true",
    "1e5",
    "00123",
    "=\x07cmd",
    "2021-02-05",
]


def _open(data: bytes) -> Workbook:
    return load_workbook(io.BytesIO(data))


def _result(
    form: FormDefinition,
    source: str = "a.docx",
    seed: int = 1,
    findings: tuple[Finding, ...] = (),
    **values: Any,
) -> Result:
    record = {**random_record(form, seed).values, **values}
    fields = {
        name: FieldResult(value=value, raw=None, confidence=1, decision="accept")
        for name, value in record.items()
    }
    return Result(source=source, form=form, fields=fields, findings=findings)


def _sheet(form: FormDefinition, *results: Result) -> Worksheet:
    return _open(write_sheet([result.to_json() for result in results], {form.name: form}))[form.title]


def _cells(sheet: Worksheet, row: int = 2) -> dict[str, Any]:
    return {str(heading.value): cell for heading, cell in zip(sheet[1], sheet[row], strict=True)}


@pytest.fixture
def filing(forms: Mapping[str, FormDefinition]) -> FormDefinition:
    return forms["enterprise-filing"]


@pytest.fixture
def pilot(forms: Mapping[str, FormDefinition]) -> FormDefinition:
    return forms["pilot-application"]


def test_what_nobody_weighed_is_not_shown_as_read(pilot: FormDefinition) -> None:
    result = _result(pilot, recommend_seal=Seal(present=True, text="汉阳区梅花蛤街道办事经"))
    fields = dict(result.fields)
    for name, parts in (("recommend_seal", ("text",)), ("overview", ("punctuation",))):
        fields[name] = fields[name].model_copy(update={"unweighed": parts})
    result = result.model_copy(update={"fields": fields})
    assert result.to_json()["fields"]["recommend_seal"]["unweighed"] == ["text"]
    cells = _cells(_sheet(pilot, result))
    assert cells["推荐部门盖章"].value == "有（印文未核对：汉阳区梅花蛤街道办事经）"
    assert str(cells["申报主体概况"].value)[:50] == str(result.fields["overview"].value)[:50]
    assert cells["提示"].value.split("\n") == ["“申报主体概况”标点未核对", "“推荐部门盖章”印文未核对"]


def test_who_and_what_became_of_it_come_first_then_the_fields_of_the_form(pilot: FormDefinition) -> None:
    sheet = _sheet(pilot, _result(pilot))
    rest = [title for name, title in pilot.titles.items() if name != "organization"]
    assert [cell.value for cell in sheet[1]] == ["申报单位", "状态", "提示", *rest, "来源"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == sheet.dimensions


def test_it_is_printed_landscape_as_wide_as_the_page_with_headings_on_each(pilot: FormDefinition) -> None:
    book = _open(write_sheet([_result(pilot).to_json()], {pilot.name: pilot}))
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1)
        assert sheet.page_setup.fitToHeight == 0, "as many pages as it takes"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$1"
        assert "&P" in (sheet.oddFooter.right.text or "")


def test_only_what_somebody_must_look_at_is_coloured(pilot: FormDefinition) -> None:
    clear = _result(pilot, "clear.docx")
    assert clear.to_json()["status"] == "clear"
    sheet = _sheet(pilot, clear)
    assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fill_type] == []


def test_how_the_run_stands_is_on_a_sheet_of_its_own(pilot: FormDefinition) -> None:
    failed = Result(source="bad.docx", error=Failure(code="damaged", message="文件不完整"))
    book = _open(write_sheet([failed.to_json(), _result(pilot).to_json()], {pilot.name: pilot}))
    said = dict(book["概况"].iter_rows(min_row=2, values_only=True))
    assert said == {
        "共": "2 份",
        "无需人工": "1 份",
        "需复核": "0 份",
        "读取失败": "1 份",
        "有疑问的栏目": "0 处",
        "《试点申请表》": "1 份",
    }


def test_every_value_stands_in_its_column(forms: Mapping[str, FormDefinition]) -> None:
    for form in forms.values():
        results = [_result(form, f"{seed}.docx", seed) for seed in range(3)]
        book = _open(write_sheet([result.to_json() for result in results], {form.name: form}))
        sheet = book[form.title]
        whole = {
            (title, source): text
            for _, title, text, source in book["全文"].iter_rows(min_row=2, values_only=True)
        }
        for row, result in enumerate(results, 2):
            cells = _cells(sheet, row)
            assert cells["来源"].value == result.source
            for name, field in form.fields.items():
                expected: Any = field.sheet_value(result.fields[name].value)  # type: ignore[arg-type]
                found = cells[form.titles[name]].value
                if isinstance(expected, str) and len(expected) > 60:
                    assert found.startswith(expected[:50])
                    assert f"共 {len(expected)} 字，见“全文”" in found
                    found = whole[form.titles[name], result.source]
                if isinstance(expected, datetime.date):
                    found = found.date()
                elif not isinstance(expected, str):
                    found, expected = float(found), float(expected)
                assert found == expected


def test_a_phone_number_is_text(pilot: FormDefinition) -> None:
    cell = _cells(_sheet(pilot, _result(pilot, phone="02785807053")))["联系人电话"]
    assert (cell.value, cell.data_type, cell.number_format) == ("02785807053", "s", "@")


def test_a_date_is_a_date_and_a_number_a_number_with_its_unit(filing: FormDefinition) -> None:
    amount = Amount(amount="12.5", unit="万元")  # type: ignore[arg-type]
    cells = _cells(_sheet(filing, _result(filing, founded=datetime.date(2001, 2, 3), revenue=amount)))
    assert cells["成立日期"].is_date
    assert (cells["年营业收入"].value, cells["年营业收入"].data_type, cells["年营业收入"].number_format) == (
        12.5,
        "n",
        'General"万元"',
    )


def test_a_number_that_a_sheet_would_round_is_text(filing: FormDefinition) -> None:
    amount = Amount(amount="12345678901234567.89", unit="万元")  # type: ignore[arg-type]
    assert (
        _cells(_sheet(filing, _result(filing, revenue=amount)))["年营业收入"].value == "12345678901234567.89"
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_becomes_a_formula_or_anything_but_text(pilot: FormDefinition, text: str) -> None:
    result = _result(pilot, source=text, overview=text, project_name=text)
    cells = _cells(_sheet(pilot, result))
    for heading in ("来源", "申报主体概况", "申请名称"):
        assert cells[heading].data_type == "s"
        assert cells[heading].value == text.replace("\x07", "")


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(codec=None), min_size=1, max_size=40))
def test_whatever_is_written_the_workbook_opens_and_holds_texts(text: str) -> None:
    failed = Result(source="x", error=Failure(code="damaged", message="y")).to_json()
    book = _open(write_sheet([{**failed, "source": text, "error": {"code": "damaged", "message": text}}], {}))
    row = book["未能读取"][2]
    assert {cell.data_type for cell in row} <= {"s", "n", "inlineStr"}
    assert not any(cell.data_type == "f" for cell in row)


def test_a_text_that_looks_like_an_escape_is_shown_as_it_was_written(pilot: FormDefinition) -> None:
    text = "云泽_x0041_厂_x000d_x_xyz_"
    data = write_sheet([_result(pilot, overview=text).to_json()], {pilot.name: pilot})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        raw = "".join(archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/"))
    assert "_x005F_x0041_" in raw
    assert "_x005F_x000d_x_xyz_" in raw
    assert unescape(_cells(_open(data).worksheets[0])["申报主体概况"].value) == text


def test_a_text_longer_than_a_cell_is_cut(pilot: FormDefinition) -> None:
    book = _open(write_sheet([_result(pilot, overview="长" * 40_000).to_json()], {pilot.name: pilot}))
    assert "共 40000 字" in _cells(book[pilot.title])["申报主体概况"].value
    value = book["全文"]["C2"].value
    assert (len(value), value[-1]) == (32_767, "…")


def test_doubtful_and_wrong_cells_are_coloured_differently(pilot: FormDefinition) -> None:
    finding = Finding.of("required-empty", "leader", title="申报负责人")
    result = _result(pilot, findings=(finding,))
    doubtful = result.fields["contact"].model_copy(update={"decision": "review"})
    result = result.model_copy(update={"fields": {**result.fields, "contact": doubtful}})
    cells = _cells(_sheet(pilot, result))
    colours = {name: cells[name].fill.fgColor.rgb for name in ("申报负责人", "申报联系人", "联系地址")}
    assert len(set(colours.values())) == 3
    assert cells["联系地址"].fill.fill_type is None
    assert cells["状态"].value == "需复核"
    assert cells["提示"].value == finding.message


def test_failed_ones_have_a_sheet_of_their_own(pilot: FormDefinition) -> None:
    failed = Result(source="bad.docx", error=Failure(code="damaged", message="文件不完整。请重新发送"))
    book = _open(write_sheet([failed.to_json(), _result(pilot).to_json()], {pilot.name: pilot}))
    assert book.sheetnames == [pilot.title, "未能读取", "全文", "概况", "说明"]
    assert [cell.value for cell in book["未能读取"][2]] == [
        "bad.docx",
        "读取失败",
        "文件不完整。请重新发送",
        "damaged",
    ]
    assert book[pilot.title].max_row == 2


def test_each_form_has_its_sheet_and_rows_are_sorted(forms: Mapping[str, FormDefinition]) -> None:
    lines = [_result(form, f"{name}.docx").to_json() for form in forms.values() for name in "ba"]
    book = _open(write_sheet(lines, forms))
    for form in forms.values():
        assert [_cells(book[form.title], row)["来源"].value for row in (2, 3)] == ["a.docx", "b.docx"]


def test_results_of_a_form_that_is_no_longer_known_are_still_shown(pilot: FormDefinition) -> None:
    book = _open(write_sheet([_result(pilot, phone="123").to_json()], {}))
    cells = _cells(book[pilot.name])
    assert cells["phone"].value == "123"
    assert cells["types"].data_type == "s"


def test_a_value_of_another_version_is_shown_as_it_stands(pilot: FormDefinition) -> None:
    line = _result(pilot).to_json()
    line["fields"]["pledge_date"]["value"] = {"unheard": "of"}
    sheet = _open(write_sheet([line], {pilot.name: pilot}))[pilot.title]
    assert _cells(sheet)["承诺日期"].value == '{"unheard": "of"}'


def test_titles_that_a_sheet_cannot_have_are_made_to_fit(pilot: FormDefinition) -> None:
    twins = {
        f"form-{n}": pilot.model_copy(update={"name": f"form-{n}", "title": "很长[的]标题：" * 9})
        for n in range(3)
    }
    book = _open(write_sheet([_result(form).to_json() for form in twins.values()], twins))
    assert len(set(book.sheetnames) - {"全文", "概况", "说明"}) == 3
    assert all(len(name) <= 31 and "[" not in name for name in book.sheetnames)


def test_rows_have_a_bounded_height_and_columns_a_sensible_width(pilot: FormDefinition) -> None:
    sheet = _sheet(pilot, _result(pilot, overview="概况。\n" * 500))
    assert 0 < (sheet.row_dimensions[2].height or 0) <= 200
    assert all(8 <= column.width <= 60 for column in sheet.column_dimensions.values())


def test_no_results_make_a_workbook_that_opens() -> None:
    assert _open(write_sheet([], {})).sheetnames == ["概况", "说明"]


def test_it_is_known_whether_somebody_has_saved_the_workbook_since(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(write_sheet([], {}))
    assert is_as_made(path)
    for change in (
        {"lastModifiedBy": "王芳"},
        {"lastModifiedBy": None},
        {"created": datetime.datetime(2021, 2, 5)},
    ):
        book = load_workbook(path)
        for name, value in change.items():
            setattr(book.properties, name, value)
        book.save(tmp_path / "saved.xlsx")
        assert not is_as_made(tmp_path / "saved.xlsx")
    for data in (
        b"",
        b"notes",
        path.read_bytes()[:-30],
        path.read_bytes().replace(b"docProps/core.xml", b"docProps/gone.xml"),
    ):
        (tmp_path / "other.xlsx").write_bytes(data)
        assert not is_as_made(tmp_path / "other.xlsx")
