"""The pages of parts as pictures, in the same points as the evidence; and the parts themselves."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar

import anyio
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from models.errors import Invalid, NoView, UnreadableFile
from service.page_pictures import SCALE, Held, Look, PagesJson, Views
from service.results import PartJson
from service.store import listing
from service.web import schemas
from service.web.conditional import media, stream
from service.web.context import Context
from service.web.routes.submissions import part_of
from service.web.schemas import Number
from service.web.viewing import Viewer

router = APIRouter(tags=["pages"], prefix="/submissions/{submission}")

_SIDE = r"-?[0-9]{1,6}(?:\.[0-9]{1,9})?"
_BOX = rf"^{_SIDE},{_SIDE},{_SIDE},{_SIDE}$"
_KEPT = "private, max-age=3600"

Index = Annotated[int, Field(ge=0, le=10_000)]
T = TypeVar("T")


class PageShown(BaseModel):
    """A page: its number, counted from 1, and its width and height in points."""

    page: int
    width: float
    height: float


class PartPages(BaseModel):
    """The pages of a part. `rendered` says that they can be drawn; otherwise `table` holds the content of the
    part, as far as it is known. `places` are the places of the cells of a Word file on the pages: {table,
    row, column, page, box}."""

    index: int
    name: str
    pages: list[PageShown]
    rendered: bool
    places: list[dict[str, Any]]
    table: list[dict[str, Any]] | None


class AllPages(BaseModel):
    """The pages of all parts."""

    parts: list[PartPages]


@router.get("/pages")
async def pages(submission: Number, request: Request, who: Viewer) -> AllPages:
    """The pages of every part, in points."""
    return await apart(_pages, request, submission)


def _pages(context: Context, views: Views, submission: int) -> AllPages:
    found = _found(context, submission)
    shown = []
    for part in schemas.parts(found):
        told: PagesJson = {"pages": [], "places": [], "table": None}
        if part.state not in ("duplicate", "encrypted", "too-large"):
            # A part that can't be drawn has `rendered` false, and does not keep the other parts from being
            # shown.
            with suppress(NoView, UnreadableFile):
                told = views.pages(_held(found, part.index))
        about = {"index": part.index, "name": part.name, "rendered": bool(told["pages"])}
        shown.append(PartPages.model_validate({**about, **told}))
    return AllPages(parts=shown)


@router.get("/parts/{index}/pages/{page}.webp", response_class=Response, responses=media("image/webp"))
async def picture(
    submission: Number, index: Index, page: Annotated[int, Field(ge=1, le=10_000)], request: Request,
    who: Viewer,
    scale: Annotated[float, Query(ge=0.1, le=4, description="Pixels a point")] = SCALE,
    box: Annotated[str | None, Query(pattern=_BOX, description="x0,y0,x1,y1 in points")] = None,
    seal: Literal["on", "off"] = "on",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:  # fmt: skip
    """Returns a page, or the part of it inside `box`, as a picture. With `seal` off it is without seals."""
    look = Look(page, scale, _box(box), seal == "off")
    return await apart(_picture, request, submission, index, look, if_none_match)


def _picture(
    context: Context, views: Views, submission: int, index: int, look: Look, known: str | None
) -> Response:
    return picture_of(views, _held(_found(context, submission), index), look, known)


def picture_of(views: Views, held: Held, look: Look, known: str | None) -> Response:
    """Returns a picture, or that the asker's own, whose tags are `known`, is still the same."""
    headers = {"ETag": f'"{views.tag(held, look)}"', "Cache-Control": _KEPT}
    if known is not None and headers["ETag"] in re.findall(r'"[^"]*"', known):
        return Response(status_code=304, headers=headers)
    return Response(views.image(held, look), media_type="image/webp", headers=headers)


@router.get("/parts/{index}", response_class=Response, responses=media("application/octet-stream"))
async def original(submission: Number, index: Index, request: Request, who: Viewer) -> Response:
    """A part of a submission as it arrived, also one that lay in a mail or an archive."""
    return await apart(_original, request, submission, index)


def _original(context: Context, views: Views, submission: int, index: int) -> Response:
    found = _found(context, submission)
    part = part_of(found, index)
    name = part.name.rpartition("/")[2] or part.name
    if part.bytes is not None:
        return stream(context.blobs.chunks(part.sha256), part.bytes, name)
    data = views.original(_held(found, index))
    return stream(iter([data]), len(data), name)


def _found(context: Context, submission: int) -> listing.Whole:
    with context.database.read() as connection:
        return listing.whole(connection, submission)


def _held(found: listing.Whole, index: int) -> Held:
    part = part_of(found, index)
    read = found.line["parts"] if found.line else ()
    known: PartJson = read[index] if read else {"name": part.name, "sha256": part.sha256, "state": "read"}
    return Held(known, [(file.name, file.sha256) for file in found.files])


def _box(told: str | None) -> tuple[float, float, float, float] | None:
    if told is None:
        return None
    x0, y0, x1, y1 = map(float, told.split(","))
    if not (x0 < x1 and y0 < y1):
        raise Invalid("box 应为 x0,y0,x1,y1，左上角在前")
    return x0, y0, x1, y1


async def apart(work: Callable[..., T], request: Request, *arguments: Any) -> T:
    """Calls `work` in one of a few separate threads, so that a request that waits for a picture keeps no
    other request waiting."""
    views = request.app.state.views
    assert isinstance(views, Views)
    return await anyio.to_thread.run_sync(
        work, request.app.state.context, views, *arguments, limiter=request.app.state.drawing
    )
