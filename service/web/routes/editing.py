"""Changes by people: correct, confirm, take back and decide, for one submission or for many at once. Each
change names the version that it is based on."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Self

import sqlalchemy as sa
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.errors import Conflict, SealformError, Stale
from models.form import FormDefinition
from service.corrections.asking import issue
from service.proof import twice
from service.store import four_eyes, listing, records
from service.store.accounts import Actor
from service.store.changes import Change
from service.store.versions import Editor, row_of
from service.web import schemas
from service.web.campaigns import Campaigns, Known
from service.web.conditional import VERSIONED, IfMatch, version_of
from service.web.context import Context, Here
from service.web.corrections import terms_of
from service.web.masking import of_changes, refuse_blind
from service.web.problems import of_error
from service.web.routes.submissions import answer
from service.web.schemas import Detail, FieldKey, Number, Reason, storable
from service.web.security import may

router = APIRouter(tags=["submissions"])

# The limits of one value: characters in all, and depth of nesting.
_LONGEST, _DEEPEST = 200_000, 12
VersionNumber = Annotated[int, Field(ge=0, lt=1 << 31)]
Decision = Literal["accept", "return", "reject", "withdraw", "reopen", "retry"]


def _bounded(value: Any, depth: int = 0) -> int:
    """Returns the number of characters in a JSON value.

    Raises:
        ValueError: it is nested too deep, or holds what no database could.
    """
    if depth > _DEEPEST:
        raise ValueError("嵌套过深")
    if isinstance(value, str):
        return len(storable(value))
    if isinstance(value, dict):
        return sum(len(storable(name)) + _bounded(inner, depth + 1) for name, inner in value.items())
    return sum(_bounded(inner, depth + 1) for inner in value) if isinstance(value, list) else 8


class FieldChange(BaseModel):
    """A field with a JSON value of its kind, or with a text as a person types it. With neither, the present
    value is confirmed. Only the value null says that a required field is empty."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"field": "some_field", "text": "027-85807053"}}
    )
    field: FieldKey
    value: Any = None
    text: Annotated[str | None, Field(max_length=100_000)] = None

    @field_validator("value", "text")
    @classmethod
    def _is_bounded(cls, value: Any) -> Any:
        if _bounded(value) > _LONGEST:
            raise ValueError("内容过长")
        return value

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if "value" in self.model_fields_set and self.text is not None:
            raise ValueError("value 和 text 只能有一个")
        return self

    def to_change(self) -> Change:
        """Returns the change for the store."""
        return Change(self.field, self.value, self.text, "value" in self.model_fields_set)


class FieldChanges(BaseModel):
    """Changes of one submission: either all are made, or none."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"changes": [{"field": "some_field", "text": "027-85807053"}], "reason": "电话核实"}
        },
    )
    changes: Annotated[list[FieldChange], Field(min_length=1, max_length=200)]
    reason: Reason | None = None

    @field_validator("changes")
    @classmethod
    def _names_each_field_once(cls, changes: list[FieldChange]) -> list[FieldChange]:
        if len({change.field for change in changes}) < len(changes):
            raise ValueError("同一个字段只能改一次")
        return changes


class Verdict(BaseModel):
    """A decision on one submission."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"move": "return", "reason": "缺少公章"}}
    )
    move: Decision
    reason: Reason | None = None


class Seen(BaseModel):
    """A submission, and the version of it that was looked at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"id": 12, "version": 3}})
    id: Number
    version: VersionNumber


class Verdicts(BaseModel):
    """The same decision on many submissions; each is decided by itself."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"move": "accept", "items": [{"id": 12, "version": 3}]}}
    )
    move: Decision
    reason: Reason | None = None
    items: Annotated[list[Seen], Field(min_length=1, max_length=200)]


class Decided(BaseModel):
    """The outcome for one submission: its new version, or the problem that prevented the decision."""

    id: int
    version: int | None = None
    problem: dict[str, Any] | None = None


class AllDecided(BaseModel):
    """The outcome for each submission."""

    items: list[Decided]


class Assigned(BaseModel):
    """The user whose work a submission is, by number; null: nobody's."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"user": 3}})
    user: Number | None


class WallChange(FieldChange):
    """A change of one field of a submission, with the version that was looked at."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"submission": 12, "version": 3, "field": "some_field", "text": "027-85807053"}
        },
    )
    submission: Number
    version: VersionNumber


class WallChanges(BaseModel):
    """Changes of many submissions. Those of one submission are made together; each submission is changed by
    itself."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "changes": [
                    {"submission": 12, "version": 3, "field": "some_field", "text": "027-85807053"},
                    {"submission": 15, "version": 1, "field": "some_field"},
                ],
                "reason": "电话核实",
            }
        },
    )
    changes: Annotated[list[WallChange], Field(min_length=1, max_length=200)]
    reason: Reason | None = None


class SeenSubmission(BaseModel):
    """A submission, and the version of it that was looked at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"submission": 12, "version": 3}})
    submission: Number
    version: VersionNumber


class ToUndo(BaseModel):
    """Submissions whose last change is to be taken back."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"items": [{"submission": 12, "version": 3}]}}
    )
    items: Annotated[list[SeenSubmission], Field(min_length=1, max_length=200)]


class Changed(BaseModel):
    """The outcome for one submission: its new version, or the problem that prevented the change."""

    submission: int
    version: int | None = None
    problem: dict[str, Any] | None = None


class AllChanged(BaseModel):
    """The outcome for each submission."""

    items: list[Changed]


Edit = Callable[[sa.Connection], int]


@router.patch("/submissions/{submission}/fields", responses=VERSIONED)
def change_fields(
    submission: Number, given: FieldChanges, context: Here, response: Response,
    who: Annotated[Actor, may("correct")], if_match: IfMatch = None,
) -> Detail:  # fmt: skip
    """Corrects and confirms fields. Where somebody else was faster, the problem document holds both sides."""
    _correct(context, who, submission, version_of(if_match), given.changes, given.reason)
    return answer(context, submission, response, who)


@router.post("/submissions/{submission}/undo", responses=VERSIONED)
def undo(
    submission: Number,
    context: Here,
    response: Response,
    who: Annotated[Actor, may("correct")],
    if_match: IfMatch = None,
) -> Detail:
    """Takes back the last change of fields."""
    _undo(context, who, submission, version_of(if_match))
    return answer(context, submission, response, who)


@router.post("/submissions/{submission}/decision", responses=VERSIONED)
def decide(
    submission: Number, given: Verdict, context: Here, known: Known, response: Response,
    who: Annotated[Actor, may("decide")], if_match: IfMatch = None,
) -> Detail:  # fmt: skip
    """Accepts, returns, rejects, withdraws or reopens a submission, or has it read again. To return one makes
    its notice of correction."""
    _decide(context, known, who, submission, version_of(if_match), given)
    return answer(context, submission, response, who)


@router.put("/submissions/{submission}/assignee")
def assign(
    submission: Number, given: Assigned, context: Here, response: Response,
    who: Annotated[Actor, may("correct")],
) -> Detail:  # fmt: skip
    """Makes a submission the work of somebody, or of nobody. It hinders nobody else."""
    with context.database.write() as connection:
        four_eyes.assign(connection, submission, given.user, _editor(context, who))
    return answer(context, submission, response, who)


@router.post("/decisions")
def decide_many(
    given: Verdicts, context: Here, known: Known, who: Annotated[Actor, may("decide")]
) -> AllDecided:
    """Makes the same decision on many submissions. A submission that can't be decided does not stop the
    others."""
    verdict, done = Verdict(move=given.move, reason=given.reason), []
    for one in given.items:
        try:
            made = _decide(context, known, who, one.id, one.version, verdict)
            done.append(Decided(id=one.id, version=made))
        except SealformError as error:
            done.append(Decided(id=one.id, problem=of_error(error, **getattr(error, "more", {}))))
    return AllDecided(items=done)


@router.patch("/fields")
def change_many(given: WallChanges, context: Here, who: Annotated[Actor, may("correct")]) -> AllChanged:
    """Corrects and confirms fields of many submissions, each submission by itself."""
    grouped: dict[tuple[int, int], list[WallChange]] = {}
    for change in given.changes:
        grouped.setdefault((change.submission, change.version), []).append(change)
    done = []
    for (submission, version), changes in grouped.items():
        try:
            done.append(
                Changed(
                    submission=submission,
                    version=_correct(context, who, submission, version, changes, given.reason),
                )
            )
        except SealformError as error:
            done.append(Changed(submission=submission, problem=of_error(error, **getattr(error, "more", {}))))
    return AllChanged(items=done)


@router.post("/undo")
def undo_many(given: ToUndo, context: Here, who: Annotated[Actor, may("correct")]) -> AllChanged:
    """Takes back the last change of many submissions, each by itself."""
    done = []
    for one in given.items:
        try:
            done.append(
                Changed(submission=one.submission, version=_undo(context, who, one.submission, one.version))
            )
        except SealformError as error:
            done.append(
                Changed(submission=one.submission, problem=of_error(error, **getattr(error, "more", {})))
            )
    return AllChanged(items=done)


def _correct(
    context: Context,
    who: Actor,
    submission: int,
    version: int,
    changes: Sequence[FieldChange],
    reason: str | None,
) -> int:
    yours = {one.field: one.model_dump(include={"value", "text"}, exclude_unset=True) for one in changes}

    def edit(connection: sa.Connection) -> int:
        form, wanted = _form(context, connection, submission), [one.to_change() for one in changes]
        refuse_blind(form, [one.field for one in wanted], who)
        if "admin" not in who.can:
            _leave_to_two(connection, submission, form, wanted)
        return records.correct(connection, submission, version, wanted, form, _editor(context, who), reason)

    return edited(context, submission, version, edit, {"fields": yours}, who)


def _leave_to_two(
    connection: sa.Connection, submission: int, form: FormDefinition, wanted: Sequence[Change]
) -> None:
    """Refuses to settle alone what two people have to key. An administrator may, so that nothing is stuck
    where there are not two."""
    waiting = twice.waiting(connection, submission)
    titles = [form.titles[one.field] for one in wanted if one.field in waiting]
    if titles:
        raise Conflict(
            f"“{titles[0]}”须由两人分别录入", advice="请在“抽查”页录入；只有一个人的，请管理员确认"
        )


def _undo(context: Context, who: Actor, submission: int, version: int) -> int:
    def edit(connection: sa.Connection) -> int:
        form = _form(context, connection, submission)
        return records.undo(connection, submission, version, form, _editor(context, who))

    return edited(context, submission, version, edit, {"undo": True}, who)


def _decide(
    context: Context, known: Campaigns, who: Actor, submission: int, version: int, verdict: Verdict
) -> int:
    def edit(connection: sa.Connection) -> int:
        row, by = row_of(connection, submission), _editor(context, who)
        terms = terms_of(context, known, row)
        if terms.four_eyes:
            proposed = four_eyes.hold(connection, submission, version, verdict.move, by, verdict.reason)
            if proposed is not None:
                return proposed
        made = records.decide(connection, submission, version, verdict.move, by, verdict.reason)
        if verdict.move == "retry":
            context.enqueue(connection, row.upload_id)
        form = schemas.form_of(context.forms, row)
        if verdict.move == "return" and form is not None:
            issue(connection, submission, form, terms, by)
        return made

    return edited(context, submission, version, edit, verdict.model_dump(), who)


def edited(
    context: Context, submission: int, version: int, edit: Edit, yours: dict[str, Any], who: Actor
) -> int:
    """Makes an edit and returns the new version. Where the submission is no longer in the version that was
    looked at, the error holds both sides."""
    try:
        with context.database.write() as connection:
            return edit(connection)
    except Stale as error:
        with context.database.read() as connection:
            theirs = _theirs(connection, context, submission, version, who)
        error.more = {"yours": {"version": version, **yours}, "theirs": theirs}
        raise


def _theirs(
    connection: sa.Connection, context: Context, submission: int, version: int, who: Actor
) -> dict[str, Any]:
    """Returns what others did since `version`: the fields as they are now, and who did it last."""
    row = row_of(connection, submission)
    form, made = schemas.form_of(context.forms, row), listing.changed_since(connection, submission, version)
    fields = {
        change.field: {"title": change.title, "value": change.after, "text": change.after_text}
        for one in made
        for change in of_changes(form, schemas.changed_fields(form, one.changes), who)
    }
    last = made[-1] if made else None
    by = schemas.names(connection, {last.actor})[last.actor] if last else None
    return {
        "version": row.version, "status": row.status, "by": by, "at": last.at.isoformat() if last else None,
        "fields": fields,
    }  # fmt: skip


def _form(context: Context, connection: sa.Connection, submission: int) -> FormDefinition:
    form = schemas.form_of(context.forms, row_of(connection, submission))
    if form is None:
        raise Conflict("这份申请还没有可以修改的内容")
    return form


def _editor(context: Context, who: Actor) -> Editor:
    return Editor(who.id, context.clock())
