"""Finds the submissions that the paths on a command line name: a file, each entry of a folder, or a folder as
one submission."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from extractor import Source, digest, is_left_out, readable
from extractor.arrival import kind_of
from models.errors import BadUsage, OtherKind, UnreadableFile, UnsupportedKind
from service.atomic_files import has_content, near

_NO_FILE = "不是普通文件"


@dataclass(frozen=True)
class Selection:
    """The submissions to read, and the paths that were left out, each as (name, reason)."""

    submissions: tuple[Source, ...]
    left_out: tuple[tuple[str, str], ...]


def digests(source: Source) -> list[tuple[str, str]]:
    """Returns (name, SHA-256 in hex) of each part of a submission. The digest is empty where a part can't be
    opened, or is too large to be read only for its digest."""
    return [(name, digest(path)) for name, path in source.files()]


def select(paths: Iterable[Path], *, together: bool = False, outputs: Iterable[Path] = ()) -> Selection:
    """Returns the submissions that `paths` name, each once, in the order given; the entries of a folder are
    sorted by name.

    `together` makes each folder one submission. `outputs` are the files that this run writes; they are never
    read.

    Raises:
        BadUsage: a path does not exist, or is a device or a pipe, which might never end; or an output would
            replace a submission or become part of one.
    """
    written = {_real(path) for path in outputs}
    chosen: dict[Path, Source] = {}
    left_out: list[tuple[str, str]] = []
    for given in paths:
        if not given.exists():
            raise BadUsage(f"没有这个文件或文件夹：{given}{near(given)}")
        if not (given.is_file() or given.is_dir()):
            raise BadUsage(f"不是普通的文件或文件夹：{given}")
        if not any(given.iterdir() if given.is_dir() else [given]):
            left_out.append((readable(given.as_posix()), "空文件夹"))
        whole = together or not given.is_dir()
        for path in [given] if whole else sorted(given.iterdir()):
            real, reason = _real(path), None if whole else _reason(path)
            if real in chosen:
                reason = "重复给出"
            if not whole and real in written and not _was_sent(path):
                reason = "本次的输出文件"
            elif not reason and any(real in (output, *output.parents) for output in written):
                raise BadUsage(f"输出文件与要读取的文件重叠：{path}", advice="请把结果写到别的位置")
            if reason:
                left_out.append((readable(path.as_posix()), reason))
            else:
                chosen[real] = source = Source.at(path, readable(path.as_posix()))
                left_out += [(f"{source.name}/{name}", _NO_FILE) for name in source.passed_over()]
    return Selection(tuple(chosen.values()), tuple(left_out))


def _real(path: Path) -> Path:
    """Returns the path that `path` leads to. `Path.resolve` would raise for a link that leads to itself."""
    return Path(os.path.realpath(path))


def _was_sent(path: Path) -> bool:
    """Returns whether an output path holds a file of a kind that can be read. Such a file may be an
    applicant's, and could not be had again once it is overwritten."""
    if not has_content(path):
        return False
    try:
        kind_of(path.read_bytes())
    except UnreadableFile as error:
        return not isinstance(error, UnsupportedKind | OtherKind)
    return True


def _reason(path: Path) -> str | None:
    """Returns why an entry of a folder is not a submission, or None where it is one."""
    if is_left_out(path.name):
        return "隐藏文件或系统文件"
    if path.is_dir():
        return None if Source.at(path).files() else "空文件夹"
    return None if path.is_file() else _NO_FILE
