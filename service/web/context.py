"""The objects that the routes work with. They are made once, when the service starts, and FastAPI hands them
to each route."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Request

from service.blobs import Blobs
from service.settings import Settings
from service.store.database import Database
from service.store.forms import FormStore

Enqueue = Callable[[sa.Connection, int], None]


@dataclass(frozen=True)
class Context:
    """What the routes work with. `enqueue` puts an upload into the queue within the caller's transaction;
    `clock` returns the time in UTC."""

    database: Database
    blobs: Blobs
    settings: Settings
    forms: FormStore
    enqueue: Enqueue
    clock: Callable[[], datetime]


def _context(request: Request) -> Context:
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


Here = Annotated[Context, Depends(_context)]
