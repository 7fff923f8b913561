"""Finds out who makes a request and whether they may, and sets the security headers of the answers."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import Forbidden, TooOften
from service.settings import Settings
from service.store import accounts, attempts
from service.store.accounts import Actor
from service.store.attempts import Attempt
from service.web.context import Context, Here
from service.web.problems import problem

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# The most bytes of a request without files.
_MOST_JSON = 4 << 20

_POLICY = "; ".join(
    (
        "default-src 'none'", "object-src 'none'", "script-src 'self'",
        "style-src 'self'", "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)  # fmt: skip
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def cookie_name(secure: bool) -> str:
    """Returns the name of the session's cookie. Behind TLS the prefix __Host- makes browsers bind it to this
    host alone."""
    return "__Host-sealform" if secure else "sealform"


def set_session_cookie(response: Response, settings: Settings, secret: str) -> None:
    """Gives the browser the secret of its session, which no script can read."""
    response.set_cookie(
        cookie_name(settings.is_secure), secret, max_age=int(settings.session_life.total_seconds()), path="/",
        secure=settings.is_secure, httponly=True, samesite="lax",
    )  # fmt: skip


def visitor(request: Request, context: Here) -> Actor | None:
    """Returns who makes the request, by token or by session, or None where nobody is signed in. A token that
    is not valid is not followed by a look at the session."""
    now = context.clock()
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        with context.database.read() as connection:
            known = accounts.who_by_token(connection, token.strip()) if scheme.lower() == "bearer" else None
        if known is not None and accounts.is_due(known[1], now):
            with context.database.write() as connection:
                accounts.mark_used(connection, known[0], now)
        return known[0] if known else None
    secret = request.cookies.get(cookie_name(context.settings.is_secure))
    if not secret:
        return None
    settings = context.settings
    with context.database.read() as connection:
        actor = accounts.who_by_session(connection, secret, now, settings.owing, settings.idle)
    # A page that follows the news in a forgotten tab is no person who works.
    if actor is not None and accounts.is_due(actor.seen, now) and not request.url.path.endswith("/events"):
        with context.database.write() as connection:
            accounts.mark_seen(connection, secret, now)
    return actor


def origin_of(request: Request) -> str:
    """The address that a request comes from, "" where it is not known."""
    return request.client.host if request.client else ""


def counted(context: Context, name: str, request: Request) -> tuple[Attempt, Any]:
    """A login or whatever else asks for a password, counted before anything is compared, and the user of that
    name, None where there is none. What follows is looked at outside any transaction, because it takes long.

    Raises:
        TooOften: there were too many.
    """
    now, origin = context.clock(), origin_of(request)
    agent = request.headers.get("user-agent", "")
    with context.database.write() as connection:
        attempt = attempts.count(connection, name, origin, now, agent)
    try:
        with context.database.read() as connection:
            return attempt, attempts.allow(connection, attempt, now)
    except TooOften:
        with context.database.write() as connection:
            attempts.forget(connection, attempt)
        raise


Visitor = Annotated[Actor | None, Depends(visitor)]


class May:
    """The dependency of a route that needs all of the rights in `scopes`; without scopes, anybody who is
    signed in may call it."""

    def __init__(self, *scopes: accounts.Scope) -> None:
        self.scopes = scopes

    async def __call__(self, request: Request, actor: Visitor) -> Actor:
        known = accounts.require(actor, self.scopes)
        request.state.actor = known.id  # for the log
        if request.method not in _SAFE:
            if request.headers.get("sec-fetch-site") == "cross-site":
                raise Forbidden("请求来自其他网站")
            accounts.check_csrf(known, request.headers.get("x-csrf-token"))
        return known


def may(*scopes: accounts.Scope) -> Any:
    """Returns a `Depends` that gives the caller, and that refuses a caller without all of `scopes`."""
    return Depends(May(*scopes))


class Guard:
    """Sets the security headers of every answer, and refuses a request that is larger than its kind may
    be."""

    def __init__(self, app: ASGIApp, most: int, secure: bool) -> None:
        self._app, self._most, self._secure = app, most, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if self._secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope)
        is_multipart = request.headers.get("content-type", "").startswith("multipart/form-data")
        limit = self._most if is_multipart else _MOST_JSON
        if _too_long(request.headers.get("content-length"), limit):
            await _too_large(limit)(scope, receive, answer)
            return
        await self._app(scope, _counted(receive, limit), answer)


def _counted(receive: Receive, limit: int) -> Callable[[], Any]:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                # The request now looks as if the client had gone away, so nothing of it is kept.
                return {"type": "http.disconnect"}
        return message

    return counted


def _too_long(length: str | None, limit: int) -> bool:
    return length is not None and (not length.isdigit() or int(length) > limit)


def _too_large(limit: int) -> ASGIApp:
    return problem(
        413, "request-too-large", f"一次请求不能超过 {limit >> 20} MiB", "请分几次上传，或由管理员放宽限制"
    )
