"""Blobs: the bytes that arrived, kept by their SHA-256 in a folder or a bucket.

A blob is stored before its arrival is confirmed to anybody, and never changes.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import from_url

from models.errors import BadUsage, NotFound, RequestTooLarge
from service.atomic_files import sync_folder

_CHUNK = 1 << 20
_INCOMING = "incoming"
_ABANDONED = 86400.0
_DIGEST = re.compile(r"[0-9a-f]{64}")


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


def open_blobs(place: str) -> Blobs:
    """Opens the blobs at `place`: a folder, or the URL of a bucket such as s3://name/prefix. The keys of a
    bucket come from the usual AWS_… variables.

    Raises:
        BadUsage: there is no such kind of place.
        OSError: the folder can't be made.
    """
    if "://" not in place:
        return FolderBlobs(Path(place))
    try:
        return BucketBlobs(place)
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


class FolderBlobs:
    """Blobs as files in a folder, under ab/cd…; safe for many processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / _INCOMING).mkdir(parents=True, exist_ok=True)
        for path in (folder / _INCOMING).iterdir():
            # A killed process left this file. No upload takes so long.
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    def put(self, stream: IO[bytes], most: int | None = None) -> Blob:
        with _spooled(stream, most, self.folder / _INCOMING) as (path, blob):
            target = self._path(blob.sha256)
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                path.chmod(0o640)
                os.replace(path, target)
                sync_folder(target.parent)
            return blob

    def read(self, sha256: str) -> bytes:
        return b"".join(self.chunks(sha256))

    def chunks(self, sha256: str) -> Iterator[bytes]:
        try:
            file = self._path(sha256).open("rb")
        except FileNotFoundError:
            raise _lost(sha256) from None
        with file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def holds(self, sha256: str) -> bool:
        return self._path(sha256).exists()

    def delete(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        yield from (path.name for path in self.folder.glob("??/*") if _DIGEST.fullmatch(path.name))

    def _path(self, sha256: str) -> Path:
        _check(sha256)
        return self.folder / sha256[:2] / sha256


class BucketBlobs:
    """Blobs as objects of a bucket."""

    def __init__(self, url: str) -> None:
        self._store = from_url(url)

    def put(self, stream: IO[bytes], most: int | None = None) -> Blob:
        with _spooled(stream, most, None) as (path, blob):
            obstore.put(self._store, blob.sha256, path)
            return blob

    def read(self, sha256: str) -> bytes:
        return b"".join(self.chunks(sha256))

    def chunks(self, sha256: str) -> Iterator[bytes]:
        _check(sha256)
        try:
            found = obstore.get(self._store, sha256)
        except (NotFoundError, FileNotFoundError):
            raise _lost(sha256) from None
        for chunk in found.stream(min_chunk_size=_CHUNK):
            yield bytes(chunk)

    def holds(self, sha256: str) -> bool:
        _check(sha256)
        try:
            obstore.head(self._store, sha256)
        except (NotFoundError, FileNotFoundError):
            return False
        return True

    def delete(self, sha256: str) -> None:
        _check(sha256)
        obstore.delete(self._store, sha256)

    def digests(self) -> Iterator[str]:
        for page in obstore.list(self._store):
            yield from (str(one["path"]) for one in page if _DIGEST.fullmatch(str(one["path"])))


@contextmanager
def _spooled(stream: IO[bytes], most: int | None, folder: Path | None) -> Iterator[tuple[Path, Blob]]:
    """Writes what `stream` holds to a file on the disk. The file is removed at the end, unless the block has
    moved it."""
    handle, name = tempfile.mkstemp(dir=folder)
    path, digest, size = Path(name), hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if most is not None and size > most:
                    raise RequestTooLarge(f"文件大于 {most >> 20} MiB")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        yield path, Blob(digest.hexdigest(), size)
    finally:
        path.unlink(missing_ok=True)


def _check(sha256: str) -> None:
    if not _DIGEST.fullmatch(sha256):
        raise NotFound("没有这个文件")


def _lost(sha256: str) -> NotFound:
    return NotFound("文件的内容不在了", advice="内容可能已按期清除；否则请从备份恢复")
