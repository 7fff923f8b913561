"""Helpers that the routes share: the version in If-Match, answers that are files, safe file names, multipart
requests, and the days of the bureau."""

import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Header, Request
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from models.errors import Invalid, RequestTooLarge, VersionRequired
from service.web.context import Context
from service.web.problems import MEDIA_TYPE, Problem

_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"|([0-9]{1,9})')
_LONGEST_NAME = 180
# The most bytes of a multipart field that is not a file.
_LONGEST_FIELD = 4096

IfMatch = Annotated[
    str | None,
    Header(description='The version that was looked at, as the ETag says it: `"3"`', max_length=64),
]

# The additional answer of a route whose change must name its version.
VERSIONED: dict[int | str, dict[str, Any]] = {
    428: {"model": Problem, "description": "Precondition Required", "content": {MEDIA_TYPE: {}}}
}


def version_of(if_match: str | None) -> int:
    """Returns the version in an If-Match header.

    Raises:
        VersionRequired: there is no such header.
        Invalid: it is not one of our versions.
    """
    if not if_match:
        raise VersionRequired("没有说明所修改的是哪一版")
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise Invalid("If-Match 应为带引号的版本号")
    return int(found[1] or found[2])


def file_name(given: str | None) -> str:
    """Returns a file's name without folders and invisible characters. A name that is too long is cut, and
    keeps its suffix."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", given or ""))[-1]
    name = "".join(
        sign for sign in name if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ).strip()
    if name.strip(". ") == "":
        return "未命名"
    stem, dot, suffix = name.rpartition(".")
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{stem[: _LONGEST_NAME - 20]}.{suffix}" if dot and len(suffix) < 20 else name[:_LONGEST_NAME]


def attachment(name: str) -> dict[str, str]:
    """Returns the headers of an answer that a browser saves as `name` and never shows (RFC 6266)."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    }


def document(data: bytes, media_type: str, name: str) -> Response:
    """Returns an answer with a file that was made for this request."""
    return Response(data, media_type=media_type, headers=attachment(name))


def stream(chunks: Iterator[bytes], size: int, name: str) -> Response:
    """Returns an answer with a file as it arrived. Its first part is fetched here, so that a lost file gives
    an error answer.

    Raises:
        NotFound: the bytes are gone.
    """
    first = next(chunks, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from chunks

    headers = {**attachment(name), "Content-Length": str(size)}
    return StreamingResponse(whole(), media_type="application/octet-stream", headers=headers)


def media(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Returns the description of an answer that is a file, for the OpenAPI document."""
    return {
        200: {
            "description": "The file",
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds},
        }
    }


def multipart_body(required: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the description of a multipart request's body, for the OpenAPI document: its `fields`, of which
    `required` is required."""
    schema = {"type": "object", "required": [required], "properties": fields}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@asynccontextmanager
async def multipart(request: Request, most_files: int) -> AsyncIterator[FormData]:
    """Yields the fields and files of a multipart request. It is read only here, after the caller's rights
    were checked.

    Raises:
        Invalid: it is not a multipart request.
        RequestTooLarge: the request is over the limit, or the client went away before its end.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Invalid("请求应为 multipart/form-data")
    try:
        form = await request.form(max_files=most_files, max_fields=20, max_part_size=_LONGEST_FIELD)
    except ClientDisconnect as error:
        raise RequestTooLarge("请求没有传完，或超过了限制") from error
    try:
        yield form
    finally:
        await form.close()


def zone(context: Context) -> tzinfo:
    """Returns the bureau's time zone, which is this machine's."""
    here = context.clock().astimezone().tzinfo
    assert here is not None
    return here


def start_of(day: date, where: tzinfo, days: int = 0) -> datetime:
    """Returns when the day `days` after `day` begins in `where`."""
    return datetime.combine(day + timedelta(days=days), time(), where)
