"""Bands of dirt of a scanner's rollers, taken off before a page is read."""

import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest

from extractor.scan.bands import _even, without_bands
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import cleaned_or, find_grids
from extractor.scan.soiled import find_soiled, read_with_dirt
from tests.extractor import drawing
from tests.extractor.scan.pens import Form

LINES = [(204, 306 + 120 * row, 460, 346 + 120 * row) for row in range(5)]


def _sheet():
    """A table of five rows and two columns on a sheet, with a line of text in each row."""
    picture = drawing.blank()
    drawing.table(picture, [200, 800, 1400], [300 + 120 * row for row in range(6)])
    drawing.write(picture, [(x0 + 10, y0 + 3, "申报单位名称") for x0, y0, _, _ in LINES], 36)
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _soiled(gray, at, wide=14.0):
    """The sheet with specks around column `at`, thicker here and there all the way down."""
    r = np.random.default_rng(5)
    high, across = gray.shape
    dark = 0.7 * np.exp(-(((np.arange(across) - at) / wide) ** 2))
    along = 0.3 + 0.7 * cv2.resize(r.random((40, 1)).astype(np.float32), (1, high)) ** 2
    specks = cv2.GaussianBlur((r.random(gray.shape) < 0.3).astype(np.float32), (0, 0), 1.0)
    return (gray * (1 - (dark[None, :] * along * specks * 2.2).clip(0, 0.9))).astype(np.uint8)


def test_a_band_is_taken_off_and_what_it_lies_on_stays():
    gray = _sheet()
    soiled = _soiled(gray, 380)
    cleaned = without_bands(soiled, LINES, drawing.SCALE)
    assert cleaned is not None
    band = (slice(None), slice(350, 410))
    bare, black = gray[band] == 255, gray[band] < 30
    assert soiled[band][bare].mean() < 235 < 247 < cleaned[band][bare].mean()
    assert cleaned[band][black].mean() < 40


def test_what_is_not_soiled_is_not_touched():
    gray = _sheet()
    assert without_bands(gray, LINES, drawing.SCALE) is None
    cleaned = without_bands(_soiled(gray, 380), LINES, drawing.SCALE)
    assert np.array_equal(cleaned[:, 600:], gray[:, 600:])


def test_dirt_beside_a_table_makes_no_column_of_it():
    """Met on a sheet with a band left of the table: dirt made two rules longer, and the table had a column
    more."""
    soiled = _soiled(_sheet(), 190)
    assert len(find_grids(soiled, drawing.SCALE, LINES).grids[0].cells) > 10
    cleaned = without_bands(soiled, LINES, drawing.SCALE)
    (grid,) = find_grids(cleaned, drawing.SCALE, LINES).grids
    assert len(grid.cells) == 10


def test_pale_rules_are_no_bands():
    gray = _sheet()
    gray[100:2200, 1000:1003] = 190
    noise = np.random.default_rng(3).normal(0, 5, gray.shape)
    assert without_bands((gray + noise).clip(0, 255).astype(np.uint8), LINES, drawing.SCALE) is None


def test_a_pale_rule_that_was_taken_for_a_band_is_held():
    gray = _sheet()
    bare = gray.copy()
    bare[:, 790:810] = 255
    soiled, clean = (find_grids(one, drawing.SCALE, LINES) for one in (gray, bare))
    texts = [*LINES, *((x0 + 640, y0, x1 + 640, y1) for x0, y0, x1, y1 in LINES)]
    assert cleaned_or(clean, soiled, texts) is soiled
    assert cleaned_or(soiled, soiled, texts) is soiled


class _Engine:
    """Says the same of every line."""

    def __init__(self, words, confidence):
        self.reading = Reading(tuple(Glyph(char, 0.5, confidence) for char in words))

    def recognise(self, lines):
        return [self.reading for _ in lines]


@pytest.mark.parametrize(
    ("said", "confidence", "read", "disputed"),
    [
        ("武汉清源商业管理有限公司", 0.5, "武汉清源商业管理有限公司", 0),
        ("武汉清源商业管理有限公闻", 0.5, "武汉清源商业管理有限公司", 1),
        ("武汉清源商业管理有限公同", 1.0, "武汉清源商业管理有限公同", 1),
    ],
)
def test_a_line_that_reads_differently_with_its_dirt_is_told(said, confidence, read, disputed):
    page = Form().page()
    soiled = page.clear.copy()
    soiled[:, 600:620] = np.minimum(soiled[:, 600:620], 150)
    page = read_with_dirt(replace(page, soiled=soiled), _Engine(said, confidence))
    assert [line.reading.text for line in page.lines] == [read]
    assert len(page.disputed) == disputed
    assert len(find_soiled(page)) == disputed


def test_what_is_even_all_along_is_told_without_memory_for_a_page_of_fractions():
    """Each picture of numbers in double precision would take eight times the page."""
    rng = np.random.default_rng(2)
    depth = rng.normal(60, np.linspace(2, 40, 2400), (2000, 2400)).clip(0, 255).astype(np.uint8)
    tracemalloc.start()
    even = _even(depth, 57)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    whole = depth.astype(np.float64)
    usual, square = (cv2.blur(values, (1, 57)) for values in (whole, whole**2))
    same = (even > 0) == ((usual > 25) & (square - usual**2 < 0.25**2 * usual**2))
    assert same.mean() > 0.99999  # the last digits of equal fractions may differ
    assert 0.2 < (even > 0).mean() < 0.8
    assert most < 4 * depth.size


@pytest.mark.parametrize(("drawn", "pitch"), [(8, 12), (2, 5), (14, 20)])
def test_a_rule_of_dashes_is_no_band_of_dirt(drawn, pitch):
    picture = drawing.blank()
    for x in (200, 480, 1400):
        for y in range(300, 2000, pitch):
            cv2.line(picture, (x, y), (x, y + drawn - 1), (0, 0, 0), 3)
    drawing.write(picture, [(x0 + 10, y0 + 3, "申报单位") for x0, y0, _, _ in LINES], 36)
    assert without_bands(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), LINES, drawing.SCALE) is None
