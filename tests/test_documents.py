"""What the documents at the top promise, held to what there is."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from service.cli import app

ROOT = Path(__file__).parent.parent
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    ROOT / "deploy/README.md",
    ROOT / "benchmarks/README.md",
]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 7000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if ":" not in link and not (page.parent / link).exists()] == []


def _lines(page: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return [
        line.partition("#")[0].strip()
        for line in text.splitlines()
        if line.startswith(("sealform ", "    sealform "))
    ]


def test_the_commands_of_the_readme_are_taken_by_the_command_line() -> None:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    lines = _lines("README.md")
    assert len(lines) >= 5
    for line in lines:
        name, *rest = shlex.split(line)[1:]
        command = root.commands[name]
        with command.make_context(name, [*rest], resilient_parsing=True) as context:
            given, left, _ = command.make_parser(context).parse_args([*rest])
        assert not left, line
        assert all(given.get(param.name) is not None for param in command.params if param.required), line


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make (\w+)`|^    make (\w+)", page.read_text("utf-8"), re.MULTILINE))
        assert {one or other for one, other in named} <= targets, page


def test_every_extra_that_is_named_exists() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = re.findall(r"'\.\[([\w,]+)\]'", (ROOT / "docs/install.md").read_text("utf-8"))
    assert named
    assert {extra for one in named for extra in one.split(",")} == set(extras)
    locked = (ROOT / "Makefile").read_text("utf-8")
    assert all(f"--extra {extra} " in locked for extra in extras), "the lock pins all of them"


def test_every_hook_before_a_commit_runs_a_program_of_the_environment() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"], "nothing is fetched"
    for hook in hooks[0]["hooks"]:
        program, *_ = hook["entry"].split()
        assert program.startswith(".venv/bin/")
        assert (Path(sys.executable).parent / Path(program).name).exists(), hook["id"]


def test_the_hook_of_forms_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: x\n")
    ran = subprocess.run(
        [sys.executable, "-m", "service.cli", "check", str(broken)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 2
