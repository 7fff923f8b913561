"""What the work of people was: what nobody had to touch, why people were asked, what they corrected, and how
long they had an application before them."""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from models.errors import NotFound
from service.proof import work as works
from service.store import listing
from service.store.accounts import Actor
from service.web.conditional import document, media
from service.web.context import Context, Here
from service.web.schemas import Number
from service.web.security import may

router = APIRouter(tags=["proof"])

_CSV = "text/csv; charset=utf-8"
_HEADINGS = ("分组", "名称", "数量", "其中", "说明")
Weeks = Annotated[int, Query(ge=1, le=104, description="How many weeks back")]


class Reason(BaseModel):
    """Why fields waited for a person, and how many did."""

    reason: str
    count: int


class CorrectedShown(BaseModel):
    """A field that people corrected; `silent` of these times nobody had been asked to look."""

    form: str
    title: str
    count: int
    silent: int


class WorkShown(BaseModel):
    """The work on what was read in the last weeks. `minutes` is how long a person had an application before
    them, of those `timed`; null where none was."""

    weeks: int
    applications: int
    untouched: int
    fields: int
    untouched_fields: int
    reasons: list[Reason]
    corrected: list[CorrectedShown]
    timed: int
    minutes: float | None


class Focus(BaseModel):
    """For how many seconds a person had an application before them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"seconds": 42.5}})
    seconds: Annotated[float, Field(gt=0, le=600)]


@router.get("/proof/work")
def show(context: Here, who: Annotated[Actor, may("see")], weeks: Weeks = 4) -> WorkShown:
    """Returns the share of applications and fields that nobody had to touch, the doubts by reason, the
    corrections by field, and the minutes a case."""
    return _shown(context, weeks)


def _shown(context: Context, weeks: int) -> WorkShown:
    with context.database.snapshot() as connection:
        found = works.work(connection, context.forms.get, context.clock(), weeks)
    return WorkShown(
        weeks=weeks, applications=found.applications, untouched=found.untouched, fields=found.fields,
        untouched_fields=found.untouched_fields,
        reasons=[Reason(reason=reason, count=count) for reason, count in found.reasons.items()],
        corrected=[
            CorrectedShown(form=one.form, title=one.title, count=one.count, silent=one.silent)
            for one in found.corrected
        ],
        timed=found.timed,
        minutes=round(found.seconds / 60 / found.timed, 2) if found.timed else None,
    )  # fmt: skip


@router.get("/proof/work.csv", response_class=Response, responses=media(_CSV))
def sheet(context: Here, who: Annotated[Actor, may("export")], weeks: Weeks = 4) -> Response:
    """Returns the same as a table."""
    told = _shown(context, weeks)
    rows: list[tuple[object, ...]] = [
        ("申请", "读取的申请", told.applications, told.untouched, "其中：无须任何人处理的"),
        ("栏目", "读取的栏目", told.fields, told.untouched_fields, "其中：无须任何人处理的"),
        ("用时", "每份分钟", told.minutes, told.timed, "其中：计了时的份数"),
        *(("待核对的原因", one.reason, one.count, None, "") for one in told.reasons),
        *(
            ("更正", f"{one.form}：{one.title}", one.count, one.silent, "其中：没有提示需要核对的")
            for one in told.corrected
        ),
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADINGS)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    data = text.getvalue().encode("utf-8-sig")
    return document(data, _CSV, f"工作量-{context.clock().astimezone():%Y%m%d}.csv")


def _safe(cell: object) -> object:
    """Returns a text so that no program takes it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


@router.post("/submissions/{submission}/focus", status_code=204)
def focus(submission: Number, given: Focus, context: Here, who: Annotated[Actor, may("see")]) -> None:
    """Adds to how long the caller had an application before them. Only people are timed, no systems."""
    _ = who.user
    with context.database.write() as connection:
        if not listing.exists(connection, submission):
            raise NotFound(f"没有编号为 {submission} 的申请")
        works.add_focus(connection, submission, who.id, given.seconds)
