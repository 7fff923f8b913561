"""The terms of corrections: the campaign's where an application is for one, and otherwise the bureau's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

from models.form import FormDefinition
from service.campaigns.judgement.timing import Clock
from service.campaigns.loading import shipped_calendars
from service.corrections.asking import SCHEME, Terms
from service.store import answers, listing, notices
from service.store.answers import Verdict
from service.store.listing import Whole
from service.store.notices import Ground, State
from service.web.campaigns import Campaigns
from service.web.context import Context

NOTICE: JsonDict = {
    "number": "补正〔2026〕12-1 号",
    "submission": 12,
    "round": 1,
    "made_at": "2026-11-22T09:30:00Z",
    "due": "2026-12-04",
    "days_left": 12,
    "overdue": False,
    "state": "open",
    "answer": None,
    "ground": None,
    "sent": False,
    "asked": [
        {"text": "“某栏目”未填写", "remedy": "请填写这一栏", "field": "some_field", "code": "required-empty"}
    ],
}


class AskedShown(BaseModel):
    """One thing that was asked."""

    text: str
    remedy: str
    field: str | None
    code: str | None


class NoticeShown(BaseModel):
    """A notice of correction. `days_left` counts from today to the last day in time, and is below 0
    afterwards; `answer` is the submission that answered it, and `ground` by what it was known."""

    model_config = ConfigDict(json_schema_extra={"example": NOTICE})
    number: str
    submission: int
    round: int
    made_at: datetime
    due: str
    days_left: int
    overdue: bool
    state: State
    answer: int | None
    ground: Ground | None
    sent: bool
    asked: list[AskedShown]


class ComparedShown(BaseModel):
    """A field that was asked for or that changed, as it was and as it is; `number` is the notice's item."""

    field: str
    title: str
    verdict: Verdict
    number: int | None
    before_text: str | None
    after_text: str | None


class CorrectionShown(BaseModel):
    """What a submission has to do with notices: those that asked for its correction, the newest first; and
    where it answers one, that, and what differs from what was returned. `kept` counts the fields that are as
    they were."""

    notices: list[NoticeShown]
    answers: NoticeShown | None
    compared: list[ComparedShown]
    kept: int


def terms_of(context: Context, known: Campaigns, row: Any) -> Terms:
    """The terms for a row of `submissions`."""
    settings = context.settings
    loaded = known.of_form(row.form, row.received_at) if row.form else None
    if loaded is None:
        zone = context.clock().astimezone().tzinfo
        assert zone is not None
        return Terms(
            Clock(zone, shipped_calendars()), settings.correction_days, SCHEME, settings.contact,
            settings.notice_template,
        )  # fmt: skip
    said, contact = loaded.campaign.corrections, loaded.campaign.contact
    return Terms(
        loaded.judge.clock,
        said.working_days if said else settings.correction_days,
        (said.number if said else None) or SCHEME,
        settings.contact or f"{loaded.campaign.issuer} {'、'.join(contact.people)} {contact.phone}",
        settings.notice_template,
        loaded.campaign.name,
        loaded.campaign.four_eyes,
    )


def notice_shown(row: Any, now: datetime) -> NoticeShown:
    """Returns a row of `notices` as the API says it."""
    return NoticeShown.model_validate(
        {
            **{name: row._mapping[name] for name in _PLAIN}, "submission": row.submission_id,
            "days_left": (row.ends_at - now).days if row.ends_at > now else -1 - (now - row.ends_at).days,
            "overdue": row.state == "open" and row.ends_at <= now, "sent": row.message_id is not None,
        }
    )  # fmt: skip


_PLAIN = ("number", "round", "made_at", "due", "state", "answer", "ground", "asked")


def correction_shown(
    connection: sa.Connection, found: Whole, form: FormDefinition | None, now: datetime
) -> CorrectionShown:
    """Returns what a submission has to do with notices."""
    own, answered = notices.about(connection, found.row.id)
    asked = [notice_shown(row, now) for row in own]
    if answered is None:
        return CorrectionShown(notices=asked, answers=None, compared=[], kept=0)
    before = listing.whole(connection, answered.submission_id).record
    every: Sequence[answers.Compared] = ()
    if form is not None and found.record is not None and before is not None:
        every = answers.compare(form, answered.asked, answered.given, before.content, found.record.content)
    shown = [_compared(form, one) for one in every if form and one.verdict in ("made", "unmade", "unasked")]
    kept = sum(one.verdict == "kept" for one in every)
    return CorrectionShown(notices=asked, answers=notice_shown(answered, now), compared=shown, kept=kept)


def _compared(form: FormDefinition, one: answers.Compared) -> ComparedShown:
    field = form.fields[one.field]

    def text(value: Any) -> str | None:
        typed: Any = None if value is None else field.from_json(value)
        return None if typed is None else field.format(typed)

    return ComparedShown(
        field=one.field, title=form.titles[one.field], verdict=one.verdict, number=one.number,
        before_text=text(one.before), after_text=text(one.after),
    )  # fmt: skip
