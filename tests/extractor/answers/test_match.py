"""Where answers stand: forms in every arrangement that came back, told by their cells alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from extractor.answers.labels import align
from extractor.answers.match import Match, match
from extractor.answers.units import units_of
from models.form import FormDefinition
from models.page import Cell, Line, Page, Pages, Picture, Run, Table, Tick

FORM = FormDefinition.model_validate(
    {
        "name": "small",
        "version": "1",
        "title": "小表",
        "columns": [3, 5, 3, 5],
        "rows": [
            {
                "cells": [
                    {
                        "label": "单位名称",
                        "columns": 3,
                        "content": [{"kind": "text", "name": "unit", "required": True}],
                    }
                ]
            },
            {
                "cells": [
                    {"label": "负责人", "content": [{"kind": "text", "name": "head"}]},
                    {
                        "label": "职务",
                        "content": [{"kind": "text", "name": "head_title", "label": "负责人职务"}],
                    },
                ]
            },
            {
                "cells": [
                    {"label": "联系人", "content": [{"kind": "text", "name": "contact"}]},
                    {
                        "label": "职务",
                        "content": [{"kind": "text", "name": "contact_title", "label": "联系人职务"}],
                    },
                ]
            },
            {
                "cells": [
                    {
                        "label": "单位概况",
                        "aliases": ["概况"],
                        "columns": 3,
                        "content": [
                            {
                                "kind": "prose",
                                "name": "about",
                                "guidance": ["请从占地面积、职工人数等方面简要介绍单位的基本情况。"],
                            }
                        ],
                    }
                ]
            },
            {
                "cells": [
                    {
                        "label": "承诺",
                        "columns": 3,
                        "content": [
                            {"kind": "printed", "text": "本单位对所提交材料的真实性负责，特此声明。"},
                            {
                                "kind": "seal",
                                "name": "seal",
                                "label": "盖章",
                                "prompt": "单位（盖章）：",
                                "mentions": "unit",
                            },
                            {
                                "kind": "signature",
                                "name": "sign",
                                "label": "签字",
                                "prompt": "负责人（签字）：",
                            },
                            {"kind": "date", "name": "day", "label": "日期"},
                        ],
                    }
                ]
            },
        ],
    }
)
FULL = [
    ["单位名称", "清源水务公司"],
    ["负责人", "王伟", "职务", "主任"],
    ["联系人", "李芳", "职务", "科长"],
    ["单位概况", "占地80亩。\n职工40人。"],
    ["承诺", "本单位对所提交材料的真实性负责，特此声明。\n单位（盖章）：\n负责人（签字）：\n2021年2月5日"],
]
VALUES = {
    "unit": "清源水务公司", "head": "王伟", "head_title": "主任", "contact": "李芳", "contact_title": "科长",
    "about": "占地80亩。\n职工40人。", "day": "2021-02-05",
}  # fmt: skip


def lines(text: str) -> tuple[Line, ...]:
    return tuple(Line(spans=(Run(text=line),) if line else ()) for line in text.split("\n"))


def table(rows: list[list[str]], index: int = 0) -> Table:
    cells = []
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            span = 4 - column if column == len(row) - 1 else 1
            cells.append(Cell(row=number, column=column, column_span=span, lines=lines(text)))
    return Table(index=index, cells=tuple(cells))


def pages(*blocks: Table | Line) -> Pages:
    return Pages(reader="word", pages=(Page(number=1, blocks=blocks),))


def values(found: Match) -> Mapping[str, Any]:
    plain = {}
    for seen in found.observations:
        field = found.form.fields[seen.field]
        if field.kind not in ("seal", "signature"):
            plain[seen.field] = field.to_json(seen.value)
    return plain


def read(*blocks: Table | Line) -> Match:
    return lay(pages(*blocks), FORM)


def lay(over: Pages, form: FormDefinition) -> Match:
    return match(over, align(form, units_of(over)), "a.docx")


def test_a_form_as_it_went_out_is_read_cell_by_cell() -> None:
    found = read(table(FULL))
    assert values(found) == VALUES
    assert found.score == 1
    assert not any(seen.doubts for seen in found.observations)


def test_every_value_has_the_cell_it_came_from() -> None:
    cells = {seen.field: seen.evidence[0].cell for seen in read(table(FULL)).observations}
    assert {name: (c.row, c.column) for name, c in cells.items() if c} == {
        "unit": (0, 1), "head": (1, 1), "head_title": (1, 3), "contact": (2, 1), "contact_title": (2, 3),
        "about": (3, 1), "seal": (4, 1), "sign": (4, 1), "day": (4, 1),
    }  # fmt: skip


def test_a_repeated_label_is_told_by_its_neighbours_when_a_row_is_missing() -> None:
    found = read(table([row for row in FULL if row[0] != "负责人"]))
    assert values(found) == {k: v for k, v in VALUES.items() if not k.startswith("head")}


def test_a_misread_label_is_still_found() -> None:
    rows = [["单佐名称", *FULL[0][1:]], *FULL[1:]]
    assert values(read(table(rows)))["unit"] == "清源水务公司"


def test_labels_may_have_blanks_colons_and_other_names() -> None:
    rows = [
        ["单 位 名 称：", FULL[0][1]],
        ["负责人", "王伟", "职　务", "主任"],
        FULL[2],
        ["概 况", FULL[3][1]],
        FULL[4],
    ]
    assert values(read(table(rows))) == VALUES


def test_rows_may_stand_in_another_order() -> None:
    rows = [FULL[1], FULL[2], FULL[3], FULL[4], FULL[0]]
    assert values(read(table(rows))) == VALUES


def test_label_and_value_may_share_a_cell() -> None:
    rows = [
        ["单位名称：清源水务公司"],
        ["负责人：王伟", "职务：主任"],
        ["联系人：\n李芳", "职务:科长"],
        FULL[3],
        FULL[4],
    ]
    assert values(read(table(rows))) == VALUES


def test_two_labels_with_their_values_may_share_a_cell() -> None:
    rows = [FULL[0], ["负责人：王伟    职务：主任"], ["联系人：李芳  职务：科长"], FULL[3], FULL[4]]
    assert values(read(table(rows))) == VALUES


def test_a_form_without_a_table_is_read_line_by_line() -> None:
    text = "单位名称：清源水务公司\n负责人：王伟  职务：主任\n联系人：李芳  职务：科长\n单位概况：占地80亩。\n职工40人。"
    assert values(read(*lines(text))) == {k: v for k, v in VALUES.items() if k != "day"}


def test_values_below_their_labels_are_read_where_nothing_stands_beside() -> None:
    rows = [["单位名称"], ["清源水务公司"], *FULL[1:]]
    assert values(read(table(rows))) == VALUES


def test_a_row_added_without_a_label_continues_the_answer_above() -> None:
    rows = [*FULL[:3], ["单位概况", "占地80亩。"], ["", "职工40人。"], FULL[4]]
    assert values(read(table(rows))) == VALUES


def test_a_form_cut_into_two_tables_is_read_as_one() -> None:
    assert values(read(table(FULL[:2]), Line(), table(FULL[2:], 1))) == VALUES


def test_a_table_of_something_else_before_the_form_does_no_harm() -> None:
    decoy = table([["填表说明", "负责人由单位自行确定"], ["职务", "按任命文件填写"]])
    assert values(read(decoy, table(FULL, 1))) == VALUES


@pytest.mark.parametrize(
    "place", ["{guidance}\n{answer}", "{answer}\n{guidance}", "占地80亩。\n{guidance}\n职工40人。"]
)
def test_guidance_left_standing_is_no_answer(place: str) -> None:
    guidance = "请从占地面积、职工人数等方面，简要介绍单位的基本情况"
    text = place.format(guidance=guidance, answer=FULL[3][1])
    assert values(read(table([*FULL[:3], ["单位概况", text], FULL[4]]))) == VALUES


def test_untouched_guidance_is_an_empty_answer() -> None:
    rows = [*FULL[:3], ["单位概况", "请从占地面积、职工人数等方面简要介绍单位的基本情况。"], FULL[4]]
    assert values(read(table(rows)))["about"] is None


def test_guidance_in_a_wording_that_nobody_told_us_is_doubted() -> None:
    rows = [*FULL[:3], ["单位概况", "（简要介绍单位情况，500字以内）\n占地80亩。"], FULL[4]]
    doubts = {
        doubt.code
        for seen in read(table(rows)).observations
        for doubt in seen.doubts
        if seen.field == "about"
    }
    assert doubts == {"guidance-left"}


def test_guidance_that_runs_on_from_the_answer_in_one_line_is_told() -> None:
    text = "占地80亩，职工40人；请从占地面积、职工人数等方面简要介绍。"
    found = read(table([*FULL[:3], ["单位概况", text], FULL[4]]))
    doubts = {doubt.code for seen in found.observations for doubt in seen.doubts if seen.field == "about"}
    assert doubts == {"guidance-left"}


def test_guidance_cut_short_is_no_part_of_the_answer_and_is_told() -> None:
    rows = [*FULL[:3], ["单位概况", "占地80亩。\n请从占地面积等方面简要介绍单位的情况。"], FULL[4]]
    found = read(table(rows))
    assert values(found)["about"] == "占地80亩。"
    doubts = {doubt.code for seen in found.observations for doubt in seen.doubts if seen.field == "about"}
    assert doubts == {"guidance-left"}


def test_seal_and_signature_are_absent_where_nothing_is_set() -> None:
    seen = {one.field: one for one in read(table(FULL)).observations}
    assert (seen["seal"].value.present, seen["sign"].value.present) == (False, False)
    assert not seen["seal"].doubts


def test_typed_words_are_no_seal_and_no_signature() -> None:
    rows = [
        *FULL[:4],
        ["承诺", "特此声明。\n单位（盖章）：清源水务公司\n负责人（签字）：王伟\n    年    月    日"],
    ]
    seen = {one.field: one for one in read(table(rows)).observations}
    assert not seen["seal"].value.present
    assert [doubt.code for doubt in (*seen["seal"].doubts, *seen["sign"].doubts)] == [
        "seal-typed",
        "signature-typed",
    ]
    assert seen["day"].value is None


def test_a_date_may_stand_before_the_signature() -> None:
    rows = [*FULL[:4], ["承诺", "特此声明。\n单位（盖章）： 2021年2月5日\n负责人（签字）："]]
    assert values(read(table(rows)))["day"] == "2021-02-05"


def test_a_picture_by_the_prompt_may_be_a_seal_and_goes_to_review() -> None:
    marked = [
        Line(spans=(Run(text="单位（盖章）："), Picture(kind="picture"))),
        *lines("负责人（签字）：\n2021年2月5日"),
    ]
    grid = table(FULL)
    cells = (*grid.cells[:-1], grid.cells[-1].model_copy(update={"lines": tuple(marked)}))
    seen = {one.field: one for one in read(grid.model_copy(update={"cells": cells})).observations}
    assert seen["seal"].value.present
    assert not seen["sign"].value.present
    assert [doubt.code for doubt in seen["seal"].doubts] == ["seal-unverified"]


def test_a_value_that_repeats_itself_is_doubted() -> None:
    rows = [["单位名称", "清源水务公司" * 3], *FULL[1:]]
    seen = next(one for one in read(table(rows)).observations if one.field == "unit")
    assert seen.value == "清源水务公司"
    assert [doubt.code for doubt in seen.doubts] == ["text-repeated"]


def test_a_second_form_in_the_file_is_said() -> None:
    found = read(table(FULL), table(FULL, 1))
    assert values(found) == VALUES
    assert [finding.code for finding in found.findings] == ["other-form-too"]


def test_something_else_scores_low() -> None:
    assert read(table([["序号", "名称"], ["1", "水泵"]])).score == 0
    assert read().score == 0


def test_rows_of_an_inner_table_are_read_until_the_next_label(forms: Mapping[str, FormDefinition]) -> None:
    form = next(form for form in forms.values() if any(cell.rows_field for cell in form.cells()))
    cell = next(cell for cell in form.cells() if cell.rows_field)
    field = cell.rows_field
    assert field is not None
    headings = [column.label for column in field.columns]
    rows = [
        [cell.label or "", *headings],
        ["", "煤", "12", "甲公司"],
        ["", "", "", ""],
        ["", "气", "1,500 吨", ""],
    ]
    after = form.rows[-1].cells[0]
    found = lay(pages(table([*rows, [after.label or "", "x"]])), form)
    seen = next(one for one in found.observations if one.field == field.name)
    texts = [tuple(field.format_row(row)) for row in seen.value]
    assert texts == [("煤", "12吨", "甲公司"), ("气", "1500吨", "")]


def test_a_character_that_was_taken_for_a_mark_is_told() -> None:
    whole = table(FULL)
    name = FULL[0][1]
    spans = (Run(text=name[:2]), Tick(state="ticked", confidence=0.99), Run(text=name[3:]))
    cells = [
        cell.model_copy(update={"lines": (Line(spans=spans),)}) if cell.text == name else cell
        for cell in whole.cells
    ]
    pages = Pages(
        reader="scan", pages=(Page(number=1, blocks=(whole.model_copy(update={"cells": tuple(cells)}),)),)
    )
    seen = match(pages, align(FORM, units_of(pages)), "a.pdf")
    assert any(doubt.code == "mark-in-answer" for one in seen.observations for doubt in one.doubts)


def doubts(found: Match, field: str) -> list[str]:
    return [doubt.code for seen in found.observations if seen.field == field for doubt in seen.doubts]


MONEY = FormDefinition.model_validate(
    {
        "name": "money", "version": "1", "title": "小表", "columns": [3, 5],
        "rows": [
            {"cells": [{"label": "单位名称", "content": [{"kind": "text", "name": "unit"}]}]},
            {"cells": [{"label": "年营业收入", "content": [{"kind": "number", "name": "income", "unit": "万元"}]}]},
        ],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("label", "told"), [("年营业收入85", ["label-rest"]), ("2. 年营业收入", []), ("年营业收入", [])]
)
def test_what_a_label_s_own_cell_holds_beside_the_label_is_not_dropped(label: str, told: list[str]) -> None:
    assert doubts(lay(pages(table([["单位名称", "清源水务公司"], [label, ""]])), MONEY), "income") == told


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("通讯地址申报单位基本概况", ["place-unsure"]),
        ("通讯地扯\n申报单位基本概况", ["place-unsure"]),
        ("申报单位基本概况\n（盖章）", []),
    ],
)
def test_what_stands_beside_two_labels_in_one_cell_is_doubted(title: str, told: list[str]) -> None:
    rows = [["通讯地址", "text", "address"], ["申报单位基本概况", "prose", "about"]]
    form = FormDefinition.model_validate(
        {
            "name": "two", "version": "1", "title": "小表", "columns": [3, 5],
            "rows": [
                {"cells": [{"label": label, "content": [{"kind": kind, "name": name}]}]}
                for label, kind, name in rows
            ],
        }
    )  # fmt: skip
    found = lay(pages(table([[title, "新华路990号\n占地80亩。职工40人。"]])), form)
    assert doubts(found, "about") == told


def test_an_answer_that_is_another_label_of_the_form_is_doubted() -> None:
    assert doubts(read(table([["单位名称", "单位概况"], *FULL[1:]])), "unit") == ["answer-is-label"]


@pytest.mark.parametrize(
    "gloss", ["（全称）", " Name of the unit", "\nUnit", "（请填写营业执照上的单位全称）"]
)
def test_a_label_that_its_cell_explains_is_that_label(gloss: str) -> None:
    found = read(table([[FULL[0][0] + gloss, FULL[0][1]], *FULL[1:]]))
    assert values(found) == VALUES
    assert not doubts(found, "unit")


def test_what_stands_behind_a_label_in_the_last_cell_of_its_row_is_no_explanation() -> None:
    found = read(table([["单位名称\nSiemens"], *FULL[1:]]))
    assert values(found)["unit"] == "Siemens"


def test_a_number_behind_a_label_is_no_explanation() -> None:
    found = read(table([FULL[0], ["负责人（13800000000）", "王伟", "职务", "主任"], *FULL[2:]]))
    assert "label-rest" in doubts(found, "head")
