"""Red writing is read like other ink; a seal's ink and what lies on print are not mixed with it."""

import cv2
import numpy as np

from extractor.scan.layers import PAPER, take_apart
from extractor.scan.red_ink import loose_red, red_writing
from extractor.scan.seals.ring import Ring
from extractor.scan.upright import Flat
from tests.extractor import drawing
from tests.extractor.scan.pens import RED, SIZE, Form, X, Y


def _inked(gray, x, y, wide):
    return bool(
        (
            gray[
                Y + round(SIZE * y) : Y + round(SIZE * (y + 1.2)),
                X + round(SIZE * x) : X + round(SIZE * (x + wide)),
            ]
            < PAPER
        ).any()
    )


def test_red_writing_is_on_the_layer_that_is_read():
    form = Form(" ")
    form.write("武汉清源", 0, 0, RED)
    page = form.page()
    assert not _inked(page.lifted, 0, 0, 4)
    assert _inked(page.clear, 0, 0, 4)
    assert page.red


def test_a_red_line_through_print_is_not_and_the_writing_beside_it_is():
    form = Form("武汉清源")
    form.draw([(-0.3, 0.5), (4.3, 0.5)], RED)
    form.write("大冶", 5.5, 0, RED)
    page = form.page()
    plain = Form("武汉清源").page()
    assert _inked(page.clear, 5.5, 0, 2)
    part = np.s_[Y : Y + SIZE, X : X + 4 * SIZE]
    assert (
        abs(int((page.clear[part] < PAPER).sum()) - int((plain.clear[part] < PAPER).sum()))
        < 0.1 * (plain.clear[part] < PAPER).sum()
    )


def test_a_seal_s_ink_is_no_writing():
    picture = drawing.blank(900, 900)
    cv2.circle(picture, (450, 450), 160, RED, 8)
    drawing.write(picture, [(400, 430, "公章")], 40)
    layers = take_apart(Flat(picture, drawing.SCALE, False))
    writing, boxes = red_writing(
        layers, [Ring(450, 450, 160, 160, 0, True, 0.98)], np.zeros_like(layers.text)
    )
    assert writing is None
    assert not boxes


def test_a_red_rule_is_no_writing():
    picture = drawing.blank(900, 900)
    cv2.line(picture, (100, 400), (800, 402), RED, 5)
    layers = take_apart(Flat(picture, drawing.SCALE, False))
    assert red_writing(layers, [], np.zeros_like(layers.text))[0] is None


def test_the_page_s_edge_is_no_writing():
    picture = drawing.blank(900, 900)
    picture[:3, 100:400] = RED
    layers = take_apart(Flat(picture, drawing.SCALE, False))
    assert red_writing(layers, [], np.zeros_like(layers.text))[0] is None


def test_red_ink_is_loose_where_no_seal_is_however_little_of_the_page_has_any():
    form = Form("武汉清源")
    form.write("大冶", 5.5, 0, RED)
    page = form.page()
    ring = Ring(X + 6.0 * SIZE, Y + SIZE / 2, SIZE / 3, SIZE / 3, 0.0, True, 0.9)
    assert np.array_equal(loose_red(page.layers, ()), page.layers.red > 0)
    left = loose_red(page.layers, [ring])
    assert 0 < np.count_nonzero(left) < np.count_nonzero(page.layers.red)


def test_blue_ink_is_told_once_however_lines_change():
    page = Form("武汉清源").page()
    assert page.blue is page.reading(()).blue
    assert not page.blue.any()
    assert not page.blue.flags.writeable
