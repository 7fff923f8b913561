"""Gaps of lines that were read off a picture are the blanks that they are on paper."""

import re

import pytest

from extractor.drafting import with_gaps
from extractor.drafting.boxes import printed_in
from models.page import Box, Cell, Frame, Line, Page, Pages, Run, Span, Table, Tick

_HIGH = 12.0


def _line(text: str) -> Line:
    """A line as a recogniser reads it: a box a character, a tab a gap of three characters, which it tells as
    one blank or not at all (a dot)."""
    x, spans = 0.0, list[Span]()
    for char in text:
        if char in "\t·":
            x += 3 * _HIGH
            spans += [Run(text=" ")] if char == "\t" else []
            continue
        box = Box(x0=x, y0=0, x1=x + _HIGH - 1, y1=_HIGH)
        spans.append(Tick(state="empty", box=box) if char == "□" else Run(text=char, box=box))
        x += _HIGH
    return Line(spans=tuple(spans))


def _read(line: Line, *, is_picture: bool = True) -> str:
    frame = Frame(picture=(10, 10), flat=(10, 10), scale=1.0) if is_picture else None
    page = Page(number=1, width=600, height=800, blocks=(line,), frame=frame)
    (found,) = with_gaps(Pages(reader="scan", pages=(page,))).pages[0].blocks
    assert isinstance(found, Line)
    return printed_in(Cell(row=0, column=0, lines=(found,)))


@pytest.mark.parametrize(
    ("read", "printed"),
    [
        ("经评审，并在校内公示\t个工作日", "经评审，并在校内公示_______个工作日"),
        ("家庭人口·人，现居住于·，月收入·元", "家庭人口_______人，现居住于_______，月收入_______元"),
        ("□是□否\t上市时间：", "□是□否       上市时间："),
        ("申请人（签字）：\t联系电话：", "申请人（签字）：       联系电话："),
        ("（公章）\t年\t月\t日", "（公章）       年       月       日"),
        ("□不保价□保价，声明价值·元", "□不保价□保价，声明价值_______元"),
        ("□护理补贴（·元）", "□护理补贴（_______元）"),
        ("姓\t名", "姓       名"),
        ("安徽省\t市\t县（区）", "安徽省_______市_______县（区）"),
        ("□是（证书号：_·）□否", "□是（证书号：__________）□否"),
        ("（公民身份号码：·），现居住于", "（公民身份号码：_______），现居住于"),
        ("1.·2.·3.", "1._______2._______3.____"),
        ("1.·3.", "1.       3."),
        ("本人·（身份证号码：·）系", "本人_______（身份证号码：_______）系"),
    ],
)
def test_a_gap_is_as_many_blanks_as_it_is_wide(read: str, printed: str) -> None:
    assert _read(_line(read)) == printed


def test_words_that_are_set_apart_by_one_character_are_no_sentence() -> None:
    spans = list(_line("科技部财政部国家税务总局编制").spans)
    moved = [
        span.model_copy(update={"box": span.box.model_copy(update={"x0": x, "x1": x + _HIGH - 1})})
        for n, span in enumerate(spans)
        if span.box and (x := (n + (n > 2) + (n > 5) + (n > 11)) * _HIGH) >= 0
    ]
    assert "_" not in _read(Line(spans=tuple(moved)))


def test_a_unit_at_the_beginning_of_a_line_has_its_blank_on_the_line_before() -> None:
    def broken(text: str) -> str:
        first, second = text.split("\n")
        below = [
            span.model_copy(update={"box": span.box.model_copy(update={"y0": 20.0, "y1": 32.0})})
            for span in _line(second).spans
            if span.box
        ]
        return _read(Line(spans=(*_line(first).spans, *below)))

    assert broken("自筹资金\n元，共") == "自筹资金____元，共"
    assert broken("共计三百万\n元，共") == "共计三百万元，共"


def test_a_cell_that_begins_with_a_kind_of_place_far_from_its_edge_begins_with_a_blank() -> None:
    spans = [
        span.model_copy(update={"box": span.box.model_copy(update={"x0": x, "x1": x + _HIGH})})
        for span, x in zip(_line("省市").spans, (60.0, 140.0), strict=True)
        if span.box
    ]
    cell = Cell(row=0, column=0, lines=(Line(spans=tuple(spans)),), box=Box(x0=0, y0=0, x1=300, y1=20))
    frame = Frame(picture=(10, 10), flat=(10, 10), scale=1.0)
    page = Page(number=1, width=600, height=800, blocks=(Table(index=0, cells=(cell,)),), frame=frame)
    (found,) = with_gaps(Pages(reader="scan", pages=(page,))).pages[0].blocks
    assert isinstance(found, Table)
    assert re.fullmatch("_+省_+市", printed_in(found.cells[0]))


def test_a_line_that_is_no_picture_stays_as_it_is() -> None:
    line = _line("家庭人口·人，现居住于")
    assert _read(line, is_picture=False) == line.text


@pytest.mark.parametrize(
    ("read", "printed"),
    [
        ("（）招标\t）询价", "（）招标       （）询价"),
        ("金额·万元）", "金额       （万元）"),
        ("（一）材料\t清单）", "（一）材料       清单）"),
        ("（见附表\t二）", "（见附表       二）"),
    ],
)
def test_an_opening_bracket_that_was_not_read_is_where_there_is_room_for_it(read: str, printed: str) -> None:
    """Met on a scan: an option lost its brackets, and a label its unit."""
    assert _read(_line(read)).replace(" ", "") == printed.replace(" ", "")
