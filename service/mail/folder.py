"""The folder that messages are fetched into: their files, and a record of the messages that were fetched.

The record is a hidden file of JSON lines. Its first line names the mailbox; each further line is for one
message, and is on the disk before the next message is begun. A message's file is on the disk, whole and under
its name, before its line is. A kill therefore leaves neither, or both, or the file alone. The next run finds
such a file by the UID in its name.
"""

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal, Self

from models.errors import BadUsage
from service.atomic_files import is_unfinished, set_aside, write_whole, writing_whole
from service.mail.head import Head, read_head
from service.mail.imap import Listed

STATE = ".sealform-mail.jsonl"
LOCK = ".sealform-mail.lock"

# Many file systems allow 255 bytes in a name, and a Chinese character takes three bytes.
_SUBJECT_BYTES = 120
_NAMED = re.compile(r"_(\d+)-(\d+)\.eml$")
_HEAD_BYTES = 256 << 10
_NO_YEAR = 1970

# fetched: the file is there. duplicate: the same bytes had been fetched under an older UIDVALIDITY, as
# `file`. too-large: over the limit of that run. failed: the server did not give the message, for `reason`.
State = Literal["fetched", "duplicate", "too-large", "failed"]


@dataclass(frozen=True)
class Record:
    """What became of one message. `size` is in bytes. `date` is the sender's and `arrived` the server's, both
    in ISO 8601."""

    state: State
    file: str | None
    uid: int
    uidvalidity: int
    subject: str
    sender: str
    date: str | None
    arrived: str
    message_id: str
    size: int
    sha256: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, uidvalidity: int, listed: Listed, state: State, head: Head, **more: Any) -> Self:
        """Makes the record of a message with the head `head`. `more` holds the fields that only some states
        have."""
        fields = {
            "file": None,
            "size": listed.size,
            "arrived": listed.arrived.isoformat(),
            **asdict(head),
            **more,
        }
        return cls(state, uid=listed.uid, uidvalidity=uidvalidity, **fields)

    @property
    def settled(self) -> bool:
        """Returns whether the message need not be asked for again."""
        return self.state in ("fetched", "duplicate")

    def encode(self) -> bytes:
        """Returns the record as one line of JSON."""
        return _encode(asdict(self))


def _encode(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


class TooLong(Exception):
    """The message has more bytes than the limit: `size` bytes, or at least so many."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class MailFolder:
    """The folder while one run holds it. `records` holds the last record of each message, by (UIDVALIDITY,
    UID)."""

    def __init__(
        self, path: Path, mailbox: str, records: dict[tuple[int, int], Record], state: IO[bytes]
    ) -> None:
        """Only `held` makes one, because it has the lock."""
        self.path = path
        self._mailbox = mailbox
        self.records = records
        self._state = state
        self._files = {
            (int(found[1]), int(found[2])): entry
            for entry in sorted(path.iterdir())
            if (found := _NAMED.search(entry.name))
        }
        self._by_digest: dict[str | None, Record] = {}
        for record in records.values():
            self._know(record)

    def note(self, record: Record) -> None:
        """Adds a line to the record, and puts it on the disk."""
        # The folder is bound to the mailbox by the first message, not by a run that fetched nothing.
        first = b"" if self._state.tell() else _encode({"mailbox": self._mailbox})
        self._state.write(first + record.encode())
        self._state.flush()
        os.fsync(self._state.fileno())
        self.records[record.uidvalidity, record.uid] = record
        self._know(record)

    def _know(self, record: Record) -> None:
        if record.state == "fetched":
            self._by_digest.setdefault(record.sha256, record)

    def adopt(self, uidvalidity: int, listed: Listed, head: Callable[[], bytes]) -> Record | None:
        """Returns the record of a message whose file an earlier run completed without noting it. `head` asks
        the server for the message's head. It is compared because the file may come from another mailbox,
        whose UIDs start at one as well."""
        path = self._files.get((uidvalidity, listed.uid))
        if path is None or path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            here = read_head(file.read(_HEAD_BYTES))
            if here != read_head(head()):
                return None
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Record.of(
            uidvalidity, listed, "fetched", here, file=path.name, size=path.stat().st_size, sha256=digest
        )

    def keep(self, uidvalidity: int, listed: Listed, pieces: Iterator[bytes], most: int) -> Record | None:
        """Writes a message, whose bytes are `pieces`, to a file of its own. Returns None where the message
        has gone. A message whose bytes are here already, from before UIDVALIDITY changed, is not written
        again.

        Raises:
            TooLong: the message has more than `most` bytes; no file is left.
            OSError: the file can't be written.
        """
        first = next(pieces, None)
        if first is None:
            return None
        head = read_head(first[:_HEAD_BYTES])
        path = self.path / name_of(uidvalidity, listed, head.subject)
        if os.path.lexists(path):
            # This file was not adopted: it is another mailbox's, or a person has changed it.
            set_aside(path)
        digest, size = hashlib.sha256(), 0
        try:
            with writing_whole(path) as file:
                for piece in _all(first, pieces):
                    size += len(piece)
                    if size > most:
                        raise TooLong(size)
                    digest.update(piece)
                    file.write(piece)
                known = self._by_digest.get(digest.hexdigest())
                if known and known.uidvalidity != uidvalidity:
                    raise _Known
        except _Known:
            assert known
            return Record.of(
                uidvalidity, listed, "duplicate", head, file=known.file, size=size, sha256=known.sha256
            )
        return Record.of(
            uidvalidity, listed, "fetched", head, file=path.name, size=size, sha256=digest.hexdigest()
        )


class _Known(Exception):
    """The message is known, so its file is not written."""


def _all(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def name_of(uidvalidity: int, listed: Listed, subject: str) -> str:
    """Returns a file name that is safe on every system, sorts by arrival, tells a person what the message is,
    and belongs to this UID alone."""
    words = "".join(each if each.isalnum() else "_" for each in unicodedata.normalize("NFC", subject))
    short = re.sub("_+", "_", words).encode()[:_SUBJECT_BYTES].decode("utf-8", "ignore").strip("_")
    return f"{listed.arrived:%Y-%m-%d}_{short or '无主题'}_{uidvalidity}-{listed.uid}.eml"


@contextmanager
def held(path: Path, mailbox: str) -> Iterator[MailFolder]:
    """Opens the folder for messages of `mailbox`, and locks it against other runs until the block ends. Makes
    the folder where it is missing.

    Raises:
        BadUsage: another run holds the folder, or it is for another mailbox, or its record is damaged.
        OSError: the folder can't be read or written.
    """
    if path.exists() and not path.is_dir():
        raise BadUsage(f"应为文件夹：{path}")
    path.mkdir(parents=True, exist_ok=True)
    with (path / LOCK).open("ab") as lock:
        _lock(lock, path)
        for entry in list(path.iterdir()):
            if is_unfinished(entry):
                entry.unlink()
        records = _read(path / STATE, mailbox)
        with (path / STATE).open("ab") as state:
            yield MailFolder(path, mailbox, records, state)


def _lock(lock: IO[bytes], path: Path) -> None:
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BadUsage(
            f"另一个 sealform mail 正在向 {path} 收取邮件", advice="请等它结束，或用 -o 给出另一个文件夹"
        ) from error


def _read(path: Path, mailbox: str) -> dict[tuple[int, int], Record]:
    """Returns the last record of each message. A last line that a killed run left incomplete is removed from
    the file."""
    whole, _, torn = path.read_bytes().rpartition(b"\n") if path.exists() else (b"", b"", b"")
    if torn:
        write_whole(path, whole + b"\n" if whole else b"")
    if not whole:
        return {}
    lines = whole.split(b"\n")
    try:
        owner = json.loads(lines[0])["mailbox"]
        records = [Record(**json.loads(line)) for line in lines[1:]]
    except (ValueError, TypeError, KeyError) as error:
        raise BadUsage(
            f"{path} 已损坏", advice="请移走该文件后再运行：文件夹中已有的邮件不会重复收取"
        ) from error
    if owner != mailbox:
        raise BadUsage(
            f"{path.parent} 是 {owner} 的文件夹，不能再收取 {mailbox}", advice="请用 -o 给出另一个文件夹"
        )
    return {(record.uidvalidity, record.uid): record for record in records}


def arrivals(path: Path) -> dict[str, datetime]:
    """{file: when the server had the message}, as the record of the folder at `path` says; empty where there
    is no record.

    Raises:
        OSError: the record can't be read.
    """
    state, found = path / STATE, dict[str, datetime]()
    if not state.is_file():
        return found
    for text in state.read_bytes().splitlines():
        try:
            line = json.loads(text)
            arrived = datetime.fromisoformat(line["arrived"])
            # A server that said no time is noted as 1970, and that would be in time for everything.
            if isinstance(line["file"], str) and arrived.year > _NO_YEAR:
                found[line["file"]] = arrived.astimezone()
        # The mailbox's own line, one without a file, or one that a kill cut off.
        except (ValueError, KeyError, TypeError):
            continue
    return found
