"""The bureau's own 汇总表 of a campaign: which column is filled with what, and the sheet, filled in."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from models.errors import Invalid
from models.identity import FormName
from service.campaigns.desk import Desk
from service.campaigns.own_rows import own_sheets, sources
from service.campaigns.own_sheet import LIMITS, OwnSheet, understand
from service.export.covering import cover, masked
from service.store import audit
from service.store.accounts import Actor
from service.web import masking
from service.web.campaigns import Known
from service.web.conditional import document, media, multipart, multipart_body
from service.web.context import Context, Here
from service.web.routes.outcomes import zipped
from service.web.security import may

router = APIRouter(tags=["campaigns"], prefix="/campaigns/{name}/summary")

_ZIP = "application/zip"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TEMPLATE = {"type": "string", "format": "binary", "description": "The bureau's own .xlsx"}
_UPLOAD = multipart_body("template", template=_TEMPLATE)
_FILLED = multipart_body(
    "template",
    template=_TEMPLATE,
    columns={
        "type": "string",
        "description": 'What columns are filled with, by their numbers, as JSON: {"4": "number", "5": null}',
    },
)


class OwnColumn(BaseModel):
    """A column of the template, counted from 1, under its heads. `source` is what it is filled with where
    `sure`, and else what it may mean: it stays empty until somebody says so."""

    number: int
    heading: str
    source: str | None
    sure: bool


class OwnSource(BaseModel):
    """What a column can be filled with."""

    source: str
    title: str


class OwnSheetShown(BaseModel):
    """A template as it was understood, and what a person should know of it."""

    sheet: str
    columns: list[OwnColumn]
    sources: list[OwnSource]
    notes: list[str]


@router.post("/preview", openapi_extra=_UPLOAD)
async def preview(
    name: FormName, request: Request, all_: Known, who: Annotated[Actor, may("export")]
) -> OwnSheetShown:
    """Tells what the columns of the bureau's own 汇总表 would be filled with."""
    desk = all_.desk(name)
    async with multipart(request, 1) as fields:
        data = await _template(fields)
    known = sources(desk.loaded)
    found = await run_in_threadpool(understand, data, known)
    return OwnSheetShown(
        sheet=found.sheet,
        columns=[OwnColumn.model_validate(vars(one)) for one in found.columns],
        sources=[OwnSource(source=source, title=names[0]) for source, names in known.items()],
        notes=list(found.notes),
    )


@router.post("", response_class=Response, responses=media(_SHEET, _ZIP), openapi_extra=_FILLED)
async def filled(
    name: FormName, request: Request, context: Here, all_: Known, who: Annotated[Actor, may("export")],
    each: Annotated[bool, Query(description="One for each organiser, as .zip")] = False,
) -> Response:  # fmt: skip
    """Fills in the bureau's own 汇总表 with the applications of the campaign, all but those taken back."""
    desk = all_.desk(name)
    async with multipart(request, 1) as fields:
        data, said = await _template(fields), _said(fields, sources(desk.loaded))
    found = (await run_in_threadpool(understand, data, sources(desk.loaded))).told(said)
    return await run_in_threadpool(_filled, context, desk, who, found, each)


def _filled(context: Context, desk: Desk, who: Actor, found: OwnSheet, each: bool) -> Response:
    standing, name = desk.look(context.database).standing, desk.loaded.campaign.name
    contents = desk.contents(context.database, standing)
    form, is_seen = desk.loaded.form, masking.may_see(who)
    if not is_seen:
        contents = {key: replace(one, values=cover(form, one.values)) for key, one in contents.items()}
    made = list(own_sheets(desk.loaded, standing, found, contents, each=each))
    with context.database.write() as connection:
        told = {"count": len(standing.applications), "columns": [one.heading for one in found.columns]}
        told |= {"unmasked": is_seen} if masked(form) else {}
        audit.append(connection, context.clock(), who.id, "export", f"campaign:{name}", told)
    if each:
        return document(zipped(made), _ZIP, f"{name}-summary.zip")
    return document(made[0].data, _SHEET, f"{desk.loaded.campaign.title}汇总表.xlsx")


async def _template(fields: FormData) -> bytes:
    given = fields.get("template")
    if not isinstance(given, UploadFile):
        raise Invalid("请求中没有模板", advice="请用名为 template 的字段上传 .xlsx 文件")
    return await given.read(LIMITS.bytes + 1)


def _said(fields: FormData, known: Mapping[str, object]) -> dict[int, str | None]:
    text = fields.get("columns") or "{}"
    try:
        made = {int(number): source for number, source in json.loads(str(text)).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise Invalid('columns 应如 {"4": "…", "5": null}') from error
    for source in made.values():
        if source is not None and (not isinstance(source, str) or source not in known):
            raise Invalid("columns 中有不认识的栏目", advice="可用的见 preview 的 sources")
    return made
