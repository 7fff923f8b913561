"""The limits on the cost of reading, and on its errors. They are plain numbers, so that any module may import
them."""

from dataclasses import dataclass, field
from typing import Final

SILENT_TARGET: Final = 0.001
"""The share of a batch's values that may be silent errors, wrong and yet accepted, unless the bureau says
otherwise."""


@dataclass(frozen=True)
class ContainerLimits:
    """The limits of opening one container: entries, bytes of each file and of all together, the ratio of a
    file's unpacked to its packed size, and the seconds for a helper program."""

    entries: int = 2_000
    file_bytes: int = 100 << 20
    unpacked_bytes: int = 400 << 20
    ratio: int = 200
    seconds: float = 60.0


@dataclass(frozen=True)
class ZipLimits:
    """What a package may unpack to: bytes in all, entries, how often its own size, and tags in all of its
    XML."""

    unpacked_bytes: int = 200 << 20
    entries: int = 5_000
    ratio: int = 200
    xml_bytes: int = 40 << 20
    tags: int = 400_000


@dataclass(frozen=True)
class PdfLimits:
    """What one PDF may hold: pages, files inside, and on all pages together words of content, as often as
    each is run, glyphs, strokes and pictures painted, and pixels of these pictures, as often as each is."""

    pages: int = 300
    attachments: int = 100
    attachment_bytes: int = 100 << 20
    words: int = 1_000_000
    painted: int = 250_000
    pixels: int = 3_000_000_000


@dataclass(frozen=True)
class PageLimits:
    """What all pages of a document may hold, whatever the kind of file: cells, lines, marks and pictures,
    characters, and characters of one cell or of one line between cells."""

    cells: int = 10_000
    pieces: int = 30_000
    characters: int = 400_000
    characters_together: int = 100_000


@dataclass(frozen=True)
class PictureLimits:
    """The limits of a document made of pictures: pages of a file, and pixels of a page. A page of more than
    `whole` pixels is decoded at a half, a quarter or an eighth of its size; A4 at 600 dots an inch isn't."""

    pages: int = 60
    pixels: int = 120_000_000
    whole: int = 40_000_000


@dataclass(frozen=True)
class ViewLimits:
    """The limits of a view, whatever scale is asked for: pixels in all, and on each side."""

    pixels: int = 16_000_000
    side: int = 12_000


@dataclass(frozen=True)
class Limits:
    """The limits of one submission: bytes of a file, number of files, nesting depth of a file, bytes unpacked
    from all containers together, and the limits of each kind of file."""

    file_bytes: int = 100 << 20
    parts: int = 200
    depth: int = 4
    unpacked_bytes: int = 400 << 20
    ratio: int = 200
    conversion_seconds: float = 60.0
    zip: ZipLimits = field(default_factory=ZipLimits)
    pdf: PdfLimits = field(default_factory=PdfLimits)
    pictures: PictureLimits = field(default_factory=PictureLimits)
    pages: PageLimits = field(default_factory=PageLimits)
