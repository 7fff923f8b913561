"""What was learned from corrections: candidates with how they did, the one in use, and what else corrections
say of the reader."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from service.proof import learning
from service.store.accounts import Actor
from service.store.versions import Editor
from service.web.context import Context, Here
from service.web.schemas import Number, names
from service.web.security import may

router = APIRouter(tags=["proof"], prefix="/proof")


class LessonGroup(BaseModel):
    """A kind of field from a source, and the line through the log odds of its confidence."""

    kind: str
    source: str
    shift: float
    slope: float


class LessonTried(BaseModel):
    """How a candidate did on cases of which the truth is known, in readings that they stand for, before and
    after: silent errors, and what a person looks at."""

    cases: int
    silent: list[float]
    review: list[float]
    changed: int


class LessonChange(BaseModel):
    """A decision that would have been another one; `accepted`: nobody would be asked any more."""

    submission: int
    title: str
    accepted: bool
    right: bool


class LessonShown(BaseModel):
    """A candidate. `against` is why it must not go live; `kept_back` are the bureau's cases that it was not
    drawn from, `own` all of them, `reference` those that came with the program."""

    id: int
    at: datetime
    by: str
    live: bool
    least: float
    groups: list[LessonGroup]
    against: list[str]
    kept_back: LessonTried
    own: LessonTried
    reference: LessonTried
    changed: list[LessonChange]


class LessonsShown(BaseModel):
    """The latest candidates, the newest first."""

    items: list[LessonShown]


class LessonWanted(BaseModel):
    """The candidate that is to decide; null: the program as it came."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"lesson": 3}})
    lesson: Number | None


class ConfusionShown(BaseModel):
    """A character that was read where another stood."""

    read: str
    right: str
    count: int


class WordShown(BaseModel):
    """A text that people put in again and again where something else was read."""

    form: str
    title: str
    word: str
    count: int


class ProposalsShown(BaseModel):
    """What corrections say of the reader, for a person to use."""

    confusions: list[ConfusionShown]
    words: list[WordShown]


@router.get("/lessons")
def lessons(context: Here, who: Annotated[Actor, may("admin")]) -> LessonsShown:
    """The latest candidates with every decision that they would have changed."""
    with context.database.read() as connection:
        found = learning.lessons(connection)
        called = names(connection, {one.by for one in found})
    return LessonsShown(items=[_shown(context, one, called[one.by]) for one in found])


def _shown(context: Context, one: learning.Known, by: str) -> LessonShown:
    report = dict(one.report)
    groups = [
        LessonGroup(kind=kind, source=source, shift=line.shift, slope=line.slope)
        for name, line in one.lesson.lines.items()
        for kind, _, source in [name.partition("/")]
    ]
    titles = _titles(context)
    changed = [
        LessonChange(**{**said, "title": titles.get(said["field"], said["field"])})
        for said in report["changed"]
    ]
    told: dict[str, Any] = {name: report[name] for name in ("kept_back", "own", "reference", "against")}
    return LessonShown(
        id=one.id, at=one.at, by=by, live=one.is_live, least=one.lesson.least, groups=groups, changed=changed,
        **told,
    )  # fmt: skip


def _titles(context: Context) -> dict[str, str]:
    return {name: title for form in context.forms.current().values() for name, title in form.titles.items()}


@router.post("/lessons", status_code=201)
def learn(context: Here, who: Annotated[Actor, may("admin")]) -> LessonsShown:
    """Draws a candidate from all that is known, and tries it. Nothing changes by that."""
    with context.database.write() as connection:
        by = Editor(who.id, context.clock())
        learning.propose(connection, context.forms, context.settings.silent_target, by)
    return lessons(context, who)


@router.put("/lessons/live")
def live(given: LessonWanted, context: Here, who: Annotated[Actor, may("admin")]) -> LessonsShown:
    """Lets a candidate that passed decide from now on, or the program as it came."""
    with context.database.write() as connection:
        by = Editor(who.id, context.clock())
        if given.lesson is None:
            learning.go_back(connection, by)
        else:
            learning.go_live(connection, given.lesson, by)
    return lessons(context, who)


@router.get("/proposals")
def proposals(context: Here, who: Annotated[Actor, may("admin")]) -> ProposalsShown:
    """Characters that the reader takes for others, and words that it does not know, by what people
    corrected."""
    with context.database.read() as connection:
        confused, recurring = learning.proposals(connection, context.forms)
    return ProposalsShown(
        confusions=[ConfusionShown.model_validate(one, from_attributes=True) for one in confused],
        words=[WordShown.model_validate(one, from_attributes=True) for one in recurring],
    )
