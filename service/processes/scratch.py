"""One folder for all temporary files of a run, because a killed process removes nothing itself."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "sealform-run-"
_LOCK = "owner"
_TRIES, _PAUSE = 20, 0.1


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Makes a new folder that is removed at the end. The folders that killed runs left are removed at the
    start."""
    place = Path(tempfile.gettempdir())
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    # The lock file is locked before it has its final name, so that no other run sees it unlocked while this
    # process lives. The system unlocks it when this process dies.
    new = folder / f"new-{_LOCK}"
    with new.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        new.rename(folder / _LOCK)
        try:
            yield folder
        finally:
            _remove(folder)


def sweep() -> None:
    """Removes this user's folders whose owner is dead."""
    place = Path(tempfile.gettempdir())
    for folder in place.glob(f"{_PREFIX}*"):
        # An error means that the folder is not ours, not complete yet, or still in use.
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)


def _remove(folder: Path) -> None:
    """Removes a folder. It tries several times, because a program that is just being killed may still
    write."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_PAUSE)
