"""Programs of two versions on one database, while one brings its schema up to date and after."""

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from models.errors import BadUsage
from service.store import database
from service.store.database import Database, revisions
from service.store.tables import counters, submissions
from tests.service.databases import postgresql

NEWER = "9999"


@pytest.fixture
def kept() -> Iterator[Database]:
    with postgresql() as kept:
        yield kept


def _upgraded(kept: Database, oldest: str) -> None:
    """What a newer program leaves that says so much of older ones."""
    with kept.write() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{NEWER}'"))
        named = counters.c.name == "oldest-program"
        connection.execute(counters.update().where(named).values(value=int(oldest)))


def test_a_program_works_on_with_a_newer_schema_that_is_said_to_bear_it(kept: Database) -> None:
    assert kept.is_current()
    _upgraded(kept, revisions()[0])
    kept.migrate()
    assert kept.is_current()


def test_a_program_that_a_newer_schema_does_not_bear_says_so_and_leaves_it_alone(kept: Database) -> None:
    _upgraded(kept, NEWER)
    assert not kept.is_current()
    with pytest.raises(BadUsage, match="更新的版本"):
        kept.migrate()


def test_a_step_that_names_no_older_program_bears_its_own_alone(kept: Database) -> None:
    with kept.write() as connection:
        connection.execute(counters.delete().where(counters.c.name == "oldest-program"))
    kept.migrate()
    with kept.read() as connection:
        named = counters.c.name == "oldest-program"
        assert connection.scalar(sa.select(counters.c.value).where(named)) <= int(revisions()[0])


def test_altering_a_table_in_which_somebody_reads_keeps_nobody_else_waiting_for_long(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_TO_ALTER", 200)
    monkeypatch.setattr(database, "_ALTERING_AGAIN", (0.5,) * 40)
    tried: list[float] = []

    def alter(config: object, revision: str) -> None:
        tried.append(time.monotonic())
        connection = config.attributes["connection"]  # type: ignore[attr-defined]
        connection.execute(sa.text("ALTER TABLE submissions ADD COLUMN later int"))

    monkeypatch.setattr(database.command, "upgrade", alter)
    upgrade = threading.Thread(target=kept.migrate)
    with kept.read() as reading:
        reading.execute(sa.select(submissions.c.id)).all()
        upgrade.start()
        while len(tried) < 2:
            time.sleep(0.05)
        started = time.monotonic()
        with kept.read() as connection:
            connection.execute(sa.select(submissions.c.id)).all()
        assert time.monotonic() - started < 10
    upgrade.join()
    with kept.read() as connection:
        assert connection.scalar(sa.text("SELECT count(later) FROM submissions")) == 0
