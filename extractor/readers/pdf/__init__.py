"""From a PDF to pages: what a person sees on its digital pages, and which pages must be read as images."""

from dataclasses import dataclass

from extractor.arrival import Attachment
from extractor.limits import PdfLimits
from extractor.readers.pdf.held import Held, unread
from models.page import Pages


@dataclass(frozen=True)
class PdfReading:
    """A PDF as read. Pages whose numbers are in `scanned` have no blocks and need the image reader. `held` is
    what the fields on these pages hold (see `unread`).

    `is_portfolio`: the pages are only a cover, and the documents are the `attachments`.
    """

    pages: Pages
    scanned: tuple[int, ...] = ()
    held: tuple[Held, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    is_portfolio: bool = False


def read_pdf(data: bytes, limits: PdfLimits = PdfLimits(), *, is_own_print: bool = False) -> PdfReading:
    """Read what can be seen on the pages of a PDF. One that we printed ourselves is believed what it says, so
    that none of its pages must be read as an image.

    Raises:
        Encrypted: it needs a password. Damaged: it can't be opened or has no pages. TooLarge: it has too many
            pages or attachments.
        UnsupportedKind: it is a dynamic XFA form, which only Adobe's programs show. Hostile: its content
            explodes.
    """
    # Imported here, because the imaging libraries would slow down everybody who reads no PDF.
    from extractor.readers.pdf.reader import read

    return read(data, limits, is_own_print)


def pdf_attachments(data: bytes, limits: PdfLimits = PdfLimits()) -> tuple[Attachment, ...]:
    """Return the files in a PDF without reading its pages. It raises as `read_pdf` does."""
    from extractor.readers.pdf.reader import files_in

    return files_in(data, limits)


__all__ = ["PdfReading", "pdf_attachments", "read_pdf", "unread"]
