"""Who looked at which application, where the bureau wants that in the log."""

from datetime import timedelta
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends

from service.store import audit
from service.store.accounts import Actor
from service.store.tables import audit_log, submissions
from service.web.context import Context, Here
from service.web.schemas import Number
from service.web.security import may

# Whoever stays with an application, page by page, has looked at it once.
_ONE_LOOK = timedelta(minutes=10)


def _viewed(submission: Number, context: Here, who: Annotated[Actor, may("see")]) -> Actor:
    if context.settings.log_views:
        note_view(context, submission, who)
    return who


# Who asks for something of one application: as `may("see")`, and noted where that is wanted.
Viewer = Annotated[Actor, Depends(_viewed)]


def note_view(context: Context, submission: int, who: Actor) -> None:
    """Notes that `who` looked at an application."""
    now, subject = context.clock(), f"submission:{submission}"
    lately = sa.exists().where(
        audit_log.c.subject == subject, audit_log.c.action == "view", audit_log.c.actor == who.id,
        audit_log.c.at > now - _ONE_LOOK,
    )  # fmt: skip
    is_there = sa.exists().where(submissions.c.id == submission)
    with context.database.read() as connection:
        if connection.scalar(sa.select(lately)) or not connection.scalar(sa.select(is_there)):
            return
    with context.database.write() as connection:
        audit.append(connection, now, who.id, "view", subject)


def note_wall(
    context: Context, form: str, field: str, shown: list[int], who: Actor, *, always: bool = False
) -> None:
    """Notes that one answer of many applications was looked at, where the bureau wants that in the log, or
    `always`."""
    if (context.settings.log_views or always) and shown:
        with context.database.write() as connection:
            values = {"field": field, "submissions": shown}
            audit.append(connection, context.clock(), who.id, "view", f"form:{form}", values)
