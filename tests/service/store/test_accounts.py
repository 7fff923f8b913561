"""Guesses at a password, many at once: as many are tried as are allowed, and no more, on either database."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from models.errors import Invalid, TooOften
from service.store import accounts, attempts, passwords
from service.store.database import Database

NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
GUESSES = 40
ALLOWED = 8


def _guess(database: Database, together: Barrier, origin: str) -> str:
    """What becomes of one guess at the account of wang, as the service makes it."""
    together.wait()
    with database.write() as connection:
        attempt = attempts.count(connection, "wang", origin, NOW)
    try:
        with database.read() as connection:
            attempts.allow(connection, attempt, NOW)
    except TooOften:
        with database.write() as connection:
            attempts.forget(connection, attempt)
        return "refused"
    return "tried"


@pytest.mark.parametrize("is_known", [True, False])
def test_of_many_guesses_at_once_from_many_addresses_no_more_are_tried_than_are_allowed(
    database: Database, is_known: bool
) -> None:
    if is_known:
        with database.write() as connection:
            accounts.create_user(connection, "wang", "", "clerk", "system", NOW)
    # As many connections as the pool has, so that they meet.
    workers = 10
    together = Barrier(workers)
    with ThreadPoolExecutor(workers) as threads:
        became = Counter(threads.map(lambda n: _guess(database, together, f"192.0.2.{n}"), range(GUESSES)))
    assert became["tried"] <= ALLOWED
    assert became["tried"] + became["refused"] == GUESSES


def test_a_name_that_nobody_has_is_locked_like_any_other(database: Database) -> None:
    with database.write() as connection:
        accounts.create_user(connection, "wang", "", "clerk", "system", NOW)
    told = {}
    for name in ("wang", "li"):
        for number in range(ALLOWED + 1):
            with database.write() as connection:
                attempt = attempts.count(connection, name, f"198.51.100.{number}", NOW)
            with database.read() as connection:
                try:
                    attempts.allow(connection, attempt, NOW)
                except TooOften as error:
                    told[name] = (number, str(error))
    assert told["wang"] == told["li"]
    assert told["li"][0] == ALLOWED


@pytest.mark.parametrize(
    "password",
    ["1234567890", "qwertyuiop", "Password123", "P@ssw0rd2024", "abcdefghij", "1qaz2wsx3edc", "sealform2026"],
)
def test_a_password_that_many_have_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        passwords.kept(password, "wang")


@pytest.mark.parametrize(
    "password",
    ["a long enough password", "湖北武汉的秋天很短很短", "three words and more, " * 9, "kQ8-vm2_Zr4"],
)
def test_a_password_that_is_hard_to_guess_is_taken_however_long(password: str) -> None:
    assert passwords.matches(passwords.kept(password, "wang"), password)
