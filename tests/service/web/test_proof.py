"""Blind samples through the interface: nothing tells what was read, people who agree correct the record, and
the figures are those of the samples."""

import io
import json
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

from extractor import threshold
from service.proof import drawing
from service.settings import Settings
from service.store.proof_tables import proof_samples
from tests.service.web.readings import submitted
from tests.service.web.serving import Served


@pytest.fixture
def people(service: Served) -> tuple[TestClient, TestClient]:
    """Two reviewers, with samples of one application drawn."""
    uploader = service.signed_in("administrator", "uploader")
    submitted(service, uploader)
    service.clock.forward(hours=1)
    context = service.context
    drawn = drawing.draw(context.database, context.forms, context.settings, service.clock())
    assert drawn
    return service.signed_in("reviewer", "first"), service.signed_in("reviewer", "second")


def _row(service: Served, number: int) -> Any:
    with service.context.database.read() as connection:
        return connection.execute(proof_samples.select().where(proof_samples.c.id == number)).one()


def _answer(client: TestClient, number: int, **said: Any) -> Any:
    # Not as `json`, which refuses half a character before the service can.
    body, kind = json.dumps({"seconds": 3.5, **said}), {"Content-Type": "application/json"}
    return client.post(f"/api/v1/proof/samples/{number}/answer", content=body, headers=kind)


def test_nothing_tells_what_was_read(service: Served, people: tuple[TestClient, TestClient]) -> None:
    told = people[0].get("/api/v1/proof/samples").json()
    assert told["waiting"] > 5
    assert told["most_minutes"] == 10
    for item in told["items"]:
        value = _row(service, item["id"]).value
        text = json.dumps({**item, "asked": {**item["asked"], "options": None}}, ensure_ascii=False)
        assert not isinstance(value, str) or value not in text
        assert set(item) == {"id", "form", "asked", "pictures", "again", "purpose"}


def test_an_answer_brings_the_next_and_two_who_agree_correct_the_record(
    service: Served, people: tuple[TestClient, TestClient]
) -> None:
    first, second = people
    waiting = {one.field: one for one in _samples(service)}
    wanted = next(one for one in waiting.values() if one.kind == "text")
    answered = _answer(first, wanted.id, text="另一个名称")
    assert answered.status_code == 200, answered.text
    assert wanted.id not in [one["id"] for one in answered.json()["items"]]
    assert answered.json()["minutes"] == pytest.approx(3.5 / 60, abs=0.01)
    assert _answer(first, wanted.id, text="另一个名称").status_code == 409
    mine = second.get("/api/v1/proof/samples").json()["items"][0]
    assert (mine["id"], mine["again"]) == (wanted.id, True)
    assert _answer(second, wanted.id, text="另一个名称").status_code == 200
    shown = second.get(f"/api/v1/submissions/{wanted.submission_id}").json()["fields"][wanted.field]
    assert (shown["value"], shown["state"]) == ("另一个名称", "corrected")
    assert first.get("/api/v1/proof/figures").json()["to_correct"] == []
    whole = first.get("/api/v1/proof/figures").json()["figures"][0]
    assert (whole["looked"], whole["wrong"], whole["standing"]) == (1, 1, "passed")
    history = second.get(f"/api/v1/submissions/{wanted.submission_id}/history").json()["items"][0]
    assert history["reason"].startswith("抽查")


def _samples(service: Served) -> list[Any]:
    with service.context.database.read() as connection:
        return list(connection.execute(proof_samples.select().order_by(proof_samples.c.id)))


def test_what_says_nothing_or_two_things_or_has_no_reading_is_refused(
    service: Served, people: tuple[TestClient, TestClient]
) -> None:
    date = next(one for one in _samples(service) if one.kind == "date")
    odd: list[dict[str, Any]] = [{"text": "\ud800"}, {"value": ["\ud800"]}, {"value": {"a": 1}}]
    both = [{}, {"text": "甲", "value": "甲"}, {"text": "甲", "legible": False}, {"text": "不是日期"}]
    for said in both + odd:
        assert _answer(people[0], date.id, **said).status_code == 422
    assert _answer(people[0], date.id, legible=False).status_code == 200
    assert _answer(people[1], date.id, value=date.value).status_code == 200
    assert _row(service, date.id).state == "right"
    assert _answer(people[0], 999, value=None).status_code == 404
    assert people[0].get("/api/v1/proof/samples/999/pictures/0.webp").status_code == 404


def test_a_system_is_not_asked(service: Served, people: tuple[TestClient, TestClient]) -> None:
    assert service.system("correct").get("/api/v1/proof/samples").status_code == 422


def test_the_figures_are_the_same_on_the_sheet_and_in_the_metrics(
    service: Served, people: tuple[TestClient, TestClient]
) -> None:
    for one in _samples(service)[:4]:
        assert _answer(people[0], one.id, value=one.value).status_code == 200
    told = people[0].get("/api/v1/proof/figures").json()
    whole = told["figures"][0]
    assert (whole["looked"], whole["wrong"], whole["standing"]) == (4, 0, "unproven")
    assert told["lacking"] > 3600
    book = openpyxl.load_workbook(io.BytesIO(people[0].get("/api/v1/proof/figures.xlsx").content))
    rows = list(book.active.iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows[:-2]] == [one["called"] for one in told["figures"]]
    assert rows[0][2:5] == (whole["accepted"], 4, 0)
    assert rows[0][7] == pytest.approx(whole["upper"] * 1000, abs=1e-3)
    assert rows[-1][5] == 0.37
    metrics = people[0].get("/metrics").text
    assert f'sealform_silent_errors{{bound="upper"}} {whole["upper"]}' in metrics
    assert 'sealform_samples{state="right"} 4.0' in metrics
    assert "sealform_tightenings 0.0" in metrics


def test_an_error_rate_is_its_person_s_and_the_administrator_s_to_see(
    service: Served, people: tuple[TestClient, TestClient]
) -> None:
    first, second = people
    wanted = next(one for one in _samples(service) if one.kind == "text")
    assert _answer(first, wanted.id, text="录错了的名称").status_code == 200
    assert _answer(second, wanted.id, value=wanted.value).status_code == 200

    def seen(by: TestClient) -> dict[str, tuple[int, int]]:
        items = by.get("/api/v1/proof/people").json()["items"]
        return {one["name"]: (one["keyed"], one["wrong"]) for one in items}

    mine, yours = seen(first), seen(second)
    assert list(mine.values()) == [(1, 1)]
    assert list(yours.values()) == [(1, 0)]
    assert seen(service.signed_in("administrator", "chief")) == {**mine, **yours}
    assert service.signed_in("clerk", "clerk").get("/api/v1/proof/people").status_code == 403


def test_only_an_administrator_loosens_and_says_why(
    service: Served, people: tuple[TestClient, TestClient]
) -> None:
    uploader = service.signed_in("administrator", "another")
    kind = "text"
    for one in [one for one in _samples(service) if one.kind == kind][:3]:
        for who in people:
            assert _answer(who, one.id, text="另一个名称").status_code == 200
    (rule,) = uploader.get("/api/v1/proof/figures").json()["rules"]
    assert rule["least"] > threshold(Settings.silent_target)
    path = f"/api/v1/proof/rules/{rule['id']}/loosening"
    assert people[0].post(path, json={"reason": "修好了"}).status_code == 403
    assert uploader.post(path, json={"reason": " "}).status_code == 422
    after = uploader.post(path, json={"reason": "扫描仪已修好"})
    assert after.json()["rules"] == []
    actions = [one["action"] for one in uploader.get("/api/v1/audit").json()["items"]]
    assert {"draw", "sample", "tighten", "loosen"} <= set(actions)
    assert uploader.get("/api/v1/audit/verify").json()["sound"]


def test_what_two_people_have_to_key_nobody_settles_alone(service: Served) -> None:
    """Whatever the form: what is asked for twice is a row of the store."""
    administrator, reviewer = service.signed_in("administrator"), service.signed_in("reviewer")
    number = submitted(service, administrator)
    path = f"/api/v1/submissions/{number}"
    told = administrator.get(path).json()
    row = {
        "purpose": "twice", "submission_id": number, "field": "email", "form": told["form"],
        "version": told["form_version"], "kind": "email", "source": "word", "value": "a@example.cn",
        "confidence": 1.0, "read_at": service.clock(), "state": "first", "corrected": False,
    }  # fmt: skip
    with service.context.database.write() as connection:
        connection.execute(proof_samples.insert().values(row))
    change, version = {"changes": [{"field": "email", "text": "b@example.cn"}]}, {"If-Match": '"1"'}
    refused = reviewer.patch(f"{path}/fields", json=change, headers=version)
    assert (refused.status_code, "两人" in refused.json()["detail"]) == (409, True)
    assert administrator.patch(f"{path}/fields", json=change, headers=version).status_code == 200
