"""The books: every character of a document is print, an answer, noise by a named rule, or told."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.answers.match import Match
from models.form import FormDefinition
from models.page import Aside, Box, Cell, InkMark, Line, Page, Pages, Picture, Run, Span, Table, Tick
from tests.extractor.answers.test_match import FORM, FULL, lay, lines, read, table

ROW = [["联系人：李芳", "13800000000", "职务", "科长"]]


def _doubts(found: Match) -> dict[str, set[str]]:
    return {one.field: {doubt.code for doubt in one.doubts} for one in found.observations if one.doubts}


def _told(found: Match) -> list[str]:
    return [finding.message for finding in found.books.told]


def _text(found: Match, way: str, by: str = ".*") -> str:
    entries = (entry for entry in found.books.entries() if entry.booking.way == way)
    return "".join(entry.text for entry in entries if re.fullmatch(by, entry.booking.by))


def test_of_a_form_as_it_went_out_all_is_print_or_an_answer() -> None:
    found = read(*lines("小表"), table(FULL))
    assert not _told(found)
    assert _text(found, "answer", "unit") == "清源水务公司"
    assert _text(found, "answer", "day") == "2021年2月5日"
    assert "特此声明" in _text(found, "print", "form")
    assert "单位名称" in _text(found, "print", "label")
    assert not _text(found, "told")


@pytest.mark.parametrize(
    "foot",
    [
        "版本 1　编号 NC1QJPJMY9",
        "版本1 编号 VKD6ZM78GQ 第1页，共1页",
        "版本 2021.1　编号 NC1QJPJMY9　补正通知 2026-12",
    ],
)
def test_what_our_own_forms_print_at_their_foot_is_nothing_to_look_at(foot: str) -> None:
    found = read(*lines("小表"), table(FULL), *lines(foot))
    assert not _told(found)
    assert _text(found, "noise", "copy-number")


def test_a_version_and_a_number_of_somebody_elses_are_told() -> None:
    assert _told(read(*lines("小表"), table(FULL), *lines("版本 1 编号 （2026）第7号")))


def test_what_stands_beside_an_answer_in_the_labels_own_cell_sends_it_to_a_person() -> None:
    found = read(table([*FULL[:2], *ROW, *FULL[3:]]))
    assert _doubts(found) == {"contact": {"text-unclaimed"}}
    assert _text(found, "told", "text-unclaimed") == "13800000000"


def test_what_stands_under_no_heading_of_a_row_is_not_lost() -> None:
    found = read(table([*FULL[:4], ["附注", "以上内容以二月报送的为准"], FULL[4]]))
    assert _text(found, "told") == "附注以上内容以二月报送的为准"
    assert "以二月报送的为准" in _told(found)[0]


@pytest.mark.parametrize("text", ["第 2 页 共 3 页", "- 1 -", "2/3", "附件1：", "——"])
def test_what_a_rule_knows_to_be_noise_is_not_told_outside_the_table(text: str) -> None:
    found = read(*lines(text), table(FULL))
    assert _text(found, "noise") == text
    assert not _told(found)


@pytest.mark.parametrize("text", ["此表作废", "2月1日已改报", "3家", "同意 1"])
def test_what_may_matter_is_no_noise(text: str) -> None:
    assert text in _told(read(table(FULL), *lines(text)))[0]


def test_a_number_in_the_table_is_no_page_number() -> None:
    found = read(table([*FULL[:4], ["", "1200"], FULL[4]]))
    assert "1200" in _text(found, "answer") + _text(found, "told")


def test_print_that_came_back_misread_is_still_print() -> None:
    rows = [*FULL[:4], ["承诺", FULL[4][1].replace("真实性负责", "真卖性负责").replace("盖章", "盖草")]]
    assert not _text(read(table(rows)), "told")


def test_a_marked_box_where_none_was_asked_for_is_told() -> None:
    ticked = Line(spans=(Tick(state="ticked"), Run(text="不同意")))
    assert "☑不同意" in _told(read(table(FULL), ticked))[0]


def test_a_picture_inside_the_form_may_be_the_seal_that_is_missing_and_a_letterhead_is_not() -> None:
    cells = list(table(FULL).cells)
    cells[0] = cells[0].model_copy(
        update={"lines": (Line(spans=(*cells[0].lines[0].spans, Picture(kind="picture"))),)}
    )
    inside = read(Table(index=0, cells=tuple(cells)))
    assert _doubts(inside) == {"seal": {"picture-unclaimed"}, "sign": {"picture-unclaimed"}}
    above = read(Line(spans=(Picture(kind="picture"),)), table(FULL))
    assert not _doubts(above)
    assert [entry.booking.by for entry in above.books.entries() if entry.kind == "picture"] == [
        "picture-elsewhere"
    ]


@pytest.mark.parametrize(
    ("box", "by"),
    [
        (Box(x0=300, y0=400, x1=360, y1=420), "ink-elsewhere"),
        (Box(x0=0, y0=100, x1=2, y1=500), "page-edge"),
        (Box(x0=102, y0=100, x1=130, y1=110), "label"),
    ],
)
def test_ink_is_nobodys_the_rim_of_the_sheet_or_lies_on_what_was_read(box: Box, by: str) -> None:
    label = Cell(
        row=0, column=0, lines=(Line(spans=(Run(text="单位名称", box=Box(x0=100, y0=100, x1=150, y1=112)),)),)
    )
    page = Page(
        number=1,
        width=595,
        height=842,
        blocks=(Table(index=0, cells=(label,)),),
        ink=(InkMark(box=box, confidence=0.9),),
    )
    found = lay(Pages(reader="scan", pages=(page,)), FORM)
    assert [entry.booking.by for entry in found.books.marks] == [by]
    assert [finding.code for finding in found.books.told] == (
        ["ink-elsewhere"] if by == "ink-elsewhere" else []
    )


_SPANS = st.one_of(
    st.builds(Run, text=st.text("联系人：李芳1职务（盖章）年月日 2021第页", min_size=1, max_size=8)),
    st.builds(Tick, state=st.sampled_from(["empty", "ticked", "unclear"])),
    st.builds(Picture, kind=st.just("picture")),
)
_LINES = st.lists(st.lists(_SPANS, max_size=3).map(lambda spans: Line(spans=tuple(spans))), max_size=2)
_ROWS = st.lists(st.lists(_LINES, min_size=1, max_size=4), max_size=5)


@settings(deadline=None)
@given(st.lists(st.lists(_SPANS, max_size=3), max_size=3), _ROWS)
def test_every_character_tick_and_picture_is_booked_once(
    outside: list[list[Span]], rows: list[list[list[Line]]]
) -> None:
    plain = table(FULL)
    more = [
        Cell(row=5 + r, column=c, lines=tuple(text))
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
    ]
    blocks = (*(Line(spans=tuple(spans)) for spans in outside), Table(index=0, cells=(*plain.cells, *more)))
    found = read(*blocks)
    units = found.books.units
    assert sorted(n for unit in units for n in unit.passage.numbers) == sorted(found.books.bookings)
    whole = "".join(unit.passage.words for unit in units)
    assert sorted("".join(entry.text for entry in found.books.entries())) == sorted(whole)
    for entry in found.books.entries():
        if entry.kind == "tick" and "☑" in entry.text:
            assert entry.booking.way in ("answer", "told")


def test_what_a_reader_left_out_of_the_lines_is_told_or_left_out_by_a_rule() -> None:
    beside = (Aside(kind="comment", text="能耗以二月为准"), Aside(kind="header", text="内部资料"))
    pages = Pages(reader="word", pages=(Page(number=1, blocks=(table(FULL),)),), aside=beside)
    found = lay(pages, FORM)
    assert [finding.message for finding in found.books.told] == ["文件正文之外另有内容：“能耗以二月为准”"]
    assert [entry.booking.by for entry in found.books.marks] == ["aside-told", "aside-header"]


def test_what_two_fields_both_hold_is_the_answer_to_neither_unseen() -> None:
    row = {
        "labels": "above",
        "cells": [
            {"label": "填报人", "content": [{"kind": "text", "name": "writer"}]},
            {"label": "审核人", "content": [{"kind": "text", "name": "checker"}]},
        ],
    }
    form = FormDefinition.model_validate(
        {"name": "two", "version": "1", "title": "表", "columns": [5, 5], "rows": [row]}
    )
    cells = [Cell(row=0, column=n, lines=lines(text)) for n, text in enumerate(("填报人", "审核人"))]
    merged = Cell(row=1, column=0, column_span=2, lines=lines("王伟"))
    found = lay(
        Pages(reader="word", pages=(Page(number=1, blocks=(Table(index=0, cells=(*cells, merged)),)),)), form
    )
    assert _doubts(found) == {"writer": {"answer-twice"}, "checker": {"answer-twice"}}
    assert _text(found, "answer") == "王伟"
