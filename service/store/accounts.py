"""Who may do what: people with a role and a password, systems with a token.

Of a session, a token and a one-time link the database holds the SHA-256 alone: who reads it can't sign in.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from models.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from service.store import attempts, audit, passwords
from service.store.attempts import Attempt
from service.store.identity_tables import identities
from service.store.tables import invitations, second_factors, sessions, tokens, users

Role = Literal["clerk", "reviewer", "administrator"]
Scope = Literal["upload", "see", "correct", "decide", "export", "unmask", "admin"]

SCOPES: tuple[Scope, ...] = ("upload", "see", "correct", "decide", "export", "unmask", "admin")
ROLES: dict[Role, frozenset[Scope]] = {
    "clerk": frozenset({"upload", "see"}),
    "reviewer": frozenset({"upload", "see", "correct", "decide", "export", "unmask"}),
    "administrator": frozenset(SCOPES),
}
LINK_LIFE = timedelta(days=3)
# How what a directory (LDAP) is called begins, where it says who somebody is.
DIRECTORY = "ldap:"

_LONGEST_AGENT = 200
_TOKEN_PREFIX = "sf_"
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Actor:
    """Who asks: `id` as it stands in the log, what it is called, what it may do; `csrf` is the secret of a
    browser's session. One who `owes` a second factor may do nothing before it is set; one who is `provided`
    signed in through an identity provider, one who is `listed` by the password of a directory.
    `seen` is when the session or the token was last noted as used."""

    id: str
    name: str
    can: frozenset[Scope]
    csrf: str | None = None
    owes: bool = False
    provided: bool = False
    listed: bool = False
    seen: datetime | None = None

    @property
    def user(self) -> int:
        """The number of a user.

        Raises:
            Invalid: it is a system.
        """
        if not self.id.startswith("user:"):
            raise Invalid("只有用户本人登录后可以操作")
        return int(self.id.partition(":")[2])


def create_user(
    connection: sa.Connection, name: str, full_name: str, role: Role, by: str, now: datetime
) -> int:
    """A new user, who sets a password by a link (`invite`).

    Raises:
        Conflict: the name is taken.
    """
    if connection.scalar(sa.select(users.c.id).where(users.c.name == name)):
        raise Conflict(f"已有用户“{name}”", advice="请换一个登录名")
    row = {
        "name": name,
        "full_name": full_name,
        "role": role,
        "active": True,
        "created_at": now,
        "failures": 0,
    }
    made = int(connection.execute(users.insert().values(row).returning(users.c.id)).scalar_one())
    audit.append(connection, now, by, "user-created", f"user:{made}", {"name": name, "role": role})
    return made


def number_of(connection: sa.Connection, name: str) -> int:
    """The number of the user who is called so.

    Raises:
        NotFound: nobody is.
    """
    found = connection.scalar(sa.select(users.c.id).where(users.c.name == name))
    if found is None:
        raise NotFound(f"没有用户“{name}”", advice="请核对登录名")
    return int(found)


def change_user(
    connection: sa.Connection, user: int, changes: dict[str, Any], by: str, now: datetime
) -> None:
    """Changes role, full name, or whether the user may sign in; who may not is signed out at once.

    Raises:
        NotFound: there is no such user.
        Conflict: nobody would be left to administer.
    """
    if connection.execute(users.update().where(users.c.id == user).values(**changes)).rowcount == 0:
        raise NotFound(f"没有编号为 {user} 的用户")
    left = sa.select(sa.func.count()).where(users.c.role == "administrator", users.c.active)
    if not connection.scalar(left):
        raise Conflict("至少要留一位可以登录的管理员")
    if changes.get("active") is False:
        connection.execute(sessions.delete().where(sessions.c.user_id == user))
    audit.append(connection, now, by, "user-changed", f"user:{user}", changes)


def invite(connection: sa.Connection, user: int, by: str, now: datetime) -> str:
    """The secret of a link by which `user` sets a password, once; earlier ones no longer work.

    Raises:
        NotFound: there is no such user.
        Conflict: an identity provider says who it is, so that there is no password of ours.
    """
    if connection.scalar(sa.select(users.c.id).where(users.c.id == user)) is None:
        raise NotFound(f"没有编号为 {user} 的用户")
    if connection.scalar(sa.select(identities.c.user_id).where(identities.c.user_id == user)):
        raise Conflict("该用户用单位账号登录，没有本系统的密码", advice="请在统一身份认证处重设密码")
    secret = secrets.token_urlsafe(32)
    connection.execute(invitations.delete().where(invitations.c.user_id == user))
    connection.execute(
        invitations.insert().values(digest=digest_of(secret), user_id=user, expires_at=now + LINK_LIFE)
    )
    audit.append(connection, now, by, "user-invited", f"user:{user}")
    return secret


def invited(connection: sa.Connection, secret: str, now: datetime) -> Any:
    """The user whom a link is for.

    Raises:
        NotFound: it was used, replaced, is too old, or never was one.
    """
    link = (
        sa.select(users)
        .join(invitations)
        .where(invitations.c.digest == digest_of(secret), invitations.c.expires_at > now)
    )
    row = connection.execute(link).one_or_none()
    if row is None:
        raise NotFound("链接已失效", advice="链接只能用一次，三天内有效；请管理员重新生成")
    return row


def accept_invitation(connection: sa.Connection, secret: str, password: str, now: datetime) -> int:
    """Sets the password by a link, which works no more; every session of that user ends.

    Raises:
        NotFound: as `invited`.
        Invalid: no password that may be used.
    """
    user = invited(connection, secret, now)
    _set_password(connection, user.id, user.name, password)
    connection.execute(invitations.delete().where(invitations.c.user_id == user.id))
    audit.append(connection, now, f"user:{user.id}", "password", f"user:{user.id}")
    return int(user.id)


def change_password(connection: sa.Connection, user: int, current: str, new: str, now: datetime) -> None:
    """Sets another password; every session of that user ends.

    Raises:
        Forbidden: `current` is not the password now.
        Invalid: no password that may be used.
    """
    row = connection.execute(users.select().where(users.c.id == user)).one()
    if not passwords.matches(row.password, current):
        raise Forbidden("现在的密码不对", advice="请重新输入")
    _set_password(connection, user, row.name, new)
    audit.append(connection, now, f"user:{user}", "password", f"user:{user}")


def fits(user: sa.Row[Any] | None, password: str) -> bool:
    """Whether the password is the user's. That there is none takes as long to tell."""
    matches = passwords.matches(user.password if user is not None else None, password)
    return matches and user is not None and user.password is not None and user.active


def sign_in(
    connection: sa.Connection,
    user: sa.Row[Any],
    attempt: Attempt,
    password: str,
    now: datetime,
    life: timedelta,
    owing: Collection[Role] = (),
) -> tuple[str, Actor] | None:
    """(the session's secret, who signed in); None where the password was changed since it was compared.
    `owing`: as in `who_by_session`."""
    now_known = connection.scalar(sa.select(users.c.password).where(users.c.id == user.id, users.c.active))
    if now_known != user.password:
        return None
    hashed = passwords.renewed(user.password, password)
    connection.execute(users.update().where(users.c.id == user.id).values(locked_until=None, password=hashed))
    attempts.settle(connection, attempt)
    audit.append(connection, now, f"user:{user.id}", "login", f"user:{user.id}")
    secret = open_session(connection, user.id, attempt, now, life)
    actor = who_by_session(connection, secret, now, owing)
    assert actor is not None
    return secret, actor


def open_session(
    connection: sa.Connection,
    user: int,
    attempt: Attempt,
    now: datetime,
    life: timedelta,
    issuer: str | None = None,
) -> str:
    """The secret of a new session of a user, who it is said to be by `issuer` (None: by a password)."""
    secret = secrets.token_urlsafe(32)
    connection.execute(sessions.delete().where(sessions.c.expires_at < now))
    row = {
        "digest": digest_of(secret),
        "user_id": user,
        "csrf": secrets.token_urlsafe(32),
        "created_at": now,
        "seen_at": now,
        "agent": attempt.agent[:_LONGEST_AGENT],
        "origin": attempt.origin,
        "issuer": issuer,
    }
    connection.execute(sessions.insert().values(**row, expires_at=now + life))
    return secret


def sign_out(connection: sa.Connection, secret: str) -> None:
    """Ends a session."""
    connection.execute(sessions.delete().where(sessions.c.digest == digest_of(secret)))


def who_by_session(
    connection: sa.Connection, secret: str, now: datetime, owing: Collection[Role] = (),
    idle: timedelta | None = None,
) -> Actor | None:  # fmt: skip
    """Whose session it is; None where it has ended, or was not used for as long as `idle`. A user of the
    roles `owing` who has no second factor may do nothing until it is set."""
    since = _EVER if idle is None else now - idle
    given = {"digest": digest_of(secret), "now": now, "since": since}
    row = connection.execute(_BY_SESSION, given).one_or_none()
    if row is None:
        return None
    listed = (row.issuer or "").startswith(DIRECTORY)
    # A provider asks for a second factor by itself, a directory does not.
    provided = row.issuer is not None and not listed
    owes = row.role in owing and row.confirmed_at is None and not provided
    can = frozenset[Scope]() if owes else ROLES[row.role]
    name = row.full_name or row.name
    return Actor(f"user:{row.id}", name, can, row.csrf, owes, provided, listed, row.seen_at)


def mark_seen(connection: sa.Connection, secret: str, now: datetime) -> None:
    """Notes that a session was used."""
    connection.execute(sessions.update().where(sessions.c.digest == digest_of(secret)).values(seen_at=now))


_BY_TOKEN = (
    sa.select(tokens.c.id, tokens.c.name, tokens.c.scopes, tokens.c.used_at, users.c.role)
    .join(users, users.c.id == tokens.c.created_by)
    .where(tokens.c.digest == sa.bindparam("digest"), tokens.c.revoked_at.is_(None), users.c.active)
)
_BY_SESSION = (
    sa.select(users, sessions.c.csrf, sessions.c.issuer, sessions.c.seen_at, second_factors.c.confirmed_at)
    .join(sessions)
    .outerjoin(second_factors, second_factors.c.user_id == users.c.id)
    .where(sessions.c.digest == sa.bindparam("digest"), sessions.c.expires_at > sa.bindparam("now"))
    .where(sessions.c.seen_at > sa.bindparam("since"), users.c.active)
)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)  # before any session was used


def create_token(
    connection: sa.Connection, name: str, scopes: Iterable[Scope], by: Actor, now: datetime
) -> tuple[int, str]:
    """(number, the token itself, which is shown this once).

    Raises:
        Forbidden: it could do more than who makes it.
        Invalid: it could do nothing, or a system would make it.
    """
    wanted = frozenset(scopes)
    if not wanted <= by.can:
        raise Forbidden("令牌的权限不能超过自己的权限")
    if not wanted or not by.id.startswith("user:"):
        raise Invalid("请至少选一项权限，并由用户本人创建")
    token = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name, "digest": digest_of(token), "prefix": token[:8], "scopes": sorted(wanted),
        "created_by": int(by.id.partition(":")[2]), "created_at": now,
    }  # fmt: skip
    made = int(connection.execute(tokens.insert().values(row).returning(tokens.c.id)).scalar_one())
    audit.append(
        connection, now, by.id, "token-created", f"token:{made}", {"name": name, "scopes": sorted(wanted)}
    )
    return made, token


def revoke_token(connection: sa.Connection, token: int, by: str, now: datetime) -> None:
    """Makes a token worthless.

    Raises:
        NotFound: there is none of that number that still works.
    """
    works = (tokens.c.id == token) & tokens.c.revoked_at.is_(None)
    if connection.execute(tokens.update().where(works).values(revoked_at=now)).rowcount == 0:
        raise NotFound(f"没有编号为 {token} 的有效令牌")
    audit.append(connection, now, by, "token-revoked", f"token:{token}")


def who_by_token(connection: sa.Connection, token: str) -> tuple[Actor, datetime | None] | None:
    """(whose token it is, when it was last seen); None where it was revoked, or its maker may no longer sign
    in."""
    row = connection.execute(_BY_TOKEN, {"digest": digest_of(token)}).one_or_none()
    if row is None:
        return None
    return Actor(f"token:{row.id}", row.name, frozenset(row.scopes) & ROLES[row.role]), row.used_at


def mark_used(connection: sa.Connection, actor: Actor, now: datetime) -> None:
    """Notes that a token was used."""
    connection.execute(
        tokens.update().where(tokens.c.id == int(actor.id.partition(":")[2])).values(used_at=now)
    )


def is_due(seen: datetime | None, now: datetime) -> bool:
    """Whether it is worth a write to note that a token or a session was used."""
    return seen is None or now - seen > _SEEN_EVERY


def check_csrf(actor: Actor, sent: str | None) -> None:
    """Refuses a request that another site made a browser send.

    Raises:
        Forbidden: the session's secret did not come with it.
    """
    if actor.csrf is not None and not hmac.compare_digest(actor.csrf.encode(), (sent or "").encode()):
        raise Forbidden("请求没有带上本页的校验码", advice="请刷新页面后再试")


def require(actor: Actor | None, scopes: Iterable[Scope]) -> Actor:
    """`actor`, who may do all of `scopes`.

    Raises:
        NotSignedIn, Forbidden: it is nobody, or may not.
    """
    if actor is None:
        raise NotSignedIn("尚未登录，或登录已过期")
    if not frozenset(scopes) <= actor.can:
        if actor.owes:
            raise Forbidden("须先设置动态验证码", advice="请打开“登录与安全”页设置")
        raise Forbidden("没有这项权限")
    return actor


def _set_password(connection: sa.Connection, user: int, name: str, password: str) -> None:
    values = {"password": passwords.kept(password, name), "locked_until": None}
    connection.execute(users.update().where(users.c.id == user).values(values))
    attempts.forget_name(connection, name)
    connection.execute(sessions.delete().where(sessions.c.user_id == user))


def digest_of(secret: str) -> str:
    """What is kept of a secret that only whoever holds it needs to know."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
