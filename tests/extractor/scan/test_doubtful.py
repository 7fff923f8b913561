"""Tests which parts of a squeezed line are read again, and how they are put back."""

import numpy as np
import pytest

from extractor.scan import doubtful
from extractor.scan.readings import Glyph, Reading

_EM = 40


def _reading(words, unsure=()):
    """A reading of characters that stand one em apart; those at the places `unsure` are so."""
    return Reading(
        tuple(
            Glyph(char, (n + 0.5) / len(words), 0.5 if n in unsure else 0.999) for n, char in enumerate(words)
        )
    )


def _line(words, touching=()):
    """A line of black squares, one a character; before those at the places `touching` there is no gap."""
    picture = np.full((48, _EM * len(words), 3), 255, np.uint8)
    for n in range(len(words)):
        picture[
            8:40, _EM * n + (0 if n in touching else 4) : _EM * (n + 1) - (0 if n + 1 in touching else 4)
        ] = 0
    return picture


def _parts(words, unsure, touching=()):
    return doubtful.parts(_line(words, touching), _reading(words, unsure), sorted(unsure))


def test_two_sure_characters_on_either_side_are_read_again_with_the_one_in_doubt():
    (part,) = _parts("甲乙丙丁戊己庚辛壬癸子丑", {5})
    assert (part.first, part.end) == (3, 8)
    assert (part.left, part.right) == (3 * _EM, 8 * _EM)


def test_a_part_goes_on_where_ink_of_neighbours_touches():
    (part,) = _parts("甲乙丙丁戊己庚辛壬癸子丑", {5}, touching={3, 8})
    assert (part.first, part.end) == (2, 9)


def test_a_part_ends_with_its_line():
    (part,) = _parts("甲乙丙丁戊己庚辛壬癸子丑", {11})
    assert (part.first, part.end, part.right) == (9, 12, 12 * _EM)


def test_neighbouring_parts_are_one():
    (part,) = _parts("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉", {4, 9})
    assert (part.first, part.end) == (2, 12)


@pytest.mark.parametrize(
    ("words", "unsure"), [("甲乙丙丁戊己", {1, 4}), ("甲乙", {0, 1}), ("甲乙丙丁", set())]
)
def test_a_line_that_is_in_doubt_for_the_most_part_is_read_again_as_a_whole(words, unsure):
    assert _parts(words, unsure) == []


def test_a_part_is_put_back_at_its_place():
    words = "甲乙丙丁戊己庚辛壬癸子丑"
    (part,) = _parts(words, {5})
    again = Reading((*_reading("丁戊").glyphs, Glyph("巳", 0.5, 0.99), *_reading("庚辛").glyphs))
    patched = doubtful.patched(_line(words), _reading(words, {5}), [(part, again)])
    assert patched.text == "甲乙丙丁戊巳庚辛壬癸子丑"
    assert patched.glyphs[5].at == pytest.approx(5.5 / 12)
    assert patched.glyphs[0] == _reading(words).glyphs[0]


@pytest.mark.parametrize("ends", ["工戊己庚辛", "丁戊己庚幸", ""])
def test_nothing_is_put_back_whose_ends_read_otherwise_than_before(ends):
    words = "甲乙丙丁戊己庚辛壬癸子丑"
    (part,) = _parts(words, {5})
    assert doubtful.patched(_line(words), _reading(words, {5}), [(part, _reading(ends))]) is None
