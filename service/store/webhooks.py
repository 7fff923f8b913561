"""The webhooks: addresses, set by an administrator, to which events are sent."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.errors import NotFound
from service.store import audit
from service.store.events import Event
from service.store.tables import deliveries, webhooks


def create(
    connection: sa.Connection, url: str, events: Sequence[Event], actor: str, now: datetime
) -> tuple[int, str]:
    """Stores a webhook, and returns its number and the secret that signs its messages. The caller has checked
    the address."""
    secret = f"sfw_{secrets.token_urlsafe(32)}"
    row = {"url": url, "events": list(events), "secret": secret, "created_by": actor, "created_at": now}
    made = connection.execute(webhooks.insert().values(row).returning(webhooks.c.id)).scalar_one()
    audit.append(connection, now, actor, "webhook", f"webhook:{made}", {"url": url, "events": list(events)})
    return int(made), secret


def every(connection: sa.Connection) -> list[Any]:
    """Returns all webhooks."""
    return list(connection.execute(webhooks.select().order_by(webhooks.c.id)))


def get(connection: sa.Connection, webhook: int) -> Any:
    """Returns one webhook.

    Raises:
        NotFound: there is none of that number.
    """
    row = connection.execute(webhooks.select().where(webhooks.c.id == webhook)).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {webhook} 的推送地址", advice="请刷新列表")
    return row


def change(connection: sa.Connection, webhook: int, values: dict[str, Any], actor: str, now: datetime) -> Any:
    """Sets `url`, `events` or `active`, whichever `values` holds, and returns the webhook as it is then.

    Raises:
        NotFound: as in `get`.
    """
    get(connection, webhook)
    if values:
        connection.execute(webhooks.update().where(webhooks.c.id == webhook).values(values))
        audit.append(connection, now, actor, "webhook-changed", f"webhook:{webhook}", values)
    return get(connection, webhook)


def delete(connection: sa.Connection, webhook: int, actor: str, now: datetime) -> None:
    """Deletes a webhook, with its unsent messages and its log.

    Raises:
        NotFound: as in `get`.
    """
    get(connection, webhook)
    connection.execute(webhooks.delete().where(webhooks.c.id == webhook))
    audit.append(connection, now, actor, "webhook-deleted", f"webhook:{webhook}")


def log(connection: sa.Connection, webhook: int, before: int | None, limit: int) -> list[Any]:
    """Returns up to `limit` messages of a webhook with a number below `before`, sent or due, the newest
    first.

    Raises:
        NotFound: as in `get`.
    """
    get(connection, webhook)
    query = (
        deliveries.select()
        .where(deliveries.c.webhook_id == webhook)
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query if before is None else query.where(deliveries.c.id < before)))
