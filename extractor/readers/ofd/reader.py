"""The steps of reading an OFD, in order."""

from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow
from pypdfium2 import PdfiumError

from extractor.arrival import Attachment
from extractor.limits import PictureLimits, ZipLimits
from extractor.readers.ofd import OfdReading
from extractor.readers.ofd.package import (
    POINTS,
    Document,
    Element,
    Package,
    child,
    children,
    located,
    numbers,
    open_document,
    text,
)
from extractor.readers.ofd.painter import Canvas, Placed, joined, on_page
from extractor.readers.ofd.signatures import signatures, stamps_of
from extractor.readers.painted.lines import Decoration, pieces_of
from extractor.readers.painted.marks import with_marks
from extractor.readers.painted.overlay import Mark, Overlay
from extractor.readers.painted.page import Glyph, Seen
from extractor.readers.painted.rules import find_tables
from extractor.readers.painted.tables import Sheet, fill, number_tables
from extractor.readers.painted.trust import visible
from extractor.readers.painted.unseen import left_out
from extractor.scan.decode import Picture, decode
from extractor.work import Allowance
from models.errors import Damaged, Hostile, TooLarge, TooManyPages, TooManyPixels, UnreadableFile
from models.geometry import Rect, area, meet
from models.page import Aside, DigitalSignature, Pages
from models.writing import excerpt, key

_A4 = (0.0, 0.0, 210.0, 297.0)
# A page is a scan if pictures cover this share of it and it has fewer characters than this.
_LARGE, _FEW = 0.5, 30
_LARGEST = 3000.0  # mm
_FINEST = 300 / 72
# Objects, characters and words of paths that all pages may paint.
_MOST_WORK = 600_000
_ORDER = {"Background": 0, "Body": 1, "Foreground": 2}


def read(data: bytes, limits: ZipLimits, pages: int, pictures: PictureLimits) -> OfdReading:
    """Read an OFD; see `extractor.readers.ofd.read_ofd`."""
    try:
        package = Package(data, limits)
        return _Reader(package, open_document(package), pictures).read(pages)
    except UnreadableFile:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        OverflowError,
        PdfiumError,
    ) as error:
        raise Damaged("OFD 文件的内部结构有损坏") from error


class _Reader:
    def __init__(self, package: Package, document: Document, pictures: PictureLimits) -> None:
        self._package, self._document, self._pictures = package, document, pictures
        self._work = Allowance(_MOST_WORK, "OFD 中的对象、文字和线段")
        self._signed: tuple[DigitalSignature, ...] = ()
        self._scanned: dict[int, Picture] = {}
        self._damage: list[str] = []
        self._aside: list[Aside] = []

    def read(self, most: int) -> OfdReading:
        """Read all pages and the attachments."""
        listed = list(children(child(self._document.root, "Pages"), "Page"))
        if len(listed) > most:
            raise TooManyPages(f"OFD 有 {len(listed)} 页，超过 {most} 页")
        if not listed:
            raise Damaged("OFD 文件中没有页面")
        numbered = {one.get("ID") or "": number for number, one in enumerate(listed, 1)}
        self._signed = tuple(signatures(self._package, self._document.signatures, numbered))
        notes = self._annotations()
        sheets = [
            self._page(
                number, located(self._document.name, one.get("BaseLoc")), notes.get(one.get("ID") or "", [])
            )
            for number, one in enumerate(listed, 1)
        ]
        result = Pages(
            reader="pdf",
            pages=number_tables(sheets),
            signatures=self._signed,
            damage=tuple(dict.fromkeys(self._damage)),
            aside=tuple(self._aside),
        )  # fmt: skip
        return OfdReading(result, self._scanned, tuple(self._attachments()))

    def _page(self, number: int, name: str, notes: list[Element]) -> Sheet:
        """Read a page. If it fails, it fails alone."""
        width, height = (side * POINTS for side in _A4[2:])
        try:
            root = self._package.xml(name)
            for one in children(root, "PageRes"):
                if self._package.has(located(name, one.text)):
                    self._document.resources.add(self._package, located(name, one.text))
            x0, y0, wide, high = _size(text(child(root, "Area"), "PhysicalBox"), self._document.box)
            width, height = wide * POINTS, high * POINTS
            canvas = self._painted(root, notes, x0, y0)
        except (Hostile, TooLarge):
            raise
        except UnreadableFile as error:
            self._damage.append(f"第 {number} 页的内容有损坏（{error.message}）")
            return Sheet(number, width, height)
        glyphs = visible(canvas.sight, None)
        size: Rect = (0, 0, width, height)
        covered = sum(area(meet(image.box, size)) for image in canvas.sight.images) / area(size)
        if covered > _LARGE and sum(not glyph.text.isspace() for glyph in glyphs) < _FEW:
            self._scanned[number] = self._picture(number, canvas.placed, width, height)
            if layer := "".join(glyph.text for glyph in canvas.sight.glyphs).strip():
                self._aside.append(Aside(kind="replaced", text=layer, page=number))
            if key(typed := "".join(glyph.text for glyph in glyphs)):
                # The picture is put together without this text.
                self._damage.append(f"第 {number} 页的图片之外另有文字“{excerpt(typed)}”，未读取")
            return Sheet(number, width, height)
        return self._sheet(number, canvas, glyphs, size)

    def _painted(self, root: Element, notes: list[Element], x0: float, y0: float) -> Canvas:
        """Everything on a page: its templates, its layers, and the annotations over it."""
        canvas, matrix = Canvas(self._document.resources, self._work), on_page(x0, y0)
        layers: list[tuple[int, Element]] = []
        for one in children(root, "Template"):
            where = self._document.templates.get(one.get("TemplateID") or "")
            if where and self._package.has(where):
                template = child(self._package.xml(where), "Content")
                order = 3 if one.get("ZOrder") == "Foreground" else -1
                layers += [(order, layer) for layer in children(template, "Layer")]
        layers += [
            (_ORDER.get(layer.get("Type") or "Body", 1), layer)
            for layer in children(child(root, "Content"), "Layer")
        ]
        for _, layer in sorted(layers, key=lambda one: one[0]):
            canvas.paint(layer, matrix)
        for note in notes:
            for appearance in children(note, "Appearance"):
                place = (*numbers(appearance.get("Boundary")), 0.0, 0.0)
                canvas.paint(appearance, joined((1, 0, 0, 1, place[0], place[1]), matrix))
        return canvas

    def _sheet(self, number: int, canvas: Canvas, glyphs: list[Glyph], size: Rect) -> Sheet:
        ruling = find_tables(Seen(), canvas.sight.strokes, canvas.sight.images)
        hidden = left_out(number, canvas.sight.glyphs, glyphs, size)
        self._aside += hidden.aside
        self._damage += hidden.damage
        pieces = [*pieces_of(glyphs, Decoration(ruling.loose), None), *hidden.pieces]
        stamps = [(box.x0, box.y0, box.x1, box.y1) for box in stamps_of(self._signed, number)]
        pictures = [image for image in canvas.sight.images if area(meet(image.box, size)) < 0.6 * area(size)]
        overlay = Overlay(number, marks=[Mark("digital", box) for box in stamps])
        pieces = with_marks(pieces, ruling.squares, canvas.sight.strokes, pictures, overlay)
        return fill(number, (size[2], size[3]), pieces, ruling)

    def _picture(self, number: int, placed: list[Placed], width: float, height: float) -> Picture:
        """Return the pictures of a page, put together as the page shows them."""
        loaded = [(one, picture) for one in placed if (picture := self._loaded(number, one)) is not None]
        fine = [picture.width / max(abs(one.matrix[0]) + abs(one.matrix[1]), 1.0) for one, picture in loaded]
        scale = min(max([*fine, 100 / 72]), _FINEST)
        if width * height * scale**2 > self._pictures.pixels:
            raise TooManyPixels(f"第 {number} 页的尺寸超过 {self._pictures.pixels // 1_000_000} 百万像素")
        sheet = Pillow.new("RGB", (max(1, round(width * scale)), max(1, round(height * scale))), "white")
        for one, picture in loaded:
            _paste(sheet, picture, one, scale)
        return Picture(np.asarray(sheet, np.uint8), (width, height))

    def _loaded(self, number: int, one: Placed) -> Pillow.Image | None:
        name = self._document.resources.media.get(one.resource)
        try:
            picture = next(iter(decode(self._package.read(name or ""), self._pictures)))
            return Pillow.fromarray(picture.colour)
        except (Damaged, StopIteration):
            self._damage.append(f"第 {number} 页有图片无法显示")
            return None

    def _annotations(self) -> "dict[str, list[Element]]":
        """Return the annotations that show, by the ID of their page."""
        name = located(self._document.name, text(self._document.root, "Annotations"))
        found: dict[str, list[Element]] = {}
        if not text(self._document.root, "Annotations") or not self._package.has(name):
            return found
        for page in children(self._package.xml(name), "Page"):
            where = located(name, text(page, "FileLoc"))
            if self._package.has(where):
                shown = [
                    one
                    for one in children(self._package.xml(where), "Annot")
                    if one.get("Visible") != "false"
                ]
                found.setdefault(page.get("PageID") or "", []).extend(shown)
        return found

    def _attachments(self) -> Iterator[Attachment]:
        name = located(self._document.name, text(self._document.root, "Attachments"))
        if not text(self._document.root, "Attachments") or not self._package.has(name):
            return
        for one in list(children(self._package.xml(name), "Attachment"))[:100]:
            where = located(name, text(one, "FileLoc"))
            if one.get("Visible") != "false" and self._package.has(where):
                suffix = where.rpartition(".")[2]
                yield Attachment(
                    f"{(one.get('Name') or '附件').removesuffix(f'.{suffix}')}.{suffix}",
                    self._package.read(where),
                )


def _size(own: str, usual: tuple[float, ...]) -> tuple[float, float, float, float]:
    for box in (numbers(own), usual):
        if len(box) == 4 and 5 < box[2] < _LARGEST and 5 < box[3] < _LARGEST:
            return box[0], box[1], box[2], box[3]
    return _A4


def _paste(sheet: Pillow.Image, picture: Pillow.Image, one: Placed, scale: float) -> None:
    """Paste a picture where its matrix places it, turned or mirrored accordingly."""
    a, b, c, d, e, f = (value * scale for value in one.matrix)
    determinant = a * d - b * c
    if abs(determinant) < 1:
        return
    wide, high = picture.size
    # The way from the sheet back to the picture is the inverse of the matrix, in pixels of the picture.
    back = (
        d / determinant * wide, -c / determinant * wide, (c * f - d * e) / determinant * wide,
        -b / determinant * high, a / determinant * high, (b * e - a * f) / determinant * high,
    )  # fmt: skip
    placed = picture.transform(sheet.size, Pillow.Transform.AFFINE, back, Pillow.Resampling.BILINEAR)
    mask = Pillow.new("L", picture.size, 255).transform(sheet.size, Pillow.Transform.AFFINE, back)
    sheet.paste(placed, mask=mask)
