"""Measures how long finding twins takes among 100,000 submissions on SQLite: the cost for storing a reading,
and the time of the upgrade.

The database is that of `service_listing.py`, as it was before the upgrade. Every submission holds one of
three numbers of blank forms that were copied to everybody, and one unit applied a thousand times; this is the
hardest case. Times include the commit.
"""

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from benchmarks.service_listing import SUBMISSIONS, fill
from service.store import listing, twins
from service.store.database import Database
from service.store.listing import Filter
from service.store.tables import submissions

_TIMES = 200
_OFTEN = "武汉光伏科技有限公司"


def run(count: int = SUBMISSIONS) -> Iterator[str]:
    """Measures the upgrade, and each kind of search."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), count)
        database = Database(f"sqlite:///{Path(folder) / 'sealform.db'}")
        _make_older(database)
        yield _timed("the upgrade, once", database.migrate, 1)
        often, others = itertools.count(100, 100), (number for number in itertools.count(1) if number % 100)

        def seek(numbers: Iterator[int]) -> None:
            with database.write() as connection:
                twins.seek(connection, next(numbers))

        def ask() -> None:
            with database.read() as connection:
                listing.page(connection, Filter(twins=True))

        yield _timed("to find a unit of few", lambda: seek(others), _TIMES)
        yield _timed("to find a unit of many", lambda: seek(often), _TIMES)
        yield _timed("to list those in doubt", ask, _TIMES)
        database.close()


def _make_older(database: Database) -> None:
    about = submissions.c
    with database.write() as connection:
        connection.execute(submissions.update().where(about.id % 100 == 0).values(unit=_OFTEN))
        connection.execute(
            submissions.update().values(instance=sa.literal("7KX") + sa.cast(about.id % 3, sa.String))
        )
        for statement in (
            "DROP TABLE kinships",
            "DROP TABLE traits",
            "UPDATE alembic_version SET version_num = '0001'",
        ):
            connection.execute(sa.text(statement))


def _timed(name: str, case: Callable[[], object], times: int) -> str:
    taken, cpu = [], time.process_time()
    for _ in range(times):
        started = time.perf_counter()
        case()
        taken.append((time.perf_counter() - started) * 1000)
    cpu = (time.process_time() - cpu) * 1000 / times
    taken.sort()
    told = (
        f"median {statistics.median(taken):8.1f} ms   p95 "
        f"{taken[int(times * 0.95)]:8.1f} ms   CPU {cpu:8.1f} ms"
    )
    return f"{name:24} {told}   of {times}"


if __name__ == "__main__":
    for line in run(int(sys.argv[1]) if len(sys.argv) > 1 else SUBMISSIONS):
        print(line)
