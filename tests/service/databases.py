"""Databases for tests: a file of SQLite, and a database of its own on the PostgreSQL that
SEALFORM_TEST_POSTGRES names."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.store.database import Database

_SERVER = os.environ.get("SEALFORM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{folder / 'sealform.db'}")
    database.migrate()
    try:
        yield database
    finally:
        database.close()


@contextmanager
def postgresql() -> Iterator[Database]:
    url = sa.make_url(_SERVER).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"sealform_{secrets.token_hex(6)}"
    try:
        with server.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    except sa.exc.OperationalError:
        pytest.skip("needs PostgreSQL on 127.0.0.1:5432, or where SEALFORM_TEST_POSTGRES says")
    database = Database(url.set(database=name).render_as_string(hide_password=False))
    try:
        database.migrate()
        yield database
    finally:
        database.close()
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()
