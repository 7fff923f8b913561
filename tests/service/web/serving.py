"""The service in this process for tests: an application on SQLite, with somebody signed in for each role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.blobs import FolderBlobs
from service.forms.definitions import load_forms
from service.settings import Settings
from service.store import accounts
from service.store.accounts import Role, Scope
from service.store.database import Database
from service.store.forms import FormStore
from service.web.app import create_app
from service.web.context import Context
from tests.service.databases import sqlite

PASSWORD = "a long enough password"


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


class Served:
    """A running application, and its people. `queued` are the uploads that were put into the queue."""

    def __init__(self, database: Database, folder: Path, settings: Settings | None = None) -> None:
        self.clock = Clock()
        self.queued: list[int] = []
        forms = FormStore(database)
        forms.add(load_forms(), "system", self.clock())
        known = replace(settings or Settings(), data=folder)
        self.context = Context(
            database, FolderBlobs(folder / "blobs"), known, forms, self._enqueue, self.clock
        )
        self.app: FastAPI = create_app(self.context)

    def _enqueue(self, connection: sa.Connection, upload: int) -> None:
        self.queued.append(upload)

    def client(self, **headers: str) -> TestClient:
        """A browser or a system that has not signed in."""
        return TestClient(
            self.app, base_url="http://127.0.0.1:8000", headers=headers, raise_server_exceptions=False
        )

    def user(self, name: str, role: Role, password: str = PASSWORD) -> int:
        with self.context.database.write() as connection:
            made = accounts.create_user(connection, name, name.title(), role, "system", self.clock())
            accounts.accept_invitation(
                connection, accounts.invite(connection, made, "system", self.clock()), password, self.clock()
            )
        return made

    def signed_in(self, role: Role, name: str | None = None) -> TestClient:
        """A browser in which somebody of that role has signed in."""
        who = name or f"one-{role}"
        self.user(who, role)
        client = self.client()
        answer = client.post("/api/v1/session", json={"name": who, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def system(self, *scopes: Scope) -> TestClient:
        """Another system, with a token for `scopes`."""
        with self.context.database.write() as connection:
            user = accounts.create_user(
                connection, f"owner-{'-'.join(scopes)}", "", "administrator", "system", self.clock()
            )
            owner = accounts.Actor(f"user:{user}", "owner", accounts.ROLES["administrator"])
            _, token = accounts.create_token(connection, "a system", scopes, owner, self.clock())
        return self.client(Authorization=f"Bearer {token}")


@contextmanager
def served(folder: Path, settings: Settings | None = None) -> Iterator[Served]:
    with sqlite(folder) as database:
        yield Served(database, folder, settings)
