"""The service on PostgreSQL with as many submissions as are wanted (1,000,000 unless said): how large each is
on disk, and how long the list, search, counts, the wall of a question and the cursor of an export take over
HTTP; of what is slow, the plan.

`python -m benchmarks.service_million [COUNT]` makes a database of its own on the server that
SEALFORM_TEST_POSTGRES names, and drops it at the end. 20,000 submissions are drawn as in `service_listing.py`
and copied (COPY), the rest are the same again with other numbers, so that a word occurs in as large a part of
all.
"""

import json
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks import service_listing as listing_benchmark
from service.store import listing
from service.store.database import Database
from service.store.tables import metadata

COUNT = 1_000_000
# Milliseconds within which 95 % of the answers should be there.
WANTED = 300
_DRAWN = 20_000
# Each case is asked so often, of which 95 % are 38.
_TIMES = 40
_SERVER = os.environ.get("SEALFORM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
_TABLES = ("uploads", "upload_files", "submissions", "results", "records", "versions", "doubts")
# Columns that number a submission or its upload, or the order of changes.
_NUMBERS = frozenset({"id", "upload_id", "submission_id", "changed"})


def main(count: int = COUNT) -> None:
    """Prints sizes, times and plans."""
    with made(count) as (url, token), tempfile.TemporaryDirectory() as folder:
        os.environ["SEALFORM_DATABASE_URL"] = url
        with listing_benchmark.serving(Path(folder)) as service, service.client(token) as client:
            for speed in listing_benchmark.questions(service, client, _TIMES):
                _tell(speed)
            _tell(_changes(service, client))
        _explain(url)


def _tell(speed: listing_benchmark.Speed) -> None:
    print(speed, "" if speed.p95 <= WANTED else "  OVER", flush=True)


@contextmanager
def made(count: int) -> Iterator[tuple[str, str]]:
    """(URL, token) of a database with `count` submissions."""
    server_url = sa.make_url(_SERVER).set(drivername="postgresql+psycopg")
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    name = f"sealform_bench_{secrets.token_hex(4)}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    url = server_url.set(database=name)
    database = Database(url.render_as_string(hide_password=False))
    try:
        database.migrate()
        token = listing_benchmark.token_of(database)
        started = time.monotonic()
        _fill(url, count)
        print(f"{count} submissions made in {time.monotonic() - started:.0f} s")
        _sizes(url, count)
        yield url.render_as_string(hide_password=False), token
    finally:
        database.close()
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def _fill(url: sa.URL, count: int) -> None:
    engine = sa.create_engine(url)
    draw, form, drawn = random.Random(1), listing_benchmark.form_of_most(), min(count, _DRAWN)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_search_tokens"))
        rows: dict[str, list[dict[str, Any]]] = {}
        for number in range(1, drawn + 1):
            for table, made in listing_benchmark.submission(form, draw, number).items():
                rows.setdefault(table, []).extend(made)
        for table in _TABLES:
            _copy(connection, table, rows[table])
        _copy(connection, "search", [_vector(row) for row in rows["search"]])
    for start in range(drawn, count, drawn):
        with engine.begin() as connection:
            for table in (*_TABLES, "search"):
                _again(connection, table, start, count)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE INDEX ix_search_tokens ON search USING gin (tokens)"))
        connection.execute(sa.text("UPDATE counters SET value = :n WHERE name = 'changes'"), {"n": count})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    engine.dispose()


def _vector(row: dict[str, Any]) -> dict[str, Any]:
    tokens = str(row["tokens"]).split()
    return {
        "submission_id": row["id"],
        "tokens": " ".join(f"'{token}':{place}" for place, token in enumerate(tokens, 1)),
    }


def _copy(connection: sa.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    usual = _defaults(table)
    columns = list(usual | rows[0])
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_plain((usual | row)[name]) for name in columns])


def _defaults(table: str) -> dict[str, Any]:
    """What SQLAlchemy would fill in."""
    known = metadata.tables.get(table)
    columns = known.columns if known is not None else ()
    return {one.name: one.default.arg for one in columns if one.default is not None and one.default.is_scalar}


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value


def _again(connection: sa.Connection, table: str, start: int, count: int) -> None:
    """The first rows once more, with numbers from `start` on."""
    known = metadata.tables.get(table)
    columns = [column.name for column in known.columns] if known is not None else ["submission_id", "tokens"]
    number = next(name for name in ("submission_id", "upload_id", "id") if name in columns)
    number = "id" if table in ("submissions", "uploads") else number
    taken = ", ".join(f"{name} + {start}" if name in _NUMBERS else f'"{name}"' for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    most = min(_DRAWN, count - start)
    connection.execute(
        sa.text(f"INSERT INTO {table} ({named}) SELECT {taken} FROM {table} WHERE {number} <= {most}")
    )


def _sizes(url: sa.URL, count: int) -> None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        total = 0
        for table in (*_TABLES, "search"):
            size = connection.scalar(sa.text(f"SELECT pg_total_relation_size('{table}')")) or 0
            total += size
            print(f"{table:14} {size >> 20:6} MiB, {size / count:7.0f} bytes a submission")
    print(f"{'all':14} {total >> 20:6} MiB, {total / count:7.0f} bytes a submission")
    engine.dispose()


def _changes(service: listing_benchmark.Service, client: httpx.Client) -> listing_benchmark.Speed:
    cursor = ["0"]

    def page() -> None:
        wanted: dict[str, str | int] = {"limit": 100, "after": cursor[0]}
        answer = client.get("/api/v1/changes", params=wanted)
        answer.raise_for_status()
        cursor[0] = str(answer.json()["next"])

    return listing_benchmark.measure(service, "export, cursor by cursor", page, _TIMES)


def _explain(url: str) -> None:
    """The plans of the list and of searches, as the store asks."""
    database = Database(url)
    asked: list[tuple[str, Any]] = []

    def hear(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    cases = {
        "search, a common word": listing.Filter(query="园区"),
        "search, one character": listing.Filter(query="园"),
        "part of the unit": listing.Filter(unit="武汉科技"),
    }
    for name, wanted in cases.items():
        with database.read() as connection:
            asked.clear()
            sa.event.listen(connection, "before_cursor_execute", hear)
            listing.page(connection, wanted, "-received_at", None, 50)
            slowest, plan = 0.0, list[str]()
            for statement, parameters in list(asked):
                lines = [
                    str(row[0])
                    for row in connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {statement}", parameters)
                ]
                took = float(lines[-1].split()[-2])
                slowest, plan = max((slowest, plan), (took, lines))
            print(f"\n{name}: {slowest:.0f} ms", *plan[:14], sep="\n    ")
    database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
