"""`sealform reseal`: seals all that is kept with the key that seals now, while the service goes on; values in
the database too where the settings say so, and opens them where they no longer do.

What is sealed says itself with which key, so that there is nothing to note: whoever is interrupted goes on
where they stopped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from models.errors import BadUsage, KeyMissing, NotFound, SealBroken
from service.blobs import Blobs
from service.sealing import Keys
from service.store import search, second_factor
from service.store.database import Database
from service.store.sealed import Sealed, Values, values_of
from service.store.tables import metadata
from service.terminal import progress
from service.upkeep.purge import wipe

# Rows of a table that are changed in one transaction, for which others wait.
_AT_ONCE = 100


@dataclass(frozen=True)
class Resealed:
    """How many blobs were sealed anew `of` all, and secrets of second factors, and how many rows of the
    database were sealed or opened; `failed` says of each that could not be which it is and why."""

    blobs: int
    of: int
    secrets: int
    rows: int
    failed: list[str]


def reseal(database: Database, blobs: Blobs, keys: Keys, console: Console) -> Resealed:
    """Seals what came plain, and wraps anew what is sealed with an older key. Values of the database become
    what its settings say.

    Raises:
        BadUsage: there is no key.
    """
    if not keys.seals:
        raise BadUsage("没有密钥", advice="请设置 SEALFORM_KEYS 或 SEALFORM_KEY_COMMAND")

    @contextmanager
    def held() -> Iterator[None]:
        """Keeps `sealform purge` away, which removes blobs within a transaction that has this lock."""
        with database.write(patient=True) as connection:
            if not database.is_sqlite:
                connection.execute(sa.text("LOCK TABLE upload_files IN SHARE ROW EXCLUSIVE MODE"))
            yield

    failed: list[str] = []
    secrets = 0
    try:
        with database.write() as connection:
            secrets = second_factor.reseal(connection, keys)
    except (KeyMissing, SealBroken) as error:
        failed.append(f"动态验证码的密钥：{error.message}")
    rows = _turn_values(database, console, failed)
    digests, changed = list(blobs.digests()), 0
    with progress(console, "密封文件", len(digests)) as advance:
        for digest in digests:
            try:
                changed += blobs.reseal(digest, held)
            except NotFound:
                pass  # purged meanwhile
            except (KeyMissing, SealBroken) as error:
                failed.append(f"{digest}：{error.message}")
            advance("")
    return Resealed(changed, len(digests), secrets, rows, failed)


def _turn_values(database: Database, console: Console, failed: list[str]) -> int:
    """Seals or opens every value, table by table and some rows at a time; returns the number of rows that
    changed. Others may write meanwhile: what they write is as the settings say."""
    with database.write() as connection:
        values = values_of(connection)
        if values.on:
            connection.execute(sa.text("DELETE FROM search"))
    rows = 0
    tables = [table for table in metadata.sorted_tables if _sealed_columns(table)]
    with progress(console, "密封数据库中的值" if values.on else "打开数据库中的值", len(tables)) as advance:
        for table in tables:
            rows += _turn(database, table, values, failed)
            advance("")
    if rows and not values.on:
        _index(database)
    if rows:
        wipe(database)
    return rows


def _sealed_columns(table: sa.Table) -> dict[str, Sealed]:
    return {column.name: column.type for column in table.columns if isinstance(column.type, Sealed)}


def _turn(database: Database, table: sa.Table, values: Values, failed: list[str]) -> int:
    """Turns one table in the order of its primary key, as it stands in the database."""
    kinds = _sealed_columns(table)
    columns = [sa.Column(one.name, _plain(one.type), primary_key=one.primary_key) for one in table.columns]
    raw = sa.Table(table.name, sa.MetaData(), *columns)
    keys, changed = list(raw.primary_key.columns), 0
    query = sa.select(*keys, *(raw.c[name] for name in kinds if raw.c[name] not in keys)).order_by(*keys)
    last: tuple[Any, ...] | None = None
    while True:
        some = query.limit(_AT_ONCE).with_for_update()
        if last is not None:
            after = (sa.literal(value, key.type) for value, key in zip(last, keys, strict=True))
            some = some.where(sa.tuple_(*keys) > sa.tuple_(*after))
        with database.write() as connection:
            rows = connection.execute(some).mappings().all()
            for row in rows:
                mine = [key == row[key.name] for key in keys]
                made = _turned(table.name, kinds, row, values, failed)
                if made:
                    connection.execute(raw.update().where(*mine).values(made))
                    changed += 1
        if len(rows) < _AT_ONCE:
            return changed
        last = tuple(rows[-1][key.name] for key in keys)


def _plain(kind: Any) -> Any:
    return kind.plain() if isinstance(kind, Sealed) else kind


def _turned(
    table: str, kinds: dict[str, Sealed], row: Any, values: Values, failed: list[str]
) -> dict[str, Any]:
    """The columns of a row that are not as they should be, as they should."""
    made = {}
    for name, kind in kinds.items():
        try:
            told = kind.turned(values, row[name])
        except (KeyMissing, SealBroken) as error:
            failed.append(f"表 {table} 的 {name}：{error.message}")
        else:
            if told is not None:
                made[name] = told
    return made


def _index(database: Database) -> None:
    """Makes everything findable again."""
    last: int | None = 0
    while last is not None:
        with database.write() as connection:
            last = search.index_some(connection, last, _AT_ONCE)
