"""Zip archives: names in any encoding that packers use, and unpacking only as far as the limits allow.

Entries are unpacked from the bytes that the directory points to. zipfile does not do it, because it unpacks
some methods without a limit.
"""

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from itertools import islice, pairwise

from extractor.arrival.containers.base import Budget, Contents, Inner
from extractor.arrival.containers.charsets import decode
from extractor.arrival.kinds import check_directory
from extractor.arrival.zips import CutOff, found, listed
from extractor.limits import ContainerLimits
from models.errors import Damaged, Encrypted, Hostile, TooMany, UnreadableFile, UnsupportedKind

_LOCAL = struct.Struct("<4s22xHH")
_UTF8, _ENCRYPTED = 0x800, 0x1
_UNICODE_PATH = 0x7075
# The name under which the unknown files of a cut-off archive are reported.
_REST = "压缩包的其余部分"


def open_zip(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the files of a zip archive; it raises as `open_container` does."""
    check_directory(data)
    rest: tuple[Inner, ...] = ()
    try:
        entries = [entry for entry in listed(data).infolist() if not entry.is_dir()]
    except CutOff:
        # One entry more than the limit, so that a million entries are not gathered.
        entries = [entry for entry in islice(found(data), limits.entries + 1) if not entry.is_dir()]
        rest = (Inner(_REST, error=Damaged("压缩包不完整，缺少末尾，其后的文件已丢失")),)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error) as error:
        raise Damaged("压缩包不完整，无法打开") from error
    if len(entries) > limits.entries:
        raise TooMany(f"压缩包含 {len(entries)} 个文件，超过 {limits.entries} 个")
    _check_overlap(entries)
    budget = Budget(limits, len(data))
    files = [
        _file(data, entry, called, budget) for entry, called in zip(entries, _names(entries), strict=True)
    ]
    return Contents((*files, *rest))


def _check_overlap(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse entries that share their bytes, because they let a small archive unpack to any size."""
    placed = sorted(entries, key=lambda entry: entry.header_offset)
    for one, after in pairwise(placed):
        if one.header_offset + _LOCAL.size + one.compress_size > after.header_offset:
            raise Hostile("压缩包内的文件相互重叠，疑似压缩炸弹")


def _names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the names. Where the archive does not declare UTF-8, the names are UTF-8 only if all of them can
    be."""
    raw = [
        None if entry.flag_bits & _UTF8 else entry.filename.encode("cp437", "replace") for entry in entries
    ]
    together = b"/".join(name for name in raw if name is not None)
    try:
        together.decode("utf-8")
        charset = "utf-8"
    except UnicodeDecodeError:
        charset = "gb18030"
    return [
        entry.filename if name is None else _unicode_path(entry, name) or decode(name, charset)
        for entry, name in zip(entries, raw, strict=True)
    ]


def _unicode_path(entry: zipfile.ZipInfo, raw: bytes) -> str | None:
    """Return the name in Info-ZIP's Unicode Path field, if the field belongs to the entry's present name."""
    extra = entry.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field = extra[4 : 4 + length]
        if (
            kind == _UNICODE_PATH
            and field[:1] == b"\1"
            and int.from_bytes(field[1:5], "little") == zlib.crc32(raw)
        ):
            return decode(field[5:], "utf-8")
        extra = extra[4 + length :]
    return None


def _file(data: bytes, entry: zipfile.ZipInfo, name: str, budget: Budget) -> Inner:
    try:
        if entry.flag_bits & _ENCRYPTED:
            raise Encrypted("压缩包设有密码")
        content = budget.take(_unpacked(data, entry, budget.most()), entry.compress_size)
        if zlib.crc32(content) != entry.CRC:
            raise Damaged("压缩包中的这个文件已损坏")
        return Inner(name, content)
    except UnreadableFile as error:
        return Inner(name, error=error)


def _unpacked(data: bytes, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Return the bytes of an entry, at most `most` + 1 of them."""
    header = data[entry.header_offset : entry.header_offset + _LOCAL.size]
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise Damaged("压缩包的目录与内容不符")
    _, name, extra = _LOCAL.unpack(header)
    start = entry.header_offset + _LOCAL.size + name + extra
    packed = data[start : start + entry.compress_size]
    if len(packed) < entry.compress_size:
        raise Damaged("压缩包不完整")
    try:
        if entry.compress_type == zipfile.ZIP_STORED:
            return packed[: most + 1]
        if entry.compress_type == zipfile.ZIP_DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most + 1)
        if entry.compress_type == zipfile.ZIP_BZIP2:
            return bz2.BZ2Decompressor().decompress(packed, most + 1)
        if entry.compress_type == zipfile.ZIP_LZMA:
            return _lzma(packed, most)
    except (zlib.error, OSError, lzma.LZMAError, ValueError, EOFError) as error:
        raise Damaged("压缩包中的这个文件已损坏") from error
    raise UnsupportedKind(f"压缩方法 {entry.compress_type} 不支持", advice="请用普通的 zip 格式重新压缩")


def _lzma(packed: bytes, most: int) -> bytes:
    """Unpack LZMA as in APPNOTE 5.8.8: two bytes of version, the length of the properties, the properties."""
    length = int.from_bytes(packed[2:4], "little")
    properties = packed[4 : 4 + length]
    if len(properties) < 5:
        raise ValueError
    mixed, dictionary = properties[0], int.from_bytes(properties[1:5], "little")
    filters = [{
        "id": lzma.FILTER_LZMA1, "dict_size": min(max(dictionary, 4096), 64 << 20),
        "lc": mixed % 9, "lp": mixed // 9 % 5, "pb": mixed // 45,
    }]  # fmt: skip
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(packed[4 + length :], most + 1)
