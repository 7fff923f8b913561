"""The workers that say that they live. Who is not in this table is dead, and its work is anybody's."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.tables import workers


def say_alive(connection: sa.Connection, name: str, host: str, pid: int, now: datetime) -> None:
    """Enters a worker, also one that was declared dead meanwhile, or says that it still lives."""
    about = {"host": host, "pid": pid, "seen_at": now}
    if not connection.execute(workers.update().where(workers.c.name == name).values(about)).rowcount:
        connection.execute(workers.insert().values(name=name, started_at=now, **about))


def living(connection: sa.Connection) -> list[Any]:
    """The rows of all workers that were not declared dead."""
    return list(connection.execute(workers.select().order_by(workers.c.name)))


def declare_dead(connection: sa.Connection, rows: Iterable[Any]) -> list[str]:
    """Strikes out the workers of `rows`, but none that has been heard of since; returns their names."""
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
    """A worker that stops says so, and need not be missed first."""
    connection.execute(workers.delete().where(workers.c.name == name))
