"""Builds the web application: the routes under /api/v1, the pages beside them, one form of error answers, and
one guard in front of everything."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.drafting.desk import FormDesk
from service.logs import RequestLog
from service.page_pictures import Views
from service.web import problems
from service.web.campaigns import Campaigns
from service.web.context import Context
from service.web.description import chapters, describe
from service.web.directory import Directory
from service.web.html_pages import install as install_pages
from service.web.html_pages import render
from service.web.metrics import Metrics
from service.web.oidc import Provider
from service.web.recent import Recent
from service.web.routes import (  # fmt: skip
    aliases,
    audit,
    campaigns,
    correction,
    editing,
    export,
    forms,
    grouping,
    health,
    lessons,
    making,
    outcomes,
    own_login,
    own_sheets,
    part_pages,
    placements,
    proof,
    provider,
    questions,
    session,
    submissions,
    tokens,
    twins,
    uploads,
    users,
    webhooks,
    work,
)
from service.web.security import Guard, Visitor

API = "/api/v1"
_ROUTERS: Sequence[APIRouter] = (
    session.router, own_login.router, users.router, tokens.router, forms.router, making.router,
    uploads.router,
    submissions.router,
    editing.router, questions.router,
    twins.router, grouping.router, export.router, correction.router, campaigns.router, outcomes.router,
    own_sheets.router, placements.router,
    webhooks.router, part_pages.router,
    audit.router, proof.router, lessons.router, aliases.router, work.router,
)  # fmt: skip

# The number of requests that may wait for a picture at the same time; further ones queue.
_DRAWINGS = 8


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await run_in_threadpool(app.state.views.close)
    await run_in_threadpool(app.state.desk.close)


def create_app(context: Context) -> FastAPI:
    """The service on what `context` holds. Nothing is open but signing in, the health checks, the look of the
    pages and what the interface says of itself."""
    # FastAPI's own pages of documentation load from elsewhere.
    app = FastAPI(
        title="Sealform", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan,
        generate_unique_id_function=_called,
    )  # fmt: skip
    app.state.context = context
    app.state.metrics = Metrics(context.database, context.clock)
    app.state.campaigns = Campaigns(context.forms, context.settings.campaigns)
    app.state.views = Views(context.settings, context.blobs, context.keys)
    app.state.desk = FormDesk(context.settings, context.keys)
    app.state.recent = Recent()
    app.state.provider = _provider(context)
    app.state.directory = Directory(context.settings.ldap) if context.settings.ldap else None
    app.state.drawing = CapacityLimiter(_DRAWINGS)
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router, prefix=API, responses=problems.RESPONSES)
    app.include_router(health.router)
    app.include_router(provider.router)
    _describe(app)
    install_pages(app)
    app.add_middleware(Guard, most=context.settings.request_bytes, secure=context.settings.is_secure)
    app.add_middleware(RequestLog, count=app.state.metrics.count_request)
    return app


def _called(route: APIRoute) -> str:
    """The name that clients made of the description give an operation: the module and the function."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"


def _provider(context: Context) -> Provider | None:
    known, address = context.settings.oidc, context.settings.address
    return Provider(known, address + provider.BACK, context.clock) if known else None


def _describe(app: FastAPI) -> None:
    """What the interface is, for programs and for people. Whoever may see the login page may see it: it says
    nothing of what is kept here."""

    @cache
    def made() -> dict[str, Any]:
        return describe(app)

    @app.get(f"{API}/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        """The OpenAPI document of this API."""
        return made()

    @app.get(f"{API}/docs", include_in_schema=False)
    def page(who: Visitor) -> Response:
        """The same as a page, which loads nothing from elsewhere."""
        whole = made()["info"]["description"].replace("`", "")
        intro = [" ".join(paragraph.split()) for paragraph in whole.split("\n\n")]
        return render("api.html", who, intro=intro, chapters=chapters(made()))
