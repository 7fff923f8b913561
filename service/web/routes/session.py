"""Signing in and out, and changing passwords."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from models.errors import Forbidden, Invalid, NotSignedIn, SecondFactorNeeded
from service.store import accounts, attempts, identities, second_factor
from service.store.accounts import Actor, Scope
from service.web.context import Context, Here
from service.web.credentials import Checked, checked
from service.web.security import Visitor, cookie_name, may, origin_of, set_session_cookie

router = APIRouter(tags=["session"])

Password = Annotated[str, Field(max_length=256)]


class Credentials(BaseModel):
    """A name and a password, and for who has a second factor a `code` of it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "wang", "password": "correct horse battery"}}
    )
    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password
    code: Annotated[str | None, Field(max_length=64)] = None


class Person(BaseModel):
    """The person who is signed in, with their rights."""

    id: str
    name: str
    can: list[Scope]


class Session(BaseModel):
    """The session of a browser. `csrf` goes into the header X-CSRF-Token of every request that changes
    something."""

    user: Person
    csrf: str | None = None


class NewPassword(BaseModel):
    """A password to set, with a one-time `link` or with the `current` password."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"current": "correct horse battery", "new": "staple battery horse"}}
    )
    new: Password
    link: Annotated[str | None, Field(max_length=128)] = None
    current: Password | None = None


@router.post("/session")
def sign_in(given: Credentials, request: Request, response: Response, context: Here) -> Session:
    """Signs in. The answer sets the session's cookie."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("请求来自其他网站")
    signed = _signed_in(context, given, request)
    if signed is None:
        wrong = "登录名或密码不对" if given.code is None else "登录名、密码或验证码不对"
        raise NotSignedIn(wrong, advice="请重新输入；忘记密码时，请管理员重新生成登录链接")
    secret, actor = signed
    set_session_cookie(response, context.settings, secret)
    return _session(actor)


def _signed_in(context: Context, given: Credentials, request: Request) -> tuple[str, Actor] | None:
    """(the session's secret, who signed in), or None. A code counts as a guess like a password; that one is
    still to be given is told to whoever knows the password, and doesn't."""
    one = checked(context, request, given.name, given.password)
    with context.database.write() as connection:
        if one.is_right:
            if _has_factor(context, connection, one, given.code):
                return _let_in(context, connection, one, given.password)
            if given.code is None:
                attempts.forget(connection, one.attempt)
        if not one.is_right or given.code is not None:
            attempts.refuse(connection, one.user, context.clock())
            return None
    raise SecondFactorNeeded("请输入动态验证码")


def _has_factor(context: Context, connection: sa.Connection, one: Checked, code: str | None) -> bool:
    """Whether the code is right, where one is needed."""
    user = one.user.id if one.person is None else identities.user_of(connection, one.person)
    if user is None or not second_factor.state_of(connection, user).active:
        return True
    return second_factor.passes(connection, user, code or "", context.clock(), context.keys)


def _let_in(
    context: Context, connection: sa.Connection, one: Checked, password: str
) -> tuple[str, Actor] | None:
    now, life, owing = context.clock(), context.settings.session_life, context.settings.owing
    if one.person is None or one.role is None:
        return accounts.sign_in(connection, one.user, one.attempt, password, now, life, owing)
    attempts.settle(connection, one.attempt)
    return identities.sign_in(connection, one.person, one.role, one.attempt, now, life, owing)


@router.get("/session")
def show(who: Annotated[Actor, may()]) -> Session:
    """Returns who is signed in."""
    return _session(who)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, context: Here, who: Annotated[Actor, may()]) -> None:
    """Ends the session."""
    secret = request.cookies.get(cookie_name(context.settings.is_secure))
    if secret:
        with context.database.write() as connection:
            accounts.sign_out(connection, secret)
    response.delete_cookie(
        cookie_name(context.settings.is_secure), path="/", secure=context.settings.is_secure, httponly=True
    )


@router.post("/session/password", status_code=204)
def set_password(given: NewPassword, request: Request, context: Here, who: Visitor) -> None:
    """Sets a password, and ends all sessions of that user."""
    now = context.clock()
    with context.database.write() as connection:
        if given.link is not None:
            attempts.check_rate(connection, origin_of(request), now)
            accounts.accept_invitation(connection, given.link, given.new, now)
            return
        known = accounts.require(who, ())
        if given.current is None or not known.id.startswith("user:"):
            raise Invalid("请输入现在的密码")
        accounts.check_csrf(known, request.headers.get("x-csrf-token"))
        accounts.change_password(connection, known.user, given.current, given.new, now)


def _session(actor: Actor) -> Session:
    can = [scope for scope in accounts.SCOPES if scope in actor.can]
    return Session(user=Person(id=actor.id, name=actor.name, can=can), csrf=actor.csrf)
