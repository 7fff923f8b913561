"""What was made of parts to look at, kept on this machine's disk: found again by the part's SHA-256 and a
name, and sealed where there are keys, since it shows what the files say."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from models.errors import KeyMissing, SealBroken
from service.atomic_files import write_whole
from service.sealing import Keys, no_keys, seal, unseal
from service.settings import Settings

_FOLDER = "cache"
_SEALED = ".sealed"


class Shelf:
    """The shelf of an installation. Safe for threads and processes."""

    def __init__(self, settings: Settings, keys: Keys | None = None) -> None:
        """What was kept plain before there were keys is removed, and what was sealed when there are none any
        more: it is made again when somebody looks."""
        self._folder, self._keys = settings.data / _FOLDER, keys or no_keys()
        for path in self._folder.glob("??/*/*"):
            if path.name.endswith(_SEALED) != self._keys.seals:
                path.unlink(missing_ok=True)

    def read(self, sha256: str, name: str) -> bytes | None:
        """Returns what is kept by that name, None where nothing is that can be opened."""
        with suppress(FileNotFoundError, KeyMissing, SealBroken):
            kept = self._path(sha256, name).read_bytes()
            return unseal(self._keys, kept, _identity(sha256, name)) if self._keys.seals else kept
        return None

    def keep(self, sha256: str, name: str, data: bytes) -> None:
        """Keeps `data` by that name."""
        kept = seal(self._keys, data, _identity(sha256, name)) if self._keys.seals else data
        write_whole(self._path(sha256, name), kept)

    def make_room(self, most: int) -> None:
        """Removes the oldest until no more than `most` bytes are kept."""
        make_room(self._folder, most)

    def _path(self, sha256: str, name: str) -> Path:
        return place_of(self._folder, sha256) / (name + _SEALED * self._keys.seals)


def _identity(sha256: str, name: str) -> str:
    return f"picture:{sha256}/{name}"


def place_of(cache: Path, sha256: str) -> Path:
    """Returns the folder that holds everything that was made of a part."""
    return cache / sha256[:2] / sha256


def forget(settings: Settings, digests: Iterable[str]) -> None:
    """Removes the pictures of these parts. It is called when the bytes of the parts are erased."""
    for digest in digests:
        shutil.rmtree(place_of(settings.data / _FOLDER, digest), ignore_errors=True)


def make_room(cache: Path, most: int) -> None:
    """Removes the oldest kept files until no more than `most` bytes are kept."""
    known = []
    for path in cache.glob("??/*/*"):
        try:
            known.append((path.stat().st_mtime, path.stat().st_size, path))
        except FileNotFoundError:
            continue
    size = sum(bytes_ for _, bytes_, _ in known)
    for _, bytes_, path in sorted(known):
        if size <= most:
            return
        path.unlink(missing_ok=True)
        size -= bytes_
