"""Tests that code uses the private parts of libraries only in named places, each with a version bound and a
test of its own."""

import ast
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
# The places, and the library that each uses.
PLACES = {
    "service/jobs/inside_dbos.py": "dbos",
    "service/processes/inside_pebble.py": "pebble",
    "service/mail/imap.py": "imapclient",
}
TESTS = {
    "dbos": "tests/service/jobs/test_dbos_contract.py",
    "pebble": "tests/service/processes/test_pebble_contract.py",
    "imapclient": "tests/service/mail/test_imap_network.py",
}
# These names have the underscore for another reason and are documented: SQLAlchemy's rows, named tuples, and
# `os`.
PUBLIC = {"_mapping", "_replace", "_exit"}


def _reached(path: Path) -> list[str]:
    """Returns the private attributes that are used of other objects than the object itself."""
    return [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and re.match(r"_[a-z]", node.attr)
        and node.attr not in PUBLIC
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]


def test_only_these_places_reach_inside_what_the_service_works_with() -> None:
    found = [one for path in sorted((ROOT / "service").rglob("*.py")) for one in _reached(path)]
    elsewhere = [one for one in found if one.partition(":")[0] not in PLACES]
    assert elsewhere == []
    assert {one.partition(":")[0] for one in found} >= set(PLACES), (
        "a place that no longer reaches inside can go"
    )


def test_a_library_that_is_reached_inside_is_bounded_to_the_minor_version_that_its_test_knows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    for library in PLACES.values():
        assert (ROOT / TESTS[library]).is_file()
        major, minor = map(int, version(library).split(".")[:2])
        assert f"{library}>={major}.{minor},<{major}.{minor + 1}" in wanted
