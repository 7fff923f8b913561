"""Mail and archives -> the message, and the files inside, each with its bytes or the reason why there are none.

Nothing here touches a path that a file names: what is unpacked stays in memory, and unpacking stops where a limit is reached.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from extractor.arrival.kinds import Kind
from extractor.limits import ContainerLimits
from models.errors import Damaged, Hostile, TooLarge, UnreadableFile
from models.record import Message


@dataclass(frozen=True)
class Inner:
    """A file in a container; its name is path-like and never used as one. `inline`: the message shows it in its text.
    `body`: it is the text of the message itself. `message`: the one that it came with, where that is inside this container.
    `opened`: a container of which only the text is here, because its files stand beside it."""

    name: str
    data: bytes = b""
    error: UnreadableFile | None = None
    inline: bool = False
    body: bool = False
    message: Message | None = None
    opened: bool = False


@dataclass(frozen=True)
class Contents:
    """What was in a container. `links` are the hosts of cloud disks that the message sends people to."""

    files: tuple[Inner, ...] = ()
    message: Message | None = None
    links: tuple[str, ...] = ()


@dataclass
class Budget:
    """Counts what is unpacked from one container."""

    limits: ContainerLimits
    packed: int
    spent: int = field(default=0)

    def most(self) -> int:
        """How many bytes the next file may have. One more means that it has too many."""
        return min(self.limits.file_bytes, self.limits.unpacked_bytes - self.spent)

    def take(self, data: bytes, packed: int) -> bytes:
        """`data`, a file that was `packed` bytes, if it keeps to the limits.

        Raises:
            TooLarge: more bytes than a file, or all files together, may have. Hostile: it was packed tighter than honest files are.
        """
        if len(data) > 10 << 20 and len(data) > self.limits.ratio * max(packed, 1):
            raise Hostile(f"压缩比超过 {self.limits.ratio} 倍，疑似压缩炸弹")
        if len(data) > self.limits.file_bytes:
            raise TooLarge(f"文件超过 {megabytes(self.limits.file_bytes)} MB")
        if len(data) > self.most():
            raise TooLarge(f"解压后总共超过 {megabytes(self.limits.unpacked_bytes)} MB")
        self.spent += len(data)
        return data


def megabytes(size: int) -> str:
    """`size` bytes as MiB, for a message."""
    return f"{size / (1 << 20):.4g}"


Opener = Callable[[bytes, str, ContainerLimits], Contents]


def open_container(data: bytes, kind: Kind, name: str, limits: ContainerLimits) -> Contents:
    """What is in `data`, a container of that `kind` called `name`.

    Raises:
        Encrypted: it needs a password even for its list of files. TooMany, TooLarge: over a limit as a whole.
        Hostile: built to do harm. Damaged: it can't be opened. UnsupportedKind, TimedOut: a program for it is missing or too slow.
    """
    try:
        return _openers()[kind](data, name, limits)
    except UnreadableFile:
        raise
    except MemoryError as error:
        raise TooLarge("解开所需内存过多") from error
    except RecursionError as error:
        raise Hostile("嵌套层数过多") from error
    except Exception as error:  # the libraries promise nothing about hostile bytes
        raise Damaged(f"无法打开（{type(error).__name__}）") from error


def _openers() -> Mapping[Kind, Opener]:
    # Here, because a Word file should not wait for what it does not need.
    from extractor.arrival.containers import archive, mail, msg, rar, sevenzip, tnef, zipped

    return {
        "mail": mail.open_mail, "mbox": mail.open_mailbox, "msg": msg.open_msg, "tnef": tnef.open_tnef,
        "zip": zipped.open_zip, "tar": archive.open_tar, "packed": archive.open_packed,
        "7z": sevenzip.open_7z, "rar": rar.open_rar,
    }  # fmt: skip


__all__ = ["Budget", "Contents", "Inner", "megabytes", "open_container"]
