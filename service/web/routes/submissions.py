"""Submissions: list, look at and watch them, with their history and the letter that returns one."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

import anyio
import sqlalchemy as sa
from fastapi import APIRouter, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from models.errors import NotFound
from models.form import FormDefinition
from models.identity import FormName
from service.store import counts, listing
from service.store.accounts import Actor
from service.store.listing import Filter, Sort
from service.store.statuses import Status
from service.store.versions import row_of
from service.web import masking, return_letter, schemas
from service.web.conditional import start_of, zone
from service.web.context import Context, Here
from service.web.recent import Lately
from service.web.routes.uploads import POLL, WATCH
from service.web.schemas import Counts, Cursor, Day, Detail, History, Limit, Number, Summaries, Summary
from service.web.security import may
from service.web.viewing import Viewer, note_view

router = APIRouter(tags=["submissions"])

_EARLIEST, _LATEST = date(1970, 1, 1), date(2200, 1, 1)
_DAYS = 30
# The most submissions that one look for changes returns.
_MOST_CHANGES = 100

Date = Annotated[date, Field(ge=_EARLIEST, le=_LATEST)]


class Wanted(BaseModel):
    """Which submissions to list, and in which order. Days are the bureau's, and the last one is included.
    `unit` is a part of the applicant's name."""

    model_config = ConfigDict(populate_by_name=True)
    status: Annotated[list[Status], Field(max_length=8)] = []
    form: FormName | None = None
    unit: Annotated[str | None, Field(max_length=128, pattern=r"^[^\x00]*$")] = None
    q: Annotated[str | None, Field(max_length=200, description="Words that must all occur in the record")] = (
        None
    )
    since: Annotated[Date | None, Field(alias="from")] = None
    until: Annotated[Date | None, Field(alias="to")] = None
    doubtful: bool | None = None
    twins: Annotated[bool | None, Field(description="Whether it may be the same as another")] = None
    overdue: Annotated[bool, Field(description="Only those whose correction is overdue")] = False
    mine: Annotated[bool, Field(description="Only those that are the caller's work")] = False
    sort: Sort = "-received_at"
    cursor: Cursor | None = None
    limit: Limit = 50


class Letter(BaseModel):
    """The draft of a letter."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"text": "武汉某某公司：\n\n贵单位提交的《申请表》已收悉。…"}}
    )
    text: str


@router.get("/submissions")
def index(wanted: Annotated[Wanted, Query()], context: Here, who: Annotated[Actor, may("see")]) -> Summaries:
    """Returns a page of the submissions that meet all conditions."""
    where = zone(context)
    conditions = Filter(
        status=wanted.status, form=wanted.form, unit=wanted.unit, query=wanted.q, doubtful=wanted.doubtful,
        twins=wanted.twins, overdue_at=context.clock() if wanted.overdue else None,
        assignee=who.user if wanted.mine else None,
        since=start_of(wanted.since, where) if wanted.since else None,
        until=start_of(wanted.until, where, 1) if wanted.until else None,
    )  # fmt: skip
    with context.database.read() as connection:
        page = listing.page(connection, conditions, wanted.sort, wanted.cursor, wanted.limit)
        return Summaries(items=schemas.summaries(connection, context.forms, page.rows), next=page.next)


@router.get("/submissions/counts")
def count(context: Here, lately: Lately, who: Annotated[Actor, may("see")]) -> Counts:
    """Returns how many submissions are in each state, and how many arrived and were decided on each of the
    last thirty days."""
    where = zone(context)
    today = context.clock().astimezone(where).date()
    days = [start_of(today, where, -before).date() for before in reversed(range(_DAYS))]
    with context.database.read() as connection:

        def make() -> Counts:
            found = [
                Day(day=day, received=came, decided=went)
                for day, came, went in counts.by_day(connection, days, where)
            ]
            return Counts.model_validate({"by_status": counts.by_status(connection), "by_day": found})

        return lately.answer(connection, ("counts", today), make)


@router.get("/events", response_class=EventSourceResponse)
async def events(
    context: Here, who: Annotated[Actor, may("see")],
    last_event_id: Annotated[
        str | None, Header(pattern=r"^[0-9]{0,18}$", description="Where to go on")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:  # fmt: skip
    """Sends an event `submission` with its summary for each change. The ids rise, so that a client that was
    away goes on where it was. A submission that changed several times meanwhile is reported once."""
    after = int(last_event_id) if last_event_id else await run_in_threadpool(_last_change, context)
    yield ServerSentEvent(comment="watching", id=str(after))
    end = anyio.current_time() + WATCH
    while anyio.current_time() < end:
        changed = await run_in_threadpool(_changes, context, after)
        for number, one in changed:
            after = number
            yield ServerSentEvent(event="submission", data=one, id=str(number))
        if len(changed) < _MOST_CHANGES:
            await anyio.sleep(POLL)


def _last_change(context: Context) -> int:
    with context.database.read() as connection:
        return listing.last_change(connection)


def _changes(context: Context, after: int) -> list[tuple[int, Summary]]:
    with context.database.read() as connection:
        rows = listing.changes(connection, after, _MOST_CHANGES)
        return list(
            zip(
                (row.changed for row in rows), schemas.summaries(connection, context.forms, rows), strict=True
            )
        )


@router.get("/submissions/{submission}")
def show(submission: Number, context: Here, response: Response, who: Viewer) -> Detail:
    """A submission with its record, what speaks for each value, and what may be done with it. The ETag is its
    version."""
    return answer(context, submission, response, who)


def answer(context: Context, submission: int, response: Response, who: Actor) -> Detail:
    """Returns the submission as every route that shows or changes it answers `who`, with its ETag.

    Raises:
        NotFound: there is none.
    """
    with context.database.read() as connection:
        found, form = _found(context, connection, submission)
    values = {name: field.value for name, field in found.fields.items()}
    if masking.seen(form, values, who) and not context.settings.log_views:
        note_view(context, submission, who)
    found = masking.of_detail(form, found, who)
    response.headers["ETag"] = f'"{found.version}"'
    return found


def _found(
    context: Context, connection: sa.Connection, submission: int
) -> tuple[Detail, FormDefinition | None]:
    found = listing.whole(connection, submission)
    form = schemas.form_of(context.forms, found.row)
    return schemas.detail(connection, form, found, context.clock()), form


@router.get("/submissions/{submission}/history")
def history(submission: Number, context: Here, who: Viewer) -> History:
    """Every version of a submission, with who made it and why."""
    with context.database.read() as connection:
        form = schemas.form_of(context.forms, row_of(connection, submission))
        found = schemas.history(connection, form, submission)
    return masking.of_history(form, found, who)


@router.get("/submissions/{submission}/letter")
def letter_draft(submission: Number, context: Here, who: Viewer) -> Letter:
    """A draft of the letter by which the application is returned, made from what is wrong with it."""
    with context.database.read() as connection:
        found, form = _found(context, connection, submission)
    found = masking.of_detail(form, found, who)
    findings = [finding.model_dump() for field in found.fields.values() for finding in field.findings]
    findings += [finding.model_dump() for finding in found.findings]
    return Letter(text=return_letter.draft(found.unit, form.title if form else None, findings, found.error))


def part_of(found: listing.Whole, index: int) -> schemas.PartShown:
    """Returns the part with that index.

    Raises:
        NotFound: there is none.
    """
    parts = schemas.parts(found)
    if index >= len(parts):
        raise NotFound(f"这份申请没有第 {index + 1} 个文件")
    return parts[index]
