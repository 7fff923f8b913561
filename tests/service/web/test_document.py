"""The OpenAPI document, and that the service does what it says, whatever is sent."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import given as drawn
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.service.web.readings import FAILED, finish, reading, submitted, upload
from tests.service.web.serving import Served, served
from tests.service.web.test_roles import TABLE

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 6
# It never ends; `test_events.py` watches it.
ENDLESS = "/api/v1/events"
# They would take away the token that asks.
CLOSING = {
    ("DELETE", "/api/v1/tokens/{token}"),
    ("DELETE", "/api/v1/session"),
    ("PATCH", "/api/v1/users/{user}"),
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("document")) as service:
        client = service.system("upload", "see", "correct", "decide", "export", "admin")
        submitted(service, client)
        finish(service, upload(client)["id"], reading(**FAILED))
        upload(client)
        yield service


def _operations(service: Served) -> Iterator[tuple[Any, str]]:
    token = service.system("see", "upload", "correct", "decide", "export", "admin").headers["Authorization"]
    schema = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", service.app, headers={"Authorization": token}
    )
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path != ENDLESS and (operation.method.upper(), operation.path) not in CLOSING:
            yield operation, token


def _hold(operation: Any, token: str) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, verbosity=Verbosity.quiet,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @drawn(case=operation.as_strategy())
    def hold(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": token}, checks=CHECKS)

    hold()


def test_whatever_is_sent_the_answer_is_one_that_the_document_knows(api: Served) -> None:
    wrong = []
    for operation, token in _operations(api):
        try:
            _hold(operation, token)
        except Exception as error:
            wrong.append(f"{operation.method.upper()} {operation.path}: {error}")
    assert wrong == []


def _without_examples(described: Any) -> Any:
    if isinstance(described, dict):
        left = {key: one for key, one in described.items() if key not in ("example", "x-codeSamples")}
        return {key: _without_examples(one) for key, one in left.items()}
    return [_without_examples(one) for one in described] if isinstance(described, list) else described


def test_every_answer_that_is_json_has_a_shape_and_changes_have_examples(api: Served) -> None:
    client = api.system("see")
    document = client.get("/api/v1/openapi.json").json()
    shapeless = [
        f"{method} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2")
        and answer.get("content", {}).get("application/json", {}).get("schema") == {}
    ]
    assert shapeless == []
    assert document["components"]["schemas"]["Detail"]["example"]["fields"]
    # The only addresses are those of examples, and lead nowhere.
    assert set(re.findall(r"https://([^/\"']+)", str(document["paths"]))) == {"hooks.example.cn"}
    assert "https://" not in str(_without_examples(document["paths"]))


def test_who_may_see_the_login_page_may_see_what_the_interface_is(api: Served) -> None:
    document = api.client().get("/api/v1/openapi.json").json()
    assert "Authorization: Bearer" in document["info"]["description"]
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}
    page = api.client().get("/api/v1/docs")
    assert page.status_code == 200
    for path in document["paths"]:
        assert path in page.text
    assert not re.search(r"""(?:src|href)=["']https?:""", page.text), "it works without network"


def test_each_operation_says_in_a_sentence_what_is_done_and_who_may(api: Served) -> None:
    paths = api.client().get("/api/v1/openapi.json").json()["paths"]
    every = {f"{method.upper()} {path}": one for path, item in paths.items() for method, one in item.items()}
    summaries = [one["summary"] for one in every.values()]
    assert all(len(summary.split()) > 1 for summary in summaries), summaries
    for call, needed in TABLE.items():
        if call in every:
            allowed = [one for one in every[call]["security"] if "token" in one]
            scopes = [] if needed == "in" else [needed]
            assert allowed == ([] if needed == "open" else [{"token": scopes}]), call
            assert every[call]["security"] == [*allowed, *([{"session": []}] if allowed else [])]


def test_each_operation_has_a_name_of_its_own_that_tells_no_address(api: Served) -> None:
    # Programs that make clients of the description call their functions so.
    paths = api.client().get("/api/v1/openapi.json").json()["paths"]
    names = [one["operationId"] for item in paths.values() for one in item.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not name.isidentifier() or "api_v1" in name] == []


def test_no_shape_is_called_by_the_module_that_it_stands_in(api: Served) -> None:
    # That is what becomes of two shapes of one name, and it changes whenever a module moves.
    shapes = api.system("see", "export").get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert [name for name in shapes if "__" in name] == []
