"""One question (a field) across all submissions: its answers that wait for a person, side by side."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter
from pydantic import BaseModel, Field

from models.errors import NotFound
from models.form import FormDefinition
from models.identity import FormName
from service.export.covering import masked
from service.parts import own
from service.store import counts, listing
from service.store.accounts import Actor
from service.store.statuses import Status
from service.web import masking, schemas
from service.web.context import Context, Here
from service.web.recent import Lately
from service.web.schemas import FieldKey, FindingShown, Limit, PartShown, Told
from service.web.security import may
from service.web.viewing import note_wall

router = APIRouter(tags=["questions"], prefix="/questions")

Form = FormName
After = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]


class Question(BaseModel):
    """A field for which answers wait for a person, and how many do."""

    form: str
    field: str
    title: str
    kind: str | None
    doubtful: int


class Questions(BaseModel):
    """All such fields, the one with most waiting answers first."""

    items: list[Question]


class Answer(Told):
    """One submission's answer. `crop` is the address of a picture of its place on the page."""

    submission: int
    version: int
    name: str
    unit: str | None
    title: str
    kind: str
    state: str | None
    raw: str | None
    alternatives: list[Told]
    findings: list[FindingShown]
    evidence: list[dict[str, Any]]
    crop: str | None


class Answers(BaseModel):
    """A page of answers; `next` is the cursor of the page after it, null at the end."""

    items: list[Answer]
    next: str | None


@router.get("")
def index(
    context: Here, lately: Lately, who: Annotated[Actor, may("see")], status: Status = "in-review"
) -> Questions:
    """Returns the fields for which answers wait for a person."""
    with context.database.read() as connection:
        counted = lately.answer(
            connection, ("questions", status), lambda: counts.questions(connection, status)
        )
    current = context.forms.current()
    return Questions(
        items=[_question(current.get(form), form, field, count) for form, field, count in counted]
    )


def _question(known: FormDefinition | None, form: str, name: str, count: int) -> Question:
    field = known.fields.get(name) if known else None
    title = known.titles[name] if known and field else name
    return Question(form=form, field=name, title=title, kind=field.kind if field else None, doubtful=count)


@router.get("/{form}/{field}")
def answers(
    form: Form,
    field: FieldKey,
    context: Here,
    who: Annotated[Actor, may("see")],
    cursor: After = "0",
    limit: Limit = 50,
) -> Answers:
    """Returns the answers to one question that wait for a person, in the order in which they arrived."""
    current = context.forms.current().get(form)
    with context.database.read() as connection:
        rows = listing.answers(connection, form, field, int(cursor), limit + 1)
    if not rows and (current is None or field not in current.fields):
        raise NotFound(f"表格“{form}”没有字段“{field}”")
    items = [_answer(context, row, field, who) for row in rows[:limit]]
    hidden = any(field in masked(schemas.form_of(context.forms, row)) for row in rows[:limit])
    is_seen = hidden and masking.may_see(who)
    note_wall(context, form, field, [row.id for row in rows[:limit]], who, always=is_seen)
    return Answers(items=items, next=str(rows[limit - 1].id) if len(rows) > limit else None)


def _answer(context: Context, row: Any, name: str, who: Actor) -> Answer:
    form = schemas.form_of(context.forms, row)
    shown = schemas.field_shown(form, name, row, row.line, row.findings)
    if form is not None and name in masked(form) and not masking.may_see(who):
        shown = masking.field_of(form, name, shown)
    kept = set(Answer.model_fields) & set(schemas.FieldShown.model_fields)
    return Answer.model_validate(
        {
            **shown.model_dump(include=kept), "submission": row.id, "version": row.version, "name": row.name,
            "unit": row.unit,
            "crop": crop(row.id, schemas.read_parts(own(row.line)) if row.line else [], shown.evidence),
        }
    )  # fmt: skip


def crop(submission: int, parts: list[PartShown], evidence: list[dict[str, Any]]) -> str | None:
    """Returns the address of the picture of the first evidence that has a place on a page, or None where
    there is none."""
    places = {part.name: part.index for part in parts}
    for one in evidence:
        if one.get("page") and one.get("box") and one["part"] in places:
            box = urlencode({"box": ",".join(f"{side:g}" for side in one["box"])}, safe=",")
            return (
                f"/api/v1/submissions/{submission}/parts/{places[one['part']]}/pages/{one['page']}.webp?{box}"
            )
    return None
