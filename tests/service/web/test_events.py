"""Who watches is told of every change, goes on where it was, and costs nothing once it has left."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from service.web.routes import submissions
from tests.service.web.readings import finish, of_unit, upload
from tests.service.web.serving import Served


@pytest.fixture
def address(service: Served) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(service.app, port=port, log_config=None, timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@contextmanager
def _watching(address: str, path: str, token: str, **headers: str) -> Iterator[Iterator[str]]:
    asked = {"Authorization": token, **headers}
    with httpx.stream("GET", f"{address}/api/v1{path}", headers=asked, timeout=20) as answer:
        assert answer.status_code == 200
        yield answer.iter_lines()


def _events(lines: Iterator[str], many: int) -> list[tuple[str, str]]:
    """(id, data) of the next events."""
    found, now = [], dict[str, str]()
    for line in lines:
        name, _, value = line.partition(": ")
        now[name] = value
        if not line and "data" in now:
            found.append((now.get("id", ""), now["data"]))
            now = {}
        if len(found) == many:
            break
    return found


def test_changes_are_told_as_they_come_and_again_to_who_was_away(service: Served, address: str) -> None:
    client = service.system("see", "upload")
    token = client.headers["Authorization"]
    old = upload(client)["submissions"][0]["id"]
    with _watching(address, "/events", token) as lines:
        assert next(lines) == ": watching"
        assert next(lines).startswith("id: ")
        new = upload(client)["submissions"][0]["id"]
        ((place, told),) = _events(lines, 1)
        assert f'"id":{new},' in told.replace(" ", "")
        assert f'"id":{old},' not in told.replace(" ", "")
    later = [of_unit(service, client, unit) for unit in ("甲公司", "乙公司")]
    with _watching(address, "/events", token, **{"Last-Event-ID": place}) as lines:
        missed = _events(lines, 2)
    assert [
        f'"id":{number},' in data.replace(" ", "") for number, (_, data) in zip(later, missed, strict=True)
    ] == [True, True]
    assert [int(number) for number, _ in missed] == sorted(int(number) for number, _ in missed)


def test_nobody_is_asked_for_changes_after_the_watcher_has_left(
    service: Served, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, looks, look = service.system("see").headers["Authorization"], [0], submissions._changes

    def counted(*arguments: object) -> object:
        looks[0] += 1
        return look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(submissions, "_changes", counted)
    monkeypatch.setattr(submissions, "POLL", 0.05)
    with _watching(address, "/events", token) as lines:
        next(lines)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        seen = looks[0]
        time.sleep(0.5)
        if looks[0] == seen:
            return
    pytest.fail("it went on looking")


def test_an_upload_is_watched_until_it_is_read(service: Served, address: str) -> None:
    client = service.system("see", "upload")
    number = upload(client)["id"]
    with _watching(address, f"/uploads/{number}/events", client.headers["Authorization"]) as lines:
        ((_, first),) = _events(lines, 1)
        finish(service, number)
        rest = [line for line in lines if line.startswith("data: ")]
    assert '"state":"received"' in first.replace(" ", "")
    assert '"state":"done"' in rest[-1].replace(" ", "")
