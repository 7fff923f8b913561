"""Export, presets, dossiers and webhooks over HTTP."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from models.fields import EmailField
from models.record import Failure, Result
from service.export.files import FORMATS
from service.forms.definitions import load_forms
from service.settings import Settings
from service.store.tables import audit_log
from service.webhooks import deliver_due, new_client
from tests.service import submissions as made
from tests.service.receiver import receiving
from tests.service.web.serving import Served, served

FORMS = load_forms()
PILOT, FILING = FORMS["pilot-application"], FORMS["enterprise-filing"]
EMAIL = next(name for name, field in PILOT.fields.items() if isinstance(field, EmailField))
API = "/api/v1"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Three of one form, of which two are accepted, and an accepted one of another."""
    settings = replace(Settings(), webhook_hosts=("127.0.0.1",))
    with served(tmp_path_factory.mktemp("export"), settings) as service:
        numbers = [made.store(service.context.database, PILOT, seed) for seed in (1, 2, 3)]
        other = made.store(service.context.database, FILING, 4)
        for submission in (*numbers[:2], other):
            made.move(service.context.database, submission, "accept")
        yield service


@pytest.fixture(scope="module")
def system(running: Served) -> TestClient:
    return running.system("export")


@pytest.fixture(scope="module")
def admin(running: Served) -> TestClient:
    return running.signed_in("administrator")


def _export(client: TestClient, **query: Any) -> Any:
    answer = client.get(f"{API}/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


def test_each_format_holds_the_accepted_ones(system: TestClient) -> None:
    book = load_workbook(io.BytesIO(_export(system).content))
    assert [book[form.title].max_row for form in (PILOT, FILING)] == [3, 2]
    text = _export(system, format="csv", form=PILOT.name).content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == 3
    lines = [json.loads(line) for line in _export(system, format="jsonl").text.splitlines()]
    assert [(line["form"], line["status"]) for line in lines] == [(PILOT.name, "accepted")] * 2 + [
        (FILING.name, "accepted")
    ]
    table = pq.read_table(io.BytesIO(_export(system, format="parquet", form=PILOT.name).content))
    assert table.num_rows == 2


def test_all_holds_the_others_too_and_columns_are_chosen(system: TestClient) -> None:
    answer = _export(system, format="csv", form=PILOT.name, status="all", columns=f"_status,{EMAIL}")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["状态", PILOT.titles[EMAIL]]
    assert sorted(row[0] for row in rows[1:]) == ["已受理", "已受理", "待复核"]
    assert answer.headers["content-disposition"].endswith(".csv")
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("kind", [name for name, one in FORMATS.items() if one.is_one_table])
def test_a_file_of_one_table_has_no_row_for_what_is_no_record_of_its_form(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path) as service:
        read = made.store(service.context.database, PILOT)
        failed = Result(source="x.docx", error=Failure(code="damaged", message="文件不完整")).to_json()
        monkeypatch.setattr(made, "line", lambda *_: failed)
        made.store(service.context.database, PILOT, 2)
        content = _export(service.system("export"), format=kind, status="all").content
    if kind == "csv":
        numbers = [
            int(row["编号"]) for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        ]
    else:
        numbers = pq.read_table(io.BytesIO(content)).column("_id").to_pylist()
    assert numbers == [read]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"format": "csv"}, 422), ({"columns": "nothing"}, 422), ({"form": "no-such"}, 422),
     ({"preset": "没有"}, 404),
     ({"format": "exe"}, 422), ({"after": -1}, 422), ({"preset": "a\x00"}, 422), ({"form": "\x00"}, 422),
     ({"after": 2**63}, 422)],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_as_a_problem(
    system: TestClient, query: dict[str, Any], status: int
) -> None:
    answer = system.get(f"{API}/export", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_an_export_after_a_cursor_holds_what_changed_since(tmp_path: Path) -> None:
    with served(tmp_path) as service:
        database, system = service.context.database, service.system("export")
        submission = made.store(database, PILOT)
        cursor = _export(system, format="jsonl").headers["x-next-cursor"]
        assert _export(system, format="jsonl", after=cursor).content == b""
        made.move(database, submission, "accept")
        again = _export(system, format="jsonl", after=cursor)
        assert [json.loads(line)["id"] for line in again.text.splitlines()] == [submission]
        assert (
            _export(system, format="csv", after=again.headers["x-next-cursor"], form=PILOT.name).text.count(
                "\r\n"
            )
            == 1
        )


def test_a_puller_learns_what_was_accepted_and_what_is_not_any_more(tmp_path: Path) -> None:
    with served(tmp_path) as service:
        database, system = service.context.database, service.system("export")
        one, two = made.store(database, PILOT, 1), made.store(database, PILOT, 2)
        made.move(database, one, "accept")
        first = system.get(f"{API}/changes", params={"limit": 1}).json()
        second = system.get(f"{API}/changes", params={"after": first["next"]}).json()
        told = {item["id"]: item for item in first["items"] + second["items"]}
        assert told[two]["fields"] is None
        assert told[one]["fields"][EMAIL] == made.line(PILOT, 1)["fields"][EMAIL]["value"]
        made.move(database, one, "reopen")
        third = system.get(f"{API}/changes", params={"after": second["next"]}).json()
        assert [(item["id"], item["status"], item["fields"]) for item in third["items"]] == [
            (one, "in-review", None)
        ]
        assert system.get(f"{API}/changes", params={"after": third["next"]}).json() == {
            "items": [],
            "next": third["next"],
        }
        seen = system.get(f"{API}/changes", params={"after": second["next"], "status": "all"}).json()
        assert seen["items"][0]["fields"] is not None


def test_a_saved_choice_is_used_by_its_name_and_what_is_said_goes_before_it(system: TestClient) -> None:
    content = {"format": "csv", "form": PILOT.name, "columns": [EMAIL, "_id"]}
    saved = system.post(f"{API}/presets", json={"name": "报送市局", "content": content})
    assert saved.status_code == 201, saved.text
    assert system.post(f"{API}/presets", json={"name": "报送市局", "content": content}).status_code == 409
    heading = _export(system, preset="报送市局").content.decode("utf-8-sig").splitlines()[0]
    assert heading == f"{PILOT.titles[EMAIL]},编号"
    assert json.loads(_export(system, preset="报送市局", format="jsonl").text.splitlines()[0])[
        "fields"
    ].keys() == {EMAIL}
    assert [item["name"] for item in system.get(f"{API}/presets").json()["items"]] == ["报送市局"]
    assert system.delete(f"{API}/presets/{saved.json()['id']}").status_code == 204
    assert system.get(f"{API}/presets").json() == {"items": []}
    wrong = {"name": "x", "content": {"columns": ["nothing"]}}
    assert system.post(f"{API}/presets", json=wrong).status_code == 422


def test_the_columns_of_a_form_are_told_with_their_titles(system: TestClient) -> None:
    items = system.get(f"{API}/export/columns", params={"form": PILOT.name}).json()["items"]
    assert {item["name"]: item["title"] for item in items if not item["name"].startswith("_")} == dict(
        PILOT.titles
    )
    assert [item["name"] for item in items if item["usual"]][:3] == ["_id", "_name", "_status"]


def test_who_took_data_away_is_in_the_log(running: Served, system: TestClient) -> None:
    _export(system, format="jsonl")
    assert system.get(f"{API}/submissions/1/dossier").status_code == 200
    with running.context.database.read() as connection:
        taken = [
            (row.action, row.actor.split(":")[0])
            for row in connection.execute(audit_log.select().order_by(audit_log.c.seq))
        ]
    assert taken[-2:] == [("export", "token"), ("dossier", "token")]


def test_a_dossier_is_a_zip_and_there_is_none_of_nothing(running: Served, system: TestClient) -> None:
    answer = system.get(f"{API}/submissions/1/dossier")
    assert answer.headers["content-type"] == "application/zip"
    assert "record.json" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert system.get(f"{API}/submissions/999/dossier").status_code == 404


def test_a_webhook_is_registered_tested_changed_and_forgotten(running: Served, admin: TestClient) -> None:
    context = running.context
    with receiving() as receiver, new_client() as client:
        created = admin.post(f"{API}/webhooks", json={"url": receiver.url, "events": ["submission.accepted"]})
        assert created.status_code == 201
        path = f"{API}/webhooks/{created.json()['id']}"
        assert created.json()["secret"] not in admin.get(f"{API}/webhooks").text
        queued = admin.post(f"{path}/test")
        assert queued.status_code == 202
        deliver_due(context.database, context.settings, context.clock, client)
        (delivery,) = admin.get(f"{path}/deliveries").json()["items"]
        assert (delivery["id"], delivery["status"], delivery["attempts"]) == (
            queued.json()["delivery"],
            204,
            1,
        )
        assert len(receiver.came) == 1
        assert admin.patch(path, json={"active": False}).json()["active"] is False
        assert admin.patch(path, json={"url": "https://elsewhere.example/"}).status_code == 422
        assert admin.delete(path).status_code == 204
        assert admin.get(f"{path}/deliveries").status_code == 404
    refused = admin.post(
        f"{API}/webhooks", json={"url": "https://elsewhere.example/", "events": ["submission.accepted"]}
    )
    assert refused.status_code == 422
    assert (
        admin.post(f"{API}/webhooks", json={"url": receiver.url, "events": ["everything"]}).status_code == 422
    )


def test_the_log_of_deliveries_is_paged(admin: TestClient) -> None:
    created = admin.post(
        f"{API}/webhooks", json={"url": "http://127.0.0.1:9/", "events": ["submission.read"]}
    ).json()
    path = f"{API}/webhooks/{created['id']}"
    sent = [admin.post(f"{path}/test").json()["delivery"] for _ in range(3)]
    first = admin.get(f"{path}/deliveries", params={"limit": 2}).json()
    second = admin.get(f"{path}/deliveries", params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == sent[::-1]
    assert second["next"] is None
