"""The bureau's own 汇总表: headings known or asked about, heads, widths and feet kept, one an organiser."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Border, Font, Side

from models.errors import BadUsage, RosterError
from service.campaigns.own_rows import Content, own_sheets, sources
from service.campaigns.own_sheet import OwnSheet, fill, understand
from service.export.workbook import DOUBTFUL, Cell
from service.results import encode
from tests.service.campaigns.calls import call, entry
from tests.service.campaigns.results import result_line
from tests.service.conftest import Run

FORM, FIELDS = call().form, call().campaign.fields
UNIT, TITLE = FORM.titles[FIELDS.unit], FORM.titles[FIELDS.title]
HOSTILE = '=HYPERLINK("http://x")'


def _template(**more: Any) -> bytes:
    """A title, heads in two rows, an empty row that has looks, and a foot that is merged."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for at, text in {
        "A1": "2021年度汇总表", "A2": "序号", "B2": "申报情况", "B3": UNIT, "C3": TITLE, "D3": "电话",
        "E2": "推荐部门", "F2": "备注", "A5": "填表人：", "D5": "=SUM(A4:A4)",
        **more,
    }.items():  # fmt: skip
        sheet[at] = text
    for merged in ("A1:F1", "A2:A3", "B2:D2", "E2:E3", "F2:F3", "A5:C5"):
        sheet.merge_cells(merged)
    sheet.column_dimensions["B"].width = 37.5
    sheet.row_dimensions[4].height, sheet.row_dimensions[5].height = 31, 44
    sheet["B4"].font, sheet["B4"].border = Font(name="仿宋", size=12), Border(left=Side("thick"))
    sheet.print_area = "A1:F5"
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _understood(data: bytes) -> OwnSheet:
    return understand(data, sources(call()))


def _sheet(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data)).active


def test_headings_are_known_by_name_and_the_others_are_asked_about() -> None:
    found = _understood(_template())
    assert found.head == 3
    known = {one.heading: (one.source, one.sure) for one in found.columns}
    assert known["序号"] == ("number", True)
    assert known[f"申报情况／{UNIT}"] == (f"field:{FIELDS.unit}", False)
    assert known["推荐部门"] == ("organiser", True)
    assert known["备注"] == (None, False)
    assert not known["申报情况／电话"][1]
    assert found.notes == (
        "表头下第 5 行起已有内容“填表人：，=SUM(A4:A4)”，保留在表格之后",
        "模板中有公式，请在打开后核对其范围",
    )


def test_what_is_not_sure_stays_empty_until_a_person_says_what_it_is() -> None:
    found = _understood(_template())
    row = {"number": Cell("1"), f"field:{FIELDS.unit}": Cell("甲"), "organiser": Cell("乙")}
    sheet = _sheet(fill(found, [row]))
    assert [sheet.cell(4, column).value for column in range(1, 7)] == ["1", None, None, None, "乙", None]
    told = found.told({2: f"field:{FIELDS.unit}", 6: "organiser", 5: None})
    sheet = _sheet(fill(told, [row]))
    assert [sheet.cell(4, column).value for column in range(1, 7)] == ["1", "甲", None, None, None, "乙"]
    with pytest.raises(BadUsage, match="第 9 列"):
        found.told({9: "number"})


def test_heads_widths_looks_and_the_foot_are_kept_however_many_rows_there_are() -> None:
    found = _understood(_template()).told({2: f"field:{FIELDS.unit}"})
    rows = [{"number": Cell(str(n)), f"field:{FIELDS.unit}": Cell(HOSTILE)} for n in range(1, 31)]
    sheet = _sheet(fill(found, rows))
    merged = {str(one) for one in sheet.merged_cells.ranges}
    assert merged == {"A1:F1", "A2:A3", "B2:D2", "E2:E3", "F2:F3", "A34:C34"}
    assert (sheet["A1"].value, sheet["B2"].value, sheet["A34"].value) == (
        "2021年度汇总表",
        "申报情况",
        "填表人：",
    )
    assert sheet.column_dimensions["B"].width == 37.5
    assert (sheet.row_dimensions[33].height, sheet.row_dimensions[34].height) == (31, 44)
    assert (sheet["B33"].font.name, sheet["B33"].border.left.style) == ("仿宋", "thick")
    assert sheet["A33"].value == "30"
    assert {sheet.cell(row, 2).data_type for row in range(4, 34)} == {"s"}
    assert sheet["B20"].value == HOSTILE
    assert sheet.print_area == "'Sheet'!$A$1:$F$34"
    assert _sheet(fill(found, [])).max_row == 5


def test_two_columns_of_one_name_are_asked_about_and_a_bracket_is_no_name() -> None:
    found = _understood(_template(F2="推荐部门", D2=None, E2=f"{UNIT}（盖章）"))
    known = {one.number: (one.source, one.sure) for one in found.columns}
    assert known[5] == (f"field:{FIELDS.unit}", False)
    found = _understood(_template(F2="推荐部门"))
    assert {one.sure for one in found.columns if one.source == "organiser"} == {False}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PK\x03\x04broken", "损坏"),
        (b"a,b\n1,2\n", "不是 .xlsx"),
        (_saved(Workbook()), "没有认出任何一个栏目"),
    ],
)
def test_what_is_no_template_is_refused_in_words(data: bytes, told: str) -> None:
    with pytest.raises(RosterError, match=told):
        _understood(data)


def _hidden_merge(book: Workbook) -> None:
    hidden = book.create_sheet("藏")
    hidden.sheet_state = "hidden"
    hidden["A1"] = "x"
    hidden.merge_cells("A1:B2")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_hidden_merge, "合并的单元格过多"),
        (
            lambda book: book.worksheets[0].cell(2_001, 1).__setattr__("number_format", "0"),
            "超过 2000 行",
        ),
        (lambda book: book.worksheets[0].cell(1, 16_384).__setattr__("number_format", "0"), "120 列"),
    ],
)
def test_a_template_that_would_cost_much_is_refused_before_it_does(
    spoil: Callable[[Workbook], None], told: str
) -> None:
    book = load_workbook(io.BytesIO(_template()))
    spoil(book)
    stream = io.BytesIO()
    # Merged over all that a sheet can have: seventeen thousand million cells, in a few bytes.
    with zipfile.ZipFile(io.BytesIO(_saved(book))) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    with pytest.raises(RosterError, match=told):
        _understood(stream.getvalue())


def test_two_sheets_that_look_alike_are_asked_about() -> None:
    book = load_workbook(io.BytesIO(_template()))
    book.copy_worksheet(book.worksheets[0])
    with pytest.raises(RosterError, match="不知道用哪一张"):
        _understood(_saved(book))


def test_one_for_each_organiser_with_what_nobody_vouches_for_marked() -> None:
    came = [
        entry("a", sender="x@jiangan.example", seal="江岸区人民政府"),
        entry(
            "b", unit="武汉青禾物业管理有限公司", title="青禾", domain=["社区"], sender="x@jianghan.example"
        ),
        entry("c", unit="丙有限公司", title="丙"),
        entry("d", unit="丁有限公司", title="丁", handling="withdrawn"),
    ]
    standing = call().judge.stand(came)
    template = _understood(_template()).told({2: f"field:{FIELDS.unit}", 6: "state"})
    contents = {
        one.entry.key: Content(
            {FIELDS.unit: one.unit}, frozenset([FIELDS.unit] if one.unit[0] == "丙" else [])
        )
        for one in standing.applications
    }
    made = {
        paper.name: _sheet(paper.data)
        for paper in own_sheets(call(), standing, template, contents, each=True)
    }
    assert list(made) == ["江岸区.xlsx", "江汉区.xlsx", "推荐部门未定.xlsx"]
    assert [made["江岸区.xlsx"].cell(4, n).value for n in (1, 2, 5, 6)] == [
        1, "武汉启明科技有限公司", "江岸区", "待复核",
    ]  # fmt: skip
    unsure = made["推荐部门未定.xlsx"]
    assert unsure["B4"].fill.fgColor.rgb == DOUBTFUL.fgColor.rgb
    assert made["江岸区.xlsx"]["B4"].fill.fgColor.rgb != DOUBTFUL.fgColor.rgb
    (whole,) = own_sheets(call(), standing, template, contents, each=False)
    assert [_sheet(whole.data).cell(row, 1).value for row in range(4, 8)] == [1, 2, 3, "填表人："]


def test_the_command_fills_it_in_and_tells_what_it_left_empty(run: Run, tmp_path: Path) -> None:
    results, template = tmp_path / "r.jsonl", tmp_path / "模板.xlsx"
    results.write_bytes(
        encode([result_line(call(), "a.docx", unit="甲有限公司", title="甲试点", domain=["社区"])])
    )
    template.write_bytes(_template())
    command = ["campaign", "summary", "near-zero-carbon-2021", template, results, "-o", tmp_path / "out"]
    ran = run(*command, "--column", f"申报情况／{UNIT}={UNIT}", "--column", "备注=")
    assert ran.code == 0, ran.err
    assert "“申报情况／电话”没有对应" in ran.err
    assert "“备注”" not in ran.err
    assert _sheet((tmp_path / "out/汇总表.xlsx").read_bytes())["B4"].value == "甲有限公司"
    assert run(*command).code == 2
    for wrong in ("没有=序号", "备注=没有的", "备注"):
        assert run(*command, "--overwrite", "--column", wrong).code == 2
