"""Digits in a band of dirt that runs down the sheet."""

import numpy as np
import pytest

from extractor.scan import soiled
from extractor.scan.bands import GLANCE, seems_soiled, soiled_columns, without_bands
from extractor.scan.flat import FlatPage
from extractor.scan.layers import take_apart
from extractor.scan.ruling import find_grids
from extractor.scan.soiled import find_soiled
from extractor.scan.upright import Flat
from tests.extractor import drawing
from tests.extractor.scan.pens import SIZE, Form, X

WORDS = "装机容量1.9兆瓦，节电量约若干度"


def _soiled(at, rows=slice(None)):
    """A form with specks of a roller, `at` in widths of a character from where the answer begins."""
    form = Form(WORDS)
    middle = round(X + SIZE * at)
    band = form.picture[rows, middle - 8 : middle + 8]
    specks = np.random.default_rng(1).random((*band.shape[:2], 1)) < 0.15
    band[:] = np.where(specks, 120, band)
    return form.page()


def test_a_digit_in_a_band_of_dirt_is_told():
    """Met under a dirty roller: 19 for 1.9, both digits as sure as can be."""
    assert len(find_soiled(_soiled(4.7))) == 1


@pytest.mark.parametrize(("at", "rows"), [(10.0, slice(None)), (4.7, slice(300, 480))])
def test_dirt_far_from_digits_or_in_one_place_is_not(at, rows):
    assert not find_soiled(_soiled(at, rows))


def test_a_clean_sheet_has_none():
    assert not find_soiled(Form(WORDS).page())


@pytest.mark.parametrize(("width", "height"), [(300, 4), (4, 300), (3, 3)])
def test_a_picture_of_some_pixels_has_none(width, height):
    """Met in mutated mail: a picture of less rows than the blocks into which a page is cut."""
    layers = take_apart(Flat(drawing.blank(width, height), drawing.SCALE, False))
    page = FlatPage.of(layers, find_grids(layers.text, drawing.SCALE), [])
    assert not find_soiled(page)


def test_a_glance_lets_no_band_through_that_a_closer_look_finds():
    """Most sheets are clean, so that some of their rows are looked at first."""
    for share in (0.05, 0.07, 0.1):
        form = Form(WORDS)
        dice = np.random.default_rng(7)
        specks = dice.random((form.picture.shape[0], 6, 1)) < share
        band = form.picture[:, 900:906]
        band[:] = np.where(specks, 120, band)
        page = form.page()
        whole = soiled_columns(page.clear, soiled._bare(page), page.scale)
        some = seems_soiled(page.clear[::GLANCE], soiled._bare(page, GLANCE), page.scale)
        assert some >= whole.any()
        assert whole.any() == (share > 0.06) or share == 0.05
        assert (without_bands(page.layers.text, [], page.scale) is None) <= (not whole.any())
