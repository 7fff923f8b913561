"""Turns pictures of pages into Pages: scans, faxes, photos, and PDF pages that hold no text.

The resulting page is the upright, flattened one, and all its boxes are in its points. Its `frame` says how it
came out of the picture, so that a reviewer can be shown what was read.
"""

from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec

from extractor.limits import PictureLimits
from extractor.scan.decode import Picture, decode
from extractor.scan.ocr import OcrEngine
from models.errors import Damaged, OcrUnavailable
from models.page import Page, Pages


def read_scan(data: bytes, engine: OcrEngine, limits: PictureLimits = PictureLimits()) -> Pages:
    """The pages of an image file (JPEG, PNG, TIFF of many pages, HEIC ...). Raises Damaged, TooLarge."""
    return read_pictures(decode(data, limits), engine)


def read_pictures(pictures: Iterable[Picture], engine: OcrEngine) -> Pages:
    """The pages shown by `pictures`, in their order. Raises OcrUnavailable, Damaged."""
    missing = [name for name in ("cv2", "onnxruntime", "pyclipper") if find_spec(name) is None]
    if missing:
        raise OcrUnavailable(f"识别组件 {'、'.join(missing)} 未安装")
    pages: list[Page] = []
    damage: dict[str, None] = {}
    for picture in pictures:
        if picture.damage:
            damage[picture.damage] = None
        pages.append(read_page(picture, len(pages) + 1, _tables(pages), engine, _turn(pages, picture)))
    if not pages:
        raise Damaged("文件中没有页面")
    identity = next((page.identity for page in pages if page.identity), None)
    return Pages(reader="scan", pages=tuple(pages), identity=identity, damage=tuple(damage))


def read_turned(picture: Picture, number: int, quarters: int, engine: OcrEngine) -> Pages:
    """One page, turned by as many quarters as a person said. Raises OcrUnavailable, Damaged."""
    page = read_page(picture, number, 0, engine, told=quarters)
    damage = (picture.damage,) if picture.damage else ()
    return Pages(reader="scan", pages=(page,), identity=page.identity, damage=damage)


def load() -> None:
    """Imports what reading a page needs, which takes as long as a Word file. Raises OcrUnavailable."""
    try:
        import_module("extractor.scan.steps")
    except ImportError as error:
        # OpenCV's wheel needs libraries of the system, which a bare server lacks. Another try may do better.
        advice = "请安装 libgl1 和 libglib2.0-0（sealform doctor 有说明）"
        raise OcrUnavailable(f"不能处理图片：{error}", advice=advice) from error


def read_page(
    picture: Picture, number: int, first_table: int, engine: OcrEngine, turn: int | None = None,
    told: int | None = None,
) -> Page:  # fmt: skip
    """One page; where it bears our code, with which form it is. `turn`: by how many quarters the page before
    was turned, where that was of the same shape. `told`: the quarters that a person said."""
    load()
    from extractor.scan.steps import read_page as read

    return read(picture, number, first_table, engine, turn, told)


def _turn(pages: Sequence[Page], picture: Picture) -> int | None:
    frame = pages[-1].frame if pages else None
    if frame is None:
        return None
    height, width = picture.colour.shape[:2]
    return frame.quarters if (frame.picture[0] < frame.picture[1]) == (width < height) else None


def _tables(pages: Sequence[Page]) -> int:
    return sum(1 for page in pages for block in page.blocks if hasattr(block, "cells"))
