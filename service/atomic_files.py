"""Writing a file so that a reader sees the old one or the new one, never half of either; and replacing none
that may be missed."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from typing import IO

from models.errors import BadUsage

_UNFINISHED = ".sealform-tmp"
_ELSEWHERE = "请换一个位置"
# A folder may hold very many files.
_MOST_NEIGHBOURS = 2000
# Advice for `check_targets` where a command writes several files into a folder.
ANOTHER_FOLDER = "请换一个文件夹，或加上 --overwrite 覆盖"
_REASONS = {
    errno.ENOSPC: "磁盘已满。请腾出空间后再试",
    errno.EDQUOT: "磁盘配额已满。请腾出空间后再试",
    errno.EACCES: f"没有权限。{_ELSEWHERE}，或请管理员授权",
    errno.EPERM: f"没有权限。{_ELSEWHERE}，或请管理员授权",
    errno.EROFS: f"磁盘是只读的。{_ELSEWHERE}",
    # A folder was to be made where a file is.
    errno.EEXIST: f"上级不是文件夹。{_ELSEWHERE}",
    errno.ENOTDIR: f"上级不是文件夹。{_ELSEWHERE}",
    errno.ENOENT: "没有这个文件或文件夹。请检查路径",
    errno.ENAMETOOLONG: "文件名太长。请换一个短些的",
    errno.ELOOP: f"链接指向自己。{_ELSEWHERE}",
    errno.EPIPE: "接收的一方已经关闭",
    errno.EISDIR: "是文件夹，不是文件。请给出文件名",
    errno.EIO: "磁盘读写出错。请检查磁盘",
    errno.EBUSY: "正被占用。请稍后再试",
    errno.ETXTBSY: "正被占用。请稍后再试",
    errno.EMFILE: "打开的文件太多。请稍后再试，或请管理员放宽限制",
    errno.ENFILE: "打开的文件太多。请稍后再试，或请管理员放宽限制",
    errno.ENOMEM: "内存不足。请关闭其他程序后再试",
    errno.EFBIG: "文件超过系统允许的大小",
    errno.EINVAL: f"不能这样使用。{_ELSEWHERE}",
    errno.EXDEV: f"不在同一个磁盘上。{_ELSEWHERE}",
    errno.ESTALE: "网络磁盘已断开。请重新连接后再试",
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "不是本机的地址",
    errno.ECONNREFUSED: "对方拒绝连接",
    errno.ECONNRESET: "连接中断",
    errno.ETIMEDOUT: "连接超时",
    errno.EHOSTUNREACH: "连接不到对方",
    errno.ENETUNREACH: "网络不通",
}


def write_whole(path: Path, data: bytes) -> None:
    """Replaces `path` with `data` in one step, through a temporary file beside it; makes the folder where it
    is missing.

    Raises:
        OSError: the file can't be written; `path` is then as it was.
    """
    with writing_whole(path) as file:
        file.write(data)


@contextmanager
def writing_whole(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """A file to write to, which becomes `path` in one step when the block ends well, and is gone when it does
    not. A private one is its owner's alone, from its first byte. Where `path` is a link, what it leads to is
    replaced.

    Once the block is left, `path` is on the disk and survives a power cut. A kill leaves at most a file that
    `is_unfinished` knows.

    Raises:
        OSError: the file can't be written; `path` is then as it was.
    """
    path = _target(path)
    with naming(path):
        handle, temporary = tempfile.mkstemp(
            prefix=f".{path.name[:40]}.", suffix=_UNFINISHED, dir=path.parent
        )
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


def check_targets(
    *paths: Path, replace: bool, advice: str = "请换一个文件名，或加上 --overwrite 覆盖"
) -> None:
    """Finds out, before there is anything to write, whether `paths` can be written, and whether what they
    would replace is to be replaced: what lies there may be another run's, or hold somebody's work. Nothing is
    changed but for their folders.

    Raises:
        BadUsage: without `replace`, a file with something in it is there.
        OSError: one can't be written.
    """
    taken = [] if replace else [path for path in paths if has_content(path)]
    if taken:
        more = f"等 {len(taken)} 个文件" if len(taken) > 1 else ""
        raise BadUsage(f"{taken[0]} {more}已存在，不会覆盖", advice=advice)
    for path in paths:
        check_writable(path)


def has_content(path: Path) -> bool:
    """Whether `path` is a file that holds something. A device or a pipe holds nothing that writing to it
    could destroy."""
    return path.is_file() and path.stat().st_size > 0


def is_stream(path: Path) -> bool:
    """Whether `path` is a device or a pipe, which is written to and can't be replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def set_aside(path: Path) -> Path:
    """Gives the file at `path` the next free name beside it, which is returned."""
    free = (
        aside for number in count(1) if not os.path.lexists(aside := path.with_stem(f"{path.stem}.{number}"))
    )
    return path.rename(next(free))


def check_writable(path: Path) -> None:
    """Finds out whether `path` can be written before there is anything to write, and changes nothing but for
    its folder.

    Raises:
        OSError: it can't.
    """
    path = _target(path)
    # A file that was made read-only is so on purpose, also where its folder would let us replace it.
    if path.exists() and not (path.stat().st_mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, "文件是只读的。请换一个文件名", str(path))
    _check_room(path.parent, path)


def make_folder(path: Path) -> None:
    """Makes the folder where it is missing, and finds out whether files can be made in it.

    Raises:
        OSError: they can't.
    """
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "不是文件夹。请给出文件夹", str(path))
    path.mkdir(parents=True, exist_ok=True)
    _check_room(path, path)


def _check_room(folder: Path, told: Path) -> None:
    """Tries to make a file in `folder`; what fails is told of `told`."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        error.filename = str(told)
        raise


def _target(path: Path) -> Path:
    """The file that is written where `path` is asked for; its folder is there."""
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "是文件夹，不是普通文件。请给出文件名", str(path))
    if path.exists() and not path.is_file():
        # A device may be all the system's, and for whoever may do everything it would have become a file.
        raise OSError(errno.EINVAL, "不是普通文件。请给出文件名", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def in_words(error: OSError) -> str:
    """Why, and what to do, for a person; by the system's name for it where there are no words of ours."""
    number = error.errno or 0
    is_ours = error.strerror and error.strerror != os.strerror(number)
    if is_ours and error.strerror:
        return error.strerror
    # What a library raised without a number has only its own words.
    unknown = f"系统报告 {errno.errorcode[number]}" if number in errno.errorcode else str(error)
    return _REASONS.get(number, unknown)


def near(path: Path) -> str:
    """What lies beside a missing path and has a like name, in words; nothing where nothing does."""
    import difflib  # only where something is wrong

    with suppress(OSError):
        names = [entry.name for entry in islice(path.parent.iterdir(), _MOST_NEIGHBOURS)]
        if like := difflib.get_close_matches(path.name, names, 3, 0.6):
            return f"（相近的有 {'、'.join(str(path.parent / name) for name in like)}）"
    return ""


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
    """Puts the folder's entries on the disk too, because a file without its name is lost. Not every system
    can."""
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
