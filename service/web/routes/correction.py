"""What goes to an applicant who is asked to correct an application, and what came of it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from models.errors import Conflict
from service.corrections import asking, papers, sending
from service.export.cutouts import cut_out
from service.store import audit, listing, notices
from service.store.accounts import Actor
from service.store.notices import State
from service.store.uploads import StoredFile
from service.store.versions import Editor
from service.web import masking
from service.web.campaigns import Campaigns, Known
from service.web.conditional import file_name
from service.web.context import Context, Here
from service.web.corrections import NoticeShown, notice_shown, terms_of
from service.web.downloads import download, wholly_written
from service.web.schemas import Limit, Number, form_of
from service.web.security import may

router = APIRouter(tags=["submissions"])


class NoticeListed(NoticeShown):
    """A notice in a list, with its submission's unit, and the version that a decision on it must name."""

    unit: str | None
    version: int


class NoticeList(BaseModel):
    """Notices in the order in which they were made; `next` is what to go on after, null at the end."""

    items: list[NoticeListed]
    next: int | None


class SentMail(BaseModel):
    """A mail that the mail server took: the notice that it carries, to whom, and when."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"number": "补正〔2026〕12-1 号", "to": "a@example.cn", "at": "2026-11-22T09:30:00Z"}
        }
    )
    number: str
    to: str
    at: datetime


@router.get("/notices")
def list_notices(
    context: Here, who: Annotated[Actor, may("see")], state: Literal["all", "overdue"] | State = "all",
    after: Annotated[int, Query(ge=0, lt=1 << 31)] = 0, limit: Limit = 200,
) -> NoticeList:  # fmt: skip
    """The notices of correction: all, those in one state, or those that are open and past their day."""
    now = context.clock()
    states: tuple[State, ...] = () if state in ("all", "overdue") else (state,)  # type: ignore[assignment]
    overdue = True if state == "overdue" else None
    with context.database.read() as connection:
        rows = notices.page(connection, now, overdue=overdue, states=states, after=after, limit=limit)
    items = []
    for row in rows:
        shown = NoticeListed(**notice_shown(row, now).model_dump(), unit=row.unit, version=row.version)
        items.append(masking.of_notice(form_of(context.forms, row), shown, who))
    return NoticeList(items=items, next=rows[-1].id if len(rows) == limit else None)


@router.get(
    "/submissions/{submission}/correction",
    response_class=StreamingResponse,
    responses={200: {"description": "A .zip", "content": {"application/zip": {}}}},
)
def correction_papers(
    submission: Number, request: Request, context: Here, known: Known,
    who: Annotated[Actor, may("decide")], pdf: bool = True,
) -> StreamingResponse:  # fmt: skip
    """The notice of correction with all defects, the form again with what is right in it, and the draft of a
    mail that carries them. Nothing is sent. `pdf` says whether the notice is printed, too, which takes
    seconds."""
    with context.database.read() as connection:
        masking.refuse_whole(
            form_of(context.forms, listing.whole(connection, submission).row), "补正材料", who
        )
    made, files = prepared(submission, request, context, known, who, pdf)
    file = wholly_written(lambda target: papers.write_papers(target, made, files))
    with context.database.write() as connection:
        audit.append(
            connection, context.clock(), who.id, "correction", f"submission:{submission}",
            {"number": made.number},
        )  # fmt: skip
    return download(file, f"补正-{file_name(made.unit)}-{submission}.zip", "application/zip", {})


@router.post("/submissions/{submission}/correction/sending")
def send_correction(
    submission: Number, request: Request, context: Here, known: Known, who: Annotated[Actor, may("decide")]
) -> SentMail:
    """Sends the notice of a returned submission with its form to the address on the form. It must be set that
    the service may send; a second call sends it again."""
    server = context.settings.smtp
    if server is None:
        raise Conflict("没有设置发信的邮件服务器，不能发送", advice="请下载邮件草稿，自行发送")
    made, files = prepared(submission, request, context, known, who, True)
    if made.number == asking.DRAFT:
        raise Conflict("这份申请没有退回，没有可以发送的通知")
    mail_id = made.message_id or sending.new_id(server)
    if made.address is None or not made.address.isascii():
        raise Conflict("表上没有可以发信的电子邮箱", advice="请下载邮件草稿，填好收件人后自行发送")
    about = {"number": made.number, "to": made.address, "message": mail_id}
    # Told beforehand, too, so that nothing goes out of which the log does not know.
    with context.database.write() as connection:
        audit.append(connection, context.clock(), who.id, "notice-sending", f"submission:{submission}", about)
    to = sending.send(server, papers.mail_of(made, files, sender=server.sender, message_id=mail_id))
    now = context.clock()
    with context.database.write() as connection:
        notice = notices.present(connection, submission)
        if notice is not None:
            notices.sent(connection, notice.id, mail_id)
        audit.append(connection, now, who.id, "notice-sent", f"submission:{submission}", about)
    return SentMail(number=made.number, to=to, at=now)


def prepared(
    submission: int, request: Request, context: Context, known: Campaigns, who: Actor, pdf: bool
) -> tuple[asking.Correction, list[papers.Paper]]:
    """What is asked of a submission, and the papers that say so."""
    with context.database.write() as connection:
        found = listing.whole(connection, submission)
        terms = terms_of(context, known, found.row)
        form = form_of(context.forms, found.row)
        made = asking.gather(connection, submission, form, terms, Editor(who.id, context.clock()))
    files = [StoredFile(file.name, file.sha256, file.bytes) for file in found.files]
    crops = cut_out(files, found.line, request.app.state.views, made.fields)
    printing = context.settings.limits() if pdf else None
    return made, papers.make_papers(made, crops, terms, printing)
