"""A file that hangs, crashes or hogs memory costs itself alone."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from extractor import Options, Source
from models.form import FormDefinition
from service.processes.pool import Limits
from service.runs.batch import read_all, started
from tests.service.readers import obey
from tests.service.survivors import Mark

ROOT = Path(__file__).parents[3]
# Read from a pipe, it is nothing that a new process could import: each of its processes dies as it starts.
UNIMPORTABLE = """
import json, sys
from pathlib import Path
from extractor import Options, Source
from service.runs.batch import read_all
from service.processes.pool import Limits
from tests.service.readers import obey
sources = [Source.at(path) for path in map(Path, sys.argv[1:])]
for done in read_all(sources, {}, Options(), Limits(jobs=2), read=obey):
    print(json.dumps(done.lines))
"""


def _sources(folder: Path, *orders: str) -> list[Source]:
    sources = []
    for number, order in enumerate(orders):
        path = folder / f"{number}-{order}.txt"
        path.write_text(order)
        sources.append(Source.at(path, path.name))
    return sources


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_submission_ends_in_a_line_whatever_happens_to_its_process(tmp_path: Path, jobs: int) -> None:
    sources = _sources(tmp_path, "read", "hang", "segfault", "read", "exit", "raise", "hog", "read")
    limits = Limits(jobs=jobs, seconds=2.0, megabytes=4096)
    lines = {
        done.submission.name.partition("-")[2]: done.lines
        for done in read_all(sources, {}, Options(), limits, read=obey)
    }
    found = {name: line["error"]["code"] for name, (line,) in lines.items()}
    assert found == {
        "read.txt": "pid", "hang.txt": "timed-out", "segfault.txt": "reader-crashed",
        "exit.txt": "reader-crashed",
        "raise.txt": "reader-crashed", "hog.txt": "reader-crashed",
    }  # fmt: skip
    (crashed,) = lines["segfault.txt"]
    assert [(part["name"], part["state"], len(part["sha256"])) for part in crashed["parts"]] == [
        ("2-segfault.txt", "unreadable", 64)
    ]
    assert crashed["status"] == "failed"


def test_where_no_process_can_start_every_submission_fails_and_nothing_hangs(tmp_path: Path) -> None:
    paths = [source.path.as_posix() for source in _sources(tmp_path, *["read"] * 100)]
    ran = subprocess.run(
        [sys.executable, "-", *paths],
        input=UNIMPORTABLE.encode(),
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    lines = [line for text in ran.stdout.decode().splitlines() for line in json.loads(text)]
    assert [line["source"] for line in lines] == paths
    assert {(line["error"]["code"], line["parts"][0]["state"]) for line in lines} == {
        ("reader-crashed", "unreadable")
    }
    assert "请打开原文件核对" in lines[0]["error"]["message"]


def test_a_pool_whose_processes_all_die_between_two_files_is_followed_by_another(tmp_path: Path) -> None:
    sources = _sources(tmp_path, "read", *["doze"] * 40, "read")
    reading = read_all(sources, {}, Options(), Limits(jobs=1), read=obey)
    seen = [next(reading)]
    os.kill(int(seen[0].lines[0]["error"]["message"]), signal.SIGKILL)
    seen += reading
    assert sorted(done.submission.name for done in seen) == sorted(source.name for source in sources)
    assert [done.lines[0]["error"]["code"] for done in seen].count("pid") >= len(sources) - 1


def test_one_job_reads_in_a_process_of_its_own(tmp_path: Path) -> None:
    (done,) = read_all(_sources(tmp_path, "read"), {}, Options(), Limits(), read=obey)
    (line,) = done.lines
    assert int(line["error"]["message"]) != os.getpid()


def test_one_process_reads_many(tmp_path: Path) -> None:
    read = list(read_all(_sources(tmp_path, *["read"] * 6), {}, Options(), Limits(), read=obey))
    assert len({line["error"]["message"] for done in read for line in done.lines}) == 1


def test_processes_that_were_started_before_read_and_others_follow_where_they_die(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, mark = _sources(tmp_path, "read", "read"), Mark()
    for name, text in mark.environment.items():
        monkeypatch.setenv(name, text)
    for dies in (False, True):
        with started(sources, Limits(), Options()) as ready:
            # A copy of this process has its command, too, so it is told by whose child it is.
            (first,) = (process.pid for process in multiprocessing.active_children())
            if dies:
                os.kill(first, signal.SIGKILL)
            seen = list(read_all(sources, {}, Options(), Limits(), read=obey, ready=ready))
        errors = [done.lines[0]["error"] for done in seen]
        assert [error["code"] for error in errors] == ["pid", "pid"]
        assert {error["message"] == str(first) for error in errors} == {not dies}
        assert multiprocessing.active_children() == []
        assert mark.alive(b"spawn_main") == {}


def test_breaking_off_stops_the_workers(tmp_path: Path) -> None:
    reading = read_all(_sources(tmp_path, "read", "hang", "hang"), {}, Options(), Limits(jobs=2), read=obey)
    next(reading)
    started = time.monotonic()
    reading.close()
    assert time.monotonic() - started < 10


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Mark:
    mark = Mark()
    for name, value in mark.environment.items():
        monkeypatch.setenv(name, value)
    return mark


def _is_tracker(command: str) -> bool:
    """multiprocessing's own keeper of semaphores lives as long as this process."""
    return "resource_tracker" in command


@pytest.mark.parametrize("orders", [["office"], ["office", "read"]])
def test_what_a_killed_worker_started_dies_with_it(tmp_path: Path, mark: Mark, orders: list[str]) -> None:
    reading = read_all(_sources(tmp_path, *orders), {}, Options(), Limits(jobs=1, seconds=3.0), read=obey)
    assert next(reading).lines[0]["error"]["code"] == "timed-out"
    reading.close()
    deadline = time.monotonic() + 20
    while (
        left := [one for one in mark.alive().values() if not _is_tracker(one)]
    ) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def test_temporary_files_of_a_run_lie_in_one_folder_that_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    reading = read_all(
        _sources(tmp_path, "litter", "litter", "kill", "read"), {}, Options(), Limits(), read=obey
    )
    for count, _ in enumerate(reading, 1):
        (folder,) = place.iterdir()
        assert len(list(folder.rglob("litter*"))) >= min(count, 2)
    assert list(place.iterdir()) == []


def test_each_submission_tells_how_long_it_took(tmp_path: Path) -> None:
    sources = _sources(tmp_path, "doze", "exit", "hang")
    seconds = {
        done.submission.name: done.seconds
        for done in read_all(sources, {}, Options(), Limits(seconds=3.0), read=obey)
    }
    assert 0.2 <= (seconds["0-doze.txt"] or 0) < 3
    assert (seconds["1-exit.txt"], seconds["2-hang.txt"]) == (None, 3.0)


def test_nothing_to_read_is_nothing_read() -> None:
    assert list(read_all([], {}, Options(), Limits())) == []


def test_the_real_reader_gives_the_lines_of_the_contract(
    forms: Mapping[str, FormDefinition], inbox: Path
) -> None:
    path = inbox / "A01_lit_ballot_check.docx"
    (done,) = read_all([Source.at(path, "a01.docx")], forms, Options(), Limits())
    source, (line,) = done.submission, done.lines
    assert (source.name, line["source"], line["application"], line["error"]) == (
        "a01.docx",
        "a01.docx",
        1,
        None,
    )
    assert set(line["fields"]) == set(forms[line["form"]].fields)
