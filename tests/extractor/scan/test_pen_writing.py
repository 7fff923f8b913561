"""What a pen wrote above or behind a struck line, or between two characters of another, is read by itself."""

from dataclasses import replace

import pytest

from extractor.scan.flat import Place
from extractor.scan.level import read_level
from extractor.scan.pen_writing import read_pen_writing
from extractor.scan.readings import Glyph, Reading
from extractor.scan.seals.ring import Ring
from extractor.scan.struck import mark_struck
from tests.extractor.scan.pens import BLACK, BLUE, INKS, SIZE, Form, X, Y

EDGE = 480  # pixels: the rule between the two rows
LOW = EDGE + 22  # pixels: a line close under it


class Engine:
    """Reads every picture as the same words, each a little surer than the one before, and keeps them."""

    def __init__(self, words, sure=0.9):
        self.words, self.sure, self.pictures = words, sure, []

    def recognise(self, lines):
        self.pictures += lines
        return [
            Reading(
                tuple(
                    Glyph(char, (n + 0.5) / len(self.words), self.sure) for n, char in enumerate(self.words)
                )
            )
            for _ in lines
        ]


def _struck_low(words="武汉清源商业管理有限公司"):
    """A form whose lower row holds `words`, struck."""
    form = Form("")
    form.write(words, 0, (LOW - Y) / SIZE)
    form.draw([(-0.2, (LOW - Y) / SIZE + 0.5), (len(words) + 0.2, (LOW - Y) / SIZE + 0.5)])
    form.lines = [form.line("申报单位", 240, Y, (0, 0)), form.line(words, X, LOW, (0, 3))]
    return form


def _read(form, engine):
    page, _ = mark_struck(form.page())
    return read_pen_writing(page, engine)


@pytest.mark.parametrize("ink", INKS)
def test_a_new_value_above_a_struck_one_that_nobody_saw_is_read(ink):
    form, engine = _struck_low(), Engine("东湖学院")
    form.write("东湖学院", 1, (LOW - Y) / SIZE - 1.05, ink)
    page, doubted = _read(form, engine)
    assert [line.reading.text for line in page.lines if line.place.cell == (0, 3)][1:] == ["东湖学院"]
    assert engine.pictures
    assert doubted


def test_strokes_that_reach_above_a_struck_name_are_no_new_value():
    form = _struck_low()
    form.write("NMA", 1, (LOW - Y) / SIZE - 1.05)
    page, _ = _read(form, Engine("NMA"))
    assert len(page.lines) == 2


def test_pieces_of_a_new_value_that_a_rule_cut_are_read_as_one():
    form = _struck_low()
    above = LOW - 1.05 * SIZE
    form.write("东湖学院", 1, (above - Y) / SIZE, BLUE)
    form.lines += [
        form.line("东X", X + SIZE, above, (0, 1)),
        form.line("学院", X + 3 * SIZE, above, (0, 3)),
    ]
    page, _ = _read(form, Engine("东湖学院"))
    assert [line.reading.text for line in page.lines[1:]] == ["武汉清源商业管理有限公司", "东湖学院"]
    assert page.lines[-1].place.cell == (0, 3)


def test_a_struck_line_alone_asks_for_nothing():
    form, engine = _struck_low(), Engine("东湖学院")
    page, doubted = _read(form, engine)
    assert len(page.lines) == 2
    assert not engine.pictures
    assert not doubted


def test_a_new_value_of_the_struck_one_s_kind_is_preferred():
    class Two(Engine):
        def recognise(self, lines):
            self.words, read = "O2T8O", super().recognise(lines)
            self.words, self.sure = "027-8", 0.8
            return [*read[:-1], *super().recognise(lines[-1:])]

    form = _struck_low("027-87459335")
    form.write("027-8", 1, (LOW - Y) / SIZE - 0.95)
    page, _ = _read(form, Two(""))
    assert page.lines[-1].reading.text == "027-8"


def test_what_stands_behind_struck_characters_is_read_again_where_that_is_surer():
    for sure, read in ((0.9, "东湖学院"), (0.3, "乐湖学院")):
        form = Form("武汉乐湖学院")
        form.draw([(-0.2, 0.5), (1.8, 0.5)])
        (line,) = form.lines
        glyphs = line.reading.glyphs
        unsure = (*glyphs[:2], *(replace(glyph, confidence=0.6) for glyph in glyphs[2:]))
        form.lines = [replace(line, reading=Reading(unsure))]
        page, _ = _read(form, Engine("东湖学院", sure))
        assert page.lines[0].reading.text == "武汉" + read
        assert _read(form, Engine("东湖", sure))[0].lines[0].reading.text == "武汉乐湖学院"


@pytest.mark.parametrize("y", [-0.95, 1.05])
def test_a_character_that_nobody_saw_is_put_in_where_it_stands(y):
    form = Form()
    form.write("新", 3.6, y, BLACK, 28)
    page, doubted = _read(form, Engine("新"))
    assert [line.reading.text for line in page.lines] == ["武汉清源新商业管理有限公司"]
    assert len(doubted) == 1


def test_nothing_is_put_in_where_it_is_of_another_kind_or_illegible():
    for engine in (Engine("5"), Engine("新", 0.85), Engine("新的一个")):
        form = Form()
        form.write("新", 3.6, -0.95, BLACK, 28)
        page, doubted = _read(form, engine)
        assert [line.reading.text for line in page.lines] == ["武汉清源商业管理有限公司"]
        assert not doubted


def test_rests_of_a_seal_over_a_day_are_not_put_into_it():
    form = Form("2021年2月8日")
    form.draw([(1.2, -0.6), (1.2, -0.1)], BLACK, 3)
    page, doubted = _read(form, Engine("1", 0.98))
    assert [line.reading.text for line in page.lines] == ["2021年2月8日"]
    assert not doubted
    form.write("3", 1.2, -0.95, BLACK, 28)
    seal = Ring(X + 1.4 * SIZE, Y - 0.4 * SIZE, 90.0, 90.0, 0.0, False, 0.9)
    page, _ = mark_struck(form.page([seal]))
    page, doubted = read_pen_writing(page, Engine("3", 0.98))
    assert [line.reading.text for line in page.lines] == ["2021年2月8日"]
    assert not doubted


def test_what_was_read_unsurely_between_two_lines_is_read_again():
    form = Form()
    form.write("新", 3.6, -0.95, BLACK, 28)
    unsure = form.line("断", X + 3.6 * SIZE, Y - 0.95 * SIZE, (0, 1))
    unsure = replace(
        unsure, reading=Reading(tuple(replace(one, confidence=0.6) for one in unsure.reading.glyphs))
    )
    form.lines.append(unsure)
    page, doubted = _read(form, Engine("新"))
    assert [line.reading.text for line in page.lines] == ["武汉清源商业管理有限公司", "新"]
    assert doubted


def test_print_alone_asks_for_nothing():
    engine = Engine("新")
    form = Form()
    assert _read(form, engine)[0].lines == tuple(form.lines)
    assert not engine.pictures


def test_an_answer_that_was_too_high_with_what_stands_above_it_is_read_level_with_its_label():
    form, engine = Form("任峰"), Engine("任峰", 0.95)
    form.lines = [form.line("申报单位", 240, Y, (0, 0))]
    assert read_level(form.page(), engine)[0].lines == tuple(form.lines)
    assert not engine.pictures
    form.write("新", 0.6, -0.95, BLACK, 28)
    page, doubted = read_level(form.page(), engine)
    (picture,) = engine.pictures
    assert page.lines[-1].reading.text == "任峰"
    assert page.lines[-1].place == Place(page.lines[-1].place.box, (0, 1))
    assert picture.shape[0] < 1.5 * SIZE
    assert len(doubted) == 1


def test_nothing_is_put_into_prose():
    form, engine = Form(), Engine("新")
    form.write("新", 3.6, -0.95, BLACK, 28)
    form.lines += [form.line("武汉清源", X, Y + n * 1.5 * SIZE, (0, 1)) for n in (1, 2, 3)]
    page, doubted = _read(form, engine)
    assert page.lines == tuple(form.lines)
    assert not doubted
