"""The results file is whole after a kill, and a resumed run reads only what is new or changed."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from extractor import Source
from models.errors import BadUsage
from service.results import ResultsFile, encode, read_results, resume


def _line(source: str, *parts: str, application: int = 1) -> dict[str, Any]:
    found = [
        {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "state": "read"} for name in parts
    ]
    rest = {"form": None, "fields": {}, "findings": [], "status": "failed", "error": None}
    return {"source": source, "application": application, "parts": found, **rest}


def _source(folder: Path, name: str, *parts: str) -> Source:
    """A file, or a folder with `parts`, each holding its own name."""
    path = folder / name
    if parts:
        path.mkdir()
        for part in parts:
            (path / part).write_text(part)
    else:
        path.write_text(name)
    return Source.at(path, name)


def test_what_was_appended_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.jsonl"
    lines = [_line("甲.docx", "甲.docx"), _line("b.docx", "b.docx"), _line("b.docx", "b.docx", application=2)]
    with ResultsFile(path, lines[:1]) as results:
        results.append(lines[1:])
        assert read_results(path) == lines, "a submission must be in the file as soon as it is appended"
    assert "甲" in path.read_text("utf-8")


def test_starting_over_replaces_the_file_with_the_first_line_and_no_sooner(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(encode([_line("old")]))
    with ResultsFile(path) as results:
        assert read_results(path) == [_line("old")]
        results.append([_line("a")])
        assert read_results(path) == [_line("a")]
        results.append([_line("b")])
    assert read_results(path) == [_line("a"), _line("b")]


def test_a_run_that_reads_nothing_leaves_the_old_results_and_starts_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(encode([_line("old")]))
    for name in ("results.jsonl", "new.jsonl"):
        with ResultsFile(tmp_path / name):
            pass
    assert read_results(path) == [_line("old")]
    assert (tmp_path / "new.jsonl").read_bytes() == b""


def test_a_pipe_is_written_to_as_the_lines_come(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    ours = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with ResultsFile(tmp_path / "pipe") as results:
        for name in ("a", "b"):
            results.append([_line(name)])
            assert os.read(ours, 65536) == encode([_line(name)])
    os.close(ours)
    assert (tmp_path / "pipe").is_fifo()


def test_a_name_that_is_no_text_still_makes_valid_json() -> None:
    data = encode([_line("\udcff.docx")])
    assert json.loads(data.decode("utf-8"))["source"] == "\udcff.docx"


def test_a_torn_last_line_is_dropped_with_its_submission(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    whole = encode([_line("a"), _line("b", application=1), _line("b", application=2)])
    for cut in range(len(encode([_line("a"), _line("b")])) + 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert read_results(path) == [_line("a")]
    path.write_bytes(whole)
    assert len(read_results(path)) == 3


WITHOUT_FIELDS = '{"source": "a", "parts": []}\n'
DEEP = "[" * 100_000 + "\n"


@pytest.mark.parametrize(
    "text", ["no json\n{}\n", "[]\n", '{"source": "a"}\n', "PK\x03\x04\n", "notes", WITHOUT_FIELDS, DEEP]
)
def test_a_file_of_another_kind_is_not_taken_for_results(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(text)
    with pytest.raises(BadUsage, match="第 1 行"):
        read_results(path)


@pytest.mark.parametrize("left", [b"", b'{"sou', b'{"source": "a", "par', bytes(512)])
def test_what_a_kill_left_of_the_very_first_line_is_nothing_and_no_other_file(
    tmp_path: Path, left: bytes
) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(left)
    assert read_results(path) == []


def test_a_file_that_another_run_writes_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(encode([_line("old")]))
    with ResultsFile(path) as results:
        with pytest.raises(BadUsage, match="另一次读取正在写"), ResultsFile(path):
            pass
        results.append([_line("a")])
    assert read_results(path) == [_line("a")]
    with ResultsFile(path):
        pass


def test_what_is_there_and_unchanged_is_not_read_again(tmp_path: Path) -> None:
    same, changed, new = (_source(tmp_path, name) for name in ("same", "changed", "new"))
    elsewhere = _line("elsewhere", "elsewhere")
    lines = [
        _line("same", "same", application=1),
        _line("same", "same", application=2),
        _line("changed", "was"),
        elsewhere,
    ]
    kept, pending = resume(lines, [same, changed, new])
    assert kept == [*lines[:2], elsewhere]
    assert pending == [changed, new]


@pytest.mark.parametrize(("parts", "is_same"), [(["1", "2"], True), (["1"], False), (["1", "2", "3"], False)])
def test_a_folder_is_the_same_when_all_its_parts_are(tmp_path: Path, parts: list[str], is_same: bool) -> None:
    source = _source(tmp_path, "photos", *parts)
    kept, pending = resume([_line("photos", "1", "2")], [source])
    assert (kept == [_line("photos", "1", "2")], pending == []) == (is_same, is_same)


def test_a_container_in_a_folder_is_known_with_all_that_was_in_it(tmp_path: Path) -> None:
    source = _source(tmp_path, "mails", "1.eml", "2.eml")
    line = _line("mails", "1.eml", "1.eml/a.docx", "2.eml")
    assert resume([line], [source])[1] == []
    (tmp_path / "mails" / "2.eml").unlink()
    assert resume([line], [source])[1] == [source], "a part is gone"
    (tmp_path / "mails" / "3.eml").write_text("2.eml")
    assert resume([line], [source])[1] == [source], "a part has another name, and so another place"


def test_a_file_that_was_taken_apart_is_known_by_itself(tmp_path: Path) -> None:
    source = _source(tmp_path, "mail.eml")
    assert resume([_line("mail.eml", "mail.eml", "attachment.docx")], [source])[1] == []
    assert resume([_line("mail.eml", "attachment.docx")], [source])[1] == [source]


@pytest.mark.parametrize(
    ("code", "is_read_again"),
    [
        ("timed-out", True),
        ("reader-crashed", True),
        ("converter-missing", True),
        ("encrypted", False),
        ("not-a-form", False),
    ],
)
def test_what_failed_is_read_again_where_the_cause_lay_in_the_run(
    tmp_path: Path, code: str, is_read_again: bool
) -> None:
    source = _source(tmp_path, "a")
    line = {**_line("a", "a"), "error": {"code": code, "message": "…"}}
    assert resume([line], [source]) == (([], [source]) if is_read_again else ([line], []))
    assert resume([line], []) == ([line], []), "what is not asked for stays"
