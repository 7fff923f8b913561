"""A page that a window shows is found in a screenshot; other pictures with even ground are left whole."""

import numpy as np
import pytest

from extractor.scan.sheet_outline import sheet_in
from extractor.scan.upright import flatten
from tests.extractor import drawing


def _page() -> np.ndarray:
    """A page at 96 dpi: its words and its table."""
    page = drawing.blank(790, 1120)
    drawing.table(page, [100, 260, 690], [150, 210, 270, 330, 500, 800])
    drawing.write(page, [(110, 165 + 60 * row, "申报单位") for row in range(3)], 18)
    return page


def _window(ground: int, page: np.ndarray, left: int = 500) -> np.ndarray:
    """A window with a bar of tools over the page, one of its state under it, and a ruler between."""
    window = np.full((1400, 1800, 3), ground, np.uint8)
    window[:110] = window[-30:] = (245, 245, 245)
    drawing.write(window, [(20 + 120 * number, 40, "开始") for number in range(12)], 22)
    window[113:129, left : left + page.shape[1]] = 255
    drawing.write(window, [(left + 10 + 60 * number, 114, str(number)) for number in range(12)], 12)
    window[132 : 132 + page.shape[0], left : left + page.shape[1]] = page
    return window


@pytest.mark.parametrize("ground", [60, 128, 200, 230])
def test_the_page_in_a_window_is_what_is_read(ground: int) -> None:
    flat = flatten(_window(ground, _page()), None)
    width, height = flat.frame.flat
    assert abs(width / height - 790 / 1120) < 0.005
    assert abs(flat.scale * 595.3 / width - 1) < 0.02


def test_a_page_of_even_colour_with_a_white_table_is_left_whole() -> None:
    tinted = np.full((1120, 790, 3), 225, np.uint8)
    table = _page()[150:801, 100:691]
    tinted[150:801, 100:691] = table
    assert sheet_in(np.ascontiguousarray(tinted[..., 0])) is None


def test_a_scan_is_left_whole() -> None:
    assert sheet_in(np.ascontiguousarray(_page()[..., 0])) is None
