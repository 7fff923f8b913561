"""Blind samples of what was accepted, the figure that follows, and what is held back because of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import NotFound
from service.export.cutouts import cut_out
from service.page_pictures import Views
from service.proof import figures, holding, keying, twice
from service.store import listing
from service.store.accounts import Actor
from service.store.changes import Change
from service.store.uploads import StoredFile
from service.store.versions import Editor
from service.web.conditional import document, media
from service.web.context import Context, Here
from service.web.proof_sheet import proof_sheet
from service.web.routes.editing import FieldChange
from service.web.routes.forms import FieldAsked, asked
from service.web.routes.part_pages import apart
from service.web.schemas import Number, Reason, names
from service.web.security import may

router = APIRouter(tags=["proof"], prefix="/proof")

# Samples that a page is told of at once, so that it can fetch the next one's picture meanwhile.
_AHEAD = 3
_MOST_TO_CORRECT = 100
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KEPT = {"Cache-Control": "private, max-age=3600"}

_Keys = Annotated[Actor, may("correct")]


class SampleShown(BaseModel):
    """A place to be keyed from its pictures alone: nothing tells what was read there. `again` says that
    somebody keyed it before."""

    id: int
    form: str
    asked: FieldAsked
    pictures: list[str]
    again: bool
    purpose: Literal["sample", "back", "twice"]


class SamplesShown(BaseModel):
    """What this person is asked next, how many wait, and the minutes of the day: used by everybody, and at
    most."""

    items: list[SampleShown]
    waiting: int
    minutes: float
    most_minutes: float


class SampleAnswer(BaseModel):
    """What a person keyed: `value` or `text` as for a correction; null as a value: nothing stands there.
    Where it can't be read, `legible` is false. `seconds` is how long it was looked at."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "027-85807053", "seconds": 5.2}}
    )
    value: Any = None
    text: Annotated[str | None, Field(max_length=10_000)] = None
    legible: bool = True
    seconds: Annotated[float, Field(ge=0, le=1e6)]

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = ("value" in self.model_fields_set) + (self.text is not None) + (not self.legible)
        if said != 1:
            raise ValueError("value、text 和 legible: false 应恰有一个")
        # Bounded as a correction is, and such that a database can hold it.
        keyed = {"value": self.value} if self.text is None else {"text": self.text}
        FieldChange.model_validate({"field": "keyed", **keyed})
        return self

    def to_change(self) -> Change | None:
        """Returns what was keyed; None where it could not be read."""
        if not self.legible:
            return None
        return Change("", self.value, self.text, "value" in self.model_fields_set)


class FigureShown(BaseModel):
    """Silent errors among the accepted values of a group, as shares of 1, with the bounds of the 95 %
    interval."""

    group: figures.Group
    name: str
    called: str
    accepted: int
    looked: int
    wrong: int
    share: float
    lower: float
    upper: float
    standing: Literal["kept", "unproven", "passed"]


class RuleShown(BaseModel):
    """What is held back for a person: values of that group with less confidence than `least`."""

    id: int
    called: str
    least: float
    since: datetime
    reason: str


class WrongShown(BaseModel):
    """A sample that was wrong, whose record waits for a person."""

    submission: int
    unit: str
    title: str
    status: str


class FiguresShown(BaseModel):
    """The figures of the last twelve weeks against the target and against keying by hand."""

    target: float
    by_hand: float
    figures: list[FigureShown]
    left_out: int
    lacking: int
    rules: list[RuleShown]
    to_correct: list[WrongShown]


class PersonShown(BaseModel):
    """How much a person keyed, and how much of it otherwise than it was settled, as a share of 1 with its
    95 % interval."""

    name: str
    keyed: int
    wrong: int
    share: float
    lower: float
    upper: float


class PeopleShown(BaseModel):
    """Those of whom the caller may know."""

    items: list[PersonShown]


class Loosening(BaseModel):
    """Why a tightening is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "扫描仪已修好"}})
    reason: Reason


@router.get("/samples")
def samples(context: Here, who: _Keys) -> SamplesShown:
    """Returns what the caller is asked to key next. Only people are asked, no systems."""
    _ = who.user
    with context.database.read() as connection:
        return _samples(context, connection, who)


def _samples(context: Context, connection: sa.Connection, who: Actor) -> SamplesShown:
    minutes, now = context.settings.sample_minutes, context.clock()
    day = keying.today(connection, who.id, minutes, now)
    rows = keying.upcoming(connection, who.id, minutes, now, _AHEAD)
    return SamplesShown(
        items=[_shown(context, connection, row) for row in rows],
        waiting=day.waiting,
        minutes=round(day.spent / 60, 2),
        most_minutes=minutes,
    )


def _shown(context: Context, connection: sa.Connection, row: Any) -> SampleShown:
    form, line = context.forms.get(row.form, row.version), listing.whole(connection, row.submission_id).line
    places = line["fields"][row.field]["evidence"] if line and row.field in line["fields"] else ()
    pictures = [f"/api/v1/proof/samples/{row.id}/pictures/{index}.webp" for index in range(len(places))]
    return SampleShown(
        id=row.id,
        form=form.title,
        asked=asked(form.fields[row.field], form.titles[row.field]),
        pictures=pictures,
        again=row.state != "first",
        purpose=row.purpose,
    )


@router.post("/samples/{sample}/answer")
def answer(sample: Number, given: SampleAnswer, context: Here, who: _Keys) -> SamplesShown:
    """Keeps what was keyed, and returns what is asked next. Nothing tells whether it agrees. Where two people
    key the same other value, the record is corrected."""
    _ = who.user
    by, target = Editor(who.id, context.clock()), context.settings.silent_target
    with context.database.write() as connection:
        keying.answer(connection, context.forms, sample, given.to_change(), given.seconds, by, target)
        return _samples(context, connection, who)


@router.get("/samples/{sample}/pictures/{index}.webp", response_class=Response, responses=media("image/webp"))
async def picture(
    sample: Number, index: Annotated[int, Field(ge=0, le=100)], request: Request, who: _Keys
) -> Response:
    """Returns the cut-out of a place where the value stands."""
    return await apart(_picture, request, sample, index)


def _picture(context: Context, views: Views, sample: int, index: int) -> Response:
    with context.database.read() as connection:
        row = keying.sample(connection, sample)
        found = listing.whole(connection, row.submission_id)
    files = [StoredFile(file.name, file.sha256, file.bytes) for file in found.files]
    crops = cut_out(files, found.line, views, {row.field})
    if index >= len(crops):
        raise NotFound("这一处没有图片", advice="请按“看不清”")
    return Response(crops[index].picture, media_type="image/webp", headers=_KEPT)


@router.get("/figures")
def show_figures(context: Here, who: Annotated[Actor, may("see")]) -> FiguresShown:
    """Returns how often accepted values were wrong, by blind samples, and what is held back because of it."""
    forms, target = context.forms.current(), context.settings.silent_target
    with context.database.snapshot() as connection:
        told = figures.told(connection, forms, context.clock(), target)
        rules, wrong = holding.rules(connection), keying.to_correct(connection, _MOST_TO_CORRECT)
    kinds, titles = figures.kinds_called(forms), {name: form.title for name, form in forms.items()}
    return FiguresShown(
        target=target,
        by_hand=figures.BY_HAND,
        figures=[_figure(one) for one in told.figures],
        left_out=told.left_out,
        lacking=told.lacking,
        rules=[_rule(one, kinds, titles) for one in rules],
        to_correct=[_wrong(context, row) for row in wrong],
    )


def _figure(one: figures.Figure) -> FigureShown:
    interval = one.interval
    return FigureShown(
        group=one.group, name=one.name, called=one.called, accepted=one.accepted, looked=one.looked,
        wrong=one.wrong, share=interval.share, lower=interval.lower, upper=interval.upper,
        standing=one.standing,
    )  # fmt: skip


def _rule(one: holding.Rule, kinds: Mapping[str, str], titles: Mapping[str, str]) -> RuleShown:
    called = holding.spoken(one.scope, kinds, titles)
    return RuleShown(id=one.id, called=called, least=one.least, since=one.since, reason=one.reason)


def _wrong(context: Context, row: Any) -> WrongShown:
    title = context.forms.get(row.form, row.version).titles[row.field]
    return WrongShown(submission=row.submission_id, unit=row.unit or row.name, title=title, status=row.status)


@router.get("/people")
def people(context: Here, who: _Keys) -> PeopleShown:
    """Returns how often people keyed otherwise than it was settled: everybody's for administrators, one's own
    for others."""
    only = None if "admin" in who.can else who.id
    with context.database.snapshot() as connection:
        found = twice.keyers(connection, context.forms, only)
        called = names(connection, [one.who for one in found])
    items = [
        PersonShown(
            name=called[one.who], keyed=one.keyed, wrong=one.wrong, share=one.interval.share,
            lower=one.interval.lower, upper=one.interval.upper,
        )
        for one in found
    ]  # fmt: skip
    return PeopleShown(items=items)


@router.get("/figures.xlsx", response_class=Response, responses=media(_SHEET))
def figures_sheet(context: Here, who: Annotated[Actor, may("export")]) -> Response:
    """Returns the figures as a workbook."""
    with context.database.snapshot() as connection:
        target = context.settings.silent_target
        told = figures.told(connection, context.forms.current(), context.clock(), target)
    return document(proof_sheet(told, target), _SHEET, f"抽查结果-{context.clock().astimezone():%Y%m%d}.xlsx")


@router.post("/rules/{rule}/loosening")
def loosen(
    rule: Number, given: Loosening, context: Here, who: Annotated[Actor, may("admin")]
) -> FiguresShown:
    """Takes a tightening back, which only a person does, and which is in the log."""
    with context.database.write() as connection:
        holding.loosen(connection, rule, given.reason, Editor(who.id, context.clock()))
    return show_figures(context, who)
