"""Signing in through an identity provider or a directory: errands there and back, and which user it means.

A user is known by the provider's name and its own name for the user, never by a login name or an address of
mail, which a provider may give to anybody: nobody gets a local account by being called like it.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.errors import Forbidden, TooOften
from service.store import accounts, audit
from service.store.accounts import Actor, Role, digest_of
from service.store.attempts import Attempt
from service.store.identity_tables import errands, identities
from service.store.tables import sessions, tokens, users

ERRAND_LIFE = timedelta(minutes=10)
# Errands that an address may have under way; a whole bureau may come from one.
_MOST = 300
_LONGEST_NAME, _LONGEST_FULL_NAME = 64, 128


@dataclass(frozen=True)
class Errand:
    """A sign-in that is under way: what goes to the provider and comes back (`state`, `nonce`), the secret
    that the code is asked for with (`verifier`), the cookie that binds all to one browser (`browser`), and
    the path that was wanted."""

    state: str
    nonce: str
    verifier: str
    browser: str
    wanted: str


@dataclass(frozen=True)
class Person:
    """Whom a provider says that it is: `subject` is its own name for them, which never changes."""

    issuer: str
    subject: str
    name: str
    full_name: str
    groups: frozenset[str]


def begin(connection: sa.Connection, wanted: str, origin: str, now: datetime) -> Errand:
    """A new errand, which ends by itself after ten minutes.

    Raises:
        TooOften: this address has too many under way.
    """
    connection.execute(errands.delete().where(errands.c.expires_at < now))
    under_way = sa.select(sa.func.count()).select_from(errands).where(errands.c.origin == origin)
    if (connection.scalar(under_way) or 0) >= _MOST:
        raise TooOften("登录过于频繁", advice=f"请过 {int(ERRAND_LIFE.total_seconds() // 60)} 分钟再试")
    state, nonce, browser = (secrets.token_urlsafe(32) for _ in range(3))
    one = Errand(state, nonce, secrets.token_urlsafe(48), browser, wanted)
    connection.execute(
        errands.insert().values(
            digest=digest_of(one.state), browser=digest_of(one.browser), nonce=one.nonce,
            verifier=one.verifier, wanted=wanted, origin=origin, expires_at=now + ERRAND_LIFE,
        )
    )  # fmt: skip
    return one


def take(connection: sa.Connection, state: str, browser: str, now: datetime) -> Errand | None:
    """The errand that an answer belongs to, which no second answer can have; None where there is none, or
    another browser began it. To be committed before anything is asked of the provider."""
    own = (errands.c.digest == digest_of(state)) & (errands.c.browser == digest_of(browser))
    taken = errands.delete().where(own, errands.c.expires_at > now)
    row = connection.execute(taken.returning(errands)).one_or_none()
    return None if row is None else Errand(state, row.nonce, row.verifier, browser, row.wanted)


def role_of(groups: frozenset[str], roles: Mapping[str, frozenset[str]]) -> Role | None:
    """What somebody of these groups is: of several roles the one with the most rights, None without any."""
    return next((role for role in reversed(accounts.ROLES) if groups & roles.get(role, frozenset())), None)


def sign_in(
    connection: sa.Connection, person: Person, role: Role, attempt: Attempt, now: datetime, life: timedelta,
    owing: Collection[Role] = (),
) -> tuple[str, Actor]:  # fmt: skip
    """(the session's secret, who signed in). Whoever comes for the first time becomes a new user, and the
    role is what the groups say now. `owing`: as in `accounts.who_by_session`.

    Raises:
        Forbidden: an administrator shut the user out.
        Conflict: nobody would be left to administer.
    """
    # Of two who come at once for the first time one alone makes the user.
    audit.wait_for_turn(connection)
    row = connection.execute(_known(person)).one_or_none()
    if row is None:
        user = _new(connection, person, role, now)
    elif not row.active:
        raise Forbidden("该用户已被停用", advice="请联系管理员")
    else:
        user = row.id
        said = {"role": role, "full_name": person.full_name[:_LONGEST_FULL_NAME] or row.full_name}
        changes = {name: value for name, value in said.items() if getattr(row, name) != value}
        if changes:
            accounts.change_user(connection, user, changes, "system", now)
    audit.append(connection, now, f"user:{user}", "login", f"user:{user}", {"issuer": person.issuer})
    secret = accounts.open_session(connection, user, attempt, now, life, person.issuer)
    actor = accounts.who_by_session(connection, secret, now, owing)
    assert actor is not None
    return secret, actor


def refuse(connection: sa.Connection, person: Person, now: datetime) -> None:
    """Notes that somebody came without a group that means a role. Who had one before is signed out
    everywhere, and can do no more with tokens."""
    row = connection.execute(_known(person)).one_or_none()
    subject = f"user:{row.id}" if row is not None else "service"
    said = {"issuer": person.issuer, "subject": person.subject, "name": person.name}
    audit.append(connection, now, "system", "login-refused", subject, said)
    if row is None:
        return
    connection.execute(sessions.delete().where(sessions.c.user_id == row.id))
    living = (tokens.c.created_by == row.id) & tokens.c.revoked_at.is_(None)
    for token in connection.scalars(sa.select(tokens.c.id).where(living)).all():
        accounts.revoke_token(connection, token, "system", now)


@dataclass(frozen=True)
class Known:
    """By what a provider or a directory, `issuer`, knows a user."""

    issuer: str
    subject: str


def known_as(connection: sa.Connection, user: int) -> Known | None:
    """By what somebody else knows a user; None where it is one of ours."""
    row = connection.execute(identities.select().where(identities.c.user_id == user)).one_or_none()
    return None if row is None else Known(row.issuer, row.subject)


def user_of(connection: sa.Connection, person: Person) -> int | None:
    """The number of the user whom a person is here; None before they came for the first time."""
    row = connection.execute(_known(person)).one_or_none()
    return None if row is None else int(row.id)


def _known(person: Person) -> sa.Select[Any]:
    return (
        sa.select(users).join(identities, identities.c.user_id == users.c.id)
        .where(identities.c.issuer == person.issuer, identities.c.subject == person.subject)
    )  # fmt: skip


def _new(connection: sa.Connection, person: Person, role: Role, now: datetime) -> int:
    full_name = person.full_name[:_LONGEST_FULL_NAME]
    user = accounts.create_user(connection, _free(connection, person), full_name, role, "system", now)
    connection.execute(
        identities.insert().values(issuer=person.issuer, subject=person.subject, user_id=user, created_at=now)
    )
    return user


def _free(connection: sa.Connection, person: Person) -> str:
    """The name that the provider gives, or one made of it where somebody is called so already."""
    plain = "".join(char for char in person.name if char.isprintable()).strip() or person.subject
    wanted = plain[:_LONGEST_NAME]
    if connection.scalar(sa.select(users.c.id).where(sa.func.lower(users.c.name) == wanted.lower())) is None:
        return wanted
    tail = "-" + digest_of(f"{person.issuer}\n{person.subject}")[:8]
    return plain[: _LONGEST_NAME - len(tail)] + tail
