"""The command at a terminal: what it shows there, and Ctrl-C as the terminal sends it, to every process at
once."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.service.terminal import SECONDS, Terminal


@pytest.fixture
def folder(tmp_path: Path, inbox: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    for number in range(200):
        shutil.copy(inbox / "A01_lit_ballot_check.docx", tmp_path / "inbox" / f"{number:03}.docx")
    return tmp_path


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    terminal = Terminal(
        folder, "extract", "inbox", "-o", "results.jsonl", "--xlsx", "sheet.xlsx", "--jobs", "2"
    )
    yield terminal
    if terminal.process.poll() is None:
        terminal.process.kill()
        terminal.process.wait()


def _count(folder: Path) -> int:
    path = folder / "results.jsonl"
    return len([json.loads(line) for line in path.read_text("utf-8").splitlines()]) if path.exists() else 0


def _told(terminal: Terminal) -> list[int]:
    """How many are to be reviewed, each time that it was shown."""
    return [int(number) for number in re.findall(r"需复核 (\d+)\D", terminal.shown)]


def test_the_bar_tells_rate_time_left_and_counts_and_ctrl_c_ends_all_cleanly(
    folder: Path, terminal: Terminal
) -> None:
    # The bar is drawn ten times a second: on a fast machine it never shows some of the numbers.
    terminal.show_until(lambda: _count(folder) > 3 and max(_told(terminal), default=0) >= 3)
    assert _told(terminal) == sorted(_told(terminal))
    for words in ("份/分", "剩余", "/200", "无需人工 0", "读取失败 0"):
        assert words in terminal.shown
    terminal.press(b"\x03")
    terminal.press(b"\x03")
    assert terminal.end() == 130
    assert "已中断" in terminal.shown
    assert "Traceback" not in terminal.shown
    assert terminal.mark.wait_for_end() == {}
    assert list((folder / "tmp").iterdir()) == []
    assert 3 < _count(folder) < 200
    assert load_workbook(folder / "sheet.xlsx").worksheets[0].max_row - 1 == _count(folder)


def test_ctrl_c_while_workers_are_still_starting_is_as_clean(folder: Path, terminal: Terminal) -> None:
    terminal.show_until(lambda: len(terminal.mark.readers()) > 0)
    terminal.press(b"\x03")
    assert terminal.end() == 130
    assert "Traceback" not in terminal.shown
    assert "已中断" in terminal.shown
    assert terminal.mark.wait_for_end() == {}


def test_a_terminal_that_is_closed_stops_it_with_the_sheet_written(folder: Path, terminal: Terminal) -> None:
    terminal.show_until(lambda: _count(folder) > 0)
    terminal.hang_up()
    terminal.process.wait(SECONDS)
    assert terminal.mark.wait_for_end() == {}
    assert 0 < _count(folder) < 200
    assert load_workbook(folder / "sheet.xlsx").worksheets[0].max_row - 1 == _count(folder)
