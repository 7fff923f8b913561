"""The order in which submissions need somebody: what nobody can go on with, what is doubtful, what is clear,
what is still read, and what was decided.

What waits stands with the longest waiting first, what was decided with the newest first. Each of these stages
is one query or two, which walk the index of a status, so that no row is looked at for its rank.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from service.store import twins
from service.store.among import among
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
        beyond: Sequence[sa.ColumnElement[bool]] = ()
        if after and number == after.stage:
            here = sa.tuple_(*pair)
            there = sa.tuple_(
                *(
                    sa.literal(value, column.type)
                    for value, column in zip((after.at, after.number), pair, strict=True)
                )
            )
            beyond = (here < there if newest_first else here > there,)
        rows = [
            row
            for kind in _kinds(STAGES[number])
            for row in fetch(
                submissions.select().where(kind, *beyond, *conditions),
                pair, newest_first, limit + 1 - len(found),
            )
        ]  # fmt: skip
        rows.sort(key=lambda row: (row.received_at, row.id), reverse=newest_first)
        found += [(number, row) for row in rows[: limit + 1 - len(found)]]
        if len(found) > limit:
            stage, last = found[limit - 1]
            return [row for _, row in found[:limit]], Place(stage, last.received_at, last.id)
    return [row for _, row in found], None


def _kinds(stage: Stage) -> Sequence[sa.ColumnElement[bool]]:
    """Returns the kinds of submissions of a stage, none of which is of another. They are asked for one by
    one: of few that may be twins among many under review, PostgreSQL would otherwise look at all."""
    columns = submissions.c
    under_review = columns.status == "in-review"
    same = among(columns.id, twins.numbers_unsettled())
    amiss = sa.or_(columns.doubtful > 0, columns.errors > 0)
    match stage:
        case "blocked":
            return columns.status == "unreadable", sa.and_(under_review, same)
        case "doubtful":
            return (sa.and_(under_review, amiss, sa.not_(same)),)
        case "clear":
            return (sa.and_(under_review, sa.not_(amiss), sa.not_(same)),)
        case "reading":
            return (columns.status.in_(("received", "reading")),)
        case "decided":
            return (columns.status.in_(_DECIDED),)
