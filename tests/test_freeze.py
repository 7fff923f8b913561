"""Tests that two recordings of `benchmarks.freeze` are compared to the letter, and that neither holds what
belongs to one run alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.freeze import differences, main, of_every_run


def _recorded(folder: Path, results: dict[str, Any], help_text: str = "用法\n选项\n") -> Path:
    (folder / "help").mkdir(parents=True)
    (folder / "inbox.json").write_text(json.dumps(results), "utf-8")
    (folder / "help/sealform.txt").write_text(help_text, "utf-8")
    (folder / "cpu.json").write_text(json.dumps(str(folder)), "utf-8")
    return folder


def test_equal_recordings_differ_in_nothing(tmp_path: Path) -> None:
    one, other = (
        _recorded(tmp_path / name, {"a#1": {"fields": {"x": [1, None]}}}) for name in ("one", "other")
    )
    assert differences(one, other) == []
    assert main([str(other), "--compare", str(one)]) == 0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"a#1": {"x": 1.5, "y": [1, 2]}}, "inbox.json: /a#1/y/1: 3 -> 2"),
        ({"a#1": {"x": 1.5, "y": [1]}}, "inbox.json: /a#1/y: [1, 3] -> [1]"),
        ({"a#1": {"y": [1, 3]}}, "inbox.json: /a#1/x: 1.5 -> (absent)"),
        ({"a#1": {"x": 1.5, "y": [1, 3], "z": None}}, "inbox.json: /a#1/z: (absent) -> null"),
        ({"a#1": {"x": 1.5, "y": [True, 3]}}, "inbox.json: /a#1/y/0: 1 -> true"),
    ],
)
def test_a_difference_is_told_with_its_place(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    one = _recorded(tmp_path / "one", {"a#1": {"x": 1.5, "y": [1, 3]}})
    other = _recorded(tmp_path / "other", changed)
    assert differences(one, other) == [told]
    assert main([str(other), "--compare", str(one)]) == 1


def test_a_changed_line_of_help_and_a_file_that_is_gone_are_differences(tmp_path: Path) -> None:
    one = _recorded(tmp_path / "one", {})
    other = _recorded(tmp_path / "other", {}, "用法\n新选项\n")
    (other / "inbox.json").unlink()
    assert differences(one, other) == [
        'help/sealform.txt: /2: "选项" -> "新选项"',
        "inbox.json: : {} -> (absent)",
    ]


def test_moments_salts_and_processes_are_left_out_and_values_stay() -> None:
    row = {
        "at": "2026-11-22T09:30:00.000000Z",
        "salt": {"base64": "xx"},
        "actor": "worker:host-17",
        "value": ["2026-11-22", 3],
    }
    assert of_every_run(row) == {"at": "…", "salt": "…", "actor": "worker:…", "value": ["2026-11-22", 3]}
