"""A file is written whole or not at all, and nothing but a file is ever replaced."""

import os
import resource
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.errors import BadUsage
from service.atomic_files import check_targets, check_writable, in_words, make_folder, set_aside, write_whole


@contextmanager
def little_room() -> Iterator[None]:
    """As on a full disk: no file may grow beyond a kilobyte. Not longer than need be, since the tests' own
    report is a file too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_pipe_and_a_folder_are_refused_and_stay_what_they_are(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "folder", "link"):
        for write in (lambda path: write_whole(path, b"x"), check_writable):
            with pytest.raises(OSError, match="不是普通文件"):
                write(tmp_path / name)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "folder", "link"}


def test_where_a_link_leads_is_written_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link"
    for target in ("elsewhere/old", "elsewhere/new"):
        (tmp_path / "elsewhere/old").write_bytes(b"old")
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        write_whole(link, b"x")
        assert link.is_symlink()
        assert (tmp_path / target).read_bytes() == b"x"


def test_a_file_that_there_is_no_room_for_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sheet"
    write_whole(path, b"old")
    with little_room(), pytest.raises(OSError) as raised:  # noqa: PT011
        write_whole(path, bytes(4096))
    assert raised.value.filename == str(path)
    assert ([one.name for one in tmp_path.iterdir()], path.read_bytes()) == (["sheet"], b"old")


def test_asking_whether_a_file_can_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    check_writable(tmp_path / "old")
    check_writable(tmp_path / "new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old", b"old")]
    with pytest.raises(OSError, match="old"):
        check_writable(tmp_path / "old" / "new")


def test_a_read_only_file_is_left_alone_although_its_folder_would_let_us_replace_it(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(0o444)
    with pytest.raises(PermissionError, match="只读"):
        check_writable(tmp_path / "old")


def test_a_file_with_something_in_it_is_a_target_only_where_it_is_to_be_replaced(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("new", "empty", "old", "older")]
    paths[1].touch()
    for path in paths[2:]:
        path.write_bytes(b"old")
    check_targets(*paths[:2], replace=False)
    check_targets(*paths, replace=True)
    with pytest.raises(BadUsage, match=f"{paths[2]} 等 2 个文件.*--overwrite"):
        check_targets(*paths, replace=False)
    assert [path.exists() for path in paths] == [False, True, True, True]


def test_what_is_set_aside_gets_the_next_free_name(tmp_path: Path) -> None:
    for text in (b"first", b"second"):
        (tmp_path / "sheet.xlsx").write_bytes(text)
        set_aside(tmp_path / "sheet.xlsx")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "sheet.1.xlsx": b"first",
        "sheet.2.xlsx": b"second",
    }


def test_a_folder_that_is_a_file_is_named_and_told_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("file", "file/in it", "/proc/nowhere"):
        with pytest.raises(OSError) as raised:  # noqa: PT011
            make_folder(tmp_path / folder)
        assert raised.value.filename.startswith(str(tmp_path / folder))
        assert "。请" in in_words(raised.value)
