"""Learning from corrections: what is drawn from them, what must not get through, and that one click takes it
back."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from math import comb, exp
from typing import Any

import pytest

from extractor import threshold
from models.errors import Conflict
from service.forms.definitions import load_forms
from service.proof import learning
from service.proof.judgement.confusions import Confused, Corrected, confused, recurring
from service.proof.judgement.learning import (
    Case,
    Lesson,
    Line,
    candidate,
    drawn,
    fewer_by_chance,
    replay,
)
from service.store import audit, records
from service.store import replay as log_replay
from service.store.changes import Change
from service.store.database import Database
from service.store.forms import FormStore
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from tests.service.submissions import NOW, line

TARGET = 0.001
LEAST = threshold(TARGET)
# How far the reader's log odds are from the truth, a kind each: its slope and its shift.
TRUTH: Mapping[str, tuple[float, float]] = {
    "text": (1.0, 0.3), "phone": (1.4, 1.5), "date": (1.0, -0.8), "seal": (1.1, 0.5),
}  # fmt: skip
Poison = Callable[[Case, random.Random], Case]


def _made(seed: int, count: int, people: tuple[str, ...] = ()) -> list[Case]:
    dice, made = random.Random(seed), []
    for number in range(count):
        kind = dice.choice(list(TRUTH))
        at, (slope, shift) = dice.gauss(4, 2.2), TRUTH[kind]
        right = dice.random() < 1 / (1 + exp(-(slope * at + shift)))
        who = dice.choice(people) if people else None
        sure, doubted = 1 / (1 + exp(-at)), dice.random() < 0.05
        made.append(Case(f"{seed}:{number}", kind, "scan", sure, right, doubted, who=who))
    return made


REFERENCE = _made(99, 2_000)


def _own(seed: int, count: int = 1_500) -> list[Case]:
    return _made(seed, count, ("user:1", "user:2", "user:3"))


@pytest.mark.parametrize(
    ("seeds", "count"), [((0, 2), 1_500), pytest.param(range(12), 6_000, marks=pytest.mark.accept)]
)
def test_review_falls_on_seeds_apart_and_no_more_errors_are_missed(seeds: Any, count: int) -> None:
    silent, review = [0.0, 0.0], [0.0, 0.0]
    for seed in seeds:
        found = candidate(_own(seed, count), REFERENCE, LEAST, TARGET)
        apart = replay(_made(1_000 + seed, 8_000), found.lesson if found.may_go_live else Lesson(), LEAST)
        for at in (0, 1):
            silent[at], review[at] = silent[at] + apart.silent[at], review[at] + apart.review[at]
    told = f"silent {silent[0]:.0f} -> {silent[1]:.0f}, review {review[0]:.0f} -> {review[1]:.0f}"
    print(told)
    assert silent[1] <= silent[0], told
    assert review[1] <= 0.97 * review[0], told


_POISONS: Mapping[str, Poison] = {
    "one person calls all that is wrong right": lambda case, _: (
        replace(case, right=True) if case.who == "user:1" else case
    ),
    "everybody calls all that is wrong right": lambda case, _: replace(case, right=True),
    "one person says the contrary of half": lambda case, dice: (
        replace(case, right=not case.right) if case.who == "user:1" and dice.random() < 0.5 else case
    ),
    "a third of what is right is called wrong": lambda case, dice: (
        replace(case, right=False) if dice.random() < 0.3 else case
    ),
    "of one kind all is called right": lambda case, _: (
        replace(case, right=True) if case.kind == "date" else case
    ),
    "nobody says who he is, and all is right": lambda case, _: replace(case, right=True, who=None),
}


@pytest.mark.parametrize("how", _POISONS)
def test_a_poisoned_set_of_corrections_is_refused_with_its_reason(how: str) -> None:
    dice = random.Random(4)
    found = candidate([_POISONS[how](case, dice) for case in _own(0)], REFERENCE, LEAST, TARGET)
    assert not found.may_go_live
    assert all(found.against)


@pytest.mark.accept
@pytest.mark.parametrize("how", _POISONS)
@pytest.mark.parametrize("count", [1_500, 6_000])
def test_no_poisoned_set_of_many_gets_through(how: str, count: int) -> None:
    for seed in range(10):
        dice = random.Random(seed)
        found = candidate([_POISONS[how](case, dice) for case in _own(seed, count)], REFERENCE, LEAST, TARGET)
        assert not found.may_go_live, seed


def test_few_cases_teach_nothing() -> None:
    found = candidate(_own(1, 100), REFERENCE, LEAST, TARGET)
    assert not found.may_go_live
    assert found.lesson.lines == {}


def test_a_line_is_held_to_the_identity_by_few_cases_and_follows_many() -> None:
    few = drawn([case for case in _made(5, 60) if case.kind == "phone"])
    many = drawn([case for case in _made(5, 20_000) if case.kind == "phone"])
    assert abs(many.shift - TRUTH["phone"][1]) < 0.4
    assert abs(many.slope - TRUTH["phone"][0]) < 0.2
    assert abs(few.shift) < abs(many.shift)


def test_a_doubt_by_a_rule_stays_a_doubt_whatever_was_learned() -> None:
    case = Case("1:a", "text", "scan", 0.999, right=True, doubted=True)
    lesson = Lesson({"text/scan": Line(9.0, 1.0)}, 0.9)
    assert replay([case], lesson, LEAST).review == (1.0, 1.0)


@pytest.mark.parametrize(("mine", "known"), [((3, 97), (12, 88)), ((0, 60), (8, 30)), ((5, 5), (5, 5))])
def test_the_exact_test_is_what_counting_all_ways_gives(
    mine: tuple[int, int], known: tuple[int, int]
) -> None:
    wrong, total = mine[0] + known[0], sum(mine) + sum(known)
    ways = sum(comb(sum(mine), n) * comb(sum(known), wrong - n) for n in range(mine[0] + 1))
    assert fewer_by_chance(mine, known) == pytest.approx(ways / comb(total, wrong))


def test_the_readings_that_came_with_the_program_hold_some_that_are_wrong() -> None:
    every = learning.reference()
    assert len(every) > 500
    assert any(not case.right for case in every)
    assert all(0 <= case.sure <= 1 for case in every)
    assert [case for case in every if not case.right and not case.doubted and case.sure >= LEAST] == []


def test_confusions_are_counted_and_words_that_recur_are_told_but_those_that_are_masked() -> None:
    same = [Corrected("表", "单位", False, "青禾纸业", "青禾纸叶")] * 3
    masked = [Corrected("表", "证件", True, "4201", "4207")] * 3
    other = [Corrected("表", "单位", False, "甲乙丙丁", "完全不同的另一个")]
    assert confused([*same, *masked, *other])[:2] == [Confused("业", "叶", 3), Confused("1", "7", 3)]
    assert [(one.word, one.count) for one in recurring([*same, *masked, *other])] == [("青禾纸叶", 3)]


FORM = load_forms()["enterprise-filing"]
LATER = NOW + timedelta(hours=1)
BY = Editor("user:1", LATER)
_FIELD = next(name for name, field in FORM.fields.items() if field.kind == "text")


@pytest.fixture
def forms(database: Database) -> FormStore:
    known = FormStore(database)
    known.add({FORM.name: FORM}, "system", NOW)
    return known


def _reading(seed: int, sure: float) -> dict[str, Any]:
    """A scan of which one field was read with that confidence."""
    made = line(FORM, seed)
    name = made["parts"][0]["name"]
    made["parts"][0]["pages"] = [{"number": 1, "width": 595, "height": 842, "frame": {"warp": None}}]
    decision = "accept" if sure >= LEAST else "review"
    made["fields"][_FIELD] |= {
        "confidence": sure, "decision": decision,
        "evidence": [{"part": name, "page": 1, "box": [1, 2, 3, 4]}],
    }  # fmt: skip
    if decision == "review":
        unsure = {"code": "unsure", "field": _FIELD, "severity": "warning", "message": "识别把握不足"}
        made["findings"], made["status"] = [*made["findings"], unsure], "review"
    return made


def _arrive(database: Database, seed: int, sure: float) -> int:
    with database.write() as connection:
        arrival = Arrival([StoredFile(f"s{seed}.tif", f"{seed:064x}", 100)], "page")
        upload, submission = create(connection, arrival, "user:1", NOW)
        begin_reading(connection, upload, NOW)
        records.finish(connection, upload, [_reading(seed, sure)], lambda *_: FORM, "w1", 1.5, NOW)
    return submission


def _settle(database: Database, submission: int, value: str | None) -> None:
    with database.write() as connection:
        change = Change(_FIELD) if value is None else Change(_FIELD, text=value)
        records.correct(connection, submission, 1, [change], FORM, BY)


def test_what_people_confirmed_and_corrected_are_cases(database: Database, forms: FormStore) -> None:
    confirmed, corrected, untouched = (_arrive(database, seed, 0.5) for seed in (1, 2, 3))
    _settle(database, confirmed, None)
    _settle(database, corrected, "另一个单位")
    with database.read() as connection:
        found = {case.name: case for case in learning.cases(connection, forms, LATER)}
    assert {name: case.right for name, case in found.items()} == {
        f"{confirmed}:{_FIELD}": True, f"{corrected}:{_FIELD}": False,
    }  # fmt: skip
    assert f"{untouched}:{_FIELD}" not in found
    one = found[f"{confirmed}:{_FIELD}"]
    assert (one.kind, one.source, one.sure, one.who, one.doubted) == ("text", "scan", 0.5, "user:1", False)


def test_a_candidate_is_kept_with_its_report_and_one_that_did_not_pass_never_goes_live(
    database: Database, forms: FormStore
) -> None:
    _settle(database, _arrive(database, 1, 0.5), None)
    with database.write() as connection:
        number = learning.propose(connection, forms, TARGET, BY)
    with database.read() as connection:
        (kept,) = learning.lessons(connection)
        assert (kept.id, kept.is_live) == (number, False)
        assert kept.report["against"]
        assert kept.report["own"]["cases"] == 1
    with pytest.raises(Conflict), database.write() as connection:
        learning.go_live(connection, number, BY)
    with database.snapshot() as connection:
        assert not audit.verify(connection)[2]
        assert not list(log_replay.departures(connection))


def _passed(database: Database, forms: FormStore, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(learning, "cases", lambda *_: _own(0, 3_000))
    monkeypatch.setattr(learning, "reference", lambda: tuple(REFERENCE))
    with database.write() as connection:
        return learning.propose(connection, forms, TARGET, BY)


def test_a_lesson_in_use_decides_what_is_read_from_then_on_until_one_click_takes_it_back(
    database: Database, forms: FormStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = _passed(database, forms, monkeypatch)
    with database.read() as connection:
        (kept,) = learning.lessons(connection)
        assert kept.report["against"] == []
        assert kept.report["changed"], "every decision that would be another one is told"
        assert learning.in_use(connection) is None
    with database.write() as connection:
        learning.go_live(connection, number, BY)
    with database.read() as connection:
        lesson = learning.in_use(connection)
    assert lesson is not None
    line_ = lesson.lines["text/scan"]
    opened = next(n / 1000 for n in range(1, 1000) if line_.sure(n / 1000) >= lesson.least)
    for sure in (opened, (opened + LEAST) / 2, LEAST + 0.001):
        read = _reading(7, sure)
        made = learning.decided_anew(read, FORM, lesson, TARGET)  # type: ignore[arg-type]
        field = made["fields"][_FIELD]
        assert field["decision"] == ("accept" if line_.sure(sure) >= lesson.least else "review")
        assert field["confidence"] == sure
        unsure = [one for one in made["findings"] if one["code"] == "unsure"]
        assert bool(unsure) == (field["decision"] == "review")
        assert made["status"] == ("review" if unsure else "clear") or made["findings"]
    with database.write() as connection:
        learning.go_back(connection, BY)
    with database.read() as connection:
        assert learning.in_use(connection) is None
    assert learning.decided_anew(_reading(7, opened), FORM, None, TARGET) == _reading(7, opened)  # type: ignore[arg-type]
    with pytest.raises(Conflict), database.write() as connection:
        learning.go_back(connection, BY)
