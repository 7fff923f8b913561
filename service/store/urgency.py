"""The order in which submissions need somebody: what nobody can go on with, what is doubtful, what is clear,
what is still read, and what was decided.

What waits stands with the longest waiting first, what was decided with the newest first. Each of these stages
is a query of its own, which walks the index of its status, so that no row is looked at for its rank.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from service.store import twins
from service.store.tables import submissions

_DECIDED = ("returned", "accepted", "rejected", "withdrawn")
Stage = Literal["blocked", "doubtful", "clear", "reading", "decided"]
STAGES: tuple[Stage, ...] = ("blocked", "doubtful", "clear", "reading", "decided")


# Fetches the first rows of a query in the order of these columns, descending or not, up to a limit.
Fetch = Callable[[sa.Select[Any], Sequence[sa.Column[Any]], bool, int], Sequence[Any]]


@dataclass(frozen=True)
class Place:
    """Where a page ended: the stage by its number, the time of arrival, and the number of the submission."""

    stage: int
    at: datetime
    number: int


def page(
    fetch: Fetch, conditions: Sequence[sa.ColumnElement[bool]], after: Place | None, limit: int
) -> tuple[Sequence[Any], Place | None]:
    """Returns up to `limit` rows of `submissions` that meet the `conditions`, after that place, and the place
    of the last one where there are more."""
    found: list[tuple[int, Any]] = []
    for number in range(after.stage if after else 0, len(STAGES)):
        newest_first = STAGES[number] == "decided"
        pair = (submissions.c.received_at, submissions.c.id)
        query = submissions.select().where(_condition(STAGES[number]), *conditions)
        if after and number == after.stage:
            here = sa.tuple_(*pair)
            there = sa.tuple_(
                *(
                    sa.literal(value, column.type)
                    for value, column in zip((after.at, after.number), pair, strict=True)
                )
            )
            query = query.where(here < there if newest_first else here > there)
        rows = fetch(query, pair, newest_first, limit + 1 - len(found))
        found += [(number, row) for row in rows]
        if len(found) > limit:
            stage, last = found[limit - 1]
            return [row for _, row in found[:limit]], Place(stage, last.received_at, last.id)
    return [row for _, row in found], None


def _condition(stage: Stage) -> sa.ColumnElement[bool]:
    columns = submissions.c
    under_review = columns.status == "in-review"
    # The expression `id + 0` keeps SQLite from fetching the twins first, and sorting them all.
    same = (columns.id + 0).in_(twins.numbers_unsettled())
    amiss = sa.or_(columns.doubtful > 0, columns.errors > 0)
    match stage:
        case "blocked":
            return sa.and_(
                columns.status.in_(("unreadable", "in-review")), sa.or_(columns.status == "unreadable", same)
            )
        case "doubtful":
            return sa.and_(under_review, amiss, sa.not_(same))
        case "clear":
            return sa.and_(under_review, sa.not_(amiss), sa.not_(same))
        case "reading":
            return columns.status.in_(("received", "reading"))
        case "decided":
            return columns.status.in_(_DECIDED)
