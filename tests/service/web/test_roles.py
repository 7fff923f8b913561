"""Which calls each role, and each scope of a token, is refused: one row a route, and none without a row."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from service.store.accounts import ROLES, SCOPES, Scope
from service.web.html_pages import PAGES
from tests.service.web.serving import Served, served

# "open": anybody; "in": whoever is signed in; "page": nobody is refused, but sent to sign in, which
# tests/service/pages holds; else what one must be able to do.
TABLE: dict[str, str | Scope] = {
    "POST /api/v1/session": "open",
    "GET /api/v1/session": "in",
    "DELETE /api/v1/session": "in",
    # by a one-time link; otherwise the present password is asked for
    "POST /api/v1/session/password": "open",
    "GET /api/v1/sessions": "in",
    "DELETE /api/v1/sessions": "in",
    "DELETE /api/v1/sessions/{session}": "in",
    "GET /api/v1/second-factor": "in",
    "POST /api/v1/second-factor": "in",
    "POST /api/v1/second-factor/confirmation": "in",
    "POST /api/v1/second-factor/removal": "in",
    "DELETE /api/v1/users/{user}/second-factor": "admin",
    "GET /api/v1/openapi.json": "open",
    "GET /api/v1/docs": "open",
    "GET /healthz": "open",
    "GET /readyz": "open",
    "GET /metrics": "see",
    "GET /api/v1/users": "admin",
    "POST /api/v1/users": "admin",
    "PATCH /api/v1/users/{user}": "admin",
    "POST /api/v1/users/{user}/link": "admin",
    "GET /api/v1/users/{user}/sessions": "admin",
    "DELETE /api/v1/users/{user}/sessions/{session}": "admin",
    "GET /api/v1/tokens": "admin",
    "POST /api/v1/tokens": "admin",
    "DELETE /api/v1/tokens/{token}": "admin",
    "GET /api/v1/forms": "see",
    "POST /api/v1/forms": "admin",
    "GET /api/v1/forms/{name}": "see",
    "GET /api/v1/forms/{name}/versions": "see",
    "GET /api/v1/forms/{name}/definition": "see",
    "GET /api/v1/forms/{name}/comparison": "see",
    "POST /api/v1/drafts": "admin",
    "GET /api/v1/drafts/{job}": "admin",
    "DELETE /api/v1/drafts/{job}": "admin",
    "GET /api/v1/drafts/{job}/pages/{page}.webp": "admin",
    "POST /api/v1/renewals/{name}/{version}": "admin",
    "POST /api/v1/definitions": "admin",
    "POST /api/v1/trials": "admin",
    "GET /api/v1/trials/{job}": "admin",
    "GET /api/v1/trials/{job}/{which}/{page}.png": "admin",
    "GET /api/v1/forms/{name}/blank": "see",
    "GET /api/v1/forms/{name}/roster": "see",
    "POST /api/v1/forms/{name}/prefill": "upload",
    "POST /api/v1/forms/{name}/prefill/preview": "upload",
    "POST /api/v1/forms/{name}/prefill/sample": "upload",
    "POST /api/v1/uploads": "upload",
    "GET /api/v1/uploads/{upload}": "see",
    "GET /api/v1/uploads/{upload}/events": "see",
    "GET /api/v1/submissions": "see",
    "GET /api/v1/submissions/counts": "see",
    "GET /api/v1/events": "see",
    "GET /api/v1/submissions/{submission}": "see",
    "GET /api/v1/submissions/{submission}/history": "see",
    "GET /api/v1/submissions/{submission}/letter": "see",
    "GET /api/v1/submissions/{submission}/parts/{index}": "see",
    "GET /api/v1/submissions/{submission}/pages": "see",
    "GET /api/v1/submissions/{submission}/parts/{index}/pages/{page}.webp": "see",
    "PATCH /api/v1/submissions/{submission}/fields": "correct",
    "POST /api/v1/submissions/{submission}/undo": "correct",
    "POST /api/v1/submissions/{submission}/decision": "decide",
    "POST /api/v1/submissions/{submission}/twins/{twin}": "decide",
    "PUT /api/v1/submissions/{submission}/assignee": "correct",
    "GET /api/v1/submissions/{submission}/grouping": "see",
    "PUT /api/v1/submissions/{submission}/grouping": "correct",
    "POST /api/v1/submissions/{submission}/grouping/undo": "correct",
    "GET /api/v1/submissions/{submission}/grouping/parts/{index}/pages/{page}.webp": "see",
    "POST /api/v1/decisions": "decide",
    "PATCH /api/v1/fields": "correct",
    "POST /api/v1/undo": "correct",
    "GET /api/v1/questions": "see",
    "GET /api/v1/questions/{form}/{field}": "see",
    "GET /api/v1/export": "export",
    "GET /api/v1/export/counts": "export",
    "GET /api/v1/export/columns": "export",
    "GET /api/v1/changes": "export",
    "GET /api/v1/presets": "export",
    "POST /api/v1/presets": "export",
    "DELETE /api/v1/presets/{preset}": "export",
    "GET /api/v1/submissions/{submission}/dossier": "export",
    "GET /api/v1/submissions/{submission}/correction": "decide",
    "POST /api/v1/submissions/{submission}/correction/sending": "decide",
    "GET /api/v1/notices": "see",
    "GET /api/v1/campaigns": "see",
    "GET /api/v1/campaigns/{name}": "see",
    "GET /api/v1/campaigns/{name}/charts/{of}.svg": "see",
    "GET /api/v1/campaigns/{name}/applications": "see",
    "PUT /api/v1/campaigns/{name}/rulings/{submission}": "decide",
    "GET /api/v1/campaigns/{name}/papers": "export",
    "GET /api/v1/campaigns/{name}/outcome": "see",
    "PUT /api/v1/campaigns/{name}/announced": "decide",
    "PUT /api/v1/campaigns/{name}/announced/{row}": "decide",
    "GET /api/v1/campaigns/{name}/lists": "export",
    "GET /api/v1/placements": "see",
    "PUT /api/v1/placements/{submission}": "decide",
    "POST /api/v1/campaigns/{name}/summary/preview": "export",
    "POST /api/v1/campaigns/{name}/summary": "export",
    "GET /api/v1/proof/samples": "correct",
    "POST /api/v1/proof/samples/{sample}/answer": "correct",
    "GET /api/v1/proof/samples/{sample}/pictures/{index}.webp": "correct",
    "GET /api/v1/proof/figures": "see",
    "GET /api/v1/proof/figures.xlsx": "export",
    "GET /api/v1/proof/people": "correct",
    "GET /api/v1/proof/work": "see",
    "GET /api/v1/proof/work.csv": "export",
    "POST /api/v1/submissions/{submission}/focus": "see",
    "POST /api/v1/proof/rules/{rule}/loosening": "admin",
    "GET /api/v1/proof/lessons": "admin",
    "POST /api/v1/proof/lessons": "admin",
    "PUT /api/v1/proof/lessons/live": "admin",
    "GET /api/v1/proof/aliases": "admin",
    "POST /api/v1/proof/aliases": "admin",
    "PUT /api/v1/proof/aliases/{alias}/live": "admin",
    "GET /api/v1/proof/proposals": "admin",
    "GET /api/v1/webhooks": "admin",
    "POST /api/v1/webhooks": "admin",
    "PATCH /api/v1/webhooks/{webhook}": "admin",
    "DELETE /api/v1/webhooks/{webhook}": "admin",
    "GET /api/v1/webhooks/{webhook}/deliveries": "admin",
    "POST /api/v1/webhooks/{webhook}/test": "admin",
    "GET /api/v1/audit": "admin",
    "GET /api/v1/audit/verify": "admin",
    "GET /login": "open",
    "GET /login/provider": "open",
    "GET /login/provider/back": "open",
    "GET /login/provider/out": "open",
    "GET /link/{secret}": "open",
    "GET /static": "open",
    **{f"GET {page.path}": "page" for page in PAGES},
}
# A place to go on from that is none, so that the stream of events is refused, once it is allowed, instead of
# never ending.
ENDING = {"Last-Event-ID": "none"}
CLOSED = {call: needed for call, needed in TABLE.items() if needed not in ("open", "page")}


def _calls(app: FastAPI) -> set[str]:
    found: set[str] = set()
    for route in iter_route_contexts(app.routes):
        assert route.path is not None, f"a kind of route that this table can't see: {route!r}"
        methods = (route.methods or {"GET"}) - {"HEAD", "OPTIONS"}
        found |= {f"{method} {route.path}" for method in methods}
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Served:  # type: ignore[misc]
    with served(tmp_path_factory.mktemp("roles")) as service:
        yield service


def test_every_route_is_in_the_table(running: Served) -> None:
    assert _calls(running.app) == set(TABLE)


@pytest.fixture(scope="module")
def callers(running: Served) -> dict[str, object]:
    everyone: dict[str, object] = {role: running.signed_in(role) for role in ROLES}
    everyone |= {f"token {scope}": running.system(scope) for scope in SCOPES}
    everyone["nobody"] = running.client()
    everyone["a wrong token"] = running.client(Authorization="Bearer sf_nothing")
    return everyone


@pytest.mark.parametrize("call", CLOSED)
def test_a_call_is_refused_to_all_who_may_not(running: Served, callers: dict[str, object], call: str) -> None:
    method, path = call.split(" ")
    path = re.sub(r"{[^}]+}", "1", path)
    wrong = []
    for who, client in callers.items():
        can = ROLES.get(who) or ({who.removeprefix("token ")} if who.startswith("token ") else frozenset())  # type: ignore[call-overload]
        nobody = who in ("nobody", "a wrong token")
        allowed = not nobody and (CLOSED[call] == "in" or CLOSED[call] in can)
        if allowed and method == "DELETE":
            continue  # would sign the caller out, or take away what the next row needs
        status = client.request(method, path, headers=ENDING, follow_redirects=False).status_code  # type: ignore[attr-defined]
        expected = 401 if nobody else 403
        if (status in (401, 403)) == allowed or (not allowed and status != expected):
            wrong.append(f"{who}: {status}")
    assert wrong == []


@pytest.mark.parametrize("call", [call for call in CLOSED if not call.startswith("GET ")])
def test_a_session_alone_changes_nothing_without_its_secret(
    running: Served, callers: dict[str, object], call: str
) -> None:
    method, path = call.split(" ")
    client = callers["administrator"]
    answer = client.request(method, re.sub(r"{[^}]+}", "1", path), headers={"X-CSRF-Token": "wrong"})  # type: ignore[attr-defined]
    assert answer.status_code == 403


def test_the_table_knows_no_scope_that_there_is_not() -> None:
    assert set(TABLE.values()) <= {"open", "in", "page", *SCOPES}
