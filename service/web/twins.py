"""The API's view of submissions that may be the same."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

from models.form import FormDefinition
from service.store import twins
from service.store.listing import Whole
from service.store.settling import Verdict
from service.store.statuses import Status
from service.store.twins import Ground

TWIN: JsonDict = {
    "id": 9,
    "name": "s001-1.pdf",
    "unit": "武汉某某产业园有限公司",
    "status": "in-review",
    "received_at": "2026-11-20T16:02:00Z",
    "is_earlier": True,
    "ground": "same-unit",
    "same": False,
    "differs": [{"name": "some_field", "title": "某栏目"}],
    "verdict": None,
    "by": None,
    "at": None,
}


class Named(BaseModel):
    """A field and its title."""

    name: str
    title: str


class Twin(BaseModel):
    """Another submission that may be the same as this one, or on which a person gave a `verdict`. `same` says
    whether all values are equal (null: one of the two has no values); `differs` names the fields that
    differ."""

    model_config = ConfigDict(json_schema_extra={"example": TWIN})
    id: int
    name: str
    unit: str | None
    status: Status
    received_at: datetime
    is_earlier: bool
    ground: Ground
    same: bool | None
    differs: list[Named]
    verdict: Verdict | None
    by: str | None
    at: datetime | None


def shown_twins(connection: sa.Connection, found: Whole, form: FormDefinition | None) -> list[Twin]:
    """Returns the twins of a submission, with and without a verdict, the newest first."""
    return [_twin(one, found, form) for one in twins.kin(connection, found.row.id)]


def _twin(one: Any, found: Whole, form: FormDefinition | None) -> Twin:
    titles = form.titles if form else {}
    mine, yours = found.record.content if found.record else {}, one.content or {}
    known = {**yours, **mine} if mine and yours else {}
    differs = sorted(
        (name for name in known if mine.get(name) != yours.get(name)), key=[*titles, *known].index
    )
    return Twin(
        id=one.id, name=one.name, unit=one.unit, status=one.status, received_at=one.received_at,
        is_earlier=one.id < found.row.id,
        ground=one.ground, same=not differs if known else None, verdict=one.verdict, by=one.by, at=one.at,
        differs=[Named(name=name, title=titles.get(name, name)) for name in differs],
    )  # fmt: skip
