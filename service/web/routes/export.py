"""Exports: files of records, changes for another system to follow, saved choices of columns, and dossiers."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from models.errors import Invalid
from models.form import FormDefinition
from models.identity import FormName
from service.export import columns as export_columns
from service.export import covering, dossier
from service.export.cutouts import cut_out, take_out
from service.export.files import FORMATS, Format, Shape, to_json, write_records
from service.store import audit, exports, listing
from service.store.accounts import Actor
from service.store.exports import Kept, Selection
from service.web import masking
from service.web.conditional import file_name
from service.web.context import Context, Here
from service.web.downloads import download, wholly_written
from service.web.routes.users import Number
from service.web.security import may

router = APIRouter(tags=["export"])

# A name holds no control characters, and PostgreSQL stores no NUL in a text.
_NO_CONTROL = r"^[^\x00-\x1f]+$"
Which = Literal["accepted", "all"]
# No number that a database counts to is this large.
After = Annotated[int, Query(ge=0, lt=2**63)]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A file; X-Next-Cursor is the `after` of the next export. "
        "X-Unsettled-Twins counts those in it that may be "
        "the same as another, X-Replaced-Left-Out those that are not in it because they were replaced.",
        "content": {one.media.partition(";")[0]: {} for one in FORMATS.values()},
        "headers": {
            name: {"schema": {"type": "integer"}}
            for name in ("X-Next-Cursor", "X-Unsettled-Twins", "X-Replaced-Left-Out")
        },
    }
}


class Choice(BaseModel):
    """What an export holds. Without `columns` it has the usual ones, and without `form` all forms. Replaced
    submissions are included only where `replaced` is true."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"format": "xlsx", "status": "accepted", "columns": ["_id", "_status", "_received_at"]}
        },
    )
    format: Format = "xlsx"
    form: FormName | None = None
    status: Which = "accepted"
    columns: (
        Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=500)] | None
    ) = None
    replaced: bool = False


class NewPreset(BaseModel):
    """A choice to save, and its name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "报送市局",
                "content": {"format": "csv", "columns": ["_id", "_unit", "_status"]},
            }
        },
    )
    name: Annotated[str, Field(min_length=1, max_length=128, pattern=_NO_CONTROL)]
    content: Choice


class Preset(BaseModel):
    """A saved choice."""

    id: int
    name: str
    content: Choice
    created_by: str
    created_at: datetime


class Presets(BaseModel):
    """All saved choices, by name."""

    items: list[Preset]


class Column(BaseModel):
    """A column that may be chosen. The `usual` columns are exported where none are chosen."""

    name: str
    title: str
    usual: bool


class ExportCounts(BaseModel):
    """How many records an export would hold, how many of them may be the same as another, and how many it
    leaves out because they were replaced."""

    model_config = ConfigDict(json_schema_extra={"example": {"records": 120, "unsettled": 2, "replaced": 3}})
    records: int
    unsettled: int
    replaced: int


class Columns(BaseModel):
    """All columns that an export of a form may have, in the usual order."""

    items: list[Column]


class ChangedSubmission(BaseModel):
    """A submission after a change. `fields` is null where it is not (or no longer) accepted, was replaced, or
    its values were erased. The other system should then forget the values that it has."""

    model_config = ConfigDict(extra="allow")
    id: int
    changed: int
    version: int
    status: str
    form: str | None
    form_version: str | None
    purged: bool
    fields: dict[str, Any] | None


class Changes(BaseModel):
    """Changes in their order. `next` is the `after` of the next request, also where there is nothing new."""

    items: list[ChangedSubmission]
    next: str


@router.get("/export", response_class=StreamingResponse, responses=_FILES)
def export(
    context: Here,
    who: Annotated[Actor, may("export")],
    format: Format | None = None,
    form: Annotated[FormName | None, Query()] = None,
    status: Which | None = None,
    columns: Annotated[str | None, Query(max_length=8000, description="names, separated by commas")] = None,
    preset: Annotated[str | None, Query(max_length=128, pattern=_NO_CONTROL)] = None,
    after: After | None = None,
    replaced: Annotated[bool | None, Query(description="Whether those that were replaced come too")] = None,
) -> StreamingResponse:
    """Returns records as a file. A parameter of the request overrides the preset's. With `after`, the file
    holds only what changed since that cursor."""
    with context.database.read() as connection:
        saved = Choice.model_validate(exports.preset(connection, preset)) if preset is not None else Choice()
        chosen = Choice(
            format=format or saved.format,
            form=form or saved.form,
            status=status or saved.status,
            columns=[name.strip() for name in columns.split(",")] if columns else saved.columns,
            replaced=saved.replaced if replaced is None else replaced,
        )
        # The cursor is taken before the records are read. A change in between then comes twice, but is never
        # missed.
        cursor = exports.last_change(connection)
        wanted = Selection(chosen.form, chosen.status == "accepted", after, chosen.replaced)
        forms = _forms(context, exports.forms_in(connection, wanted), chosen)
        shape = Shape(forms, listing.people(connection, None), chosen.columns)
        if FORMATS[chosen.format].is_one_table:
            wanted = dataclasses.replace(wanted, form=shape.only_form().name)
        counted = exports.count(connection, wanted)
        shape = dataclasses.replace(shape, left_out=counted.replaced)
        written = 0

        def selected() -> Iterator[Kept]:
            nonlocal written
            for written, kept in enumerate(exports.select(connection, wanted), 1):  # noqa: B007
                yield _shown_to(who, context, kept)

        file = wholly_written(lambda target: write_records(chosen.format, target, selected(), shape))
    now = context.clock()
    with context.database.write() as connection:
        audit.append(
            connection,
            now,
            who.id,
            "export",
            "export",
            {**chosen.model_dump(), "after": after, "records": written, **_told(forms.values(), who)},
        )
    title = forms[chosen.form].title if chosen.form else "申请"
    which = f"{title}-{'已受理' if chosen.status == 'accepted' else '全部'}"
    name = f"{which}-{now.astimezone():%Y%m%d-%H%M%S}.{chosen.format}"
    told = {
        "X-Next-Cursor": cursor,
        "X-Unsettled-Twins": counted.unsettled,
        "X-Replaced-Left-Out": counted.replaced,
    }
    return download(
        file, name, FORMATS[chosen.format].media, {header: str(number) for header, number in told.items()}
    )


@router.get("/export/counts")
def counts(
    context: Here,
    who: Annotated[Actor, may("export")],
    form: Annotated[FormName | None, Query()] = None,
    status: Which = "accepted",
    replaced: bool = False,
) -> ExportCounts:
    """Counts the records that a file would hold, before it is made."""
    with context.database.read() as connection:
        found = exports.count(connection, Selection(form, status == "accepted", replaced=replaced))
    return ExportCounts.model_validate(found, from_attributes=True)


@router.get("/export/columns")
def columns(context: Here, who: Annotated[Actor, may("export")], form: FormName) -> Columns:
    """Returns the columns that an export of `form` may have."""
    known = _known(context, form)
    usual = set(export_columns.usual(known))
    items = [
        Column(name=name, title=title, usual=name in usual)
        for name, title in export_columns.titles_of(known).items()
    ]
    return Columns(items=items)


@router.get("/changes")
def changes(
    context: Here,
    who: Annotated[Actor, may("export")],
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    form: Annotated[FormName | None, Query()] = None,
    status: Which = "accepted",
) -> Changes:
    """Returns the changes since a cursor, for another system to follow. Submissions in any state are
    included; their values are included only where they are accepted, or with `status=all`."""
    with context.database.read() as connection:
        found = exports.changes(connection, form, after, limit)
        names = listing.people(connection, None)
    opened = [kept.id for kept in found if _is_opened(context, kept, who)]
    if opened:
        with context.database.write() as connection:
            said = {"unmasked": True, "submissions": opened}
            audit.append(connection, context.clock(), who.id, "export", "export", said)
    return Changes(
        items=[_changed(_shown_to(who, context, kept), names, status) for kept in found],
        next=str(found[-1].changed if found else after),
    )


@router.get("/presets")
def presets(context: Here, who: Annotated[Actor, may("export")]) -> Presets:
    """Returns the saved choices, which everybody who may export shares."""
    with context.database.read() as connection:
        rows = exports.list_presets(connection)
    return Presets(items=[Preset.model_validate(row, from_attributes=True) for row in rows])


@router.post("/presets", status_code=201)
def save(given: NewPreset, context: Here, who: Annotated[Actor, may("export")]) -> Preset:
    """Saves a choice; its name must be new."""
    _forms(context, [], given.content)
    now, content = context.clock(), given.content
    with context.database.write() as connection:
        number = exports.save_preset(connection, given.name, content.model_dump(), who.id, now)
    return Preset(id=number, name=given.name, content=content, created_by=who.id, created_at=now)


@router.delete("/presets/{preset}", status_code=204)
def forget(preset: Number, context: Here, who: Annotated[Actor, may("export")]) -> None:
    """Deletes a saved choice."""
    with context.database.write() as connection:
        exports.delete_preset(connection, preset, who.id, context.clock())


@router.get(
    "/submissions/{submission}/dossier",
    response_class=StreamingResponse,
    responses={200: {"description": "A .zip", "content": {"application/zip": {}}}},
)
def whole(
    submission: Number, request: Request, context: Here, who: Annotated[Actor, may("export")]
) -> StreamingResponse:
    """Returns everything about one submission: the originals, the record, pictures of the places where values
    were read, and the log as a page."""
    now = context.clock()
    with context.database.write() as connection:
        exports.one(connection, submission)
        audit.append(connection, now, who.id, "dossier", f"submission:{submission}")
    with context.database.read() as connection:
        kept = exports.one(connection, submission)
        form = _form_of(context, kept)
        masking.refuse_whole(form, "档案", who)
        known = dossier.gather(connection, submission, form)
    views = request.app.state.views
    crops, inner = cut_out(known.uploaded, known.line, views), take_out(known.uploaded, known.inside, views)
    file = wholly_written(
        lambda target: dossier.write_dossier(target, known, context.blobs, crops, now, inner)
    )
    called = [f"申请{submission}", *([file_name(known.kept.unit)] if known.kept.unit else []), "档案.zip"]
    return download(file, "-".join(called), "application/zip", {})


def _forms(context: Context, found: Sequence[str], chosen: Choice) -> dict[str, FormDefinition]:
    """Returns the definitions of the forms in an export, and checks its columns against them.

    Raises:
        Invalid: the requested form is not known, or a column is not one of theirs.
    """
    current = context.forms.current()
    if chosen.form is not None:
        forms = {chosen.form: _known(context, chosen.form)}
    else:
        forms = {name: current[name] for name in found if name in current}
    export_columns.check(chosen.columns or (), list((forms or current).values()))
    return forms


def _form_of(context: Context, kept: Kept) -> FormDefinition | None:
    return context.forms.get(kept.form, kept.form_version) if kept.form and kept.form_version else None


def _shown_to(who: Actor, context: Context, kept: Kept) -> Kept:
    return kept if masking.may_see(who) else covering.cover_kept(_form_of(context, kept), kept)


def _is_opened(context: Context, kept: Kept, who: Actor) -> bool:
    return bool(masking.seen(_form_of(context, kept), kept.content, who))


def _told(forms: Iterable[FormDefinition], who: Actor) -> dict[str, Any]:
    """What the log says of values that only some may see whole."""
    return {"unmasked": masking.may_see(who)} if any(map(covering.masked, forms)) else {}


def _known(context: Context, name: str) -> FormDefinition:
    known = context.forms.current().get(name)
    if known is None:
        raise Invalid(f"没有名为“{name}”的表格", advice="已有的表格见 GET /api/v1/forms")
    return known


def _changed(kept: Kept, names: export_columns.Names, status: Which) -> ChangedSubmission:
    is_shown = kept.has_record and (
        status == "all" or (kept.status == "accepted" and kept.replaced_by is None)
    )
    told = to_json(kept, names) if is_shown else {**to_json(kept, names, ()), "fields": None}
    return ChangedSubmission(**told, purged=kept.purged)
