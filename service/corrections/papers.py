"""What an applicant gets who is asked to correct an application: the notice, the form again with what is
right in it, and a mail to send both by.

Nothing is sent from here: the mail is a draft, which a person opens, reads and sends.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from generator import generate, new_identity
from models.errors import Conflict
from models.fields import EmailField
from models.findings import CATALOGUE
from models.form import FormDefinition
from models.record import Record
from service.export.cutouts import Crop
from service.export.dossier import safe_name
from service.export.letters import chinese_date, draft_mail
from service.export.notice import Defect, Notice, write_notice
from service.results import FindingJson
from service.store import listing

_NOTICE, _FORM, _MAIL = "补正通知书.docx", "申请表（待补正）.docx", "补正通知.eml"
_LINE = re.compile(r"^\s*\d+\s*[.．、]\s*(?P<text>.+?)[；;。]?\s*$")
_QUOTED = re.compile("“([^”]+)”")
_NOT_SAID = "（未设置联系方式）"
_SHOWN_OF_EACH = 2  # cut-outs of one defect


@dataclass(frozen=True)
class Rules:
    """What the bureau has set: its template, whom to ask, and how many working days a correction may take."""

    template: Path | None
    contact: str | None
    working_days: int


@dataclass(frozen=True)
class Correction:
    """An application that goes back: what is wrong with it, in the reviewer's words where there are any, the
    field of each, and what of it is right."""

    number: str
    unit: str
    form: FormDefinition
    defects: tuple[tuple[str, str, str | None], ...]
    right: Mapping[str, Any]
    address: str | None


def gather(
    connection: sa.Connection, submission: int, form: FormDefinition | None, now: datetime
) -> Correction:
    """What has to be corrected.

    Raises:
        NotFound: there is no such submission.
        Conflict: it has no record that anything could be said of.
    """
    found = listing.whole(connection, submission)
    if form is None or found.record is None:
        raise Conflict(
            "这份申请没有读出记录，不能生成补正通知", advice="请在退回说明中写明原因，直接联系申请单位"
        )
    rounds = [one for one in listing.history(connection, submission) if one.action == "return"]
    findings: Sequence[FindingJson] = [one for one in found.record.findings if one["severity"] == "error"]
    said = rounds[0].reason if rounds else None
    defects = _as_said(said, form, findings) or _as_found(findings)
    values = _right(form, found.record, {field for _, _, field in defects})
    return Correction(
        number=f"补正〔{now.astimezone().year}〕{submission}-{max(len(rounds), 1)} 号",
        unit=found.row.unit or "有关单位", form=form, defects=defects, right=values,
        address=_address(form, found.record.content),
    )  # fmt: skip


def write_correction(
    target: IO[bytes], correction: Correction, crops: Sequence[Crop], rules: Rules, now: datetime
) -> None:
    """Write the .zip: notice, form and mail.

    Raises:
        BadUsage: the bureau's template can't be used.
    """
    made = now.astimezone().date()
    due = after_working_days(made, rules.working_days)
    pictures = _pictures(crops)
    defects = tuple(
        Defect(text, remedy, tuple(pictures.get(field or "", ())[:_SHOWN_OF_EACH]))
        for text, remedy, field in correction.defects
    )
    notice = Notice(
        number=correction.number, unit=correction.unit, title=correction.form.title, defects=defects,
        made=made, due=due, working_days=rules.working_days, contact=rules.contact or _NOT_SAID,
    )  # fmt: skip
    letter = write_notice(notice, rules.template)
    record = Record(form=correction.form.name, version=correction.form.version, values=dict(correction.right))
    again = generate(correction.form, "docx", new_identity(correction.form), record).data
    mail = _mail(correction, due, [(_NOTICE, letter), (_FORM, again)])
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, data) in enumerate(((_NOTICE, letter), (_FORM, again), (_MAIL, mail)), 1):
            archive.writestr(safe_name(name, number), data)


def after_working_days(day: date, count: int) -> date:
    """The day that is `count` working days, Monday to Friday, after `day`."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def fields_of(correction: Correction) -> frozenset[str]:
    """The fields of whose places the notice shows cut-outs."""
    return frozenset(field for _, _, field in correction.defects if field)


def _as_found(findings: Iterable[FindingJson]) -> tuple[tuple[str, str, str | None], ...]:
    told = {one["message"]: one for one in findings}
    return tuple((text, _remedy(one), one["field"]) for text, one in told.items())


def _as_said(
    reason: str | None, form: FormDefinition, findings: Iterable[FindingJson]
) -> tuple[tuple[str, str, str | None], ...]:
    """The numbered lines of what the reviewer wrote; none where there are none."""
    lines = [found["text"] for line in (reason or "").split("\n") if (found := _LINE.match(line))]
    known = {one["message"]: one for one in findings}
    named = {title: name for name, title in form.titles.items()}
    made = []
    for text in lines:
        field = next((named[word] for word in _QUOTED.findall(text) if word in named), None)
        one = known.get(text)
        made.append((text, _remedy(one) if one else "", one["field"] if one else field))
    return tuple(made)


def _remedy(finding: FindingJson) -> str:
    kind = CATALOGUE.get(finding["code"])
    return kind.remedy if kind else ""


def _right(form: FormDefinition, record: Any, wrong: set[str | None]) -> dict[str, Any]:
    """The values that need not be asked for again. Seals and signatures are set on paper, each time anew."""
    return {
        name: field.from_json(record.content.get(name))
        for name, field in form.fields.items()
        if name not in wrong
        and not field.is_mark
        and record.content.get(name) is not None
        and record.marks.get(name, {}).get("state") != "doubtful"
    }


def _address(form: FormDefinition, content: Mapping[str, Any]) -> str | None:
    """The first e-mail address on the form."""
    told = (content.get(name) for name, field in form.fields.items() if isinstance(field, EmailField))
    return next((text.split(";")[0] for text in told if text), None)


def _pictures(crops: Iterable[Crop]) -> dict[str, list[bytes]]:
    """The cut-outs of each field as PNG, which Word shows in every version."""
    from PIL import Image

    made: dict[str, list[bytes]] = {}
    for crop in crops:
        file = io.BytesIO()
        with Image.open(io.BytesIO(crop.picture)) as picture:
            picture.convert("RGB").save(file, "PNG")
        made.setdefault(crop.field, []).append(file.getvalue())
    return made


def _mail(correction: Correction, due: date, files: Sequence[tuple[str, bytes]]) -> bytes:
    title, address = correction.form.title, correction.address
    return draft_mail(
        f"补正通知：{title}（{correction.number}）",
        f"{correction.unit}：\n\n你单位提交的《{title}》需要补正，详见所附《补正通知书》"
        f"（{correction.number}）。请于{chinese_date(due)}前补正后重新提交；所附申请表已填入核对无误的内容。\n",
        files,
        to=address if address and address.isascii() else None,
    )
