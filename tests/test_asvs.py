"""The page on ASVS names tests that there are, and says of each requirement how it is met, or that
it isn't."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_PAGE = (_ROOT / "docs" / "asvs.md").read_text("utf-8")
_ROWS = [line.strip("|").split("|") for line in _PAGE.splitlines() if re.match(r"\| \d+\.\d", line)]


def test_every_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)[`:]", _PAGE))
    assert len(named) > 20
    assert [path for path in sorted(named) if not (_ROOT / path).is_file()] == []


def test_every_setting_that_is_named_is_one() -> None:
    settings = (_ROOT / "docs" / "settings.md").read_text("utf-8")
    assert [one for one in re.findall(r"SEALFORM_[A-Z_]+", _PAGE) if one not in settings] == []


def test_every_row_has_a_requirement_and_how_it_is_met_or_that_it_is_not() -> None:
    assert len(_ROWS) > 50
    assert [row for row in _ROWS if len(row) != 3 or not row[1].strip()] == []


def test_every_attack_is_held_by_a_test_of_that_name() -> None:
    found = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", _PAGE)
    assert len(found) > 10
    missing = [name for path, name in found if f"def {name}(" not in (_ROOT / path).read_text("utf-8")]
    assert missing == []
    rows = [line for line in _PAGE.partition("## What attacks found")[2].splitlines() if "`tests/" in line]
    told = [row.strip("|").split("|") for row in rows if row.startswith("|")]
    assert len(told) >= 15
    # What was found, its test, what holds now, and that the test failed without it.
    assert [row for row in told if len(row) != 4 or not all(part.strip() for part in row)] == []
