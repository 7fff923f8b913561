"""Writing a file so that a reader sees the old one or the new one, never half of either."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_UNFINISHED = ".sealform-tmp"


def write_whole(path: Path, data: bytes) -> None:
    """Replaces `path` with `data` in one step, through a temporary file beside it; makes the folder where it is missing.

    Raises:
        OSError: the file can't be written; `path` is then as it was.
    """
    with writing_whole(path) as file:
        file.write(data)


@contextmanager
def writing_whole(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """A file to write to, which becomes `path` in one step when the block ends well, and is gone when it does not. A private one
    is its owner's alone, from its first byte. Where `path` is a link, what it leads to is replaced.

    Once the block is left, `path` is on the disk and survives a power cut. A kill leaves at most a file that
    `is_unfinished` knows.

    Raises:
        OSError: the file can't be written; `path` is then as it was.
    """
    path = _target(path)
    with naming(path):
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=_UNFINISHED, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o600 if private else _mode(path))
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        sync_folder(path.parent)


def check_writable(path: Path) -> None:
    """Finds out whether `path` can be written before there is anything to write, and changes nothing but for its folder.

    Raises:
        OSError: it can't.
    """
    path = _target(path)
    with naming(path), tempfile.TemporaryFile(dir=path.parent):
        return


def _target(path: Path) -> Path:
    """The file that is written where `path` is asked for; its folder is there."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        # A device may be all the system's, and for whoever may do everything it would have become a file.
        raise OSError(errno.EINVAL, "不是普通文件", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What fails inside, as a full disk does, without a name of its own is told of `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None or str(error.filename).endswith(_UNFINISHED):
            error.filename = str(path)
        raise


def is_unfinished(path: Path) -> bool:
    """Whether `path` is what a killed process left of a file that it was writing here."""
    return path.name.startswith(".") and path.name.endswith(_UNFINISHED)


def sync_folder(folder: Path) -> None:
    """Puts the folder's entries on the disk too, because a file without its name is lost. Not every system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _mode(path: Path) -> int:
    """The permissions of the file that is replaced, or those that an ordinary new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
