"""The answers to requests that fail: RFC 9457 problem documents with the codes of `models/errors.py`, never a
traceback."""

import logging
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import SealformError
from service.blobs import OutOfReach

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
# Seconds after which another try makes sense.
_LATER = "5"

_WORDS = {
    400: ("bad-request", "请求有误"), 404: ("not-found", "没有这个地址"),
    405: ("method-not-allowed", "这个地址不支持这种请求"),
    413: ("request-too-large", "请求过大"), 415: ("unsupported-media-type", "不支持这种内容"),
}  # fmt: skip


class Problem(BaseModel):
    """A problem document. Some kinds of problem have further members."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:sealform:problem:stale", "title": "Conflict", "status": 409, "code": "stale",
                "detail": "这份申请已是第 3 版，您看到的是第 2 版",
                "advice": "其他人已经修改，请核对双方的内容后再保存",
            }
        },
    )  # fmt: skip

    type: str
    title: str
    status: int
    code: str
    detail: str
    advice: str = ""


# The answers that any route may give, for the OpenAPI document.
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {}}}
    for status in (400, 401, 403, 404, 409, 413, 415, 422, 429)
}


def problem(status: int, code: str, detail: str, advice: str = "", **more: Any) -> JSONResponse:
    """Returns a problem document as an answer, with `detail` as its explanation."""
    title = HTTPStatus(status).phrase
    body = {
        "type": f"urn:sealform:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "advice": advice,
    }
    return JSONResponse({**body, **more}, status, media_type=MEDIA_TYPE)


def of_error(error: SealformError, **more: Any) -> dict[str, Any]:
    """Returns `error` as a problem inside another answer, for requests that handle many items one by one."""
    return {
        "status": error.http_status,
        "code": error.code,
        "detail": error.message,
        "advice": error.advice,
        **more,
    }


def install(app: FastAPI) -> None:
    """Makes `app` answer every failure with a problem document."""
    app.add_exception_handler(SealformError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(_Unexpected)


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, SealformError)
    answer = problem(error.http_status, error.code, error.message, error.advice, **getattr(error, "more", {}))
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # The values that were sent are not repeated, because one may be a password.
    wrong = [
        {"at": ".".join(str(step) for step in one["loc"]), "why": one["msg"]} for one in error.errors()[:50]
    ]
    return problem(422, "invalid", "请求的内容不符合要求", "请按 errors 逐项修改", errors=wrong)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, words = _WORDS.get(error.status_code, ("error", "请求没有完成"))
    answer = problem(error.status_code, code, words)
    answer.headers.update(error.headers or {})
    return answer


class _Unexpected:
    """Answers with a problem document where an unexpected error came up. It is the innermost middleware, so
    that its answer also gets the security headers and a line in the log. An exception handler would stand
    outside of all middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if scope["type"] != "http":
                raise
            _log.error("unexpected", exc_info=error)
            if begun:
                raise
            if _is_out_of_reach(error):
                sorry = problem(503, "unavailable", "数据库或文件存储暂时没有应答，没有完成", "请稍后再试")
                sorry.headers["Retry-After"] = _LATER
                await sorry(scope, receive, send)
                return
            sorry = problem(
                500, "internal", "系统出错，没有完成", "请稍后再试；如反复出现，请把时间告诉系统维护人员"
            )
            await sorry(scope, receive, send)


def _is_out_of_reach(error: Exception) -> bool:
    """Whether the database or the bucket does not answer, or gave the request up because it waited too
    long."""
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError | OutOfReach)
