"""What a returned form could be misread as: `accept` promises that a value is right, so each of these is
right or in review."""

from pathlib import Path
from typing import Any

import pytest

from extractor import Source, extract
from models.form import FormDefinition
from tests.extractor.documents import cell, docx, paragraph, row, run, table
from tests.extractor.energy_form import SOURCES

GUIDANCE = "从申报主体的低碳工作现状、拟开展的重点任务、项目背景和用途、建设内容、预期减排情况、创新情况、组织保障等方面进行简介。"
ANSWER = "建成光伏电站十座，每年减排八百吨。"
OPTIONS = ["光伏", "储能", "绿电", "热泵"]
FORM = FormDefinition.model_validate(
    {
        "name": "silent",
        "version": "1",
        "title": "项目表",
        "columns": [3, 5, 3, 5],
        "rows": [
            {
                "cells": [
                    {"label": "项目名称", "columns": 3, "content": [{"kind": "text", "name": "project"}]}
                ]
            },
            {
                "cells": [
                    {
                        "label": "减碳措施",
                        "columns": 3,
                        "content": [{"kind": "choice", "name": "measures", "options": OPTIONS}],
                    }
                ]
            },
            {"cells": [{"label": "申报单位", "columns": 3, "content": [{"kind": "text", "name": "unit"}]}]},
            {
                "cells": [
                    {"label": "负责人", "content": [{"kind": "text", "name": "head"}]},
                    {"label": "职务", "content": [{"kind": "text", "name": "head_title"}]},
                ]
            },
            SOURCES,
            {
                "cells": [
                    {
                        "label": "任务简介",
                        "columns": 3,
                        "content": [{"kind": "prose", "name": "tasks", "guidance": [GUIDANCE]}],
                    }
                ]
            },
            {
                "cells": [
                    {
                        "label": "推荐意见",
                        "columns": 3,
                        "content": [
                            {"kind": "text", "name": "opinion", "label": "意见"},
                            {"kind": "seal", "name": "seal", "label": "盖章", "prompt": "（部门盖章）"},
                            {"kind": "date", "name": "day", "label": "日期"},
                        ],
                    }
                ]
            },
        ],
    }
)
SPAN = '<w:gridSpan w:val="{}"/>'
ROWS = {
    "project": row("项目名称", cell("东湖项目", properties=SPAN.format(3))),
    "measures": row("减碳措施", cell("☑光伏 □储能 □绿电 □热泵", properties=SPAN.format(3))),
    "unit": row("申报单位", cell("东湖公司", properties=SPAN.format(3))),
    "head": row("负责人", "张三", "职务", "主任"),
    "sources": row(
        cell("主要能源", properties='<w:vMerge w:val="restart"/>'),
        "品种",
        cell("数量", properties=SPAN.format(2)),
    )
    + row(cell(properties="<w:vMerge/>"), "煤炭", cell("20", properties=SPAN.format(2))),
    "tasks": row("任务简介", cell(ANSWER, properties=SPAN.format(3))),
    "opinion": row("推荐意见", cell("同意", "（部门盖章）", "2024年5月8日", properties=SPAN.format(3))),
}


def accepted(folder: Path, **changed: str) -> dict[str, Any]:
    """{field: value} of what is accepted when rows of the form are changed; a plain text is the cell's."""
    rows = {
        name: xml
        if name not in changed
        else changed[name]
        if changed[name].startswith("<")
        else row(_LABELS[name], cell(*changed[name].split("\n"), properties=SPAN.format(3)))
        for name, xml in ROWS.items()
    }
    path = folder / "a.docx"
    path.write_bytes(docx(table(*rows.values())))
    result = extract(Source.at(path), {FORM.name: FORM})[0]
    assert result.error is None
    return {
        name: FORM.fields[name].to_json(field.value)
        for name, field in result.fields.items()
        if field.decision == "accept"
    }


_LABELS = {
    "project": "项目名称",
    "measures": "减碳措施",
    "unit": "申报单位",
    "tasks": "任务简介",
    "opinion": "推荐意见",
}


def test_a_form_without_oddities_is_accepted(tmp_path: Path) -> None:
    assert accepted(tmp_path) == {
        "project": "东湖项目", "measures": ["光伏"], "unit": "东湖公司", "head": "张三", "head_title": "主任",
        "sources": [{"source": "煤炭", "used": {"amount": "20", "unit": "吨"}}], "tasks": ANSWER,
        "opinion": "同意",
        "seal": {"present": False, "text": None, "agrees": None}, "day": "2024-05-08",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "光伏 储能 绿电 热泵\n      √",
        "□光伏 □储能 □绿电 □热泵\n      √",
        "□光伏 □储能 □绿电 □热泵        √",
        "√        □光伏 □储能 □绿电 □热泵",
        "□光伏 □储能 □绿电 □热泵 ☑",
        "光伏 储能 绿电 热泵 □ ☑ □ □",
        "1.光伏 2.储能 3.绿电 4.热泵\n13",
        "1.光伏 2.储能 3.绿电 4.热泵（1、3）",
        "①光伏 ②储能 ③绿电 ④热泵 ①③",
        "光伏 1 储能 0 绿电 1 热泵 0",
        "★光伏 ☆储能 ★绿电 ☆热泵",
        "光伏 + 储能 - 绿电 + 热泵 -",
        "*光伏 储能 *绿电 热泵",
        "☒光伏 ☒储能 ☑绿电 ☒热泵",
        "☒光伏 □储能 ☑绿电 □热泵",
        "√",
    ],
)
def test_a_choice_that_can_be_meant_in_two_ways_is_not_accepted(text: str, tmp_path: Path) -> None:
    assert "measures" not in accepted(tmp_path, measures=text)


def test_numbers_that_count_the_options_are_no_answer(tmp_path: Path) -> None:
    assert accepted(tmp_path, measures="1.□光伏 2.☑储能 3.□绿电 4.□热泵")["measures"] == ["储能"]
    assert accepted(tmp_path, measures="□1、光伏 ☑2、储能 □3、绿电 □4、热泵")["measures"] == ["储能"]


def merged(label: str, start: bool) -> str:
    return cell(label, properties='<w:vMerge w:val="restart"/>' if start else "<w:vMerge/>")


@pytest.mark.parametrize(
    "rows",
    [
        row(merged("减碳措施", True), "光伏", "储能", "绿电") + row(merged("", False), "", "√", ""),
        row(merged("减碳措施", True), "", "√", "") + row(merged("", False), "光伏", "储能", "绿电"),
        row("减碳措施", "光伏", "储能", "绿电") + row("", "", "√", ""),
        row("减碳措施", cell("光伏", "储能", "绿电"), cell("", "√", "")),
        row("减碳措施", cell("", "√", ""), cell("光伏", "储能", "绿电")),
    ],
)
def test_marks_in_cells_apart_from_the_options_are_not_guessed(rows: str, tmp_path: Path) -> None:
    assert "measures" not in accepted(tmp_path, measures=rows)


@pytest.mark.parametrize(
    ("what", "name", "rows"),
    [
        ("an unknown label beside", "head", row("负责人", "张三", "性别", "男", "职务", "主任")),
        (
            "an unknown label at the end",
            "head_title",
            row("负责人", "张三", "职务", "主任", "手机", "13911112222"),
        ),
        ("names under names", "head", row("", "姓名", "职务") + row("负责人", "张三", "主任")),
        ("two answers without a label", "head", row("负责人", "", "职务", "") + row("", "李四", "", "科员")),
        (
            "a person more",
            "head",
            row("负责人", "张三", "职务", "主任") + row("负责人", "王五", "职务", "副主任"),
        ),
        ("a column more", "unit", row("申报单位", "东湖公司", "已核")),
        ("an old and a new row", "unit", row("申报单位", "东湖公司") + row("申报单位", "西湖公司")),
        (
            "another label of the same beginning",
            "unit",
            row("单位全称", "东湖公司") + row("申报单位地址", "东湖路1号"),
        ),
        ("another label inside", "unit", row("申报单位", "东湖公司 信用代码：123")),
    ],
)
def test_an_answer_with_something_of_another_is_not_accepted(
    what: str, name: str, rows: str, tmp_path: Path
) -> None:
    assert name not in accepted(tmp_path, **{"head" if name == "head_title" else name: rows})


def test_a_note_in_brackets_does_not_make_another_label(tmp_path: Path) -> None:
    assert accepted(tmp_path, unit=row("申报单位（全称）", "东湖公司"))["unit"] == "东湖公司"


@pytest.mark.parametrize("text", ["（部门盖章）\n同意\n2024年5月8日", "（部门盖章）\n2024年5月8日\n同意"])
def test_words_behind_the_seal_are_not_taken_for_nothing(text: str, tmp_path: Path) -> None:
    assert "opinion" not in accepted(tmp_path, opinion=text)


@pytest.mark.parametrize(
    "text",
    [
        "同意，请于2024年6月1日前完成整改",
        "同意，\n2024年6月1日前完成整改\n（部门盖章）",
        "同意\n（部门盖章）2024年5月6日\n2024年5月8日",
        "同意\n（部门盖章）\n2024年5月6日至2024年5月8日",
    ],
)
def test_a_date_that_says_something_else_or_is_one_of_two_is_not_accepted(text: str, tmp_path: Path) -> None:
    got = accepted(tmp_path, opinion=text)
    assert got.get("day") is None
    assert got.get("opinion", "同意").replace(" ", "") in (
        "同意",
        "同意，请于2024年6月1日前完成整改",
        "同意，2024年6月1日前完成整改",
    )


def test_the_same_date_twice_is_one(tmp_path: Path) -> None:
    assert accepted(tmp_path, opinion="同意\n（部门盖章）2024年5月8日\n2024年5月8日")["day"] == "2024-05-08"


@pytest.mark.parametrize(
    "extra",
    [
        row(cell(properties="<w:vMerge/>"), "合计", cell("20", properties=SPAN.format(2))),
        row(
            cell(properties="<w:vMerge/>"),
            cell(paragraph(run("柴油", "<w:strike/>"))),
            cell(paragraph(run("5", "<w:strike/>")), properties=SPAN.format(2)),
        ),
        row(
            cell(properties="<w:vMerge/>"),
            "柴油",
            cell(paragraph(run("5", "<w:strike/>"), "7"), properties=SPAN.format(2)),
        ),
    ],
)
def test_a_total_or_a_struck_row_is_not_accepted_as_a_row(extra: str, tmp_path: Path) -> None:
    assert "sources" not in accepted(tmp_path, sources=ROWS["sources"] + extra)


@pytest.mark.parametrize(
    "left",
    [
        GUIDANCE,
        f"{GUIDANCE}\n{GUIDANCE}",
        GUIDANCE.replace("创新情况、", ""),
        GUIDANCE.replace("创新情况、", "科技创新和管理创新的有关情况、"),
        "从低碳工作现状、拟开展的任务、项目背景、建设内容等方面进行简介。",
        GUIDANCE[:30],
    ],
)
def test_guidance_left_in_any_wording_is_no_part_of_an_accepted_answer(left: str, tmp_path: Path) -> None:
    assert accepted(tmp_path, tasks=f"{left}\n{ANSWER}").get("tasks") in (None, ANSWER)
    assert accepted(tmp_path, tasks=f"{left}").get("tasks") is None


def test_two_cells_under_one_heading_are_not_accepted_as_one(tmp_path: Path) -> None:
    extra = row(cell(properties="<w:vMerge/>"), "柴油", "5", "备注")
    assert "sources" not in accepted(tmp_path, sources=ROWS["sources"] + extra)
