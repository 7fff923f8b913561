"""The sessions of a user: where they are signed in, and their end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.errors import NotFound
from service.store import audit
from service.store.tables import sessions

# Of a session's digest, as much as tells it from others of the same user.
_SHOWN = 16


@dataclass(frozen=True)
class Session:
    """A browser that is signed in; `is_own` is the one that asks."""

    id: str
    agent: str
    origin: str
    created_at: datetime
    expires_at: datetime
    is_own: bool


def sessions_of(
    connection: sa.Connection, user: int, csrf: str | None, now: datetime, idle: timedelta | None = None
) -> list[Session]:
    """All of a user that have not ended, the newest first; the one with this secret of its pages is the own.
    `idle`: as in `accounts.who_by_session`."""
    living = [sessions.c.user_id == user, sessions.c.expires_at > now]
    if idle is not None:
        living.append(sessions.c.seen_at > now - idle)
    rows = connection.execute(sessions.select().where(*living).order_by(sessions.c.created_at.desc()))
    return [
        Session(
            row.digest[:_SHOWN], row.agent or "", row.origin or "", row.created_at, row.expires_at,
            row.csrf == csrf,
        )
        for row in rows
    ]  # fmt: skip


def end(connection: sa.Connection, user: int, session: str, now: datetime, by: str | None = None) -> None:
    """Ends one session of a user, by somebody else where `by` names them.

    Raises:
        NotFound: the user has none of that id.
    """
    own = (sessions.c.user_id == user) & (sa.func.substr(sessions.c.digest, 1, _SHOWN) == session)
    if connection.execute(sessions.delete().where(own)).rowcount == 0:
        raise NotFound("没有这个登录，可能已经退出")
    audit.append(connection, now, by or f"user:{user}", "session-ended", f"user:{user}")


def end_others(
    connection: sa.Connection, user: int, csrf: str | None, now: datetime, by: str | None = None
) -> int:
    """Ends all sessions of a user but the one with this secret of its pages, by somebody else where `by`
    names them; how many there were."""
    others = (sessions.c.user_id == user) & (sessions.c.csrf != (csrf or ""))
    ended = connection.execute(sessions.delete().where(others)).rowcount
    if ended:
        actor, whose = by or f"user:{user}", f"user:{user}"
        audit.append(connection, now, actor, "session-ended", whose, {"count": ended})
    return ended
