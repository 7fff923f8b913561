"""The objects that the routes work with. They are made once, when the service starts, and FastAPI hands them
to each route."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Request

from service.blobs import Blobs
from service.sealing import Keys, no_keys
from service.settings import Settings
from service.store.database import Database
from service.store.forms import FormStore

Enqueue = Callable[[sa.Connection, int], None]


@dataclass(frozen=True)
class Context:
    """What the routes work with. `enqueue` puts an upload into the queue within the caller's transaction;
    `clock` returns the time in UTC; `keys` seal what is kept."""

    database: Database
    blobs: Blobs
    settings: Settings
    forms: FormStore
    enqueue: Enqueue
    clock: Callable[[], datetime]
    keys: Keys = field(default_factory=no_keys)


async def _context(request: Request) -> Context:
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


Here = Annotated[Context, Depends(_context)]
