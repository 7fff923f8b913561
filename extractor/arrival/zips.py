"""Finding the directory of a zip, also of one with bytes behind it, wrongly declared names, or its end cut
off."""

import io
import struct
import zipfile
from collections.abc import Iterator

_LOCAL = struct.Struct("<4s2xHH4x3L2H")
_END = struct.Struct("<4s8x2LH")
_HEADER, _ENTRY, _TAIL = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCATOR, _LARGE_TAIL = b"PK\x06\x07", b"PK\x06\x06"
_UTF8, _SIZES_BEHIND = 0x800, 0x8
_IN_ZIP64 = 0xFFFFFFFF
# The most end records that are tried, from the last. Uncompressed archives inside have their own.
_MOST_TAILS = 100


class CutOff(Exception):
    """A zip has no directory of its own: only its beginning is there."""


def listed(data: bytes) -> zipfile.ZipFile:
    """Open the archive `data` by its own directory.

    Raises:
        CutOff: there is none. BadZipFile and whatever else `zipfile` raises: the directory is damaged.
    """
    whole = _ended(data)
    try:
        return zipfile.ZipFile(io.BytesIO(whole))
    except UnicodeDecodeError:
        # Some packers declare UTF-8 names and write them in GBK.
        return zipfile.ZipFile(io.BytesIO(_unsaid(whole)))


def _ended(data: bytes) -> bytes:
    """Return `data` without the bytes behind its end record."""
    at = len(data)
    for _ in range(_MOST_TAILS):
        at = data.rfind(_TAIL, 0, at)
        if at < 0:
            break
        if len(data) - at >= _END.size and _is_own(data, at):
            behind = at + _END.size + int.from_bytes(data[at + 20 : at + 22], "little")
            return data if behind == len(data) else data[: at + 20] + b"\0\0"
    raise CutOff


def _is_own(data: bytes, at: int) -> bool:
    """Tell whether the end record at `at` belongs to the archive that begins with the data, and not to one
    inside it."""
    _, size, offset, _ = _END.unpack_from(data, at)
    if data[at - 20 : at - 16] == _LOCATOR and _IN_ZIP64 in (size, offset):
        place = int.from_bytes(data[at - 12 : at - 4], "little")
        return data[place : place + 4] == _LARGE_TAIL
    before = at - size - offset
    if not size:
        return not data.startswith(_HEADER)
    if size > at or data[at - size : at - size + 4] != _ENTRY:
        return False
    return (
        before == 0 or not data.startswith(_HEADER) or (before > 0 and data[before : before + 4] != _HEADER)
    )


def _unsaid(data: bytes) -> bytes:
    """Return `data` with the UTF-8 flag cleared on entries whose names are not UTF-8."""
    mended = bytearray(data)
    at = data.find(_ENTRY, max(0, _directory(data)))
    while data[at : at + 4] == _ENTRY and at + 46 <= len(data):
        flags, (name, extra, comment) = (
            int.from_bytes(data[at + 8 : at + 10], "little"),
            struct.unpack_from("<3H", data, at + 28),
        )
        try:
            data[at + 46 : at + 46 + name].decode("utf-8")
        except UnicodeDecodeError:
            mended[at + 8 : at + 10] = (flags & ~_UTF8).to_bytes(2, "little")
        at += 46 + name + extra + comment
    return bytes(mended)


def _directory(data: bytes) -> int:
    at = data.rfind(_TAIL)
    size = int.from_bytes(data[at + 12 : at + 16], "little")
    return at - size if size != _IN_ZIP64 else 0


def found(data: bytes) -> Iterator[zipfile.ZipInfo]:
    """Yield the entries of an archive without a directory one after another, as far as each states its
    length."""
    at = 0
    while len(data) - at >= _LOCAL.size and data[at : at + 4] == _HEADER:
        _, flags, method, crc, packed, size, name, extra = _LOCAL.unpack_from(data, at)
        start = at + _LOCAL.size + name + extra
        raw = data[at + _LOCAL.size : at + _LOCAL.size + name]
        entry = zipfile.ZipInfo(_named(raw, flags) or "?")
        entry.flag_bits, entry.compress_type, entry.CRC = (
            flags & ~(0 if _is_utf8(raw) else _UTF8),
            method,
            crc,
        )
        entry.header_offset, entry.compress_size, entry.file_size = at, packed, size
        entry.extra = data[start - extra : start]
        if not raw or (flags & _SIZES_BEHIND and not packed) or _IN_ZIP64 in (packed, size):
            return
        yield entry
        at = start + packed


def _named(raw: bytes, flags: int) -> str:
    return raw.decode("utf-8" if flags & _UTF8 and _is_utf8(raw) else "cp437")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
