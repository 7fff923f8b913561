"""The API's view of submissions: the models of its answers, and the functions that make them from rows of the
store."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from models.fields.base import FieldBase
from models.form import FormDefinition
from service.results import FieldJson, FindingJson, Line, Parted
from service.store import four_eyes, listing, twins
from service.store.forms import FormStore
from service.store.listing import Whole
from service.store.marks import ChangeJson
from service.store.statuses import Move, Status, legal
from service.store.tables import submissions
from service.web.corrections import NOTICE, CorrectionShown, correction_shown
from service.web.twins import TWIN, Named, Twin, shown_twins


def storable(text: str) -> str:
    """Returns `text`, if every database can hold it.

    Raises:
        ValueError: it holds half a character, or a NUL.
    """
    if "\0" in text:
        raise ValueError("不应有空字符")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("不应有不成字的编码") from None
    return text


Number = Annotated[int, Field(ge=1, lt=1 << 31)]
Limit = Annotated[int, Field(ge=1, le=200)]
Reason = Annotated[str, Field(max_length=2000), AfterValidator(storable)]
FieldKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
Cursor = Annotated[str, Field(max_length=4000)]

_SUMMARY: JsonDict = {
    "id": 12, "upload": 10, "application": 1, "name": "s001.pdf", "unit": "武汉某某产业园有限公司",
    "status": "in-review", "form": "some-form", "form_version": "2026.1", "doubtful": 1, "errors": 0,
    "error_code": None, "received_at": "2026-11-22T09:30:00Z", "updated_at": "2026-11-22T09:30:09Z",
    "version": 1, "replaces": None, "replaced_by": None, "assignee": 3,
    "doubtful_fields": [{"name": "some_field", "title": "某栏目"}], "unsettled_twins": [9],
}  # fmt: skip
_FIELD: JsonDict = {
    "title": "某栏目",
    "kind": "phone",
    "value": "027-85807053",
    "text": "027-85807053",
    "raw": "027 8580 7053",
    "confidence": 0.91,
    "decision": "review",
    "state": "doubtful",
    "unweighed": [],
    "remark": None,
    "by": "worker:w1",
    "at": "2026-11-22T09:30:09Z",
    "evidence": [{"part": "s001.pdf", "page": 1, "box": [120.0, 300.5, 260.0, 318.0]}],
    "alternatives": [],
    "findings": [
        {
            "code": "unsure",
            "field": "some_field",
            "severity": "warning",
            "message": "“某栏目”识别把握不足（91%），请对照原件",
        }
    ],
    "was": None,
}
_DETAIL: JsonDict = {
    **_SUMMARY,
    "parts": [
        {
            "index": 0,
            "name": "s001.pdf",
            "sha256": "0" * 64,
            "state": "read",
            "applications": [1],
            "bytes": 183022,
            "pages": 2,
        }
    ],
    "message": None,
    "fields": {"some_field": _FIELD},
    "findings": [],
    "error": None,
    "moves": ["accept", "return", "reject", "withdraw"],
    "people": {"worker:w1": "自动识别"},
    "twins": [TWIN],
    "correction": {"notices": [NOTICE], "answers": None, "compared": [], "kept": 0},
    "proposed": {"by": "user:3", "at": "2026-11-23T08:00:00Z", "reason": "不在范围内"},
}


class Summary(BaseModel):
    """A submission in a list. A change must name its `version`. `doubtful` counts the fields that wait for a
    person. `assignee` is the user whose work it is, by number. `unsettled_twins` are the submissions that it
    may be the same as."""

    model_config = ConfigDict(json_schema_extra={"example": _SUMMARY})
    id: int
    upload: int
    application: int
    name: str
    unit: str | None
    status: Status
    form: str | None
    form_version: str | None
    doubtful: int
    errors: int
    error_code: str | None
    received_at: datetime
    updated_at: datetime
    version: int
    replaces: int | None
    replaced_by: int | None
    assignee: int | None
    doubtful_fields: list[Named]
    unsettled_twins: list[int]


class Summaries(BaseModel):
    """A page of a list; `next` is the cursor of the page after it, null at the end."""

    items: list[Summary]
    next: str | None


class Day(BaseModel):
    """How many submissions arrived on a day, and how many were decided."""

    day: date
    received: int
    decided: int


class Counts(BaseModel):
    """How many submissions there are in each state, and how many arrived and were decided on each of the last
    days."""

    by_status: dict[Status, int]
    by_day: list[Day]


class Told(BaseModel):
    """A value, and its text as a person would write it on the form."""

    value: Any
    text: str | None


class FindingShown(BaseModel):
    """A finding: one thing that a person should know."""

    code: str
    field: str | None
    severity: str
    message: str


class FieldShown(Told):
    """One field: its present value, the evidence for it, and who answers for it. `was` is the value that was
    read; `remark` says in words what is `unweighed`."""

    title: str
    kind: str
    raw: str | None
    confidence: float | None
    decision: str | None
    state: str | None
    unweighed: list[str]
    remark: str | None
    by: str | None
    at: datetime | None
    evidence: list[dict[str, Any]]
    alternatives: list[Told]
    findings: list[FindingShown]
    was: Told | None


class PartShown(BaseModel):
    """A file that arrived, or one that lay inside such a file. `bytes` is null where only the outer file's
    size is known."""

    index: int
    name: str
    sha256: str
    state: str
    applications: list[int]
    bytes: int | None
    pages: int | None


class Proposed(BaseModel):
    """That somebody proposed to refuse a submission, which another person has to confirm."""

    by: str
    at: datetime
    reason: str | None


class Detail(Summary):
    """A submission with everything that was read. `moves` are the moves that are possible now, `people` the
    names of the actors, `twins` the submissions that may be the same, `correction` the notices about it.
    `proposed` says who wants to refuse it."""

    model_config = ConfigDict(json_schema_extra={"example": _DETAIL})
    parts: list[PartShown]
    message: dict[str, Any] | None
    fields: dict[str, FieldShown]
    findings: list[FindingShown]
    error: dict[str, Any] | None
    moves: list[Move]
    people: dict[str, str]
    twins: list[Twin]
    correction: CorrectionShown
    proposed: Proposed | None


class Change(BaseModel):
    """One change of one field, as values and as texts."""

    field: str
    title: str
    before: Any
    after: Any
    before_text: str | None
    after_text: str | None


class Version(BaseModel):
    """One version of a submission. `by` is the name of the `actor`; `undoes` is the version that this one
    takes back."""

    version: int
    at: datetime
    actor: str
    by: str
    action: str
    reason: str | None
    changes: list[Change]
    status_before: Status | None
    status_after: Status | None
    undoes: int | None


class History(BaseModel):
    """Every version, the newest first."""

    items: list[Version]


def form_of(forms: FormStore, row: Any) -> FormDefinition | None:
    """Returns the definition that a row of `submissions` was read with, or None before it was read."""
    return forms.get(row.form, row.form_version) if row.form and row.form_version else None


def summaries(connection: sa.Connection, forms: FormStore, rows: Sequence[Any]) -> list[Summary]:
    """Returns rows of `submissions` as they appear in a list."""
    doubtful = listing.doubtful_fields(connection, [row.id for row in rows if row.doubtful])
    same = twins.unsettled(connection, [row.id for row in rows])
    told = (
        _summary(row, form_of(forms, row), doubtful.get(row.id, ()), same.get(row.id, ())) for row in rows
    )
    return [Summary.model_validate(one) for one in told]


_PLAIN = tuple(name for name in Summary.model_fields if name in submissions.c)


def _summary(
    row: Any, form: FormDefinition | None, doubtful: Iterable[str], same: Sequence[int]
) -> dict[str, Any]:
    titles, waiting = form.titles if form else {}, set(doubtful)
    # In the order of the form.
    named = [name for name in titles if name in waiting]
    told = row._mapping
    plain = {name: told[name] for name in _PLAIN}
    doubts = [{"name": name, "title": titles[name]} for name in named]
    return {**plain, "upload": row.upload_id, "doubtful_fields": doubts, "unsettled_twins": same}


def told(field: FieldBase[Any] | None, value: Any) -> Told:
    """Returns a JSON value of `field` with its text."""
    return Told(
        value=value, text=None if field is None or value is None else field.format(field.from_json(value))
    )


def detail(connection: sa.Connection, form: FormDefinition | None, found: Whole, now: datetime) -> Detail:
    """Returns a submission with everything that it has; `form` is its definition."""
    row, line, number = found.row, found.line, found.row.id
    findings: Sequence[FindingJson] = (
        found.record.findings if found.record else line["findings"] if line else ()
    )
    shown = {
        name: field_shown(form, name, found.record, line, findings)
        for name in (form.fields if form and found.record else ())
    }
    doubtful = [name for name, one in shown.items() if one.state == "doubtful"]
    kin = shown_twins(connection, found, form)
    same = sorted(twin.id for twin in kin if twin.verdict is None)
    # Where several mails came together, each belongs to its own application.
    message = line.get("message", found.upload.message) if line else found.upload.message
    proposed = four_eyes.proposal(connection, number)
    actors = (
        {field.by for field in shown.values() if field.by}
        | {twin.by for twin in kin if twin.by}
        | {found.upload.created_by, *([proposed.actor] if proposed else [])}
        | ({f"user:{row.assignee}"} if row.assignee else set())
    )
    return Detail.model_validate(
        {
            **_summary(row, form, doubtful, same), "parts": parts(found), "message": message, "fields": shown,
            "twins": kin,
            "findings": [finding for finding in findings if finding.get("field") not in shown],
            "error": line["error"] if line and row.error_code else None, "moves": legal(row.status),
            "people": names(connection, actors),
            "correction": correction_shown(connection, found, form, now),
            "proposed": proposed and {"by": proposed.actor, "at": proposed.at, "reason": proposed.reason},
        }
    )  # fmt: skip


def field_shown(
    form: FormDefinition | None, name: str, record: Any, line: Line | None, findings: Iterable[FindingJson]
) -> FieldShown:
    """Returns one field of a record. `record` has `content` and `marks`; `line` is the result as it was
    read."""
    assert form is not None
    field, read, mark = (
        form.fields[name],
        line["fields"].get(name) if line else None, record.marks.get(name) or {},
    )  # fmt: skip
    value = record.content.get(name)
    return FieldShown.model_validate(
        {
            **told(field, value).model_dump(), "title": form.titles[name], "kind": field.kind,
            **_as_read(field, read),
            "state": mark.get("state"),
            "unweighed": mark.get("unweighed", []), "remark": field.remark(mark.get("unweighed", ())),
            "by": mark.get("by"), "at": mark.get("at"),
            "findings": [finding for finding in findings if finding.get("field") == name],
            "was": told(field, read["value"]) if read and read["value"] != value else None,
        }
    )  # fmt: skip


def _as_read(field: FieldBase[Any], read: FieldJson | None) -> Mapping[str, object]:
    if read is None:
        return {"raw": None, "confidence": None, "decision": None, "evidence": [], "alternatives": []}
    return {
        "raw": read["raw"], "confidence": read["confidence"], "decision": read["decision"],
        "evidence": read["evidence"],
        "alternatives": [told(field, one) for one in read["alternatives"]],
    }  # fmt: skip


def parts(found: Whole) -> list[PartShown]:
    """Returns the parts of a submission in the order in which they were found; before it is read, the files
    of its upload."""
    sizes = {one.sha256: one.bytes for one in found.files}
    # One without parts had them moved to others.
    if found.line and (found.line["parts"] or found.row.status == "withdrawn"):
        return read_parts(found.line, sizes)
    state = found.upload.state
    return [
        PartShown(
            index=index, name=one.name, sha256=one.sha256, state=state, applications=[],
            bytes=sizes[one.sha256], pages=None,
        )
        for index, one in enumerate(found.files)
    ]  # fmt: skip


def read_parts(line: Parted, sizes: Mapping[str, int] = MappingProxyType({})) -> list[PartShown]:
    """Returns the parts in a result. `sizes` holds the bytes of each file by its SHA-256."""
    return [
        PartShown(
            index=index, name=part["name"], sha256=part["sha256"], state=part["state"],
            applications=list(part.get("applications", ())), bytes=sizes.get(part["sha256"]),
            pages=len(part["pages"]) if part.get("pages") else None,
        )
        for index, part in enumerate(line["parts"])
    ]  # fmt: skip


def names(connection: sa.Connection, actors: Iterable[str]) -> dict[str, str]:
    """Returns {actor: the actor's name} for all `actors`."""
    wanted = set(actors)
    known = listing.people(connection, wanted)
    return {
        actor: known.get(actor) or _OTHERS.get(actor.partition(":")[0], actor) for actor in sorted(wanted)
    }


_OTHERS = {
    "worker": "自动识别", "mail": "邮件收取", "cli": "命令行", "system": "系统",
    "user": "已删除的用户", "token": "已删除的令牌",
}  # fmt: skip


def history(connection: sa.Connection, form: FormDefinition | None, number: int) -> History:
    """Returns every version of a submission.

    Raises:
        NotFound: there is no such submission.
    """
    rows = listing.history(connection, number)
    called = names(connection, {row.actor for row in rows})
    return History(items=[_version(row, form, called[row.actor]) for row in rows])


def _version(row: Any, form: FormDefinition | None, by: str) -> Version:
    return Version(
        version=row.version, at=row.at, actor=row.actor, by=by, action=row.action, reason=row.reason,
        changes=changed_fields(form, row.changes), status_before=row.status_before,
        status_after=row.status_after,
        undoes=row.undoes,
    )  # fmt: skip


def changed_fields(form: FormDefinition | None, changes: Mapping[str, ChangeJson]) -> list[Change]:
    """Returns the changes of a version, field by field."""
    made = []
    for name, change in changes.items():
        field, title = (form.fields.get(name), form.titles.get(name, name)) if form else (None, name)
        before, after = told(field, change.get("before")), told(field, change.get("after"))
        made.append(
            Change(
                field=name,
                title=title,
                before=before.value,
                after=after.value,
                before_text=before.text,
                after_text=after.text,
            )
        )
    return made
