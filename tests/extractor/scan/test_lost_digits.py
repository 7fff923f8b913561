"""Numbers of which more stands on the paper than was read."""

from dataclasses import replace

import pytest

from extractor.scan.flat import Place
from extractor.scan.layers import PAPER
from extractor.scan.lost_digits import has_lost_digit
from extractor.scan.pen_marks import find_pen_marks
from extractor.scan.readings import Glyph, Reading
from tests.extractor.scan.pens import SIZE, Form, X, Y


def _form(words: str, lost: int | None) -> Form:
    """A line, and how it was read: without the character `lost`, and without the room that is left between
    words and numbers."""
    form = Form(words)
    (line,) = form.lines
    glyphs = enumerate(line.reading.glyphs)
    kept = tuple(glyph for number, glyph in glyphs if number != lost and glyph.text != " ")
    form.lines = [replace(line, reading=Reading(kept))]
    return form


def _has_lost(form: Form) -> bool:
    rows = (form.page().clear < PAPER)[Y + 5 : Y + 5 + SIZE]
    return has_lost_digit(form.lines[0], SIZE, rows)


@pytest.mark.parametrize(
    "words", ["人数不少于 11669 人次", "约 7444 吨标准煤", "约7444吨标准煤", "建成 58 个站"]
)
def test_a_number_that_was_read_as_it_stands_has_lost_none(words: str) -> None:
    assert not _has_lost(_form(words, None))


@pytest.mark.parametrize(
    ("words", "lost"),
    [("人数不少于 11669 人次", 6), ("建筑 229 万平方米", 4), ("装机 588 号", 5), ("6775 平方米", 1)],
)
def test_one_of_two_equal_digits_that_was_not_read_is_told(words: str, lost: int) -> None:
    form = _form(words, lost)
    assert _has_lost(form)
    assert find_pen_marks(form.page())


def _by_hand(ones: int) -> Form:
    """Strokes of a hand that are a 1, in front of the words of a line; one was read."""
    form = Form("1栋既有建筑")
    form.picture[Y : Y + 60, 515:542] = 255
    for number in range(ones):
        form.draw([(0.26 * number, 0.1), (0.26 * number - 0.02, 0.75 - 0.05 * number)])
    return form


def test_of_two_strokes_that_are_a_one_both_must_have_been_read() -> None:
    assert not _has_lost(_by_hand(1))
    assert _has_lost(_by_hand(2))


def test_a_hand_s_ones_on_both_sides_of_a_digit_are_missed() -> None:
    form = Form("大道3号")
    start = 2 * SIZE + X
    form.picture[Y : Y + 60, start : start + 56] = 255
    form.write("3", 2.25, 0.1)
    line = form.lines[0]
    x0, y0, x1, y1 = line.place.box
    form.lines = [replace(line, place=Place((x0, y0, x1 + SIZE, y1), line.place.cell))]
    form.picture[Y : Y + 60, start + 35 : start + 60] = 255
    glyphs = (Glyph("大", 0.1, 1.0), Glyph("道", 0.3, 1.0), Glyph("3", 0.52, 1.0), Glyph("号", 0.9, 1.0))
    form.lines = [replace(form.lines[0], reading=Reading(glyphs))]
    assert not _has_lost(form)
    for at in (2.1, 3.05):
        form.draw([(at, 0.1), (at - 0.02, 0.75)])
    assert _has_lost(form)


def test_a_number_for_which_the_characters_beside_it_leave_no_room_has_lost_nothing() -> None:
    form = Form("道3号楼")
    line = form.lines[0]
    glyphs = (Glyph("道", 0.5, 1.0), Glyph("3", 0.51, 1.0), Glyph("号", 0.52, 1.0), Glyph("楼", 0.9, 1.0))
    form.lines = [replace(line, reading=Reading(glyphs))]
    assert not _has_lost(form)


def test_a_stroke_that_broke_off_a_digit_is_no_one() -> None:
    form = Form("等9个部门")
    form.picture[Y : Y + 60, X + SIZE : X + SIZE + 20] = 255
    form.draw([(1.15, 0.25), (1.3, 0.15), (1.3, 0.4), (1.15, 0.25)])
    form.draw([(1.45, 0.15), (1.4, 0.75)])
    assert not _has_lost(form)
    form.draw([(1.15, 0.25), (1.1, 0.6)])
    assert not _has_lost(form)


@pytest.mark.parametrize("number", ["11", "1", "7"])
def test_a_number_of_which_nothing_was_read_is_told(number: str) -> None:
    """Met by hand: 等11个部门 was read 等个部门, each character sure."""
    form = Form(f"管理部等 {number} 个部门")
    (line,) = form.lines
    read = tuple(glyph for glyph in line.reading.glyphs if glyph.text.strip() and glyph.text not in number)
    form.lines = [replace(line, reading=Reading(read))]
    assert _has_lost(form)
    assert find_pen_marks(form.page())


def test_characters_that_stand_far_apart_have_lost_none() -> None:
    assert not _has_lost(_form("姓 名 和 职 务", None))
    assert not _has_lost(_form("小江 川 儿", None))
