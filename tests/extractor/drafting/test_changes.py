"""The new version of a form held against its old definition: names stay, changes are told."""

from collections.abc import Sequence
from io import BytesIO

from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import Draft, draft_form
from models.form import FormDefinition
from service.forms.drafts import as_yaml, field_name

OLD: list[list[str]] = [
    ["企业名称", "", "法定代表人", ""],
    ["注册资本（万元）", "", "联系电话", ""],
    ["企业类型", "□国有 □民营", "成立日期", "    年  月  日"],
    ["主管部门", "", "开户银行", ""],
    ["项目简介", "", "备注", ""],
]


def _docx(rows: Sequence[Sequence[str]], title: str = "企业补贴申请表") -> bytes:
    document = Document()
    document.add_paragraph(title)
    table = document.add_table(len(rows), len(rows[0]))
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _old() -> FormDefinition:
    """Last year's form, as somebody went on with its draft."""
    form = draft_form(_docx(OLD), "subsidy", field_name).form
    name, person = (cell["content"][0] for cell in form["rows"][0]["cells"])
    name |= {"name": "company", "required": True}
    person["name"] = "boss"
    form["rows"][2]["cells"][0]["content"][0] |= {"min": 1, "max": 1}
    return FormDefinition.model_validate({**form, "version": "2020"})


def _changes(drafted: Draft) -> list[tuple[int | None, str]]:
    return [(one.place, one.text) for one in drafted.guesses if one.is_change]


def test_the_same_form_keeps_names_and_settings_and_tells_no_change() -> None:
    drafted = draft_form(_docx(OLD), "x", field_name, old=_old())
    form = FormDefinition.model_validate(drafted.form)
    assert _changes(drafted) == []
    assert list(form.fields) == list(_old().fields)
    assert (form.name, form.version) == ("subsidy", "2021")
    assert form.fields["company"].required
    assert (form.fields["qi_ye_lei_xing"].min, form.fields["qi_ye_lei_xing"].max) == (1, 1)  # type: ignore[union-attr]


def test_each_change_is_told_at_its_row() -> None:
    rows = [
        ["企业名称", "", "企业法定代表人", ""],
        ["成立日期", "    年  月  日", "注册资本（元）", ""],
        ["联系电话", "", "企业类型", "□国有 □民营 □外资"],
        ["电子邮箱", "", "开户银行", ""],
        ["项目简介", "", "备注（万元）", ""],
    ]
    drafted = draft_form(_docx(rows, "企业补助申请表"), "x", field_name, old=_old())
    assert _changes(drafted) == [
        (None, "表名由“企业补贴申请表”改为“企业补助申请表”"),
        (None, "去掉了“主管部门”（text，zhu_guan_bu_men）"),
        (0, "“法定代表人”像是改名为“企业法定代表人”，沿用名称 boss"),
        (1, "“成立日期”移了位置"),
        (1, "“注册资本”的单位由“万元”改为“元”"),
        (2, "“企业类型”增加选项“外资”"),
        (3, "新增“电子邮箱”（email）"),
        (4, "“备注”的类型由 prose 变为 number，请核对"),
    ]
    form = FormDefinition.model_validate(drafted.form)
    assert set(_old().fields) - set(form.fields) == {"zhu_guan_bu_men"}
    assert [cell.aliases for cell in form.cells() if cell.label == "企业法定代表人"] == [("法定代表人",)]
    assert "  # 变化：“成立日期”移了位置\n" in as_yaml(drafted, "新表.docx")


_LABELS = ["企业名称", "企业名称（万元）", "法定代表人", "企业类型", "联系人", "company", "备注", "项目简介"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.sampled_from(_LABELS), min_size=2, max_size=2), min_size=1, max_size=5))
def test_whatever_changed_the_draft_is_a_definition(labels: list[list[str]]) -> None:
    rows = [[one, "", other, "□甲 □乙"] for one, other in labels]
    drafted = draft_form(_docx(rows), "x", field_name, old=_old())
    FormDefinition.model_validate(drafted.form)
