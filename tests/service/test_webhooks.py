"""Webhooks, against a real server: what is told, how one knows that it is ours, and where none may go."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.errors import Invalid
from service.settings import Settings
from service.store import events, records
from service.store import webhooks as store
from service.store.database import Database
from service.store.tables import deliveries
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from service.webhooks import SIGNATURE, check_url, deliver_due, new_client, run, sign
from tests.service.databases import postgresql, sqlite
from tests.service.receiver import Receiver, receiving

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SETTINGS = replace(Settings(), webhook_hosts=("127.0.0.1", "hooks.example"))
FAILED = {
    "source": "张三的申请.docx", "form": None, "version": None, "fields": {}, "findings": [], "parts": [],
    "error": {"code": "damaged", "message": "文件不完整"},
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with sqlite(tmp_path) if request.param == "sqlite" else postgresql() as opened:
        yield opened


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Database]:
    with sqlite(tmp_path) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with new_client() as made:
        yield made


def _hook(database: Database, url: str, *wanted: events.Event) -> tuple[int, str]:
    with database.write() as connection:
        return store.create(connection, url, wanted or events.EVENTS, "user:1", NOW)


def _read(database: Database) -> int:
    """A submission that could not be read."""
    with database.write() as connection:
        upload, submission = create(
            connection, Arrival([StoredFile("张三的申请.docx", "a" * 64, 9)], "page"), "user:1", NOW
        )
        begin_reading(connection, upload, NOW)
        records.finish(
            connection, upload, [FAILED], lambda *_: pytest.fail("no form is asked for"), "w1", None, NOW
        )
    return submission


def _decide(database: Database, submission: int, version: int, move: Any) -> None:
    with database.write() as connection:
        records.decide(connection, submission, version, move, Editor("user:1", NOW), "缺少公章，请补正")


def _deliver(database: Database, client: httpx.Client, now: datetime = NOW, **more: Any) -> int:
    return deliver_due(database, more.pop("settings", SETTINGS), lambda: now, client, **more)


def _log(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(deliveries.select().order_by(deliveries.c.id)))


def test_each_change_of_state_is_told_without_a_word_of_the_record(
    database: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _hook(database, receiver.url)
    submission = _read(database)
    _decide(database, submission, 1, "return")
    _decide(database, submission, 2, "withdraw")
    assert _deliver(database, client) == 3
    assert _deliver(database, client) == 0
    told = [json.loads(one.body) for one in receiver.came]
    assert [one["event"] for one in told] == [
        "submission.unreadable",
        "submission.returned",
        "submission.withdrawn",
    ]
    assert [(one["submission"], one["status"], one["version"]) for one in told] == [
        (submission, "unreadable", 1), (submission, "returned", 2), (submission, "withdrawn", 3),
    ]  # fmt: skip
    assert {key for one in told for key in one} == {
        "id",
        "at",
        "event",
        "submission",
        "status",
        "version",
        "form",
        "changed",
    }
    assert all("张三" not in one.body.decode() and "补正" not in one.body.decode() for one in receiver.came)
    assert {row.status for row in _log(database)} == {204}
    assert all(row.delivered_at == NOW and row.next_at is None for row in _log(database))


def test_only_the_events_that_were_asked_for_are_told(
    lite: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _hook(lite, receiver.url, "submission.returned")
    paused, _ = _hook(lite, receiver.url)
    with lite.write() as connection:
        store.change(connection, paused, {"active": False}, "user:1", NOW)
    _decide(lite, _read(lite), 1, "return")
    assert _deliver(lite, client) == 1
    assert [one.headers["sealform-event"] for one in receiver.came] == ["submission.returned"]


def test_nothing_is_told_of_a_change_that_was_rolled_back(
    lite: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _hook(lite, receiver.url, "submission.returned")
    submission = _read(lite)
    with lite.write() as connection:
        records.decide(connection, submission, 1, "return", Editor("user:1", NOW))
        connection.get_transaction().rollback()  # type: ignore[union-attr]
    assert _deliver(lite, client) == 0


def test_a_receiver_can_check_the_signature_and_the_time(
    lite: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _, secret = _hook(lite, receiver.url)
    _read(lite)
    _deliver(lite, client)
    (came,) = receiver.came
    # As docs/export.md tells receivers to do it.
    parts = dict(item.split("=", 1) for item in came.headers[SIGNATURE.lower()].split(","))
    code = hmac.new(secret.encode(), parts["t"].encode() + b"." + came.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(code, parts["v1"])
    assert int(parts["t"]) == int(NOW.timestamp())
    assert sign(secret, int(parts["t"]), came.body + b" ") != came.headers[SIGNATURE.lower()]
    assert came.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_failure_is_tried_again_after_a_growing_while(
    lite: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _hook(lite, receiver.url)
    _read(lite)
    receiver.answers = [500, 503, 204]
    assert _deliver(lite, client) == 1
    (row,) = _log(lite)
    assert (row.attempts, row.status, row.delivered_at, row.next_at) == (
        1,
        500,
        None,
        NOW + timedelta(seconds=30),
    )
    assert _deliver(lite, client, NOW + timedelta(seconds=29)) == 0
    assert _deliver(lite, client, NOW + timedelta(seconds=30)) == 1
    assert _deliver(lite, client, NOW + timedelta(seconds=90)) == 1
    (row,) = _log(lite)
    assert (row.attempts, row.status, row.error, row.next_at) == (3, 204, None, None)
    assert len({one.body for one in receiver.came}) == 1, (
        "the same message, so that a receiver knows it again"
    )


def test_it_is_given_up_after_the_last_try(lite: Database, receiver: Receiver, client: httpx.Client) -> None:
    _hook(lite, receiver.url)
    _read(lite)
    receiver.answers, now = [500], NOW
    for _ in range(events.MOST_ATTEMPTS):
        assert _deliver(lite, client, now) == 1
        now += timedelta(hours=6)
    assert _deliver(lite, client, now + timedelta(days=9)) == 0
    (row,) = _log(lite)
    assert (row.attempts, row.delivered_at, row.next_at) == (events.MOST_ATTEMPTS, None, None)
    assert row.error is not None
    assert sum((events.pause(n) for n in range(1, events.MOST_ATTEMPTS)), timedelta()) > timedelta(hours=12)


def test_a_redirect_is_not_followed(lite: Database, receiver: Receiver, client: httpx.Client) -> None:
    _hook(lite, receiver.url)
    _read(lite)
    receiver.answers = [307]
    _deliver(lite, client)
    assert [one.path for one in receiver.came] == ["/hook"]
    assert "转到别处" in _log(lite)[0].error


def test_a_host_that_is_no_longer_allowed_is_told_nothing(
    lite: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _hook(lite, receiver.url)
    _read(lite)
    _deliver(lite, client, settings=Settings())
    (row,) = _log(lite)
    assert (receiver.came, row.next_at, row.delivered_at) == ([], None, None)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
        ["::ffff:127.0.0.1"],
        ["224.0.0.1"],
    ],
)
def test_a_name_that_means_this_machine_is_not_connected_to(
    lite: Database, receiver: Receiver, client: httpx.Client, addresses: Sequence[str]
) -> None:
    _hook(lite, f"http://hooks.example:{receiver.port}/hook")
    _read(lite)
    assert _deliver(lite, client, resolve=lambda host, port: addresses) == 1
    (row,) = _log(lite)
    assert (receiver.came, row.next_at, row.status) == ([], None, None)


def test_it_connects_to_the_address_that_was_checked_and_asks_for_the_name_once(lite: Database) -> None:
    _hook(lite, "http://hooks.example:8080/hook?x=1")
    _read(lite)
    asked, sent = [], []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["10.1.2.3"] if len(asked) == 1 else ["127.0.0.1"]

    class Recorded(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return httpx.Response(200)

    with httpx.Client(transport=Recorded()) as recorded:
        _deliver(lite, recorded, resolve=resolve)
    assert asked == [("hooks.example", 8080)]
    assert (str(sent[0].url), sent[0].headers["host"]) == (
        "http://10.1.2.3:8080/hook?x=1",
        "hooks.example:8080",
    )
    assert sent[0].extensions["sni_hostname"] == "hooks.example"


@pytest.mark.parametrize(
    "url",
    ["ftp://hooks.example/", "https://user@hooks.example/", "https://other.example/", "//hooks.example",
     "https:///x", "nothing",
     "https://hooks.example.other.example/", "https://hooks.example/#x", "http://[::1",
     "https://hooks.example@other.example/"],
)  # fmt: skip
def test_an_address_that_is_none_or_not_allowed_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, SETTINGS.webhook_hosts)


def test_no_host_is_allowed_unless_it_was_said_so() -> None:
    with pytest.raises(Invalid):
        check_url("https://hooks.example/", Settings().webhook_hosts)
    assert check_url("https://HOOKS.example:8443/x", SETTINGS.webhook_hosts).port == 8443


def test_of_two_that_deliver_at_once_each_message_is_sent_by_one(
    database: Database, receiver: Receiver
) -> None:
    _hook(database, receiver.url)
    for _ in range(12):
        _read(database)

    def work() -> None:
        with new_client() as client:
            while _deliver(database, client):
                pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.came) == 12
    assert len({json.loads(one.body)["id"] for one in receiver.came}) == 12


def test_where_nothing_is_due_it_waits_for_nobody_who_writes(
    lite: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _hook(lite, receiver.url)
    _read(lite)
    receiver.answers = [500, 204]
    assert _deliver(lite, client) == 1
    # Another writer would wait for this one, and give up in the end.
    with lite.write():
        assert _deliver(lite, client) == 0
    assert _deliver(lite, client, NOW + timedelta(minutes=1)) == 1


def test_what_somebody_claimed_who_died_is_sent_by_another(
    lite: Database, receiver: Receiver, client: httpx.Client
) -> None:
    _hook(lite, receiver.url)
    _read(lite)
    with lite.write() as connection:
        (lost,) = events.claim(connection, NOW, 5)
    assert _deliver(lite, client) == 0
    assert _deliver(lite, client, NOW + timedelta(minutes=6)) == 1
    with lite.write() as connection:
        events.settle(connection, lost, events.Outcome(500, "late"), NOW)
    assert _log(lite)[0].status == 204


def test_the_loop_sends_and_stops(lite: Database, receiver: Receiver) -> None:
    hook, _ = _hook(lite, receiver.url)
    with lite.write() as connection:
        events.emit_test(connection, hook, NOW)
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(lite, SETTINGS, lambda: NOW, stop))
    thread.start()
    for _ in range(100):
        if receiver.came:
            break
        stop.wait(0.05)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert [one.headers["sealform-event"] for one in receiver.came] == ["webhook.test"]
