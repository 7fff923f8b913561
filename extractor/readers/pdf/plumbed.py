"""A PDF and its pages as pdfplumber has them, opened so that no file can make it fail or work without end."""

import io

from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfinterp import PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfplumber.page import Page
from pdfplumber.pdf import PDF

from extractor.readers.painted.page import Seen


class OpenPdf(PDF):
    """A document of pdfplumber without its metadata, which it would follow however often they multiply."""

    def __init__(self, data: bytes) -> None:
        self.stream, self.stream_is_external = io.BytesIO(data), True
        self.doc, self.rsrcmgr = PDFDocument(PDFParser(self.stream)), PDFResourceManager()
        self.metadata, self.pages_to_parse, self.laparams, self.unicode_norm = {}, None, None, None


class SeenPage(Seen, Page):
    """A page of pdfplumber that has the objects it is shown, instead of all that its content paints."""

    def __init__(self, pdf: OpenPdf, page: PDFPage, number: int) -> None:
        # pdfplumber reads these anew and fails where pdfminer mends them.
        mended = {"MediaBox": list(page.mediabox), "CropBox": list(page.cropbox), "Rotate": page.rotate}
        page.attrs = {key: value for key, value in page.attrs.items() if not key.endswith("Box")} | mended
        super().__init__(pdf, page, number)
