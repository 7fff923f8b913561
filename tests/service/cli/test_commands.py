"""What the command line promises: data on standard output, talk on standard error, and exit codes."""

import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook, load_workbook
from pypdf import PdfReader

from models.form import FormDefinition
from service.forms.shipped import SAMPLES
from service.processes.pool import Limits, cores
from tests.records import random_record

ROOT = Path(__file__).parents[3]
SEALFORM = [sys.executable, "-m", "service.cli"]

pytestmark = pytest.mark.usefixtures("elsewhere")


def _start(*arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*SEALFORM, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
        # A shell's background job starts with Ctrl-C ignored, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_the_silent_share_that_help_tells_is_the_one_that_readings_are_held_to() -> None:
    # `--help` may not wait for the extractor, so that the command can only repeat it.
    from typer.main import get_command

    from extractor import Options
    from service.cli import app

    (told,) = (one for one in get_command(app).commands["extract"].params if one.name == "silent_target")  # type: ignore[attr-defined]
    assert told.default == Options.silent_target


def test_help_is_in_chinese_and_names_every_command(run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for command in ("blank", "prefill", "extract", "mail", "forms", "check", "doctor", "demo"):
        assert f"\n  {command} " in ran.out
        assert any("\u4e00" <= character <= "\u9fff" for character in run(command, "--help").out)


def test_forms_lists_what_is_known(run, forms: Mapping[str, FormDefinition]) -> None:
    ran = run("forms")
    assert [line.split("\t")[:3] for line in ran.out.splitlines()] == [
        [form.name, form.version, form.title] for form in forms.values()
    ]


def test_a_folder_of_forms_may_be_set_in_the_environment(
    run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "fixtures/forms/enterprise-filing.yaml", tmp_path)
    monkeypatch.setenv("SEALFORM_FORMS", str(tmp_path))
    assert run("forms").out.startswith("enterprise-filing\t")
    assert len(run("forms", "--forms", ROOT / "fixtures/forms").out.splitlines()) == 2


def test_a_limit_that_is_no_number_is_bad_usage(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALFORM_TIME_LIMIT", "soon")
    ran = run("forms")
    assert (ran.code, "SEALFORM_TIME_LIMIT" in ran.err) == (2, True)


def test_check_tells_every_problem_of_every_file(run, tmp_path: Path) -> None:
    sound = ROOT / "fixtures/forms/pilot-application.yaml"
    assert run("check", sound).code == 0
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        sound.read_text("utf-8").replace("kind: text", "kind: txt", 2).replace("title:", "titel:"), "utf-8"
    )
    ran = run("check", sound, broken)
    assert ran.code == 2
    assert [line.startswith(f"{broken}:") for line in ran.out.splitlines()] == [True] * 4
    assert "4 处问题" in ran.err


def test_blank_makes_a_word_file(run, tmp_path: Path) -> None:
    assert run("blank", "pilot-application", "-o", "new/form.docx").code == 0
    assert len(Document(str(tmp_path / "new/form.docx")).tables) >= 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["form.docx"], "no temporary file may stay"


@pytest.mark.parametrize(("flat", "fields"), [([], True), (["--flat"], False)])
def test_blank_makes_a_pdf_to_fill_in_or_to_print(run, tmp_path: Path, flat: list[str], fields: bool) -> None:
    assert run("blank", "pilot-application", "-o", "form.pdf", *flat).code == 0
    assert bool(PdfReader(tmp_path / "form.pdf").get_fields()) == fields


def test_a_word_form_to_print_only_is_bad_usage(run) -> None:
    assert run("blank", "pilot-application", "-o", "form.docx", "--flat").code == 2


def test_prefill_makes_pdfs_where_they_are_asked_for(
    run, forms: Mapping[str, FormDefinition], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "fixtures/roster.xlsx", tmp_path)
    assert run("prefill", "pilot-application", "roster.xlsx", "-o", "out", "--to", "pdf").code == 1, (
        "one row is bad"
    )
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".pdf"}
    assert run("prefill", "pilot-application", "roster.xlsx", "-o", "out2", "--to", "odt").code == 2


def test_blank_takes_the_path_of_a_definition(run) -> None:
    assert run("blank", ROOT / "fixtures/forms/enterprise-filing.yaml", "-o", "form.docx").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["blank", "no-such-form", "-o", "x.docx"], "pilot-application"),
        (["blank", "pilot-application", "-o", "x.pages"], ".docx"),
        (["blank", "none.yaml", "-o", "x.docx"], "none.yaml"),
        (["prefill", "pilot-application", "none.xlsx", "-o", "out"], "none.xlsx"),
        (["extract", "none.docx"], "none.docx"),
        (["extract", "--resume", "."], "--resume"),
        (["extract", ".", "--form", "no-such-form"], "no-such-form"),
        (["extract", ".", "--forms", "nowhere"], "nowhere"),
        (["extract", ".", "-o", "a", "--xlsx", "./a"], "同一个文件"),
        (["extract", ".", "--ledger", "a", "--xlsx", "./a"], "同一个文件"),
        (["extract", ".", "--together", "-o", "r.jsonl"], "重叠"),
        (["check", "none.yaml"], "none.yaml"),
        (["extract"], "PATH"),
        (["unheard-of"], "unheard-of"),
    ],
)
def test_bad_usage_is_2_and_told_without_a_traceback(run, arguments: list[str], told: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_target_that_cannot_be_written_is_told(run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = run("blank", "pilot-application", "-o", "file/form.docx")
    assert (ran.code, "Traceback" in ran.err) == (2, False)


def _roster(form: FormDefinition, *rows: dict[str, str]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    names = list(rows[0])
    sheet.append([form.titles[name] for name in names])
    for row in rows:
        sheet.append([row.get(name) for name in names])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_prefill_tells_a_bad_row_and_makes_the_others(
    run, forms: Mapping[str, FormDefinition], tmp_path: Path
) -> None:
    form = forms["pilot-application"]
    rows = [
        {"organization": unit, "types": kind}
        for unit, kind in (("甲公司", "园区"), ("乙公司", "工厂"), ("丙学校", "校园"))
    ]
    (tmp_path / "roster.xlsx").write_bytes(_roster(form, *rows))
    ran = run("prefill", form.name, "roster.xlsx", "-o", "out")
    assert ran.code == 1
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(["甲公司", "丙学校"])
    assert "第3行" in ran.err
    assert "B列" in ran.err
    assert ran.out == ""


def test_prefill_from_a_roster_without_bad_rows_is_0(
    run, forms: Mapping[str, FormDefinition], tmp_path: Path
) -> None:
    (tmp_path / "roster.xlsx").write_bytes(
        _roster(forms["pilot-application"], {"organization": "甲公司"}, {"organization": "甲公司"})
    )
    assert run("prefill", "pilot-application", "roster.xlsx", "-o", "out").code == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_roster_in_which_nothing_is_filled_in_names_no_folder(run) -> None:
    assert run("roster", "pilot-application", "-o", "名册.xlsx").code == 0
    ran = run("prefill", "pilot-application", "名册.xlsx", "-o", "预填")
    assert "还没有填写单位" in ran.err
    assert "预填" not in ran.err
    assert not Path("预填").exists()


def test_a_record_goes_out_and_comes_back(run, forms: Mapping[str, FormDefinition], tmp_path: Path) -> None:
    for form in forms.values():
        record = random_record(form, 7)
        Path("record.json").write_text(json.dumps(record.to_json(form), ensure_ascii=False), "utf-8")
        assert run("prefill", form.name, "record.json", "-o", f"{form.name}.docx").code == 0
        (line,) = run("extract", f"{form.name}.docx").lines
        Path("line.json").write_text(json.dumps(line), "utf-8")
        assert run("prefill", form.name, "line.json", "-o", f"{form.name}-again.docx").code == 0
        (again,) = run("extract", f"{form.name}-again.docx").lines
        values = [{name: field["value"] for name, field in read["fields"].items()} for read in (line, again)]
        assert values == [record.to_json(form)] * 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no json", "不是 JSON"),
        ("[1]", "不是一份记录"),
        ('{"unheard_of": 1}', "unheard_of"),
        ('{"pledge_date": "soon"}', "承诺日期"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_bad_record_is_told(run, text: str, told: str) -> None:
    Path("record.json").write_text(text)
    ran = run("prefill", "pilot-application", "record.json", "-o", "x.docx")
    assert (ran.code, told in ran.err, Path("x.docx").exists()) == (2, True, False)


def test_extract_writes_lines_to_standard_output_and_talks_on_standard_error(run, returned: Path) -> None:
    ran = run("extract", "inbox")
    assert ran.code == 1
    assert sorted(line["source"] for line in ran.lines) == [
        f"inbox/{path.name}" for path in sorted(returned.iterdir())
    ]
    assert {line["source"]: line["error"]["code"] for line in ran.lines if line["error"]} == {
        "inbox/T43_truncated.docx": "damaged"
    }
    assert "读取失败 1" in ran.err


def test_extract_is_0_when_all_are_read(run, returned: Path) -> None:
    (returned / "T43_truncated.docx").unlink()
    ran = run("extract", "inbox", "--jobs", 2, "-o", "results.jsonl", "--xlsx", "sheet.xlsx")
    assert (ran.code, ran.out) == (0, "")
    assert len(Path("results.jsonl").read_text("utf-8").splitlines()) == 2
    assert load_workbook("sheet.xlsx").worksheets[0].max_row == 3


def test_a_definition_is_drafted_and_can_be_used_at_once(run, returned: Path) -> None:
    assert run("blank", "pilot-application", "-o", "blank.docx").code == 0
    ran = run("draft", "blank.docx", "-o", "drafts/form.yaml")
    assert ran.code == 0
    assert "请核对：第 2 行：“申报类型”" in ran.err
    assert run("check", "drafts/form.yaml").code == 0
    assert run("draft", "blank.docx", "-o", "drafts/form.yaml").code == 2, (
        "what is there is not replaced unasked"
    )
    assert run("extract", "inbox/A01_lit_ballot_check.docx", "--forms", "drafts", "-o", "r.jsonl").code == 0
    assert json.loads(Path("r.jsonl").read_text("utf-8"))["form"] == "shi-dian-shen-qing-biao"
    ran = run("draft", "blank.docx", "--against", "drafts/form.yaml", "-o", "next.yaml")
    assert (ran.code, "与旧版有 0 处不同" in ran.err) == (0, True)
    assert run("check", "next.yaml").code == 0
    assert run("draft", "blank.docx", "blank.docx", "-o", "both.yaml").code == 0
    assert "对照了 2 份填好的表" in Path("both.yaml").read_text("utf-8")


def test_the_ledger_holds_every_part_in_order_and_all_that_stands_in_it(run, returned: Path) -> None:
    assert run("extract", "inbox", "--jobs", 2, "-o", "results.jsonl", "--ledger", "ledger.json").code == 1
    ledger = json.loads(Path("ledger.json").read_text("utf-8"))
    assert [one["source"] for one in ledger] == [f"inbox/{path.name}" for path in sorted(returned.iterdir())]
    states = {part["part"]: part["state"] for one in ledger for part in one["parts"]}
    assert states["T43_truncated.docx"] == "unreadable"
    (word,) = (part for one in ledger for part in one["parts"] if part["part"] == "A01_lit_ballot_check.docx")
    assert {entry["way"] for entry in word["entries"]} >= {"answer", "print"}
    assert any(
        entry["by"] == "organization" and entry["text"] and "cell" in entry for entry in word["entries"]
    )
    assert run("extract", "inbox", "--ledger", "ledger.json").code == 2, (
        "what is there is not replaced unasked"
    )


def test_extract_starts_its_file_over_where_it_is_told_to(run, returned: Path) -> None:
    Path("results.jsonl").write_text("what was here before\n")
    assert run("extract", "inbox/A01_lit_ballot_check.docx", "-o", "results.jsonl", "--overwrite").code == 0
    assert len(Path("results.jsonl").read_text("utf-8").splitlines()) == 1


def test_resume_reads_only_what_is_new_or_changed(run, returned: Path) -> None:
    run("extract", "inbox", "-o", "results.jsonl")
    lines = Path("results.jsonl").read_bytes().splitlines(keepends=True)
    marked = [line.replace(b'"status": ', b'"marked": true, "status": ') for line in lines]
    Path("results.jsonl").write_bytes(b"".join(marked)[:-20])
    shutil.copy(returned / "A01_lit_ballot_check.docx", returned / "new.docx")
    ran = run("extract", "inbox", "-o", "results.jsonl", "--resume", "--xlsx", "sheet.xlsx")
    assert ran.code == 1
    after = [json.loads(line) for line in Path("results.jsonl").read_text("utf-8").splitlines()]
    assert len(after) == 4
    # The torn line and the one before it are not trusted, the first is.
    assert [line.get("marked", False) for line in after].count(True) in (1, 2)
    book = load_workbook("sheet.xlsx")
    assert (book.worksheets[0].max_row, book["未能读取"].max_row) == (4, 2)


def test_resume_of_something_else_is_bad_usage_and_leaves_it_alone(run, returned: Path) -> None:
    Path("letter.txt").write_text("a letter\n")
    assert run("extract", "inbox", "-o", "letter.txt", "--resume").code == 2
    assert Path("letter.txt").read_text() == "a letter\n"


def test_together_makes_the_parts_one_submission(run, returned: Path) -> None:
    (line,) = run("extract", "--together", "inbox").lines[:1]
    assert line["source"] == "inbox"
    assert [part["name"] for part in line["parts"]] == [path.name for path in sorted(returned.iterdir())]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[Limits]:
    """The limits that a run would have kept to; nothing is read."""
    seen: list[Limits] = []

    def read_nothing(
        sources: object, forms: object, options: object, limits: Limits, read: object, ready: object
    ) -> Iterator[None]:
        seen.append(limits)
        yield from ()

    monkeypatch.setattr("service.runs.extraction.read_all", read_nothing)
    return seen


def test_there_are_as_many_processes_as_cores(run, returned: Path, limits: list[Limits]) -> None:
    run("extract", "inbox")
    assert limits[0].jobs == cores() >= 1


@pytest.mark.parametrize(("arguments", "seconds"), [([], 7.0), (["--time-limit", 3], 3.0)])
def test_the_command_line_goes_before_the_environment(
    run,
    returned: Path,
    monkeypatch: pytest.MonkeyPatch,
    limits: list[Limits],
    arguments: list[object],
    seconds: float,
) -> None:
    monkeypatch.setenv("SEALFORM_TIME_LIMIT", "7")
    run("extract", "inbox", "--jobs", 3, *arguments)
    assert limits == [Limits(jobs=3, seconds=seconds, megabytes=4096)]


def test_a_sheet_that_can_not_be_written_is_told_before_anything_is_read(
    run, returned: Path, tmp_path: Path
) -> None:
    os.mkfifo("pipe.xlsx")
    Path("file").write_text("x")
    for name in ("pipe.xlsx", "file/a.xlsx"):
        ran = run("extract", returned, "-o", "results.jsonl", "--xlsx", name)
        assert (ran.code, "无法读写" in ran.err, Path("results.jsonl").exists()) == (2, True, False)
    assert Path("pipe.xlsx").is_fifo()


def test_a_sheet_that_there_is_no_room_for_costs_the_sheet_alone(returned: Path, tmp_path: Path) -> None:
    sealform = subprocess.run(
        [*SEALFORM, "extract", returned / "T43_truncated.docx", "-o", "results.jsonl", "--xlsx",
         "sheet.xlsx"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048)),
    )  # fmt: skip
    assert sealform.returncode == 2
    assert f"无法读写 {tmp_path / 'sheet.xlsx'}" in sealform.stderr
    assert "读取失败 1" in sealform.stderr
    assert "汇总表：" not in sealform.stderr
    assert len(Path("results.jsonl").read_text("utf-8").splitlines()) == 1


def test_ctrl_c_keeps_what_was_read_and_writes_the_sheet(returned: Path, tmp_path: Path) -> None:
    for number in range(300):
        shutil.copy(returned / "A01_lit_ballot_check.docx", returned / f"{number:03}.docx")
    process = _start("extract", "inbox", "-o", "results.jsonl", "--xlsx", "sheet.xlsx")
    results = tmp_path / "results.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (results.exists() and results.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "已中断" in err
    assert "Traceback" not in err
    read = [json.loads(line)["source"] for line in results.read_text("utf-8").splitlines()]
    assert 0 < len(read) < 303
    book = load_workbook(tmp_path / "sheet.xlsx")
    assert dict(book["概况"].iter_rows(min_row=2, values_only=True))["共"] == f"{len(read)} 份"
    assert sum(book[name].max_row - 1 for name in {*book.sheetnames} - {"全文", "概况", "说明"}) == len(read)


def _cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def test_the_demo_runs_the_loop_again_and_again_in_its_own_folder_and_in_another_once(run) -> None:
    Path("demo-out").mkdir()
    Path("demo-out/results.jsonl").write_text("of an earlier run\n")
    ran = run("demo")
    assert ran.code == 0
    made = [
        path.relative_to("demo-out").as_posix()
        for path in sorted(Path("demo-out").rglob("*"))
        if path.is_file()
    ]
    assert sum(name.endswith((".docx", ".pdf")) for name in made) == 4
    assert {"results.jsonl", "汇总表.xlsx"} <= set(made)
    samples = {path.name for path in SAMPLES.iterdir()}
    rows = [line for line in ran.out.splitlines() if any(line.lstrip().startswith(name) for name in samples)]
    assert len(rows) == len(samples)
    said = {row.split()[0]: row.split()[1] for row in rows}
    assert set(said.values()) == {"无需人工", "需复核", "读取失败"}
    assert said["清晰的扫描件.pdf"] == "无需人工", "a clean scan in which all is right needs nobody"
    assert all(len(row.split()) > 2 for row in rows), "the reason stands in the same row"
    assert max(_cells(line) for line in ran.out.partition("接下来可以")[0].splitlines()) <= 80
    assert ran.out.splitlines()[1].startswith(f"{len(samples)} 份样例：")
    for command in ("blank 试点申请表", "extract", "serve"):
        assert re.search(rf"^  \S.* {command}", ran.out, re.MULTILINE)
    assert [f"{number}/3" in ran.err for number in (1, 2, 3)] == [True] * 3
    assert ran.err.count(f"/{len(samples)} ") == len(samples), "one line as each is done"
    for name in made:
        assert name.rpartition("/")[2] in ran.out
    assert "earlier" not in Path("demo-out/results.jsonl").read_text("utf-8")
    Path("demo-out").rename("mine")
    refused = run("demo", "-o", "mine")
    assert (refused.code, "--overwrite" in refused.err) == (2, True)
