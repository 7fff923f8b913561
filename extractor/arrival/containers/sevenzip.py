"""7z archives, unpacked into memory by py7zr."""

import io
import lzma
from typing import Any

from extractor.arrival.containers.base import Budget, Contents, Inner, megabytes
from extractor.limits import ContainerLimits
from models.errors import Damaged, Encrypted, Hostile, TooLarge, TooMany, UnreadableFile, UnsupportedKind


def open_7z(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the files of a 7z archive; it raises as `open_container` does."""
    import py7zr
    from py7zr.exceptions import ArchiveError, PasswordRequired, UnsupportedCompressionMethodError

    from extractor.arrival.containers.sinks import Sinks

    budget = Budget(limits, len(data))
    sinks = Sinks(budget)
    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            if archive.needs_password():
                return Contents(
                    tuple(
                        Inner(each, error=Encrypted("压缩包设有密码"))
                        for each in archive.namelist()[: limits.entries]
                    )
                )
            refused, wanted = _sorted_out(
                [one for one in archive.files if not one.is_directory], len(data), limits
            )
            archive.extract(targets=wanted, factory=sinks)
    except PasswordRequired as error:
        raise Encrypted("压缩包设有密码") from error
    except UnsupportedCompressionMethodError as error:
        raise UnsupportedKind("这种 7z 压缩方法不支持", advice="请用普通的 zip 格式重新压缩") from error
    except (
        ArchiveError,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
    ) as error:
        if sinks.made:  # files that came out before the fault are whole, except perhaps the last
            done = tuple(Inner(each, bytes(sink.content)) for each, sink in sinks.made[:-1] if sink.counted)
            return Contents(
                (*refused, *done, Inner(sinks.made[-1][0], error=Damaged("压缩包从这个文件起已损坏")))
            )
        raise Damaged("压缩包不完整，无法打开") from error
    return Contents((*refused, *(Inner(each, bytes(sink.content)) for each, sink in sinks.made)))


def _sorted_out(members: "list[Any]", packed: int, limits: ContainerLimits) -> tuple[list[Inner], list[str]]:
    """Return the files refused by their stated size or name, and the names of the others."""
    if len(members) > limits.entries:
        raise TooMany(f"压缩包含 {len(members)} 个文件，超过 {limits.entries} 个")
    stated = {
        str(one.filename): int(one.uncompressed or 0)
        for one in members
        if not (one.is_symlink or one.is_junction)
    }
    total = sum(stated.values())
    if total > 10 << 20 and total > limits.ratio * packed:
        raise Hostile(f"压缩比超过 {limits.ratio} 倍，疑似压缩炸弹")
    if total > limits.unpacked_bytes:
        raise TooLarge(f"解压后总共超过 {megabytes(limits.unpacked_bytes)} MB")
    refused: list[Inner] = []
    wanted: list[str] = []
    for name, size in stated.items():
        error: UnreadableFile | None = None
        if size > limits.file_bytes:
            error = TooLarge(f"文件超过 {megabytes(limits.file_bytes)} MB")
        elif name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            error = Hostile("文件名指向压缩包之外")
        if error:
            refused.append(Inner(name, error=error))
        else:
            wanted.append(name)
    return refused, wanted
