"""Uploads: files are stored, queued for reading in the same transaction, and can be watched until they are
read."""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import anyio
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.dialects import postgresql, sqlite
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from models.errors import Conflict, Invalid, UnknownForm
from service.store.accounts import Actor
from service.store.tables import idempotency
from service.store.uploads import Arrival, StoredFile, await_purge, create
from service.web.arrivals import Upload, Uploads, upload_shown
from service.web.conditional import file_name, multipart, multipart_body
from service.web.context import Context, Here
from service.web.schemas import Number
from service.web.security import may

router = APIRouter(tags=["uploads"], prefix="/uploads")

# Seconds between two looks at an upload; and seconds until a watcher must ask again, so that its rights are
# checked again.
POLL, WATCH = 0.5, 600.0
_UNREAD = ("received", "reading")
_TOGETHER: dict[str, bool | str] = {"true": True, "1": True, "false": False, "0": False, "auto": "auto"}
_BODY = multipart_body(
    "files",
    files={"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}},
    form={"type": "string", "description": "The name of the form; left out, it is recognised"},
    together={
        "type": "string",
        "enum": ["true", "false", "auto"],
        "default": "true",
        "description": "Whose the files are: `true`, one sender's, who may send "
        "several applications; `false`, a submission each; "
        "`auto`, anybody's, so that each file counts by itself unless it "
        "says itself that it is one application with another",
    },
    replaces={"type": "integer", "description": "The submission that this one takes the place of"},
)
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=128, pattern=r"^[!-~]+$")]


@router.post("", status_code=201, openapi_extra=_BODY)
async def receive(
    request: Request,
    context: Here,
    who: Annotated[Actor, may("upload")],
    idempotency_key: IdempotencyKey = None,
) -> Uploads:
    """Stores files, and answers once they are safe; they are read later. A request that is sent again with
    the same Idempotency-Key makes nothing new.

    `together` says where the files come from, not what they hold. Two applications are never joined because
    of it, since one applicant's answers would then stand in the record of the other. With `true` the files
    come from one sender, like a mail and its attachments: a file that can't be read is reported with the
    application that it came with, if there is only one. With `auto` the files may come from different
    applicants, like a folder that somebody collected: a Word file, a scan and photos are joined where number,
    unit and content say so, and every file without an application is a submission of its own that tells why.
    With `false` nothing is joined.
    """
    async with multipart(request, context.settings.limits().parts) as form:
        return await run_in_threadpool(_receive, context, who, form, idempotency_key)


def _receive(context: Context, who: Actor, form: FormData, key: str | None) -> Uploads:
    wanted = _wanted(context, form)
    files = [_keep(context, one) for one in form.getlist("files") if isinstance(one, UploadFile)]
    if not files:
        raise Invalid("请求中没有文件", advice="请用名为 files 的字段上传文件")
    is_auto = wanted["together"] == "auto"
    groups = [files] if wanted["together"] else [[file] for file in files]
    if wanted["replaces"] is not None and len(files if is_auto else groups) > 1:
        raise Invalid("几份申请不能替换同一份", advice="请逐份上传")
    digest = hashlib.sha256(
        json.dumps([wanted, [[file.name, file.sha256] for file in files]]).encode()
    ).hexdigest()
    channel = "page" if who.id.startswith("user:") else "api"
    with context.database.write() as connection:
        numbers = _answered(connection, context, who, key, digest) if key else None
        if numbers is None:
            numbers = []
            # Before anything that others wait for: the store of blobs may take its time.
            await_purge(connection)
            _expect_kept(context, files)
            for group in groups:
                arrival = Arrival(
                    group, channel, form=wanted["form"], replaces=wanted["replaces"], apart=is_auto
                )
                upload, _ = create(connection, arrival, who.id, context.clock())
                context.enqueue(connection, upload)
                numbers.append(upload)
            if key:
                _remember(connection, who, key, numbers)
        return Uploads(uploads=[upload_shown(connection, context.forms, number) for number in numbers])


def _wanted(context: Context, form: FormData) -> dict[str, Any]:
    """Returns the fields of the request other than its files."""
    said: dict[str, str] = {
        name: value for name, value in form.multi_items() if isinstance(value, str) and value != ""
    }
    unknown = sorted(said.keys() - {"form", "together", "replaces"})
    if unknown:
        raise Invalid(f"没有“{unknown[0][:40]}”这一项", advice="文件应放在名为 files 的字段中")
    name, together, replaces = said.get("form"), said.get("together", "true").lower(), said.get("replaces")
    if name is not None and name not in context.forms.current():
        raise UnknownForm(f"没有名为“{name[:64]}”的表格", advice="留空即自动识别")
    if together not in _TOGETHER:
        raise Invalid("together 应为 true、false 或 auto")
    if replaces is not None and not (
        replaces.isascii() and replaces.isdigit() and 0 < int(replaces[:11]) < 1 << 31
    ):
        raise Invalid("replaces 应为申请的编号")
    return {"form": name, "together": _TOGETHER[together], "replaces": int(replaces) if replaces else None}


def _keep(context: Context, file: UploadFile) -> StoredFile:
    name = file_name(file.filename)
    blob = context.blobs.put(file.file, most=context.settings.limits().file_bytes)
    if not blob.bytes:
        raise Invalid(f"文件“{name}”是空的")
    return StoredFile(name, blob.sha256, blob.bytes)


def _expect_kept(context: Context, files: Sequence[StoredFile]) -> None:
    """Raises Conflict where a blob is missing. A purge removes blobs that nobody refers to; none removes one
    between this and the end of the transaction, which refers to them."""
    if not all(context.blobs.holds(file.sha256) for file in files):
        raise Conflict("相同的旧文件正在清除，这次上传没有保存", advice="请再上传一次")


def _answered(
    connection: sa.Connection, context: Context, who: Actor, key: str, digest: str
) -> list[int] | None:
    """Returns the uploads that an earlier request with this key made. Returns None for the first request,
    which is recorded; a second one waits until the first ends."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"actor": who.id, "key": key, "digest": digest, "created_at": context.clock()}
    # Drivers differ in what an insert's row count means, but not in what the insert returns.
    if connection.execute(
        insert(idempotency).values(row).on_conflict_do_nothing().returning(idempotency.c.key)
    ).first():
        return None
    known = connection.execute(
        idempotency.select().where(idempotency.c.actor == who.id, idempotency.c.key == key)
    ).one()
    if known.digest != digest:
        raise Invalid(
            "这个 Idempotency-Key 已用于另一次请求", advice="内容不同的请求，请换一个 Idempotency-Key"
        )
    if known.answer is None:
        raise Conflict("这个 Idempotency-Key 的请求没有完成")
    return [int(number) for number in known.answer["uploads"]]


def _remember(connection: sa.Connection, who: Actor, key: str, numbers: Sequence[int]) -> None:
    connection.execute(
        idempotency.update().where(idempotency.c.actor == who.id, idempotency.c.key == key)
        .values(answer={"uploads": list(numbers)})
    )  # fmt: skip


def _existing(upload: Number, context: Here) -> Upload:
    with context.database.read() as connection:
        return upload_shown(connection, context.forms, upload)


@router.get("/{upload}")
def show(upload: Number, context: Here, who: Annotated[Actor, may("see")]) -> Upload:
    """Returns an upload, and how far its reading is."""
    return _existing(upload, context)


@router.get("/{upload}/events", response_class=EventSourceResponse)
async def watch(
    upload: Number,
    context: Here,
    response: Response,
    who: Annotated[Actor, may("see")],
    known: Annotated[Upload, Depends(_existing)],
) -> AsyncIterator[ServerSentEvent]:
    """Sends an event `upload` with the upload, at once and after each change, until it is read."""
    yield ServerSentEvent(event="upload", data=known)
    end = anyio.current_time() + WATCH
    while not _is_read(known) and anyio.current_time() < end:
        await anyio.sleep(POLL)
        now = await run_in_threadpool(_existing, upload, context)
        if now != known:
            known = now
            yield ServerSentEvent(event="upload", data=known)


def _is_read(upload: Upload) -> bool:
    return upload.state == "done" or all(one.status not in _UNREAD for one in upload.submissions)
