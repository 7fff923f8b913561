"""Pictures of pages -> Pages: scans, faxes, photos, and PDF pages that hold no text.

The page that comes out is the upright, flattened one, and all its boxes are in points of that; `flatten_page` gives its picture,
so that a reviewer sees what was read.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from extractor.ocr import OcrEngine, Reading
from models.errors import Damaged, OcrUnavailable, TooLarge
from models.page import InkMark, Page, Pages, Run, SealMark

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pypdfium2 import PdfPage

    from extractor.seal import Ring

MAX_PIXELS = 120_000_000
MAX_PAGES = 60
_LONGEST = 5000
_GREY = 6  # levels by which the channels of a grey pixel may differ
_NAMED = 0.98  # how sure it is that a ring with a name on it is a seal


@dataclass(frozen=True)
class Picture:
    """A page as it came: RGB pixels, and its size in points where the file says so."""

    colour: "NDArray[np.uint8]"
    points: tuple[float, float] | None = None


def read_scan(data: bytes, engine: OcrEngine) -> Pages:
    """The pages of an image file (JPEG, PNG, TIFF of many pages, HEIC ...). Raises Damaged, TooLarge."""
    return read_pictures(decode(data), engine)


def read_pictures(pictures: Iterable[Picture], engine: OcrEngine) -> Pages:
    """The pages shown by `pictures`, in their order. Raises OcrUnavailable, Damaged."""
    missing = [name for name in ("cv2", "onnxruntime", "paddleocr") if find_spec(name) is None]
    if missing:
        raise OcrUnavailable(f"识别组件 {'、'.join(missing)} 未安装")
    pages: list[Page] = []
    for picture in pictures:
        pages.append(read_page(picture, len(pages) + 1, _tables(pages), engine))
    if not pages:
        raise Damaged("文件中没有页面")
    return Pages(reader="scan", pages=tuple(pages), identity=next((page.identity for page in pages if page.identity), None))


def read_page(picture: Picture, number: int, first_table: int, engine: OcrEngine) -> Page:
    """One page; where it bears our code, with which form it is."""
    import numpy as np

    from extractor import code, grid, ink, inscription, lift, recover, seal, sheet, text, unread, upright
    from extractor.layers import take_apart

    layers, boxes = text.set_upright(take_apart(upright.flatten(picture.colour, picture.points)), engine)
    ruling = grid.find_grids(layers.text, layers.scale)
    rings = seal.find_seals(layers)
    written = lift.lift_seals(layers, rings)
    boxes = text.detect_again(boxes, written, [ring.box for ring in rings if not ring.red], engine)
    clear = np.where(ruling.lines > 0, np.uint8(255), written)
    lines = text.read_lines(text.place_lines(boxes, ruling, layers), clear, engine)
    lines = recover.read_under_seals(lines, written, layers, ruling, rings, engine)
    more, dark = unread.read_unread(clear, ruling, lines, rings, layers.scale, engine)
    lines += more
    strokes = [
        InkMark(box=sheet.in_points(box, layers.scale), confidence=sure)
        for box, sure in ink.find_ink(layers, ruling, lines, rings, written)
    ]
    stamps = [
        _stamp(ring, inscription.read_seal(layers, ring, [other for other in rings if other is not ring], engine), layers.scale)
        for ring in rings
    ]
    page = sheet.make_page(number, first_table, layers, ruling, lines, stamps, strokes)
    unknown = tuple(sheet.in_points(box, layers.scale) for box in dark)
    found = {"unread": unknown, "coloured": _is_coloured(picture.colour), "identity": code.read_identity(picture.colour)}
    return page.model_copy(update=found)


def _is_coloured(colour: "NDArray[np.uint8]") -> bool:
    """Whether any pixel is of another colour than grey; a few levels are what compression does."""
    sample = colour[::3, ::3].astype("int16")
    return bool((sample.max(axis=2) - sample.min(axis=2)).max() > _GREY)


def _stamp(ring: "Ring", readings: Sequence[Reading], scale: float) -> SealMark:
    from extractor import sheet
    from extractor.inscription import is_sure

    runs = tuple(
        tuple(Run(text=glyph.text, confidence=glyph.confidence, others=glyph.others) for glyph in reading.glyphs)
        for reading in readings
        if reading.glyphs
    )
    text = "".join(run.text for run in runs[0]).strip() if runs else ""
    # Where a name can be read along the outline, that is a seal, however faint or broken.
    sure = max(ring.confidence, _NAMED) if is_sure(readings[0]) else ring.confidence
    return SealMark(
        box=sheet.in_points(ring.box, scale), text=text or None, confidence=sure,
        shape=ring.shape, red=ring.red, readings=runs,
    )  # fmt: skip


def pdf_pictures(data: bytes, numbers: Sequence[int]) -> Iterator[Picture]:
    """Pages of a PDF, counted from 1, as fine as the pictures on them, at most 300 dpi. Raises Damaged."""
    if not numbers:
        return
    import numpy as np
    import pypdfium2 as pdfium  # type: ignore[import-untyped, unused-ignore]

    try:
        document = pdfium.PdfDocument(data)
        for number in numbers:
            page = document[number - 1]
            width, height = page.get_size()
            scale = max(min(_fineness(page), 300 / 72, _LONGEST / max(width, height)), 100 / 72)
            if width * height * scale**2 > MAX_PIXELS:
                raise TooLarge(f"第 {number} 页的尺寸超过限制")
            pixels = page.render(scale=scale, rev_byteorder=True).to_numpy()
            yield Picture(np.ascontiguousarray(np.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3)), np.uint8), (width, height))
    except pdfium.PdfiumError as error:
        raise Damaged("PDF 无法打开") from error


def _fineness(page: "PdfPage") -> float:
    """Pixels a point of the finest picture on the page."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped, unused-ignore]

    finest = 0.0
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = image.get_bounds()
        finest = max(
            finest,
            *(pixels / max(points, 1) for pixels, points in zip(image.get_px_size(), (right - left, top - bottom), strict=True)),
        )
    return finest or 200 / 72


def decode(data: bytes) -> Iterator[Picture]:
    """The frames of an image file. Raises Damaged if it is none, TooLarge over the limits."""
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > MAX_PAGES:
                raise TooLarge(f"图片有 {frames} 页，超过 {MAX_PAGES} 页")
            for frame in range(frames):
                image.seek(frame)
                if image.width * image.height > MAX_PIXELS:
                    raise TooLarge(f"图片为 {image.width}×{image.height} 像素，超过限制")
                upright = ImageOps.exif_transpose(image)
                yield Picture(np.asarray(upright.convert("RGB"), np.uint8), _points(upright.size, image.info.get("dpi")))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise Damaged(f"图片无法打开：{type(error).__name__}") from error


def _points(size: tuple[int, int], dpi: Sequence[float] | None) -> tuple[float, float] | None:
    """The page's size, where the resolution that the file states gives one that paper has."""
    if not dpi or min(dpi) < 60:
        return None
    width, height = size[0] / float(dpi[0]) * 72, size[1] / float(dpi[1]) * 72
    return (width, height) if min(width, height) > 200 and max(width, height) < 2500 else None


def _tables(pages: Sequence[Page]) -> int:
    return sum(1 for page in pages for block in page.blocks if hasattr(block, "cells"))
