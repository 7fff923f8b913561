"""A client made of the description, before the real service: all that another system does, each answer as it
was described."""

import csv
import io
import time
from pathlib import Path

import pytest

from tests.service.pages.samples import filled
from tests.service.pages.serving import Service
from tests.service.web.made_client import MadeClient, Undescribed


@pytest.fixture(scope="module")
def client(service: Service) -> MadeClient:
    made = service.administrator.ask(
        "POST",
        "/tokens",
        json={"name": "生成的客户端", "scopes": ["upload", "see", "correct", "decide", "export"]},
    )
    return MadeClient(service.url, made["token"])


def test_a_client_made_of_the_description_does_all_that_another_system_does(
    client: MadeClient, tmp_path: Path
) -> None:
    path = filled(tmp_path, 71)
    files = {"files": ("form.docx", path.read_bytes())}
    sent = client.call("POST /api/v1/uploads", {"together": "false"}, files, idempotency_key="once")
    assert sent.status == 201
    number = sent.body["uploads"][0]["id"]
    again = client.call("POST /api/v1/uploads", {"together": "false"}, files, idempotency_key="once")
    assert again.body["uploads"][0]["id"] == number
    deadline = time.monotonic() + 60
    while (state := client.call("GET /api/v1/uploads/{upload}", upload=number).body)["state"] != "done":
        assert time.monotonic() < deadline, state
        time.sleep(0.2)
    submission = state["submissions"][0]["id"]
    assert submission in {
        one["id"] for one in client.call("GET /api/v1/submissions", sort="urgency", limit=200).body["items"]
    }
    seen = client.call("GET /api/v1/submissions/{submission}", submission=submission)
    name, field = next(
        (name, one) for name, one in seen.body["fields"].items() if isinstance(one["value"], str)
    )
    changed = client.call(
        "PATCH /api/v1/submissions/{submission}/fields",
        {"changes": [{"field": name, "text": field["text"]}]},
        submission=submission, if_match=seen.headers["etag"],
    )  # fmt: skip
    assert changed.body["fields"][name]["state"] == "confirmed"
    late = client.call(
        "POST /api/v1/submissions/{submission}/decision", {"move": "accept"},
        submission=submission, if_match=seen.headers["etag"],
    )  # fmt: skip
    assert (late.status, late.body["code"]) == (409, "stale")
    decided = client.call(
        "POST /api/v1/submissions/{submission}/decision", {"move": "accept"},
        submission=submission, if_match=changed.headers["etag"],
    )  # fmt: skip
    assert decided.body["status"] == "accepted"
    changes = client.call("GET /api/v1/changes", limit=200).body
    told = next(one for one in changes["items"] if one["id"] == submission)
    assert told["fields"][name] == decided.body["fields"][name]["value"]
    form = decided.body["form"]
    columns = [one["name"] for one in client.call("GET /api/v1/export/columns", form=form).body["items"]]
    assert client.call("GET /api/v1/export/counts", form=form).body["records"] >= 1
    file = client.call("GET /api/v1/export", format="csv", form=form, columns=",".join(columns[:3]))
    rows = list(csv.reader(io.StringIO(file.body.decode("utf-8-sig"))))
    assert str(submission) in {row[0] for row in rows}
    assert "%E5%B7%B2%E5%8F%97%E7%90%86" in file.headers["content-disposition"], "its name says 已受理"


def test_every_example_of_a_body_is_one_that_the_description_allows(client: MadeClient) -> None:
    bodies = {
        f"{method.upper()} {path}": content
        for path, item in client.document["paths"].items()
        for method, operation in item.items()
        for media, content in operation.get("requestBody", {}).get("content", {}).items()
        if media == "application/json"
    }
    assert len(bodies) > 15
    for name, content in bodies.items():
        client.check(content["example"], content["schema"], name)
    samples = [
        one["x-codeSamples"][0]["source"]
        for item in client.document["paths"].values()
        for one in item.values()
    ]
    assert all(sample.startswith("curl ") and "{" not in sample.partition(" -d ")[0] for sample in samples)


def test_what_the_description_does_not_know_is_refused_by_it(client: MadeClient) -> None:
    for wrong in ({"limit": 0}, {"sort": "name"}, {"unknown": 1}):
        with pytest.raises(Undescribed):
            client.call("GET /api/v1/submissions", **wrong)
    with pytest.raises(Undescribed):
        client.call("POST /api/v1/decisions", {"move": "burn", "items": []})
