"""PDF -> Pages: what a person sees on the pages of a digital PDF, and which of its pages must be read as
images."""

from dataclasses import dataclass

from extractor.arrival import Attachment
from extractor.limits import PdfLimits
from extractor.readers.pdf.held import Held, unread
from models.page import Pages


@dataclass(frozen=True)
class PdfReading:
    """A PDF as read. Pages whose numbers are in `scanned` have no blocks and need the image reader; `held` is
    what fields on these hold (see `unread`).

    `is_portfolio`: the pages are a cover only, the documents are the `attachments`.
    """

    pages: Pages
    scanned: tuple[int, ...] = ()
    held: tuple[Held, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    is_portfolio: bool = False


def read_pdf(data: bytes, limits: PdfLimits = PdfLimits()) -> PdfReading:
    """Read what can be seen on the pages of a PDF.

    Raises:
        Encrypted: it needs a password. Damaged: it can't be opened or has no pages. TooLarge: too many pages
            or attachments.
        UnsupportedKind: a dynamic XFA form, which only Adobe's programs show. Hostile: content that explodes.
    """
    # Here, because the imaging libraries would cost everyone who reads no PDF.
    from extractor.readers.pdf.reader import read

    return read(data, limits)


def pdf_attachments(data: bytes, limits: PdfLimits = PdfLimits()) -> tuple[Attachment, ...]:
    """The files in a PDF, its pages left alone. Raises as `read_pdf` does."""
    from extractor.readers.pdf.reader import files_in

    return files_in(data, limits)


__all__ = ["PdfReading", "pdf_attachments", "read_pdf", "unread"]
