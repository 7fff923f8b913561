"""A submission on disk: the files that are its parts, and their names."""

import hashlib
import os
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.arrival.containers.charsets import path_like

_MOST_DIGESTED = 1 << 30
_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass(frozen=True)
class Source:
    """A submission on disk: a file, or a folder whose files are its parts. `name` is what people call it.

    `parts` gives (name, path) of each file where the disk holds other names than the sender gave. `apart`
    says that the files may come from anybody, as when somebody picks up a whole folder of mixed returns. Each
    file is then read as if it had come alone, and only its own content can join it with others to one
    application.
    """

    name: str
    path: Path
    parts: tuple[tuple[str, Path], ...] = ()
    apart: bool = False

    @classmethod
    def of(
        cls, name: str, folder: Path, parts: Iterable[tuple[str, Path]], *, apart: bool = False
    ) -> "Source":
        """Return the submission of files in `folder` under the sender's names. Names are made safe and
        distinct."""
        named: dict[str, Path] = {}
        for given, path in parts:
            named[told_apart(path_like(given), named)] = path
        return cls(name, folder, tuple(named.items()), apart and len(named) > 1)

    @classmethod
    def at(cls, path: Path, name: str | None = None) -> "Source":
        """Return the submission at `path`; nothing is read yet."""
        return cls(name if name is not None else path.as_posix(), path)

    def files(self) -> list[tuple[str, Path]]:
        """Return (name, path) of each part, ordered by name with 2.jpg before 10.jpg. A folder that can't be
        opened is a part too, because nobody knows what would be lost with it."""
        if self.parts:
            return sorted(self.parts, key=_in_order)
        if not self.path.is_dir():
            return [(readable(self.path.name), self.path)]
        closed: list[Path] = []
        found = [path for path in _below(self.path, closed) if path.is_file() and not path.is_symlink()]
        named: dict[str, Path] = {}
        for path in sorted((*found, *closed)):
            steps = path.relative_to(self.path).parts or (self.path.name,)
            if path == self.path or not any(map(is_left_out, steps)):
                named[told_apart(readable("/".join(steps)), named)] = path
        return sorted(named.items(), key=_in_order)

    def passed_over(self) -> list[str]:
        """Return the names of entries that are no parts: they are neither file nor folder, or only links."""
        entries = [] if self.parts or not self.path.is_dir() else _below(self.path, [])
        odd = (path for path in entries if path.is_symlink() or not (path.is_file() or path.is_dir()))
        return sorted(
            readable(path.relative_to(self.path).as_posix()) for path in odd if not is_left_out(path.name)
        )


def _below(folder: Path, closed: list[Path]) -> Iterator[Path]:
    """Yield everything in a folder and in the folders below it, without following links. Folders that can't
    be opened are put into `closed`."""
    for place, folders, files in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        yield from (Path(place, name) for name in (*folders, *files))


def readable(name: str) -> str:
    """Return `name` as text. Where a file system holds bytes that are not UTF-8, they are most likely GBK."""
    raw = os.fsencode(name)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _in_order(part: tuple[str, Path]) -> list[int | str]:
    return [int(piece) if piece.isdecimal() else piece for piece in re.split(r"(\d+)", part[0])]


def is_left_out(name: str) -> bool:
    """Tell whether nobody sent a file of that name as an answer: a hidden file, a lock file of Word, a folder
    view of Windows."""
    return name.startswith((".", "~$")) or name.lower() in _LEFT_BY_SYSTEMS


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex; empty where there is none, or where it is too large to be worth
    reading."""
    found, left = hashlib.sha256(), _MOST_DIGESTED
    try:
        # A former file may be a pipe by now, which might never end.
        if not path.is_file() or path.stat().st_size > left:
            return ""
        with path.open("rb") as stream:
            while left > 0 and (piece := stream.read(1 << 20)):
                found.update(piece)
                left -= len(piece)
    except OSError:
        return ""
    return found.hexdigest() if left > 0 else ""


def told_apart(name: str, taken: Container[str]) -> str:
    """Return `name`, with a number behind it where it is taken."""
    number, plain = 1, name
    while name in taken:
        number += 1
        name = f"{plain}（{number}）"
    return name


@dataclass(frozen=True)
class Attachment:
    """A file in a document. Its name is the one that the document gives, and never a path."""

    name: str
    data: bytes
