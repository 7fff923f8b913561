"""Following what changes, and saved choices of columns, on both databases."""

import random
import threading
from typing import Any

import pytest

from models.errors import Conflict, NotFound
from models.fields import EmailField
from service.forms.definitions import load_forms
from service.store import exports
from service.store.database import Database
from service.store.exports import Kept, Selection
from tests.service import submissions as made

FORMS = load_forms()
PILOT = FORMS["pilot-application"]
EMAIL = next(name for name, field in PILOT.fields.items() if isinstance(field, EmailField))


def _selected(database: Database, **wanted: Any) -> list[Kept]:
    with database.read() as connection:
        return list(exports.select(connection, Selection(**wanted)))


def _changes(database: Database, after: int, limit: int = 100) -> list[Kept]:
    with database.read() as connection:
        return exports.changes(connection, None, after, limit)


def test_accepted_ones_are_selected_by_number_with_what_stands_now(database: Database) -> None:
    one, two, three = (made.store(database, PILOT, seed) for seed in (1, 2, 3))
    made.correct(database, two, PILOT, EMAIL, "new@example.com")
    for submission in (three, two):
        made.move(database, submission, "accept")
    first, second = _selected(database)
    assert [first.id, second.id] == [two, three]
    assert first.content[EMAIL] == "new@example.com"
    assert (first.marks[EMAIL]["state"], first.marks[EMAIL]["by"]) == ("corrected", "user:1")
    assert [kept.id for kept in _selected(database, accepted=False)] == [one, two, three]
    assert _selected(database, form="enterprise-filing") == []


def test_what_left_comes_with_its_new_state(database: Database) -> None:
    submission = made.store(database, PILOT)
    made.move(database, submission, "accept")
    (kept,) = _changes(database, 0)
    made.move(database, submission, "reopen")
    made.move(database, submission, "withdraw")
    (left,) = _changes(database, kept.changed)
    assert (left.id, left.status) == (submission, "withdrawn")
    assert _changes(database, left.changed) == []


@pytest.mark.parametrize("seed", range(2))
def test_who_walks_while_others_change_misses_nothing(database: Database, seed: int) -> None:
    """Writers change submissions while a reader follows; in the end the reader knows of each what is so, by
    cursors alone."""
    numbers = [made.store(database, PILOT, number) for number in range(6)]

    def write(own: list[int], dice: random.Random) -> None:
        for _ in range(6):
            submission = dice.choice(own)
            made.move(database, submission, "accept")
            made.move(database, submission, "reopen")
        made.store(database, PILOT, 90 + own[0])

    writers = [
        threading.Thread(target=write, args=(numbers[part::3], random.Random(f"{seed}{part}")), daemon=True)
        for part in range(3)
    ]
    known: dict[int, Kept] = {}
    dice, cursor, steps = random.Random(seed), 0, []

    def walk() -> bool:
        nonlocal cursor
        page = _changes(database, cursor, dice.randint(1, 3))
        for kept in page:
            known[kept.id] = kept
            cursor = kept.changed
            steps.append(cursor)
        return bool(page)

    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        walk()
    while walk():
        pass
    everything = {kept.id: kept for kept in _selected(database, accepted=False)}
    assert len(everything) == len(numbers) + 3
    assert known == everything
    assert steps == sorted(set(steps)), "a cursor only rises"


def test_the_cursor_of_a_file_is_the_last_change(database: Database) -> None:
    submission = made.store(database, PILOT)
    with database.read() as connection:
        cursor = exports.last_change(connection)
    assert _selected(database, accepted=False, after=cursor) == []
    made.move(database, submission, "accept")
    assert [kept.id for kept in _selected(database, after=cursor)] == [submission]


def test_a_name_is_saved_once_and_can_be_free_again(database: Database) -> None:
    with database.write() as connection:
        number = exports.save_preset(connection, "报送市局", {"format": "csv"}, "user:1", made.NOW)
    with pytest.raises(Conflict), database.write() as connection:
        exports.save_preset(connection, "报送市局", {"format": "xlsx"}, "user:2", made.NOW)
    with database.write() as connection:
        assert exports.preset(connection, "报送市局") == {"format": "csv"}
        exports.delete_preset(connection, number, "user:1", made.NOW)
    with database.write() as connection:
        assert exports.list_presets(connection) == []
        with pytest.raises(NotFound):
            exports.preset(connection, "报送市局")
        with pytest.raises(NotFound):
            exports.delete_preset(connection, number, "user:1", made.NOW)
