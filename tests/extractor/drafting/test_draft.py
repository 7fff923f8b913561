"""Definitions drafted from forms: of our own, and of another writer (python-docx), whose truth is written
beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import Draft, Guess, Options, Source, draft_form, extract
from extractor.drafting import draft
from extractor.drafting.content import content_of
from generator import generate, new_identity
from models.errors import NotAForm
from models.form import FormDefinition
from models.page import Box, Cell, Line, Page, Pages, Run, Table
from service.forms.definitions import load_form
from service.forms.drafts import as_yaml, field_name, form_name
from tests.extractor.documents import docx, paragraph
from tests.service.foreign_form import FIELDS, foreign_form

INBOX = Path(__file__).parents[3] / "fixtures" / "inbox"
Row = Sequence[str | None]


@dataclass(frozen=True)
class Sample:
    """A form as rows of texts; None goes on with the cell before it, `…` with the cell above. `truth`: the
    kind by title."""

    title: str
    rows: Sequence[Row]
    truth: dict[str, str]
    options: dict[str, list[str]]

    def docx(self) -> bytes:
        document = Document()
        document.add_paragraph("附件2")
        document.add_paragraph(self.title)
        table = document.add_table(len(self.rows), len(self.rows[0]))
        for r, row in enumerate(self.rows):
            for c, text in enumerate(row):
                if text is None:
                    table.cell(r, c - 1).merge(table.cell(r, c))
                elif text == "…":
                    table.cell(r - 1, c).merge(table.cell(r, c))
        for r, row in enumerate(self.rows):
            for c, text in enumerate(row):
                if text not in (None, "…"):
                    table.cell(r, c).text = text
        document.add_paragraph("注：本表一式两份。")
        file = BytesIO()
        document.save(file)
        return file.getvalue()


SAMPLES = [
    Sample(
        "高新技术企业补贴申请表",
        [
            ["企业名称*", "", "法定代表人*", ""],
            ["注册资本（万元）", "", "职工人数（人）", ""],
            ["企业类型（单选）", "□国有 □民营 □外资", None, None],
            ["联系人", "", "联系电话", ""],
            ["职务", "", "成立时间", "    年  月  日"],
            ["申请理由", "请简要说明申请理由，不超过300字", None, None],
            ["主管部门意见", "\n\n（盖章）\n年  月  日", None, None],
        ],
        {
            "企业名称": "text", "法定代表人": "text", "注册资本": "number", "职工人数": "number",
            "企业类型": "choice",
            "联系人": "text", "联系电话": "phone", "职务": "text", "成立时间": "date", "申请理由": "prose",
            "主管部门意见": "text", "主管部门意见盖章": "seal", "主管部门意见日期": "date",
        },
        {"企业类型": ["国有", "民营", "外资"]},
    ),
    Sample(
        "志愿者登记表",
        [
            ["姓名", "", "性别", "□男 □女", "出生年月", ""],
            ["身份证号", "", None, None, "政治面貌", ""],
            ["通讯地址", "", None, None, None, None],
            ["服务经历", None, None, None, None, None],
            ["起止时间", "服务单位", None, "服务内容", None, "证明人"],
            ["", "", None, "", None, ""],
            ["", "", None, "", None, ""],
            ["本人承诺以上信息真实。\n本人签字：            年  月  日", None, None, None, None, None],
        ],
        {
            "姓名": "text", "性别": "choice", "出生年月": "month", "身份证号": "id-card", "政治面貌": "text",
            "通讯地址": "address",
            "服务经历": "rows", "本人签字": "signature", "本人承诺以上信息真实。日期": "date",
        },
        {"性别": ["男", "女"]},
    ),
    Sample(
        "设备采购审批单",
        [
            ["申请部门", "", "申请日期", "    年  月  日"],
            ["设备清单", "设备名称", "数量", "预算金额（元）"],
            ["…", "", "", ""],
            ["…", "", "", ""],
            ["用途说明", "", None, None],
            ["采购方式（可多选）", "☐公开招标 ☐询价 ☐网上商城", None, None],
            ["部门负责人", "签字：\n日期：", None, None],
        ],
        {
            "申请部门": "text", "申请日期": "date", "设备清单": "rows", "用途说明": "prose",
            "采购方式": "choice",
            "部门负责人签字": "signature", "部门负责人日期": "date",
        },
        {"采购方式": ["公开招标", "询价", "网上商城"]},
    ),
]  # fmt: skip


def _fields(draft: Draft) -> dict[str, dict[str, Any]]:
    """The fields of a draft by their titles."""
    return {
        item.get("label", cell.get("label")): item
        for row in draft.form["rows"]
        for cell in row["cells"]
        for item in cell["content"]
        if item["kind"] != "printed"
    }


def _drafted(data: bytes) -> Draft:
    return draft_form(data, "some-form", field_name, Options())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_a_form_of_another_writer_is_drafted_and_loads(sample: Sample, tmp_path: Path) -> None:
    drafted = _drafted(sample.docx())
    fields = _fields(drafted)
    assert drafted.form["title"] == sample.title
    assert {title: item["kind"] for title, item in fields.items()} == sample.truth
    assert {title: fields[title]["options"] for title in sample.options} == sample.options
    assert drafted.form["notes"] == ["注：本表一式两份。"]
    path = tmp_path / "form.yaml"
    path.write_text(as_yaml(drafted, "表.docx"), "utf-8")
    form = load_form(path)
    assert list(form.titles.values()) == list(sample.truth)


def test_units_stars_and_single_choice_are_taken_from_the_labels() -> None:
    fields = _fields(_drafted(SAMPLES[0].docx()))
    assert fields["企业名称"]["required"] is True
    assert fields["注册资本"]["unit"] == "万元"
    assert (fields["企业类型"]["min"], fields["企业类型"]["max"]) == (1, 1)
    assert fields["申请理由"]["guidance"] == ["请简要说明申请理由，不超过300字"]


def test_a_table_inside_the_form_has_its_headings_and_its_empty_rows() -> None:
    rows = _fields(_drafted(SAMPLES[2].docx()))["设备清单"]
    kinds = {column["label"]: column["field"]["kind"] for column in rows["columns"]}
    assert kinds == {"设备名称": "text", "数量": "number", "预算金额": "number"}
    assert rows["blank_rows"] == 2


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_what_we_printed_ourselves_comes_back(name: str, forms: dict[str, FormDefinition]) -> None:
    form = forms[name]
    drafted = _drafted(generate(form, "docx", new_identity(form)).data)
    labels = [cell.label for cell in form.cells() if cell.label]
    assert [cell["label"] for row in drafted.form["rows"] for cell in row["cells"]] == labels
    assert drafted.form["title"] == form.title
    again = FormDefinition.model_validate(drafted.form)
    told_by_words = {"phone", "email", "address", "choice", "rows", "prose", "seal", "signature"}
    for cell, other in zip(form.cells(), again.cells(), strict=True):
        asked = [field.kind for field in cell.fields if field.kind in told_by_words]
        assert [field.kind for field in other.fields if field.kind in told_by_words] == asked, cell.label


def test_of_a_form_that_is_filled_in_no_answer_becomes_print(forms: dict[str, FormDefinition]) -> None:
    data = (INBOX / "A01_lit_ballot_check.docx").read_bytes()
    drafted = _drafted(data)
    told = {one.text for one in drafted.guesses if one.is_doubt}
    assert any("概况" in text and "已有文字" in text for text in told)
    printed = yaml.safe_dump(drafted.form, allow_unicode=True)
    answers = ["毛建国", "胡志远", "15063638058", "wang8463@qq.com"]
    assert [answer for answer in answers if answer in printed] == []
    labels = [cell["label"] for row in drafted.form["rows"] for cell in row["cells"]]
    assert len(labels) == len([cell for cell in forms["pilot-application"].cells() if cell.label])


def test_a_file_without_a_table_is_no_form() -> None:
    with pytest.raises(NotAForm):
        _drafted(docx(paragraph("通知")))


def test_names_are_made_of_sounds_and_never_twice_the_same() -> None:
    assert (field_name("联系电话"), field_name("E-mail 地址"), field_name("1、"), form_name("志愿者登记表")) == (
        "lian_xi_dian_hua", "email_di_zhi", "field", "zhi-yuan-zhe-deng-ji-bia",
    )  # fmt: skip
    names = [item["name"] for item in _fields(_drafted(SAMPLES[0].docx())).values()]
    assert len(set(names)) == len(names)


def test_what_a_document_says_can_not_end_a_comment() -> None:
    evil = Draft(
        {"name": "x", "version": "1", "title": "表", "rows": []},
        (Guess(None, "一\nrows: evil\u2028b: c\x85d: e"),),
    )
    loaded = yaml.safe_load(as_yaml(evil, "a\nb.docx"))
    assert loaded == {"name": "x", "version": "1", "title": "表", "rows": None}


def test_a_filled_copy_is_read_by_the_draft_as_it_is(tmp_path: Path) -> None:
    blank, filled = SAMPLES[0], [list(row) for row in SAMPLES[0].rows]
    filled[0][1], filled[0][3], filled[1][1], filled[1][3] = "云泽市青禾纸业有限公司", "韩素琴", "850", "36"
    filled[2][1], filled[3][1], filled[3][3] = "□国有 ☑民营 □外资", "冯立秋", "13871520946"
    filled[4][1], filled[4][3], filled[5][1] = "科长", "2009年4月16日", "更新两条生产线，每年节电四十万度。"
    filled[6][1] = "同意\n\n（盖章）\n2021年3月9日"
    drafted = draft_form(blank.docx(), "subsidy", field_name)
    form = FormDefinition.model_validate(drafted.form)
    path = tmp_path / "a.docx"
    path.write_bytes(Sample(blank.title, filled, {}, {}).docx())
    (result,) = extract(Source(path.name, path), {form.name: form})
    values = {form.titles[name]: form.fields[name].to_json(one.value) for name, one in result.fields.items()}
    assert values["企业名称"] == "云泽市青禾纸业有限公司"
    assert values["注册资本"] == {"amount": "850", "unit": "万元"}
    assert (values["企业类型"], values["联系电话"], values["成立时间"]) == (
        ["民营"],
        "13871520946",
        "2009-04-16",
    )
    assert values["申请理由"] == "更新两条生产线，每年节电四十万度。"
    assert (values["主管部门意见"], values["主管部门意见日期"]) == ("同意", "2021-03-09")


_TEXT = st.one_of(
    st.sampled_from(
        [
            "",
            "联系人",
            "单位（万元）",
            "□是 □否",
            "□甲、乙□甲/乙",
            "□",
            "（盖章）",
            "签字：  年 月 日",
            "请简要说明",
            "1",
        ]
    ),
    st.text("联系人电话（盖章）□☑年月日：_*、/ 1a", max_size=12),
)


@settings(deadline=None)
@given(st.lists(st.lists(_TEXT, min_size=1, max_size=4), min_size=1, max_size=6), st.data())
def test_whatever_a_table_holds_its_draft_is_a_definition(rows: list[list[str]], data: st.DataObject) -> None:
    width = max(map(len, rows))
    cells = []
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            span = width - column if column == len(row) - 1 else 1
            down = data.draw(st.integers(1, len(rows) - number)) if column == 0 else 1
            lines = tuple(Line(spans=(Run(text=line),) if line else ()) for line in text.split("\n"))
            cells.append(Cell(row=number, column=column, column_span=span, row_span=down, lines=lines))
    pages = Pages(reader="word", pages=(Page(number=1, blocks=(Table(index=0, cells=tuple(cells)),)),))
    if len(cells) > 1:
        FormDefinition.model_validate(draft(pages, "a-form", field_name).form)


@pytest.mark.parametrize(
    ("label", "text", "item"),
    [
        ("出生年月", "", {"kind": "month"}),
        ("出生日期", "    年  月  日", {"kind": "date", "since": 1900}),
        ("聘用期限", "    年  月至    年  月", {"kind": "period"}),
        ("项目起止时间", "", {"kind": "period"}),
        ("报到时间", "   年  月  日  时  分", {"kind": "date-time"}),
        ("开会时间", "  时  分", {"kind": "time"}),
        ("人数", "", {"kind": "number", "whole": True}),
        ("数量", "", {"kind": "number"}),
        ("数量", "      台", {"kind": "number", "unit": "台"}),
        ("职工人数（人）", "", {"kind": "number", "unit": "人"}),
    ],
)
def test_times_and_counts_are_told_by_label_and_by_the_blanks_that_are_printed(
    label: str, text: str, item: dict[str, Any]
) -> None:
    lines = (Line(spans=(Run(text=text),)),) if text else ()
    assert content_of(label, Cell(row=0, column=0, lines=lines)).items == [item]


def test_a_box_that_was_read_as_a_zero_parts_two_options() -> None:
    cell = Cell(row=0, column=0, lines=(Line(spans=(Run(text="□50人以下〇50至200人 □二〇二〇年起"),)),))
    assert content_of("规模", cell).items[0]["options"] == ["50人以下", "50至200人", "二〇二〇年起"]


def test_a_row_that_breaks_over_a_page_is_one_field() -> None:
    def cell(row: int, column: int, text: str) -> Cell:
        lines = (Line(spans=(Run(text=text),)),) if text else ()
        box = Box(x0=100.0 * column, y0=20.0 * row, x1=100.0 * column + 100, y1=20.0 * row + 20)
        return Cell(row=row, column=column, lines=lines, box=box)

    first = Table(index=0, cells=(cell(0, 0, "姓名"), cell(0, 1, ""), cell(1, 0, "审批意见"), cell(1, 1, "")))
    rest = Table(index=1, cells=(cell(0, 0, ""), cell(0, 1, "负责人签字：\n    年  月  日")))
    pages = (Page(number=1, blocks=(first,)), Page(number=2, blocks=(rest,)))
    drafted = draft(Pages(reader="pdf", pages=pages), "a-form", field_name)
    kinds = [
        (cell["label"], [item["kind"] for item in cell["content"]])
        for row in drafted.form["rows"]
        for cell in row["cells"]
    ]
    assert kinds == [("姓名", ["text"]), ("审批意见", ["text", "signature", "date"])]


def test_a_long_text_says_of_nobody_that_he_applies() -> None:
    """Met on a PDF: 姓名 above a row of its own became a long text after it had passed for the applicant."""
    document = Document()
    document.add_paragraph("车辆登记表")
    table = document.add_table(3, 2)
    table.cell(0, 0).text = "编号"
    table.cell(1, 0).merge(table.cell(1, 1)).text = "姓名"
    table.cell(2, 0).merge(table.cell(2, 1))
    file = BytesIO()
    document.save(file)
    drafted = _drafted(file.getvalue())
    assert "applicant_field" not in drafted.form
    assert FormDefinition.model_validate(drafted.form)


def test_a_field_that_says_who_applies_is_named_where_it_is_not_the_first_text() -> None:
    document = Document()
    document.add_paragraph("人员登记表")
    table = document.add_table(1, 4)
    for column, text in enumerate(("编号", "", "姓名", "")):
        table.cell(0, column).text = text
    file = BytesIO()
    document.save(file)
    drafted = _drafted(file.getvalue())
    assert drafted.form["applicant_field"] == "xing_ming"
    assert FormDefinition.model_validate(drafted.form).caption[0] == "xing_ming"


def test_boxes_and_blanks_of_a_date_in_the_rows_of_a_table_are_its_columns_kinds() -> None:
    document = Document()
    document.add_paragraph("设备登记表")
    table = document.add_table(4, 3)
    for column, text in enumerate(("设备名称", "是否进口", "购置时间")):
        table.cell(0, column).text = text
    for row in (1, 2, 3):
        table.cell(row, 1).text = "□是 □否"
        table.cell(row, 2).text = "    年  月"
    file = BytesIO()
    document.save(file)
    (field,) = _fields(_drafted(file.getvalue())).values()
    assert (field["kind"], field["blank_rows"]) == ("rows", 3)
    assert [column["field"]["kind"] for column in field["columns"]] == ["text", "choice", "month"]
    assert field["columns"][1]["field"]["options"] == ["是", "否"]


def test_every_field_of_a_draft_knows_where_it_was_seen() -> None:
    drafted = _drafted(foreign_form())
    assert len(drafted.places) == FIELDS
    for place, (title, _) in zip(drafted.places, _fields(drafted).items(), strict=True):
        assert place.label is not None
        assert drafted.spots[place.label].text.startswith(title)
        assert [drafted.spots[number].cell is not None for number in place.answers] == [True]


def test_places_outside_tables_under_headings_and_beside_a_photo_are_found() -> None:
    document = Document()
    document.add_paragraph("志愿者登记表")
    document.add_paragraph("编号：________      填表日期：    年  月  日")
    rows = [
        ["姓名", "", "联系电话", "", "照片"],
        ["职务", "    年  月至    年  月", "单位", "", ""],
        ["主要事迹", "", "", "", ""],
        ["", "", "", "", ""],
        ["预算", "      万元", "方式", "（ ）A.线上 （ ）B.线下", ""],
        ["联系人：        邮箱：        ", "", "", "", ""],
    ]
    table = document.add_table(len(rows), 5)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    table.cell(0, 4).merge(table.cell(1, 4))
    for whole in (2, 3, 5):
        table.cell(whole, 0).merge(table.cell(whole, 4))
    table.cell(4, 3).merge(table.cell(4, 4))
    file = BytesIO()
    document.save(file)
    drafted = _drafted(file.getvalue())
    fields = _fields(drafted)
    assert {title: item["kind"] for title, item in fields.items()} == {
        "编号": "text", "填表日期": "date", "姓名": "text", "联系电话": "phone", "职务": "period", "单位": "text",
        "主要事迹": "prose", "预算": "number", "方式": "choice", "联系人": "text", "邮箱": "email",
    }  # fmt: skip
    assert (fields["预算"]["unit"], fields["方式"]["options"]) == ("万元", ["线上", "线下"])
    printed = [item for row in drafted.form["rows"] for cell in row["cells"] for item in cell["content"]]
    assert [item["text"] for item in printed if item["kind"] == "printed"] == ["照片"]
    FormDefinition.model_validate(drafted.form)


def test_a_frame_round_an_inner_table_is_no_place_to_write() -> None:
    def cell(row: int, column: int, text: str = "", **spans: int) -> Cell:
        lines = (Line(spans=(Run(text=text),)),) if text else ()
        return Cell(row=row, column=column, lines=lines, **spans)

    headings = ["姓名", "关系", "单位"]
    cells = [
        cell(0, 0, "爱好"), cell(0, 1, column_span=2),
        cell(1, 0, "成员", column_span=3),
        cell(2, 0, column_span=3, row_span=4),
        *[cell(3, column, text) for column, text in enumerate(headings)],
        *[cell(row, column) for row in (4, 5) for column in range(3)],
    ]  # fmt: skip
    pages = Pages(reader="pdf", pages=(Page(number=1, blocks=(Table(index=0, cells=tuple(cells)),)),))
    fields = _fields(draft(pages, "a-form", field_name))
    assert {title: item["kind"] for title, item in fields.items()} == {"爱好": "text", "成员": "rows"}
    assert [column["label"] for column in fields["成员"]["columns"]] == headings
