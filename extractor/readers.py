"""A file, or the pictures of one document's pages, -> Pages, by the kind of file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.convert import to_docx
from extractor.decide import ACCEPT_FROM
from extractor.html import read_html
from extractor.intake import Kind, Limits
from extractor.ocr import OcrEngine, PaddleOcr
from extractor.pdf import read_pdf
from extractor.scan import decode, pdf_pictures, read_pictures
from extractor.word import read_word, read_word_xml
from models.page import Page, Pages, Table


@dataclass(frozen=True)
class Options:
    """How to extract: `form` names the only form to look for, `accept_from` is the least confidence of an accepted field,
    `office` the program that converts other word processors' files, `ocr` what reads pictures."""

    form: str | None = None
    accept_from: float = ACCEPT_FROM
    limits: Limits = field(default_factory=Limits)
    office: str = "soffice"
    ocr: OcrEngine = field(default_factory=PaddleOcr)


def read_file(kind: Kind, data: bytes, options: Options) -> Pages:
    """What stands in one file.

    Raises:
        UnreadableFile: it can't be read; see the readers.
    """
    return _READERS[kind](data, options)


def read_images(files: Sequence[bytes], options: Options) -> tuple[Pages, list[int]]:
    """The pages that several image files show together, and how many of them each file has. One picture is in memory at a time.

    Raises:
        UnreadableFile: one of them can't be read.
    """
    counts = [count_pictures(data) for data in files]
    return read_pictures((picture for data in files for picture in decode(data)), options.ocr), counts


def count_pictures(data: bytes) -> int:
    """How many pages an image file has.

    Raises:
        UnreadableFile: it can't be read whole.
    """
    return sum(1 for _ in decode(data))


def _read_pdf(data: bytes, options: Options) -> Pages:
    """Digital pages as they are; pages that are pictures by the image reader."""
    reading = read_pdf(data, options.limits.pdf)
    if not reading.scanned:
        return reading.pages
    scanned = read_pictures(pdf_pictures(data, reading.scanned), options.ocr)
    by_number = dict(zip(reading.scanned, scanned.pages, strict=True))
    pages, tables = [], 0
    for page in reading.pages.pages:
        page = by_number.get(page.number, page).model_copy(update={"number": page.number})
        page, tables = _renumbered(page, tables)
        pages.append(page)
    reader = "scan" if len(by_number) == len(pages) else "pdf"
    return reading.pages.model_copy(
        update={"reader": reader, "pages": tuple(pages), "identity": reading.pages.identity or scanned.identity}
    )


def _renumbered(page: Page, tables: int) -> tuple[Page, int]:
    """The page with its tables counted on from `tables`."""
    blocks = []
    for block in page.blocks:
        if isinstance(block, Table):
            block, tables = block.model_copy(update={"index": tables}), tables + 1
        blocks.append(block)
    return page.model_copy(update={"blocks": tuple(blocks)}), tables


def _converted(suffix: str) -> Callable[[bytes, Options], Pages]:
    def read(data: bytes, options: Options) -> Pages:
        return read_word(to_docx(data, suffix, options.office, options.limits.conversion_seconds), options.limits.zip)

    return read


def _read_image(data: bytes, options: Options) -> Pages:
    return read_pictures(decode(data), options.ocr)


_READERS: Mapping[Kind, Callable[[bytes, Options], Pages]] = {
    "word": lambda data, options: read_word(data, options.limits.zip),
    "word-xml": lambda data, options: read_word_xml(data, options.limits.zip),
    "html": lambda data, options: read_html(data),
    "doc": _converted(".doc"),
    "rtf": _converted(".rtf"),
    "odt": _converted(".odt"),
    "pdf": _read_pdf,
    "image": _read_image,
}
