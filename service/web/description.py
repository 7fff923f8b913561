"""What the interface says of itself: the OpenAPI document, and the same for a page."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from service.web.samples import add_samples
from service.web.security import May

_INTRO = """Files go in, records come out. `POST /uploads` takes files and answers once they are safe; what
was read is at `GET /submissions/{id}`, when `GET /uploads/{id}` says that it is; `GET /changes?after=N` gives
what was accepted since, in order; webhooks tell of it.

A system sends `Authorization: Bearer sf_…`, a token that an administrator makes under 管理 › 令牌; it may do
what its scopes say. Browsers have a session cookie, and send `X-CSRF-Token` with what changes anything. A
request that is refused is answered by `application/problem+json` with a `code` that stays, and `detail` and
`advice` in Chinese.

With curl and Python, in Chinese: `docs/api.zh.md`."""
_TAGS = {
    "session": "Signing in and out, passwords.",
    "uploads": "Files that arrive, and what became of them.",
    "submissions": "Records: to look at, to correct, to decide on.",
    "questions": "One question over all records.",
    "export": "Records as files, and what changed since.",
    "forms": "Definitions, blank forms, rosters, prefilled forms.",
    "webhooks": "Addresses that are told of what happens.",
    "users": "People and their roles.",
    "tokens": "Tokens of other systems.",
    "audit": "The log of all changes.",
}
_SCHEMES: Mapping[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sf_…",
        "description": "A token of another system; an administrator makes it and chooses what it may do.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sealform",
        "description": "A browser's session; behind HTTPS the cookie is `__Host-sealform`. What changes "
        "anything needs the header `X-CSRF-Token` too, whose value `POST /session` answers.",
    },
}
_METHODS = ("get", "post", "put", "patch", "delete")
_SENTENCE = re.compile(r"(.+?[.;:])(?:\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked for, as a page shows it."""

    method: str
    path: str
    summary: str
    more: str
    scopes: tuple[str, ...]
    parameters: list[Mapping[str, Any]]
    takes: str
    gives: str
    sample: str


@dataclass(frozen=True)
class Chapter:
    """The operations under one tag."""

    name: str
    about: str
    operations: list[Operation] = field(default_factory=list)


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of `app`."""
    document = get_openapi(
        title=app.title, version=app.version, description=_INTRO, routes=app.routes, tags=_tags(app)
    )
    document.setdefault("components", {})["securitySchemes"] = dict(_SCHEMES)
    needed = dict(_needed(app))
    for path, item in document["paths"].items():
        for method in _METHODS:
            if (operation := item.get(method)) is not None:
                _say(operation, needed.get((method.upper(), path)))
    add_samples(document, _METHODS)
    return document


def chapters(document: Mapping[str, Any]) -> list[Chapter]:
    """The document as a page shows it."""
    found = {tag["name"]: Chapter(tag["name"], tag["description"]) for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if (operation := item.get(method)) is not None:
                tag = operation.get("tags", ["health"])[0]
                chapter = found.setdefault(tag, Chapter(tag, "Whether the service is well."))
                chapter.operations.append(_operation(method, path, operation))
    return [chapter for chapter in found.values() if chapter.operations]


def _tags(app: FastAPI) -> list[dict[str, str]]:
    used = [
        str(tag)
        for context in iter_route_contexts(app.routes)
        for tag in getattr(context, "tags", None) or ()
    ]
    names = dict.fromkeys([*_TAGS, *used])
    return [
        {"name": name, "description": _TAGS.get(name, name)} for name in names if name in used or not used
    ]


def _needed(app: FastAPI) -> Iterator[tuple[tuple[str, str], tuple[str, ...] | None]]:
    """What one must be allowed to do for each route; None where it is open to anybody."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        if dependant is None or context.path is None:
            continue
        guard = _guard(dependant)
        for method in context.methods or ():
            yield (method, context.path), None if guard is None else tuple(guard.scopes)


def _guard(dependant: Dependant) -> May | None:
    """The guard of a route, which another of its dependencies may bring."""
    for inner in dependant.dependencies:
        found = inner.call if isinstance(inner.call, May) else _guard(inner)
        if found is not None:
            return found
    return None


def _say(operation: dict[str, Any], scopes: tuple[str, ...] | None) -> None:
    """What is done, in one sentence, and who may."""
    description = " ".join(operation.get("description", "").split("\n\n")[0].split())
    if found := _SENTENCE.match(description):
        operation["summary"] = found[1].rstrip(".;:")
    if scopes is None:
        operation["security"] = []
        return
    operation["security"] = [{"token": list(scopes)}, {"session": []}]
    told = f"Needs: {', '.join(scopes)}." if scopes else "Needs: to be signed in."
    operation["description"] = f"{operation.get('description', '')}\n\n{told}".strip()


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    needed = [one["token"] for one in operation["security"] if "token" in one]
    answer: Mapping[str, Any] = next(
        (one for status, one in operation["responses"].items() if status.startswith("2")), {}
    )
    return Operation(
        method.upper(),
        path,
        operation["summary"],
        operation.get("description", ""),
        tuple(needed[0]) if needed else (),
        operation.get("parameters", []),
        _shape(operation.get("requestBody", {})),
        _shape(answer),
        operation["x-codeSamples"][0]["source"],
    )


def _shape(body: Mapping[str, Any]) -> str:
    """The media type of a body, and the name of its shape."""
    said = []
    for media, content in body.get("content", {}).items():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        said.append(f"{media} {name}".strip())
    return "；".join(said)
