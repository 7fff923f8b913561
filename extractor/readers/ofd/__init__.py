"""From an OFD, the page format of GB/T 33190-2016, to pages. What its pages paint becomes tables and lines in
the same way as for PDF."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from extractor.arrival import Attachment
from extractor.limits import PictureLimits, ZipLimits
from extractor.scan.decode import Picture
from models.page import Pages


@dataclass(frozen=True)
class OfdReading:
    """An OFD as read. Pages whose numbers are in `scanned` are pictures; they have no blocks and need the
    image reader."""

    pages: Pages
    scanned: Mapping[int, Picture] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


def read_ofd(data: bytes, limits: ZipLimits, pages: int, pictures: PictureLimits) -> OfdReading:
    """Read what can be seen on the pages of an OFD, of which there are at most `pages`.

    Glyphs count as the characters that the file says they are; embedded fonts are not examined. Whether a
    seal's signature is valid is not checked, only whether the parts that it signs are unchanged.

    Raises:
        Damaged: it can't be opened or has no pages. TooLarge: it exceeds a limit. Encrypted: it is locked.
    """
    # Imported here, because the imaging libraries would slow down everybody who reads no OFD.
    from extractor.readers.ofd.reader import read

    return read(data, limits, pages, pictures)


__all__ = ["OfdReading", "read_ofd"]
