"""Logins that are counted before anything is compared, by name and by address, so that nobody guesses for
long. All processes of the service share the count."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.errors import TooOften
from service.store import audit
from service.store.tables import login_attempts, users

# A name is locked after so many wrong passwords in a row, an address after so many within the window,
# whatever the names.
_TRIES, _LOCK = 8, timedelta(minutes=15)
_TRIES_AN_ORIGIN, _WINDOW = 30, timedelta(minutes=10)


@dataclass(frozen=True)
class Attempt:
    """One login, counted before its password is looked at, from an address by what calls itself `agent`;
    `rows` are what it is counted by; `also` is another name for the same person that it is counted by."""

    name: str
    origin: str
    agent: str
    rows: tuple[int, ...]
    also: str | None = None


def count(connection: sa.Connection, name: str, origin: str, now: datetime, agent: str = "") -> Attempt:
    """Count a login, whatever comes of it. The transaction must be committed before `allow` looks at the
    count."""
    connection.execute(login_attempts.delete().where(login_attempts.c.at < now - max(_LOCK, _WINDOW)))
    made = (login_attempts.insert().values(origin=key, at=now) for key in (of_name(name), origin))
    rows = tuple(connection.execute(row).inserted_primary_key[0] for row in made)  # type: ignore[index]
    return Attempt(name, origin, agent, rows)


def allow(connection: sa.Connection, attempt: Attempt, now: datetime) -> sa.Row[Any] | None:
    """The user whose password `attempt` may be compared with, None where nobody is called so.

    Whoever looks has committed an own row before, so that of however many at once no more get through than
    are allowed. A name that nobody has is locked like any other. One that is refused doesn't count: a lock
    ends though somebody goes on guessing.

    Raises:
        TooOften: there were too many failed logins with this name, or from this address.
    """
    _expect(connection, of_name(attempt.name), now, _LOCK, _TRIES)
    _expect(connection, attempt.origin, now, _WINDOW, _TRIES_AN_ORIGIN)
    return connection.execute(users.select().where(users.c.name == attempt.name)).one_or_none()


def forget(connection: sa.Connection, attempt: Attempt) -> None:
    """What was refused without a look at its password does not count."""
    connection.execute(login_attempts.delete().where(login_attempts.c.id.in_(attempt.rows)))


def settle(connection: sa.Connection, attempt: Attempt) -> None:
    """Forgets one that came to a session, and those before it with the same name."""
    forget(connection, attempt)
    for name in (attempt.name, attempt.also):
        if name is not None:
            forget_name(connection, name)


def forget_name(connection: sa.Connection, name: str) -> None:
    """Forgets all with a name, whose password is known to be right or was set anew."""
    connection.execute(login_attempts.delete().where(login_attempts.c.origin == of_name(name)))


def count_too(connection: sa.Connection, attempt: Attempt, name: str, now: datetime) -> Attempt:
    """Counts one by another name as well, which stands for the same person however their name is written. To
    be committed before `expect_few` looks."""
    row = connection.execute(login_attempts.insert().values(origin=of_name(name), at=now))
    made = row.inserted_primary_key[0]  # type: ignore[index]
    return replace(attempt, rows=(*attempt.rows, made), also=name)


def expect_few(connection: sa.Connection, name: str, now: datetime) -> None:
    """Refuses where too many were counted by this name.

    Raises:
        TooOften: there were.
    """
    _expect(connection, of_name(name), now, _LOCK, _TRIES)


def refuse(connection: sa.Connection, user: sa.Row[Any] | None, now: datetime) -> None:
    """Note that a password was wrong; where that was the last that is allowed, that the user is locked."""
    if user is None:
        return
    unlocked = sa.or_(users.c.locked_until.is_(None), users.c.locked_until <= now)
    if (
        _attempts(connection, of_name(user.name), now - _LOCK) >= _TRIES
        and connection.execute(
            users.update().where(users.c.id == user.id, unlocked).values(locked_until=now + _LOCK)
        ).rowcount
    ):
        audit.append(connection, now, "system", "user-locked", f"user:{user.id}")


def check_rate(connection: sa.Connection, origin: str, now: datetime) -> None:
    """Refuses an address that guesses.

    Raises:
        TooOften: there were too many failed logins from it.
    """
    if _attempts(connection, origin, now - _WINDOW) >= _TRIES_AN_ORIGIN:
        raise TooOften("登录失败次数过多", advice=f"请过 {int(_WINDOW.total_seconds() // 60)} 分钟再试")


def _expect(connection: sa.Connection, key: str, now: datetime, least: timedelta, most: int) -> None:
    if _attempts(connection, key, now - least) > most:
        raise TooOften(
            "登录失败次数过多，暂时不能登录",
            advice=f"请过 {int(least.total_seconds() // 60)} 分钟再试，或请管理员重新生成登录链接",
        )


def _attempts(connection: sa.Connection, key: str, since: datetime) -> int:
    """How many logins were counted by `key` since then."""
    recent = (login_attempts.c.origin == key) & (login_attempts.c.at > since)
    return connection.scalar(sa.select(sa.func.count()).select_from(login_attempts).where(recent)) or 0


def of_name(name: str) -> str:
    """What attempts with a name are counted by; no address looks like it."""
    return "name:" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
