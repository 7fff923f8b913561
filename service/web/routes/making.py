"""Making forms: a definition is drafted from a file that somebody else made, looked over, and tried before it
goes out. Both are jobs, which are asked how far they are."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from extractor import Draft, against, likeness
from models.errors import Invalid
from models.identity import FormName, Version
from service.drafting.desk import FormDesk, Job, Kind
from service.forms.drafts import as_yaml
from service.store.accounts import Actor
from service.store.forms import FormStore
from service.web.conditional import document, file_name, media, multipart, multipart_body
from service.web.context import Context, Here
from service.web.definitions import BODY, read_definition, text_of
from service.web.problems import of_error
from service.web.security import may

router = APIRouter(tags=["forms"])

# The share of fields that two forms have in common which makes one look like a version of the other.
_ALIKE = 0.6
_UPLOAD = multipart_body(
    "file", file={"type": "string", "format": "binary", "description": "A form, blank or filled in"}
)
JobNumber = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
Admin = Annotated[Actor, may("admin")]


class JobBegun(BaseModel):
    """A job that was begun."""

    id: str


class JobShown(BaseModel):
    """How a job stands: `working`, `done` or `failed`; the share of it that is done, what it does at present,
    and the problem because of which it failed."""

    state: Literal["working", "done", "failed"]
    share: float
    doing: str
    problem: dict[str, Any] | None = None


class Alike(BaseModel):
    """A version of a known form that a draft looks like, and the share of fields that they have in common."""

    name: str
    version: str
    title: str
    share: float


class DraftShown(JobShown):
    """A draft. `form` is the definition as data; `guesses` tell why it is as it is, each with the index of
    its row; `spots` are all cells and lines of the form with page and box; `places` tell for each field, in
    the order of the definition, which of them are its label and its answers."""

    source: str = ""
    form: dict[str, Any] | None = None
    guesses: list[dict[str, Any]] = []
    pages: list[dict[str, Any]] = []
    spots: list[dict[str, Any]] = []
    places: list[dict[str, Any]] = []
    alike: Alike | None = None


class TrialShown(JobShown):
    """A trial: how many fields were read, how many right, silently wrong, and put before a person; whether
    that is good enough to go out without a reason; what reads badly in words, and field by field."""

    read: int = 0
    right: int = 0
    silent: int = 0
    asked: int = 0
    passes: bool = False
    told: list[str] = []
    fields: list[dict[str, Any]] = []


class Renewed(BaseModel):
    """A draft as the new version of a known form, and what changed since that."""

    form: dict[str, Any]
    changes: list[dict[str, Any]]


def _desk(request: Request) -> FormDesk:
    desk = request.app.state.desk
    assert isinstance(desk, FormDesk)
    return desk


@router.post("/drafts", status_code=202, openapi_extra=_UPLOAD)
async def draft(request: Request, context: Here, who: Admin) -> JobBegun:
    """Begins to draft a definition from a file of any kind that is read."""
    async with multipart(request, 1) as fields:
        file = fields.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid("请求中没有文件", advice="请用名为 file 的字段上传一份表格")
        most = context.settings.limits().file_bytes
        data = await file.read(most + 1)
        name = file_name(file.filename)
    if not data or len(data) > most:
        raise Invalid(f"文件超过 {most >> 20} MiB" if data else f"文件“{name}”是空的")
    return JobBegun(id=await run_in_threadpool(_desk(request).draft, data, name, who.id))


@router.get("/drafts/{job}")
def look(job: JobNumber, request: Request, context: Here, who: Admin) -> DraftShown:
    """Returns a draft, and how far it is."""
    found = _desk(request).look("draft", job, who.id)
    if found.facts is None:
        return DraftShown(**_stands(found))
    return DraftShown(**_stands(found), **found.facts, alike=_alike(context.forms, found.facts["form"]))


@router.delete("/drafts/{job}", status_code=204)
def forget(job: JobNumber, request: Request, who: Admin) -> None:
    """Removes a draft with its pictures. Otherwise it goes after a day."""
    _desk(request).forget("draft", job, who.id)


@router.get("/drafts/{job}/pages/{page}.webp", response_class=Response, responses=media("image/webp"))
def draft_page(
    job: JobNumber, page: Annotated[int, Path(ge=1, le=10_000)], request: Request, who: Admin
) -> Response:
    """Returns a picture of a page that a draft was drawn up from."""
    return _picture(request, "draft", job, who, str(page), "image/webp")


@router.post("/renewals/{name}/{version}", openapi_extra=BODY)
async def renew(name: FormName, version: Version, request: Request, context: Here, who: Admin) -> Renewed:
    """Returns a definition as the next version of a known form: what is the same keeps its name, and what
    changed is told."""
    text = await text_of(request)
    return await run_in_threadpool(_renewed, context, name, version, text)


def _renewed(context: Context, name: str, version: str, text: bytes) -> Renewed:
    data = read_definition(text).model_dump(mode="json", exclude_none=True)
    found = against(Draft(data, ()), context.forms.get(name, version))
    return Renewed(form=found.form, changes=[{"place": one.place, "text": one.text} for one in found.guesses])


@router.post("/definitions", response_class=Response, responses=media("application/yaml"), openapi_extra=BODY)
async def written(request: Request, who: Admin) -> Response:
    """Returns a definition as a file of YAML, to keep and to edit elsewhere."""
    form = await run_in_threadpool(read_definition, await text_of(request))
    text = as_yaml(Draft(form.model_dump(mode="json", exclude_defaults=True), ()), form.title)
    return document(text.encode(), "application/yaml", f"{form.name}.yaml")


@router.post("/trials", status_code=202, openapi_extra=BODY)
async def try_out(request: Request, who: Admin) -> JobBegun:
    """Begins to try a definition: it is filled in, made as Word, PDF and scan, and read back. A definition
    with problems is refused with all of them."""
    form = await run_in_threadpool(read_definition, await text_of(request))
    return JobBegun(id=await run_in_threadpool(_desk(request).trial, form, who.id))


@router.get("/trials/{job}")
def trial(job: JobNumber, request: Request, who: Admin) -> TrialShown:
    """Returns how a trial went, and how far it is."""
    found = _desk(request).look("trial", job, who.id)
    return TrialShown(**_stands(found), **(found.facts or {}))


@router.get("/trials/{job}/{which}/{page}.png", response_class=Response, responses=media("image/png"))
def trial_page(
    job: JobNumber, which: Literal["blank", "filled"], page: Annotated[int, Path(ge=1, le=10_000)],
    request: Request, who: Admin,
) -> Response:  # fmt: skip
    """Returns a page of the form, blank or as it was filled in for the trial."""
    return _picture(request, "trial", job, who, f"{which}-{page}", "image/png")


def _picture(request: Request, kind: Kind, job: str, who: Actor, name: str, media_type: str) -> Response:
    data = _desk(request).picture(kind, job, who.id, name)
    return Response(data, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})


def _stands(job: Job) -> dict[str, Any]:
    return {
        "state": job.state,
        "share": job.share,
        "doing": job.doing,
        "problem": of_error(job.problem) if job.problem else None,
    }


def _alike(forms: FormStore, form: dict[str, Any]) -> Alike | None:
    """The version of a known form that a draft is most like, the newest of those that are equally like it."""
    best: Alike | None = None
    for one in (known.form for known in forms.versions()):
        share = likeness(form, one)
        if share >= _ALIKE and (best is None or share > best.share):
            best = Alike(name=one.name, version=one.version, title=one.title, share=share)
    return best
