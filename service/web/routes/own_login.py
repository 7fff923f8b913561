"""What people do with their own logins: see and end their sessions, set a second factor and take it away."""

from datetime import datetime
from typing import Annotated, Any

import segno
import sqlalchemy as sa
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from models.errors import Conflict, Forbidden
from service.store import attempts, second_factor, sessions
from service.store.accounts import Actor
from service.store.tables import users
from service.web.context import Context, Here
from service.web.credentials import reassured
from service.web.security import may

router = APIRouter(tags=["session"])

Password = Annotated[str, Field(max_length=256)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
SessionId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Me = Annotated[Actor, may()]


class OwnSession(BaseModel):
    """A browser in which one is signed in; `current` is the one that asks."""

    id: str
    agent: str
    origin: str
    created_at: datetime
    expires_at: datetime
    current: bool


class OwnSessions(BaseModel):
    """All of them, the newest first."""

    items: list[OwnSession]


class Ended(BaseModel):
    """How many sessions were ended."""

    count: int


class SecondFactor(BaseModel):
    """Whether codes are asked for at sign-in, must be, and how many recovery codes are left."""

    active: bool
    required: bool
    recovery_left: int


class Reassured(BaseModel):
    """The password again, from who is signed in already."""

    model_config = ConfigDict(json_schema_extra={"example": {"password": "correct horse battery"}})
    password: Password


class Removal(Reassured):
    """The password and a code."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"password": "correct horse battery", "code": "123456"}}
    )
    code: Code


class Begun(BaseModel):
    """What an app takes: as a picture (an SVG as a data: address), and as text."""

    qr: str
    secret: str


class Confirmation(BaseModel):
    """A code that the app shows."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "123456"}})
    code: Code


class RecoveryCodes(BaseModel):
    """What works once each where the app is lost; shown this once."""

    recovery_codes: list[str]


@router.get("/sessions")
def index(context: Here, who: Me) -> OwnSessions:
    """Where one is signed in."""
    with context.database.read() as connection:
        return shown_sessions(context, connection, who.user, who.csrf)


def shown_sessions(context: Context, connection: sa.Connection, user: int, csrf: str | None) -> OwnSessions:
    """Where a user is signed in; the session with this secret of its pages is the one that asks."""
    found = sessions.sessions_of(connection, user, csrf, context.clock(), context.settings.idle)
    return OwnSessions(
        items=[
            OwnSession(
                id=one.id, agent=one.agent, origin=one.origin, created_at=one.created_at,
                expires_at=one.expires_at, current=one.is_own,
            )
            for one in found
        ]
    )  # fmt: skip


@router.delete("/sessions/{session}", status_code=204)
def end(session: SessionId, context: Here, who: Me) -> None:
    """Ends one of one's sessions."""
    with context.database.write() as connection:
        sessions.end(connection, who.user, session, context.clock())


@router.delete("/sessions")
def end_others(context: Here, who: Me) -> Ended:
    """Ends all of one's sessions but this one."""
    with context.database.write() as connection:
        return Ended(count=sessions.end_others(connection, who.user, who.csrf, context.clock()))


@router.get("/second-factor")
def show(context: Here, who: Me) -> SecondFactor:
    """Whether there is a second factor."""
    with context.database.read() as connection:
        state = second_factor.state_of(connection, who.user)
        role = connection.scalar(sa.select(users.c.role).where(users.c.id == who.user))
    required = role in context.settings.owing
    return SecondFactor(active=state.active, required=required, recovery_left=state.recovery_left)


@router.post("/second-factor")
def begin(given: Reassured, request: Request, context: Here, who: Me) -> Begun:
    """Begins with a new secret; it counts once a code of it was given."""
    user = _reassured(context, request, who, given.password)
    with context.database.write() as connection:
        address = second_factor.begin(connection, user.id, user.name, context.clock(), context.keys)
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=4, light="white")
    return Begun(qr=picture, secret=address.partition("secret=")[2].partition("&")[0])


@router.post("/second-factor/confirmation")
def confirm(given: Confirmation, context: Here, who: Me) -> RecoveryCodes:
    """Lets the second factor count; all other sessions end."""
    now = context.clock()
    with context.database.write() as connection:
        codes = second_factor.confirm(connection, who.user, given.code, now, context.keys)
        sessions.end_others(connection, who.user, who.csrf, now)
    return RecoveryCodes(recovery_codes=codes)


@router.post("/second-factor/removal", status_code=204)
def remove(given: Removal, request: Request, context: Here, who: Me) -> None:
    """Takes the second factor away, by the password and a code; all other sessions end."""
    user = _reassured(context, request, who, given.password, given.code)
    with context.database.write() as connection:
        if user.role in context.settings.owing:
            raise Conflict("管理员须有动态验证码", advice="换手机请由另一位管理员停用后重新设置")
        now = context.clock()
        second_factor.remove(connection, user.id, who.id, now)
        sessions.end_others(connection, user.id, who.csrf, now)


def _reassured(context: Context, request: Request, who: Actor, password: str, code: str | None = None) -> Any:
    """The user who is signed in and gives the password again, counted like a login; and a code where one is
    wanted."""
    with context.database.read() as connection:
        name = connection.scalar(sa.select(users.c.name).where(users.c.id == who.user))
    one = reassured(context, request, who.user, name or "", password)
    with context.database.write() as connection:
        user, now = one.user, context.clock()
        # A code is used up by being looked at, so not before the password.
        if one.is_right and (
            code is None or second_factor.passes(connection, user.id, code, now, context.keys)
        ):
            attempts.forget(connection, one.attempt)
            return user
        attempts.refuse(connection, user, now)
    raise Forbidden("密码或验证码不对" if code is not None else "密码不对", advice="请重新输入")
