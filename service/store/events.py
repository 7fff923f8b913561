"""The outbox of webhook messages.

A message is written in the transaction of the change that it reports. So no message is sent about a change
that did not happen, and no change is forgotten. A process that sends messages claims them for a while.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa

from service.store.statuses import Move
from service.store.tables import deliveries, submissions, webhooks

Event = Literal[
    "submission.read", "submission.unreadable", "submission.accepted", "submission.returned",
    "submission.rejected",
    "submission.withdrawn", "submission.reopened", "submission.purged",
]  # fmt: skip
EVENTS: tuple[Event, ...] = get_args(Event)
TEST = "webhook.test"
# The events of a person's moves. A retry has no event of its own: it is reported when the reading ends.
DECIDED: dict[Move, Event] = {
    "accept": "submission.accepted", "return": "submission.returned", "reject": "submission.rejected",
    "withdraw": "submission.withdrawn", "reopen": "submission.reopened",
}  # fmt: skip

# A process that claimed a delivery and reported nothing for so long counts as dead, and others try the
# delivery.
_LEASE = timedelta(minutes=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
# The last try comes some 14 hours after the first.
MOST_ATTEMPTS = 12


@dataclass(frozen=True)
class Delivery:
    """A message that is due, claimed by the caller. This is its try number `attempts`."""

    id: int
    webhook: int
    url: str
    secret: str
    body: dict[str, Any]
    attempts: int


@dataclass(frozen=True)
class Outcome:
    """The outcome of a try: the status of the answer (None: there was no answer), the error, and whether
    another try makes no sense."""

    status: int | None = None
    error: str | None = None
    is_final: bool = False


def emit(connection: sa.Connection, event: Event, submission: int, now: datetime) -> None:
    """Leaves a message for every webhook that wants `event`. It tells the submission and its state, but no
    value of its record."""
    # The webhooks are locked against deletion, which would make the change itself fail.
    hooks = (
        sa.select(webhooks.c.id, webhooks.c.events)
        .where(webhooks.c.active)
        .with_for_update(read=True, key_share=True)
    )
    wanted = [hook.id for hook in connection.execute(hooks) if event in hook.events]
    if not wanted:
        return
    about = submissions.c
    row = connection.execute(
        sa.select(about.status, about.version, about.form, about.changed).where(about.id == submission)
    ).one()
    body = {"event": event, "submission": submission, **row._mapping}
    _queue(connection, wanted, event, body, now)


def emit_test(connection: sa.Connection, webhook: int, now: datetime) -> int:
    """Leaves a message without content, and returns its number."""
    return _queue(connection, [webhook], TEST, {"event": TEST}, now)[0]


def _queue(
    connection: sa.Connection, hooks: Sequence[int], event: str, body: dict[str, Any], now: datetime
) -> list[int]:
    made = []
    for hook in hooks:
        # The id lets a receiver recognise a message that arrives twice.
        told = {"id": secrets.token_hex(16), "at": now.isoformat(), **body}
        row = {"webhook_id": hook, "event": event, "body": told, "created_at": now, "next_at": now}
        made.append(
            int(connection.execute(deliveries.insert().values(row).returning(deliveries.c.id)).scalar_one())
        )
    return made


def are_due(connection: sa.Connection, now: datetime) -> bool:
    """Returns whether any messages are due."""
    return connection.scalar(sa.select(deliveries.c.id).join(webhooks).where(_due(now)).limit(1)) is not None


def claim(connection: sa.Connection, now: datetime, limit: int) -> list[Delivery]:
    """Claims up to `limit` messages that are due. They belong to the caller alone until the lease ends."""
    query = (
        sa.select(deliveries, webhooks.c.url, webhooks.c.secret)
        .join(webhooks)
        .where(_due(now))
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=deliveries)
    )
    rows = connection.execute(query).all()
    if rows:
        connection.execute(
            deliveries.update()
            .where(deliveries.c.id.in_([row.id for row in rows]))
            .values(attempts=deliveries.c.attempts + 1, next_at=now + _LEASE)
        )
    return [Delivery(row.id, row.webhook_id, row.url, row.secret, row.body, row.attempts + 1) for row in rows]


def _due(now: datetime) -> sa.ColumnElement[bool]:
    return (deliveries.c.next_at <= now) & webhooks.c.active


def settle(connection: sa.Connection, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Records the outcome of a try, and when the next try is due, if there is one. Does nothing where another
    process took the message over."""
    done = outcome.error is None
    given_up = outcome.is_final or delivery.attempts >= MOST_ATTEMPTS
    values = {
        "status": outcome.status, "error": outcome.error, "delivered_at": now if done else None,
        "next_at": None if done or given_up else now + pause(delivery.attempts),
    }  # fmt: skip
    mine = (deliveries.c.id == delivery.id) & (deliveries.c.attempts == delivery.attempts)
    connection.execute(deliveries.update().where(mine).values(values))


def pause(attempts: int) -> timedelta:
    """Returns how long to wait after so many tries."""
    return min(_FIRST_PAUSE * (1 << (attempts - 1)), _LONGEST_PAUSE)
