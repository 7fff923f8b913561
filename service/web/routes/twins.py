"""A person's verdict on two submissions that may be one application."""

from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from service.store.accounts import Actor
from service.store.settling import settle
from service.store.versions import Editor
from service.web.conditional import VERSIONED, IfMatch, version_of
from service.web.context import Here
from service.web.routes.editing import edited
from service.web.routes.submissions import answer
from service.web.schemas import Detail, Number
from service.web.security import may

router = APIRouter(tags=["submissions"])


class Settled(BaseModel):
    """A verdict. `replaces`: the later submission replaces the earlier one; `another`: both stand; `open`:
    the earlier verdict is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"verdict": "replaces"}})
    verdict: Literal["replaces", "another", "open"]


@router.post("/submissions/{submission}/twins/{twin}", responses=VERSIONED)
def say(
    submission: Number, twin: Number, given: Settled, context: Here, response: Response,
    who: Annotated[Actor, may("decide")], if_match: IfMatch = None,
) -> Detail:  # fmt: skip
    """Stores what a submission and its twin are to each other."""
    version = version_of(if_match)

    def edit(connection: sa.Connection) -> int:
        verdict = None if given.verdict == "open" else given.verdict
        by = Editor(who.id, context.clock())
        return settle(connection, submission, twin, version, verdict, by, context.forms.get)

    edited(context, submission, version, edit, {"twin": twin, **given.model_dump()}, who)
    return answer(context, submission, response, who)
