"""Prints of thumbs and chops with a name are told from seals and from writing."""

from random import Random

import cv2
import numpy as np
import pytest

from benchmarks.signing_places import chop, press, thumb
from extractor.scan.handwriting import find_ink
from extractor.scan.seals.find import find_seals
from tests.extractor import drawing
from tests.extractor.scan.pens import BLACK, BLUE, RED, SIZE, Form, X, Y

GREY = (120, 120, 120)  # what a copier makes of red paste


def _smaller(mask):
    """From 300 to the 200 dpi of these pictures."""
    return cv2.resize(mask, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)


def _told(form):
    """The kinds of ink on the form, each with how sure it is, and how many seals it has."""
    form.lines.append(form.line("申报单位", 240, Y, (0, 0)))
    rings = find_seals(form.page().layers)
    marks = [mark for mark in find_ink(form.page(rings)) if mark.confidence >= 0.5]
    return {mark.kind for mark in marks}, len(rings)


@pytest.mark.parametrize("ink", [RED, BLACK])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_print_of_a_thumb_is_neither_a_seal_nor_writing(ink, seed):
    form = Form("签字：")
    press(form.picture, _smaller(thumb(Random(seed))), X + 7 * SIZE, Y + 30, ink)
    assert _told(form) == ({"thumb"}, 0)


def test_a_name_is_seen_under_one():
    form = Form("签字：")
    form.write("欧阳文静", 4.2, -0.3, BLUE, 52)
    press(form.picture, _smaller(thumb(Random(3))), X + 9.5 * SIZE, Y + 30, RED)
    assert _told(form) == ({"thumb", "pen"}, 0)


@pytest.mark.parametrize("seed", [1, 4])
def test_the_middle_of_a_smooth_print_is_no_shade_of_the_paper(seed):
    form = Form("签字：")
    print_ = cv2.GaussianBlur(_smaller(thumb(Random(seed))), (0, 0), 2)
    press(form.picture, print_, X + 7 * SIZE, Y + 30, GREY)
    assert _told(form) == ({"thumb"}, 0)


def test_a_name_is_seen_on_a_print_without_colour():
    form = Form("签字：")
    press(form.picture, _smaller(thumb(Random(2))), X + 6.5 * SIZE, Y + 30, GREY)
    form.write("欧阳文静", 4.2, -0.3, BLACK, 52)
    assert _told(form) == ({"thumb", "pen"}, 0)


@pytest.mark.parametrize("ink", [RED, GREY])
@pytest.mark.parametrize("seed", [1, 4, 5])
def test_a_chop_with_a_name_is_neither_a_seal_nor_writing(seed, ink):
    form = Form("签字：")
    press(form.picture, _smaller(chop("张伟", Random(seed))), X + 7 * SIZE, Y + 30, ink)
    assert _told(form) == ({"chop"}, 0)


def test_a_seal_a_shade_and_large_print_are_none_of_them():
    form = Form("签字：")
    cv2.circle(form.picture, (1150, 480), 165, RED, 8)
    form.write("公章", 16.5, 2, RED, 40)
    cv2.rectangle(form.picture, (700, 500), (830, 620), (190, 190, 190), -1)
    drawing.write(form.picture, [(240, 700, "申请表")], 110)
    kinds, seals = _told(form)
    assert seals == 1
    assert not kinds & {"thumb", "chop"}


def test_nothing_is_none():
    assert _told(Form("签字：")) == (set(), 0)
    assert np.any(thumb(Random(1)) > 0)
