"""What a single cell asks for, in the ways in which offices print it: boxes beside words, sentences before a
stamp, sums in words and in figures, options before their boxes, advice."""

from typing import Any

import pytest

from extractor.drafting.content import content_of, is_to_fill
from extractor.drafting.kinds import kind_of, plain_label, unit_for_all
from models.page import Cell, Line, Run


def cell(text: str) -> Cell:
    lines = tuple(Line(spans=(Run(text=line),) if line else ()) for line in text.split("\n"))
    return Cell(row=0, column=0, lines=lines)


def asked(label: str, text: str) -> list[tuple[str, Any]]:
    """Of each item its kind, and what tells it from the others: options, print, or its prompt."""
    items = content_of(label, cell(text)).items
    return [(one["kind"], one.get("options") or one.get("text") or one.get("prompt")) for one in items]


@pytest.mark.parametrize(
    ("label", "text", "items"),
    [
        (
            "是否上市",
            "□是  □否    上市时间：________",
            [("choice", ["是", "否"]), ("date", "上市时间：")],
        ),
        (
            "学习情况",
            "成绩排名：______（名次/总人数）    综合排名：□是  □否",
            [("text", "成绩排名："), ("printed", "（名次/总人数）"), ("choice", ["是", "否"])],
        ),
        (
            "结论",
            "□合格  □不合格\n\n登记机关（盖章）        年    月    日",
            [("choice", ["合格", "不合格"]), ("seal", "登记机关（盖章）"), ("date", None)],
        ),
        (
            "审批意见",
            "同意从____年__月起发放，每月____元。\n（盖章）      年    月    日",
            [
                ("printed", "同意从"), ("month", None), ("number", "起发放，每月"),
                ("seal", "（盖章）"), ("date", None),
            ],
        ),
        (
            "申请理由",
            "（200字以内）\n\n申请人签名（手签）：          \n    年   月   日",
            [("prose", None), ("signature", "申请人签名（手签）："), ("date", None)],
        ),
        (
            "社区意见",
            "\n经办人：              （盖章）   年   月   日",
            [("text", None), ("text", "经办人："), ("seal", "（盖章）"), ("date", None)],
        ),
        (
            "推荐理由",
            "（100字以内）\n\n推荐人（辅导员）签名：        ",
            [("prose", None), ("signature", "推荐人（辅导员）签名：")],
        ),
        ("场馆审核", "\n审核人：          年   月   日", [("text", None), ("text", "审核人："), ("date", None)]),
        ("勘查意见", "\n勘查人：\n   年   月   日", [("text", None), ("text", "勘查人："), ("date", None)]),
        ("合计金额", "（大写）____________    （小写）￥______", [("money", None)]),
        ("推荐档次", "A.特别困难□\nB.困难□", [("choice", ["特别困难", "困难"])]),
        ("供应商名称（加盖公章）", "", [("text", None), ("seal", None)]),
        ("承担单位", "                （盖章）", [("text", None), ("seal", "（盖章）")]),
        (
            "处置情况",
            "1.保留（     ㎡）□；2.退给集体□；3.其他（        ）□",
            [("choice", ["保留", "退给集体", "其他"]), ("number", None), ("text", None)],
        ),
        ("意向", "（1）□ 整理上架\n（2）□ 少儿阅读\n（3）□ 咨询", [("choice", ["整理上架", "少儿阅读", "咨询"])]),
        (
            "服务时段",
            "周一至周五：□上午 □晚上\n周六、周日：□上午 □晚上",
            [("choice", ["上午", "晚上"]), ("choice", ["上午", "晚上"])],
        ),
        (
            "经济状况",
            "人口____人，月收入____元，是否低保：□是 □否",
            [
                ("printed", "人口"), ("number", None), ("number", "，月收入"), ("choice", ["是", "否"]),
            ],
        ),
        (
            "申请理由",
            "\n申请人：            年    月    日",
            [("prose", None), ("text", "申请人："), ("date", None)],
        ),
        ("财务审核", "（签字）", [("signature", "（签字）")]),
        ("场馆审核", "校长（签字）：        ", [("text", None), ("signature", "校长（签字）：")]),
        ("财务审核", "\n\n（签字）", [("text", None), ("signature", "（签字）")]),
        ("处理意见", "（签字）", [("text", None), ("signature", "（签字）")]),
        ("建筑层数", "    层", [("number", None)]),
        ("请假时间", "自    年  月  日至    年  月  日，共____天", [("printed", "自"), ("period", None), ("number", "，共")]),
    ],
)  # fmt: skip
def test_what_stands_beside_marks_and_boxes_is_asked_for(
    label: str, text: str, items: list[tuple[str, Any]]
) -> None:
    assert is_to_fill(cell(text))
    assert asked(label, text) == items


def test_a_unit_in_brackets_behind_an_option_is_written_before_it() -> None:
    items = content_of("补贴", cell("□生活补贴（    元/月）\n□护理补贴（    元/月）")).items
    assert items[0]["options"] == ["生活补贴", "护理补贴"]
    assert [(one["beside"], one["unit"]) for one in items[1:]] == [
        ("生活补贴", "元/月"),
        ("护理补贴", "元/月"),
    ]


def test_an_inner_table_of_word_gives_a_place_for_each_of_its_labels() -> None:
    items = content_of("展览信息", cell("展览名称\t\n布展日期\t\t展位数\t   个")).items
    assert [(one["kind"], one["prompt"]) for one in items] == [
        ("text", "展览名称 "), ("date", "布展日期 "), ("number", "展位数 "),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("计划类别", "text"), ("工作计划", "prose"), ("参加工作时间", "month"), ("到货时间", "date"),
        ("出生年月（   岁）", "month"), ("业务主管单位（印章）", "seal"), ("职工总数（人）", "number"),
        ("预计还款日", "date"), ("法定节假日", "text"),
    ],
)  # fmt: skip
def test_kinds_are_told_by_where_the_words_stand_in_a_label(label: str, kind: str) -> None:
    assert kind_of(label)[0] == kind


def test_a_label_leaves_out_what_only_tells_about_its_answer() -> None:
    assert plain_label("出生年月（   岁）") == "出生年月"
    assert plain_label("供应商名称（加盖公章）") == "供应商名称"
    assert plain_label("申请人（签字）") == "申请人（签字）"


def test_one_unit_may_be_named_for_all_sums_of_a_form() -> None:
    assert unit_for_all("金额单位：万元") == "万元"
    assert unit_for_all("单位：人、万元、亩") == ""
    assert unit_for_all("单位：水利管理站") is None


@pytest.mark.parametrize(
    ("label", "text", "items"),
    [
        ("自评结论", "\n\n负责人（签字）：        ", [("text", None), ("signature", "负责人（签字）：")]),
        (
            "情况（近三年）",
            "□否\n□是（事故起数：____起，死亡人数：____人）",
            [("choice", ["否", "是"]), ("number", "（事故起数："), ("number", "死亡人数：")],
        ),
        (
            "调查意见",
            "人均收入____元，□符合 □不符合救助条件。",
            [
                ("printed", "人均收入"), ("number", None), ("choice", ["符合", "不符合"]),
                ("printed", "救助条件。"),
            ],
        ),
        (
            "经营情况（万元）",
            "收入____，利润____。",
            [("printed", "收入"), ("number", None), ("number", "，利润")],
        ),
        (
            "声明",
            "内容真实。\n填表人员：        日期：      年   月   日      （使用单位公章）",
            [("printed", "内容真实。"), ("text", "填表人员："), ("date", "日期："), ("seal", "（使用单位公章）")],
        ),
        (
            "登记",
            "登记人员：        日期：      年   月   日      （登记机关专用章）",
            [("text", "登记人员："), ("date", "日期："), ("seal", "（登记机关专用章）")],
        ),
        ("登记", "登记机关：（盖章）          年   月   日", [("seal", "登记机关：（盖章）"), ("date", None)]),
        ("租期", "    个月", [("number", None)]),
        ("交货期", "合同签订后____日内", [("printed", "合同签订后"), ("text", None), ("printed", "日内")]),
        (
            "备案回执",
            "该项目已经完成备案，备案号：        ",
            [("printed", "该项目已经完成备案，备案号："), ("text", None)],
        ),
        (
            "出差时间",
            "自____年__月__日__时至____年__月__日__时",
            [("printed", "自"), ("date-time", None), ("date-time", "至")],
        ),
        ("分管领导", "\n    年  月  日", [("text", None), ("date", None)]),
        ("入库时间", "\n    年  月  日", [("date", None)]),
        ("使用部门", "\n（盖章）", [("text", None), ("seal", "（盖章）")]),
        ("使用部门", "（盖章）", [("seal", "（盖章）")]),
        ("生态影响", "有□（说明：____）  无□", [("choice", ["有", "无"]), ("text", "（说明：")]),
        ("原户主", "户名\t\n签名\t", [("text", "户名 "), ("signature", "签名 ")]),
    ],
)  # fmt: skip
def test_words_of_offices_around_marks_boxes_and_blanks(
    label: str, text: str, items: list[tuple[str, Any]]
) -> None:
    assert asked(label, text) == items


def test_how_to_tick_is_no_part_of_a_label() -> None:
    assert plain_label("单位类型（请在□内打“√”）") == "单位类型"
    assert plain_label("单位类型（打印）") == "单位类型（打印）"
