"""The dots of dithered paper go, what is written stays; other pages are left as they are."""

import cv2
import numpy as np
from PIL import Image

from extractor.scan.dithered import without_dither
from tests.extractor import drawing

WORDS = "武汉某某有限公司位于东西湖区占地面积约八千平方米"


def _page() -> np.ndarray:
    picture = drawing.blank(900, 700)
    drawing.write(picture, [(60, 40 + 60 * row, WORDS) for row in range(13)], 24)
    return np.where(picture < 128, 0, 255).astype(np.uint8)


def _dithered(page: np.ndarray) -> np.ndarray:
    """The page on paper that is not quite white, in black and white with Floyd's and Steinberg's dots."""
    gray = Image.fromarray((page * 0.95).astype(np.uint8)).convert("L")
    return np.asarray(gray.convert("1").convert("RGB"), np.uint8)


def test_dots_go_and_writing_stays() -> None:
    page = _page()
    bare = without_dither(_dithered(page))
    ink, left = page[..., 0] == 0, bare[..., 0] == 0
    far = cv2.dilate(ink.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert left[ink].all()
    assert left[far].mean() < 0.001 < (_dithered(page)[..., 0] == 0)[far].mean()


def test_other_pages_are_left_as_they_are() -> None:
    page = _page()
    dirty = page.copy()
    dirty[100:300:3, 50:250:3] = 0
    for picture in (page, dirty, (page * 0.95).astype(np.uint8)):
        assert without_dither(picture) is picture
