"""Measures the page of a campaign with 10,000 applications over HTTP on PostgreSQL: each request that the
page makes, all of them as it makes them, the same after a person decided something, and the lists and papers.

The database is made with a fixed seed, one of its own on the server that SEALFORM_TEST_POSTGRES names, and
dropped afterwards. The list from above has a row for every tenth application, and a person said nothing of
it yet: the first sign of each unit is missing, so that none fits exactly. `sealform serve` runs on it without
a worker; one client asks.
"""

import io
import os
import random
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from openpyxl import Workbook

from benchmarks.service_listing import measure, serving, submission
from models.campaign import Campaign
from service.campaigns.loading import Loaded, load_campaign
from service.forms.definitions import load_forms
from service.store import accounts
from service.store.database import Database
from service.store.tables import (
    counters,
    doubts,
    records,
    results,
    rulings,
    submissions,
    upload_files,
    uploads,
    versions,
)

APPLICATIONS = 10_000
CAMPAIGN = "near-zero-carbon-2021"
_SERVER = os.environ.get("SEALFORM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
_FIRST = datetime(2021, 1, 11, tzinfo=UTC)
_DAYS = 30
_TIMES, _SLOW = 40, 2
_BATCH = 1_000


def run(count: int = APPLICATIONS) -> Iterator[str]:
    """Measures each request, and tells how long it took."""
    loaded = load_campaign(CAMPAIGN, load_forms())
    with _database() as (database, url), tempfile.TemporaryDirectory() as folder:
        token = fill(database, loaded, count)
        with (
            serving(Path(folder), SEALFORM_DATABASE_URL=url) as service,
            service.client(token) as client,
        ):
            for name, case, times in _cases(client, count):
                yield str(measure(service, name, case, times))


def _cases(client: httpx.Client, count: int) -> Iterator[tuple[str, Callable[[], object], int]]:
    path = f"/api/v1/campaigns/{CAMPAIGN}"
    draw = random.Random(3)
    versions_of: dict[int, int] = {}

    def ask(rest: str, **wanted: Any) -> Any:
        answer = client.get(f"{path}{rest}", params=wanted)
        answer.raise_for_status()
        return answer

    page: dict[str, Callable[[], object]] = {
        "figures": lambda: ask(""),
        "chart": lambda: ask("/charts/organisers.svg"),
        "what waits": lambda: ask("/applications", only="waiting"),
        "outcome": lambda: ask("/outcome"),
        "where it belongs": lambda: client.get("/api/v1/placements").raise_for_status(),
    }

    def whole() -> None:
        client.get("/api/v1/campaigns").raise_for_status()
        for case in (*page.values(), page["chart"], page["chart"]):
            case()

    def decide() -> None:
        total = ask("/applications", limit=1).json()["total"]
        copies = ask("/applications", limit=1, offset=draw.randrange(total)).json()["items"]
        last = copies[0]["submission"]
        version = versions_of.setdefault(last, copies[0]["ruling"]["version"])
        said = {"recommendation": "own", "reason": "可行", "organiser": None}
        headers = {"If-Match": f'"{version}"'}
        client.put(f"{path}/rulings/{last}", json=said, headers=headers).raise_for_status()
        versions_of[last] += 1

    def after_deciding() -> None:
        decide()
        whole()

    files = {"list": ("list.xlsx", announced(count))}
    started = client.put(f"{path}/announced", files=files, headers={"If-Match": '"0"'})
    started.raise_for_status()
    for name, case in page.items():
        yield f"the page: {name}", case, _TIMES
    yield "the page, all of it", whole, _TIMES
    yield "decided, and the page again", after_deciding, _TIMES // 4
    yield "lists", lambda: ask("/lists"), _SLOW
    yield "papers", lambda: ask("/papers"), _SLOW


def announced(count: int) -> bytes:
    """A list from above."""
    book, stream = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet("名单")
    sheet.append(["序号", "试点名称", "申报单位"])
    for number in range(10, count + 1, 10):
        sheet.append([number // 10, _title(number) + "之" * (number % 100 == 0), _unit(number)[1:]])
    book.save(stream)
    return stream.getvalue()


def fill(database: Database, loaded: Loaded, count: int) -> str:
    """Puts `count` applications into an empty database, and returns a token for it."""
    draw, campaign = random.Random(21), loaded.campaign
    members = [member for _, member in campaign.members()]
    with database.write() as connection:
        user = accounts.create_user(connection, "bench", "", "administrator", "system", _FIRST)
        owner = accounts.Actor(f"user:{user}", "bench", accounts.ROLES["administrator"])
        scopes: list[accounts.Scope] = ["see", "decide", "export"]
        token = accounts.create_token(connection, "bench", scopes, owner, _FIRST)[1]
    for start in range(1, count + 1, _BATCH):
        numbers = range(start, min(start + _BATCH, count + 1))
        rows: dict[str, list[dict[str, Any]]] = {}
        for number in numbers:
            made = submission(loaded.form, draw, number)
            _apply(campaign, made, number, draw, members[number % len(members)])
            for table, some in made.items():
                rows.setdefault(table, []).extend(some)
        with database.write() as connection:
            for table in (uploads, upload_files, submissions, results, records, versions, doubts, rulings):
                if rows.get(table.name):
                    connection.execute(table.insert(), rows[table.name])
    with database.write() as connection:
        connection.execute(counters.update().where(counters.c.name == "changes").values(value=count))
        for table in (uploads, submissions):
            connection.execute(
                sa.text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {count})")
            )
    return token


def _apply(
    campaign: Campaign, made: dict[str, list[dict[str, Any]]], number: int, draw: random.Random, member: Any
) -> None:
    """Makes the rows of a submission those of an application: of the campaign's fields, in its days, through
    `member`; one in twenty is decided on."""
    fields = campaign.fields
    values = made["records"][0]["content"]
    values[fields.unit], values[fields.title] = _unit(number), _title(number)
    values[str(fields.domain)] = [campaign.domains[number % len(campaign.domains)].name]
    values[str(fields.address)] = f"{member.places[0] if member.places else ''}某路{number}号"
    values[str(fields.seal)] = {"present": True, "text": member.seals[0], "agrees": None}
    came = _FIRST + timedelta(minutes=draw.randrange(_DAYS * 24 * 60))
    message = {"address": f"a{number}@{member.mail[0]}" if number % 3 else None, "time": came.isoformat()}
    made["uploads"][0] |= {"message": message, "created_at": came, "arrived_at": came}
    made["submissions"][0] |= {"unit": _unit(number), "received_at": came}
    made.pop("search")
    if number % 20 == 0:
        said = {"organiser": member.name, "recommendation": "own"}
        made["rulings"] = [
            {"submission_id": number, "campaign": campaign.name, "content": said, "reason": "可行",
             "version": 1, "by": "user:1", "at": came}
        ]  # fmt: skip


def _unit(number: int) -> str:
    return f"武汉市第{number}{('科技有限公司', '社区居民委员会', '小学', '工业园管理委员会')[number % 4]}"


def _title(number: int) -> str:
    return f"第{number}号近零碳试点"


@contextmanager
def _database() -> Iterator[tuple[Database, str]]:
    """A database of its own, migrated and empty, and its URL."""
    url = sa.make_url(_SERVER).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"sealform_bench_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    own = url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    database = Database(own)
    try:
        database.migrate()
        yield database, own
    finally:
        database.close()
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


if __name__ == "__main__":
    for line in run(int(sys.argv[1]) if len(sys.argv) > 1 else APPLICATIONS):
        print(line, flush=True)
