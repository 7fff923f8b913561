"""Aliases of labels and prompts that corrections teach: what is proposed with its evidence, and what is in
use."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from models.aliases import Printed, printed_as
from service.proof import aliases
from service.store.accounts import Actor
from service.store.versions import Editor
from service.web.context import Context, Here
from service.web.schemas import Number, names
from service.web.security import may

router = APIRouter(tags=["proof"], prefix="/proof")


class AliasChange(BaseModel):
    """A field that would be read otherwise; `accepted`: nobody would be asked any more."""

    submission: int
    title: str
    accepted: bool
    right: bool


class AliasShown(BaseModel):
    """`text` stands where the form prints `known`, the label, the prompt or an option of a field: in which
    submissions, and who corrected these. What is kept was read without it and with it: silent errors and what
    a person looks at, before and after; `against` is why it must not be used."""

    id: int
    at: datetime
    form: str
    title: str
    place: Printed
    known: str
    text: str
    submissions: list[int]
    people: list[str]
    live: bool
    cases: int
    applications: int
    silent: list[int]
    review: list[int]
    against: list[str]
    changed: list[AliasChange]


class AliasesShown(BaseModel):
    """What is in use and what the last search proposed; `waiting`: a search was asked for and goes on."""

    items: list[AliasShown]
    waiting: bool


class AliasWanted(BaseModel):
    """Whether labels are to be sought in these words from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"live": True}})
    live: bool


@router.get("/aliases")
def show_aliases(context: Here, who: Annotated[Actor, may("admin")]) -> AliasesShown:
    """Labels and prompts in words that the form does not know, beside which people found what had not been
    read."""
    with context.database.read() as connection:
        found, waiting = aliases.latest(connection), aliases.is_waiting(connection)
        called = names(connection, {person for one in found for person in one.people})
    forms = context.forms.current()
    items = [
        _shown(context, one, called) for one in found
        if one.alias.form in forms and one.alias.field in forms[one.alias.form].fields
    ]  # fmt: skip
    return AliasesShown(items=items, waiting=waiting)


def _shown(context: Context, one: aliases.Known, called: dict[str, str]) -> AliasShown:
    form, report = context.forms.current()[one.alias.form], dict(one.report)
    changed = [
        AliasChange.model_validate({**said, "title": form.titles.get(said["field"], said["field"])})
        for said in report["changed"]
    ]
    return AliasShown(
        id=one.id, at=one.found_at, form=form.title, title=form.titles[one.alias.field],
        place=one.alias.place, known=printed_as(form, one.alias), text=one.alias.text,
        submissions=list(one.submissions), people=[called[person] for person in one.people],
        live=one.is_live, cases=report["cases"], applications=report["applications"],
        silent=report["silent"], review=report["review"], against=report["against"], changed=changed,
    )  # fmt: skip


@router.post("/aliases", status_code=202)
def seek_aliases(context: Here, who: Annotated[Actor, may("admin")]) -> AliasesShown:
    """Has the workers look for such words and try each on what is kept. Nothing changes by that."""
    with context.database.write() as connection:
        aliases.ask(connection, Editor(who.id, context.clock()))
    return show_aliases(context, who)


@router.put("/aliases/{alias}/live")
def use_alias(
    alias: Number, given: AliasWanted, context: Here, who: Annotated[Actor, may("admin")]
) -> AliasesShown:
    """Has labels sought in these words from now on, where they passed and somebody else corrected so, or no
    longer."""
    with context.database.write() as connection:
        use = aliases.go_live if given.live else aliases.go_back
        use(connection, alias, Editor(who.id, context.clock()))
    return show_aliases(context, who)
