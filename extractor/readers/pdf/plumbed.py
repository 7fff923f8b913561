"""A PDF and its pages as pdfplumber's objects, opened so that no file can make it fail or work without
end."""

import io
import re
from collections.abc import Mapping

from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdffont import PDFFont
from pdfminer.pdfinterp import PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import resolve1
from pdfminer.psparser import PSLiteral
from pdfplumber.page import Page
from pdfplumber.pdf import PDF

from extractor.readers.painted.page import Seen
from extractor.readers.pdf.font_tables import MOST_CHARACTERS, check_tables

# Encodings whose codes are Unicode (ISO 32000-1, table 118).
_OF_UNICODE = re.compile(r"Uni(GB|CNS|JIS|KS)[0-9A-Za-z]*-(UCS2|UTF16)(-HW)?-[HV]")


class Fonts(PDFResourceManager):
    """pdfminer's fonts with bounded lists of widths, because pdfminer writes down each width of a range."""

    def get_font(self, objid: object, spec: Mapping[str, object]) -> PDFFont:
        """The font of that dictionary."""
        check_tables(spec)
        lists = {key: _within(resolve1(spec[key])) for key in ("W", "W2") if key in spec}
        plain = {key: value for key, value in spec.items() if key != "ToUnicode" or not _says_unicode(spec)}
        return super().get_font(objid, {**plain, **lists})


def _says_unicode(spec: Mapping[str, object]) -> bool:
    """Tell whether the codes of a font are Unicode. pdfminer would look for its glyphs' numbers in the map of
    codes (ToUnicode), and find other characters."""
    encoding = resolve1(spec.get("Encoding"))
    name = encoding.name if isinstance(encoding, PSLiteral) else None
    return isinstance(name, str) and _OF_UNICODE.fullmatch(name) is not None


def _within(widths: object) -> object:
    """Return a list of widths with no character beyond the last that a font can have."""
    if not isinstance(widths, list):
        return widths
    return [min(one, MOST_CHARACTERS) if isinstance(one, int) else one for one in map(resolve1, widths)]


class OpenPdf(PDF):
    """A document of pdfplumber without its metadata, which pdfplumber would follow however often they
    multiply."""

    def __init__(self, data: bytes) -> None:
        self.stream, self.stream_is_external = io.BytesIO(data), True
        self.doc, self.rsrcmgr = PDFDocument(PDFParser(self.stream)), Fonts()
        self.metadata, self.pages_to_parse, self.laparams, self.unicode_norm = {}, None, None, None


class SeenPage(Seen, Page):
    """A page of pdfplumber that has the objects it is given, instead of all that its content paints."""

    def __init__(self, pdf: OpenPdf, page: PDFPage, number: int) -> None:
        # pdfplumber reads these values anew, and fails where pdfminer mends them.
        mended = {"MediaBox": list(page.mediabox), "CropBox": list(page.cropbox), "Rotate": page.rotate}
        page.attrs = {key: value for key, value in page.attrs.items() if not key.endswith("Box")} | mended
        super().__init__(pdf, page, number)
