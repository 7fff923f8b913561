"""Which pages of what came together are which application: to look at, to put together anew, to take back."""

from collections.abc import Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from models.errors import NotFound
from service.page_pictures import Held, Look, Views
from service.results import PartJson
from service.store import groupings, listing, regrouping
from service.store.accounts import Actor
from service.store.groupings import Group, Piece, Present
from service.store.statuses import Status
from service.store.tables import submissions, upload_files, uploads
from service.store.versions import Editor
from service.web.conditional import media
from service.web.context import Context, Here
from service.web.routes.editing import VersionNumber
from service.web.routes.part_pages import Index, apart, picture_of
from service.web.schemas import Number
from service.web.security import may
from service.web.viewing import Viewer

router = APIRouter(tags=["submissions"], prefix="/submissions/{submission}/grouping")

_PIECE: JsonDict = {"part": "扫描件.pdf", "page": 2, "quarters": None, "upload": None}
_SHOWN: JsonDict = {**_PIECE, "index": 0, "as_read": 0, "width": 595.3, "height": 841.9}
_GROUP: JsonDict = {
    "submission": 12, "version": 3, "status": "in-review", "open": True, "unit": "武汉某某产业园有限公司",
    "name": "扫描件.pdf", "form": "some-form", "said_form": None, "pieces": [_SHOWN],
}  # fmt: skip
PartName = Annotated[str, Field(min_length=1, max_length=1000)]
FormName = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9-]*$")]


class PieceGiven(BaseModel):
    """A page of a part, counted from 1, or a whole part that has no pages (null). `quarters`: by how many
    quarter turns counter-clockwise its picture, as it came, stands upright; null: as the program thinks.
    `upload` is the one where it is now; null: the one that is looked at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _PIECE})
    part: PartName
    page: Annotated[int, Field(ge=1, le=10_000)] | None = None
    quarters: Annotated[int, Field(ge=0, le=3)] | None = None
    upload: Number | None = None


class GroupGiven(BaseModel):
    """The pieces of an application in their order. `submission` null makes a new one; otherwise `version` is
    the one that was looked at. `form` says which form it is; null: the program finds out. A submission
    without pieces is withdrawn."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"submission": 12, "version": 3, "form": None, "pieces": [_PIECE]}},
    )
    submission: Number | None = None
    version: VersionNumber = 0
    form: FormName | None = None
    pieces: Annotated[list[PieceGiven], Field(max_length=2000)]


class GroupingGiven(BaseModel):
    """All that came together as it should be, each submission with its version. Pieces that stand in no group
    are no application's. To move pieces to an application of another upload, or from there, the groups of
    that one are given too."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"groups": [{"submission": 12, "version": 3, "form": None, "pieces": [_PIECE]}]}
        },
    )
    groups: Annotated[list[GroupGiven], Field(min_length=1, max_length=200)]


class PieceShown(PieceGiven):
    """A piece as it stands. `index` is the number of its part, for its picture; `as_read` the quarter turns
    with which it was read, null for a page that is no picture and can't be turned; sizes are in points."""

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})
    index: int
    as_read: int | None
    width: float | None
    height: float | None


class GroupShown(BaseModel):
    """A submission and its pieces. It can be changed where it is `open`. `form` is what it was read as,
    `said_form` what a person said that it is."""

    model_config = ConfigDict(json_schema_extra={"example": _GROUP})
    submission: int
    version: int
    status: Status
    open: bool
    unit: str | None
    name: str
    form: str | None
    said_form: str | None
    pieces: list[PieceShown]


class Grouping(BaseModel):
    """All that came together with a submission: the applications, and the pieces of none. While it is
    `reading`, nothing can be changed. `may_undo`: the last change of the grouping can be taken back."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "upload": 10, "reading": False, "may_undo": False, "groups": [_GROUP], "rest": [],
            }
        }
    )  # fmt: skip
    upload: int
    reading: bool
    may_undo: bool
    groups: list[GroupShown]
    rest: list[PieceShown]


@router.get("")
def show(submission: Number, context: Here, who: Viewer) -> Grouping:
    """Which pages of what came together with a submission are which application."""
    with context.database.read() as connection:
        return _shown(connection, _upload(connection, submission))


@router.put("")
def regroup(
    submission: Number, given: GroupingGiven, context: Here, who: Annotated[Actor, may("correct")]
) -> Grouping:
    """Puts pages together anew, and has what changed read again. Pictures that were read before are not read
    once more, unless they were turned."""
    expected = {one.submission: one.version for one in given.groups if one.submission is not None}
    forms = context.forms.current()
    for form in (one.form for one in given.groups):
        if form is not None and form not in forms:
            raise NotFound(f"没有名为“{form}”的表格")
    with context.database.write() as connection:
        upload = _upload(connection, submission)
        wanted = _wanted(connection, upload, given.groups)
        made = regrouping.regroup(connection, wanted, expected, _editor(context, who))
        for one in made.uploads:
            context.enqueue(connection, one)
        return _shown(connection, upload)


@router.post("/undo")
def undo(submission: Number, context: Here, who: Annotated[Actor, may("correct")]) -> Grouping:
    """Takes back the last change of the grouping, in each upload that it changed: all is as it stood before,
    and nothing is read again. This works as long as nobody has changed or decided what it brought."""
    with context.database.write() as connection:
        upload = _upload(connection, submission)
        regrouping.undo(connection, upload, context.forms.get, _editor(context, who))
        return _shown(connection, upload)


@router.get("/parts/{index}/pages/{page}.webp", response_class=Response, responses=media("image/webp"))
async def picture(
    submission: Number, index: Index, page: Annotated[int, Field(ge=1, le=10_000)], request: Request,
    who: Viewer,
    scale: Annotated[float, Query(ge=0.1, le=4, description="Pixels a point")] = 0.4,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:  # fmt: skip
    """Returns a page of any part that came together with a submission, as it was read."""
    return await apart(_picture, request, submission, index, Look(page, scale), if_none_match)


def _picture(
    context: Context, views: Views, submission: int, index: int, look: Look, known: str | None
) -> Response:
    with context.database.read() as connection:
        upload = _upload(connection, submission)
        parts = groupings.present(connection, upload).parts
        files = connection.execute(
            sa.select(upload_files.c.name, upload_files.c.sha256).where(upload_files.c.upload_id == upload)
        ).all()
    if index >= len(parts):
        raise NotFound(f"没有第 {index + 1} 个文件")
    return picture_of(views, Held(parts[index], [(one.name, one.sha256) for one in files]), look, known)


def _upload(connection: sa.Connection, submission: int) -> int:
    return int(listing.whole(connection, submission).row.upload_id)


def _wanted(connection: sa.Connection, upload: int, given: Sequence[GroupGiven]) -> dict[int, list[Group]]:
    """Returns {upload: its groups}. A new application is made where its first piece is."""
    found: dict[int, list[Group]] = {upload: []}
    for one in given:
        pieces = tuple(_piece(piece, upload) for piece in one.pieces)
        first = pieces[0].upload if pieces else upload
        own = first if one.submission is None else _upload(connection, one.submission)
        found.setdefault(own, []).append(Group(one.submission, pieces, one.form))
        for piece in pieces:
            found.setdefault(piece.upload, [])
    return found


def _piece(given: PieceGiven, upload: int) -> Piece:
    quarters = -1 if given.quarters is None else given.quarters
    return Piece(given.part, given.page or 0, quarters, given.upload or upload)


def _editor(context: Context, who: Actor) -> Editor:
    return Editor(who.id, context.clock())


def _shown(connection: sa.Connection, upload: int) -> Grouping:
    now = groupings.present(connection, upload)
    state = connection.scalar(sa.select(uploads.c.state).where(uploads.c.id == upload))
    rows = connection.execute(
        submissions.select().where(submissions.c.upload_id == upload).order_by(submissions.c.application)
    ).all()
    return Grouping(
        upload=upload,
        reading=state != "done",
        may_undo=state == "done" and regrouping.may_undo(connection, upload),
        groups=[_group(row, now) for row in rows if now.of(row.id).pieces or row.status in regrouping.OPEN],
        rest=_pieces(upload, now.rest, now.parts),
    )


def _group(row: Any, now: Present) -> GroupShown:
    plain = {name: row._mapping[name] for name in ("version", "status", "unit", "name", "form")}
    group = now.of(row.id)
    about = {"submission": row.id, "open": row.status in regrouping.OPEN, "said_form": group.form}
    return GroupShown.model_validate(
        {**plain, **about, "pieces": _pieces(row.upload_id, group.pieces, now.parts)}
    )


def _pieces(upload: int, pieces: Sequence[Piece], parts: Sequence[PartJson]) -> list[PieceShown]:
    places = {part["name"]: index for index, part in enumerate(parts)}
    found = []
    for one in pieces:
        index = places[one.part]
        page = next((page for page in parts[index].get("pages", ()) if page["number"] == one.page), None)
        frame = page["frame"] if page else None
        found.append(
            PieceShown(
                part=one.part, page=one.page or None, quarters=None if one.quarters < 0 else one.quarters,
                upload=upload, index=index, as_read=frame["quarters"] if frame else None,
                width=page["width"] if page else None, height=page["height"] if page else None,
            )
        )  # fmt: skip
    return found
