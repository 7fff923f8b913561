"""Tar archives, and files that were packed one by one. Links and devices in them are not followed."""

import bz2
import io
import lzma
import re
import tarfile
import zlib
from itertools import islice

from extractor.arrival.containers.base import Budget, Contents, Inner
from extractor.arrival.containers.charsets import decode
from extractor.limits import ContainerLimits
from models.errors import Damaged, Hostile, TooLarge, TooMany, UnreadableFile

_BROKEN = (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, TypeError, KeyError, zlib.error)

# Bytes that a decompressor gets at a time.
_SLICE = 16 << 10


class _Member(tarfile.TarInfo):
    """A member whose header cannot send the reader backwards, which has made tarfile loop for ever."""

    def _block(self, count: int) -> int:
        if count < 0:
            raise tarfile.InvalidHeaderError("negative size")  # type: ignore[attr-defined, unused-ignore]
        return super()._block(count)  # type: ignore[misc, no-any-return, unused-ignore]


def open_tar(data: bytes, name: str, limits: ContainerLimits, packed: int | None = None) -> Contents:
    """Return the files of a tar archive that arrived as `packed` bytes. It raises as `open_container`
    does."""
    budget = Budget(limits, packed or len(data))
    files: list[Inner] = []
    try:
        archive = tarfile.TarFile(
            fileobj=io.BytesIO(data), tarinfo=_Member, encoding="utf-8", errors="surrogateescape"
        )
        members = list(islice(archive, limits.entries + 1))
    except _BROKEN as error:
        raise Damaged("压缩包不完整，无法打开") from error
    if len(members) > limits.entries:
        raise TooMany(f"压缩包中的文件超过 {limits.entries} 个")
    for member in members:
        if member.isreg():
            files.append(_file(archive, member, budget))
    return Contents(tuple(files))


def _file(archive: tarfile.TarFile, member: tarfile.TarInfo, budget: Budget) -> Inner:
    name = decode(member.name.encode("utf-8", "surrogateescape"))
    try:
        stream = archive.extractfile(member)
        content = stream.read(budget.most() + 1) if stream else b""
        # A sparse file unpacks to as many zeros as it states.
        content = budget.take(content, member.size if member.sparse is None else budget.packed)
        if len(content) < member.size:
            raise Damaged("压缩包不完整")
        return Inner(name, content)
    except UnreadableFile as error:
        return Inner(name, error=error)
    except _BROKEN:
        return Inner(name, error=Damaged("压缩包中的这个文件已损坏"))


def open_packed(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the content of a .gz, .bz2 or .xz: the files of a tar archive, or one file of the same name."""
    from extractor.arrival.kinds import kind_of

    budget = Budget(limits, len(data))
    most = min(limits.unpacked_bytes, max(limits.file_bytes, 1))
    content, whole = _unpacked(data, most)
    if len(content) > most:
        if len(content) > limits.ratio * len(data):
            raise Hostile(f"压缩比超过 {limits.ratio} 倍，疑似压缩炸弹")
        raise TooLarge(f"解压后超过 {most >> 20} MB")
    budget.take(content, len(data))
    try:
        is_tar = kind_of(content) == "tar"
    except UnreadableFile:
        is_tar = False
    if is_tar:
        return open_tar(content, name, limits, len(data))
    if not whole:
        raise Damaged("压缩包不完整")
    inner = re.sub(r"(?i)\.(gz|bz2|xz)$", "", name.rpartition("/")[2]) or "文件"
    return Contents((Inner(inner, content),))


def _unpacked(data: bytes, most: int) -> tuple[bytes, bool]:
    """Return the first `most` + 1 bytes unpacked from all members, and whether the end was there."""
    found, total, at = [], 0, 0
    while (start := _decompressor(data[at : at + 8])) is not None:
        # Slices, because a decompressor copies everything behind its member, and there may be a hundred
        # thousand members.
        while not start.eof and total <= most and at < len(data):
            piece = data[at : at + _SLICE]
            try:
                found.append(start.decompress(piece, most + 1 - total))
            except (zlib.error, OSError, lzma.LZMAError, ValueError) as error:
                raise Damaged("压缩包已损坏") from error
            total += len(found[-1])
            at += len(piece) - len(start.unused_data)
        if total > most or not start.eof:
            return b"".join(found), start.eof
    return b"".join(found), True


def _decompressor(head: bytes) -> "zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor | None":
    """Return the decompressor for a member that begins with `head`; None for padding behind the last one."""
    if head.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31)
    if head.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(memlimit=512 << 20) if head.startswith(b"\xfd7zXZ\0") else None
