"""What the service says of itself, and what it must never say."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service import logs
from tests.service.web.serving import PASSWORD, Served, served

SECRETS = ("王小明", "13800000000", "wang@example.cn", "机密.docx", "secret words", PASSWORD)


class Said:
    """What was logged so far."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def said() -> Iterator[Said]:
    root, dbos = logging.getLogger(), logging.getLogger("dbos")
    before = root.handlers[:], root.level, dbos.handlers[:], dbos.propagate
    said = Said()
    logs.configure("INFO", said.stream)
    yield said
    root.handlers, dbos.handlers, dbos.propagate = before[0], before[2], before[3]
    root.setLevel(before[1])
    logging.captureWarnings(False)


def test_a_request_is_a_line_with_its_route_and_who_asked(said: Said, service: Served) -> None:
    browser = service.signed_in("administrator")
    answer = browser.get("/api/v1/users?q=王小明&phone=13800000000")
    line = said.lines[-1]
    assert (line["event"], line["route"], line["method"], line["status"]) == (
        "request",
        "/api/v1/users",
        "GET",
        200,
    )
    assert line["actor"].startswith("user:")
    assert line["ms"] >= 0
    assert answer.headers["X-Request-ID"] == line["request"]
    browser.delete("/api/v1/tokens/17")
    assert said.lines[-1]["route"] == "/api/v1/tokens/{token}"
    browser.get("/nothing/王小明")
    assert (said.lines[-1]["route"], said.lines[-1]["status"]) == ("none", 404)


def test_nothing_that_a_person_wrote_is_logged(
    said: Said, service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = service.signed_in("administrator", name="wang")
    browser.post("/api/v1/users", json={"name": "xiaoming", "full_name": "王小明", "role": "clerk"})
    browser.post(
        "/api/v1/users", json={"name": "王小明", "full_name": "secret words", "role": "wang@example.cn"}
    )
    name = "机密.docx"
    sent = browser.post("/api/v1/uploads", files={"files": (name, b"secret words")})
    assert sent.status_code == 201
    assert (
        browser.get("/api/v1/submissions", params={"q": "王小明", "unit": "13800000000"}).status_code == 200
    )
    assert browser.get("/api/v1/submissions", params={"cursor": "王小明"}).status_code == 422
    browser.post("/api/v1/session", json={"name": "wang@example.cn", "password": "王小明"})
    browser.get(
        "/api/v1/users?q=13800000000",
        headers={"User-Agent": "王小明".encode(), "Referer": "http://a/机密.docx".encode()},
    )

    def fail(*_: object, **__: object) -> None:
        raise ValueError("王小明 13800000000") from KeyError("secret words")

    monkeypatch.setattr("service.web.routes.users.accounts.create_user", fail)
    failed = browser.post("/api/v1/users", json={"name": "wang3", "full_name": "王小明", "role": "clerk"})
    assert failed.status_code == 500
    errors = [line for line in said.lines if line["level"] == "error"]
    assert [cause["kind"] for cause in errors[0]["error"]] == ["ValueError", "KeyError"]
    assert errors[0]["request"] == failed.headers["X-Request-ID"]
    assert [secret for secret in SECRETS if secret in said.text] == []


@pytest.mark.parametrize("name", ["dbos", "uvicorn.error", "sqlalchemy.engine", "py.warnings"])
def test_of_a_librarys_line_only_the_fixed_words_pass(said: Said, name: str) -> None:
    log = logging.getLogger(name)
    log.warning("Exception in workflow: 王小明 wang@example.cn")
    log.warning("Failed for %s", "13800000000")
    log.warning("机密.docx failed")
    log.error("Failed", exc_info=ValueError("secret words"))
    assert [secret for secret in SECRETS if secret in said.text] == []
    assert [line["event"] for line in said.lines] == [
        "Exception in workflow",
        "Failed for …",
        ".docx failed",
        "Failed",
    ]
    assert all(line["from"].startswith("test_logs:") for line in said.lines)


def test_a_librarys_numbers_are_filled_in_and_nothing_else(said: Said) -> None:
    log = logging.getLogger("uvicorn.error")
    log.warning("Started server process [%d]", 4711)
    log.warning("%s waits %.1f s for %r at %5d", "王小明", 1.5, "机密.docx", 13800000000)
    log.warning("100% done")
    assert [line["event"] for line in said.lines] == [
        "Started server process 4711",
        "… waits 1.5 s for … at …",
        "100% done",
    ]


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_person_reads_what_went_wrong_and_no_json(said: Said) -> None:
    screen = _Screen()
    logs.configure("INFO", screen)
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
    logs.logger("service.web").info("request", route="/x", status=200)
    assert screen.getvalue() == "", "that all is well"
    logs.logger("service.jobs").warning("given up", upload=7, file="机密.docx")
    logging.getLogger("service.web").error("unexpected", exc_info=ValueError("secret words"))
    first, second = screen.getvalue().splitlines()
    assert first[8:] == " 注意：given up upload=7 file=…"
    assert second[8:].startswith(" 出错：unexpected（ValueError")
    assert [secret for secret in SECRETS if secret in screen.getvalue()] == []


def test_of_our_own_lines_only_plain_values_pass(said: Said) -> None:
    logs.logger("service.jobs").info(
        "read", upload=7, seconds=1.5, name="王小明", state="done", file="a b.docx"
    )
    line = said.lines[-1]
    assert (line["upload"], line["seconds"], line["state"]) == (7, 1.5, "done")
    assert (line["name"], line["file"]) == ("…", "…")


def test_in_our_own_sentences_only_plain_values_pass(said: Said) -> None:
    log = logging.getLogger("service.jobs.worker")
    log.info("upload %d: %s after %.1f s", 7, "read", 1.5)
    log.info("%s: %d", "王小明", 3)
    assert [line["event"] for line in said.lines] == ["upload 7: read after 1.5 s", "…: 3"]


def test_requests_that_nobody_should_see_twice_are_not_printed_by_the_server(
    said: Said, tmp_path: Path
) -> None:
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', "10.0.0.1", "GET", "/?q=王小明")
    logging.getLogger("httpx").info("HTTP Request: GET http://a/?q=王小明")
    assert said.text == ""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


def test_what_starts_the_service_is_told_in_words_at_a_terminal_and_in_json_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "请打开下面的链接\n  http://127.0.0.1:8000/link/abc"
    logs.tell(told)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "请打开下面的链接 http://127.0.0.1:8000/link/abc"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    logs.tell(told)
    assert capsys.readouterr().err == f"{told}\n"
