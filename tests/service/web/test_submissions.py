"""Looking for submissions, looking at one, and changing it."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.web.schemas import Summary
from tests.service.web.readings import DOUBTED, FAILED, SAMPLE, finish, of_unit, reading, submitted, upload
from tests.service.web.serving import Served


@pytest.fixture
def reviewer(service: Served) -> TestClient:
    return service.signed_in("reviewer")


def _show(client: TestClient, number: int) -> dict[str, Any]:
    return client.get(f"/api/v1/submissions/{number}").json()  # type: ignore[no-any-return]


def _patch(client: TestClient, number: int, version: int, *changes: dict[str, Any]) -> Any:
    return client.patch(
        f"/api/v1/submissions/{number}/fields",
        json={"changes": changes, "reason": "电话核实"},
        headers={"If-Match": f'"{version}"'},
    )


def _decide(client: TestClient, number: int, version: int, move: str, **more: str) -> Any:
    headers = {"If-Match": f'"{version}"'}
    return client.post(f"/api/v1/submissions/{number}/decision", json={"move": move, **more}, headers=headers)


def test_a_submission_is_shown_with_what_speaks_for_each_value(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    answer = reviewer.get(f"/api/v1/submissions/{number}")
    shown = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert shown["doubtful_fields"] == [{"name": DOUBTED, "title": shown["fields"][DOUBTED]["title"]}]
    assert shown["moves"] == ["accept", "return", "reject", "withdraw"]
    assert shown["people"]["worker:w1"] == "自动识别"
    field, line = shown["fields"][DOUBTED], reading()
    assert (field["state"], field["was"], field["decision"]) == ("doubtful", None, "review")
    assert field["evidence"] == line["fields"][DOUBTED]["evidence"]
    assert list(shown["fields"]) == list(service.context.forms.get(line["form"], line["version"]).fields)
    assert [(part["name"], part["state"], part["bytes"]) for part in shown["parts"]] == [
        (SAMPLE.name, "read", SAMPLE.stat().st_size)
    ]


def test_what_nobody_weighed_of_a_value_is_shown_as_such(service: Served, reviewer: TestClient) -> None:
    line = reading()
    sealed = {
        "value": {"present": True, "text": "汉阳区梅花蛤街道办事经", "agrees": None},
        "unweighed": ["text"],
    }
    line["fields"]["recommend_seal"] |= sealed
    fields = _show(reviewer, submitted(service, reviewer, fields=line["fields"]))["fields"]
    told = {name: (field["unweighed"], field["remark"]) for name, field in fields.items() if field["remark"]}
    assert told == {"recommend_seal": (["text"], "印文未核对")}
    assert fields[DOUBTED]["unweighed"] == []


def test_before_it_is_read_a_submission_has_its_files_and_no_values(
    service: Served, reviewer: TestClient
) -> None:
    made = upload(reviewer)["submissions"][0]
    shown = _show(reviewer, made["id"])
    assert (shown["fields"], shown["status"], shown["moves"]) == ({}, "received", ["withdraw"])
    assert [part["name"] for part in shown["parts"]] == ["s001.docx"]


def test_the_list_is_filtered_searched_and_paged(service: Served, reviewer: TestClient) -> None:
    numbers = [submitted(service, reviewer) for _ in range(3)]
    unit = _show(reviewer, numbers[0])["unit"]

    def listed(**wanted: Any) -> list[int]:
        answer = reviewer.get("/api/v1/submissions", params=wanted)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert listed() == numbers[::-1]
    assert listed(sort="received_at", unit=unit[2:6]) == numbers
    assert (
        listed(q=unit[:6], status=["in-review", "accepted"], doubtful=True, form=reading()["form"])
        == numbers[::-1]
    )
    assert (
        listed(q="没有这样的词")
        == listed(status="accepted")
        == listed(doubtful=False)
        == listed(to="2026-11-21")
        == []
    )
    assert listed(**{"from": "2026-11-22", "to": "2026-11-22"}) == numbers[::-1]
    urgent = reviewer.get("/api/v1/submissions?limit=2&sort=urgency").json()
    assert [one["id"] for one in urgent["items"]] == numbers[:2]
    assert listed(sort="urgency", cursor=urgent["next"]) == numbers[2:]
    first = reviewer.get("/api/v1/submissions?limit=2").json()
    assert [one["id"] for one in first["items"]] == numbers[:0:-1]
    rest = reviewer.get("/api/v1/submissions", params={"limit": 2, "cursor": first["next"]}).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([numbers[0]], None)


def test_a_question_that_makes_no_sense_is_a_problem(reviewer: TestClient) -> None:
    wrong = [
        "limit=0",
        "limit=201",
        "sort=name",
        "status=clear",
        "cursor=x",
        "sort=urgency&cursor=WyJ1cmdlbmN5IiwgWzksICIyMDI2LTExLTI5VDAwOjAwOjAwKzAwOjAwIl0sIDFd",
        "sort=urgency&cursor=WyJ1cmdlbmN5IiwgMSwgMV0",
        "from=yesterday",
        "to=9999-12-31",
        "form=../x",
    ]
    for query in [*wrong, f"q={'x' * 201}", "unit=a%00b"]:
        answer = reviewer.get(f"/api/v1/submissions?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), (
            query
        )


def test_counts_tell_states_and_days(service: Served, reviewer: TestClient) -> None:
    submitted(service, reviewer)
    (unread,) = finish(service, upload(reviewer)["id"], reading(**FAILED))
    assert _decide(reviewer, unread, 1, "reject").status_code == 200
    counts = reviewer.get("/api/v1/submissions/counts").json()
    assert counts["by_status"] == {"in-review": 1, "rejected": 1}
    assert len(counts["by_day"]) == 30
    assert counts["by_day"][-1] == {"day": "2026-11-22", "received": 2, "decided": 1}


def test_a_correction_confirms_keeps_what_was_and_can_be_taken_back(
    service: Served, reviewer: TestClient
) -> None:
    number = submitted(service, reviewer)
    before = _show(reviewer, number)["fields"][DOUBTED]
    answer = _patch(reviewer, number, 1, {"field": DOUBTED, "text": "new@example.com"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    field = answer.json()["fields"][DOUBTED]
    assert (field["value"], field["state"], field["was"]["value"]) == (
        "new@example.com",
        "corrected",
        before["value"],
    )
    assert answer.json()["people"][field["by"]] == "One-Reviewer"
    undone = reviewer.post(f"/api/v1/submissions/{number}/undo", headers={"If-Match": '"2"'}).json()
    assert (undone["fields"][DOUBTED]["state"], undone["version"]) == ("doubtful", 3)
    confirmed = _patch(reviewer, number, 3, {"field": DOUBTED}).json()
    assert (confirmed["fields"][DOUBTED]["state"], confirmed["doubtful"]) == ("confirmed", 0)
    versions = reviewer.get(f"/api/v1/submissions/{number}/history").json()["items"]
    assert [(one["action"], one["undoes"]) for one in versions] == [
        ("correct", None),
        ("undo", 2),
        ("correct", None),
        ("read", None),
    ]
    assert versions[2]["changes"][0]["before_text"] == before["text"]
    assert (versions[2]["by"], versions[2]["reason"]) == ("One-Reviewer", "电话核实")


def test_a_change_must_say_of_which_version_it_is(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    change = {"changes": [{"field": DOUBTED}]}
    answer = reviewer.patch(f"/api/v1/submissions/{number}/fields", json=change)
    assert (answer.status_code, answer.json()["code"]) == (428, "version-required")
    assert reviewer.post(f"/api/v1/submissions/{number}/undo").status_code == 428
    wrong = reviewer.patch(f"/api/v1/submissions/{number}/fields", json=change, headers={"If-Match": "*"})
    assert wrong.status_code == 422


def test_who_comes_second_is_shown_both_sides(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    other = service.signed_in("reviewer", "second")
    assert _patch(reviewer, number, 1, {"field": DOUBTED, "text": "first@example.com"}).status_code == 200
    answer = _patch(other, number, 1, {"field": DOUBTED, "text": "second@example.com"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "stale")
    assert problem["yours"] == {"version": 1, "fields": {DOUBTED: {"text": "second@example.com"}}}
    assert (problem["theirs"]["version"], problem["theirs"]["by"]) == (2, "One-Reviewer")
    assert problem["theirs"]["fields"][DOUBTED]["value"] == "first@example.com"
    assert _show(reviewer, number)["fields"][DOUBTED]["value"] == "first@example.com"


WRONG_VALUES: list[dict[str, Any]] = [
    {"field": "no_such_field", "text": "x"},
    {"field": DOUBTED, "value": {"not": "a text"}},
    {"field": DOUBTED, "value": "x", "text": "y"},
    {"field": DOUBTED, "text": "x" * 100_001},
    {"field": DOUBTED, "text": "a\0b"},
    {"field": DOUBTED, "text": "\ud800"},
    {"field": "project_name", "value": "\udfff"},
    {"field": "project_name", "value": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]},
    {"field": "types", "value": ["没有这个选项"]},
    {"field": "types", "value": [{"a": 1}]},
    {"field": "pledge_date", "value": "2026-02-30"},
    {"field": "../x", "text": "x"},
]


def test_a_value_that_is_none_of_its_kind_is_refused(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    headers = {"If-Match": '"1"', "Content-Type": "application/json"}
    for change in WRONG_VALUES:
        # Written out in ASCII, as half a character can't be sent otherwise.
        body = json.dumps({"changes": [change]})
        answer = reviewer.patch(f"/api/v1/submissions/{number}/fields", content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), (
            change
        )
    assert _show(reviewer, number)["version"] == 1


def test_hostile_text_is_a_text_like_any_other(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    texts = ["=cmd|'/c calc'!A1", "<script>alert(1)</script>", "'; DROP TABLE submissions; --", "%s{0}"]
    for version, text in enumerate(texts, 1):
        changed = _patch(reviewer, number, version, {"field": "organization", "text": text}).json()
        assert changed["fields"]["organization"]["value"] == text
        shown = reviewer.get("/api/v1/submissions", params={"unit": text})
        assert [one["unit"] for one in shown.json()["items"]] == [text]
        assert shown.headers["content-type"] == "application/json"
        assert reviewer.get("/api/v1/submissions", params={"q": text}).status_code == 200


def test_an_application_is_accepted_when_nobody_needs_to_look_any_more(
    service: Served, reviewer: TestClient
) -> None:
    number = submitted(service, reviewer)
    assert _decide(reviewer, number, 1, "accept").status_code == 409
    _patch(reviewer, number, 1, {"field": DOUBTED})
    refused = _decide(reviewer, number, 2, "accept").json()
    assert (refused["code"], "写明理由" in refused["advice"]) == ("conflict", True), "it still holds an error"
    accepted = _decide(reviewer, number, 2, "accept", reason="已电话核实").json()
    assert (accepted["status"], accepted["moves"]) == ("accepted", ["reopen"])
    assert (
        _patch(reviewer, number, 3, {"field": DOUBTED, "text": "x@example.com"}).json()["code"] == "conflict"
    )


def test_what_could_not_be_read_is_queued_again(service: Served, reviewer: TestClient) -> None:
    made = upload(reviewer)["id"]
    (number,) = finish(service, made, reading(**FAILED))
    shown = _show(reviewer, number)
    assert (shown["error"]["code"], shown["status"]) == ("damaged", "unreadable")
    assert _decide(reviewer, number, 1, "retry").json()["status"] == "received"
    assert service.queued == [made, made]
    assert finish(service, made, reading()) == [number]


def test_many_are_decided_each_by_itself(service: Served, reviewer: TestClient) -> None:
    ready, doubtful = (of_unit(service, reviewer, unit) for unit in ("甲公司", "乙公司"))
    _patch(reviewer, ready, 1, {"field": DOUBTED})
    items = [{"id": ready, "version": 2}, {"id": doubtful, "version": 1}, {"id": 4711, "version": 1}]
    everything = {"move": "accept", "reason": "已电话核实", "items": items}
    done = reviewer.post("/api/v1/decisions", json=everything).json()["items"]
    assert done[0] == {"id": ready, "version": 3, "problem": None}
    assert [one["problem"]["code"] for one in done[1:]] == ["conflict", "not-found"]
    too_many = [{"id": 1, "version": 1}] * 201
    assert reviewer.post("/api/v1/decisions", json={"move": "accept", "items": too_many}).status_code == 422


def test_a_letter_is_drafted_from_what_is_wrong(service: Served, reviewer: TestClient) -> None:
    fault = {
        "code": "seal-missing",
        "field": "pledge_seal",
        "severity": "error",
        "message": "缺少申报单位公章",
    }
    number = submitted(service, reviewer, findings=[fault, fault])
    text = reviewer.get(f"/api/v1/submissions/{number}/letter").json()["text"]
    assert text.startswith(_show(reviewer, number)["unit"])
    assert text.count("缺少申报单位公章") == 1


def test_an_original_is_a_download_and_nothing_that_a_browser_would_show(
    service: Served, reviewer: TestClient
) -> None:
    number = submitted(service, reviewer)
    answer = reviewer.get(f"/api/v1/submissions/{number}/parts/0")
    assert answer.content == SAMPLE.read_bytes()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (
        answer.headers["content-disposition"]
        == f"attachment; filename=\"{SAMPLE.name}\"; filename*=UTF-8''{SAMPLE.name}"
    )
    assert reviewer.get(f"/api/v1/submissions/{number}/parts/7").status_code == 404


def test_bytes_that_are_gone_are_told_as_such(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    service.context.blobs.delete(_show(reviewer, number)["parts"][0]["sha256"])
    answer = reviewer.get(f"/api/v1/submissions/{number}/parts/0")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_the_wall_of_a_question_shows_and_settles_every_answer(service: Served, reviewer: TestClient) -> None:
    numbers = [submitted(service, reviewer) for _ in range(3)]
    form = reading()["form"]
    (question,) = reviewer.get("/api/v1/questions").json()["items"]
    assert (question["form"], question["field"], question["doubtful"]) == (form, DOUBTED, 3)
    first = reviewer.get(f"/api/v1/questions/{form}/{DOUBTED}", params={"limit": 2}).json()
    rest = reviewer.get(f"/api/v1/questions/{form}/{DOUBTED}", params={"cursor": first["next"]}).json()
    walls = first["items"] + rest["items"]
    assert [one["submission"] for one in walls] == numbers
    changes = [
        {"submission": one["submission"], "version": one["version"], "field": DOUBTED} for one in walls
    ]
    changes[2]["version"] = 7
    done = reviewer.patch("/api/v1/fields", json={"changes": changes}).json()["items"]
    assert [one["version"] for one in done] == [2, 2, None]
    assert done[2]["problem"]["theirs"]["version"] == 1
    assert reviewer.get("/api/v1/questions").json()["items"][0]["doubtful"] == 1
    back = [{"submission": number, "version": 2} for number in numbers]
    assert [
        one["version"] for one in reviewer.post("/api/v1/undo", json={"items": back}).json()["items"]
    ] == [3, 3, None]
    assert reviewer.get(f"/api/v1/questions/{form}/no_such_field").status_code == 404


def test_an_example_in_the_document_is_what_it_is_an_example_of() -> None:
    assert Summary.model_validate(Summary.model_config["json_schema_extra"]["example"])  # type: ignore[index, call-overload]


def test_json_that_is_too_much_is_refused_and_never_a_failure(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    path, headers = (
        f"/api/v1/submissions/{number}/fields",
        {"If-Match": '"1"', "Content-Type": "application/json"},
    )
    for body, status in (
        (b"[" * 100_000, (400, 422)),
        (b'{"changes": [' + b"{}," * 10_000 + b"{}]}", (422,)),
        (b'{"changes": "' + b"x" * (5 << 20) + b'"}', (413,)),
        (b'{"changes": [{"field": "email", "value": 1e999}]}', (422,)),
        (b"\xff\xfe", (400, 422)),
    ):
        answer = reviewer.patch(path, content=body, headers=headers)
        assert answer.status_code in status, (body[:30], answer.status_code)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_step_of_review_asks_the_database_seldom(service: Served, reviewer: TestClient) -> None:
    number = submitted(service, reviewer)
    asked: list[str] = []

    def hear(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.startswith("BEGIN"):  # which only SQLite is sent in words
            asked.append(statement)

    sa.event.listen(service.context.database.engine, "before_cursor_execute", hear)
    shown = reviewer.get(f"/api/v1/submissions/{number}").json()
    assert len(asked) <= 8, asked
    asked.clear()
    changes = {"changes": [{"field": DOUBTED, "value": None}]}
    version = {"If-Match": f'"{shown["version"]}"'}
    answer = reviewer.patch(f"/api/v1/submissions/{number}/fields", json=changes, headers=version)
    assert answer.status_code == 200
    assert len(asked) <= 24, asked
