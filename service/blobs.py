"""Blobs: the bytes that arrived, kept by their SHA-256 in a folder or a bucket.

A blob is stored before its arrival is confirmed to anybody, and never changes. Where there are keys it is
kept sealed, under the SHA-256 of what it holds with `.sealed` behind it: bytes that look sealed because
somebody sent them so are never taken for it.
"""

import hashlib
import itertools
import os
import re
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import obstore
from obstore.exceptions import GenericError, NotFoundError
from obstore.store import from_url

from models.errors import BadUsage, NotFound, RequestTooLarge, SealBroken
from service.atomic_files import sync_folder
from service.sealing import HEAD, Keys, Sealer, Stream, is_newest, no_keys, opened, rewrapped

# What is raised where a bucket does not answer.
OutOfReach = GenericError

_CHUNK = 1 << 20
_INCOMING = "incoming"
_ABANDONED = 86400.0
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SEALED = ".sealed"


@dataclass(frozen=True)
class Blob:
    """A stored blob: its SHA-256 in hex, and its size in bytes."""

    sha256: str
    bytes: int


class Blobs(Protocol):
    """A store of blobs. Reading an unknown digest raises `NotFound`."""

    def put(self, stream: IO[bytes], most: int | None = None) -> Blob:
        """Stores what `stream` holds. When this returns, the blob survives a power cut.

        Raises:
            RequestTooLarge: the stream holds more than `most` bytes; nothing is stored.
        """

    def read(self, sha256: str) -> bytes:
        """Returns all bytes of a blob."""

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """Yields the bytes of a blob in pieces."""

    def holds(self, sha256: str) -> bool:
        """Returns whether there is such a blob."""

    def delete(self, sha256: str) -> None:
        """Removes a blob. A missing blob is no error."""

    def digests(self) -> Iterator[str]:
        """Yields the SHA-256 of every blob."""

    def reseal(self, sha256: str, held: Callable[[], AbstractContextManager[object]]) -> bool:
        """Seals a blob as it would be sealed if it came now, and returns whether it wasn't so already. `held`
        is what keeps others from deleting it while the new takes the place of the old; one that is gone by
        then stays gone.

        Raises:
            NotFound: it is gone. KeyMissing, SealBroken: it can't be opened.
        """


def open_blobs(place: str, keys: Keys | None = None) -> Blobs:
    """Opens the blobs at `place`: a folder, or the URL of a bucket such as s3://name/prefix, sealed where
    there are `keys`. The credentials of a bucket come from the usual AWS_… variables.

    Raises:
        BadUsage: there is no such kind of place.
        OSError: the folder can't be made.
    """
    if "://" not in place:
        return FolderBlobs(Path(place), keys)
    try:
        return BucketBlobs(place, keys)
    except Exception as error:
        raise BadUsage(
            f"无法使用 {place.partition('?')[0]}：{type(error).__name__}",
            advice="应为文件夹，或 s3://桶名/前缀",
        ) from error


def lay_out(blobs: Blobs, named: Iterable[tuple[str, str]], folder: Path) -> list[tuple[str, Path]]:
    """Writes the blob of each (name, digest) of `named` into `folder`, and returns each as (name, path). The
    files are named by numbers, because the names come from the sender.

    Raises:
        NotFound: one of the blobs is not kept any more.
    """
    parts = []
    for number, (name, digest) in enumerate(named):
        path = folder / f"{number:04}"
        with path.open("wb") as file:
            file.writelines(blobs.chunks(digest))
        parts.append((name, path))
    return parts


class _Kept(ABC):
    """What all kinds of places have in common. A place keeps files by name, each whole or not at all; safe
    for many processes."""

    def __init__(self, keys: Keys | None, spool: Path | None) -> None:
        self._keys, self._spool = keys or no_keys(), spool

    def put(self, stream: IO[bytes], most: int | None = None) -> Blob:
        chunks = iter(lambda: stream.read(_CHUNK), b"")
        with self._spooled(_bounded(chunks, most)) as (path, blob):
            if not self.holds(blob.sha256):
                self._place(path, blob.sha256 + _SEALED * self._keys.seals)
            return blob

    def read(self, sha256: str) -> bytes:
        return b"".join(self.chunks(sha256))

    def chunks(self, sha256: str) -> Iterator[bytes]:
        _check(sha256)
        if (sealed := self._pieces(sha256 + _SEALED)) is not None:
            yield from opened(self._keys, sealed, identity_of(sha256))
        elif (plain := self._pieces(sha256)) is not None:
            yield from plain
        else:
            raise _lost(sha256)

    def holds(self, sha256: str) -> bool:
        _check(sha256)
        return self._has(sha256 + _SEALED) or self._has(sha256)

    def delete(self, sha256: str) -> None:
        _check(sha256)
        self._remove(sha256 + _SEALED)
        self._remove(sha256)

    def digests(self) -> Iterator[str]:
        seen: set[str] = set()
        for name in self._names():
            digest = name.removesuffix(_SEALED)
            if _DIGEST.fullmatch(digest) and digest not in seen:
                seen.add(digest)
                yield digest

    def reseal(self, sha256: str, held: Callable[[], AbstractContextManager[object]]) -> bool:
        _check(sha256)
        name = sha256 + _SEALED
        sealed = self._pieces(name)
        if sealed is None:
            making: AbstractContextManager[tuple[Path, Blob]] = self._spooled(self.chunks(sha256))
        else:
            stream = Stream(sealed)
            head = stream.read(HEAD)
            if is_newest(self._keys, head):
                # Who was interrupted may have left the plain one beside it.
                was_there = self._has(sha256)
                self._remove(sha256)
                return was_there
            new = rewrapped(self._keys, head, identity_of(sha256))
            making = _written(itertools.chain([new], stream.rest()), self._spool)
        with making as (path, blob), held():
            if sealed is None and blob.sha256 != sha256:
                raise SealBroken(f"文件 {sha256[:12]}… 已损坏")
            if self.holds(sha256):
                self._place(path, name)
                self._remove(sha256)
        return True

    def _spooled(self, chunks: Iterator[bytes]) -> AbstractContextManager[tuple[Path, Blob]]:
        return _written(chunks, self._spool, Sealer(self._keys) if self._keys.seals else None)

    @abstractmethod
    def _place(self, path: Path, name: str) -> None:
        """Keeps the file at `path` by that name, in place of another of that name; `path` may be gone
        then."""

    @abstractmethod
    def _pieces(self, name: str) -> Iterator[bytes] | None:
        """What is kept by that name, None where nothing is."""

    @abstractmethod
    def _has(self, name: str) -> bool: ...

    @abstractmethod
    def _remove(self, name: str) -> None: ...

    @abstractmethod
    def _names(self) -> Iterator[str]: ...


class FolderBlobs(_Kept):
    """Blobs as files in a folder, under ab/cd…"""

    def __init__(self, folder: Path, keys: Keys | None = None) -> None:
        super().__init__(keys, folder / _INCOMING)
        self.folder = folder
        (folder / _INCOMING).mkdir(parents=True, exist_ok=True)
        for path in (folder / _INCOMING).iterdir():
            # A killed process left this file. No upload takes so long.
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    def _place(self, path: Path, name: str) -> None:
        target = self._path(name)
        target.parent.mkdir(exist_ok=True)
        path.chmod(0o640)
        os.replace(path, target)
        sync_folder(target.parent)

    def _pieces(self, name: str) -> Iterator[bytes] | None:
        try:
            file = self._path(name).open("rb")
        except FileNotFoundError:
            return None
        return _read(file)

    def _has(self, name: str) -> bool:
        return self._path(name).exists()

    def _remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _names(self) -> Iterator[str]:
        return (path.name for path in self.folder.glob("??/*"))

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


class BucketBlobs(_Kept):
    """Blobs as objects of a bucket."""

    def __init__(self, url: str, keys: Keys | None = None) -> None:
        super().__init__(keys, None)
        self._store = from_url(url)

    def _place(self, path: Path, name: str) -> None:
        obstore.put(self._store, name, path)

    def _pieces(self, name: str) -> Iterator[bytes] | None:
        try:
            found = obstore.get(self._store, name)
        except (NotFoundError, FileNotFoundError):
            return None
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=_CHUNK))

    def _has(self, name: str) -> bool:
        try:
            obstore.head(self._store, name)
        except (NotFoundError, FileNotFoundError):
            return False
        return True

    def _remove(self, name: str) -> None:
        with suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, name)

    def _names(self) -> Iterator[str]:
        for page in obstore.list(self._store):
            yield from (str(one["path"]) for one in page)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _bounded(chunks: Iterator[bytes], most: int | None) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if most is not None and size > most:
            raise RequestTooLarge(f"文件大于 {most >> 20} MiB")
        yield chunk


@contextmanager
def _written(
    chunks: Iterator[bytes], folder: Path | None, sealer: Sealer | None = None
) -> Iterator[tuple[Path, Blob]]:
    """Writes `chunks` to a file on the disk, sealed by `sealer`, and tells what they hold. The file is
    removed at the end, unless the block has moved it."""
    handle, name = tempfile.mkstemp(dir=folder)
    path, seen = Path(name), _Seen()
    try:
        with os.fdopen(handle, "wb") as file:
            if sealer is None:
                file.writelines(seen.passing(chunks))
            else:
                file.seek(HEAD)
                file.writelines(sealer.pieces(seen.passing(chunks)))
                file.seek(0)
                file.write(sealer.head(identity_of(seen.digest.hexdigest())))
            file.flush()
            os.fsync(file.fileno())
        yield path, Blob(seen.digest.hexdigest(), seen.size)
    finally:
        path.unlink(missing_ok=True)


class _Seen:
    """The SHA-256 and the size of what passes."""

    def __init__(self) -> None:
        self.digest, self.size = hashlib.sha256(), 0

    def passing(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.digest.update(chunk)
            self.size += len(chunk)
            yield chunk


def identity_of(sha256: str) -> str:
    """What a blob is sealed as."""
    return f"blob:{sha256}"


def _check(sha256: str) -> None:
    if not _DIGEST.fullmatch(sha256):
        raise NotFound("没有这个文件")


def _lost(sha256: str) -> NotFound:
    return NotFound("文件的内容不在了", advice="内容可能已按期清除；否则请从备份恢复")
