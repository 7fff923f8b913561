"""Which campaign a submission is for, where it fits none or several: asked about once, and answered by a
person."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from models.errors import Invalid
from models.identity import FormName
from service.store import belongings
from service.store.accounts import Actor
from service.store.versions import Editor
from service.web.campaigns import Known
from service.web.conditional import VERSIONED, IfMatch, version_of
from service.web.context import Here
from service.web.schemas import Limit, Number
from service.web.security import may

router = APIRouter(tags=["campaigns"], prefix="/placements")


class Placement(BaseModel):
    """A submission, the campaigns that it may be for, and which one a person said it is for: `campaign` is
    null where that is none, and `version` 0 where nobody has said."""

    submission: int
    name: str
    unit: str | None
    form: str | None
    status: str
    received_at: datetime
    fits: list[str]
    campaign: str | None
    version: int


class Placements(BaseModel):
    """Submissions that wait for an answer, or have one, and how many there are in all."""

    items: list[Placement]
    total: int


class PlacementGiven(BaseModel):
    """The campaign that a submission is for; null: none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"campaign": "a-campaign"}})
    campaign: FormName | None


@router.get("")
def index(
    context: Here, all_: Known, who: Annotated[Actor, may("see")],
    placed: Annotated[bool, Query(description="Those that have an answer")] = False,
    offset: Annotated[int, Query(ge=0, lt=1 << 31)] = 0, limit: Limit = 50,
) -> Placements:  # fmt: skip
    """Submissions that fit no campaign, or several, and wait for a person; or those that a person placed."""
    if placed:
        with context.database.read() as connection:
            found = [(row, list[str]()) for row in belongings.placed(connection)]
    else:
        found = [(one.row, one.fits) for one in all_.asked(context.database)]
    items = [_shown(row, fits) for row, fits in found[offset : offset + limit]]
    return Placements(items=items, total=len(found))


@router.put("/{submission}", status_code=204, responses=VERSIONED)
def place(
    submission: Number, given: PlacementGiven, context: Here, all_: Known,
    who: Annotated[Actor, may("decide")], if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Says which campaign a submission is for. It is not asked about again; the answer can be changed."""
    version = version_of(if_match)
    if given.campaign is not None and given.campaign not in all_.names():
        raise Invalid(f"没有名为“{given.campaign}”的活动")
    with context.database.write() as connection:
        by = Editor(who.id, context.clock())
        made = belongings.place(connection, submission, version, given.campaign, by)
    return Response(status_code=204, headers={"ETag": f'"{made}"'})


def _shown(row: Any, fits: list[str]) -> Placement:
    return Placement(
        submission=row.id,
        name=row.name,
        unit=row.unit,
        form=row.form,
        status=row.status,
        received_at=row.arrived_at or row.received_at,
        fits=fits,
        campaign=row.campaign,
        version=row.version or 0,
    )
