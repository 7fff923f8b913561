"""What reading may cost: numbers only, so that anything may know them."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ContainerLimits:
    """What opening one container may cost: entries, bytes of a file in it and of all together, how often its
    own size a file may unpack to, and seconds for a program that helps."""

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
    """What a document that is pictures may hold: pages of a file, and pixels of a page."""

    pages: int = 60
    pixels: int = 120_000_000


@dataclass(frozen=True)
class ViewLimits:
    """How large a picture may become, whatever scale is asked for: pixels in all, and on a side."""

    pixels: int = 16_000_000
    side: int = 12_000


@dataclass(frozen=True)
class Limits:
    """What one submission may cost to look at: bytes of a file, files in all, how many files deep a file may
    lie, bytes that all containers together may unpack to, and what each kind of file may cost."""

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
