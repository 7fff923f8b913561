"""From a file of any kind, or pictures of one document's pages, to its pages and the files inside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.arrival import Attachment, Kind, kind_of
from extractor.options import Options
from extractor.readers.html import read_html
from extractor.readers.ofd import read_ofd
from extractor.readers.office import to_docx
from extractor.readers.pdf import PdfReading, pdf_attachments, read_pdf, unread
from extractor.readers.word import files_in_word, pasted_pictures, read_word, read_word_xml
from extractor.scan.decode import Picture, decode, pdf_pictures
from extractor.scan.read import read_pictures, read_scan, read_turned
from extractor.work import check_pages
from models.errors import NotAForm, UnreadableFile, UnsupportedKind
from models.page import Line, Pages, Table

# Even a blank form has more text than this. A file with less text was sent for the picture of a page in it.
_FEW_LETTERS = 80
_LEAST_SIDE = 500  # pixels
# Kinds that LibreOffice converts to Word files.
_OF_OFFICE: tuple[Kind, ...] = ("doc", "rtf", "odt")


@dataclass(frozen=True)
class Opened:
    """The result of a reader: the pages, or the reason why there are none, and the files inside. A cover only
    introduces these files."""

    pages: Pages | UnreadableFile
    inside: tuple[Attachment, ...] = ()
    is_cover: bool = False


_Reader = Callable[[bytes, Options], Opened]


@dataclass(frozen=True)
class Typed:
    """The properties of a kind of file that holds cells and lines without pages: the suffix by which
    LibreOffice knows it, and its reader."""

    suffix: str
    read: _Reader


def open_file(data: bytes, options: Options) -> Opened:
    """Read a file by its kind.

    Raises:
        UnreadableFile: it can't be read, and nothing can be taken from inside it.
    """
    kind = kind_of(data)
    if kind not in READERS:
        raise UnsupportedKind("压缩包和邮件在此处不能读取")
    opened = READERS[kind](data, options)
    if isinstance(opened.pages, Pages):
        check_pages(opened.pages, options.limits.pages)
    return opened


def read_images(files: Sequence[bytes], options: Options) -> tuple[Pages, list[int]]:
    """Return the pages that several image files show together, and the number of pages of each file. Only one
    picture is in memory at a time.

    Raises:
        UnreadableFile: one of them can't be read.
    """
    counts = [0] * len(files)

    def pictures() -> Iterator[Picture]:
        for number, data in enumerate(files):
            for picture in decode(data, options.limits.pictures):
                counts[number] += 1
                yield picture

    return read_pictures(pictures(), options.ocr), counts


def read_turned_page(data: bytes, number: int, quarters: int, options: Options) -> Pages:
    """Return a page of a file, counted from 1, that is a picture, turned as a person said.

    Raises:
        UnreadableFile: it can't be read. UnsupportedKind: there is no picture of that page.
    """
    for found, picture in _page_pictures(data, number, options):
        if found == number:
            return read_turned(picture, number, quarters, options.ocr)
    raise UnsupportedKind("这一页不是图像，不能转动")


def _page_pictures(data: bytes, number: int, options: Options) -> Iterator[tuple[int, Picture]]:
    """Yield pictures of pages with their numbers, that of page `number` among them."""
    kind, limits = kind_of(data), options.limits
    if kind == "image":
        yield from enumerate(decode(data, limits.pictures), 1)
    elif kind == "pdf":
        yield from ((number, picture) for picture in pdf_pictures(data, (number,), limits.pictures))
    elif kind == "ofd":
        yield from read_ofd(data, limits.zip, limits.pdf.pages, limits.pictures).scanned.items()
    elif kind == "word":
        sheets = pasted_sheets(data, options)
        yield from enumerate((one for sheet in sheets for one in decode(sheet, limits.pictures)), 1)


def count_pictures(data: bytes, options: Options) -> int:
    """Return how many pages an image file has.

    Raises:
        UnreadableFile: it can't be read whole.
    """
    return sum(1 for _ in decode(data, options.limits.pictures))


def _read_word(data: bytes, options: Options) -> Opened:
    """Read a Word file as it is. One that holds only pictures of pages goes to the image reader."""
    pages = read_word(data, options.limits.zip)
    sheets = pasted_sheets(data, options) if _letters(pages) < _FEW_LETTERS else []
    if sheets:
        pages = read_images(sheets, options)[0].model_copy(update={"aside": pages.aside})
    return _with_files(pages, data, options)


def _with_files(pages: Pages, data: bytes, options: Options) -> Opened:
    """Return what was read of a Word file, with the files inside it."""
    files, others = files_in_word(data, options.limits.zip)
    pages = pages.model_copy(update={"aside": (*pages.aside, *others)}) if others else pages
    return Opened(pages, tuple(Attachment(one.name, one.data) for one in files))


def pasted_sheets(data: bytes, options: Options) -> list[bytes]:
    """Return the pictures in a Word file that are large enough to be pages.

    Raises:
        UnreadableFile: see `read_word`.
    """
    return [picture for picture in pasted_pictures(data, options.limits.zip) if _is_sheet(picture)]


def read_typed(data: bytes, options: Options) -> Pages:
    """Read the cells and lines of a file without pages, of Word or its kin, and ignore the pictures in it.

    Raises:
        UnreadableFile: it can't be read. UnsupportedKind: it is of another kind.
    """
    kind = kind_of(data)
    if kind == "word":
        return read_word(data, options.limits.zip)
    pages = TYPED[kind].read(data, options).pages if kind in TYPED else UnsupportedKind("不是 Word 文件")
    if isinstance(pages, UnreadableFile):
        raise pages
    return pages


def _letters(pages: Pages) -> int:
    lines = (line for page in pages.pages for block in page.blocks for line in _lines(block))
    return sum(len(line.text.strip()) for line in lines)


def _lines(block: Table | Line) -> Sequence[Line]:
    return [line for cell in block.cells for line in cell.lines] if isinstance(block, Table) else [block]


def _is_sheet(picture: bytes) -> bool:
    """Tell whether a picture is large enough to be read as a page."""
    try:
        return kind_of(picture) == "image" and all(
            min(one.colour.shape[:2]) >= _LEAST_SIDE for one in decode(picture)
        )
    except UnreadableFile:
        return False


def _read_pdf(data: bytes, options: Options) -> Opened:
    """Read digital pages as they are, and scanned pages with the image reader. A portfolio's cover is not
    worth that."""
    reading = read_pdf(data, options.limits.pdf)
    is_cover = reading.is_portfolio and bool(reading.attachments)
    if is_cover and len(reading.scanned) == len(reading.pages.pages):
        return Opened(NotAForm("PDF 文件包的封面"), reading.attachments)
    return Opened(_with_scanned(data, reading, options), reading.attachments, is_cover)


def _read_ofd(data: bytes, options: Options) -> Opened:
    """Read pages as they are painted, and scanned pages with the image reader."""
    reading = read_ofd(data, options.limits.zip, options.limits.pdf.pages, options.limits.pictures)
    numbers = tuple(reading.scanned)
    pictures = (reading.scanned[number] for number in numbers)
    scanned = read_pictures(pictures, options.ocr) if numbers else None
    return Opened(_merged(reading.pages, numbers, scanned), reading.attachments)


def files_inside(data: bytes, options: Options) -> tuple[Attachment, ...]:
    """Return the files that a document holds besides its pages. The pages are not read where it is avoidable.

    Raises:
        UnreadableFile: it can't be opened.
    """
    kind = kind_of(data)
    if kind == "ofd":
        return read_ofd(
            data, options.limits.zip, options.limits.pdf.pages, options.limits.pictures
        ).attachments
    if kind in _OF_OFFICE:
        kind, data = "word", _as_docx(data, kind, options)
    if kind in ("word", "word-xml"):
        return tuple(Attachment(one.name, one.data) for one in files_in_word(data, options.limits.zip)[0])
    return pdf_attachments(data, options.limits.pdf) if kind == "pdf" else ()


def _with_scanned(data: bytes, reading: PdfReading, options: Options) -> Pages:
    pictures = pdf_pictures(data, reading.scanned, options.limits.pictures)
    scanned = read_pictures(pictures, options.ocr) if reading.scanned else None
    pages = _merged(reading.pages, reading.scanned, scanned)
    odd = [
        one
        for page in pages.pages
        for one in unread((held for held in reading.held if held.page == page.number), page)
    ]
    return pages.model_copy(update={"mismatches": (*pages.mismatches, *odd)}) if odd else pages


def _merged(digital: Pages, numbers: Sequence[int], scanned: Pages | None) -> Pages:
    """Return the pages of a document, with those of `numbers` as the image reader read them."""
    if scanned is None:
        return digital
    by_number = dict(zip(numbers, scanned.pages, strict=True))
    pages, tables = [], 0
    for page in digital.pages:
        page = by_number.get(page.number, page).model_copy(update={"number": page.number})
        page = page.counted_from(tables)
        tables += page.tables
        pages.append(page)
    reader = "scan" if len(by_number) == len(pages) else "pdf"
    identity = digital.identity or scanned.identity
    return digital.model_copy(update={"reader": reader, "pages": tuple(pages), "identity": identity})


def _as_docx(data: bytes, kind: Kind, options: Options) -> bytes:
    return to_docx(data, f".{kind}", options.office, options.limits.conversion_seconds)


def _converted(kind: Kind) -> Typed:
    def read(data: bytes, options: Options) -> Opened:
        made = _as_docx(data, kind, options)
        return _with_files(read_word(made, options.limits.zip), made, options)

    return Typed(f".{kind}", read)


# Only the kinds listed here are shown through their text, as pages that LibreOffice prints or as a table.
# Files of other kinds have pages.
TYPED: Mapping[Kind, Typed] = {
    "word": Typed(".docx", _read_word),
    "word-xml": Typed(
        ".xml", lambda data, options: _with_files(read_word_xml(data, options.limits.zip), data, options)
    ),
    "html": Typed(".html", lambda data, options: Opened(read_html(data))),
    **{kind: _converted(kind) for kind in _OF_OFFICE},
}
READERS: Mapping[Kind, _Reader] = {
    **{kind: one.read for kind, one in TYPED.items()},
    "pdf": _read_pdf,
    "ofd": _read_ofd,
    "image": lambda data, options: Opened(read_scan(data, options.ocr, options.limits.pictures)),
}
