"""What a coloured pen wrote over print is read alone, and takes the place of what it lies on."""

import pytest

from extractor.scan.readings import Glyph, Reading
from extractor.scan.second_ink import read_second_ink
from tests.extractor.scan.pens import BLACK, BLUE, RED, Form


class Engine:
    """Reads every picture as one character, and counts them."""

    def __init__(self, text="东"):
        self.text, self.asked = text, 0

    def recognise(self, lines):
        self.asked += len(lines)
        return [Reading((Glyph(self.text, 0.5, 0.9),)) for _ in lines]


def _read(form, engine):
    page, boxes = read_second_ink(form.page(), engine)
    return [line.reading.text for line in page.lines], len(boxes)


@pytest.mark.parametrize("ink", [BLUE, RED])
def test_a_character_written_over_another_takes_its_place(ink):
    form = Form()
    form.write("东", 4, 0, ink, 40)
    assert _read(form, Engine()) == (["武汉清源东业管理有限公司"], 1)


@pytest.mark.parametrize("draw", [(BLACK, 4.0, 0.0), (BLUE, 4.0, -1.3), (BLUE, 4.0, 1.3)])
def test_ink_of_print_and_ink_above_and_below_are_not(draw):
    ink, x, y = draw
    form, engine = Form(), Engine()
    form.write("东", x, y, ink, 40)
    assert _read(form, engine) == (["武汉清源商业管理有限公司"], 0)
    assert not engine.asked


def test_a_line_written_by_that_pen_stays_as_it_was_read():
    form, engine = Form(""), Engine()
    form.write("武汉清源", 0, 0, BLUE)
    form.lines = [form.line("武汉清源", 520, 360, (0, 1))]
    assert _read(form, engine) == (["武汉清源"], 0)
    assert not engine.asked


def test_what_is_no_word_changes_nothing():
    form = Form()
    form.write("东", 4, 0, BLUE, 40)
    assert _read(form, Engine("~")) == (["武汉清源商业管理有限公司"], 0)


def test_a_sign_that_looks_like_a_digit_replaces_no_chinese_character():
    form = Form()
    form.write("7", 4, 0, BLUE, 40)
    assert _read(form, Engine("7")) == (["武汉清源商业管理有限公司"], 0)


def test_a_character_over_what_was_read_as_a_full_stop_takes_its_place():
    form = Form("科。")
    form.write("长", 1, 0, BLUE, 40)
    assert _read(form, Engine("长")) == (["科长"], 1)
