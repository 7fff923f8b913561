"""Rows that break over to the next page: both halves are one cell."""

import pytest

from extractor.answers.match import Match
from models.form import FormDefinition
from models.page import Box, Line, Page, Table
from tests.extractor.answers.sheets import bottom, grid, line, scan, sheet, words
from tests.extractor.answers.test_match import FORM, FULL, doubts, lay, values

DAY = "2021年2月5日"
BROKEN = [*FULL[:4], ["承诺", FULL[4][1].removesuffix("\n" + DAY)]]
CUT = FormDefinition.model_validate(
    {
        "name": "cut", "version": "1", "title": "小表", "columns": [3, 5, 3, 5],
        "rows": [
            {"cells": [{"label": "单位名称", "columns": 3, "content": [{"kind": "text", "name": "unit"}]}]},
            {
                "cells": [
                    {
                        "label": "上级主管部门推荐意见", "columns": 3,
                        "content": [
                            {"kind": "text", "name": "opinion"},
                            {"kind": "seal", "name": "seal", "label": "推荐盖章", "prompt": "（部门盖章）"},
                            {"kind": "date", "name": "day", "label": "推荐日期"},
                        ],
                    }
                ]
            },
        ],
    }
)  # fmt: skip


def read(*pages: Page, form: FormDefinition = FORM) -> Match:
    return lay(scan(*pages), form)


def seal(found: Match) -> bool:
    return next(one.value.present for one in found.observations if one.field == "seal")


@pytest.mark.parametrize(
    "rest",
    [
        grid([["", DAY]], 60, 1),
        grid([["", DAY]], 60, 1, left=20, column=90),
        line(words(DAY, 190, 60)),
    ],
)
def test_a_date_alone_on_the_next_page_belongs_to_the_row_before(rest: Table | Line) -> None:
    found = read(sheet(1, bottom(BROKEN)), sheet(2, rest))
    assert values(found)["day"] == "2021-02-05"
    assert not doubts(found, "day")


@pytest.mark.parametrize("row", [[DAY, ""], [DAY, "", ""]])
def test_a_date_in_a_frame_that_a_streak_parted_anywhere_belongs_to_the_row_before(row: list[str]) -> None:
    frame = grid([row], 60, 1, left=400, column=60)
    found = read(sheet(1, bottom(BROKEN)), sheet(2, frame))
    assert values(found)["day"] == "2021-02-05"
    assert not doubts(found, "day")


def test_a_table_on_the_next_page_that_holds_more_than_the_row_is_another_s() -> None:
    rest = grid([["2021年3月9日", "到会签到"], ["2021年3月10日", "张三"]], 60, 1, left=400, column=60)
    found = read(sheet(1, bottom(BROKEN)), sheet(2, rest))
    assert values(found)["day"] is None or doubts(found, "day")


def test_a_page_s_number_is_no_part_of_a_row() -> None:
    found = read(
        sheet(1, bottom(BROKEN)), sheet(2, line(words(DAY, 190, 60)), line(words("第2页", 270, 800)))
    )
    assert values(found)["day"] == "2021-02-05"
    assert not doubts(found, "day")


def test_what_else_stands_on_the_next_page_makes_the_row_doubtful() -> None:
    found = read(
        sheet(1, bottom(BROKEN)), sheet(2, line(words(DAY, 190, 60)), line(words("收文专用章", 400, 120)))
    )
    assert values(found)["day"] == "2021-02-05"
    assert doubts(found, "day") == ["place-unsure"]


def test_a_date_beside_the_form_is_not_taken_where_the_row_has_one() -> None:
    found = read(sheet(1, bottom(FULL)), sheet(2, line(words("2021年3月9日", 190, 60))))
    assert values(found)["day"] == "2021-02-05"
    assert doubts(found, "day") == ["place-unsure"]


def test_a_date_on_the_next_page_is_not_taken_where_the_row_ends_high_on_its_own() -> None:
    found = read(sheet(1, grid(BROKEN)), sheet(2, line(words(DAY, 190, 60))))
    assert values(found)["day"] is None


def test_a_stamp_s_frame_on_the_next_page_does_not_go_on_with_the_table() -> None:
    stamp = Table(
        index=1,
        cells=grid([["2021.2.11第894号"]], 90).cells,
        box=Box(x0=50, y0=90, x1=530, y1=130),
    )
    found = read(sheet(1, bottom(BROKEN)), sheet(2, line(words(DAY, 190, 60)), stamp))
    assert values(found)["day"] == "2021-02-05"


@pytest.mark.parametrize("at", [4, 8])
def test_a_label_may_break_off_in_the_middle(at: int) -> None:
    label = "上级主管部门推荐意见"
    first = bottom([["单位名称", "清源水务公司"], [label[:at], "同意推荐。"]])
    found = read(sheet(1, first), sheet(2, grid([[label[at:], "（部门盖章）\n" + DAY]], 60, 1)), form=CUT)
    assert (values(found)["opinion"], values(found)["day"]) == ("同意推荐。", "2021-02-05")
    assert not doubts(found, "day")
    assert not found.books.told


def test_the_rest_of_a_label_and_a_date_may_stand_without_rules() -> None:
    first = bottom([["单位名称", "清源水务公司"], ["上级主管部门推", "同意推荐。\n（部门盖章）"]])
    rest = line(words("荐意见", 55, 60), words(DAY, 190, 60))
    assert values(read(sheet(1, first), sheet(2, rest), form=CUT))["day"] == "2021-02-05"


@pytest.mark.parametrize("box", [Box(x0=200, y0=760, x1=300, y1=840), Box(x0=200, y0=700, x1=300, y1=770)])
def test_a_seal_may_reach_beyond_the_end_of_the_page_s_half(box: Box) -> None:
    assert seal(read(sheet(1, bottom(BROKEN), seals=[box]), sheet(2, grid([["", DAY]], 60, 1))))


def test_a_seal_alone_on_the_next_page_belongs_to_the_row_before() -> None:
    found = read(sheet(1, bottom(FULL)), sheet(2, seals=[Box(x0=200, y0=60, x1=300, y1=160)]))
    assert seal(found)


def test_a_seal_in_an_empty_half_of_a_row_is_seen() -> None:
    assert seal(
        read(
            sheet(1, bottom(FULL)),
            sheet(2, grid([["", ""]], 60, 1), seals=[Box(x0=200, y0=50, x1=300, y1=110)]),
        )
    )


def test_what_stands_in_the_column_of_a_whole_label_is_not_its_rest() -> None:
    first = bottom([["单位名称", "清源水务公司"], ["上级主管部门推荐意见", "同意推荐。\n（部门盖章）"]])
    frame = Table(index=1, cells=grid([["收文"]], 20, 1).cells, box=Box(x0=50, y0=20, x1=530, y1=60))
    found = read(sheet(1, first), sheet(2, frame, line(words(DAY, 190, 90))), form=CUT)
    assert values(found)["day"] == "2021-02-05"


def test_a_long_text_that_goes_on_without_rules_is_read_and_doubted() -> None:
    found = read(sheet(1, bottom(FULL[:4])), sheet(2, line(words("另有厂房三栋。", 190, 60))))
    assert values(found)["about"] == FULL[3][1] + "\n另有厂房三栋。"
    assert doubts(found, "about") == ["place-unsure"]


def test_words_of_print_are_not_taken_for_a_second_place_of_the_answer() -> None:
    first = bottom([["单位名称", "清源水务公司"], ["上级主管部门推荐意见", "同意推荐。"]])
    found = read(sheet(1, first), sheet(2, grid([["", "（部门盖章）\n" + DAY]], 60, 1)), form=CUT)
    assert not doubts(found, "opinion")


def test_the_greater_part_of_a_broken_label_is_not_all_of_it():
    """What stood on the page before had been lost, and the rest accepted as the whole answer."""
    first = [["单位名称", "武汉某公司"], ["上级", "同意推荐，"]]
    rest = [["主管部门推荐意见", "请予批准。\n（部门盖章）\n2021年3月2日"]]
    found = read(sheet(1, bottom(first)), sheet(2, grid(rest, 60, 1)), form=CUT)
    assert values(found)["opinion"] == "同意推荐，请予批准。"
    assert values(found)["day"] == "2021-03-02"
