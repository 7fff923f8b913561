"""Specks that were read as characters, told from what a person wrote."""

from dataclasses import replace

import numpy as np
import pytest

from extractor.scan.dirt import without_dirt
from extractor.scan.flat import Place, ReadLine
from extractor.scan.layers import take_apart
from extractor.scan.lines import set_upright
from extractor.scan.ocr import PaddleOcr
from extractor.scan.readings import Glyph, Reading
from extractor.scan.upright import flatten
from tests.extractor import drawing
from tests.extractor.scan.pens import Form, X, Y


def _scrap(text, x, y, confidence, cell=(0, 1)):
    glyphs = tuple(Glyph(char, (n + 0.5) / len(text), confidence) for n, char in enumerate(text))
    return ReadLine(Place((x, y, x + 22, y + 60), cell), Reading(glyphs))


def _left(*scraps):
    form = Form()
    form.lines += scraps
    page, dirt = without_dirt(form.page())
    return ["".join(glyph.text for glyph in line.reading.glyphs) for line in page.lines], dirt


def test_scraps_over_each_other_are_no_text_and_are_told():
    scraps = [_scrap(text, X + 500, Y + 90 * n, 0.4) for n, text in enumerate(("202", "2", "修"))]
    texts, dirt = _left(*scraps)
    assert texts == ["武汉清源商业管理有限公司"]
    assert [round(box.x0 * drawing.SCALE) for box in dirt] == pytest.approx([X + 500] * 3, abs=2)


@pytest.mark.parametrize(
    ("apart", "confidence", "cell"), [(90, 0.95, (0, 1)), (10, 0.4, (0, 1)), (90, 0.4, (0, 3))]
)
def test_what_is_legible_or_in_one_row_or_alone_in_its_cell_is_kept(apart, confidence, cell):
    scraps = [_scrap("2", X + 500, Y + apart * n, confidence, cell) for n in range(3)]
    texts, dirt = _left(*scraps)
    assert texts[1:] == ["2"] * 3
    assert not dirt


def test_two_scraps_over_each_other_are_no_band():
    texts, dirt = _left(_scrap("2", X + 500, Y, 0.4), _scrap("2", X + 500, Y + 90, 0.4))
    assert len(texts) == 3
    assert not dirt


def _with_back(cell, level):
    """A form with words in a grey of `level`, read surely, in one of its cells."""
    form = Form()
    x, y = (X, Y + 90) if cell == (0, 1) else (X, Y + 200)
    layer = drawing.blank(1500, 900)
    drawing.write(layer, [(x, y, "科长办公室")], 36)
    form.picture = np.minimum(form.picture, np.where(layer < 128, level, 255).astype(np.uint8))
    form.lines.append(form.line("科长办公室", x, y, cell))
    page, told = without_dirt(form.page())
    return ["".join(glyph.text for glyph in line.reading.glyphs) for line in page.lines][1:], len(told)


def test_print_that_shows_through_is_no_text_and_is_told_however_surely_it_was_read():
    """Met beside a label: 电子邮箱tee8-TS was no label, and the address stood in the telephone's cell."""
    assert _with_back((0, 1), 205) == ([], 1)


def test_what_is_pale_and_alone_in_its_cell_stays_and_goes_to_a_person():
    assert _with_back((0, 3), 205) == (["科长办公室"], 1)


def test_a_pencil_is_no_print_that_shows_through():
    assert _with_back((0, 1), 170) == (["科长办公室"], 0)


def test_what_a_lifted_seal_leaves_is_no_text_and_is_told():
    ghost = replace(_scrap("二", X + 600, Y + 90, 0.45), recovered=(True,))
    texts, dirt = _left(ghost)
    assert texts == ["武汉清源商业管理有限公司"]
    assert len(dirt) == 1


@pytest.mark.parametrize(
    ("x", "y", "confidence", "recovered"),
    [
        (X + 5, Y - 8, 0.45, True),  # on print
        (X + 600, Y + 90, 0.95, True),
        (X + 600, Y + 90, 0.45, False),
    ],
)
def test_what_has_print_or_is_legible_or_under_no_seal_is_kept(x, y, confidence, recovered):
    texts, dirt = _left(replace(_scrap("二", x, y, confidence), recovered=(recovered,)))
    assert texts[1:] == ["二"]
    assert not dirt


@pytest.mark.parametrize(("quarters", "turn"), [(0, 1), (1, 0)])
def test_a_page_need_not_lie_as_the_page_before(quarters, turn):
    picture = drawing.blank()
    words = ["近零碳排放区示范工程", "装机容量约二十三万千瓦", "现有职工一百零八人"]
    drawing.write(picture, [(300, 200 + 120 * n, text) for n, text in enumerate(words)], 40)
    turned = np.ascontiguousarray(np.rot90(picture, quarters))
    points = (595.3, 841.9) if quarters == 0 else (841.9, 595.3)
    layers, _ = set_upright(take_apart(flatten(turned, points)), PaddleOcr(), turn)
    assert layers.text.shape[0] > layers.text.shape[1]
