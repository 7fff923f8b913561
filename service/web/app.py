"""Builds the web application: the routes under /api/v1, the pages beside them, one form of error answers, and
one guard in front of everything."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.concurrency import run_in_threadpool

from service.logs import RequestLog
from service.page_pictures import Views
from service.store.accounts import Actor
from service.web import problems
from service.web.context import Context
from service.web.html_pages import install as install_pages
from service.web.metrics import Metrics
from service.web.routes import (  # fmt: skip
    audit,
    correction,
    editing,
    export,
    forms,
    health,
    part_pages,
    questions,
    session,
    submissions,
    tokens,
    twins,
    uploads,
    users,
    webhooks,
)
from service.web.security import Guard, may

API = "/api/v1"
_ROUTERS: Sequence[APIRouter] = (
    session.router, users.router, tokens.router, forms.router, uploads.router, submissions.router,
    editing.router, questions.router,
    twins.router, export.router, correction.router, webhooks.router, part_pages.router, audit.router,
)  # fmt: skip

# The number of requests that may wait for a picture at the same time; further ones queue.
_DRAWINGS = 8


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await run_in_threadpool(app.state.views.close)


def create_app(context: Context) -> FastAPI:
    """Builds the service on `context`. Without signing in, only the sign-in itself, the health checks and the
    static files of the pages can be reached."""
    # FastAPI's own documentation pages are off, because they load scripts from other sites.
    app = FastAPI(
        title="Sealform", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.context = context
    app.state.metrics = Metrics(context.database, context.clock)
    app.state.views = Views(context.settings, context.blobs)
    app.state.drawing = CapacityLimiter(_DRAWINGS)
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router, prefix=API, responses=problems.RESPONSES)
    app.include_router(health.router)
    app.get(f"{API}/openapi.json", include_in_schema=False)(_document(app))
    install_pages(app)
    app.add_middleware(Guard, most=context.settings.request_bytes, secure=context.settings.is_secure)
    app.add_middleware(RequestLog, count=app.state.metrics.count_request)
    return app


def _document(app: FastAPI) -> Any:
    def openapi(who: Annotated[Actor, may()]) -> dict[str, Any]:
        """Returns the OpenAPI document of this API."""
        return made()

    @cache
    def made() -> dict[str, Any]:
        return get_openapi(title=app.title, version=app.version, routes=app.routes)

    return openapi
