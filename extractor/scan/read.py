"""Turns pictures of pages into Pages: scans, faxes, photos, and PDF pages that hold no text.

The resulting page is upright and flat, and all its boxes are in its own points. Its `frame` tells how it was
made from the picture, so that a reviewer can be shown what was read.
"""

from collections.abc import Iterable
from concurrent.futures import Future
from functools import partial
from importlib import import_module
from importlib.util import find_spec

from extractor.limits import PictureLimits
from extractor.scan.cores import cores
from extractor.scan.decode import Picture, decode
from extractor.scan.ocr import OcrEngine
from models.errors import Damaged, OcrUnavailable
from models.page import Frame, Page, Pages, Table


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
    load()
    from extractor.scan.steps import read_sheet, to_sheet

    damage: dict[str, None] = {}
    begun: list[Future[Page]] = []
    shared, frame, before = cores(engine.threads), None, None
    try:
        for number, picture in enumerate(pictures, 1):
            if picture.damage:
                damage[picture.damage] = None
            sheet = to_sheet(picture, engine, _turn(frame, picture), before=before)
            frame, before = sheet.layers.frame, sheet.columns
            del picture  # while the next is drawn, there is one less
            # While this page is read, the next one may be set upright, or read, too.
            begun.append(shared.beside(partial(read_sheet, sheet, number, engine)))
    finally:
        # What is wrong with an earlier page comes first.
        read = shared.ended(begun)
    pages = _counted(read)
    if not pages:
        raise Damaged("文件中没有页面")
    identity = next((page.identity for page in pages if page.identity), None)
    return Pages(reader="scan", pages=tuple(pages), identity=identity, damage=tuple(damage))


def read_turned(picture: Picture, number: int, quarters: int, engine: OcrEngine) -> Pages:
    """Read one page again, turned by as many quarter turns as a person said. `number` is the page's, from 1.

    Raises OcrUnavailable, Damaged.
    """
    page = read_page(picture, number, engine, quarters)
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


def read_page(picture: Picture, number: int, engine: OcrEngine, told: int | None = None) -> Page:
    """Read one page. `number` is the page's, from 1. `told` is the number of quarter turns that a person
    said. Raises OcrUnavailable.
    """
    load()
    from extractor.scan.steps import read_sheet, to_sheet

    return read_sheet(to_sheet(picture, engine, told=told), number, engine)


def _turn(frame: Frame | None, picture: Picture) -> int | None:
    """Return the quarter turns of the page before, whose `frame` it is, if its picture was upright or wide as
    `picture` is."""
    if frame is None:
        return None
    height, width = picture.colour.shape[:2]
    return frame.quarters if (frame.picture[0] < frame.picture[1]) == (width < height) else None


def _counted(pages: Iterable[Page]) -> list[Page]:
    """Return the pages, with the tables of each counted on from those before it."""
    counted: list[Page] = []
    tables = 0
    for page in pages:
        blocks = (
            block.model_copy(update={"index": tables + block.index}) if isinstance(block, Table) else block
            for block in page.blocks
        )
        counted.append(page.model_copy(update={"blocks": tuple(blocks)}) if tables else page)
        tables += page.tables
    return counted
