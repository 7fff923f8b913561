"""What is known of the accepted values: how many there were in each stratum, how many of these people looked
at, and how many were wrong."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.proof.judgement.agreement import BAD, OPEN
from service.proof.judgement.interval import Counted
from service.proof.judgement.strata import Stratum
from service.store.proof_tables import proof_answers, proof_counts, proof_samples

# The days of which the figure is, and on which a draw is planned.
WINDOW = timedelta(days=84)
# Seconds that looking at one takes before people were timed: a tick, a short text.
_TICK, _TEXT = 4.0, 8.0
# So many must have been timed before their median counts, and no more are looked at.
_TIMED, _MOST_TIMED = 20, 2000

Days = Mapping[str, Mapping[Stratum, Counted]]
# From which day on values of a stratum count, and from when on they must have been read.
Since = Callable[[Stratum], datetime | None]


def by_day(
    connection: sa.Connection, first: date, since: Since | None = None, *, waiting: bool = False
) -> Days:
    """Returns the counts of each day from `first` on. `since` leaves out what was read earlier than it says
    of a stratum; with `waiting`, what nobody has looked at yet counts as looked at."""
    found: dict[str, dict[Stratum, Counted]] = {}
    start = first.isoformat()
    for row in connection.execute(proof_counts.select().where(proof_counts.c.day >= start)):
        one = Stratum(row.form, row.kind, row.source)
        begun = since(one) if since else None
        if begun is None or row.day >= begun.date().isoformat():
            found.setdefault(row.day, {})[one] = Counted(row.accepted, 0, 0)
    for row in _looked_at(connection, start, waiting):
        one = Stratum(row.form, row.kind, row.source)
        begun = since(one) if since else None
        if begun is not None and row.read_at <= begun:
            continue
        before = found.setdefault(row.day, {}).get(one, Counted(0, 0, 0))
        found[row.day][one] = Counted(before.population, before.looked + 1, before.wrong + (row.state in BAD))
    return found


def _looked_at(connection: sa.Connection, start: str, waiting: bool) -> Any:
    columns = ("day", "form", "kind", "source", "state", "read_at")
    query = sa.select(*(proof_samples.c[name] for name in columns)).where(
        proof_samples.c.purpose == "sample", proof_samples.c.day >= start
    )
    return connection.execute(query if waiting else query.where(proof_samples.c.state.not_in(OPEN)))


def seconds_by_kind(connection: sa.Connection, kinds: Mapping[str, bool]) -> dict[str, float]:
    """Returns the seconds that looking at one value of a kind takes: the median of what people took, once
    there were enough. `kinds` says of each whether it is answered by a tick."""
    timed = (
        sa.select(proof_samples.c.kind, proof_answers.c.seconds)
        .join(proof_samples, proof_samples.c.id == proof_answers.c.sample_id)
        .order_by(proof_answers.c.at.desc())
        .limit(_MOST_TIMED)
    )
    taken: dict[str, list[float]] = {}
    for row in connection.execute(timed):
        taken.setdefault(row.kind, []).append(row.seconds)
    return {
        kind: sorted(taken[kind])[len(taken[kind]) // 2]
        if len(taken.get(kind, ())) >= _TIMED
        else (_TICK if ticked else _TEXT)
        for kind, ticked in kinds.items()
    }
