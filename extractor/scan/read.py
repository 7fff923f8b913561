"""Turns pictures of pages into Pages: scans, faxes, photos, and PDF pages that hold no text.

The resulting page is the upright, flattened one, and all its boxes are in its points. Its `frame` says how it
came out of the picture, so that a reviewer can be shown what was read.
"""

from collections.abc import Iterable, Sequence
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
    missing = [name for name in ("cv2", "onnxruntime", "paddleocr") if find_spec(name) is None]
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


def read_page(
    picture: Picture, number: int, first_table: int, engine: OcrEngine, turn: int | None = None,
    told: int | None = None,
) -> Page:  # fmt: skip
    """One page; where it bears our code, with which form it is. `turn`: by how many quarters the page before
    was turned, where that was of the same shape. `told`: the quarters that a person said."""
    try:
        from extractor.scan.compose import make_page
        from extractor.scan.dirt import without_dirt
        from extractor.scan.flat import FlatPage
        from extractor.scan.handwriting import find_ink
        from extractor.scan.layers import is_coloured, take_apart
        from extractor.scan.lines import read_lines, set_upright
        from extractor.scan.pen_marks import find_pen_marks
        from extractor.scan.qr import read_codes
        from extractor.scan.ruling import find_grids
        from extractor.scan.seals.crossed import find_crossed
        from extractor.scan.seals.find import find_seals
        from extractor.scan.seals.inscription import read_seals
        from extractor.scan.seals.under import read_under_seals
        from extractor.scan.struck import mark_struck
        from extractor.scan.underlined import mark_underlined
        from extractor.scan.unread_ink import read_unread
        from extractor.scan.upright import flatten
    except ImportError as error:
        # OpenCV's wheel needs libraries of the system, which a bare server lacks. Another try may do better.
        advice = "请安装 libgl1 和 libglib2.0-0（sealform doctor 有说明）"
        raise OcrUnavailable(f"不能处理图片：{error}", advice=advice) from error

    codes = read_codes(picture.colour)
    colour = codes.without(picture.colour)
    layers, boxes = set_upright(take_apart(flatten(colour, picture.points)), engine, turn, told)
    page = FlatPage.of(layers, find_grids(layers.black, layers.scale, boxes, layers.inks), find_seals(layers))
    page = read_lines(page, boxes, engine)
    page = read_under_seals(page, engine)
    page, unread = read_unread(page, engine)
    page, dirt = without_dirt(page)
    page, struck = mark_struck(page)
    page = mark_underlined(page)
    found = {
        "ink": find_ink(page),
        "seals": read_seals(page, engine),
        "unread": (*unread, *dirt, *struck, *find_pen_marks(page), *find_crossed(page)),
        "coloured": is_coloured(picture.colour),
        "identity": codes.identity,
        "coded": codes.values,
    }
    return make_page(page, number, first_table).model_copy(update=found)


def _turn(pages: Sequence[Page], picture: Picture) -> int | None:
    frame = pages[-1].frame if pages else None
    if frame is None:
        return None
    height, width = picture.colour.shape[:2]
    return frame.quarters if (frame.picture[0] < frame.picture[1]) == (width < height) else None


def _tables(pages: Sequence[Page]) -> int:
    return sum(1 for page in pages for block in page.blocks if hasattr(block, "cells"))
