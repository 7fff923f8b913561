"""The service's log: lines of JSON on standard error, for the people who run it, without a word that
applicants wrote.

Of our own lines only plain values pass: numbers, and short ASCII words such as a route or an actor's id. Of a
library's line only the fixed part of the message passes. Of an error only its kind and its place in the code
pass. The rest may quote what was read.
"""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import IO, Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A callback for each answered request, with its route, method and status.
Count = Callable[[str, str, int], None]

_PLAIN = re.compile(r"[A-Za-z0-9_.:/{}+-]{0,128}")
_FIXED = re.compile(r"[^:\n]*")
_FOREIGN = re.compile(r"[^A-Za-z0-9%(). -]")
# Where an argument goes, as `logging` writes it.
_PLACE = re.compile(r"%(?:\([^)]*\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")
_WITHHELD = "…"
# A number from here on may be somebody's telephone.
_LARGE = 10_000_000
_LEVELS = {"WARNING": "注意", "ERROR": "出错", "CRITICAL": "出错", "INFO": "说明", "DEBUG": "细节"}
# These say what we say better, or repeat addresses and queries.
_SILENT = ("uvicorn.access", "httpx", "httpcore", "alembic", "dbos")
_MOST_FRAMES = 12
# The route that is logged for a request that no route took.
_NO_ROUTE = "none"
_OURS = __name__.partition(".")[0]


def configure(level: str = "INFO", stream: IO[str] | None = None) -> None:
    """Sends all that this process logs, by structlog or by `logging`, to standard error (or `stream`): as
    lines of JSON, or, where a person looks at a terminal, what went wrong in a few words.

    Raises:
        ValueError: there is no such level.
    """
    where = stream or sys.stderr
    handler = logging.StreamHandler(where)
    handler.setFormatter(_Lines())
    if where.isatty():
        handler.setFormatter(_Words())
        # That a request was answered, or a library began, tells a person nothing.
        handler.addFilter(lambda record: record.levelno >= logging.WARNING or level == "DEBUG")
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", *_SILENT):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.WARNING)
    # DBOS adds a handler of its own that prints, unless its logger has a handler.
    logging.getLogger("dbos").handlers, logging.getLogger("dbos").propagate = [handler], False
    logging.captureWarnings(True)


def tell(words: str) -> None:
    """Tells whoever started the service something on standard error: a person at a terminal in words, and
    what reads lines of JSON in such a line. May hold more than `logger` lets pass: an address, a link."""
    if sys.stderr.isatty():
        print(words, file=sys.stderr, flush=True)
        return
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "info",
        "logger": _OURS,
        "event": " ".join(words.split()),
    }
    print(json.dumps(line, ensure_ascii=False), file=sys.stderr, flush=True)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Returns the logger of a module, as in `logger(__name__).info("what happened", upload=7)`. It writes
    nothing before `configure` is called."""
    processors = [structlog.contextvars.merge_contextvars, _hand_over]
    made: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name), processors=processors, wrapper_class=structlog.stdlib.BoundLogger
    )
    return made


class RequestLog:
    """Logs each request that was answered: its id, route, method, status, milliseconds and actor. It also
    passes route, method and status to `count`."""

    def __init__(self, app: ASGIApp, count: Count) -> None:
        self._app, self._count, self._log = app, count, logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, name = time.perf_counter(), 500, secrets.token_hex(8)
        scope.setdefault("state", {})

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = name
            await send(message)

        with structlog.contextvars.bound_contextvars(request=name):
            try:
                await self._app(scope, receive, answer)
            finally:
                route, method = _route(scope), scope["method"]
                self._count(route, method, status)
                spent = round((time.perf_counter() - started) * 1000, 1)
                actor = scope["state"].get("actor")
                self._log.info("request", route=route, method=method, status=status, ms=spent, actor=actor)


def _route(scope: Scope) -> str:
    """Returns the template of the route that took a request, never the path itself, which may hold a name."""
    inner = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(inner, "path", None) or _NO_ROUTE


def _hand_over(_: object, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Turns a structlog event into arguments for `logging`."""
    error = event.pop("exc_info", None)
    return {"msg": event.pop("event"), "extra": {"plain": dict(event)}, "exc_info": error}


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        own: dict[str, Any] | None = getattr(record, "plain", None)
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        line |= _told(record)
        if own is None:
            line["from"] = f"{record.module}:{record.lineno}"
        if record.exc_info and record.exc_info[1]:
            line["error"] = _causes(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


class _Words(logging.Formatter):
    """A line for a person: when, how grave, what, and what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        about = " ".join(f"{name}={value}" for name, value in _told(record).items())
        words = f"{at} {_LEVELS.get(record.levelname, record.levelname)}：{_event(record)} {about}".rstrip()
        if record.exc_info and record.exc_info[1]:
            cause = _causes(record.exc_info[1])[0]
            words += f"（{cause['kind']}，{(cause['at'] or ['?'])[-1]}）"
        return words


def _told(record: logging.LogRecord) -> dict[str, Any]:
    own: dict[str, Any] | None = getattr(record, "plain", None)
    told = own if own is not None else structlog.contextvars.get_contextvars()
    return {name: _plain(value) for name, value in told.items() if value is not None}


def _event(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] != _OURS:
        return _filled(_fixed(record.msg), record.args)
    # What we write ourselves is fixed; what is put into it may not be.
    arguments = record.args if isinstance(record.args, tuple) else ()
    try:
        return str(record.msg) % tuple(_plain(value) for value in arguments) if arguments else str(record.msg)
    except TypeError:
        return str(record.msg)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else _WITHHELD


def _fixed(message: Any) -> str:
    """Returns the part of a message that its author wrote: without arguments, and without anything after a
    colon, which is often the text of an error."""
    found = _FIXED.match(message) if isinstance(message, str) else None
    return _FOREIGN.sub("", found[0]).strip()[:128] if found else _WITHHELD


def _filled(words: str, arguments: Any) -> str:
    """The fixed words with the small numbers that belong in them; of anything else only that it was there."""
    if not isinstance(arguments, tuple) or not arguments:
        return words
    given = iter(arguments)
    return _PLACE.sub(lambda _: _small(next(given, None)), words)


def _small(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number and abs(value) < _LARGE else _WITHHELD  # type: ignore[arg-type]


def _causes(error: BaseException) -> list[dict[str, Any]]:
    """Returns the kind of an error and where it was raised, and the same for each of its causes; never their
    texts."""
    told, seen = [], set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        frames = traceback.extract_tb(at.__traceback__)[-_MOST_FRAMES:]
        told.append(
            {
                "kind": type(at).__qualname__,
                "at": [f"{_short(frame.filename)}:{frame.lineno}" for frame in frames],
            }
        )
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return told


def _short(path: str) -> str:
    """Returns the last two steps of a source file's path. Whoever reads the log knows the rest."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])
