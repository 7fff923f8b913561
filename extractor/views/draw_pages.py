"""Pictures of pages as they were read, for a person: of any page, or of a box on it in the evidence's points.

Nothing is read again. The part keeps how a picture became a page (`PartPage.frame`), and pdfium draws digital
pages. A view serves one part and one process, whose owner limits its time and memory, as for reading.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal

from extractor.arrival import Intake, Source, kind_of
from extractor.limits import ViewLimits
from extractor.options import Options
from extractor.readers.by_kind import files_inside, pasted_sheets
from extractor.readers.ofd import read_ofd
from extractor.readers.pdf import read_pdf
from extractor.scan.decode import Picture, decode, pdf_page, pdf_pictures, size_in_points
from models.errors import NoView
from models.page import Box, Frame
from models.record import Part, PartPage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Colour = NDArray[np.uint8]

Encoding = Literal["jpeg", "png", "webp"]
_QUALITY = 85
_UNDER_SEALS = 200 / 72  # pixels a point at which seals are removed from a drawn page


class View:
    """The pages of one part, from its bytes. The view keeps only the last picture, so ask for everything that
    you want of one page before the next page."""

    def __init__(self, data: bytes, pages: Sequence[PartPage], options: Options, limits: ViewLimits) -> None:
        self.pages = tuple(pages)
        self._data, self._options, self._limits = data, options, limits
        self._picture: tuple[int, Colour] | None = None
        self._sealless: tuple[int, Colour] | None = None

    def image(
        self,
        number: int,
        scale: float,
        box: Box | None = None,
        *,
        seal_off: bool = False,
        encoding: Encoding = "jpeg",
    ) -> bytes:
        """Return page `number`, or the part of it in `box`, as a picture. `box` is in points and is cut off
        at the page's edges. The picture has `scale` pixels a point, or fewer where it would exceed the
        limits. With `seal_off` it is grey, with the seals removed from what they cover as far as possible.

        Raises:
            NoView: there is no such page, or nothing can draw it. ValueError: the scale is not a positive
                number. UnreadableFile: the part can't be opened.
        """
        page = next((page for page in self.pages if page.number == number), None)
        if page is None:
            raise NoView(f"没有第 {number} 页")
        if not (math.isfinite(scale) and scale > 0):
            raise ValueError(f"a scale in pixels a point, not {scale}")
        box = _on_page(box, page)
        scale = self._bounded(scale, box)
        colour = (
            _cut(self._without_seals(page), page, scale, box) if seal_off else self._shown(page, scale, box)
        )
        return _encoded(colour, encoding)

    def _bounded(self, scale: float, box: Box) -> float:
        """Return the scale, or the largest that the limits allow for the box."""
        width, height = box.x1 - box.x0, box.y1 - box.y0
        return min(
            scale, math.sqrt(self._limits.pixels / (width * height)), self._limits.side / max(width, height)
        )

    def _shown(self, page: PartPage, scale: float, box: Box) -> "Colour":
        if page.frame is not None:
            from extractor.scan.frames import show

            return show(self._came(page.number), page.frame, scale, box)
        if kind_of(self._data) != "pdf":
            raise NoView("这种文件的页面无法显示")
        return pdf_page(self._data, page.number, (page.width, page.height), scale, box, page.quarters)

    def _came(self, number: int) -> "Colour":
        """Return the picture that page `number` came out of."""
        if self._picture is None or self._picture[0] != number:
            self._picture = None  # frees the last picture first, so that there are never two
            found = next(_pictures(self._data, number, self._options), None)
            if found is None:
                raise NoView(f"没有第 {number} 页")
            self._picture = number, found.colour
        return self._picture[1]

    def _without_seals(self, page: PartPage) -> "Colour":
        """Return the page in grey without its seals, removed as the reader removes them, at its
        resolution."""
        if self._sealless is None or self._sealless[0] != page.number:
            from extractor.scan.seals.lift import without_seals

            whole = _on_page(None, page)
            scale = self._bounded(page.frame.scale if page.frame else _UNDER_SEALS, whole)
            self._sealless = (
                page.number,
                without_seals(self._shown(page, scale, whole), scale, is_drawn=page.frame is None),
            )
        return self._sealless[1]


def _pictures(data: bytes, number: int, options: Options) -> Iterator[Picture]:
    """Yield the picture of page `number`, if there is one."""
    limits = options.limits
    kind = kind_of(data)
    if kind == "image":
        yield from decode(data, limits.pictures, only=number)
    elif kind == "pdf":
        yield from pdf_pictures(data, [number], limits.pictures)
    elif kind == "ofd":
        scanned = read_ofd(data, limits.zip, limits.pdf.pages, limits.pictures).scanned
        yield from (picture for at, picture in scanned.items() if at == number)
    elif kind == "word":
        pictures = (one for sheet in pasted_sheets(data, options) for one in decode(sheet, limits.pictures))
        yield from islice(pictures, number - 1, number)


def _cut(colour: "Colour", page: PartPage, scale: float, box: Box) -> "Colour":
    """Return the part of a whole page's picture in `box`, at `scale` pixels a point."""
    from extractor.scan.frames import lay_flat

    fine = colour.shape[1] / page.width
    frame = Frame(
        picture=(colour.shape[1], colour.shape[0]), flat=(colour.shape[1], colour.shape[0]), scale=fine
    )
    return lay_flat(colour, frame, scale / fine, (box.x0 * fine, box.y0 * fine, box.x1 * fine, box.y1 * fine))


def _on_page(box: Box | None, page: PartPage) -> Box:
    """Return the part of `box` that lies on the page, never empty; without a box, the whole page."""
    if box is None:
        return Box(x0=0, y0=0, x1=page.width, y1=page.height)
    x0, x1 = _within(box.x0, box.x1, page.width)
    y0, y1 = _within(box.y0, box.y1, page.height)
    return Box(x0=x0, y0=y0, x1=x1, y1=y1)


def _within(low: float, high: float, most: float) -> tuple[float, float]:
    """Return the common part of a stretch and 0 to `most`, at least one point long where `most` allows."""
    least = min(1.0, most)
    low = min(max(low, 0.0), most - least)
    return low, max(min(high, most), low + least)


def _encoded(colour: "Colour", encoding: Encoding) -> bytes:
    import cv2

    options = {
        "jpeg": [cv2.IMWRITE_JPEG_QUALITY, _QUALITY],
        "webp": [cv2.IMWRITE_WEBP_QUALITY, _QUALITY],
        "png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    }[encoding]
    done, data = cv2.imencode(f".{encoding}", cv2.cvtColor(colour, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise NoView("图片无法生成")
    return data.tobytes()


def open_view(
    data: bytes, part: Part, options: Options = Options(), limits: ViewLimits = ViewLimits()
) -> View:
    """Return a view of `part`, whose bytes are `data` (for a printed Word file, `Printed.pdf`), in the frames
    in which its pages were read. Pages of a part that was never read come unchanged, if the reader's limits
    allow them.

    Raises:
        NoView: the part has no pages, like a Word file before it is printed. UnreadableFile: it can't be
            opened.
    """
    pages = part.pages or tuple(_unread_pages(data, options))
    if not pages:
        raise NoView("这种文件没有页面")
    return View(data, pages, options, limits)


def _unread_pages(data: bytes, options: Options) -> Iterator[PartPage]:
    kind = kind_of(data)
    if kind == "pdf":
        yield from map(PartPage.of, read_pdf(data, options.limits.pdf).pages.pages)
    elif kind == "image":
        for number, picture in enumerate(decode(data, options.limits.pictures), 1):
            yield _as_it_came(number, picture)
    elif kind == "ofd":
        pictures = read_ofd(
            data, options.limits.zip, options.limits.pdf.pages, options.limits.pictures
        ).scanned
        yield from (_as_it_came(number, picture) for number, picture in pictures.items())


def _as_it_came(number: int, picture: Picture) -> PartPage:
    width, height = picture.colour.shape[1], picture.colour.shape[0]
    points = size_in_points(picture)
    frame = Frame(picture=(width, height), flat=(width, height), scale=width / points[0])
    return PartPage(number=number, width=points[0], height=points[1], frame=frame)


def part_bytes(source: Source, name: str, options: Options = Options()) -> bytes:
    """Return the bytes of the part with that `Part.name` in a submission, also of one inside a mail, an
    archive or a document.

    Raises:
        NoView: there is none. UnreadableFile: it, or the file around it, can't be opened.
    """
    intake = Intake(options.limits)
    waiting = deque(intake.arrivals(source))
    held: dict[str, bytes] = {}
    while waiting:
        one = waiting.popleft()
        if one.data:
            held[one.sha256] = one.data
        if one.name == name:
            if one.error:
                raise one.error
            if one.sha256 not in held:
                break
            return held[one.sha256]
        if one.data and name.startswith(f"{one.name}/"):
            waiting.extendleft(reversed(intake.inside(one, files_inside(one.data, options))))
    raise NoView(f"找不到文件“{name}”")
