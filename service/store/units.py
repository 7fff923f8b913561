"""The applicants' names in the list of submissions: found by a part of them, and in their order. The database
does so, unless they are sealed; then each is opened here, which takes as long as there are many."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from service.store import sealed, search
from service.store.tables import submissions


def holding(connection: sa.Connection, part: str) -> sa.ColumnElement[bool] | sa.Select[int]:
    """Either the condition that `part` occurs in the name, or a selection of the submissions whose name it
    occurs in, whichever is found sooner."""
    if sealed.is_on(connection):
        query = sa.select(submissions.c.id, submissions.c.unit).where(submissions.c.unit.is_not(None))
        rows = connection.execute(query, execution_options=search.STREAM)
        wanted = part.lower()
        return search.numbers(connection.dialect.name, [row.id for row in rows if wanted in row.unit.lower()])
    named = sa.type_coerce(submissions.c.unit, sa.Text).contains(part, autoescape=True)
    return named if connection.dialect.name == "postgresql" else sa.select(submissions.c.id).where(named)


def page(
    connection: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]],
    after: tuple[str | None, int] | None, limit: int,
) -> list[Any]:  # fmt: skip
    """Up to `limit` submissions in the order of names that are sealed, after the one of that name and number;
    those without a name come last."""
    query = sa.select(submissions.c.id, submissions.c.unit).where(*conditions)
    every = sorted((row.unit is None, row.unit or "", row.id) for row in connection.execute(query))
    if after is not None:
        every = every[bisect_right(every, (after[0] is None, after[0] or "", after[1])) :]
    wanted = [number for _, _, number in every[:limit]]
    found = connection.execute(submissions.select().where(submissions.c.id.in_(wanted)))
    rows = {row.id: row for row in found}
    return [rows[number] for number in wanted]
