"""The steps of reading a PDF, in order, with the libraries that they need."""

import io
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import pypdfium2 as pdfium
from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import PDFStream, resolve1

from extractor.arrival import Attachment
from extractor.limits import PdfLimits
from extractor.readers.painted.colours import luminance
from extractor.readers.painted.lines import Decoration, Piece, is_ornament, pieces_of, said
from extractor.readers.painted.marks import with_marks
from extractor.readers.painted.overlay import Overlay, SignedWidget
from extractor.readers.painted.page import Glyph, Stroke
from extractor.readers.painted.rendering import Look, read_codes
from extractor.readers.painted.rules import Ruling, find_tables
from extractor.readers.painted.tables import Sheet, fill, number_tables
from extractor.readers.painted.trust import is_picture, must_be_read_as_image, visible
from extractor.readers.painted.underlines import under_blanks
from extractor.readers.painted.unseen import left_out
from extractor.readers.pdf import PdfReading
from extractor.readers.pdf.attachments import attached
from extractor.readers.pdf.canvas import PageCanvas, Painter
from extractor.readers.pdf.form import held_on, read_overlay, unplaced
from extractor.readers.pdf.held import Held
from extractor.readers.pdf.plumbed import OpenPdf, SeenPage
from extractor.readers.pdf.signatures import read_signatures
from models.errors import Damaged, Encrypted, TooManyPages, UnreadableFile, UnsupportedKind
from models.geometry import Rect, area, meet
from models.identity import Identity
from models.page import Aside, AsideKind, Box, Control, Mismatch, Pages

_log = logging.getLogger(__name__)
# pdfminer warns of every oddity of every file; the important ones end in `damage`.
logging.getLogger("pdfminer").setLevel(logging.ERROR)

_CLOSE_DPI = 250
# A QR code has more dark modules than this.
_MODULES = 60
_XFA_ADVICE = "请申报单位用 Adobe Acrobat 打开后打印为 PDF，或改交 Word 文件"
_PAYLOAD = re.compile(r"SF1/[a-z][a-z0-9-]*/[0-9A-Za-z.\-]+/[0-9A-Z]+")


def read(data: bytes, limits: PdfLimits, is_own_print: bool) -> PdfReading:
    """Read a PDF; see `extractor.readers.pdf.read_pdf`."""
    pdf, pages = _open(data, limits)
    try:
        return _read(data, pdf, pages, limits, is_own_print)
    except UnreadableFile:
        raise
    except Exception as error:  # an error outside the pages means that the file's own frame is broken
        _log.info("pdf", exc_info=True)
        raise Damaged("PDF 文件的内部结构有损坏") from error


def files_in(data: bytes, limits: PdfLimits) -> tuple[Attachment, ...]:
    """Return a PDF's files; see `extractor.readers.pdf.pdf_attachments`."""
    pdf, pages = _open(data, limits)
    try:
        return attached(pdf.doc, pages, limits.attachments, limits.attachment_bytes)
    except UnreadableFile:
        raise
    except Exception as error:
        raise Damaged("PDF 文件的内部结构有损坏") from error


def _read(
    data: bytes, pdf: OpenPdf, pages: list[PDFPage], limits: PdfLimits, is_own_print: bool
) -> PdfReading:
    catalog: Mapping[str, Any] = pdf.doc.catalog
    form = resolve1(catalog.get("AcroForm")) or {}
    if catalog.get("NeedsRendering") and "XFA" in form:
        raise UnsupportedKind("动态 XFA 表单只能在 Adobe 软件中显示", advice=_XFA_ADVICE)
    with _Renderer(data) as renderer:
        regenerates = bool(resolve1(form.get("NeedAppearances")))
        reader = _PageReader(pdf, Painter(pdf, limits), renderer, regenerates, is_own_print)
        for number, page in enumerate(pages, 1):
            reader.read(number, page)
    result = Pages(
        reader="pdf",
        pages=number_tables(reader.sheets),
        identity=_identity(pdf.doc) or reader.identity,
        controls=tuple(reader.controls),
        signatures=read_signatures(data, form, reader.signed),
        mismatches=tuple(reader.mismatches),
        aside=(*reader.aside, *unplaced(form, reader.names)),
        damage=tuple(dict.fromkeys((*_cut_off(data), *reader.damage))),
    )
    attachments = attached(pdf.doc, pages, limits.attachments, limits.attachment_bytes)
    return PdfReading(result, tuple(reader.scanned), tuple(reader.held), attachments, "Collection" in catalog)


def _open(data: bytes, limits: PdfLimits) -> tuple[OpenPdf, list[PDFPage]]:
    """Return the document and its pages. Where pdfplumber fails, pdfium, which mends more, rewrites the file
    once."""
    try:
        return _parse(data, limits)
    except Damaged as error:
        try:
            mended = io.BytesIO()
            with pdfium.PdfDocument(data) as document:
                document.save(mended)
        except pdfium.PdfiumError:
            raise error from None
        return _parse(mended.getvalue(), limits)


def _parse(data: bytes, limits: PdfLimits) -> tuple[OpenPdf, list[PDFPage]]:
    try:
        pdf = OpenPdf(data)
        # pdfplumber's own list has no limit, and one broken page breaks it.
        pages = list(islice(PDFPage.create_pages(pdf.doc), limits.pages + 1))
    except PDFPasswordIncorrect as error:
        raise Encrypted("文件设有打开密码") from error
    except PDFEncryptionError as error:
        raise Encrypted("文件的加密方式无法识别") from error
    except Exception as error:  # pdfminer fails in as many ways as files are broken
        raise Damaged("PDF 文件不完整，无法打开") from error
    if len(pages) > limits.pages:
        count = resolve1((resolve1(pdf.doc.catalog.get("Pages")) or {}).get("Count"))
        raise TooManyPages(
            f"PDF 有 {count if isinstance(count, int) else f'{limits.pages} 以上'} 页，超过 {limits.pages} 页"
        )
    if not pages:
        raise Damaged("PDF 文件中没有页面")
    return pdf, pages


def _cut_off(data: bytes) -> Iterator[str]:
    if b"%%EOF" not in data[-4096:]:
        yield "PDF 文件的结尾缺失，可能没有传完"


class _Renderer:
    """pdfium on the same bytes. Where it can't open them, only the structure of pages is judged."""

    def __init__(self, data: bytes) -> None:
        self._document: Any = None
        try:
            self._document = pdfium.PdfDocument(data)
            self._document.init_forms()
        except pdfium.PdfiumError as error:
            _log.info("pdfium: %s", error)

    def __enter__(self) -> "_Renderer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._document is not None:
            self._document.close()

    def look(self, number: int, shown: PDFPage, dpi: int = 100) -> Look | None:
        """Return the page as rendered, turned as `shown` is; None where that fails."""
        if self._document is None or number > len(self._document):
            return None
        try:
            page = self._document[number - 1]
            if page.get_rotation() != shown.rotate and shown.rotate % 90 == 0:
                page.set_rotation(shown.rotate)
            look = Look.of(page, dpi)
            page.close()
        except (pdfium.PdfiumError, ValueError, MemoryError) as error:
            _log.info("pdfium, page %d: %s", number, error)
            return None
        return look


class _PageReader:
    """The reader of single pages. It keeps what belongs to the whole file."""

    def __init__(
        self,
        pdf: OpenPdf,
        painter: Painter,
        renderer: _Renderer,
        regenerates: bool,
        is_own_print: bool,
    ) -> None:
        self._is_own_print = is_own_print
        self._pdf, self._painter, self._renderer, self._regenerates = pdf, painter, renderer, regenerates
        self._trusted: set[tuple[int, bool]] = set()
        self.sheets: list[Sheet] = []
        self.scanned: list[int] = []
        self.controls: list[Control] = []
        self.signed: list[SignedWidget] = []
        self.mismatches: list[Mismatch] = []
        self.aside: list[Aside] = []
        self.held: list[Held] = []
        self.names: set[str] = set()
        self.damage: list[str] = []
        self.identity: Identity | None = None

    def read(self, number: int, page: PDFPage) -> None:
        """Read a page. If it fails, it fails alone."""
        try:
            canvas = self._painter.page(page)
            if quarters := canvas.quarters:
                # The page is shown sideways or upside down. It is read, and shown to people, upright.
                page.rotate = (page.rotate - 90 * quarters) % 360
                canvas = self._painter.page(page)
            overlay = read_overlay(page.annots, canvas, number, self._regenerates)
            self.signed += overlay.signed
            self.names |= overlay.names
            # Rendered only now, because pdfium has no limits against content that multiplies. A picture is
            # rendered by who reads it.
            is_left = not self._is_own_print and is_picture(canvas.sight, canvas.size)
            look = None if is_left else self._renderer.look(number, page)
            if look is None and not is_left:
                self.damage.append(f"第 {number} 页无法显示")
            sheet = self._sheet(SeenPage(self._pdf, page, number), canvas, overlay, look)
        except UnreadableFile:
            raise
        except Exception:  # one broken page must not cost the others, and pdfminer breaks in many ways
            _log.info("page %d", number, exc_info=True)
            self.damage.append(f"第 {number} 页的内容有损坏")
            canvas, overlay, sheet, quarters = None, Overlay(number), None, 0
        if sheet is None:
            self._leave_out(number, canvas, overlay)
            self.scanned.append(number)
            width, height = (canvas.width, canvas.height) if canvas else _size(page)
            sheet = Sheet(number, width, height)
            quarters = 0
        self.sheets.append(replace(sheet, quarters=quarters))

    def _leave_out(self, number: int, canvas: PageCanvas | None, overlay: Overlay) -> None:
        """Keep what the picture of a page that is read as an image doesn't say: notes, values, and the claims
        of its text layer."""
        self.held += held_on(overlay)
        for one in overlay.remarks:
            kind: AsideKind = "comment" if one.code == "comment-on-answer" else "value"
            self.aside.append(Aside(kind=kind, text=one.text, page=number, box=one.box))
        if canvas and (layer := "".join(map(said, canvas.sight.glyphs)).strip()):
            self.aside.append(Aside(kind="replaced", text=layer, page=number))

    def _sheet(self, page: SeenPage, canvas: PageCanvas, overlay: Overlay, look: Look | None) -> Sheet | None:
        """Return the page's tables and lines; None where it must be read as an image."""
        number = page.page_number
        self.damage += [f"第 {number} 页：{damage}" for damage in overlay.damage]
        self.controls += overlay.controls
        self.mismatches += overlay.mismatches
        size, sight = canvas.size, canvas.sight
        glyphs = visible(sight, look)
        self._look_for_identity(page, canvas)
        if not self._is_own_print and must_be_read_as_image(
            glyphs,
            sight,
            look,
            lambda: self._renderer.look(number, page.page_obj, _CLOSE_DPI),
            size,
            self._trusted,
        ):
            return None
        strokes, blanks = under_blanks(sight.strokes, glyphs)
        ruling = find_tables(page, strokes, sight.images)
        if not ruling.grids and sight.images and look is not None:
            # The rules may be part of a picture.
            ruling = find_tables(page, strokes, sight.images, look.rules())
        fields = _fields(sight.strokes, ruling)
        decoration = Decoration([*ruling.loose, *blanks], fields, overlay.marked)
        over = [
            glyph
            for glyph in overlay.text
            if glyph.seen and (look is None or not _is_pale(glyph) or look.shows(glyph))
        ]
        pieces = pieces_of([*glyphs, *over], decoration, look)
        ornaments = [glyph.text for glyph in (*glyphs, *over) if is_ornament(glyph)]
        if drawn := "".join([*ornaments, *overlay.captions]).strip():
            self.aside.append(Aside(kind="drawn", text=drawn, page=number))
        pieces += [Piece(_rect(one.box), 0.0, picture=one) for one in overlay.remarks if one.box]
        hidden = left_out(number, [*sight.glyphs, *overlay.text], [*glyphs, *over], size)
        pieces += hidden.pieces
        self.aside += hidden.aside
        self.damage += hidden.damage
        grounds = [size, *(grid.box for grid in ruling.grids)]
        pictures = [
            image for image in sight.images if not any(_is_ground(image.box, ground) for ground in grounds)
        ]
        pieces = with_marks(pieces, ruling.squares, sight.strokes, pictures, overlay)
        return fill(number, (canvas.width, canvas.height), pieces, ruling)

    def _look_for_identity(self, page: SeenPage, canvas: PageCanvas) -> None:
        """Read our QR code where the page has something that could be one."""
        if self.identity is not None or not _may_hold_code(canvas):
            return
        look = self._renderer.look(page.page_number, page.page_obj, dpi=200)
        for text in read_codes(look) if look is not None else ():
            found = Identity.from_qr(text)
            if found is not None:
                self.identity = found[0]
                return


def _rect(box: Box) -> Rect:
    return box.x0, box.y0, box.x1, box.y1


def _size(page: PDFPage) -> tuple[float, float]:
    x0, y0, x1, y1 = page.mediabox
    return max(1.0, abs(x1 - x0)), max(1.0, abs(y1 - y0))


def _is_pale(glyph: Glyph) -> bool:
    return glyph.colour is not None and luminance(glyph.colour) > 0.8


def _is_ground(box: Rect, ground: Rect) -> bool:
    """Tell whether a picture lies under most of a page or table, and is not one of its contents."""
    return area(meet(box, ground)) > 0.6 * area(ground)


def _fields(strokes: Iterable[Stroke], ruling: Ruling) -> list[Stroke]:
    """Return the fields of colour and frames that may emphasise a word: no rules, no boxes, and not the shade
    of a whole cell."""
    found = []
    for stroke in strokes:
        box, colour = stroke.box, stroke.fill or stroke.stroke
        if (
            not stroke.axial
            or colour is None
            or min(box[2] - box[0], box[3] - box[1]) <= 5
            or luminance(colour) > 0.97
        ):
            continue
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        cells = [grid.cells[at].box for grid in ruling.grids if (at := grid.cell_at(*middle)) is not None]
        if stroke.fill is None and (cells or box in ruling.squares):
            continue
        if not any((box[2] - box[0]) > 0.9 * (cell[2] - cell[0]) for cell in cells):
            found.append(stroke)
    return found


def _may_hold_code(canvas: PageCanvas) -> bool:
    sizes = [(image.box[2] - image.box[0], image.box[3] - image.box[1]) for image in canvas.sight.images]
    if any(25 <= wide <= 200 and 0.8 <= high / wide <= 1.25 for wide, high in sizes):
        return True
    filled = [stroke.box for stroke in canvas.sight.strokes if stroke.axial and stroke.fill is not None]
    return sum(1 for box in filled if max(box[2] - box[0], box[3] - box[1]) < 40) > _MODULES


def _identity(document: PDFDocument) -> Identity | None:
    """Return the identity that the file's information or metadata states."""
    texts = [value for info in document.info for value in info.values() if isinstance(value, bytes)]
    metadata = resolve1(document.catalog.get("Metadata"))
    if isinstance(metadata, PDFStream) and len(metadata.get_rawdata() or b"") < 1 << 20:
        texts.append(metadata.get_data()[: 1 << 20])
    for raw in texts:
        text = (
            raw.decode("utf-16", "ignore")
            if raw[:2] in (b"\xfe\xff", b"\xff\xfe")
            else raw.decode("utf-8", "ignore")
        )
        match = _PAYLOAD.search(text)
        found = Identity.from_qr(match[0]) if match else None
        if found:
            return found[0]
    return None
