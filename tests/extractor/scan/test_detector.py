import numpy as np

from extractor.scan import detector
from extractor.scan.ocr import OcrSettings, PaddleOcr, _sessions
from tests.extractor import drawing


def _page(height: int, width: int) -> np.ndarray:
    picture = drawing.blank(width, height)
    words = ["申报单位", "武汉市江岸区花山路209号", "联系人", "13900000000", "二〇二六年五月", "lxr@126.com"]
    places = [(20 + 190 * (i % 3), 12 + 62 * (i // 3), word) for i, word in enumerate(words)]
    drawing.write(picture, places, size=22)
    return picture


def test_lines_are_found_where_the_library_finds_them() -> None:
    sessions = _sessions(OcrSettings())
    # As wide as the model takes, not as wide, and smaller than a block.
    for picture in (_page(160, 640), _page(147, 611), _page(1500, 700), _page(160, 640)[:20, :40]):
        assert PaddleOcr().detect(picture) == sessions._by_the_library(picture)
    assert len(PaddleOcr().detect(_page(160, 640))) == 4


def test_a_page_of_nothing_has_no_lines() -> None:
    assert PaddleOcr().detect(drawing.blank(640, 160)) == []


def test_a_large_picture_is_made_smaller_for_the_model() -> None:
    assert detector.to_numbers(drawing.blank(3000, 2000)).shape == (1, 3, 864, 1280)
