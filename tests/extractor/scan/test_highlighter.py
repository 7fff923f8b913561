"""Print under a highlighter is read as on white paper, and what is no highlighter stays as it is."""

import cv2
import numpy as np
import pytest

from extractor.scan.highlighter import without_highlighter
from extractor.scan.layers import take_apart
from extractor.scan.upright import flatten
from tests.extractor import drawing

WORDS = "武汉某某有限公司位于东西湖区占地面积约八千平方米"
INKS = {"yellow": (255, 255, 60), "pink": (255, 110, 190), "green": (110, 255, 110), "blue": (100, 200, 255)}


def _page() -> np.ndarray:
    picture = drawing.blank(1654, 1169)
    drawing.write(picture, [(120, 100 + 90 * row, WORDS) for row in range(11)], 30)
    return picture


def _marked(ink: tuple[int, int, int]) -> np.ndarray:
    """The page with a strip of `ink` over a row and another from the middle of one."""
    page = _page()
    light = np.ones(page.shape, np.float32)
    for x0, y0, x1, y1 in ((110, 275, 700, 325), (500, 635, 900, 680)):
        light[y0:y1, x0:x1] = np.array(ink, np.float32) / 255
    return np.asarray(page * cv2.GaussianBlur(light, (0, 0), 1.5), np.uint8)


@pytest.mark.parametrize("name", INKS)
def test_print_under_a_highlighter_is_black_on_white(name: str) -> None:
    bare = without_highlighter(_marked(INKS[name]))
    assert np.abs(bare.astype(int) - _page()).mean() < 1.5
    layers = take_apart(flatten(bare, (842, 595)))
    assert (layers.red > 0).sum() < 40


def test_red_ink_on_a_highlighter_stays_red() -> None:
    page = _marked(INKS["yellow"])
    cv2.circle(page, (400, 300), 60, (200, 30, 40), 6)
    bare = without_highlighter(page).astype(int)
    assert bare[300, 340, 0] - bare[300, 340, 1] > 100


@pytest.mark.parametrize(
    "page",
    [
        _page(),
        (_page() * np.array([1.0, 0.98, 0.6])).astype(np.uint8),  # on yellow paper
        cv2.circle(_page(), (600, 700), 120, (200, 30, 40), 9),
    ],
)
def test_a_page_without_highlighter_is_left_as_it_is(page: np.ndarray) -> None:
    assert without_highlighter(page) is page
