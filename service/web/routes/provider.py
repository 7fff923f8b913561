"""Signing in through an identity provider: the way there, and the way back. Both are pages."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from models.errors import Forbidden, NotFound, ProviderFailed, SealformError
from service.store import identities
from service.store.attempts import Attempt
from service.web.context import Context, Here
from service.web.html_pages import login_page
from service.web.oidc import Provider
from service.web.security import cookie_name, origin_of, set_session_cookie

router = APIRouter(include_in_schema=False)

PATH = "/login/provider"
BACK = f"{PATH}/back"
_LONGEST_PATH = 2000
_Text = Annotated[str | None, Query(max_length=4096)]


@router.get(PATH)
def go(request: Request, context: Here, next: Annotated[str, Query(max_length=4096)] = "/") -> Response:
    """Sends the browser to the provider."""
    try:
        provider = _provider(request)
        with context.database.write() as connection:
            errand = identities.begin(connection, _own(next), origin_of(request), context.clock())
        answer: Response = RedirectResponse(provider.address(errand), 303)
    except SealformError as error:
        return _refused(context, error)
    # The answer comes from another site, which `strict` would keep the cookie from.
    answer.set_cookie(
        _cookie(context), errand.browser, max_age=int(identities.ERRAND_LIFE.total_seconds()), path="/",
        secure=context.settings.is_secure, httponly=True, samesite="lax",
    )  # fmt: skip
    return _unkept(answer)


@router.get(BACK)
def back(
    request: Request, context: Here, code: _Text = None, state: _Text = None, iss: _Text = None,
    error: _Text = None,
) -> Response:  # fmt: skip
    """Takes what the browser brings back, and signs in whom the provider means."""
    now, settings = context.clock(), context.settings
    try:
        provider = _provider(request)
        with context.database.write() as connection:
            errand = identities.take(connection, state or "", request.cookies.get(_cookie(context), ""), now)
        if errand is None:
            raise Forbidden("这次登录已经用过、过期，或不是由本浏览器开始", advice="请重新登录")
        if error is not None or code is None:
            raise Forbidden("没有在单位账号处完成登录", advice="请重新登录")
        person = provider.person(errand, code, iss)
        role = identities.role_of(person.groups, settings.oidc.roles if settings.oidc else {})
        with context.database.write() as connection:
            if role is None:
                identities.refuse(connection, person, now)
            else:
                agent = request.headers.get("user-agent", "")
                attempt = Attempt(person.name, origin_of(request), agent, ())
                secret, _ = identities.sign_in(connection, person, role, attempt, now, settings.session_life)
        if role is None:
            raise Forbidden("单位账号没有使用本系统的权限", advice="请管理员把该账号加入有权限的组")
    except SealformError as failed:
        return _refused(context, failed)
    answer = RedirectResponse(errand.wanted, 303)
    set_session_cookie(answer, settings, secret)
    answer.delete_cookie(_cookie(context), path="/", secure=settings.is_secure, httponly=True)
    return _unkept(answer)


@router.get(f"{PATH}/out")
def out(request: Request, context: Here) -> Response:
    """Sends a browser that has left us to where it leaves the provider too."""
    provider = request.app.state.provider
    way = provider.way_out(f"{context.settings.address}/login") if provider is not None else None
    return RedirectResponse(way or "/login", 303)


def _provider(request: Request) -> Provider:
    provider = request.app.state.provider
    if not isinstance(provider, Provider):
        raise NotFound("没有设置单位账号登录", advice="请用本系统的密码登录")
    return provider


def _refused(context: Context, error: SealformError) -> Response:
    status = error.http_status if isinstance(error, Forbidden | NotFound | ProviderFailed) else 429
    return login_page(context, told=f"{error.message}。{error.advice}。", status=status)


def _own(path: str) -> str:
    """A path of ours; anything else is the first page."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and len(path) <= _LONGEST_PATH
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def _cookie(context: Context) -> str:
    return cookie_name(context.settings.is_secure) + "-errand"


def _unkept(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
