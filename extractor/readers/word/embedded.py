"""Files inside a Word file: documents inserted as objects, as they are or wrapped in OLE."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import olefile

from extractor.readers.word.package import Parts
from models.errors import Damaged, TooLarge
from models.page import Aside

_MOST = 100
_HOLDERS = ("header", "footer", "footnotes", "endnotes", "comments")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# Streams that hold a whole file unchanged.
_WHOLE = ("Package", "CONTENTS")
_NATIVE = "\x01Ole10Native"
# Streams of documents that are compound files themselves.
_DOCUMENTS = ("WordDocument", "Workbook", "Book", "PowerPoint Document", "EncryptedPackage")


@dataclass(frozen=True)
class Embedded:
    """A file inside a document. Its name is the one that the document gives, and never a path."""

    name: str
    data: bytes


def embedded(package: Parts) -> tuple[tuple[Embedded, ...], tuple[Aside, ...]]:
    """Return the files that a document holds as objects, and asides on the objects that are no file or can't
    be opened."""
    files: list[Embedded] = []
    left: list[Aside] = []
    for name in _objects(package):
        base = name.rpartition("/")[2]
        try:
            found = _unwrapped(base, package.read(name)) if len(files) < _MOST else None
        except (Damaged, TooLarge):
            found = None
        if found is None:
            left.append(Aside(kind="object", text=base))
        else:
            files.append(found)
    return tuple(files), tuple(left)


def _objects(package: Parts) -> Iterator[str]:
    """Yield the objects of the text and of the parts round it. Yield also rich text that Word would insert
    into the text, because the text reader does not read it."""
    main = package.main
    holders = [main, *(name for kind in _HOLDERS for name in package.related(main, kind))]
    names = (
        name
        for holder in holders
        for kind in ("package", "oleObject")
        for name in package.related(holder, kind)
    )
    yield from dict.fromkeys(names)
    yield from (
        name for name in dict.fromkeys(package.related(main, "aFChunk")) if _is_rich_text(package, name)
    )


def _is_rich_text(package: Parts, name: str) -> bool:
    try:
        return package.read(name).startswith(b"{\\rtf")
    except (Damaged, TooLarge):
        return False


def _unwrapped(name: str, data: bytes) -> Embedded | None:
    """Return the file in an object; None where there is none."""
    if not data.startswith(_OLE):
        return Embedded(name, data) if data else None
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as storage:
            for stream in _WHOLE:
                if storage.exists(stream):
                    return Embedded(name, storage.openstream(stream).read())
            if storage.exists(_NATIVE):
                return _native(storage.openstream(_NATIVE).read(), name)
            return Embedded(name, data) if any(map(storage.exists, _DOCUMENTS)) else None
    except (OSError, ValueError, IndexError, KeyError, TypeError, struct.error):
        return None


def _native(stream: bytes, usual: str) -> Embedded | None:
    """Return the file in an object of Windows' packager. The layout is that of oletools'
    `oleobj.OleNativeStream`: sizes, flags, the file's name and its path, each ended by a zero, eight bytes,
    the path of a copy with its length, and the file."""
    at = 6
    names = []
    for _ in range(2):
        end = stream.index(b"\0", at)
        names.append(stream[at:end])
        at = end + 1
    (length,) = struct.unpack_from("<I", stream, at + 4)
    at += 8 + length
    (size,) = struct.unpack_from("<I", stream, at)
    data = stream[at + 4 : at + 4 + size]
    name = names[0].decode("gb18030", errors="replace").replace("\\", "/").rpartition("/")[2]
    return Embedded(name or usual, data) if data and len(data) == size else None
