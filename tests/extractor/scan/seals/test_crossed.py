"""Red writing that lies on a red seal, or runs into one, is told as ink that nobody read."""

import math

import cv2
import numpy as np
import pytest

from extractor.scan.seals.crossed import find_crossed
from extractor.scan.seals.find import find_seals
from tests.extractor.scan.pens import BLUE, RED, SIZE, Form, X, Y


def _sealed(form, x, y, foot=""):
    """The form with a red seal, its middle at (x, y): a ring, a star and letters on the rim, and what may
    stand at its foot."""
    at = (round((x - X) / SIZE * 8) / 8, (y - Y - 11) / SIZE)
    around = [
        (at[0] + 4.4 * math.cos(n * math.pi / 45), at[1] + 4.4 * math.sin(n * math.pi / 45))
        for n in range(91)
    ]
    form.draw(around, RED, 7)
    star = [
        (at[0] + r * math.sin(n * math.pi / 5), at[1] - r * math.cos(n * math.pi / 5))
        for n, r in enumerate((1.2, 0.46) * 5)
    ]
    points = np.array([(X + SIZE * a, Y + 11 + SIZE * b) for a, b in star], np.int32)
    cv2.fillPoly(form.picture, [points], RED)
    for n, char in enumerate("武汉东湖低碳公司"):
        turn = math.radians(-110 + 220 * n / 7)
        form.write(char, at[0] - 0.5 + 3.4 * math.sin(turn), at[1] - 0.5 - 3.4 * math.cos(turn), RED, 30)
    form.write(foot, at[0] - 0.4 * len(foot), at[1] + 1.6, RED, 30)


def _found(form):
    page = form.page()
    rings = find_seals(page.layers)
    assert rings
    return find_crossed(form.page(rings))


@pytest.mark.parametrize("foot", ["", "专用章"])
def test_a_seal_has_nothing_of_that_by_itself(foot):
    form = Form("武汉清源商业管理")
    _sealed(form, 1150, 500, foot)
    assert not _found(form)


def test_black_print_and_a_blue_pen_under_it_are_read_and_not_told():
    form = Form(" ")
    form.write("武汉清源商业管理有限公司武汉", 8, 3.0)
    form.write("武汉清源商业", 13, 4.4, BLUE)
    _sealed(form, 1150, 500)
    assert not _found(form)


@pytest.mark.parametrize("x", [6, 15])
def test_red_writing_that_runs_into_it(x):
    form = Form(" ")
    form.write("武汉清源商业管理"[: 8 if x == 6 else 4], x, 3.3, RED)
    _sealed(form, 1150, 500)
    assert _found(form)


def test_red_writing_wholly_on_it():
    form = Form(" ")
    form.write("办公室主任", 15.2, 2.2, RED)
    _sealed(form, 1150, 500)
    assert _found(form)


def test_red_writing_elsewhere_is_read():
    form = Form(" ")
    form.write("武汉清源商业", 0, 0, RED)
    _sealed(form, 1200, 560)
    assert not _found(form)
