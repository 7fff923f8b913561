"""Rings, ticks and strokes on printed options without boxes are found, and get into the text."""

from dataclasses import replace

import numpy as np
import pytest

from extractor.scan.option_marks import mark_options
from extractor.scan.readings import Glyph, Reading
from extractor.scan.seals.ring import Ring
from tests.extractor.scan.pens import BLACK, INKS, RED, SIZE, Form, X, Y

OPTIONS = "商业  园区  学校"


class Engine:
    """Reads every picture as the options, and counts them."""

    def __init__(self, words=OPTIONS, sure=0.99):
        self.words, self.asked, self.sure = words, 0, sure

    def recognise(self, lines):
        self.asked += len(lines)
        # Blanks are half as wide as Chinese characters.
        widths = [0.25 if char == " " else 1.0 for char in self.words]
        middles = [sum(widths[:n]) + wide / 2 for n, wide in enumerate(widths)]
        glyphs = tuple(
            Glyph(char, at / sum(widths), self.sure) for char, at in zip(self.words, middles, strict=True)
        )
        return [Reading(glyphs) for _ in lines]


def _form(words=OPTIONS):
    return Form(words)


def _marked(form, engine=None):
    page, boxes = mark_options(form.page(), engine or Engine())
    return page.lines, boxes


def _having(line, flags):
    return "".join(
        glyph.text for glyph, flag in zip(line.reading.glyphs, flags, strict=False) if flag
    ).strip()


def _oval(x, y, rx, ry):
    return [(x + rx * np.cos(a), y + ry * np.sin(a)) for a in np.linspace(0.3, 6.4, 40)]


@pytest.mark.parametrize("ink", INKS)
def test_a_ring_is_taken_off_and_its_words_are_read_again_and_marked(ink):
    form, engine = _form(), Engine()
    start = _place(form, "园")
    form.lines[0] = _unsure_of(form.lines[0], "园")
    form.draw(_oval(start + 1.0, 0.2, 1.35, 0.8), ink, 4)
    (line,), boxes = _marked(form, engine)
    assert engine.asked == 1
    assert len(boxes) == 1
    assert _having(line, line.bordered) == "园区"


@pytest.mark.parametrize("ink", INKS)
def test_words_that_were_surely_read_are_marked_by_a_ring_and_not_read_again(ink):
    form, engine = _form(), Engine("商业  囚区  学校")
    form.draw(_oval(_place(form, "园") + 1.0, 0.2, 1.35, 0.8), ink, 4)
    (line,), _ = _marked(form, engine)
    assert (_having(line, line.bordered), line.reading.text, engine.asked) == ("园区", OPTIONS, 0)


@pytest.mark.parametrize("sealed", [True, False])
def test_what_was_read_stays_where_it_is_no_surer_without_the_ring_or_a_seal_lies_there(sealed):
    """Met on a fax: a seal's outline over a date, 2021年1月29日, read again as 2021年1月2 and accepted."""
    form = _form()
    form.lines[0] = _unsure_of(form.lines[0], "园")
    start = _place(form, "园")
    form.draw(_oval(start + 1.0, 0.2, 1.35, 0.8), BLACK, 4)
    engine = Engine("商业  囚", sure=0.99 if sealed else 0.5)
    x, y = X + SIZE * (start + 1.0), Y + SIZE
    seal = Ring(x=x, y=y, rx=90.0, ry=90.0, angle=0.0, red=False, confidence=0.9, shade=120.0)
    page, _ = mark_options(replace(form.page(), rings=(seal,) if sealed else ()), engine)
    assert [line.reading.text for line in page.lines] == [OPTIONS]


def _unsure_of(line, char):
    """The line, as if a ring made one of its characters hard to read."""
    glyphs = [replace(one, confidence=0.6) if one.text == char else one for one in line.reading.glyphs]
    return replace(line, reading=Reading(tuple(glyphs)))


def _place(form, char):
    """Where a character begins, in widths of one from where the answer begins."""
    x0, _, x1, _ = form.lines[0].place.box
    at = next(glyph.at for glyph in form.lines[0].reading.glyphs if glyph.text == char)
    return (x0 + at * (x1 - x0) - X) / SIZE - 0.5


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize(("char", "off", "marked"), [("业", 1.25, "业"), ("园", -0.4, "园")])
def test_a_tick_beside_words_marks_the_nearer_of_them_and_changes_no_text(ink, char, off, marked):
    form = _form("商业    园区    学校")
    x = _place(form, char) + off
    form.draw([(x - 0.15, 0.25), (x, 0.5), (x + 0.2, 0.05)], ink, 3)
    (line,), _ = _marked(form)
    assert _having(line, line.bordered) == marked
    assert line.reading.text == form.lines[0].reading.text


@pytest.mark.parametrize("ink", INKS)
def test_a_tick_on_words_marks_them(ink):
    form = _form()
    x = _place(form, "园")
    form.draw([(x + 0.2, 0.35), (x + 0.5, 0.75), (x + 1.5, -0.75)], ink, 5)
    (line,), boxes = _marked(form)
    assert _having(line, line.bordered) in ("园", "区")
    assert not boxes


def test_a_stroke_through_one_character_crosses_it_and_takes_it_out_only_among_options():
    form = _form("是    否")
    form.draw([(-0.25, 0.22), (1.25, 0.18)], BLACK, 4)
    (line,), _ = _marked(form)
    assert _having(line, line.crossed) == "是"
    assert not any(line.struck)


@pytest.mark.parametrize(
    "words", [OPTIONS, "是 / 否", "国有 / 民营 / 合资 / 其他", "有、无", "工业；一般项目", "口岸 码头 车站"]
)
def test_print_alone_bears_no_marks(words):
    form, engine = _form(words), Engine(words)
    lines, boxes = _marked(form, engine)
    assert (lines, boxes, engine.asked) == (form.page().lines, (), 0)


@pytest.mark.parametrize("ink", INKS[1:])
def test_level_strokes_of_a_coloured_pen_through_several_words_cross_each_of_them(ink):
    form = _form("优秀、合格、不合格")
    for start in (0, 3):
        form.draw([(start, 0.25), (start + 2, 0.2)], ink, 4)
    (line,), _ = _marked(form)
    assert _having(line, line.crossed) == "优秀合格"


@pytest.mark.parametrize("ink", INKS[1:])
def test_a_coloured_mark_of_no_shape_marks_the_words_it_lies_on(ink):
    form = _form()
    x = _place(form, "园")
    form.draw([(x + 0.1, 0.0), (x + 0.9, 0.5), (x + 0.2, 0.6), (x + 0.9, 0.1)], ink, 5)
    (line,), _ = _marked(form)
    assert _having(line, line.bordered) == "园"


def test_a_tick_that_was_read_as_a_sign_between_options_marks_the_words_and_not_the_sign():
    form = _form("商业、  园区  学校")
    x = _place(form, "、") + 0.5
    form.draw([(x - 0.2, 0.3), (x, 0.6), (x + 0.4, 0.0)], BLACK, 4)
    (line,), _ = _marked(form)
    assert _having(line, line.bordered) == "业"


def test_options_with_boxes_are_left_to_those_who_read_boxes():
    form = _form()
    words = form.lines[0]
    form.lines = [replace(words, reading=Reading((Glyph("□", 0.01, 0.9), *words.reading.glyphs)))]
    form.draw(_oval(_place(form, "园") + 1.0, 0.2, 1.35, 0.8), RED, 4)
    engine = Engine()
    assert _marked(form, engine)[1] == ()
    assert not engine.asked


def test_a_caret_in_one_text_marks_nothing():
    form = Form("二级调研员")
    form.draw([(1.8, -0.6), (2.0, -0.2), (2.3, -0.7)], INKS[1], 3)
    lines, boxes = _marked(form)
    assert (lines, boxes) == (form.page().lines, ())


def test_a_stroke_through_the_line_below_strikes_none_of_the_line_above():
    form = Form("主任")
    form.draw([(-0.3, 0.25), (2.3, 0.2)], BLACK, 4)
    form.write("局长", 0.1, -1.1)
    form.lines.append(form.line("局长", X + 4, Y - 1.1 * SIZE, (0, 1)))
    lines, _ = _marked(form)
    assert [_having(line, line.crossed) for line in lines if line.reading.text == "局长"] == [""]


@pytest.mark.parametrize(("words", "marked"), [("商业    园区    学校", "园"), ("签字：    园区", "")])
def test_a_mark_of_no_shape_beside_words_marks_them_unless_it_answers_a_prompt(words, marked):
    """Met with scribbles and crosses in front of options without boxes, of which nothing was told, and with
    a signature."""
    form = _form(words)
    x = _place(form, "园")
    form.draw([(x - 0.65, 0.7), (x - 0.5, 0.0), (x - 0.35, 0.7), (x - 0.2, 0.0), (x - 0.1, 0.7)], BLACK, 3)
    (line,), _ = _marked(form)
    assert _having(line, line.bordered) == marked
