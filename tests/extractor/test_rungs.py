"""The ladder of confidence: in order, each rung with its evidence, and no other number instead of one."""

import ast
from itertools import pairwise
from pathlib import Path

from extractor import rungs

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "extractor").rglob("*.py"))
_BODY = ast.parse((ROOT / "extractor" / "rungs.py").read_text("utf-8")).body
NAMES = [
    node.target.id for node in _BODY if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
]


def test_rungs_fall_from_the_first_to_the_last() -> None:
    values = [getattr(rungs, name) for name in NAMES]
    assert len(values) > 15
    assert values == sorted(set(values), reverse=True)
    assert 0 < values[-1] < values[0] < 1


def test_the_bar_parts_what_is_accepted_from_what_a_person_sees() -> None:
    assert rungs.NAMED > rungs.ACCEPTED > rungs.UNDISPUTED


def test_each_rung_says_what_evidence_it_stands_for() -> None:
    following = pairwise(_BODY)
    told = [
        node.target.id
        for node, after in following
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    ]
    assert told == NAMES


def test_each_rung_is_stood_on() -> None:
    used = {
        node.attr
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rungs"
    }
    assert used == set(NAMES)


def test_no_confidence_is_a_number_without_a_name() -> None:
    """None is given and none is asked for, apart from 0 and 1: that nothing is known, and that a file holds
    it."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "confidence":
                values = _numbers(node.value)
            elif isinstance(node, ast.Compare) and any(
                _is_confidence(side) for side in (node.left, *node.comparators)
            ):
                values = [number for side in (node.left, *node.comparators) for number in _numbers(side)]
            else:
                continue
            found += [
                f"{path.relative_to(ROOT)}:{node.lineno}: {value}" for value in values if value not in (0, 1)
            ]
    assert found == []


def _numbers(node: ast.expr) -> list[float]:
    """The numbers that an expression may come to by itself; those in a call are arguments of something
    else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*_numbers(node.body), *_numbers(node.orelse)]
    return []


def _is_confidence(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "confidence"
