"""The workers that report that they live. A worker that is not in this table is dead, and any other may take
its jobs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.tables import workers


def say_alive(connection: sa.Connection, name: str, host: str, pid: int, now: datetime) -> None:
    """Enters a worker, also one that was declared dead meanwhile, or records that it still lives."""
    about = {"host": host, "pid": pid, "seen_at": now}
    if not connection.execute(workers.update().where(workers.c.name == name).values(about)).rowcount:
        connection.execute(workers.insert().values(name=name, started_at=now, **about))


def living(connection: sa.Connection) -> list[Any]:
    """Returns the rows of all workers that were not declared dead."""
    return list(connection.execute(workers.select().order_by(workers.c.name)))


def declare_dead(connection: sa.Connection, rows: Iterable[Any]) -> list[str]:
    """Deletes the workers of `rows`, except those that have reported since, and returns the names of the
    deleted ones."""
    struck = [
        connection.execute(
            workers.delete()
            .where(workers.c.name == row.name, workers.c.seen_at == row.seen_at)
            .returning(workers.c.name)
        ).scalar()
        for row in rows
    ]
    return [name for name in struck if name]


def leave(connection: sa.Connection, name: str) -> None:
    """Removes a worker that stops, so that the others need not first miss it."""
    connection.execute(workers.delete().where(workers.c.name == name))
