"""Campaigns: how each stands, its applications, what persons decide on them there, and its papers."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from models.campaign import Recommendation
from models.errors import Conflict, Invalid
from models.identity import FormName
from service.campaigns.judgement.standing import Application
from service.campaigns.papers import ledger, reminders
from service.store import audit, campaigns
from service.store.accounts import Actor
from service.store.versions import Editor
from service.web.campaigns import Known, shown
from service.web.charts import Chart, draw
from service.web.conditional import VERSIONED, IfMatch, document, media, version_of
from service.web.context import Here
from service.web.routes.outcomes import zipped
from service.web.schemas import Limit, Number, Reason, names
from service.web.scoring import scored
from service.web.security import may

router = APIRouter(tags=["campaigns"])

_ZIP, _SVG = "application/zip", "image/svg+xml"
_Sees = Annotated[Actor, may("see")]
Only = Literal["all", "waiting", "counted"]


class CampaignName(BaseModel):
    """A campaign that the service knows."""

    name: str
    title: str
    form: str


class CampaignVerdict(BaseModel):
    """What was judged, and why; `sure` where nobody needs to look."""

    verdict: str
    sure: bool = True
    reason: str


class CampaignOrganiser(BaseModel):
    """CampaignOrganiser whom an application came, and by which evidence."""

    name: str | None
    evidence: str | None
    sure: bool
    reason: str


class CampaignDecision(BaseModel):
    """What persons decided on an application for the campaign; null: nobody has."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"recommendation": "own", "reason": "目标措施明确"}}
    )
    organiser: Annotated[str | None, Field(max_length=200)] = None
    may_apply: bool | None = None
    in_time: bool | None = None
    recommendation: Recommendation | None = None
    reason: Reason | None = None
    scores: Annotated[dict[str, int] | None, Field(max_length=50)] = None


class CampaignRuling(CampaignDecision):
    """A decision as it stands: who looked at it a second time, and its version. Of points, `mine` are the
    caller's own; `scores` and `second_scores` are the reviewers', and `total` what they come to, once all
    have given theirs, so that none has seen another's before."""

    second: str | None = None
    version: int
    mine: dict[str, int] | None = None
    second_scores: dict[str, int] | None = None
    total: float | None = None


class CampaignApplication(BaseModel):
    """An application: the last of its copies, and what is judged of it."""

    submission: int
    copies: list[int]
    unit: str
    title: str
    domain: str | None
    state: str
    timing: CampaignVerdict
    eligibility: CampaignVerdict
    organiser: CampaignOrganiser
    doubts: list[str]
    counted: bool
    ruling: CampaignRuling


class CampaignApplications(BaseModel):
    """CampaignApplications of a campaign's applications, and how many there are in all."""

    items: list[CampaignApplication]
    total: int


@router.get("/campaigns")
def known(context: Here, all_: Known, who: _Sees) -> list[CampaignName]:
    """The campaigns that the service knows."""
    found = [all_.desk(name).loaded.campaign for name in all_.names()]
    return [CampaignName(name=one.name, title=one.title, form=one.form) for one in found]


@router.get("/campaigns/{name}")
def at_a_glance(name: FormName, context: Here, all_: Known, who: _Sees) -> dict[str, Any]:
    """Every figure of a campaign as it stands: days left, what came, by domain and by organiser, and
    whose work waits for review; `people` has their names."""
    desk = all_.desk(name)
    said = desk.figures(desk.look(context.database), context.clock())
    with context.database.read() as connection:
        people = names(connection, {one["who"] for one in said["whose"] if one["who"]})
    return {**said, "people": people}


@router.get("/campaigns/{name}/charts/{of}.svg", response_class=Response, responses=media(_SVG))
def chart(name: FormName, of: Chart, context: Here, all_: Known, who: _Sees) -> Response:
    """A chart as SVG, to be read without colour: what came and what became of it, applications by domain, or
    by organiser against what is asked of it."""
    desk = all_.desk(name)
    said = desk.figures(desk.look(context.database), context.clock())
    return Response(draw(of, said), media_type=_SVG)


@router.get("/campaigns/{name}/applications")
def applications(
    name: FormName, context: Here, all_: Known, who: _Sees, only: Only = "all",
    organiser: Annotated[str | None, Query(max_length=200)] = None,
    offset: Annotated[int, Query(ge=0, lt=1 << 31)] = 0, limit: Limit = 50,
) -> CampaignApplications:  # fmt: skip
    """A campaign's applications: all, those about which a person has to decide something, or those that
    count; through one organiser or all."""
    seen = all_.desk(name).look(context.database)
    standing = seen.standing
    found: list[Application] = standing.waiting() if only == "waiting" else list(standing.applications)
    if only == "counted":
        found = [one for one in found if one.counted]
    if organiser is not None:
        found = [one for one in found if one.attribution.organiser == organiser]
    items = [
        CampaignApplication.model_validate(shown(one, seen, who.id)) for one in found[offset : offset + limit]
    ]
    return CampaignApplications(items=items, total=len(found))


@router.put("/campaigns/{name}/rulings/{submission}", responses=VERSIONED)
def decide(
    name: FormName, submission: Number, given: CampaignDecision, context: Here, all_: Known,
    response: Response, who: Annotated[Actor, may("decide")], if_match: IfMatch = None,
) -> CampaignApplication:  # fmt: skip
    """Decides on an application for the campaign, all of it at once: what is null is left to the rules.
    Whoever confirms another's recommendation as it is, is its second reviewer; so is whoever gives points
    after another. `scores` are the caller's own: null leaves them as they are, {} takes them back."""
    version, desk = version_of(if_match), all_.desk(name)
    campaign = desk.loaded.campaign
    if given.organiser is not None and given.organiser not in desk.loaded.judge.roster.names:
        raise Invalid(f"没有“{given.organiser}”这个推荐部门")
    if given.recommendation is not None and given.recommendation not in campaign.outcomes.words():
        raise Invalid("这次活动没有这一种初审意见")
    if given.recommendation is not None and not (given.reason or "").strip():
        raise Invalid("写了初审意见，应写理由")
    last = int(desk.look(context.database).of(submission).entry.key)
    if last != submission:
        raise Conflict(f"这份申请又有新的一份，编号 {last}", advice="请对新的一份作出决定")
    said = given.model_dump(exclude={"reason", "scores"})
    with context.database.write() as connection:
        before = campaigns.ruling(connection, name, submission)
        second = _second(before, said, given.reason, who)
        said |= scored(campaign, before.content if before else {}, given.scores, second, who.id)
        by = Editor(who.id, context.clock())
        campaigns.rule(connection, name, submission, version, said, given.reason, by)
    seen = desk.look(context.database)
    one = CampaignApplication.model_validate(shown(seen.of(submission), seen, who.id))
    response.headers["ETag"] = f'"{one.ruling.version}"'
    return one


def _second(before: Any, said: dict[str, Any], reason: str | None, who: Actor) -> str | None:
    """Who looked a second time: not who recommended, and only where the recommendation stays."""
    if before is None or not said["recommendation"]:
        return None
    is_same = before.content.get("recommendation") == said["recommendation"] and before.reason == reason
    if not is_same:
        return None
    return before.content.get("second") or (who.id if before.by != who.id else None)


@router.get("/campaigns/{name}/papers", response_class=Response, responses=media(_ZIP))
def papers(name: FormName, context: Here, all_: Known, who: Annotated[Actor, may("export")]) -> Response:
    """The sheet of all applications, and for each organiser a letter and a draft of a mail, as .zip. Nothing
    is sent."""
    desk, now = all_.desk(name), context.clock()
    standing = desk.look(context.database).standing
    data = zipped((ledger(desk.loaded, standing), *reminders(desk.loaded, standing, now)))
    with context.database.write() as connection:
        audit.append(
            connection, now, who.id, "export", f"campaign:{name}", {"count": len(standing.applications)}
        )
    return document(data, _ZIP, f"{name}.zip")
