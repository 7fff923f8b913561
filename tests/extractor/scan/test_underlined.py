"""A line that a pen drew under some characters of a line is seen as such, and what is printed is not."""

from dataclasses import replace

import pytest

from extractor.scan.flat import Place
from extractor.scan.underlined import mark_underlined
from tests.extractor.scan.pens import BLACK, BLUE, INKS, RED, Form, X, Y

WORDS = "□城镇 □商业 □园区"


def _under(form):
    return "".join(
        glyph.text
        for line in mark_underlined(form.page()).lines
        for glyph, under in zip(line.reading.glyphs, line.underlined, strict=False)
        if under and glyph.text.strip()
    )


@pytest.mark.parametrize("ink", INKS)
def test_a_stroke_under_one_option(ink):
    form = Form(WORDS)
    form.draw([(4.4, 1.12), (6.5, 1.2)], ink, 4)
    assert _under(form) == "商业"


def test_a_stroke_under_a_single_character():
    form = Form("□有 □无")
    form.draw([(1.0, 1.14), (2.0, 1.12)], BLUE, 4)
    assert _under(form) == "有"


@pytest.mark.parametrize("words", [WORDS, "工业 土壤 五一 二三", "一、二、三", "027-8745_9335"])
def test_print_alone_has_none(words):
    assert not _under(Form(words))


def test_a_line_to_write_on_is_none():
    form = Form("武汉清源商业")
    form.draw([(-0.4, 1.12), (6.4, 1.12)], BLACK, 2)
    assert not _under(form)


def test_a_stroke_through_characters_and_a_row_below_are_none():
    form = Form(WORDS)
    form.draw([(4.4, 0.5), (6.5, 0.55)], RED, 4)
    form.write("□校园 □社区 □其他", 0, 1.5)
    form.lines.append(form.line("□校园 □社区 □其他", X, Y + 54, (0, 1)))
    assert not _under(form)


def test_the_foot_of_a_character_in_a_high_line_is_none():
    form = Form("国有 区内")
    (line,) = form.lines
    x0, y0, x1, y1 = line.place.box
    # What a ring or a tick made higher has its middle lower.
    form.lines = [replace(line, place=Place((x0, y0, x1, y1 + 16), line.place.cell))]
    assert not _under(form)


def test_the_foot_of_a_character_that_a_blurred_copy_parts_from_it_is_none():
    form = Form("全职 兼职 退休")
    form.draw([(4.6, 1.1), (5.35, 1.12)], BLACK, 3)
    assert not _under(form)


def test_a_stroke_under_all_of_an_option_that_was_read_by_itself():
    """Met on copies: options far apart are lines of their own, and 7 of 19 underlined ones were told."""
    form = Form("邮寄")
    form.write("自取", 6, 0)
    form.lines.append(form.line("自取", X + 6 * 36, Y, (0, 1)))
    form.draw([(-0.1, 1.14), (2.1, 1.12)], BLACK, 4)
    assert _under(form) == "邮寄"
    form.draw([(5.9, 1.14), (8.1, 1.12)], BLACK, 4)
    assert not _under(form)
