"""Turns pictures of pages into Pages: scans, faxes, photos, and PDF pages that hold no text.

The resulting page is upright and flat, and all its boxes are in its own points. Its `frame` tells how it was
made from the picture, so that a reviewer can be shown what was read.
"""

from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec

from extractor.limits import PictureLimits
from extractor.scan.carried import Columns, columns_of
from extractor.scan.decode import Picture, decode
from extractor.scan.ocr import OcrEngine
from models.errors import Damaged, OcrUnavailable
from models.page import Page, Pages


def read_scan(data: bytes, engine: OcrEngine, limits: PictureLimits = PictureLimits()) -> Pages:
    """Read the pages of an image file (JPEG, PNG, TIFF of many pages, HEIC ...). `data` is its content.

    Raises Damaged, TooLarge, OcrUnavailable.
    """
    return read_pictures(decode(data, limits), engine)


def read_pictures(pictures: Iterable[Picture], engine: OcrEngine) -> Pages:
    """Read the pages that `pictures` show, in their order.

    Raises OcrUnavailable, and Damaged where there is no page.
    """
    missing = [name for name in ("cv2", "onnxruntime", "pyclipper") if find_spec(name) is None]
    if missing:
        raise OcrUnavailable(f"识别组件 {'、'.join(missing)} 未安装")
    pages: list[Page] = []
    damage: dict[str, None] = {}
    for picture in pictures:
        if picture.damage:
            damage[picture.damage] = None
        before = columns_of(pages[-1]) if pages else None
        page = read_page(
            picture, len(pages) + 1, _tables(pages), engine, _turn(pages, picture), before=before
        )
        pages.append(page)
    if not pages:
        raise Damaged("文件中没有页面")
    identity = next((page.identity for page in pages if page.identity), None)
    return Pages(reader="scan", pages=tuple(pages), identity=identity, damage=tuple(damage))


def read_turned(picture: Picture, number: int, quarters: int, engine: OcrEngine) -> Pages:
    """Read one page again, turned by as many quarter turns as a person said. `number` is the page's, from 1.

    Raises OcrUnavailable, Damaged.
    """
    page = read_page(picture, number, 0, engine, told=quarters)
    damage = (picture.damage,) if picture.damage else ()
    return Pages(reader="scan", pages=(page,), identity=page.identity, damage=damage)


def load() -> None:
    """Import what reading a page needs. That takes as long as reading a Word file. Raises OcrUnavailable."""
    try:
        import_module("extractor.scan.steps")
    except ImportError as error:
        # OpenCV's wheel needs system libraries, which a bare server lacks. Once they are there, a later try
        # succeeds.
        advice = "请安装 libgl1 和 libglib2.0-0（sealform doctor 有说明）"
        raise OcrUnavailable(f"不能处理图片：{error}", advice=advice) from error


def read_page(
    picture: Picture, number: int, first_table: int, engine: OcrEngine, turn: int | None = None,
    told: int | None = None, before: Columns | None = None,
) -> Page:  # fmt: skip
    """Read one page. Where it bears our code, the page also tells which form it is.

    `number` is the page's, from 1, and `first_table` the number of tables on the pages before it. `turn` is
    how many quarter turns the page before needed, if it had the same shape. `told` is the number of quarter
    turns that a person said. `before` holds the columns of the table that the
    page before ends with, in points. Raises OcrUnavailable.
    """
    load()
    from extractor.scan.steps import read_page as read

    return read(picture, number, first_table, engine, turn, told, before)


def _turn(pages: Sequence[Page], picture: Picture) -> int | None:
    """Return the quarter turns of the last page, if its picture was upright or wide as `picture` is."""
    frame = pages[-1].frame if pages else None
    if frame is None:
        return None
    height, width = picture.colour.shape[:2]
    return frame.quarters if (frame.picture[0] < frame.picture[1]) == (width < height) else None


def _tables(pages: Sequence[Page]) -> int:
    """Count the tables of the pages."""
    return sum(1 for page in pages for block in page.blocks if hasattr(block, "cells"))
