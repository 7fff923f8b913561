"""The audit log, for administrators."""

from datetime import datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from service.store import audit, listing, replay
from service.store.accounts import Actor
from service.store.tables import audit_log
from service.web import schemas
from service.web.context import Here
from service.web.schemas import Limit
from service.web.security import may

router = APIRouter(tags=["audit"], prefix="/audit")
_MOST_TOLD = 100


class Entry(BaseModel):
    """An entry of the log: who (`actor`, with the name `who`) did what to what (`subject`, called `about`
    where it is a user or a form). The values are stored elsewhere and not shown here."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "seq": 7, "at": "2026-11-22T09:30:00Z", "actor": "user:1", "who": "王芳", "action": "accept",
                "subject": "submission:12", "about": None,
            }
        }
    )  # fmt: skip
    seq: int
    at: datetime
    actor: str
    who: str
    action: str
    subject: str
    about: str | None


class Entries(BaseModel):
    """A page of the log, the last entry first; `next` is the cursor of the page after it, null at the end."""

    items: list[Entry]
    next: str | None


class Broken(BaseModel):
    """An entry that does not hold, and the reason."""

    seq: int
    why: str


class Departed(BaseModel):
    """What differs from what the log tells, and the reason; `submission` is null where it is about none."""

    submission: int | None
    why: str


class Verified(BaseModel):
    """Whether the log holds together, and whether the submissions are as it tells. `hash` is that of the last
    entry; note it in another place."""

    sound: bool
    entries: int
    hash: str
    broken: list[Broken]
    departed: list[Departed]


@router.get("")
def index(
    context: Here, who: Annotated[Actor, may("admin")],
    cursor: Annotated[int | None, Query(ge=1, lt=1 << 31)] = None, limit: Limit = 50,
) -> Entries:  # fmt: skip
    """Returns a page of the log."""
    query = audit_log.select().order_by(audit_log.c.seq.desc()).limit(limit + 1)
    with context.database.read() as connection:
        rows = connection.execute(query if cursor is None else query.where(audit_log.c.seq < cursor)).all()
        names = schemas.names(connection, {row.actor for row in rows})
        people = listing.people(connection, {row.subject for row in rows})
    titles = {f"form:{name}": form.title for name, form in context.forms.current().items()}
    called = {**people, **titles}
    items = [
        Entry(
            seq=row.seq,
            at=row.at,
            actor=row.actor,
            who=row.actor if row.actor.startswith("worker:") else names[row.actor],
            action=row.action,
            subject=row.subject,
            about=called.get(row.subject),
        )
        for row in rows[:limit]
    ]
    return Entries(items=items, next=str(items[-1].seq) if len(rows) > limit else None)


@router.get("/verify")
def verify(context: Here, who: Annotated[Actor, may("admin")]) -> Verified:
    """Computes every hash of the log again, rebuilds every submission from its entries, and reports the
    differences."""
    with context.database.snapshot() as connection:
        entries, last, broken = audit.verify(connection)
        departed = list(islice(replay.departures(connection), _MOST_TOLD))
    return Verified(
        sound=not broken and not departed,
        entries=entries,
        hash=last,
        broken=[Broken(seq=one.seq, why=one.why) for one in broken[:_MOST_TOLD]],
        departed=[Departed(submission=one.submission, why=one.why) for one in departed],
    )
