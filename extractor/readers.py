"""A file of any kind -> its pages, and the files inside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from extractor.convert import to_docx
from extractor.html import read_html
from extractor.intake import Kind, Limits, kind_of
from extractor.pdf import Attachment, read_pdf
from extractor.word import read_word, read_word_xml
from models.errors import NotAForm, UnreadableFile, UnsupportedKind
from models.page import Pages


@dataclass(frozen=True)
class Opened:
    """What a reader makes of a file: its pages, or why it has none, and the files inside, which a cover only introduces."""

    pages: Pages | UnreadableFile
    inside: tuple[Attachment, ...] = ()
    is_cover: bool = False


def open_file(data: bytes, limits: Limits, office: str) -> Opened:
    """Read a file by what it is; `office` is the program that converts other word processors' files.

    Raises:
        UnreadableFile: it can't be read, and nothing can be had from inside it.
    """
    return _READERS[kind_of(data)](data, limits, office)


def _read_pdf(data: bytes, limits: Limits, office: str) -> Opened:
    """The digital pages of a PDF; what only an image reader could tell is named as missing."""
    reading = read_pdf(data, limits.pdf)
    is_cover = reading.is_portfolio and bool(reading.attachments)
    if len(reading.scanned) == len(reading.pages.pages):
        error = NotAForm("PDF 文件包的封面") if is_cover else UnsupportedKind("PDF 是扫描件，暂不能读取")
        return Opened(error, reading.attachments)
    missing = tuple(f"第 {number} 页是扫描图像" for number in reading.scanned)
    pages = reading.pages.model_copy(update={"damage": (*reading.pages.damage, *missing)})
    return Opened(pages, reading.attachments, is_cover)


def _converted(suffix: str) -> Callable[[bytes, Limits, str], Opened]:
    def read(data: bytes, limits: Limits, office: str) -> Opened:
        return Opened(read_word(to_docx(data, suffix, office, limits.conversion_seconds), limits.zip))

    return read


_READERS: Mapping[Kind, Callable[[bytes, Limits, str], Opened]] = {
    "word": lambda data, limits, office: Opened(read_word(data, limits.zip)),
    "word-xml": lambda data, limits, office: Opened(read_word_xml(data, limits.zip)),
    "html": lambda data, limits, office: Opened(read_html(data)),
    "doc": _converted(".doc"),
    "rtf": _converted(".rtf"),
    "odt": _converted(".odt"),
    "pdf": _read_pdf,
}
