"""Lines outside tables: forms without any table, headings with room, choices on a cover, days under names."""

from datetime import date
from pathlib import Path

import pytest
from docx import Document

from extractor.drafting.kinds import is_blank
from extractor.drafting.loose import asked_in
from models.errors import NotAForm
from tests.extractor.drafting.round_trip import drafted, read, saved
from tests.extractor.drafting.test_arrangements import put


def of_lines(lines: list[str], *rows: tuple[str, ...]) -> bytes:
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    if rows:
        put(document, *rows)
    return saved(document)


def test_a_form_without_any_table_is_drafted_and_read(tmp_path: Path) -> None:
    text = "兹证明{}，身份证号{}，系我单位职工，月收入{}元。"
    blank = of_lines(
        [
            "在职证明",
            text.format("______", "__________", "____"),
            "联系人：______    联系电话：______",
            "    年    月    日",
        ]
    )
    form = drafted(blank)
    assert [field.kind for field in form.fields.values()] == [
        "text", "id-card", "number", "text", "phone", "date",
    ]  # fmt: skip
    filled = of_lines(
        ["在职证明", text.format("唐立群", "130102198109150010", "8600"),
         "联系人：许静    联系电话：031186051129", "2024年12月2日"]
    )  # fmt: skip
    found = read(form, filled, tmp_path)
    assert found["兹证明"] == "唐立群"
    assert (found["联系人"], found["联系电话"]) == ("许静", "0311-86051129")


def test_a_page_that_asks_for_nothing_is_no_form() -> None:
    with pytest.raises(NotAForm):
        drafted(of_lines(["关于放假的通知", "各科室：", "现将放假安排通知如下。"]))


def test_a_heading_over_nothing_is_room_to_write_and_ends_at_the_next(tmp_path: Path) -> None:
    lines = ["课题结项报告", "课题名称：________", "一、研究过程（不超过500字）", "", "二、主要观点", ""]
    rows = (("负责人", ""), ("电话", ""))
    form = drafted(of_lines([*lines, "三、联系信息"], *rows))
    kinds = {form.titles[name]: field.kind for name, field in form.fields.items()}
    assert kinds == {
        "课题名称": "text", "研究过程（不超过500字）": "prose", "主要观点": "prose", "负责人": "text", "电话": "phone",
    }  # fmt: skip
    lines[1], lines[3], lines[5] = "课题名称：小镇研究", "赴六镇调研。", "三方协同。"
    found = read(
        form, of_lines([*lines, "三、联系信息"], ("负责人", "马静宜"), ("电话", "13629317842")), tmp_path
    )
    assert (found["课题名称"], found["研究过程（不超过500字）"], found["主要观点"]) == (
        "小镇研究",
        "赴六镇调研。",
        "三方协同。",
    )


def test_boxes_on_a_line_are_a_choice_and_no_text(tmp_path: Path) -> None:
    lines = ["经营许可申请书", "申请类型：□新办  □变更  □延续"]
    form = drafted(of_lines(lines, ("经营者名称", ""), ("负责人", "")))
    lines[1] = "申请类型：□新办  ☑变更  □延续"
    found = read(form, of_lines(lines, ("经营者名称", "老街面馆"), ("负责人", "裴世荣")), tmp_path)
    assert found["申请类型"] == ("变更",)


def test_a_line_names_the_unit_of_all_sums() -> None:
    form = drafted(
        of_lines(
            ["资金申报表", "金额单位：万元"], ("总投资", "", "资金来源", ""), ("项目名称", "", "负责人", "")
        )
    )
    fields = {form.titles[name]: field for name, field in form.fields.items()}
    assert (fields["总投资"].kind, getattr(fields["总投资"], "unit", "")) == ("number", "万元")
    assert fields["资金来源"].kind == "text"


def test_rows_that_are_printed_and_counted_are_asked_one_by_one(tmp_path: Path) -> None:
    head = ("序号", "检查内容", "检查结果", "存在问题")
    rows = (("1", "通道是否畅通", "□是 □否", ""), ("2", "器材是否有效", "□是 □否", ""))
    form = drafted(of_lines(["检查记录表"], head, *rows))
    rows = (("1", "通道是否畅通", "☑是 □否", ""), ("2", "器材是否有效", "□是 ☑否", "灭火器欠压"))
    found = read(form, of_lines(["检查记录表"], head, *rows), tmp_path)
    assert found["通道是否畅通"] == ("是",)
    assert found["器材是否有效"] == ("否",)
    assert "灭火器欠压" in found.values()


def test_a_day_without_a_label_at_the_end_of_a_line_is_a_field_of_its_own(tmp_path: Path) -> None:
    lines = ["借款单", "借款部门：________        ____年__月__日", "致：______________"]
    form = drafted(of_lines(lines, ("借款人", ""), ("借款事由", "")))
    assert [(form.titles[name], one.kind) for name, one in form.fields.items()][:3] == [
        ("借款部门", "text"), ("日期", "date"), ("致", "text"),
    ]  # fmt: skip
    filled = of_lines(
        ["借款单", "借款部门：基建科        2024年5月13日", "致：财务处"],
        ("借款人", "仲维民"), ("借款事由", "购设备"),
    )  # fmt: skip
    found = read(form, filled, tmp_path)
    assert (found["借款部门"], found["日期"], found["致"]) == ("基建科", date(2024, 5, 13), "财务处")


def test_a_label_that_asks_for_a_day_keeps_its_blanks() -> None:
    form = drafted(
        of_lines(["申请书", "成立时间：________        ____年__月__日"], ("姓名", ""), ("性别", ""))
    )
    assert next(one.kind for one in form.fields.values()) == "date"
    assert "日期" not in form.titles.values()


def test_a_lone_box_before_a_statement_is_read_where_the_statement_is_its_label(tmp_path: Path) -> None:
    said = "{} 本人承诺以上所填内容和提交的材料均真实。\n申请人（签字）：________\n      年    月    日"
    form = drafted(of_lines(["申请表", "姓名：________"], (said.format("□"),), ("注：一式两份",)))
    lone = next(one for one in form.fields.values() if one.kind == "choice")
    signed = next(form.titles[one.name] for one in form.fields.values() if one.kind == "date")
    assert signed == "申请人签字日期"
    for mark, value in (("☑", lone.options), ("□", ())):
        filled = of_lines(["申请表", "姓名：裴兰英"], (said.format(mark),), ("注：一式两份",))
        found = read(form, filled, tmp_path)
        assert (found[form.titles[lone.name]] or ()) == value


def test_a_label_of_one_character_may_have_another_in_brackets() -> None:
    """Met on a scan, on which no line shows under the blanks: none of 院（系）, 专业 and 班级 was found."""
    asked = asked_in("院（系）：      专业：      班级：", is_blank, may_be_filled=True)
    assert [label for label, _ in asked] == ["院（系）", "专业", "班级"]


def test_a_day_behind_the_place_for_a_name_is_asked_for() -> None:
    form = drafted(of_lines(["申请书", "姓名：________", "申请人签名：________          年    月    日"]))
    assert [(field.kind, form.titles[name]) for name, field in form.fields.items()][1:] == [
        ("signature", "申请人签名"),
        ("date", "申请人签名日期"),
    ]


def test_a_cell_that_says_only_how_to_fill_it_in_belongs_to_the_heading_above() -> None:
    form = drafted(of_lines(["申报表"], ("建设情况",), ("（简述机构设置情况，可另附页）",)))
    assert list(form.titles.values()) == ["建设情况"]


def test_a_single_blank_of_a_line_is_apart_from_the_words_around_it(tmp_path: Path) -> None:
    def lines(who: str, day: str, days: str) -> list[str]:
        return [
            "询价单",
            f"致：{who}（供应商名称）",
            f"因业务需要，我单位拟采购下列物资，请贵公司于{day}前将报价单密封送达。",
            f"三、报价有效期：自报价之日起{days}天。",
        ]

    table = (("联系人", ""),)
    form = drafted(of_lines(lines("____________", "____年__月__日", "____"), *table))
    found = read(form, of_lines(lines("恒达公司", "2024年6月20日", "60"), *table), tmp_path)
    assert found["致"] == "恒达公司"
    assert found["请贵公司于"] == date(2024, 6, 20)
    assert "报价有效期" in found


def test_a_month_without_a_label_at_the_end_of_a_line_is_a_field_of_its_own() -> None:
    form = drafted(of_lines(["情况表", "企业名称（盖章）：____________          年    月"], ("产值", "")))
    kinds = {form.titles[name]: field.kind for name, field in form.fields.items()}
    assert kinds == {"企业名称": "text", "企业名称盖章": "seal", "企业名称年月": "month", "产值": "text"}


def test_what_the_head_of_a_statistical_table_says_is_no_answer() -> None:
    form = drafted(of_lines(["表    号：能统01表", "能源消费情况表", "填报单位：________"], ("产值", "")))
    assert list(form.titles.values()) == ["填报单位", "产值"]
