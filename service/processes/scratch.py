"""One folder for all temporary files of a run, because what is killed removes nothing itself."""

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
    """A new folder that is removed at the end; what earlier runs left that were killed is removed at the
    start."""
    place = Path(tempfile.gettempdir())
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    # Locked before it has its name: no other run must see it unlocked while we live. The system unlocks it
    # when we die.
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
        # Not ours, not complete yet, or still in use.
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)


def _remove(folder: Path) -> None:
    """A program that is just being killed may still write: so more than once."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_PAUSE)
