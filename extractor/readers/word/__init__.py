"""The readers of Word files and their kin. They turn bytes into one page without a size, whose cells have
addresses."""

from extractor.limits import ZipLimits
from extractor.readers.word.beside import beside_the_text
from extractor.readers.word.bindings import Bindings
from extractor.readers.word.chunks import Chunks
from extractor.readers.word.embedded import Embedded, embedded
from extractor.readers.word.notes import Notes
from extractor.readers.word.numbering import Bullets
from extractor.readers.word.package import FlatPackage, Package, Parts, W
from extractor.readers.word.styles import Styles
from extractor.readers.word.table import BlockReader
from extractor.readers.word.text import TextReader
from models.errors import Damaged
from models.page import Aside, Page, Pages

_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def read_word(data: bytes, limits: ZipLimits) -> Pages:
    """Read everything that a person sees in a .docx, .docm or .dotx, transitional or strict.

    Raises:
        UnreadableFile: it is damaged, hostile, too large, or no Word document.
    """
    return _read(Package(data, limits), limits)


def read_word_xml(data: bytes, limits: ZipLimits) -> Pages:
    """Read the same from a document in one XML file: flat OPC, or Word 2003's.

    Raises:
        UnreadableFile: it is damaged, hostile, too large, or no Word document.
    """
    return _read(FlatPackage(data, limits), limits)


def files_in_word(data: bytes, limits: ZipLimits) -> tuple[tuple[Embedded, ...], tuple[Aside, ...]]:
    """Return the files inside a .docx or a document in one XML file, and asides on the objects that are no
    files.

    Raises:
        UnreadableFile: see `read_word`.
    """
    return embedded(Package(data, limits) if data.startswith(b"PK") else FlatPackage(data, limits))


def pasted_pictures(data: bytes, limits: ZipLimits) -> list[bytes]:
    """Return the pictures in a document's text, in their order. Where somebody pasted the scan of a signed
    page into Word, they are the form.

    Raises:
        UnreadableFile: see `read_word`.
    """
    package = Package(data, limits)
    links = package.relationships(package.main)
    found: dict[str, bytes] = {}
    for element in package.xml(package.main).iter("{*}blip", "{*}imagedata"):
        relation = element.get(f"{_RELATIONS}embed") or element.get(f"{_RELATIONS}id") or ""
        link = links.get(relation)
        if link and not link.external and link.target not in found and package.has(link.target):
            found[link.target] = package.read(link.target)
    return list(found.values())


def _read(package: Parts, limits: ZipLimits, is_inner: bool = False) -> Pages:
    """Read the pages of a document. In a document inside another one (`is_inner`) no third is looked for."""
    body = package.xml(package.main).find(f"{W}body")
    if body is None:
        raise Damaged("Word 文件没有正文")
    text = TextReader(package, Styles(package), Bullets(package), Bindings(package), Notes(package))
    chunks = Chunks(
        package, None if is_inner else lambda data: _read(Package(data, limits), limits, is_inner=True)
    )
    blocks = tuple(BlockReader(text, chunks).blocks(body))
    text.finish()
    page = Page(number=1, blocks=blocks)
    return Pages(
        reader="word", pages=(page,), identity=package.identity(), controls=tuple(text.controls),
        damage=tuple(sorted(text.damage)),
        aside=(*text.aside, *beside_the_text(package)),
    )  # fmt: skip


__all__ = ["Embedded", "files_in_word", "pasted_pictures", "read_word", "read_word_xml"]
