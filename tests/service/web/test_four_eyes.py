"""Four eyes, where a campaign asks for them: who reviewed does not decide, and to refuse takes two. And whose
work an application is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest
from starlette.testclient import TestClient

from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.settings import Settings
from service.store import audit, records, replay
from service.store.tables import submissions
from service.store.versions import Editor, add_version, row_of
from tests.service import submissions as made
from tests.service.web.serving import Served, served

API = "/api/v1"
FIXTURES = Path(__file__).parents[3] / "fixtures"
FORM: FormDefinition = load_forms()["enterprise-filing"]
TEXT = next(name for name, one in FORM.fields.items() if one.kind == "text")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with a campaign that asks for four eyes, and that numbers its notices its own way."""
    folder = tmp_path_factory.mktemp("four")
    for name in ("campaigns", "calendars"):
        copytree(FIXTURES / name, folder / name)
    path = folder / "campaigns" / "carbon-filing-2026.yaml"
    more = "\nfour_eyes: true\ncorrections: {working_days: 4, number: '平环补〔{年}〕{序号:02}号'}\n"
    path.write_text(path.read_text("utf-8") + more, "utf-8")
    with served(folder, replace(Settings(), campaigns=folder / "campaigns")) as service:
        yield service


@pytest.fixture(scope="module")
def two(running: Served) -> tuple[TestClient, TestClient]:
    return running.signed_in("reviewer", "one"), running.signed_in("reviewer", "two")


def _do(client: TestClient, number: int, path: str, **body: object) -> tuple[int, dict[str, object]]:
    seen = {"If-Match": client.get(f"{API}/submissions/{number}").headers["ETag"]}
    method = "PATCH" if path == "fields" else "POST"
    answer = client.request(method, f"{API}/submissions/{number}/{path}", json=body, headers=seen)
    return answer.status_code, answer.json()


def test_who_reviewed_does_not_decide_and_another_does(
    running: Served, two: tuple[TestClient, TestClient]
) -> None:
    one, other = two
    number = made.store(running.context.database, FORM, 1)
    assert _do(one, number, "fields", changes=[{"field": TEXT}])[0] == 200
    status, told = _do(one, number, "decision", move="accept")
    assert (status, told["code"]) == (409, "conflict")
    assert _do(other, number, "decision", move="accept")[1]["status"] == "accepted"


def test_who_reviewed_before_it_was_read_again_does_not_decide_either(
    running: Served, two: tuple[TestClient, TestClient]
) -> None:
    one, other = two
    number = made.store(running.context.database, FORM, 9)
    assert _do(one, number, "fields", changes=[{"field": TEXT}])[0] == 200
    mine = {"state": "confirmed", "by": one.get(f"{API}/session").json()["user"]["id"]}
    worker = Editor("worker:w2", made.NOW)
    with running.context.database.write() as connection:
        # As after its pages were put together anew.
        add_version(connection, row_of(connection, number), worker, "read", None, {}, "in-review")
        again = submissions.update().where(submissions.c.id == number)
        connection.execute(again.values(version=submissions.c.version + 1))
        here = records.records.c.submission_id == number
        content = connection.execute(records.records.select().where(here)).one().content
        read = {"status": "in-review", **{f"field:{name}": value for name, value in content.items()}}
        audit.append(connection, made.NOW, worker.actor, "read", f"submission:{number}", read)
        kept = {TEXT: (content[TEXT], mine)}
        records.carry(connection, number, FORM, kept, worker)  # type: ignore[arg-type]
    assert _do(one, number, "decision", move="accept")[0] == 409
    assert _do(other, number, "decision", move="accept")[1]["status"] == "accepted"


def test_a_refusal_takes_two_and_the_first_is_shown_until_the_second(
    running: Served, two: tuple[TestClient, TestClient]
) -> None:
    one, other = two
    number = made.store(running.context.database, FORM, 2)
    assert _do(one, number, "fields", changes=[{"field": TEXT}])[0] == 200
    status, shown = _do(one, number, "decision", move="reject", reason="不在范围内")
    assert (status, shown["status"]) == (200, "in-review")
    assert shown["proposed"]["reason"] == "不在范围内"  # type: ignore[index]
    assert _do(one, number, "decision", move="reject")[0] == 409
    assert _do(other, number, "decision", move="reject")[1]["status"] == "rejected"
    history = one.get(f"{API}/submissions/{number}/history").json()["items"]
    assert [item["action"] for item in history][:2] == ["reject", "propose-reject"]
    # Taken up again, it begins anew.
    assert _do(other, number, "decision", move="reopen")[1]["proposed"] is None
    assert _do(other, number, "decision", move="reject")[1]["status"] == "in-review"
    with running.context.database.read() as connection:
        assert audit.verify(connection)[2] == []
        assert [str(one) for one in replay.departures(connection)] == []


def test_many_at_once_are_held_to_it_too(running: Served, two: tuple[TestClient, TestClient]) -> None:
    one, _ = two
    numbers = [made.store(running.context.database, FORM, seed) for seed in (3, 4)]
    assert _do(one, numbers[0], "fields", changes=[{"field": TEXT}])[0] == 200
    items = [
        {"id": number, "version": one.get(f"{API}/submissions/{number}").json()["version"]}
        for number in numbers
    ]
    done = one.post(f"{API}/decisions", json={"move": "accept", "items": items}).json()["items"]
    assert [item["problem"] and item["problem"]["code"] for item in done] == ["conflict", None]


def test_a_form_of_no_such_campaign_is_decided_by_one(
    running: Served, two: tuple[TestClient, TestClient]
) -> None:
    one, _ = two
    other = load_forms()["pilot-application"]
    number = made.store(running.context.database, other, 5)
    name = next(iter(other.fields))
    assert _do(one, number, "fields", changes=[{"field": name}])[0] == 200
    assert _do(one, number, "decision", move="accept")[1]["status"] == "accepted"


def test_its_notices_are_numbered_and_due_as_the_campaign_says(
    running: Served, two: tuple[TestClient, TestClient]
) -> None:
    one, _ = two
    numbers = []
    for seed in (6, 7):
        number = made.store(running.context.database, FORM, seed)
        _, shown = _do(one, number, "decision", move="return", reason="1. 请重新填写。")
        (notice,) = shown["correction"]["notices"]  # type: ignore[index]
        numbers.append((notice["number"], notice["due"]))
    # In Urumqi it is already Sunday evening; Monday to Thursday are four working days.
    assert numbers == [("平环补〔2026〕01号", "2026-11-26"), ("平环补〔2026〕02号", "2026-11-26")]


def test_one_s_own_work_is_a_list_and_can_be_handed_on(
    running: Served, two: tuple[TestClient, TestClient]
) -> None:
    one, other = two
    number = made.store(running.context.database, FORM, 8)
    path = f"{API}/submissions/{number}/assignee"

    def mine(client: TestClient) -> list[int]:
        return [
            item["id"] for item in client.get(f"{API}/submissions", params={"mine": True}).json()["items"]
        ]

    ids = {client: int(client.get(f"{API}/session").json()["user"]["id"].split(":")[1]) for client in two}
    for to, lists in ((ids[one], ([number], [])), (ids[other], ([], [number])), (None, ([], []))):
        assert one.put(path, json={"user": to}).json()["assignee"] == to
        assert (mine(one), mine(other)) == lists
    assert one.put(path, json={"user": 4711}).status_code == 404
    with running.context.database.read() as connection:
        assert [str(one) for one in replay.departures(connection)] == []
