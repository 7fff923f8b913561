"""Print under seals of black-and-white and grey copies."""

import cv2
import numpy as np
import pytest

from extractor.scan import upright
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import take_apart
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import Ruling
from extractor.scan.seals.lift import lift_seals
from extractor.scan.seals.ring import Ring
from extractor.scan.seals.under import read_under_seals
from tests.extractor import drawing

RING = Ring(400, 300, 160, 160, 0, False, 0.95)


def _layers(picture):
    return take_apart(upright.Flat(picture, drawing.SCALE, False))


def _lifted(picture):
    layers = _layers(picture)
    return lift_seals(layers, [RING.shaded(layers.text)])


def _date(x=300, y=420):
    picture = drawing.blank(900, 600)
    drawing.write(picture, [(x, y, "2021年2月15日")], 34)
    return picture


def _over(picture, shade, off=0):
    """A seal's outline and star; `off`: how far it runs from where it was found."""
    layer = np.full(picture.shape[:2], 255, np.uint8)
    cv2.circle(layer, (400 + off, 300), 156, shade, 9)
    points = [
        (400 + r * np.sin(k * np.pi / 5), 300 - r * np.cos(k * np.pi / 5))
        for k in range(10)
        for r in (42 if k % 2 == 0 else 16,)
    ]
    cv2.fillPoly(layer, [np.array(points, np.int32)], shade)
    # Ink on ink is darker than either.
    picture[:] = (picture.astype(np.float32) * layer[..., None] / 255).astype(np.uint8)
    return picture


@pytest.mark.parametrize("off", [0, 5])
def test_the_outline_and_the_star_of_a_black_seal_go(off):
    text = _lifted(_over(drawing.blank(900, 600), 20, off))
    assert (text < 150).sum() < 200


def test_strokes_that_cross_the_outline_of_a_black_seal_stay():
    before = _layers(_date(150, 280)).text < 150
    after = _lifted(_over(_date(150, 280), 20)) < 150
    assert (before & after).sum() > 0.8 * before.sum()
    assert (after & ~before).sum() < 0.1 * before.sum()


def test_a_grey_seal_fades_and_the_print_under_it_stays():
    before = _layers(_date()).text < 150
    after = _lifted(_over(_date(), 140)) < 150
    assert (before & after).sum() > 0.9 * before.sum()
    assert (after & ~before).sum() < 0.1 * before.sum()


class _Engine:
    """Says what it is told to, one reading a time."""

    name = "told"

    def __init__(self, *readings):
        self.readings = list(readings)

    def recognise(self, lines):
        return [self.readings.pop(0) for _ in lines]


def _reading(text):
    return Reading(tuple(Glyph(char, (i + 0.5) / len(text), 0.99) for i, char in enumerate(text)))


def _read(first, second, ring=RING, picture=None, x=300.0, third="2021"):
    layers = _layers(_over(_date(), 20) if picture is None else picture)
    line = ReadLine(Place((x, 418.0, x + 200.0, 466.0)), _reading(first))
    ruling = Ruling((), np.zeros(layers.text.shape, np.uint8))
    page = FlatPage.of(layers, ruling, [ring.shaded(layers.text)]).reading([line])
    (read,) = read_under_seals(page, _Engine(_reading(second), _reading(third))).lines
    return read


def test_characters_on_which_two_readings_differ_are_doubtful():
    read = _read("2021年2月15日", "2021年2月16日")
    doubtful = {glyph.text: glyph for glyph in read.reading.glyphs if glyph.confidence < 0.7}
    assert "5" in doubtful or "6" in doubtful
    assert {rival for glyph in doubtful.values() for rival, _ in glyph.others} & {"5", "6"}


def test_beside_a_character_that_only_one_reading_has_its_neighbours_are_doubtful():
    read = _read("2021年2月5日", "2021年2月15日")
    assert min(glyph.confidence for glyph in read.reading.glyphs[-2:]) < 0.7


def test_a_digit_that_two_of_three_readings_see_but_not_surely_is_doubtful(monkeypatch):
    monkeypatch.setattr("extractor.rungs.UNDISPUTED", 1.0)
    read = _read("2021年2月15日", "2021年2月16日", third="2021年2月16日")
    assert read.reading.text == "2021年2月16日"
    assert [glyph.text for glyph in read.reading.glyphs if glyph.confidence < 0.7] == ["6"]


def test_what_two_of_three_readings_say_is_believed():
    read = _read("2021年2月15日", "2021年2月16日", third="2021年2月16日")
    assert read.reading.text == "2021年2月16日"
    assert min(glyph.confidence for glyph in read.reading.glyphs) > 0.9


def test_what_was_read_under_a_seal_is_marked():
    assert any(_read("2021年2月15日", "2021年2月15日").recovered)


def test_what_was_read_beside_a_seal_is_not_marked():
    away = Ring(700, 150, 100, 100, 0, False, 0.95)
    assert _read("2021年2月15日", "2021年2月15日", away, _date()).recovered == ()


def test_characters_under_red_ink_are_marked():
    picture = drawing.blank(900, 600)
    cv2.circle(picture, (400, 300), 156, (215, 30, 40), 9)
    drawing.write(picture, [(470, 420, "2021年2月15日")], 34)
    red = Ring(400, 300, 160, 160, 0, True, 0.98)
    marked = _read("2021年2月15日", "2021年2月15日", red, picture, 470.0).recovered
    assert any(marked)
    assert not all(marked)
