"""Answers that bear no mark of ours: known by unit and content, or by a person's word."""

from typing import Any

import pytest

from service.store import listing, records, replay, settling, twins
from service.store.database import Database
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from tests.service.store.test_notices import (
    EMAIL,
    PHONE,
    PILOT,
    UNIT,
    _again,
    _answer,
    _ask,
    _codes,
    _notice,
    _row,
)  # fmt: skip
from tests.service.submissions import NOW, REVIEWER, correct, store, version

# What names the application beside its unit, and plain words besides.
NAME = next(name for name in PILOT.caption if name != UNIT)
WORDS = [name for name, one in PILOT.fields.items() if one.kind in ("prose", "address")]


def _unmarked(database: Database, old: int, **values: Any) -> dict[str, Any]:
    """An answer on a form of the applicant's own, which bears no number of ours."""
    return {**_again(database, old, **values), "instance": None}


@pytest.mark.parametrize(
    ("values", "is_tied"),
    [
        ({PHONE: "027-85807053"}, True),
        ({PHONE: "027-85807053", EMAIL: "a@b.example"}, True),
        # The same file once more mends nothing.
        ({}, False),
        # Another project of the same unit.
        ({PHONE: "027-85807053", NAME: "另一个项目"}, False),
        ({PHONE: "027-85807053", EMAIL: "a@b.example", **dict.fromkeys(WORDS, "别的内容")}, False),
    ],
)  # fmt: skip
def test_one_without_a_notice_s_marks_is_known_by_its_unit_and_content(
    database: Database, values: dict[str, Any], is_tied: bool
) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    new = _answer(database, _unmarked(database, old, **values))
    assert (_notice(database, old).ground, _notice(database, old).answer) == (
        ("content", new) if is_tied else (None, None)
    )
    assert ("correction-unasked" in _codes(database, new)) == (is_tied and EMAIL in values)
    with database.read() as connection:
        # Otherwise a person is asked.
        assert twins.unsettled(connection).get(new, []) == ([] if is_tied else [old])
        assert list(replay.departures(connection)) == []


def test_of_two_that_fit_by_content_none_is_chosen_and_one_notice_has_one_answer(database: Database) -> None:
    one, other = store(database, PILOT, 1), store(database, PILOT, 1)
    for number, old in enumerate((one, other)):
        _ask(database, old, instance=str(number) * 10)
    new = _answer(database, _unmarked(database, one, **{PHONE: "027-85807053"}))
    assert {_notice(database, old).state for old in (one, other)} == {"open"}
    with database.read() as connection:
        assert twins.unsettled(connection)[new] == [one, other]


def test_a_person_s_word_ties_an_answer_to_its_notice_and_holds_it_against_it(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    changed = {EMAIL: "a@b.example", NAME: "改了名称"}
    new = _answer(database, _unmarked(database, old, **changed))
    assert (_codes(database, new), _row(database, new).doubtful) == ({}, 0)
    for verdict, state in (("replaces", "answered"), (None, "open"), ("replaces", "answered")):
        with database.write() as connection:
            settling.settle(
                connection,
                new,
                old,
                version(connection, new),
                verdict,
                REVIEWER,
                lambda *_: PILOT,  # type: ignore[arg-type]
            )
        assert _notice(database, old).state == state
        told = {"correction-unasked", "correction-unmade"} if verdict else set()
        assert set(_codes(database, new)) == told
        with database.read() as connection:
            doubtful = listing.doubtful_fields(connection, [new]).get(new, [])
        assert sorted(doubtful) == (sorted([*changed, PHONE]) if verdict else [])
        assert _row(database, new).doubtful == len(doubtful)
    assert (_notice(database, old).ground, _notice(database, old).answer) == ("person", new)
    # What somebody has looked at since needs no second look.
    correct(database, new, PILOT, EMAIL, "a@b.example")
    with database.read() as connection:
        assert sorted(listing.doubtful_fields(connection, [new])[new]) == sorted([NAME, PHONE])
        assert list(replay.departures(connection)) == []


def test_one_notice_has_one_answer_where_two_copies_come_together(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    read = _again(database, old, **{PHONE: "027-85807053"})
    with database.write() as connection:
        upload, _ = create(connection, Arrival([StoredFile("a.zip", "f" * 64, 9)], "page"), "user:1", NOW)
        begin_reading(connection, upload, NOW)
        part = {**read["parts"][0], "applications": [2]}
        both = [read, {**read, "application": 2, "parts": [part]}]
        first, second = records.finish(connection, upload, both, lambda *_: PILOT, "w1", 1.0, NOW)
    assert (_notice(database, old).answer, _row(database, second).replaces) == (first, None)
    with database.read() as connection:
        assert twins.unsettled(connection)[second] == [first]
