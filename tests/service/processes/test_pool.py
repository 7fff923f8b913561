"""A pool that lasts goes on after what would end a batch's, and leaves nothing of those that died."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractor import Options, Source
from models.errors import ReaderCrashed, UnreadableFile
from service.processes.pool import Done, LastingPool, Limits, Stopped
from tests.service.readers import obey


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[LastingPool]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with LastingPool(Limits(jobs=1, seconds=60), scratch) as pool:
        yield pool


def _read(pool: LastingPool, folder: Path, order: str, seen: list[str] | None = None) -> Done:
    path = folder / f"{order}.txt"
    path.write_text(order)
    return pool.read(Source.at(path), {}, Options(), obey, lambda: (seen or []).append(order))


def _process(done: Done) -> int:
    return int(done.lines[0]["error"]["message"])


def test_it_goes_on_after_a_process_died_between_two_submissions(pool: LastingPool, tmp_path: Path) -> None:
    first = _process(_read(pool, tmp_path, "read"))
    os.kill(first, signal.SIGKILL)
    assert _process(_read(pool, tmp_path, "read")) != first


def test_what_a_killed_process_left_goes_at_once_and_what_the_others_use_stays(
    pool: LastingPool, tmp_path: Path
) -> None:
    _read(pool, tmp_path, "litter")
    assert len(list((tmp_path / "scratch").rglob("litter*"))) == 1
    assert _read(pool, tmp_path, "kill").lines[0]["error"]["code"] == "reader-crashed"
    assert list((tmp_path / "scratch").rglob("litter*")) == []
    assert _process(_read(pool, tmp_path, "read"))


def _draw(source: Source, *_: Any) -> bytes:
    if source.path.read_text() == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return source.path.read_bytes()


def test_a_call_gives_what_it_made_or_the_error_with_its_advice_told_once(
    pool: LastingPool, tmp_path: Path
) -> None:
    def outcome(order: str) -> bytes | UnreadableFile:
        path = tmp_path / "one.txt"
        path.write_text(order)
        return pool.call(Source.at(path), {}, Options(), _draw, lambda: None).outcome

    assert outcome("picture") == b"picture"
    error = outcome("kill")
    assert isinstance(error, ReaderCrashed)
    assert str(error).count(error.advice) == 1
    assert outcome("picture again") == b"picture again"


class _Deadly:
    """A reader that kills the first process that takes it, before that can say what it took."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return _die_once, (self.mark,)

    def __call__(self, *_: Any) -> list[dict[str, Any]]:
        raise AssertionError("it is replaced as it is sent")


def _die_once(mark: Path) -> Any:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return obey


def test_what_a_process_took_and_died_of_is_read_again_while_another_goes_on(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("service.processes.pool._GRACE", 0.5)
    # A process that takes the other's place must have started within this time, on a busy machine too.
    with LastingPool(Limits(jobs=2, seconds=10), tmp_path) as pool:
        _read(pool, tmp_path, "read")
        seen: list[str] = [""]
        other = threading.Thread(target=_read, args=(pool, tmp_path, "nap", seen))
        other.start()
        while "nap" not in seen:
            time.sleep(0.05)
        path = tmp_path / "one.txt"
        path.write_text("read")
        done = pool.read(Source.at(path), {}, Options(), _Deadly(tmp_path / "mark"), lambda: None)
        assert _process(done)
        other.join()


def test_whoever_waits_when_it_is_stopped_is_told_so(pool: LastingPool, tmp_path: Path) -> None:
    seen: list[str] = [""]
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            _read(pool, tmp_path, "hang", seen)
        except Stopped as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while "hang" not in seen:
        assert thread.is_alive()
        thread.join(0.05)
    pool.stop()
    thread.join(20)
    assert len(raised) == 1
    with pytest.raises(Stopped):
        _read(pool, tmp_path, "read")
