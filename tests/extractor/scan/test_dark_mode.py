"""Light writing on dark ground is read as dark on light; dark photos of paper stay as they are."""

import numpy as np
import pytest

from extractor.scan.dark_mode import on_light_ground
from extractor.scan.layers import is_coloured, percentile
from tests.extractor import drawing

WORDS = "武汉某某有限公司位于东西湖区占地面积约八千平方米"


def _page() -> np.ndarray:
    picture = drawing.blank(900, 700)
    drawing.write(picture, [(60, 40 + 60 * row, WORDS) for row in range(13)], 24)
    return picture


def test_a_page_in_dark_mode_becomes_black_on_white() -> None:
    page = _page()
    assert np.abs(on_light_ground(255 - page).astype(int) - page).mean() < 3


def test_red_ink_of_a_page_in_dark_mode_stays_red() -> None:
    page = 255 - _page()
    page[600:700, 500:520] = (200, 30, 40)
    red = on_light_ground(page)[650, 510].astype(int)
    assert red[0] - max(red[1], red[2]) > 80


def _on_a_table() -> np.ndarray:
    scene = np.full((1800, 1500, 3), 30, np.uint8)
    page = _page()
    scene[400 : 400 + page.shape[0], 300 : 300 + page.shape[1]] = page
    return scene


@pytest.mark.parametrize(
    "picture", [_page(), (_page() * 0.35).astype(np.uint8), _on_a_table(), np.zeros((50, 40, 3), np.uint8)]
)
def test_paper_is_left_as_it_is_also_in_the_dark_and_on_a_dark_table(picture: np.ndarray) -> None:
    assert on_light_ground(picture) is picture


@pytest.mark.parametrize("percent", [0.5, 50, 90, 99.5])
def test_a_percentile_is_that_of_numpy(percent: float) -> None:
    for seed, size in enumerate((1, 2, 777, 10_000)):
        gray = np.random.default_rng(seed).integers(0, 256, (1, size), dtype=np.uint8)
        assert percentile(gray, percent) == np.percentile(gray, percent)


def test_one_pixel_of_colour_in_the_last_rows_is_seen() -> None:
    picture = np.full((301, 200, 3), 250, np.uint8)
    assert not is_coloured(picture)
    picture[300, 99, 2] = 200
    assert is_coloured(picture)
