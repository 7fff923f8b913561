"""A run never destroys a run, nor what somebody has made of one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from rich.console import Console

from extractor import Options
from models.errors import BadUsage
from models.form import FormDefinition
from service.processes.pool import Limits
from service.runs.extraction import Targets, read
from service.sources import select
from tests.records import random_record
from tests.service.readers import ORDER
from tests.service.terminal import ROOT, Terminal

pytestmark = pytest.mark.usefixtures("elsewhere")

BLANK = ("blank", "pilot-application", "-o", "form.docx")
EXTRACT = (
    "extract",
    "inbox/A01_lit_ballot_check.docx",
    "--jobs",
    "1",
    "-o",
    "results.jsonl",
    "--xlsx",
    "sheet.xlsx",
)
OLD = {"results.jsonl": b'{"source": "what was here"}\n', "sheet.xlsx": b"somebody's own"}


@pytest.fixture
def old(returned: Path) -> None:
    for name, data in OLD.items():
        Path(name).write_bytes(data)


def _held() -> dict[str, bytes]:
    return {name: Path(name).read_bytes() for name in OLD}


def test_results_that_are_there_are_refused_with_both_ways_out(run, old: None) -> None:
    ran = run(*EXTRACT)
    assert (ran.code, ran.out, _held()) == (2, "", OLD)
    assert "results.jsonl 已存在" in ran.err
    assert "--resume" in ran.err
    assert "--overwrite" in ran.err


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_sheet_of_another_run_is_refused_before_anything_is_read(
    run, old: None, more: tuple[str, ...]
) -> None:
    Path("results.jsonl").unlink()
    ran = run(*EXTRACT, *more)
    assert (ran.code, Path("sheet.xlsx").read_bytes(), Path("results.jsonl").exists()) == (
        2,
        OLD["sheet.xlsx"],
        False,
    )
    assert "sheet.xlsx 已存在" in ran.err


def test_empty_files_may_be_taken(run, returned: Path) -> None:
    for name in OLD:
        Path(name).touch()
    assert run(*EXTRACT).code == 0
    assert all(_held().values())


def test_overwrite_replaces_both(run, old: None) -> None:
    assert run(*EXTRACT, "--overwrite").code == 0
    assert [json.loads(line)["source"] for line in Path("results.jsonl").read_bytes().splitlines()] == [
        EXTRACT[1]
    ]
    assert load_workbook("sheet.xlsx").worksheets[0].max_row == 2


def test_to_continue_and_to_start_over_is_bad_usage(run, old: None) -> None:
    ran = run(*EXTRACT, "--overwrite", "--resume")
    assert (ran.code, "--overwrite" in ran.err, _held()) == (2, True, OLD)


@pytest.mark.parametrize("end", [Terminal.press, Terminal.kill])
def test_a_run_that_ends_before_its_first_result_replaces_nothing(
    old: None, returned: Path, tmp_path: Path, end: Callable[..., None]
) -> None:
    shutil.rmtree(returned)
    returned.mkdir()
    (returned / "slow.docx").write_bytes(ORDER + b"hang")
    command = ("extract", "inbox", *EXTRACT[2:], "--overwrite")
    terminal = Terminal(tmp_path, *command, module="tests.service.command")
    terminal.show_until(lambda: len(terminal.mark.readers()) > 0)
    assert terminal.process.poll() is None, terminal.shown
    end(terminal, *[b"\x03"] * (end is Terminal.press))
    code = terminal.end()
    assert _held() == OLD
    if end is Terminal.press:
        assert code == 130
        assert "原有的结果未动" in terminal.shown
        assert "原有的汇总表未动" in terminal.shown
    assert terminal.mark.wait_for_end() == {}


def test_a_continued_run_makes_its_sheet_anew_and_keeps_what_somebody_made_of_the_old_one(
    run, returned: Path
) -> None:
    assert run(*EXTRACT).code == 0
    assert run(*EXTRACT, "--resume").code == 0
    assert sorted(path.name for path in Path().glob("sheet*")) == ["sheet.xlsx"], "nobody had touched it"
    book = load_workbook("sheet.xlsx")
    book.worksheets[0]["A2"] = "看过了"
    book.properties.lastModifiedBy = "王芳"
    book.save("sheet.xlsx")
    ran = run(*EXTRACT, "--resume")
    assert (ran.code, "sheet.1.xlsx" in ran.err) == (0, True)
    assert load_workbook("sheet.1.xlsx").worksheets[0]["A2"].value == "看过了"
    anew = load_workbook("sheet.xlsx").worksheets[0]
    assert dict(zip(*anew.iter_rows(max_row=2, values_only=True), strict=True))["来源"] == EXTRACT[1]


def test_a_sheet_that_came_while_we_were_reading_stays(
    returned: Path, forms: Mapping[str, FormDefinition]
) -> None:
    def meanwhile(lines: Iterable[Mapping[str, Any]]) -> None:
        Path("sheet.xlsx").write_bytes(b"of another run")

    targets = Targets(Path("results.jsonl"), Path("sheet.xlsx"))
    selection = select([Path(EXTRACT[1])])
    with pytest.raises(BadUsage, match="已存在"):
        read(selection, forms, Options(), Limits(1, 60, 4096), targets, meanwhile, Console(stderr=True))
    assert Path("sheet.xlsx").read_bytes() == b"of another run"
    assert len(Path("results.jsonl").read_bytes().splitlines()) == 1


@pytest.mark.parametrize("option", ["-o", "--xlsx"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("folder", "是文件夹"),
        ("file/in.it", "上级不是文件夹"),
        ("read-only", "只读"),
        ("/proc/nowhere/a", "没有这个"),
        ("甲" * 99, "太长"),
    ],
)
def test_what_can_not_be_written_is_told_with_advice_before_anything_is_read(
    run, returned: Path, option: str, name: str, told: str
) -> None:
    Path("folder").mkdir()
    Path("file").touch()
    Path("read-only").touch(0o444)
    ran = run("extract", "inbox", option, name, "--jobs", "1")
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert name.partition("/")[0] in ran.err
    assert "。请" in ran.err


@pytest.mark.parametrize("target", ["/dev/null", "/dev/stdout"])
def test_devices_and_pipes_take_results_as_they_did(returned: Path, target: str) -> None:
    command = [sys.executable, "-m", "service.cli", "extract", EXTRACT[1], "-o", target]
    ran = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert ran.returncode == 0
    assert [json.loads(line)["source"] for line in ran.stdout.splitlines()] == [EXTRACT[1]] * (
        target == "/dev/stdout"
    )


def test_a_pipe_can_not_be_continued(run, returned: Path) -> None:
    ran = run("extract", "inbox", "-o", "/dev/null", "--resume")
    assert (ran.code, "不是普通文件" in ran.err) == (2, True)


def test_an_applicant_s_file_is_not_overwritten_even_where_it_is_said(run, returned: Path) -> None:
    before = (returned / "T43_truncated.docx").read_bytes()
    ran = run("extract", "inbox", "-o", "inbox/T43_truncated.docx", "--overwrite")
    assert (ran.code, "重叠" in ran.err, (returned / "T43_truncated.docx").read_bytes()) == (2, True, before)


def test_a_form_that_may_have_been_filled_in_is_not_made_again_unless_it_is_said(
    run, forms: Mapping[str, FormDefinition]
) -> None:
    form = forms["pilot-application"]
    Path("record.json").write_text(json.dumps(random_record(form, 7).to_json(form)), "utf-8")
    for command in (BLANK, ("prefill", "pilot-application", "record.json", "-o", "form.docx")):
        Path("form.docx").write_bytes(b"filled in")
        ran = run(*command)
        assert (ran.code, Path("form.docx").read_bytes(), "--overwrite" in ran.err) == (2, b"filled in", True)
        assert run(*command, "--overwrite").code == 0
        assert Path("form.docx").read_bytes() != b"filled in"


def test_a_roster_whose_forms_are_there_in_part_makes_none_unless_it_is_said(run) -> None:
    command = ("prefill", "pilot-application", ROOT / "fixtures/roster.xlsx", "-o", "out")
    assert run(*command).code == 1, "one row is bad"
    first, *others = sorted(Path("out").iterdir())
    for path in others:
        path.unlink()
    first.write_bytes(b"filled in")
    ran = run(*command)
    assert (ran.code, list(Path("out").iterdir()), first.read_bytes()) == (2, [first], b"filled in")
    assert str(first) in ran.err
    assert run(*command, "--overwrite").code == 1
    assert sorted(Path("out").iterdir()) == [first, *others]
    assert first.read_bytes() != b"filled in"
