"""Databases for tests: a file of SQLite, and a database of its own on the PostgreSQL that
SEALFORM_TEST_POSTGRES names. Each is a copy of one that was migrated once in this process. With
SEALFORM_TEST_SEALED=1 their values are sealed, so that what else is tested can be tried with that too."""

import atexit
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.sealing import Keys
from service.store.database import Database
from service.store.sealed import Values

_SERVER = os.environ.get("SEALFORM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
_NAME = "sealform.db"
_SEALED = Values(Keys(lambda: [bytes(32)]), on=True) if os.environ.get("SEALFORM_TEST_SEALED") else None


@contextmanager
def sqlite(folder: Path, values: Values | None = None) -> Iterator[Database]:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _NAME).exists():
        shutil.copyfile(_migrated_file(), folder / _NAME)
    database = Database(f"sqlite:///{folder / _NAME}", values or _SEALED)
    try:
        yield database
    finally:
        database.close()


@cache
def _migrated_file() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    database = Database(f"sqlite:///{folder / _NAME}")
    database.migrate()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder / _NAME


@contextmanager
def postgresql(values: Values | None = None) -> Iterator[Database]:
    try:
        server = _server()
        name = server.copy_of_migrated()
    except sa.exc.OperationalError:
        pytest.skip("needs PostgreSQL on 127.0.0.1:5432, or where SEALFORM_TEST_POSTGRES says")
    database = server.database(name, values or _SEALED)
    try:
        yield database
    finally:
        database.close()
        server.drop(name)


class _Server:
    """A server of PostgreSQL. It drops databases aside, because it writes a checkpoint for each."""

    def __init__(self) -> None:
        self._url = sa.make_url(_SERVER).set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(
            self._url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3}
        )
        self._migrated = self._create("")
        atexit.register(self._close)
        self._aside = ThreadPoolExecutor(1)
        database = self.database(self._migrated)
        database.migrate()
        database.close()

    def copy_of_migrated(self) -> str:
        return self._create(f"TEMPLATE {self._migrated}")

    def database(self, name: str, values: Values | None = None) -> Database:
        return Database(self._url.set(database=name).render_as_string(hide_password=False), values)

    def drop(self, name: str) -> None:
        self._aside.submit(self._execute, f"DROP DATABASE {name} WITH (FORCE)")

    def _create(self, how: str) -> str:
        name = f"sealform_{secrets.token_hex(6)}"
        self._execute(f"CREATE DATABASE {name} {how}")
        return name

    def _execute(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(sa.text(statement))

    def _close(self) -> None:
        # What was dropped aside is gone by now: threads end before this.
        self._execute(f"DROP DATABASE {self._migrated} WITH (FORCE)")
        self._engine.dispose()


@cache
def _server() -> _Server:
    return _Server()
