"""Lists, counts and questions, on both databases."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import Invalid, NotFound
from service.store import counts, listing, search
from service.store.database import Database
from service.store.listing import Filter, Sort
from service.store.tables import doubts, kinships, records, results, submissions, uploads, versions

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SORTS: tuple[Sort, ...] = ("urgency", "-received_at", "received_at", "-doubtful", "unit")

One = Mapping[str, Any]
ones = st.fixed_dictionaries(
    {
        "minutes": st.integers(-5, 5),
        "doubtful": st.integers(0, 2),
        "unit": st.sampled_from([None, "", "武汉甲公司", "武汉乙公司", "Ａ%_公司", "z"]),
        "errors": st.integers(0, 1),
        "status": st.sampled_from(["in-review", "in-review", "accepted", "received", "unreadable"]),
        "form": st.sampled_from(["one", "two"]),
    }
)


def _add(connection: sa.Connection, *wanted: One) -> list[int]:
    made = []
    for one in wanted:
        upload = connection.execute(
            uploads.insert()
            .values(created_at=NOW, created_by="user:1", channel="page")
            .returning(uploads.c.id)
        ).scalar_one()
        row = {
            "upload_id": upload, "application": 1, "status": one.get("status", "in-review"), "name": "s.docx",
            "unit": one.get("unit"), "form": one.get("form", "one"), "form_version": "1",
            "doubtful": one.get("doubtful", 0), "errors": one.get("errors", 0),
            "updated_at": NOW, "received_at": NOW + timedelta(minutes=one.get("minutes", 0)),
            "changed": upload,
        }  # fmt: skip
        made.append(
            connection.execute(submissions.insert().values(row).returning(submissions.c.id)).scalar_one()
        )
    return made


def _clear(database: Database) -> None:
    with database.write() as connection:
        for table in (kinships, doubts, records, results, versions, submissions, uploads):
            connection.execute(table.delete())


def _walk(database: Database, sort: Sort, limit: int, wanted: Filter = Filter()) -> Iterator[list[Any]]:  # noqa: B008
    cursor = None
    while True:
        with database.read() as connection:
            page = listing.page(connection, wanted, sort, cursor, limit)
        yield list(page.rows)
        if page.next is None:
            return
        cursor = page.next


quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(
    before=st.lists(ones, max_size=9),
    meanwhile=st.lists(ones, max_size=4),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 4),
)
def test_walking_the_pages_shows_each_submission_once_while_new_ones_arrive(
    database: Database, before: list[One], meanwhile: list[One], sort: Sort, limit: int
) -> None:
    _clear(database)
    with database.write() as connection:
        known = _add(connection, *before)
    seen: list[int] = []
    arriving = iter(meanwhile)
    for rows in _walk(database, sort, limit):
        seen += [row.id for row in rows]
        with database.write() as connection:
            _add(connection, *(one for one in [next(arriving, None)] if one))
    assert len(seen) == len(set(seen))
    assert set(known) <= set(seen)


def _rank(row: Any) -> tuple[int, timedelta]:
    """What is read off a row of how urgent it is: its stage, and its age within it."""
    waits = row.received_at - NOW
    match row.status:
        case "unreadable":
            return 0, waits
        case "in-review":
            return (1 if row.doubtful or row.errors else 2), waits
        case "received":
            return 3, waits
    return 4, -waits


def test_what_may_be_the_same_as_another_blocks(database: Database) -> None:
    _clear(database)
    with database.write() as connection:
        clear, doubtful, earlier, later = _add(
            connection, {}, {"doubtful": 1}, {"minutes": 1}, {"minutes": 2}
        )
        connection.execute(
            kinships.insert().values(submission_id=later, earlier=earlier, ground="unit", verdict=None)
        )
    assert [row.id for rows in _walk(database, "urgency", 1) for row in rows] == [
        earlier, later, doubtful, clear,
    ]  # fmt: skip


@quick
@given(made=st.lists(ones, max_size=12), sort=st.sampled_from(SORTS))
def test_every_order_is_what_it_says_and_paging_does_not_change_it(
    database: Database, made: list[One], sort: Sort
) -> None:
    _clear(database)
    with database.write() as connection:
        _add(connection, *made)
    whole = [row for rows in _walk(database, sort, 200) for row in rows]
    assert [row.id for rows in _walk(database, sort, 2) for row in rows] == [row.id for row in whole]
    assert len(whole) == len(made)
    if sort == "urgency":
        ranks = [_rank(row) for row in whole]
        assert ranks == sorted(ranks)
        return
    keys = [getattr(row, sort.removeprefix("-")) for row in whole]
    if sort == "unit":
        named = [key for key in keys if key is not None]
        assert keys == named + [None] * (len(keys) - len(named)), "who has no name comes last"
        assert all([one for one in named if one == name] == [name] * named.count(name) for name in named)
    else:
        assert keys == sorted(keys, reverse=sort.startswith("-"))


@quick
@given(
    made=st.lists(ones, max_size=12),
    status=st.sampled_from([(), ("accepted",), ("accepted", "received")]),
    doubtful=st.none() | st.booleans(),
)
def test_filters_keep_what_they_say(
    database: Database, made: list[One], status: tuple[Any, ...], doubtful: bool | None
) -> None:
    _clear(database)
    with database.write() as connection:
        numbers = _add(connection, *made)
    wanted = Filter(status=status, form="one", since=NOW, until=NOW + timedelta(minutes=3), doubtful=doubtful)
    expected = {
        number
        for number, one in zip(numbers, made, strict=True)
        if (not status or one["status"] in status)
        and one["form"] == "one"
        and 0 <= one["minutes"] < 3
        and (doubtful is None or doubtful == (one["doubtful"] > 0))
    }
    assert {row.id for rows in _walk(database, "-received_at", 3, wanted) for row in rows} == expected


def test_a_part_of_the_unit_finds_it_and_signs_stand_for_themselves(database: Database) -> None:
    with database.write() as connection:
        first, second = _add(connection, {"unit": "武汉甲公司"}, {"unit": "百分之%_公司"})
        assert [row.id for row in listing.page(connection, Filter(unit="甲")).rows] == [first]
        assert [row.id for row in listing.page(connection, Filter(unit="%_")).rows] == [second]
        assert listing.page(connection, Filter(unit="乙")).rows == []


def test_postgresql_finds_a_part_of_the_unit_by_an_index(database: Database) -> None:
    if database.is_sqlite:
        return
    asked = (
        "EXPLAIN SELECT id FROM submissions WHERE unit LIKE '%园区管理%' ORDER BY received_at DESC LIMIT 51"
    )
    with database.read() as connection:
        # With so few rows it would read them all.
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            connection.execute(sa.text(f"SET LOCAL enable_{way} = off"))
        plan = "\n".join(connection.scalars(sa.text(asked)))
    assert "ix_submissions_unit_parts" in plan


def test_search_finds_every_word_and_punctuation_alone_finds_nothing(database: Database) -> None:
    with database.write() as connection:
        first, second = _add(connection, {}, {})
        search.index(connection, first, ["光谷园区低碳改造"])
        search.index(connection, second, ["光谷社区"])
        assert [row.id for row in listing.page(connection, Filter(query="光谷"), "received_at").rows] == [
            first,
            second,
        ]
        assert [row.id for row in listing.page(connection, Filter(query="光谷 低碳")).rows] == [first]
        assert listing.page(connection, Filter(query="。，")).rows == []
        assert len(listing.page(connection, Filter(query="  ")).rows) == 2


def test_a_cursor_that_is_none_or_of_another_order_is_refused(database: Database) -> None:
    with database.write() as connection:
        _add(connection, {}, {})
        told = listing.page(connection, Filter(), "-doubtful", None, 1).next
        assert told
        whole = [
            "x",
            "é",
            "bnVsbA",
            "W10",
            "WyJ1bml0IiwgMSwgMV0",
            "WyItcmVjZWl2ZWRfYXQiLCAxLCAxXQ",
            "W" * 3000,
            told,
        ]
        for cursor in whole:
            with pytest.raises(Invalid):
                listing.page(connection, Filter(), "unit", cursor, 1)


def test_counts_are_those_of_the_bureaus_own_days(database: Database) -> None:
    china = timezone(timedelta(hours=8))
    with database.write() as connection:
        # 23:59 and 00:01 in China are the same day in Greenwich.
        first, _ = _add(connection, {"minutes": 389}, {"minutes": 391, "status": "accepted"})
        for number, action in enumerate(("read", "accept", "reopen", "return"), 1):
            connection.execute(
                versions.insert().values(
                    submission_id=first, version=number, at=NOW, actor="user:1", action=action, changes={}
                )
            )
        days = [date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23)]
        assert [tuple(row) for row in counts.by_day(connection, days, china)] == [
            (days[0], 0, 0),
            (days[1], 1, 2),
            (days[2], 1, 0),
        ]
        assert counts.by_status(connection) == {"in-review": 1, "accepted": 1}
        assert counts.by_day(connection, [], china) == []


def test_questions_count_and_show_who_waits_for_a_person(database: Database) -> None:
    with database.write() as connection:
        waiting, other, done = _add(connection, {}, {}, {"status": "returned"})
        for number, fields in ((waiting, ["a", "b"]), (other, ["a"]), (done, ["a"])):
            connection.execute(
                records.insert().values(submission_id=number, content={"a": "1"}, marks={}, findings=[])
            )
            connection.execute(
                results.insert().values(submission_id=number, line={"fields": {}}, read_at=NOW)
            )
            connection.execute(
                doubts.insert(),
                [{"submission_id": number, "field": field, "form": "one"} for field in fields],
            )
        assert counts.questions(connection, "in-review") == [("one", "a", 2), ("one", "b", 1)]
        assert [row.id for row in listing.answers(connection, "one", "a", 0, 10)] == [waiting, other]
        assert [row.id for row in listing.answers(connection, "one", "a", waiting, 10)] == [other]
        assert listing.doubtful_fields(connection, [waiting, done]) == {waiting: ["a", "b"], done: ["a"]}


def test_what_there_is_none_of_is_said(database: Database) -> None:
    with database.read() as connection:
        for look in (listing.whole, listing.upload, listing.history):
            with pytest.raises(NotFound):
                look(connection, 4711)
        assert listing.last_change(connection) == 0


def test_a_word_is_found_where_its_pairs_stand_one_behind_the_other(database: Database) -> None:
    with database.write() as connection:
        whole, apart, other = _add(connection, {}, {"minutes": 1}, {"minutes": 2})
        for number, text in ((whole, "光谷园区低碳"), (apart, "园区的区低和低碳，光谷"), (other, "光谷")):
            search.index(connection, number, [text])
        for sort in SORTS:
            rows = listing.page(connection, Filter(query="光谷 园区低碳"), sort).rows
            assert [row.id for row in rows] == [whole]
            assert len(listing.page(connection, Filter(query="光谷"), sort).rows) == 3


def test_an_idle_connection_that_died_is_replaced(database: Database) -> None:
    if database.is_sqlite:
        return
    with database.read() as connection:
        process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    killer = Database(database.url.render_as_string(hide_password=False))
    with killer.read() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
    killer.close()
    time.sleep(1.2)  # as long as an unused connection is not asked whether it lives, and a little more
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != process
