"""What watches the service is told: that it lives, whether it can work, and how it is doing."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.store.database import Database
from service.store.tables import workers
from tests.service import kept
from tests.service.web.serving import Served


def _metrics(watcher: TestClient) -> dict[str, float]:
    answer = watcher.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = re.findall(r"^(sealform\S+) ([0-9.e+]+)$", answer.text.replace(", ", ","), re.MULTILINE)
    return {name: float(value) for name, value in found}


def _live(database: Database, name: str, ago: timedelta) -> None:
    with database.write() as connection:
        at = kept.NOW - ago
        connection.execute(workers.insert().values(name=name, host="h", pid=1, started_at=at, seen_at=at))


def test_a_service_that_can_work_is_ready_with_and_without_workers(service: Served) -> None:
    client = service.client()
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["checks"] == {"database": "ok", "blobs": "ok", "workers": 0}
    _live(service.context.database, "w1", timedelta(seconds=5))
    _live(service.context.database, "w2", timedelta(hours=5))
    assert client.get("/readyz").json()["checks"]["workers"] == 1
    assert list(service.context.blobs.digests()) == []


def test_it_is_not_ready_where_the_schema_is_another(service: Served) -> None:
    with service.context.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    answer = service.client().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "schema-differs")


def test_it_is_not_ready_where_bytes_cannot_be_kept_and_says_no_more_than_the_kind(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("/secret/place is full")

    monkeypatch.setattr(service.context.blobs, "put", full)
    answer = service.client().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["blobs"]) == (503, "OSError")
    assert "secret" not in answer.text
    assert service.client().get("/healthz").status_code == 200


def test_the_metrics_tell_the_queue_the_outcomes_and_the_durations(service: Served) -> None:
    database, blobs = service.context.database, service.context.blobs
    watcher = service.system("see")
    assert _metrics(watcher)["sealform_reading_seconds_count"] == 0
    first, submission = kept.upload(database, blobs, b"first")
    kept.read(database, first)
    kept.decide(database, submission, "accept")
    kept.upload(database, blobs, b"second")
    _live(database, "w1", timedelta(seconds=5))
    service.clock.forward(seconds=20)
    told = _metrics(watcher)
    assert told["sealform_queue_length"] == 1
    assert told["sealform_queue_oldest_seconds"] == 20
    assert told["sealform_workers"] == 1
    assert told['sealform_uploads{state="done"}'] == 1
    assert told['sealform_submissions{status="accepted"}'] == 1
    assert told['sealform_submissions{status="unreadable"}'] == 0
    assert told["sealform_reading_seconds_sum"] == 1.5
    assert told['sealform_reading_seconds_bucket{le="1.0"}'] == 0
    assert (
        told['sealform_reading_seconds_bucket{le="2.5"}']
        == told['sealform_reading_seconds_bucket{le="+Inf"}']
        == 1
    )


def test_requests_are_counted_by_the_template_of_their_route(service: Served) -> None:
    browser = service.signed_in("administrator")
    for number in range(1, 4):
        browser.delete(f"/api/v1/tokens/{number}")
        browser.get(f"/secret/{number}")
    told = _metrics(service.system("see"))
    assert (
        told['sealform_http_requests_total{method="DELETE",route="/api/v1/tokens/{token}",status="404"}'] == 3
    )
    assert told['sealform_http_requests_total{method="GET",route="none",status="404"}'] == 3
    assert "secret" not in str(told)


def test_who_comes_while_the_database_is_out_of_reach_is_told_to_come_back(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = service.system("see")
    nowhere = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    monkeypatch.setattr(service.context.database, "engine", nowhere)
    answer = client.get("/api/v1/submissions")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert "127.0.0.1:9" not in answer.text
