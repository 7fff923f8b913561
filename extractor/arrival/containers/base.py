"""The result of opening a container, and the budget for it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from extractor.limits import ContainerLimits
from models.errors import Hostile, TooLarge, UnreadableFile
from models.record import Message


@dataclass(frozen=True)
class Inner:
    """A file in a container. Its name is path-like and never used as a path.

    `inline`: the message shows it in its text. `body`: it is the text of the message itself. `message`: the
    message that it came with, where that is inside this container. `opened`: a container of which only the
    text is here, because its files stand beside it.
    """

    name: str
    data: bytes = b""
    error: UnreadableFile | None = None
    inline: bool = False
    body: bool = False
    message: Message | None = None
    opened: bool = False


@dataclass(frozen=True)
class Contents:
    """The contents of a container. `links` are the hosts of cloud disks that the message links to."""

    files: tuple[Inner, ...] = ()
    message: Message | None = None
    links: tuple[str, ...] = ()


@dataclass
class Budget:
    """A count of the bytes unpacked from one container."""

    limits: ContainerLimits
    packed: int
    spent: int = field(default=0)

    def most(self) -> int:
        """Return how many bytes the next file may have."""
        return min(self.limits.file_bytes, self.limits.unpacked_bytes - self.spent)

    def take(self, data: bytes, packed: int) -> bytes:
        """Return `data`, a file of `packed` packed bytes, if it keeps to the limits.

        Raises:
            TooLarge: it has more bytes than a file, or all files together, may have. Hostile: it was packed
                more tightly than honest files are.
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
    """Return `size` bytes as MiB, for a message."""
    return f"{size / (1 << 20):.4g}"


Opener = Callable[[bytes, str, ContainerLimits], Contents]
