"""What the command line says, to a person who reads Chinese: help, bad usage, completion."""

import errno
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from service.atomic_files import in_words
from service.cli import app
from tests.service.conftest import FIXTURES, Run
from tests.service.terminal import Terminal

pytestmark = pytest.mark.usefixtures("elsewhere")

# What may stand in Latin letters: names of things, and what the user typed.
_NAMES = re.compile(
    r"--?[a-z][a-z-]*|sealform(-\S+)?|\.[a-z]{2,5}|[A-Z][A-Za-z0-9_.-]*|SEALFORM_\w+|"
    r"https?:\S+|imaps?://\S*|\S+@\S+|~\S*"
)


def _commands(group: TyperGroup, *words: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*words, name)
        if isinstance(command, TyperGroup):
            yield from _commands(command, *words, name)


EVERY = [(), *_commands(get_command(app))]  # type: ignore[arg-type]


def _found(words: tuple[str, ...]):
    command = get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    return command


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_is_all_in_chinese(run: Run, words: tuple[str, ...]) -> None:
    out = run(*words, "--help").out
    assert out.startswith(f"用法：{' '.join(['sealform', *words])} [选项]")
    for english in ("Usage", "Options", "Arguments", "Commands", "required", "default", "Show", "<"):
        assert english not in out
    assert "-h, --help" in out
    assert all(
        sum(2 if ord(c) > 0x2E80 else 1 for c in line) <= 102
        for line in out.split("\n示例：")[0].splitlines()
    )


@pytest.mark.parametrize(
    "words", [words for words in EVERY if not isinstance(_found(words), TyperGroup)], ids=" ".join
)
def test_help_ends_in_examples_that_the_command_takes(run: Run, words: tuple[str, ...]) -> None:
    examples = run(*words, "--help").out.rpartition("\n示例：\n")[2].splitlines()
    assert examples
    command = _found(words)
    for example in examples:
        said = shlex.split(example.partition(" > ")[0])
        assert said[: len(words) + 1] == ["sealform", *words]
        with command.make_context("x", said[len(words) + 1 :], resilient_parsing=True) as context:
            given, rest, _ = command.make_parser(context).parse_args(said[len(words) + 1 :])
        assert not rest
        required = [param for param in command.params if param.required]
        assert all(given.get(param.name) is not None for param in required)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["extarct"], "没有 extarct 这个命令，相近的有 extract"),
        (["zzz"], "没有 zzz 这个命令"),
        (["extract"], "缺少参数 PATH..."),
        (["extract", ".", "--frm", "x"], "没有 --frm 这个选项，相近的有 --form"),
        (["extract", ".", "--qqq"], "没有 --qqq 这个选项"),
        (["extract", ".", "--jobs"], "选项 --jobs 后面要写一个值"),
        (["extract", ".", "--jobs", "abc"], "--jobs：应为整数"),
        (["extract", ".", "--jobs", "0"], "--jobs：应不小于 1"),
        (["extract", ".", "--jobs", "99"], "--jobs：应不大于 64"),
        (["extract", ".", "--time-limit", "abc"], "--time-limit：应为数字"),
        (["extract", ".", "--silent-target", "nan"], "--silent-target：应"),
        (["extract", ".", "--resume=1"], "选项 --resume 后面不写值"),
        (["blank", "abc"], "缺少必填的选项 -o / --output"),
        (["forms", "abc"], "多出了参数：abc"),
        (["mail", "--imap", "x", "-o", "y", "--since", "abc"], "--since：应为日期"),
        (["prefill", "abc", "abc", "-o", "x"], "ROSTER：没有这个文件：abc"),
        (["prefill", "abc", "/", "-o", "x"], "ROSTER：应为文件，但这是文件夹：/"),
        (["completion", "abc"], "SHELL：应为 bash、zsh、fish 之一"),
        (["audit", "abc"], "没有 abc 这个命令"),
    ],
)  # fmt: skip
def test_bad_usage_is_told_in_chinese_with_the_way_to_the_help(
    run: Run, arguments: list[str], told: str
) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    said = _NAMES.sub("", ran.err)
    said = re.sub(
        rf"\b({'|'.join([*map(re.escape, arguments), 'extract', 'bash', 'zsh', 'fish'])})\b", "", said
    )
    assert not re.search(r"[a-z]{3,}", said), ran.err


@pytest.mark.parametrize("words", [(), ("audit",)])
def test_a_group_that_is_called_without_anything_shows_its_help(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert ran.err == run(*words, "--help").out


def test_every_option_has_a_name_for_its_value() -> None:
    for words in EVERY:
        for param in _found(words).params:
            assert not isinstance(param, TyperOption) or param.is_flag or param.metavar, (words, param.name)


def test_the_version_is_that_of_the_project(run: Run) -> None:
    import tomllib

    project = tomllib.loads((FIXTURES.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert run("--version").out == f"sealform {project['version']}\n"


@pytest.mark.parametrize("number", [*errno.errorcode])
def test_an_error_of_the_system_is_told_in_chinese(number: int) -> None:
    told = in_words(OSError(number, os.strerror(number), "file"))
    assert re.search(r"[一-鿿]", told)
    assert os.strerror(number) not in told


def test_a_form_is_named_by_its_title_too(run: Run, tmp_path: Path) -> None:
    assert run("blank", "试点申请表", "-o", "form.docx").code == 0
    shared = tmp_path / "forms"
    shared.mkdir()
    text = (FIXTURES / "forms/enterprise-filing.yaml").read_text("utf-8")
    (shared / "one.yaml").write_text(text, "utf-8")
    (shared / "two.yaml").write_text(text.replace("name: enterprise-filing", "name: again"), "utf-8")
    both = run("blank", "企业碳排放管理备案表", "-o", "x.docx", "--forms", shared)
    assert (both.code, "again" in both.err, "请写名称" in both.err) == (2, True, True)


def test_a_mistyped_path_is_told_with_what_is_like_it(run: Run, returned: Path) -> None:
    for arguments in (["extract", "inbx"], ["extract", "inbox", "--forms", "inbx"]):
        ran = run(*arguments)
        assert (ran.code, "inbx（相近的有 inbox）" in ran.err) == (2, True), ran.err


def test_an_empty_folder_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("extract", "empty", "-o", "r.jsonl")
    assert (ran.code, "未读取 empty：空文件夹" in ran.err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["extract", "inbox", "-o", "r.xlsx"], "--xlsx"),
        (["extract", "inbox", "-o", "r.jsonl", "--xlsx", "汇总表.xls"], ".xlsx"),
        (["roster", "试点申请表", "-o", "名册.csv"], ".xlsx"),
        (["draft", "inbox/A01_lit_ballot_check.docx", "-o", "form.docx"], ".yaml"),
    ],
)
def test_a_name_that_another_program_would_misread_is_refused(
    run: Run, returned: Path, arguments: list[str], told: str
) -> None:
    ran = run(*arguments)
    assert (ran.code, told in ran.err) == (2, True), ran.err
    assert sorted(path.name for path in returned.parent.iterdir()) == ["inbox"]


def test_a_file_of_another_form_than_the_one_asked_for_is_told(run: Run, inbox: Path) -> None:
    ran = run("extract", inbox / "A01_lit_ballot_check.docx", "--form", "企业碳排放管理备案表")
    (line,) = ran.lines
    (told,) = (one for one in line["findings"] if one["code"] == "other-form")
    assert "像是“试点申请表”" in told["message"]
    assert told["message"] in ran.err, "whoever waits at the terminal is told too"
    assert {field["decision"] for field in line["fields"].values()} == {"review"}


def _place(line: str, word: str) -> int:
    return sum(2 if ord(one) > 0x2E80 else 1 for one in line.partition(word)[0])


def test_forms_has_heads_on_a_terminal_and_none_in_a_pipe(run: Run, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "forms")
    assert terminal.end() == 0
    head, first, second = terminal.shown.splitlines()
    assert head.split() == ["名称", "版本", "标题", "字段数"]
    # A Chinese character takes two places: the columns begin below each other.
    assert (
        len({_place(line, word) for line, word in ((head, "字段数"), (first, "14 个"), (second, "18 个"))})
        == 1
    )
    assert run("forms").out.startswith("enterprise-filing\t")


def test_bash_completes_commands_options_and_forms(tmp_path: Path) -> None:
    offered = {
        "sealform ext": ["extract"],
        "sealform extract --xl": ["--xlsx"],
        "sealform blank pilot": ["pilot-application"],
        "sealform blank 试点": ["试点申请表"],
    }
    here = tmp_path / "sealform"
    here.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m service.cli "$@"\n')
    here.chmod(0o755)
    script = 'eval "$(sealform completion bash)"\n'
    for typed in offered:
        words = shlex.split(typed)
        script += f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}\n"
        script += """_sealform_completion sealform; echo "${COMPREPLY[*]}"\n"""
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(FIXTURES.parent)},
    )  # fmt: skip
    assert [line.split() for line in done.stdout.splitlines()] == list(offered.values()), done.stderr


@pytest.mark.parametrize(("shell", "asks"), [("zsh", "complete_zsh"), ("fish", "complete_fish")])
def test_the_other_shells_get_a_script_that_asks_and_is_answered(run: Run, shell: str, asks: str) -> None:
    assert asks in run("completion", shell).out
    environment = {
        **os.environ, "_SEALFORM_COMPLETE": asks, "_TYPER_COMPLETE_ARGS": "sealform ext",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args", "PYTHONPATH": str(FIXTURES.parent),
    }  # fmt: skip
    answered = subprocess.run(
        [sys.executable, "-m", "service.cli"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert "extract" in answered.stdout


def test_a_roster_is_made_filled_in_as_csv_and_becomes_forms(run: Run, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    assert run("roster", "试点申请表", "-o", "名册.xlsx").code == 0
    again = run("roster", "试点申请表", "-o", "名册.xlsx")
    assert (again.code, "--overwrite" in again.err) == (2, True)
    heads = [cell.value for cell in load_workbook("名册.xlsx").worksheets[0][1]]
    unit = heads.index("申报单位")
    row = ["" if index != unit else "某单位" for index in range(len(heads))]
    Path("名册.csv").write_text(",".join([*heads, "备注"]) + "\n" + ",".join([*row, "急"]) + "\n", "gbk")
    ran = run("prefill", "试点申请表", "名册.csv", "-o", "预填")
    assert ran.code == 0, ran.err
    assert "“备注”" in ran.err
    assert [path.name for path in (tmp_path / "预填").iterdir()] == ["某单位.docx"]
