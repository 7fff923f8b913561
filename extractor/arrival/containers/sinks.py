"""Sinks for the output of py7zr: they keep it in memory, and no more of it than the limits allow."""

from py7zr.io import Py7zIO, WriterFactory

from extractor.arrival.containers.base import Budget, megabytes
from models.errors import TooLarge


class Sink(Py7zIO):
    """A sink for one file. It stops the unpacking where there is too much."""

    def __init__(self, budget: Budget) -> None:
        self.content = bytearray()
        self.counted = False
        self._budget = budget

    def write(self, s: bytes | bytearray) -> int:
        self.content += s
        if len(self.content) > self._budget.most():
            raise TooLarge(f"解压后超过 {megabytes(self._budget.most())} MB")
        return len(s)

    def read(self, size: int | None = None) -> bytes:
        return bytes(self.content)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def flush(self) -> None:
        """Do nothing, because nothing lies behind the buffer."""

    def size(self) -> int:
        return len(self.content)

    def close(self) -> None:
        if not self.counted:
            self.counted = True
            self._budget.spent += len(self.content)


class Sinks(WriterFactory):
    """The maker of a `Sink` for each file. It keeps them in the order of the archive."""

    def __init__(self, budget: Budget) -> None:
        self.made: list[tuple[str, Sink]] = []
        self._budget = budget

    def create(self, filename: str) -> Sink:
        self.made.append((filename, Sink(self._budget)))
        return self.made[-1][1]
