"""What has to be corrected of an application, and the notice that is kept of it.

Asked is what the reviewer wrote in numbered lines where there are any, and otherwise every error that was
found. What is right stands in the form that goes with the notice, and is not asked for again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from generator import new_identity
from models.calendars import Calendar
from models.errors import Conflict
from models.fields import EmailField, Field
from models.fields.base import Entered
from models.findings import CATALOGUE
from models.form import FormDefinition
from service.campaigns.judgement.timing import Clock
from service.results import FindingJson
from service.store import listing, notices
from service.store.notices import AskedJson, Asking
from service.store.versions import Editor

SCHEME = "补正〔{年}〕{编号}-{次} 号"
DRAFT = "（草稿，退回时编号）"
_LINE = re.compile(r"^\s*\d+\s*[.．、]\s*(?P<text>.+?)[；;。]?\s*$")
_QUOTED = re.compile("“([^”]+)”")
# What to do, by how an answer is given, where no finding says more; and where no field is named.
_REMEDIES: Mapping[Entered, str] = {
    "written": "请重新填写这一栏", "ticked": "请重新勾选", "stamped": "请重新加盖公章", "signed": "请重新手写签字",
}  # fmt: skip
_TO_DO = "请按左栏所说改正后重新提交"
_YEARS = 4  # for which working days are counted from Monday to Friday where there is no calendar


@dataclass(frozen=True)
class Terms:
    """The rules for corrections of one form: how notices are numbered, how many working days there are by
    whose clock, whom to ask, and what the notice is made from (None: our template). `four_eyes` says that
    who reviewed does not decide."""

    clock: Clock
    working_days: int
    scheme: str = SCHEME
    contact: str | None = None
    template: Path | None = None
    campaign: str | None = None
    four_eyes: bool = False

    def due(self, day: date) -> date:
        """The last day in time for what goes out on `day`. A year without a calendar has its weekends
        only."""
        plain = {year: Calendar(year=year) for year in range(day.year, day.year + _YEARS)}
        return Clock(self.clock.zone, {**plain, **self.clock.years}).after(day, self.working_days)

    def ends(self, due: date) -> datetime:
        """The first moment after the day `due`."""
        return datetime.combine(due + timedelta(days=1), time(), self.clock.zone)


@dataclass(frozen=True)
class Correction:
    """An application that goes back: its notice, what is asked in it, and what of it is right (JSON)."""

    number: str
    instance: str
    unit: str
    form: FormDefinition
    asked: Sequence[AskedJson]
    given: Mapping[str, Any]
    address: str | None
    made: date
    due: date
    working_days: int
    message_id: str | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The fields of whose places the notice shows cut-outs."""
        return frozenset(one["field"] for one in self.asked if one["field"])


def gather(
    connection: sa.Connection, submission: int, form: FormDefinition | None, terms: Terms, by: Editor
) -> Correction:
    """What has to be corrected: as it was asked, where the submission is returned, and otherwise as it would
    be asked now.

    Raises:
        NotFound: there is no such submission.
        Conflict: it has no record that anything could be said of.
    """
    found = listing.whole(connection, submission)
    if form is None or found.record is None:
        raise Conflict(
            "这份申请没有读出记录，不能生成补正通知", advice="请在退回说明中写明原因，直接联系申请单位"
        )
    address = _address(form, found.record.content)
    row = notices.present(connection, submission)
    if found.row.status == "returned" and (
        row is None or row.round != notices.returned(connection, submission)
    ):
        row = issue(connection, submission, form, terms, by)
    if row is not None and found.row.status == "returned":
        made = row.made_at.astimezone(terms.clock.zone).date()
        return Correction(
            row.number, row.instance, row.unit or "", form, row.asked, row.given, address, made,
            date.fromisoformat(row.due), row.working_days, row.message_id,
        )  # fmt: skip
    asked, given = _wanted(form, found.record, None)
    made = by.now.astimezone(terms.clock.zone).date()
    return Correction(
        DRAFT, new_identity(form).instance, found.row.unit or _UNKNOWN, form, asked, given, address, made,
        terms.due(made), terms.working_days,
    )  # fmt: skip


_UNKNOWN = "有关单位"


def issue(
    connection: sa.Connection, submission: int, form: FormDefinition, terms: Terms, by: Editor
) -> Any | None:
    """Keeps the notice of a submission that was just returned, and returns its row; None where there is no
    record to ask anything about."""
    found = listing.whole(connection, submission)
    if found.record is None:
        return None
    said = next((one for one in listing.history(connection, submission) if one.action == "return"), None)
    at = said.at if said else by.now
    asked, given = _wanted(form, found.record, said.reason if said else None)
    made = at.astimezone(terms.clock.zone).date()
    due = terms.due(made)
    return notices.issue(
        connection,
        Asking(
            submission, found.row.unit or _UNKNOWN, new_identity(form).instance, asked, given, terms.scheme,
            made.year, terms.working_days, due, terms.ends(due), terms.campaign,
        ),
        Editor(by.actor, at),
    )  # fmt: skip


def _wanted(form: FormDefinition, record: Any, said: str | None) -> tuple[list[AskedJson], dict[str, Any]]:
    """What is asked, and the values that are right."""
    errors: Sequence[FindingJson] = [one for one in record.findings if one["severity"] == "error"]
    asked = _as_said(said, form, errors) or _as_found(form, errors)
    return asked, _right(form, record, {one["field"] for one in asked})


def _as_found(form: FormDefinition, findings: Iterable[FindingJson]) -> list[AskedJson]:
    told = {one["message"]: one for one in findings}
    return [_asked(form, text, one["field"], one["code"]) for text, one in told.items()]


def _as_said(reason: str | None, form: FormDefinition, findings: Iterable[FindingJson]) -> list[AskedJson]:
    """The numbered lines of what the reviewer wrote; none where there are none."""
    lines = [found["text"] for line in (reason or "").split("\n") if (found := _LINE.match(line))]
    known = {one["message"]: one for one in findings}
    named = {title: name for name, title in form.titles.items()}
    made: list[AskedJson] = []
    for text in lines:
        field = next((named[word] for word in _QUOTED.findall(text) if word in named), None)
        one = known.get(text)
        made.append(_asked(form, text, one["field"] if one else field, one["code"] if one else None))
    return made


def _asked(form: FormDefinition, text: str, name: str | None, code: str | None) -> AskedJson:
    kind, field = CATALOGUE.get(code or ""), form.fields.get(name or "")
    told = (kind and kind.remedy) or (_REMEDIES[field.entered] if field else _TO_DO)
    return {"text": text, "remedy": told, "field": name, "code": code}


def _right(form: FormDefinition, record: Any, wrong: set[str | None]) -> dict[str, Any]:
    """The values that need not be asked for again. Seals and signatures are set on paper, each time anew,
    unless the definition says that once is enough."""
    return {
        name: record.content[name]
        for name, field in form.fields.items()
        if name not in wrong
        and (not field.is_mark or _is_set_for_good(field, record.content.get(name)))
        and record.content.get(name) is not None
        and record.marks.get(name, {}).get("state") != "doubtful"
    }


def _is_set_for_good(field: Field, value: Any) -> bool:
    """Tell whether a seal or a signature needn't be set again."""
    return field.given_once and isinstance(value, Mapping) and bool(value.get("present"))


def _address(form: FormDefinition, content: Mapping[str, Any]) -> str | None:
    """The first e-mail address on the form."""
    told = (content.get(name) for name, field in form.fields.items() if isinstance(field, EmailField))
    return next((text.split(";")[0] for text in told if text), None)
