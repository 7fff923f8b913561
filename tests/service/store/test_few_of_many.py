"""What few of many submissions have is found without looking at the others, on PostgreSQL, which knows how
many there are."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as server
from sqlalchemy.dialects import sqlite as file

from service.store import listing, search
from service.store.among import among
from service.store.database import Database
from service.store.listing import Filter, Sort
from service.store.tables import submissions
from tests.service.databases import postgresql

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
_MANY = 3_000
_UPLOADS = f"""INSERT INTO uploads (id, created_at, created_by, channel, state, attempts)
    SELECT n, :at, 'user:1', 'page', 'done', 1 FROM generate_series(1, {_MANY}) n"""
_SUBMISSIONS = f"""INSERT INTO submissions (id, upload_id, application, status, name, doubtful, errors,
    received_at, updated_at, changed, version)
    SELECT n, n, 1, 'in-review', 's.docx', 1, 0, :at, :at, n, 1 FROM generate_series(1, {_MANY}) n"""
_SEARCH = f"""INSERT INTO search (submission_id, tokens)
    SELECT n, to_tsvector('simple', '园区') FROM generate_series(1, {_MANY}) n"""


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with postgresql() as opened:
        with opened.write() as connection:
            for statement in (_UPLOADS, _SUBMISSIONS, _SEARCH):
                connection.execute(sa.text(statement), {"at": NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")})
            connection.execute(sa.text("ANALYZE"))
        yield opened


@pytest.mark.parametrize(
    ("wanted", "sort"),
    [
        (Filter(twins=True), "-received_at"),
        (Filter(overdue_at=NOW), "-received_at"),
        (Filter(query="查无"), "-received_at"),
        (Filter(query="查无 园区"), "urgency"),
        (Filter(), "urgency"),
    ],
)
def test_the_others_are_not_looked_at(database: Database, wanted: Filter, sort: Sort) -> None:
    asked: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    with database.read() as connection:
        # So few rows it would read one and all, or hash, which it would not with a million.
        for way in ("seqscan", "hashjoin"):
            connection.execute(sa.text(f"SET LOCAL enable_{way} = off"))
        sa.event.listen(connection, "before_cursor_execute", hear)
        listing.page(connection, wanted, sort, None, 10)
        for statement, parameters in [one for one in asked if not one[0].startswith("EXPLAIN")]:
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {statement}", parameters).scalars().all()
            looked_at = re.findall(
                r"Rows Removed by (?:Join )?Filter: (\d+)|rows=(\d+) loops", "\n".join(plan)
            )
            assert max(int(one or other) for one, other in looked_at) < 100, plan


def test_how_many_a_rare_word_has_is_known_before_the_list_is_walked(database: Database) -> None:
    with database.read() as connection:
        rare = search.rough(connection, "查无")
        assert rare is not None
        assert rare.candidates == []


def test_only_sqlite_is_kept_from_fetching_by_number() -> None:
    condition = among(submissions.c.id, sa.select(submissions.c.replaces))
    assert "id + 0" in str(condition.compile(dialect=file.dialect()))
    assert "+ 0" not in str(condition.compile(dialect=server.dialect()))
