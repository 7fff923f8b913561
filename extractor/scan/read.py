"""Pictures of pages -> Pages: scans, faxes, photos, and PDF pages that hold no text.

The page that comes out is the upright, flattened one, and all its boxes are in points of that; its `frame` says how it came out of
the picture, so that a reviewer can be shown what was read.
"""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from extractor.limits import PictureLimits
from extractor.scan.decode import Picture, decode
from extractor.scan.ocr import OcrEngine, Reading
from models.errors import Damaged, OcrUnavailable
from models.page import InkMark, Page, Pages, Run, SealMark

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from extractor.scan.seals.ring import Ring

_GREY = 2  # levels by which the channels of a grey pixel may differ: a copy without colour has none, paper scanned in colour more
_NAMED = 0.98  # how sure it is that a ring with a name on it is a seal


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
        pages.append(read_page(picture, len(pages) + 1, _tables(pages), engine))
    if not pages:
        raise Damaged("文件中没有页面")
    identity = next((page.identity for page in pages if page.identity), None)
    return Pages(reader="scan", pages=tuple(pages), identity=identity, damage=tuple(damage))


def read_page(picture: Picture, number: int, first_table: int, engine: OcrEngine) -> Page:
    """One page; where it bears our code, with which form it is."""
    try:
        from extractor.scan.compose import in_points, make_page
        from extractor.scan.handwriting import find_ink
        from extractor.scan.layers import take_apart
        from extractor.scan.lines import detect_again, place_lines, read_lines, set_upright
        from extractor.scan.qr import read_identity
        from extractor.scan.ruling import find_grids
        from extractor.scan.seals.find import find_seals
        from extractor.scan.seals.inscription import read_seal
        from extractor.scan.seals.lift import lift_seals
        from extractor.scan.seals.under import read_under_seals
        from extractor.scan.unread_ink import read_unread
        from extractor.scan.upright import flatten
    except ImportError as error:
        # OpenCV's wheel needs libraries of the system, which a bare server lacks. Another try may do better.
        advice = "请安装 libgl1 和 libglib2.0-0（sealform doctor 有说明）"
        raise OcrUnavailable(f"不能处理图片：{error}", advice=advice) from error

    layers, boxes = set_upright(take_apart(flatten(picture.colour, picture.points)), engine)
    ruling = find_grids(layers.text, layers.scale)
    rings = find_seals(layers)
    written = lift_seals(layers, rings)
    boxes = detect_again(boxes, written, [ring.box for ring in rings if not ring.red], engine)
    clear = ruling.taken_off(written)
    lines = read_lines(place_lines(boxes, ruling, layers), clear, engine)
    lines = read_under_seals(lines, written, layers, ruling, rings, engine)
    more, dark = read_unread(clear, ruling, lines, rings, layers.scale, engine)
    lines += more
    strokes = [
        InkMark(box=in_points(box, layers.scale), confidence=sure) for box, sure in find_ink(layers, ruling, lines, rings, written)
    ]
    stamps = [
        _stamp(ring, read_seal(layers, ring, [other for other in rings if other is not ring], engine), layers.scale)
        for ring in rings
    ]
    page = make_page(number, first_table, layers, ruling, lines, stamps, strokes)
    unknown = tuple(in_points(box, layers.scale) for box in dark)
    found = {"unread": unknown, "coloured": _is_coloured(picture.colour), "identity": read_identity(picture.colour)}
    return page.model_copy(update={**found, "frame": layers.frame})


def _is_coloured(colour: "NDArray[np.uint8]") -> bool:
    """Whether any pixel is of another colour than grey; a few levels are what compression does."""
    import numpy as np

    red, green, blue = (colour[::3, ::3, channel] for channel in range(3))
    least, most = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    return bool((most - least).max() > _GREY)


def _stamp(ring: "Ring", readings: Sequence[Reading], scale: float) -> SealMark:
    from extractor.scan.compose import in_points
    from extractor.scan.seals.inscription import is_sure

    runs = tuple(
        tuple(Run(text=glyph.text, confidence=glyph.confidence, others=glyph.others) for glyph in reading.glyphs)
        for reading in readings
        if reading.glyphs
    )
    text = "".join(run.text for run in runs[0]).strip() if runs else ""
    # Where a name can be read along the outline, that is a seal, however faint or broken.
    sure = max(ring.confidence, _NAMED) if is_sure(readings[0]) else ring.confidence
    return SealMark(
        box=in_points(ring.box, scale), text=text or None, confidence=sure,
        shape=ring.shape, red=ring.red, readings=runs,
    )  # fmt: skip


def _tables(pages: Sequence[Page]) -> int:
    return sum(1 for page in pages for block in page.blocks if hasattr(block, "cells"))
