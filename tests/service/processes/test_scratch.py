"""A run's temporary folder goes with it, and that of a killed run with the next."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from service.processes.scratch import scratch_folder

ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal
from service.processes.scratch import scratch_folder
with scratch_folder():
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_is_removed_with_all_that_is_in_it(place: Path) -> None:
    with scratch_folder() as folder:
        (folder / "deep").mkdir()
        (folder / "deep/file").write_text("x")
        assert folder.parent == place
    assert list(place.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(place: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, check=False)
    (left,) = place.iterdir()
    with scratch_folder():
        assert not left.exists()


def test_what_another_run_uses_and_what_is_no_run_s_stays(place: Path) -> None:
    other = place / "sealform-run-without-owner"
    other.mkdir()
    with scratch_folder() as first, scratch_folder() as second:
        assert first.exists()
        assert second.exists()
    assert list(place.iterdir()) == [other]
