"""Decodes image files and pages of PDFs into RGB pictures. Checks them against limits before decoding."""

import io
import logging
import math
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.limits import PictureLimits
from models.errors import Damaged, NotAForm, TooManyPages, TooManyPixels
from models.page import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image
    from pypdfium2 import PdfPage

_log = logging.getLogger(__name__)

_A4 = (595.3, 841.9)  # points
_LONGEST = 5000  # pixels: the longest side of a drawn page of a PDF, unless `_COARSEST` asks for more
_POINTS_AN_INCH = 72
_FINEST = 300  # dots an inch: a page of a PDF is drawn no finer
_COARSEST = 100  # dots an inch: a page of a PDF is drawn no coarser
_USUAL = 200  # dots an inch of a page of a PDF that holds no picture
_STATED = 60  # dots an inch: if an image file states less, it is not the resolution of a page
_SHORTEST_SIDE, _LONGEST_SIDE = 200, 2500  # points: a sheet of paper has sides between them
_ENTRY = 12  # bytes of an entry in a directory of a TIFF
_NEW_SUBFILE_TYPE = 254  # the tag of a TIFF that marks a smaller copy
_MOST_FRAMES = 10_000  # frames of an image file that are looked at
# The bytes that begin a TIFF (in either byte order) and a JPEG, and those that end a JPEG.
_TIFF = (b"II*\0", b"MM\0*")
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_ORIENTATION = 0x0112  # the tag of Exif that says how a camera was held
# Modes of Pillow that it can't make smaller by averaging, and what they become first.
_REDUCED_AS = {"1": "L", "P": "RGB", "PA": "RGBA", "I;16": "I", "I;16B": "I", "I;16L": "I"}
_LACKS_END = "图片不完整，缺少末尾，只读取了已有的部分"
_WHITES = (1, 255, 1023, 4095, 16383, 65535)  # white of float pictures, and of greys of 8 to 16 bits
_BAND = 256  # rows of a picture that are made RGB at a time
_LEAST_ACROSS = 8  # pixels of the shorter side; not even a letter has fewer
_MOST_PIXELS_ACROSS = 1_000_000  # pixels of the longer side of a page of which only a part is drawn


@dataclass(frozen=True)
class Picture:
    """A page as it came. `colour`: RGB, height x width x 3. `points`: (width, height) in points, if the file
    says so. `damage`: what is wrong with a file that was read all the same, in words for a person."""

    colour: "NDArray[np.uint8]"
    points: tuple[float, float] | None = None
    damage: str | None = None


def pdf_pictures(data: bytes, numbers: Sequence[int], limits: PictureLimits) -> Iterator[Picture]:
    """Yield the pages `numbers` of a PDF, counted from 1, with their notes and form fields.

    A page is drawn as fine as the finest picture on it, at 100 to 300 dots an inch. Raises Damaged if the PDF
    can't be opened, TooManyPixels if a page is over the limit.
    """
    if not numbers:
        return
    import pypdfium2 as pdfium  # type: ignore[import-untyped, unused-ignore]

    try:
        document = pdfium.PdfDocument(data)
        # Without this, pdfium draws no fields.
        document.init_forms()
        for number in numbers:
            page = document[number - 1]
            width, height = page.get_size()
            scale = max(
                min(_fineness(page), _FINEST / _POINTS_AN_INCH, _LONGEST / max(width, height)),
                _COARSEST / _POINTS_AN_INCH,
            )
            if width * height * scale**2 > limits.pixels:
                raise TooManyPixels(f"第 {number} 页的尺寸超过 {limits.pixels // 1_000_000} 百万像素")
            yield Picture(_drawn(page, scale), (width, height))
    except pdfium.PdfiumError as error:
        raise Damaged("PDF 无法打开") from error


def _drawn(page: "PdfPage", scale: float) -> "NDArray[np.uint8]":
    """Return the page at `scale` pixels a point: RGB, height x width x 3."""
    import numpy as np

    pixels = page.render(scale=scale, rev_byteorder=True, may_draw_forms=True).to_numpy()
    return np.ascontiguousarray(np.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3)), np.uint8)


def pdf_page(
    data: bytes, number: int, size: tuple[float, float], scale: float, box: Box, quarters: int = 0
) -> "NDArray[np.uint8]":
    """Return the part of a page of a PDF inside `box`, with annotations and fields: RGB, height x width x 3.

    `number`: the page, counted from 1. `size`: (width, height) in points of the page after it was turned
    counter-clockwise by `quarters` quarter turns. `box` is in these points, too. `scale`: pixels a point.
    Raises Damaged if the page can't be opened, TooManyPixels if it is too long at this scale.
    """
    import numpy as np
    import pypdfium2 as pdfium  # type: ignore[import-untyped, unused-ignore]

    try:
        with pdfium.PdfDocument(data) as document:
            document.init_forms()
            page = document[number - 1]
            if quarters:
                page.set_rotation((page.get_rotation() - 90 * quarters) % 360)
            width, height = page.get_size()
            fine = scale * size[0] / width
            if max(width, height) * fine > _MOST_PIXELS_ACROSS:
                raise TooManyPixels(f"第 {number} 页的尺寸过大")
            # pdfium takes how much to leave out on each side, in its own points, and rounds up to pixels.
            # Half a pixel less makes that exact.
            across, down = (
                _cut_off(box.x0, box.x1, size[0], width * fine),
                _cut_off(box.y0, box.y1, size[1], height * fine),
            )
            crop = tuple(max(0.0, side - 0.5) / fine for side in (across[0], down[1], across[1], down[0]))
            bitmap = page.render(scale=fine, crop=crop, rev_byteorder=True, may_draw_forms=True)
            pixels = bitmap.to_numpy()
            return np.array(np.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3)), np.uint8)
    except (pdfium.PdfiumError, IndexError) as error:
        raise Damaged("PDF 无法打开") from error


def _cut_off(low: float, high: float, whole: float, pixels: float) -> tuple[int, int]:
    """Return how many of a side's `pixels` lie before `low` and behind `high`. At least one pixel is left.
    `whole`: the length of the side, in the unit of `low` and `high`."""
    count = math.ceil(pixels)
    before = min(math.floor(low / whole * pixels), count - 1)
    return before, count - max(min(math.ceil(high / whole * pixels), count), before + 1)


def _fineness(page: "PdfPage") -> float:
    """Return the pixels a point of the finest picture on the page."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped, unused-ignore]

    finest = 0.0
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = image.get_bounds()
        finest = max(
            finest,
            *(
                pixels / max(points, 1)
                for pixels, points in zip(image.get_px_size(), (right - left, top - bottom), strict=True)
            ),
        )
    return finest or _USUAL / _POINTS_AN_INCH


def decode(
    data: bytes, limits: PictureLimits = PictureLimits(), only: int | None = None
) -> Iterator[Picture]:
    """Yield the pages of an image file, or `only` the page of that number, counted from 1.

    Raises Damaged if `data` is no image, TooManyPages or TooManyPixels over the limits, NotAForm if the
    picture is only a dot or a line.
    """
    from PIL import ImageOps

    if data[:4] in _TIFF and _directories(data) > _MOST_FRAMES:
        raise TooManyPages(f"图片超过 {_MOST_FRAMES} 页")
    damage = _LACKS_END if _lacks_end(data, limits) else None
    with _errors(limits), _opened(data + _JPEG_END if damage else data) as image:
        frames = range(_frames(image, limits))
        pages = [frame for frame in frames[:_MOST_FRAMES] if not _is_preview(image, frame)]
        if len(pages) > limits.pages:
            raise TooManyPages(f"图片有 {len(frames)} 页，超过 {limits.pages} 页")
        for frame in pages if only is None else pages[only - 1 : only]:
            image.seek(frame)
            _check_size(image, limits)
            if min(image.size) < _LEAST_ACROSS:
                raise NotAForm(f"图片只有 {image.width}×{image.height} 像素")
            smaller, factor = _bounded(image, limits.whole)
            dpi = image.info.get("dpi")
            if frame == pages[-1] and smaller is not image:
                # What Pillow holds of the whole is no longer needed.
                image.close()
            ImageOps.exif_transpose(smaller, in_place=True)
            points = _points((factor * smaller.width, factor * smaller.height), dpi)
            colour = _on_white(smaller)
            if frame == pages[-1]:
                image.close()
            del smaller
            yield Picture(colour, points, damage)


def _frames(image: "Image", limits: PictureLimits) -> int:
    """Return the number of pages of an image file. The further frames of a TIFF, GIF, WebP or APNG may be
    pages that somebody put together. Those of other kinds are previews and depth maps."""
    if image.format in ("TIFF", "WEBP", "PNG"):
        return int(getattr(image, "n_frames", 1))
    if image.format != "GIF":
        return 1
    # A GIF does not say how many frames it has, and Pillow would count millions. Counting to one over the
    # limit is enough.
    for number in range(1, limits.pages + 1):
        _check_size(image, limits)
        try:
            image.seek(number)
        except EOFError:
            image.seek(0)
            return number
    return limits.pages + 1


def _check_size(image: "Image", limits: PictureLimits) -> None:
    if image.width * image.height > limits.pixels:
        raise _too_many(limits, image.size)


def _lacks_end(data: bytes, limits: PictureLimits) -> bool:
    """Tell whether a JPEG was cut off. Viewers show what is there, but Pillow refuses it."""
    if not data.startswith(_JPEG) or data.rstrip(b"\0\r\n ").endswith(_JPEG_END):
        return False
    # Phones put films behind the end of the picture, and previews with an end of their own before it. So only
    # decoding tells.
    try:
        with _errors(limits), _opened(data) as image:
            _check_size(image, limits)
            _bounded(image, limits.whole)[0].load()
    except Damaged:
        return True
    return False


def _bounded(image: "Image", whole: int) -> tuple["Image", int]:
    """Return a picture at a size of at most `whole` pixels, and by what its sides were divided: a power of 2.
    A JPEG is decoded at that size already; others are decoded whole, and then let go."""
    factor = 1
    while image.width * image.height > whole * factor**2:
        factor *= 2
    if factor == 1:
        return image, 1
    full = image.width
    image.draft(None, (image.width // factor, image.height // factor))
    rest = max(1, round(factor * image.width / full))
    smaller = image
    if rest > 1:
        image.load()
        # Asked for now, because Pillow turns a TIFF while it loads it.
        orientation = image.getexif().get(_ORIENTATION)
        wanted = "RGBA" if image.has_transparency_data else _REDUCED_AS.get(image.mode, image.mode)
        smaller = image.convert(wanted).reduce(rest) if wanted != image.mode else image.reduce(rest)
        if orientation is not None:
            smaller.getexif()[_ORIENTATION] = orientation
    return smaller, factor


def _on_white(image: "Image") -> "NDArray[np.uint8]":
    """Return a picture as on paper: RGB, height x width x 3, 8 bits a channel. Transparent pixels become
    white. Greys of more than 8 bits are scaled, not cut off."""
    import numpy as np

    white = _white(image) if image.mode.startswith(("I", "F")) else None
    colour = np.empty((image.height, image.width, 3), np.uint8)
    for top, band in _bands(image):
        colour[top : top + band.height] = _band_on_white(band, white)
    return colour


def _bands(image: "Image") -> Iterator[tuple[int, "Image"]]:
    """Yield (its first row, a band of the picture), so that what is computed between takes little memory."""
    for top in range(0, image.height, _BAND):
        yield top, image.crop((0, top, image.width, min(top + _BAND, image.height)))


def _white(image: "Image") -> float:
    """Return the value of white in a picture of greys of more than 8 bits."""
    import numpy as np

    most = max(float(np.nan_to_num(np.asarray(band, np.float64)).max()) for _, band in _bands(image))
    # A scanner of 12 bits leaves the upper 4 of 16 bits empty.
    return next((top for top in _WHITES if most <= top), most)


def _band_on_white(image: "Image", white: float | None) -> "NDArray[np.uint8]":
    import numpy as np
    from PIL import Image

    if white is not None:
        grey = np.nan_to_num(np.asarray(image, np.float64))
        scaled = np.clip(grey * (255 / white), 0, 255).astype(np.uint8)
        return np.repeat(scaled[..., None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"), np.uint8)


def _directories(data: bytes) -> int:
    """Return how many pages a TIFF says that it has, counting up to `_MOST_FRAMES` + 1. Directories that form
    a circle count once.

    Pillow's time for each page grows with their number, so they are counted before it opens the file.
    """
    order, seen = "<" if data.startswith(b"II") else ">", set[int]()
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        while at and at not in seen and len(seen) <= _MOST_FRAMES:
            seen.add(at)
            (entries,) = struct.unpack_from(f"{order}H", data, at)
            (at,) = struct.unpack_from(f"{order}I", data, at + 2 + _ENTRY * entries)
    except struct.error:
        pass  # the pages before the break may still be readable
    return len(seen)


def size_of(data: bytes) -> tuple[int, int]:
    """Return (width, height) in pixels of an image file, without decoding it. Raises Damaged if it is none,
    TooManyPixels if it is larger than Pillow opens."""
    with _errors(PictureLimits()), _opened(data) as image:
        return image.size


def _opened(data: bytes) -> "Image":
    from PIL import Image

    # Our own limits hold for pictures, and a person is told in words what is wrong with one.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    if data[4:8] == b"ftyp":
        # Only when it is needed, since it changes Pillow for the whole process.
        from pi_heif import register_heif_opener

        register_heif_opener()
    return Image.open(io.BytesIO(data))


def size_in_points(picture: Picture) -> tuple[float, float]:
    """Return (width, height) in points of the page that a picture shows: as the file says, or else the
    largest size that fits on A4."""
    if picture.points:
        return picture.points
    height, width = picture.colour.shape[:2]
    scale = max(min(width, height) / _A4[0], max(width, height) / _A4[1])
    return width / scale, height / scale


def _is_preview(image: "Image", frame: int) -> bool:
    """Tell whether a frame is only a smaller copy of another one: in a TIFF, bit 0 of the tag NewSubfileType
    says so (TIFF 6.0)."""
    if frame == 0:
        return False
    image.seek(frame)
    tags = getattr(image, "tag_v2", {})
    return bool(int(tags.get(_NEW_SUBFILE_TYPE, 0) or 0) & 1)


@contextmanager
def _errors(limits: PictureLimits) -> Iterator[None]:
    """Turn what Pillow raises into TooManyPixels or Damaged."""
    from PIL import Image

    try:
        yield
    except Image.DecompressionBombError as error:
        raise _too_many(limits) from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        TypeError,
        OverflowError,
        KeyError,
        IndexError,
        struct.error,
        RuntimeError,
    ) as error:
        _log.info("picture", exc_info=error)
        raise Damaged("图片已损坏，无法打开") from error


def _too_many(limits: PictureLimits, size: tuple[int, int] | None = None) -> TooManyPixels:
    told = f"图片为 {size[0]}×{size[1]} 像素" if size else "图片的像素过多"
    return TooManyPixels(f"{told}，超过 {limits.pixels // 1_000_000} 百万像素")


def _points(size: tuple[int, int], dpi: Sequence[float] | None) -> tuple[float, float] | None:
    """Return (width, height) in points by the resolution `dpi` that the file states. Return None if it states
    none, or if no paper has this size. `size`: (width, height) in pixels."""
    if not dpi or min(dpi) < _STATED:
        return None
    width, height = size[0] / float(dpi[0]) * _POINTS_AN_INCH, size[1] / float(dpi[1]) * _POINTS_AN_INCH
    is_paper = min(width, height) > _SHORTEST_SIDE and max(width, height) < _LONGEST_SIDE
    return (width, height) if is_paper else None
