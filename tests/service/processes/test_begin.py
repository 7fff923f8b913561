"""Processes that are begun as copies of the one that asks are held as those that are begun anew."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.processes.child import is_running
from tests.service.processes.copying import BROKEN, MEGABYTES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is copied")

_TRIES = 3  # a process that dies while it takes a task may break its pool, which is then begun anew


@contextmanager
def _asking(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-m", "tests.service.processes.copying", str(folder), *arguments]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        yield asking


def _became(folder: Path, orders: list[str], *arguments: str) -> list[Any]:
    for _ in range(_TRIES):
        with _asking(folder, *arguments) as asking:
            told, _ = asking.communicate(json.dumps(orders) + "\n", timeout=120)
        if asking.returncode != BROKEN:
            break
    assert asking.returncode == 0
    return [json.loads(line) for line in told.splitlines()]


def test_a_copy_has_the_limits_and_the_folder_of_any_process_and_hears_no_signal_of_its_parent(
    tmp_path: Path,
) -> None:
    (told,) = _became(tmp_path, ["read"])
    assert told["copy"]
    assert told["memory"] == MEGABYTES
    assert told["folder"] == str(tmp_path / f"reader-{told['process']}")
    assert told["heard"] == []
    assert told["threads"] == 1


@pytest.mark.parametrize(
    ("order", "code"), [("segfault", "reader-crashed"), ("hang", "timed-out"), ("hog", "reader-crashed")]
)
def test_a_file_that_costs_a_copy_its_life_is_told_so_and_the_next_one_is_read(
    tmp_path: Path, order: str, code: str
) -> None:
    first, broken, after = _became(tmp_path, ["read", order, "read"])
    assert broken == code
    if after["process"] != first["process"]:
        assert not after["copy"], "by now the program has threads, whose locks a copy would have"


def test_a_process_with_another_thread_is_not_copied(tmp_path: Path) -> None:
    (told,) = _became(tmp_path, ["read"], "THREAD")
    assert not told["copy"]
    assert told["memory"] == MEGABYTES


def test_a_copy_dies_with_the_process_that_asked(tmp_path: Path) -> None:
    with _asking(tmp_path) as asking:
        assert asking.stdin
        asking.stdin.write('["hang"]\n')
        asking.stdin.flush()
        deadline = time.monotonic() + 60
        while not (folders := list(tmp_path.glob("reader-*"))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        copy = int(folders[0].name.partition("-")[2])
        os.kill(asking.pid, signal.SIGKILL)
        asking.wait()
        while is_running(copy):
            assert time.monotonic() < deadline, "a copy outlived who asked"
            time.sleep(0.05)
