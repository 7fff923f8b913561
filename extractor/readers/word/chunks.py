"""Documents that Word inserts into a document when it is opened: web pages and other Word files
(`w:altChunk`)."""

from collections.abc import Callable

from lxml import etree

from extractor.readers.html import read_html
from extractor.readers.word.package import Parts
from models.errors import UnreadableFile
from models.page import Pages

_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A hostile file could name one large part any number of times.
_MOST = 20


class Chunks:
    """The documents inside a document. `read_document` reads those that are Word files; None means that none
    are to be read."""

    def __init__(self, package: Parts, read_document: Callable[[bytes], Pages] | None) -> None:
        self._package = package
        self._read_document = read_document
        self._left = _MOST

    def read(self, element: etree._Element) -> Pages | None:
        """Return the pages of the document that stands here; None where it can't be read."""
        package = self._package
        link = package.relationships(package.main).get(element.get(_ID, ""))
        if link is None or link.external or not package.has(link.target) or not self._left:
            return None
        self._left -= 1
        try:
            data = package.read(link.target)
            if data.startswith(b"PK"):
                return self._read_document(data) if self._read_document else None
            # Rich text and other kinds are not read here.
            is_page = link.target.lower().endswith((".htm", ".html", ".xhtml", ".mht", ".mhtml"))
            return read_html(data) if is_page else None
        except UnreadableFile:
            return None
