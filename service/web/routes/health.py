"""Health checks and metrics. Whether the service lives and can work is open to all; the metrics need a token.
None of them holds personal data."""

import io
from collections.abc import Callable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse, Response

from service.store.accounts import Actor
from service.store.tables import workers
from service.web.context import Context, Here
from service.web.metrics import ALIVE
from service.web.security import may

router = APIRouter(tags=["health"])
_PROBE = b"Sealform can write here."


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Says that this process lives. The database is not checked, because a new process would not mend it."""
    return {"status": "ok"}


class Ready(BaseModel):
    """Whether requests can be served, and the result of each check."""

    ready: bool
    checks: dict[str, Any]


@router.get("/readyz", response_model=Ready, responses={503: {"description": "Not ready", "model": Ready}})
def readyz(context: Here) -> Response:
    """Says whether requests can be served: the database answers and has this program's schema, and bytes can
    be stored.

    Workers are counted, but their absence is no reason to send no requests here: what is uploaded waits for
    them.
    """
    checks: dict[str, Any] = {
        "database": _state(lambda: _schema(context)),
        "blobs": _state(lambda: _write(context)),
    }
    ready = all(state == "ok" for state in checks.values())
    if checks["database"] == "ok":
        checks["workers"] = _workers(context)
    return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, who: Annotated[Actor, may("see")]) -> Response:
    """Returns the metrics for Prometheus, which brings a token, because how much arrives and how it ends is
    nobody else's business."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _state(check: Callable[[], str]) -> str:
    """Returns the result of `check`. Of an error only its kind is told."""
    try:
        return check()
    except Exception as error:
        return type(error).__name__


def _schema(context: Context) -> str:
    return "ok" if context.database.is_current() else "schema-differs"


def _write(context: Context) -> str:
    context.blobs.delete(context.blobs.put(io.BytesIO(_PROBE)).sha256)
    return "ok"


def _workers(context: Context) -> int:
    with context.database.read() as connection:
        alive = sa.select(sa.func.count()).where(workers.c.seen_at > context.clock() - ALIVE)
        return connection.scalar(alive) or 0
