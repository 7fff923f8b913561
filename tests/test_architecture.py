"""The rules of the code base: which room may import which, how long files and lines may be, and what must be
documented."""

import ast
import importlib
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from models.fields import ChoiceField, RowsField
from models.fields.base import FieldBase
from models.form import FormDefinition, Printed
from models.writing import key
from tests import rooms
from tests.rooms import Import

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "models": {"models"},
    "generator": {"models", "generator"},
    "extractor": {"models", "extractor"},
    "service": {"models", "generator", "extractor", "service"},
    # What others import; nothing of the house does.
    "sealform": {"models", "generator", "extractor", "service"},
}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])

# The results of these rooms must follow from their arguments alone, so that accuracy can be tested without a
# file or an engine.
_PURE_ROOMS = ("limits", "rungs", "text", "answers", "weighing", "applications")
PURE = [
    *(ROOT / "models").rglob("*.py"),
    ROOT / "extractor" / "rungs.py",
    *(path for room in _PURE_ROOMS for path in (ROOT / "extractor" / room).glob("*.py")),
    ROOT / "extractor" / "views" / "find_cells.py",
    *(ROOT / "service" / "campaigns" / "judgement").glob("*.py"),
    *(ROOT / "service" / "proof" / "judgement").glob("*.py"),
    *(ROOT / "service" / name for name in ("jobs/decisions.py", "store/statuses.py", "web/return_letter.py")),
]
IMPURE = {
    "os", "pathlib", "io", "time", "random", "secrets", "socket", "subprocess", "tempfile", "shutil",
    "zipfile", "threading",
    "multiprocessing", "PIL", "cv2", "numpy", "lxml", "docx", "openpyxl", "pdfplumber", "pypdf", "pypdfium2",
    "paddleocr",
    "onnxruntime", "typst",
}  # fmt: skip
# Only the service may import these.
WORLD = {
    "socket", "http", "sqlite3", "sqlalchemy", "smtplib", "imaplib", "imapclient", "fastapi", "uvicorn",
    "typer", "rich", "pebble",
}  # fmt: skip

MOST_LINES = 450
MOST_CHARACTERS = 110
HELP_SECONDS = 0.5
# Words of the contract that are also names of fields.
SHARED_WORDS = {"source", "address"}


def _trees(paths: list[Path]) -> Iterator[tuple[Path, ast.Module]]:
    for path in paths:
        yield path, ast.parse(path.read_text("utf-8"))


def _imports(tree: ast.Module) -> set[str]:
    """Returns the top-level names of all imports, also inside functions, except those for type checking
    alone."""
    unreal = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in unreal:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add((node.module or "").partition(".")[0])
    return found


def test_imports_go_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path, tree in _trees(SOURCES)
        for name in _imports(tree) & {*PACKAGES, "tests", "benchmarks"}
        if name not in PACKAGES[path.relative_to(ROOT).parts[0]]
    ]
    assert wrong == []


def test_every_module_is_in_a_room_that_says_what_it_is_for() -> None:
    assert [module for module in rooms.MODULES if not rooms.room_of(module)] == []
    silent = [
        room
        for room in rooms.ROOMS
        if room in rooms.MODULES and not ast.get_docstring(ast.parse(rooms.MODULES[room].read_text("utf-8")))
    ]
    assert silent == []


def test_rooms_import_only_what_the_table_allows_them() -> None:
    arrows = rooms.arrows_of(rooms.imports())
    assert len(arrows) > 100
    assert rooms.strays(arrows) == []
    assert rooms.unused(arrows) == []


def test_no_import_runs_back_up_the_floors() -> None:
    assert rooms.backward(rooms.arrows_of(rooms.imports())) == []


def test_rooms_are_entered_by_their_doors() -> None:
    assert rooms.past_doors(rooms.arrows_of(rooms.imports())) == []


def test_an_import_that_breaks_the_rules_of_the_rooms_is_told_in_a_sentence() -> None:
    up = rooms.arrows_of([Import("extractor.text.passage", "extractor.readers.word.text", "TextReader")])
    told = "extractor/text/passage.py imports extractor.readers.word.text.TextReader"
    assert rooms.strays(up) == [f"{told}: extractor.text may import only models"]
    assert rooms.backward(up) == [told]
    (past,) = rooms.past_doors(up)
    assert past.startswith(f"{told}: the doors of extractor.readers.word are only package")
    private = Import("extractor.results", "extractor.limits", "_secret")
    assert len(rooms.past_doors(rooms.arrows_of([private]))) == 1


def test_pure_modules_touch_no_file_no_clock_and_no_picture() -> None:
    assert {path.name for path in PURE} >= {"form.py", "rules.py", "match.py", "decide.py"}
    assert [
        f"{path.relative_to(ROOT)}: {name}" for path, tree in _trees(PURE) for name in _imports(tree) & IMPURE
    ] == []


def test_pure_rooms_import_only_pure_rooms() -> None:
    pure = {f"extractor.{room}" for room in _PURE_ROOMS}
    assert [(room, other) for room in pure for other in rooms.allowed(room) if other not in pure] == []


def test_only_the_service_meets_the_world() -> None:
    elsewhere = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "service"]
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in _trees(elsewhere)
        for name in _imports(tree) & WORLD
    ]
    environment = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in _trees(elsewhere)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert wrong + environment == []


def test_files_stay_short() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in SOURCES + TESTS
    }
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_lines_are_short_enough_to_stand_beside_each_other() -> None:
    """Ruff counts columns, of which a Chinese character takes two; this counts characters."""
    pragma = re.compile(r"\s*# (?:type: ignore|noqa|fmt: ).*$")
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*SOURCES, *TESTS]
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(pragma.sub("", line)) > MOST_CHARACTERS
    ]
    assert long == []


def test_no_program_is_started_through_a_shell() -> None:
    """By lists of arguments alone, so that no name of a file is ever a command."""
    shells = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in _trees(SOURCES)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in shells)
        or (isinstance(node, ast.keyword) and node.arg == "shell")
    ]
    assert found == []


def test_every_fixture_is_in_the_catalogue() -> None:
    catalogue = (ROOT / "fixtures/README.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `([^`]+)` \|", catalogue, re.MULTILINE))
    held = {
        path.relative_to(ROOT / "fixtures").as_posix()
        for path in (ROOT / "fixtures").rglob("*")
        if path.is_file()
    }
    assert listed == held - {"README.md"}


def _commands() -> list[str]:
    from typer.main import get_command

    from service.cli import app

    commands: Mapping[str, object] = get_command(app).commands  # type: ignore[attr-defined]
    return list(commands)


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    assert [command for command in _commands() if f"`sealform {command}" not in page] == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = (ROOT / "docs/index.md").read_text("utf-8")
    assert [
        path.name
        for path in (ROOT / "docs").glob("*.md")
        if path.name != "index.md" and f"({path.name})" not in index
    ] == []


def test_every_module_and_public_function_says_what_it_is() -> None:
    missing = []
    for path, tree in _trees(SOURCES):
        if path.name != "__init__.py" or path.read_text("utf-8").strip():
            nodes: list[ast.AST] = [
                tree,
                *(node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)),
            ]
            missing += [
                f"{path.relative_to(ROOT)}: {getattr(node, 'name', 'module')}"
                for node in nodes
                if not getattr(node, "name", "").startswith("_")
                and ast.get_docstring(node) is None  # type: ignore[arg-type]
                # An error class without a docstring is allowed where its name and class attributes say
                # everything.
                and not (
                    isinstance(node, ast.ClassDef) and all(isinstance(line, ast.Assign) for line in node.body)
                )
            ]
    assert missing == []


def _words_of(form: FormDefinition) -> tuple[set[str], set[str]]:
    """Returns the field names and the Chinese words by which code could know `form`."""
    names, words = set(), {form.title, *form.title_aliases, form.name}
    fields: list[FieldBase] = []  # type: ignore[type-arg]
    for cell in form.cells():
        words |= {*([cell.label] if cell.label else []), *cell.aliases}
        words |= {item.text for item in cell.content if isinstance(item, Printed)}
        for field in cell.fields:
            fields.append(field)
            if isinstance(field, RowsField):
                fields += [column.field for column in field.columns]
                words |= {column.label for column in field.columns}
    for field in fields:
        names.add(field.name)
        words |= {word for word in (field.label, field.prompt, *field.guidance) if word}
        if isinstance(field, ChoiceField):
            words |= set(field.options)
    return names, words


def _strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yields the string constants that are not docstrings."""
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node


def test_no_code_knows_a_form_by_its_fields_or_labels(forms: Mapping[str, FormDefinition]) -> None:
    names: set[str] = set()
    words: set[str] = set()
    for form in forms.values():
        more_names, more_words = _words_of(form)
        names, words = names | more_names, words | more_words
    names = {name for name in names if len(name) >= 6} - SHARED_WORDS
    # A short label may occur as an everyday word inside a message, but a string may not be equal to it.
    keys, long = (
        {key(word) for word in words if not key(word).isascii()},
        {word for word in words if len(word) >= 6},
    )
    found = []
    for path, tree in _trees(SOURCES):
        for node in _strings(tree):
            is_known = (
                key(str(node.value)) in keys
                or str(node.value) in names
                or any(word in str(node.value) for word in long)
            )
            found += [f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"] if is_known else []
        found += [
            f"{path.relative_to(ROOT)}:{node.lineno}: {node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and "_" in node.attr and node.attr in names
        ]
    assert found == []


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=True
    )


def test_help_takes_less_than_half_a_second() -> None:
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _python("-m", "service.cli", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < HELP_SECONDS


def test_reading_a_word_file_loads_no_ocr_and_no_imaging_library() -> None:
    code = (
        "import sys; from pathlib import Path; from extractor import Options, Source\n"
        "from service.processes.pool import read_submission; from "
        "service.forms.definitions import load_forms\n"
        "(line,) = read_submission(Source.at(Path(sys.argv[1])), load_forms(), Options())\n"
        "assert line['error'] is None and line['fields']\n"
        "print(*sorted(sys.modules), sep='\\n')"
    )
    sample = ROOT / "fixtures/inbox/A01_lit_ballot_check.docx"
    loaded = set(_python("-c", code, str(sample)).stdout.splitlines())
    assert "extractor.answers.match" in loaded
    assert loaded & {"paddleocr", "paddlex", "onnxruntime", "cv2", "numpy", "PIL.Image"} == set()


@pytest.mark.parametrize(
    "name",
    [
        "calibration",
        "confusions",
        "freeze",
        "handwriting",
        "pdf_reading",
        "plumber",
        "scaling",
        "scan_reading",
        "seal_names",
        "starting",
        "unread_ink",
        "word_reading",
    ],
)
def test_every_benchmark_can_be_loaded(name: str) -> None:
    importlib.import_module(f"benchmarks.{name}")
