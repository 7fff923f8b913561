"""The application: routes under /api/v1, pages beside them, one way to refuse, one guard before all."""

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
from service.web.campaigns import Campaigns
from service.web.context import Context
from service.web.html_pages import install as install_pages
from service.web.metrics import Metrics
from service.web.routes import (  # fmt: skip
    audit,
    campaigns,
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
    twins.router, export.router, campaigns.router, webhooks.router, part_pages.router, audit.router,
)  # fmt: skip

# Requests that wait for a picture at the same time; those beyond wait in line.
_DRAWINGS = 8


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await run_in_threadpool(app.state.views.close)


def create_app(context: Context) -> FastAPI:
    """The service on what `context` holds. Nothing is open but signing in, the health checks and the look of
    the pages."""
    # FastAPI's own pages of documentation load from elsewhere.
    app = FastAPI(
        title="Sealform", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.context = context
    app.state.metrics = Metrics(context.database, context.clock)
    app.state.campaigns = Campaigns(context.forms, context.settings.campaigns)
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
        """The OpenAPI document of this API."""
        return made()

    @cache
    def made() -> dict[str, Any]:
        return get_openapi(title=app.title, version=app.version, routes=app.routes)

    return openapi
