"""The users who may sign in, for administrators."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from service.store import accounts, second_factor, sessions
from service.store.accounts import Actor, Role
from service.store.tables import second_factors, users
from service.web.context import Context, Here
from service.web.routes.own_login import OwnSessions, SessionId, shown_sessions
from service.web.security import may

router = APIRouter(tags=["users"], prefix="/users")

FullName = Annotated[str, Field(max_length=128)]
Number = Annotated[int, Field(ge=1, lt=2**63)]


class User(BaseModel):
    """A person; `ready` says that a password is set, `second_factor` that codes are asked for too."""

    id: int
    name: str
    full_name: str
    role: Role
    active: bool
    ready: bool
    second_factor: bool
    locked_until: datetime | None
    created_at: datetime


class Users(BaseModel):
    """All users."""

    items: list[User]


class NewUser(BaseModel):
    """A user to be added."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "wang", "full_name": "王芳", "role": "reviewer"}}
    )
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$")]
    full_name: FullName = ""
    role: Role


class UserChanges(BaseModel):
    """The changes to a user. What is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"role": "clerk", "active": True}}
    )
    full_name: FullName | None = None
    role: Role | None = None
    active: bool | None = None


class Invited(BaseModel):
    """A user, and the one-time link for setting a password."""

    user: User
    link: str


_USERS = sa.select(users, second_factors.c.confirmed_at).outerjoin(
    second_factors, second_factors.c.user_id == users.c.id
)


@router.get("")
def index(context: Here, who: Annotated[Actor, may("admin")]) -> Users:
    """Returns all users, including those who may no longer sign in."""
    with context.database.read() as connection:
        return Users(items=[_user(row) for row in connection.execute(_USERS.order_by(users.c.name))])


@router.post("", status_code=201)
def create(given: NewUser, context: Here, who: Annotated[Actor, may("admin")]) -> Invited:
    """Adds a user."""
    with context.database.write() as connection:
        made = accounts.create_user(
            connection, given.name, given.full_name, given.role, who.id, context.clock()
        )
        return _invited(context, connection, made, who)


@router.patch("/{user}")
def change(user: Number, given: UserChanges, context: Here, who: Annotated[Actor, may("admin")]) -> User:
    """Changes a user's role or full name, or whether the user may sign in."""
    changes = {name: value for name, value in given.model_dump().items() if value is not None}
    with context.database.write() as connection:
        if changes:
            accounts.change_user(connection, user, changes, who.id, context.clock())
        return _read(connection, user)


@router.post("/{user}/link")
def renew_link(user: Number, context: Here, who: Annotated[Actor, may("admin")]) -> Invited:
    """Makes a new link for a user who forgot the password or is locked out."""
    with context.database.write() as connection:
        return _invited(context, connection, user, who)


@router.delete("/{user}/second-factor", status_code=204)
def remove_second_factor(user: Number, context: Here, who: Annotated[Actor, may("admin")]) -> None:
    """Takes the second factor of somebody away who lost it; the password stays as it is. Their sessions end,
    since whoever found the telephone may have opened one."""
    now = context.clock()
    with context.database.write() as connection:
        second_factor.remove(connection, user, who.id, now)
        sessions.end_others(connection, user, who.csrf, now, who.id)


@router.get("/{user}/sessions")
def show_sessions(user: Number, context: Here, who: Annotated[Actor, may("admin")]) -> OwnSessions:
    """Where a user is signed in."""
    with context.database.read() as connection:
        return shown_sessions(context, connection, user, who.csrf)


@router.delete("/{user}/sessions/{session}", status_code=204)
def end_session(user: Number, session: SessionId, context: Here, who: Annotated[Actor, may("admin")]) -> None:
    """Ends one session of a user; the others go on."""
    with context.database.write() as connection:
        sessions.end(connection, user, session, context.clock(), who.id)


def _invited(context: Context, connection: sa.Connection, user: int, who: Actor) -> Invited:
    secret = accounts.invite(connection, user, who.id, context.clock())
    return Invited(user=_read(connection, user), link=f"{context.settings.address}/link/{secret}")


def _read(connection: sa.Connection, user: int) -> User:
    return _user(connection.execute(_USERS.where(users.c.id == user)).one())


def _user(row: sa.Row[tuple[object, ...]]) -> User:
    data = row._mapping
    return User(
        id=data["id"], name=data["name"], full_name=data["full_name"], role=data["role"],
        active=data["active"],
        ready=data["password"] is not None, second_factor=data["confirmed_at"] is not None,
        locked_until=data["locked_until"], created_at=data["created_at"],
    )  # fmt: skip
