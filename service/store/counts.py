"""Counts of all submissions: by state, by day, and by the question that waits for an answer."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

import sqlalchemy as sa

from service.store.statuses import WORDS, Status
from service.store.tables import doubts, submissions, versions

DECISIONS = ("accept", "return", "reject")


def by_status(connection: sa.Connection) -> Mapping[str, int]:
    """Returns {status: how many submissions have it}, for each status that occurs."""
    # One by one, each from the index of its status; grouped, PostgreSQL would read every row.
    columns = [_count(submissions.c.status == status).label(status) for status in WORDS]
    counted = connection.execute(sa.select(*columns)).one()._mapping
    return {status: counted[status] for status in WORDS if counted[status]}


def by_day(connection: sa.Connection, days: Sequence[date], zone: tzinfo) -> Sequence[tuple[date, int, int]]:
    """Returns (day, arrived, decided) for each of `days` in `zone`. A submission that is decided twice counts
    twice."""
    if not days:
        return []
    bounds = [_bounds(day, zone) for day in days]
    decided = versions.c.action.in_(DECISIONS)
    columns = [
        column
        for start, end in bounds
        for column in (
            _count(submissions.c.received_at >= start, submissions.c.received_at < end),
            _count(decided, versions.c.at >= start, versions.c.at < end),
        )
    ]
    counts = connection.execute(sa.select(*columns)).one()
    return [(day, counts[2 * place], counts[2 * place + 1]) for place, day in enumerate(days)]


def _bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(*conditions).scalar_subquery()


def questions(connection: sa.Connection, status: Status) -> Sequence[tuple[str, str, int]]:
    """Returns (form, field, count), the highest count first. The count is how many submissions of `status`
    wait for a person at that field."""
    count = sa.func.count().label("count")
    query = (
        sa.select(doubts.c.form, doubts.c.field, count)
        # The `+ 0` makes the query go by the index of the groups, not by the submissions, of which there are
        # more.
        .where(
            (doubts.c.submission_id + 0).in_(
                sa.select(submissions.c.id).where(submissions.c.status == status)
            )
        )
        .group_by(doubts.c.form, doubts.c.field)
        .order_by(count.desc(), doubts.c.form, doubts.c.field)
    )
    return [(row.form, row.field, row[2]) for row in connection.execute(query)]
