"""Writes files so that a reader sees either the old file or the new one, never a part of either. It also
checks that no file is replaced whose content may be needed."""

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
    # This error comes up where a folder would have to be made but a file is there.
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
    """Replaces `path` with `data` in one step, through a temporary file beside it. Makes the folder where it
    is missing.

    Raises:
        OSError: the file can't be written; `path` is then unchanged.
    """
    with writing_whole(path) as file:
        file.write(data)


@contextmanager
def writing_whole(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """Opens a file that becomes `path` in one step when the block ends well, and that is removed when it does
    not. A `private` file can be read by its owner alone, from its first byte. Where `path` is a link, the
    file that it leads to is replaced.

    When the block has ended, `path` is on the disk and survives a power cut. A killed process leaves at most
    a file that `is_unfinished` recognises.

    Raises:
        OSError: the file can't be written; `path` is then unchanged.
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
    """Checks, before there is anything to write, that `paths` can be written and that no file is replaced
    unasked. A file at one of them may come from another run or hold somebody's work. Nothing is changed,
    except that missing folders are made.

    Raises:
        BadUsage: without `replace`, a file with content is there.
        OSError: one of them can't be written.
    """
    taken = [] if replace else [path for path in paths if has_content(path)]
    if taken:
        more = f"等 {len(taken)} 个文件" if len(taken) > 1 else ""
        raise BadUsage(f"{taken[0]} {more}已存在，不会覆盖", advice=advice)
    for path in paths:
        check_writable(path)


def has_content(path: Path) -> bool:
    """Returns whether `path` is a file that is not empty. A device or a pipe holds nothing that writing to it
    could destroy."""
    return path.is_file() and path.stat().st_size > 0


def is_stream(path: Path) -> bool:
    """Returns whether `path` is a device or a pipe, which can be written to but not replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def set_aside(path: Path) -> Path:
    """Renames the file at `path` to the next free name beside it, and returns that name."""
    free = (
        aside for number in count(1) if not os.path.lexists(aside := path.with_stem(f"{path.stem}.{number}"))
    )
    return path.rename(next(free))


def check_writable(path: Path) -> None:
    """Checks, before there is anything to write, that `path` can be written. Nothing is changed, except that
    a missing folder is made.

    Raises:
        OSError: it can't be written.
    """
    path = _target(path)
    # A read-only file was made so on purpose. It is not replaced, even where the permissions of its folder
    # would allow it.
    if path.exists() and not (path.stat().st_mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, "文件是只读的。请换一个文件名", str(path))
    _check_room(path.parent, path)


def make_folder(path: Path) -> None:
    """Makes the folder where it is missing, and checks that files can be made in it.

    Raises:
        OSError: no file can be made in it.
    """
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "不是文件夹。请给出文件夹", str(path))
    path.mkdir(parents=True, exist_ok=True)
    _check_room(path, path)


def _check_room(folder: Path, told: Path) -> None:
    """Tries to make a file in `folder`. An error names the path `told` instead."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        error.filename = str(told)
        raise


def _target(path: Path) -> Path:
    """Returns the file that is written where `path` is asked for. Its folder exists afterwards."""
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "是文件夹，不是普通文件。请给出文件名", str(path))
    if path.exists() and not path.is_file():
        # A device may be used by the whole system, and a process with root's rights would replace it with a
        # file.
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
    """Gives an OSError without a path of its own, such as that of a full disk, the name `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None or str(error.filename).endswith(_UNFINISHED):
            error.filename = str(path)
        raise


def is_unfinished(path: Path) -> bool:
    """Returns whether `path` is the unfinished file of a process that was killed while it wrote here."""
    return path.name.startswith(".") and path.name.endswith(_UNFINISHED)


def sync_folder(folder: Path) -> None:
    """Puts the folder's entries on the disk too, because a file whose name is not on the disk is lost. Some
    systems can't do this for a folder, which is no error."""
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
    """Returns the permissions of the file that is replaced, or those of an ordinary new file."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
