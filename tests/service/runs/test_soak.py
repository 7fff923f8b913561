"""A batch of mixed files with hostile ones among them: every file is accounted for, nothing is lost, nothing
is left."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from models.form import FormDefinition
from tests.service.inboxes import Inbox, Share, make_inbox
from tests.service.survivors import Mark, Memory, watched

ROOT = Path(__file__).parents[3]
MOST_MEBIBYTES = 1.2e9 / (1 << 20)
MOST_GROWTH = 0.05


class Desk:
    """Runs the command on an inbox, with all that it starts marked and all temporary files in one folder."""

    def __init__(self, folder: Path, inbox: Inbox, seconds: float) -> None:
        self.inbox, self.seconds = inbox, seconds
        self.results, self.temporary = folder / "results.jsonl", folder / "tmp"
        self.temporary.mkdir()
        self.mark = Mark()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "tests.service.command",
            "extract",
            str(self.inbox.folder),
            "-o",
            str(self.results),
        ]
        environment = {
            **os.environ,
            **self.mark.environment,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.temporary),
        }
        return subprocess.Popen(
            [*command, "--jobs", "2", "--time-limit", str(self.seconds), *arguments],
            env=environment,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str) -> str:
        """What it says on standard error."""
        process = self.start(*arguments)
        _, said = process.communicate()
        assert process.returncode == 1, said.decode()
        return said.decode()

    def kill_at(self, lines: int) -> None:
        """Starts it, and kills it without warning as soon as so many results are there."""
        process = self.start()
        while process.poll() is None and self.count() < lines:
            time.sleep(0.02)
        assert process.poll() is None, "it must be killed in mid-batch"
        process.kill()
        process.communicate()

    def count(self) -> int:
        return self.results.read_bytes().count(b"\n") if self.results.exists() else 0

    def read(self) -> dict[str, list[Mapping[str, Any]]]:
        """The lines by the name of their file; each line is whole."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for text in self.results.read_text("utf-8").splitlines():
            line = json.loads(text)
            found.setdefault(Path(line["source"]).name, []).append(line)
        return found

    def assert_nothing_is_left(self) -> None:
        assert self.mark.wait_for_end() == {}
        assert [path.name for path in self.temporary.iterdir()] == []
        beside = {path.name for path in self.results.parent.iterdir()}
        assert beside <= {self.inbox.folder.name, self.temporary.name, self.results.name, "汇总表.xlsx"}


def _soak(folder: Path, inbox: Inbox, seconds: float) -> Memory:
    """An undisturbed run, and one that is killed and goes on, give the same."""
    desk = Desk(folder, inbox, seconds)
    with watched(desk.mark) as memory:
        said = desk.run("--xlsx", str(folder / "汇总表.xlsx"))
    desk.assert_nothing_is_left()
    undisturbed = desk.read()
    assert sorted(undisturbed) == sorted(inbox.names)
    assert {name for name, lines in undisturbed.items() if lines[0]["error"]} == inbox.hostile
    assert [len(lines) for lines in undisturbed.values()] == [1] * len(inbox.names)
    assert f"读取失败 {len(inbox.hostile)}" in said
    desk.results.unlink()
    desk.kill_at(len(inbox.names) // 3)
    assert desk.mark.wait_for_end() == {}, "no process outlives the command"
    kept = desk.count()
    said = desk.run("--resume")
    desk.assert_nothing_is_left()
    resumed = desk.read()
    assert {name for name in resumed if resumed[name] != undisturbed[name]} == set()
    assert sorted(resumed) == sorted(undisturbed)
    assert 0 < kept < len(inbox.names)
    assert "沿用上次结果" in said
    return memory


def test_a_small_batch_survives_what_comes(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    share = Share(files=30, hostile=12, pdf=2, orders=("kill", "raise"))
    _soak(tmp_path, make_inbox(tmp_path / "inbox", forms, share, seed=7), seconds=60)


def test_a_kill_ends_what_was_started_and_the_next_run_removes_what_is_left(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    desk = Desk(
        tmp_path,
        make_inbox(tmp_path / "inbox", forms, Share(files=2, hostile=1, orders=("office",)), seed=1),
        seconds=60,
    )
    process = desk.start()
    deadline = time.monotonic() + 120
    while not desk.mark.alive(b"sleep") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(desk.mark.alive(b"sleep")) >= 1, "a program that was started by a worker runs"
    process.kill()
    process.communicate()
    assert desk.mark.wait_for_end() == {}
    (desk.inbox.folder / desk.inbox.names[0]).unlink()
    (desk.inbox.folder / desk.inbox.names[1]).write_text("no form")
    desk.run("--resume")
    desk.assert_nothing_is_left()


@pytest.mark.accept
def test_a_thousand_files_survive_what_comes(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice: soffice is not on the path")
    share = Share(files=1000, hostile=20, pdf=60, legacy=6, scans=12)
    memory = _soak(tmp_path, make_inbox(tmp_path / "inbox", forms, share, seed=1000), seconds=120)
    print(f"most resident: {memory.most:.0f} MiB a worker, growth {memory.growth:.1%}")
    assert memory.most <= MOST_MEBIBYTES
    assert memory.growth <= MOST_GROWTH
