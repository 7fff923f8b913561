"""A pool that lasts goes on after what would end a batch's, and leaves nothing of those that died."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractor import Options, Source
from service.pool import Done, LastingPool, Limits, Stopped
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


def test_what_a_killed_process_left_goes_at_once_and_what_the_others_use_stays(pool: LastingPool, tmp_path: Path) -> None:
    _read(pool, tmp_path, "litter")
    assert len(list((tmp_path / "scratch").rglob("litter*"))) == 1
    assert _read(pool, tmp_path, "kill").lines[0]["error"]["code"] == "reader-crashed"
    assert list((tmp_path / "scratch").rglob("litter*")) == []
    assert _process(_read(pool, tmp_path, "read"))


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
