"""The webhooks: addresses to which events are sent, for administrators."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from service import webhooks as sending
from service.store import events, webhooks
from service.store.accounts import Actor
from service.store.events import Event
from service.web.context import Here
from service.web.routes.users import Number
from service.web.security import may

router = APIRouter(tags=["webhooks"], prefix="/webhooks")

Url = Annotated[str, Field(min_length=1, max_length=1024)]
Events = Annotated[list[Event], Field(min_length=1, max_length=len(events.EVENTS))]


class Webhook(BaseModel):
    """A webhook, without its secret."""

    id: int
    url: str
    events: list[str]
    active: bool
    created_by: str
    created_at: datetime


class Webhooks(BaseModel):
    """All webhooks, and the events and hosts that are allowed."""

    items: list[Webhook]
    known_events: list[str]
    hosts: list[str]


class NewWebhook(BaseModel):
    """An address, and the events to send to it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"url": "https://hooks.example.cn/sealform", "events": ["submission.accepted"]}
        },
    )
    url: Url
    events: Events


class NewWebhookShown(BaseModel):
    """A new webhook, and the secret of its signatures, which is shown only this once."""

    id: int
    secret: str


class WebhookChanges(BaseModel):
    """The changes to a webhook. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"active": False}})
    url: Url | None = None
    events: Events | None = None
    active: bool | None = None


class Delivery(BaseModel):
    """A message. `next_at` is when it is tried (again); it is null once the message arrived or was given
    up."""

    id: int
    event: str
    body: dict[str, Any]
    created_at: datetime
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    status: int | None
    error: str | None


class Deliveries(BaseModel):
    """Messages, the newest first."""

    items: list[Delivery]
    next: str | None


class Queued(BaseModel):
    """The number of a message that is on its way."""

    delivery: int


@router.get("")
def index(context: Here, who: Annotated[Actor, may("admin")]) -> Webhooks:
    """Returns all webhooks."""
    with context.database.read() as connection:
        items = [Webhook.model_validate(row, from_attributes=True) for row in webhooks.every(connection)]
    return Webhooks(items=items, known_events=list(events.EVENTS), hosts=list(context.settings.webhook_hosts))


@router.post("", status_code=201)
def create(given: NewWebhook, context: Here, who: Annotated[Actor, may("admin")]) -> NewWebhookShown:
    """Registers an address, if its host is allowed."""
    sending.check_url(given.url, context.settings.webhook_hosts)
    with context.database.write() as connection:
        number, secret = webhooks.create(
            connection, given.url, list(dict.fromkeys(given.events)), who.id, context.clock()
        )
    return NewWebhookShown(id=number, secret=secret)


@router.patch("/{webhook}")
def change(
    webhook: Number, given: WebhookChanges, context: Here, who: Annotated[Actor, may("admin")]
) -> Webhook:
    """Changes the address or the events, or stops and starts the webhook. Its secret stays."""
    if given.url is not None:
        sending.check_url(given.url, context.settings.webhook_hosts)
    with context.database.write() as connection:
        row = webhooks.change(
            connection, webhook, given.model_dump(exclude_none=True), who.id, context.clock()
        )
    return Webhook.model_validate(row, from_attributes=True)


@router.delete("/{webhook}", status_code=204)
def delete(webhook: Number, context: Here, who: Annotated[Actor, may("admin")]) -> None:
    """Deletes a webhook, with its unsent messages and its log."""
    with context.database.write() as connection:
        webhooks.delete(connection, webhook, who.id, context.clock())


@router.get("/{webhook}/deliveries")
def log(
    webhook: Number,
    context: Here,
    who: Annotated[Actor, may("admin")],
    cursor: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Deliveries:
    """Returns the messages that were sent or are due, the newest first."""
    with context.database.read() as connection:
        rows = webhooks.log(connection, webhook, cursor, limit + 1)
    items = [Delivery.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return Deliveries(items=items, next=str(items[-1].id) if len(rows) > limit else None)


@router.post("/{webhook}/test", status_code=202)
def test(webhook: Number, context: Here, who: Annotated[Actor, may("admin")]) -> Queued:
    """Sends a message without content. The outcome is in the webhook's log."""
    now = context.clock()
    with context.database.write() as connection:
        webhooks.get(connection, webhook)
        return Queued(delivery=events.emit_test(connection, webhook, now))
