"""The wheel: what is in it, and that it works alone, in an environment with nothing else of the project."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from service.web import guide

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
# Stands for an environment in which the extra `service` was not asked for: whatever imports it fails.
BARE = """
import sys
class _None:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, _None())
"""
ABSENT = {
    "alembic", "argon2", "authlib", "dbos", "fastapi", "httpx", "httpx2", "imapclient", "jinja2", "joserfc",
    "ldap3", "obstore", "prometheus_client", "psycopg", "pyarrow", "multipart", "python_multipart",
    "sqlalchemy", "starlette", "uvicorn", "zxcvbn",
}  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, and of the packages of this one none of the service's."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = ["--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *install], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    # A folder in a .pth gives its packages, and not what its own .pth files point to, such as this checkout.
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))
    (site / "sitecustomize.py").write_text(BARE.format(absent=ABSENT))
    return python


def _run(python: Path, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")
    }
    return subprocess.run(
        [str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def test_it_holds_the_definitions_and_samples_and_nothing_of_the_workshop(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"models", "generator", "extractor", "service", "sealform"}
    assert {f"{top}/py.typed" for top in tops} <= set(names)
    assert {f"service/web/docs/{name}.md" for name in (guide.GUIDE, *guide.OTHERS)} <= set(names)
    shipped = {name.removeprefix("service/forms/shipped/") for name in names if "/shipped/" in name}
    ours = {
        path.relative_to(ROOT / "fixtures").as_posix()
        for folder in ("forms", "demo", "campaigns", "calendars")
        for path in (ROOT / "fixtures" / folder).rglob("*")
        if path.is_file()
    }
    assert shipped == ours | {"roster.xlsx"}


def test_every_extra_is_what_its_rooms_import() -> None:
    """So that the list above, of what must not be needed, is the whole of the extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[^A-Za-z0-9_-]", one)[0] for one in project["optional-dependencies"]["service"]}
    modules = {
        "argon2-cffi": "argon2",
        "prometheus-client": "prometheus_client",
        "python-multipart": "multipart",
    }
    # What reads signatures in PDF files, and what shows tables, need them too, so they are there in any case.
    shared = {"cryptography", "markdown-it-py"}
    assert {modules.get(name, name) for name in names} - shared <= ABSENT


def _quick_start() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ast.parse(code)
    return code


def test_the_quick_start_in_python_runs_without_the_service(installed: Path, tmp_path: Path) -> None:
    ran = _run(installed, tmp_path, "-c", _quick_start())
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "空白表.docx").exists()
    assert "review" in ran.stdout
    where = _run(installed, tmp_path, "-c", "import sealform; print(sealform.__file__)").stdout
    assert str(installed.parents[1]) in where
    assert _run(installed, tmp_path, "-c", "import fixtures").returncode == 1


def test_the_command_reads_forms_without_the_service(installed: Path, tmp_path: Path) -> None:
    sealform = str(installed.parent / "sealform")
    given = str(ROOT / "fixtures/inbox/A01_lit_ballot_check.docx")
    read = _run(installed, tmp_path, sealform, "extract", given, "-o", "r.jsonl", "--xlsx", "汇总表.xlsx")
    assert read.returncode == 0, read.stderr
    assert (tmp_path / "汇总表.xlsx").exists()


def test_what_needs_the_service_says_how_to_get_it(installed: Path, tmp_path: Path) -> None:
    ran = _run(installed, tmp_path, str(installed.parent / "sealform"), "serve", "--port", "8399")
    assert ran.returncode == 2
    assert "pip install 'sealform[ocr,service]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_all_that_the_library_names_is_there_and_says_what_it_is() -> None:
    import sealform

    for name in sealform.__all__:
        assert getattr(sealform, name).__doc__, name
