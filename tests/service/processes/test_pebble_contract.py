"""What `service/processes/inside_pebble.py` counts on inside pebble.

Where this fails after pebble was brought up to date, that module has to follow: processes that it does not
find are ended one after the other, each as slowly as it likes.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pebble import ProcessPool
from pebble.common.types import CONSTS

from service.processes.child import is_running
from service.processes.inside_pebble import end_at_once, look_often

_JOBS = 4
# Seconds that a process takes to end, less than pebble lets each have; all together take hardly more.
_DAWDLE = 2.0


def _wait(folder: Path) -> None:
    """Says which process this is, and dawdles where it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: (time.sleep(_DAWDLE), os._exit(0)))
    (folder / str(os.getpid())).touch()
    time.sleep(600)


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    pool = ProcessPool(_JOBS, context=multiprocessing.get_context("spawn"))
    yield pool
    pool.stop()
    pool.join()


def _begun(pool: ProcessPool, folder: Path) -> list[int]:
    for _ in range(_JOBS):
        pool.schedule(_wait, args=(folder,))
    deadline = time.monotonic() + 60
    while len(found := [int(path.name) for path in folder.iterdir()]) < _JOBS:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_processes_of_a_stopped_pool_end_together_and_no_others_begin(
    pool: ProcessPool, tmp_path: Path
) -> None:
    processes = _begun(pool, tmp_path)
    before = {one.pid for one in multiprocessing.active_children()}
    assert set(processes) <= before
    pool.stop()
    started = time.monotonic()
    end_at_once(pool)
    assert time.monotonic() - started < _DAWDLE, "a stopped pool goes on looking after its processes"
    pool.join()
    assert time.monotonic() - started < (_JOBS - 1) * _DAWDLE, (
        "processes are ended one after the other: they are kept elsewhere now"
    )
    assert [one for one in processes if is_running(one)] == []
    assert {one.pid for one in multiprocessing.active_children()} <= before, "a stopped pool starts others"


def test_a_pool_that_never_began_ends_too() -> None:
    pool = ProcessPool(1)
    pool.stop()
    end_at_once(pool)
    pool.join()


def test_what_is_scheduled_for_a_pool_that_was_stopped_or_closed_is_refused_as_such(tmp_path: Path) -> None:
    pool = ProcessPool(1)
    pool.close()
    with pytest.raises(RuntimeError):
        pool.schedule(_wait, args=(tmp_path,))
    pool.join()


def test_a_pool_that_looks_often_never_sleeps_long(monkeypatch: pytest.MonkeyPatch) -> None:
    # Set twice, so that it is put back when the test ends.
    monkeypatch.setattr(CONSTS, "sleep_unit", CONSTS.sleep_unit)
    look_often()
    slept: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: (slept.append(seconds), sleep(seconds)))
    with ProcessPool(1, context=multiprocessing.get_context("spawn")) as pool:
        assert pool.schedule(int, args=("7",)).result() == 7
    assert slept
    assert max(slept) < 0.05
