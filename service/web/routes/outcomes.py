"""What comes of campaigns: the list that is announced above, which application each of its rows means, and
the lists that follow from that."""

import io
import zipfile
from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from generator.sheet import SheetLimits
from models.errors import Conflict, Invalid
from models.identity import FormName
from service.campaigns.desk import Announced, Desk
from service.campaigns.judgement.outcome import Matched
from service.campaigns.judgement.standing import Application
from service.campaigns.papers import Paper, outcome_lists, unfinished
from service.campaigns.sheets import read_announced
from service.store import audit, campaigns
from service.store.accounts import Actor
from service.store.versions import Editor
from service.web.campaigns import Known
from service.web.conditional import (
    VERSIONED,
    IfMatch,
    document,
    file_name,
    media,
    multipart,
    multipart_body,
    version_of,
)
from service.web.context import Context, Here
from service.web.schemas import Limit, Number
from service.web.security import may

router = APIRouter(tags=["campaigns"], prefix="/campaigns/{name}")

_ZIP = "application/zip"
# The limits of an announced list in one request.
_LIST = SheetLimits(bytes=5_000_000, unpacked_bytes=50_000_000, rows=5_000, columns=200)
_MOST_MEANT = 10
_UPLOAD = multipart_body(
    "list",
    list={"type": "string", "format": "binary", "description": "An .xlsx with the campaign's headings"},
)
Rows = Literal["doubted", "all"]


class AnnouncedMeant(BaseModel):
    """An application that a row of the announced list may mean."""

    submission: int
    unit: str
    title: str


class AnnouncedRowShown(BaseModel):
    """A row of the announced list, `number` as the spreadsheet counts. `submission` is the application that
    it was taken for; `by_person` says that somebody said so, `doubt` why somebody should, and `nearly` which
    may be meant, the likeliest first."""

    number: int
    unit: str | None
    title: str | None
    submission: int | None
    by_person: bool
    doubt: str | None
    nearly: list[AnnouncedMeant]


class CampaignList(BaseModel):
    """One of the lists, and how many are on it."""

    title: str
    count: int


class CampaignOutcome(BaseModel):
    """What comes of a campaign. `version` is that of the announced list, 0 where none was brought in, which
    `waits` says to be waited for; `lists` is empty then. `rows` are those asked for, `doubted` how many wait
    for a person, `total` how many there are, and `notes` what is left to write into the lists."""

    file: str | None
    version: int
    expects_list: bool
    waits: bool
    lists: list[CampaignList]
    undecided: int
    total: int
    doubted: int
    rows: list[AnnouncedRowShown]
    notes: list[str]


class AnnouncedMatch(BaseModel):
    """Which application a row means; null: none of ours. `asked` takes back what was said."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"submission": 12}})
    submission: Number | None = None
    asked: bool = False


@router.get("/outcome")
def outcome(
    name: FormName, context: Here, all_: Known, who: Annotated[Actor, may("see")], response: Response,
    rows: Rows = "doubted", offset: Annotated[int, Query(ge=0, lt=1 << 31)] = 0, limit: Limit = 50,
) -> CampaignOutcome:  # fmt: skip
    """What comes of a campaign as it stands: the lists in figures, and the rows of the announced list about
    which a person has to say which application they mean, or all."""
    return _shown(context, all_.desk(name), response, rows, offset, limit)


@router.put("/announced", openapi_extra=_UPLOAD, responses=VERSIONED)
async def announce(
    name: FormName, request: Request, context: Here, all_: Known, response: Response,
    who: Annotated[Actor, may("decide")], if_match: IfMatch = None,
) -> CampaignOutcome:  # fmt: skip
    """Brings in the list that was announced above, in place of the one before. What a person said of a row
    holds where a row bears the same names."""
    version, desk = version_of(if_match), all_.desk(name)
    if desk.loaded.campaign.announced is None:
        raise Invalid("这次活动没有上级公布的名单")
    async with multipart(request, 1) as fields:
        given = fields.get("list")
        if not isinstance(given, UploadFile):
            raise Invalid("请求中没有名单", advice="请用名为 list 的字段上传 .xlsx 文件")
        data, file = await given.read(_LIST.bytes + 1), file_name(given.filename)
    return await run_in_threadpool(_announce, context, desk, who, version, file, data, response)


def _announce(
    context: Context, desk: Desk, who: Actor, version: int, file: str, data: bytes, response: Response
) -> CampaignOutcome:
    campaign = desk.loaded.campaign
    rows = [(row.number, row.unit, row.title) for row in read_announced(campaign, data, _LIST)]
    if not rows:
        raise Invalid("名单中没有一行", advice="请核对是不是这次公布的名单")
    by = Editor(who.id, context.clock())
    with context.database.write() as connection:
        campaigns.announce(connection, campaign.name, version, file, rows, by)
    return _shown(context, desk, response)


@router.put("/announced/{row}", responses=VERSIONED)
def match(
    name: FormName, row: Number, given: AnnouncedMatch, context: Here, all_: Known, response: Response,
    who: Annotated[Actor, may("decide")], if_match: IfMatch = None,
) -> CampaignOutcome:  # fmt: skip
    """Says which application a row of the announced list means, in the spreadsheet's own number."""
    version, desk = version_of(if_match), all_.desk(name)
    if given.submission is not None and not given.asked:
        desk.look(context.database).of(given.submission)
    said: int | Literal["asked"] | None = campaigns.ASKED if given.asked else given.submission
    with context.database.write() as connection:
        campaigns.match(connection, name, version, row, said, Editor(who.id, context.clock()))
    return _shown(context, desk, response)


@router.get("/lists", response_class=Response, responses=media(_ZIP))
def lists(name: FormName, context: Here, all_: Known, who: Annotated[Actor, may("export")]) -> Response:
    """The lists as .docx and .xlsx, a notice for each that is shown to the public, and what a person has yet
    to decide, as .zip. Nothing is published."""
    desk, now = all_.desk(name), context.clock()
    seen = desk.look(context.database)
    found = desk.outcome(context.database, seen).outcome
    if found is None:
        raise Conflict("上级的名单还没有导入", advice="请先导入上级公布的名单")
    data = zipped(outcome_lists(desk.loaded, found, now))
    with context.database.write() as connection:
        told = {"lists": [len(found.higher), len(found.own), len(found.not_chosen)]}
        audit.append(connection, now, who.id, "export", f"campaign:{name}", told)
    return document(data, _ZIP, f"{name}-lists.zip")


def zipped(papers: Iterable[Paper]) -> bytes:
    """`papers` as a .zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for paper in papers:
            archive.writestr(paper.name, paper.data)
    return stream.getvalue()


def _shown(
    context: Context, desk: Desk, response: Response, rows: Rows = "doubted", offset: int = 0, limit: int = 50
) -> CampaignOutcome:
    found = desk.outcome(context.database, desk.look(context.database))
    response.headers["ETag"] = f'"{found.version}"'
    made, campaign = found.outcome, desk.loaded.campaign
    every = made.rows if made else []
    wanted = [one for one in every if rows == "all" or one.doubt]
    return CampaignOutcome(
        file=found.file,
        version=found.version,
        expects_list=campaign.announced is not None,
        waits=made is None,
        lists=_lists(desk, found),
        undecided=len(made.undecided) if made else 0,
        total=len(every),
        doubted=sum(one.doubt is not None for one in every),
        rows=[_row(one) for one in wanted[offset : offset + limit]],
        notes=unfinished(desk.loaded, context.clock()) if made else [],
    )


def _lists(desk: Desk, found: Announced) -> list[CampaignList]:
    said, made = desk.loaded.campaign.outcomes, found.outcome
    if made is None:
        return []
    titled: list[tuple[str | None, list[Application]]] = [
        (said.higher_list, made.higher), (said.own_list, made.own), (said.not_chosen, made.not_chosen),
    ]  # fmt: skip
    return [CampaignList(title=title, count=len(chosen)) for title, chosen in titled if title]


def _row(one: Matched) -> AnnouncedRowShown:
    return AnnouncedRowShown(
        number=one.row.number,
        unit=one.row.unit,
        title=one.row.title,
        submission=int(one.found.entry.key) if one.found else None,
        by_person=one.by_person,
        doubt=one.doubt,
        nearly=[
            AnnouncedMeant(submission=int(near.entry.key), unit=near.unit, title=near.title)
            for near in (*one.nearly, *([one.found] if one.found and one.doubt else []))[:_MOST_MEANT]
        ],
    )
