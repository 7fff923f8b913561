"""What other systems are told of: an outbox.

A message is written in the transaction of the change itself, so that nothing is told that did not happen, and
nothing that happened is forgotten. Who sends messages claims them for a while.
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
# Of a person's moves; another try is told of when it ends.
DECIDED: dict[Move, Event] = {
    "accept": "submission.accepted", "return": "submission.returned", "reject": "submission.rejected",
    "withdraw": "submission.withdrawn", "reopen": "submission.reopened",
}  # fmt: skip

# Who claimed a delivery and said nothing for so long is dead; others try.
_LEASE = timedelta(minutes=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
# The last try comes some 14 hours after the first.
MOST_ATTEMPTS = 12


@dataclass(frozen=True)
class Delivery:
    """A message that is to be sent now, by whoever claimed it. This is its try number `attempts`."""

    id: int
    webhook: int
    url: str
    secret: str
    body: dict[str, Any]
    attempts: int


@dataclass(frozen=True)
class Outcome:
    """How a try ended: the answer's status (None: there was none), what went wrong, whether another try makes
    no sense."""

    status: int | None = None
    error: str | None = None
    is_final: bool = False


def emit(connection: sa.Connection, event: Event, submission: int, now: datetime) -> None:
    """Leaves a message for every webhook that wants `event`: which submission, and its state; no value of its
    record."""
    # Locked against being deleted: that would make the change itself fail.
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
    """Leaves a message that says nothing, and returns its number."""
    return _queue(connection, [webhook], TEST, {"event": TEST}, now)[0]


def _queue(
    connection: sa.Connection, hooks: Sequence[int], event: str, body: dict[str, Any], now: datetime
) -> list[int]:
    made = []
    for hook in hooks:
        # By its id a receiver knows a message that comes twice.
        told = {"id": secrets.token_hex(16), "at": now.isoformat(), **body}
        row = {"webhook_id": hook, "event": event, "body": told, "created_at": now, "next_at": now}
        made.append(
            int(connection.execute(deliveries.insert().values(row).returning(deliveries.c.id)).scalar_one())
        )
    return made


def are_due(connection: sa.Connection, now: datetime) -> bool:
    """Whether there are messages whose time has come."""
    return connection.scalar(sa.select(deliveries.c.id).join(webhooks).where(_due(now)).limit(1)) is not None


def claim(connection: sa.Connection, now: datetime, limit: int) -> list[Delivery]:
    """Up to `limit` messages whose time has come, for the caller alone until its lease ends."""
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
    """Notes how a try ended, and when the next one is due, if there is to be one. Nothing, where somebody
    else took over."""
    done = outcome.error is None
    given_up = outcome.is_final or delivery.attempts >= MOST_ATTEMPTS
    values = {
        "status": outcome.status, "error": outcome.error, "delivered_at": now if done else None,
        "next_at": None if done or given_up else now + pause(delivery.attempts),
    }  # fmt: skip
    mine = (deliveries.c.id == delivery.id) & (deliveries.c.attempts == delivery.attempts)
    connection.execute(deliveries.update().where(mine).values(values))


def pause(attempts: int) -> timedelta:
    """How long to wait after so many tries."""
    return min(_FIRST_PAUSE * (1 << (attempts - 1)), _LONGEST_PAUSE)
