"""Forms: their fields, blank documents, and documents filled in from a roster."""

import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse

from extractor import compared
from generator import Kind, draw_pages, generate, new_identity
from generator.roster import Roster, file_name, read_roster
from generator.roster_template import write_template
from generator.sheet import SheetLimits
from models.errors import Invalid, UnknownForm
from models.fields import ChoiceField, NumberField, RowsField
from models.fields import Field as AnyField
from models.fields.base import Widget
from models.form import FormDefinition
from models.identity import FormName, Version
from service.drafting.desk import FormDesk
from service.drafting.publishing import publish
from service.forms.documents import make_each
from service.store.accounts import Actor
from service.web.conditional import attachment, document, media, multipart, multipart_body
from service.web.context import Context, Here
from service.web.definitions import BODY, read_definition, text_of
from service.web.schemas import Reason
from service.web.security import may

router = APIRouter(tags=["forms"], prefix="/forms")

# The limits of a roster in one request. Larger rosters are for the command line.
_ROSTER = SheetLimits(bytes=5_000_000, unpacked_bytes=50_000_000, rows=2_000, columns=200)
_MOST_ROWS = 500
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA: dict[Kind, str] = {"docx": _WORD, "pdf": "application/pdf", "pdf-flat": "application/pdf"}
_UPLOAD = multipart_body(
    "roster", roster={"type": "string", "format": "binary", "description": "An .xlsx with a unit a row"}
)

KindOf = Annotated[Kind, Query(description="docx, pdf to fill in on the screen, pdf-flat to print")]


class FormListed(BaseModel):
    """A form in force."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "some-form", "version": "2026.1", "title": "某申请表"}}
    )
    name: str
    version: str
    title: str


class FormsListed(BaseModel):
    """All forms in force."""

    items: list[FormListed]


class FieldAsked(BaseModel):
    """A field: its kind, how it is edited (`widget`), and the rules for its value."""

    name: str
    title: str
    kind: str
    widget: Widget
    required: bool
    options: list[str] | None = None
    min: int | None = None
    max: int | None = None
    unit: str | None = None
    columns: list["FieldAsked"] | None = None
    mentions: str | None = None
    prompt: str | None = None


class FormShown(FormListed):
    """A form and its fields, in the order of the form."""

    fields: list[FieldAsked]


class VersionListed(BaseModel):
    """A version of a form, and when it was put in force; `current` if it is in force now."""

    version: str
    current: bool
    added_at: datetime


class VersionsListed(BaseModel):
    """All versions of a form."""

    items: list[VersionListed]


class ComparedRow(BaseModel):
    """A field in two versions of a form, None where one does not have it, and what changed."""

    old: FieldAsked | None
    new: FieldAsked | None
    told: list[str]


class Comparison(BaseModel):
    """Two versions side by side, in the order of the new one; what it no longer has comes last."""

    rows: list[ComparedRow]


class RowShown(BaseModel):
    """A row of a roster: the name of the file that it makes and its values, or the problems because of which
    it makes none."""

    number: int
    name: str | None
    problems: list[str]
    values: dict[str, Any]


class RowsShown(BaseModel):
    """All rows of a roster, and its columns that belong to no field of the form and are not used."""

    rows: list[RowShown]
    left_out: list[str]


@router.get("")
def index(context: Here, who: Annotated[Actor, may("see")]) -> FormsListed:
    """Returns the forms in force."""
    known = context.forms.current().values()
    return FormsListed(
        items=[FormListed(name=form.name, version=form.version, title=form.title) for form in known]
    )


@router.post("", status_code=201, openapi_extra=BODY)
async def add(
    request: Request,
    context: Here,
    who: Annotated[Actor, may("admin")],
    reason: Annotated[
        Reason, Query(description="Why it goes out although it reads badly; kept in the log")
    ] = "",
) -> FormShown:
    """Puts a definition in force. If it has problems, all are reported at once, each with its line. A new one
    is filled in, printed, and read back first, unless that was done in a trial; one that reads badly is
    refused, unless `reason` says why it goes out all the same."""
    return await run_in_threadpool(_add, context, request.app.state.desk, who, await text_of(request), reason)


def _add(context: Context, desk: FormDesk, who: Actor, body: bytes, reason: str) -> FormShown:
    form = read_definition(body)
    publish(context.forms, form, desk, reason.strip(), who.id, context.clock)
    return _shown(form)


@router.get("/{name}")
def show(
    name: FormName, context: Here, who: Annotated[Actor, may("see")],
    version: Annotated[Version | None, Query(description="Left out, the one in force")] = None,
) -> FormShown:  # fmt: skip
    """Returns a form and its fields. For an old record, ask for the version that it was read with."""
    return _shown(_form(context, name) if version is None else context.forms.get(name, version))


@router.get("/{name}/versions")
def versions(name: FormName, context: Here, who: Annotated[Actor, may("see")]) -> VersionsListed:
    """Returns the versions of a form, the newest first."""
    found = context.forms.versions(name)
    if not found:
        raise _unknown(name)
    return VersionsListed(
        items=[
            VersionListed(version=one.form.version, current=one.current, added_at=one.added_at)
            for one in found
        ]
    )


@router.get("/{name}/definition")
def definition(
    name: FormName, context: Here, who: Annotated[Actor, may("see")],
    version: Annotated[Version | None, Query(description="Left out, the one in force")] = None,
) -> dict[str, Any]:  # fmt: skip
    """Returns a definition as data, as its file spells it."""
    form = _form(context, name) if version is None else context.forms.get(name, version)
    return form.model_dump(mode="json", exclude_defaults=True)


@router.get("/{name}/comparison")
def comparison(
    name: FormName, context: Here, who: Annotated[Actor, may("see")], old: Version, new: Version
) -> Comparison:
    """Returns two versions of a form side by side, field by field, with what changed."""
    was, now = context.forms.get(name, old), context.forms.get(name, new)
    rows = [
        ComparedRow(
            old=asked(was.fields[one.old], was.titles[one.old]) if one.old else None,
            new=asked(now.fields[one.new], now.titles[one.new]) if one.new else None,
            told=list(one.told),
        )
        for one in compared(now, was)
    ]
    return Comparison(rows=rows)


@router.get("/{name}/blank", response_class=Response, responses=media(_WORD, "application/pdf"))
def blank(
    name: FormName, context: Here, who: Annotated[Actor, may("see")], kind: KindOf = "docx"
) -> Response:
    """Returns the blank form."""
    form = _form(context, name)
    made = generate(form, kind, new_identity(form))
    return document(made.data, _MEDIA[kind], f"{form.title}{_suffix(kind)}")


@router.get("/{name}/roster", response_class=Response, responses=media(_SHEET))
def roster_template(name: FormName, context: Here, who: Annotated[Actor, may("see")]) -> Response:
    """Returns an empty roster with the headings of the form."""
    form = _form(context, name)
    return document(write_template(form), _SHEET, f"{form.title}名册.xlsx")


@router.post(
    "/{name}/prefill", response_class=FileResponse, responses=media("application/zip"), openapi_extra=_UPLOAD
)
async def prefill(
    name: FormName,
    request: Request,
    context: Here,
    who: Annotated[Actor, may("upload")],
    kind: KindOf = "docx",
) -> Response:
    """Returns a .zip with a prefilled form for each good row of a roster. The problems of the other rows are
    listed in it."""
    form = _form(context, name)
    return await run_in_threadpool(_prefill, form, await _rows(request, form), kind)


def _prefill(form: FormDefinition, roster: Roster, kind: Kind) -> Response:
    wrong: list[str] = []
    # The .zip is complete before any of it is sent, so that a failure gives an error answer.
    with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as target:
        path = Path(target.name)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed,
        ):
            for made in make_each(form, roster.rows, Path(folder), kind):
                wrong += made.problems
                if made.path is not None:
                    packed.write(made.path, made.path.name)
                    made.path.unlink()
            if not packed.namelist():
                raise Invalid("名册中没有可以生成的行", advice="；".join(wrong[:20]))
            if wrong:
                packed.writestr("未生成.txt", "\ufeff" + "\r\n".join(wrong) + "\r\n")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    gone = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(
        path, media_type="application/zip", headers=attachment(f"{form.title}.zip"), background=gone
    )


@router.post("/{name}/prefill/preview", openapi_extra=_UPLOAD)
async def preview(
    name: FormName, request: Request, context: Here, who: Annotated[Actor, may("upload")]
) -> RowsShown:
    """Returns what a roster would make, row by row, with every problem."""
    form = _form(context, name)
    return await run_in_threadpool(_preview, form, await _rows(request, form))


def _preview(form: FormDefinition, roster: Roster) -> RowsShown:
    taken: set[str] = set()
    return RowsShown(
        rows=[
            RowShown(
                number=row.number, name=file_name(form, row.record, taken) if row.record else None,
                problems=[problem.message for problem in row.problems],
                values={key: value for key, value in row.record.to_json(form).items() if value is not None}
                if row.record else {},
            )
            for row in roster
        ],
        left_out=list(roster.left_out),
    )  # fmt: skip


@router.post(
    "/{name}/prefill/sample", response_class=Response, responses=media("image/png"), openapi_extra=_UPLOAD
)
async def sample(
    name: FormName,
    request: Request,
    context: Here,
    who: Annotated[Actor, may("upload")],
    row: Annotated[int, Field(ge=1, le=1 << 20)],
) -> Response:
    """Returns a picture of the form's first page for one row of a roster. `row` is the row's number in the
    spreadsheet."""
    form = _form(context, name)
    return await run_in_threadpool(_sample, form, await _rows(request, form), row)


def _sample(form: FormDefinition, roster: Roster, number: int) -> Response:
    found = next((row for row in roster if row.number == number), None)
    if found is None or found.record is None:
        why = "；".join(problem.message for problem in found.problems) if found else "名册中没有这一行"
        raise Invalid(f"第 {number} 行不能生成：{why}")
    page = draw_pages(form, new_identity(form), found.record)[0]
    return document(page, "image/png", f"{file_name(form, found.record, set())}.png")


async def _rows(request: Request, form: FormDefinition) -> Roster:
    """The rows of the roster in a request.

    Raises:
        Invalid: there is no roster, or it has too many rows.
        RosterError: the roster can't be read.
    """
    async with multipart(request, 1) as fields:
        roster = fields.get("roster")
        if not isinstance(roster, UploadFile):
            raise Invalid("请求中没有名册", advice="请用名为 roster 的字段上传 .xlsx、.xls 或 .csv 文件")
        data = await roster.read(_ROSTER.bytes + 1)
    found = await run_in_threadpool(read_roster, form, data, _ROSTER)
    if len(found.rows) > _MOST_ROWS:
        raise Invalid(
            f"名册有 {len(found.rows)} 行，一次至多 {_MOST_ROWS} 行",
            advice="请分几次上传，或用 sealform prefill",
        )
    return found


def _form(context: Context, name: str) -> FormDefinition:
    form = context.forms.current().get(name)
    if form is None:
        raise _unknown(name)
    return form


def _unknown(name: str) -> UnknownForm:
    return UnknownForm(f"没有名为“{name}”的表格", advice="请从表格列表中选择")


def _suffix(kind: Kind) -> str:
    return ".docx" if kind == "docx" else ".pdf"


def _shown(form: FormDefinition) -> FormShown:
    fields = [asked(field, form.titles[name]) for name, field in form.fields.items()]
    return FormShown(name=form.name, version=form.version, title=form.title, fields=fields)


def asked(field: AnyField, title: str) -> FieldAsked:
    """Returns what a page needs to know to ask for a field."""
    plain = FieldAsked(
        name=field.name, title=title, kind=field.kind, widget=field.widget, required=field.required,
        mentions=field.mentions,
        prompt=field.prompt,
    )  # fmt: skip
    more: dict[str, Any] = {}
    if isinstance(field, ChoiceField):
        more = {"options": list(field.options), "min": field.min, "max": field.max}
    elif isinstance(field, NumberField):
        more = {"unit": field.unit}
    elif isinstance(field, RowsField):
        more = {"min": field.min, "columns": [asked(column.field, column.label) for column in field.columns]}
    return plain.model_copy(update=more)
