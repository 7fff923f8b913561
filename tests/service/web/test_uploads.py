"""Files that arrive by HTTP."""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from threading import Barrier
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.settings import Settings
from service.store.tables import submissions, uploads
from service.web.conditional import attachment, file_name
from tests.service.databases import postgresql, sqlite
from tests.service.web.readings import SAMPLE, finish, reading, submitted, upload
from tests.service.web.sender import AT_ONCE
from tests.service.web.serving import Served, served


@pytest.fixture
def clerk(service: Served) -> TestClient:
    return service.signed_in("clerk")


def _send(
    client: TestClient, files: list[tuple[str, bytes]], headers: dict[str, str] | None = None, **fields: str
) -> Any:
    return client.post(
        "/api/v1/uploads", files=[("files", file) for file in files], data=fields, headers=headers
    )


def _stored(service: Served) -> int:
    with service.context.database.read() as connection:
        return len(connection.execute(submissions.select()).all())


def test_a_file_is_kept_and_queued_before_it_is_acknowledged(service: Served, clerk: TestClient) -> None:
    made = upload(clerk, "申请表.docx")
    digest = hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    kept = {"name": "申请表.docx", "sha256": digest, "bytes": SAMPLE.stat().st_size}
    assert made["files"] == [{**kept, "submissions": [], "state": None, "left": []}]
    assert [one["status"] for one in made["submissions"]] == ["received"]
    assert service.queued == [made["id"]]
    assert service.context.blobs.read(digest) == SAMPLE.read_bytes()
    assert clerk.get(f"/api/v1/uploads/{made['id']}").json() == made


def test_files_of_a_request_are_one_submission_or_one_each(service: Served, clerk: TestClient) -> None:
    files = [("a.docx", b"a"), ("b.pdf", b"b")]
    (together,) = _send(clerk, files).json()["uploads"]
    assert [file["name"] for file in together["files"]] == ["a.docx", "b.pdf"]
    apart = _send(clerk, files, together="false").json()["uploads"]
    assert [[file["name"] for file in one["files"]] for one in apart] == [["a.docx"], ["b.pdf"]]
    assert len(service.queued) == 3


def test_files_that_came_from_anybody_are_one_upload_that_says_so(service: Served, clerk: TestClient) -> None:
    files = [("a.docx", b"a"), ("b.pdf", b"b")]
    (auto,) = _send(clerk, files, together="auto").json()["uploads"]
    (together,) = _send(clerk, files, together="true").json()["uploads"]
    with service.context.database.read() as connection:
        said = {row.id: row.apart for row in connection.execute(uploads.select())}
    assert said == {auto["id"]: True, together["id"]: False}


def test_each_file_tells_the_submissions_that_it_went_into_and_what_of_it_went_into_none(
    service: Served, clerk: TestClient
) -> None:
    names = ["甲.docx", "甲扫描.pdf", "乙.zip", "函.txt", "甲再.docx"]
    (made,) = _send(clerk, [(name, name.encode()) for name in names], together="true").json()["uploads"]
    told = {
        "甲.docx": ("read", [1]), "甲扫描.pdf": ("read", [1]), "乙.zip": ("read", []),
        "乙.zip/一.docx": ("read", [2]),
        "乙.zip/二.docx": ("read", [3]), "乙.zip/说明.txt": ("not-a-form", []), "函.txt": ("not-a-form", []),
        "甲再.docx": ("duplicate", []),
    }  # fmt: skip
    one, two, three = finish(
        service, made["id"], *(reading(application=n, parts=_parts(told)) for n in (1, 2, 3))
    )
    shown = clerk.get(f"/api/v1/uploads/{made['id']}").json()
    assert {file["name"]: (file["submissions"], file["state"], file["left"]) for file in shown["files"]} == {
        "甲.docx": ([one], "read", []), "甲扫描.pdf": ([one], "read", []),
        "乙.zip": ([two, three], "read", ["乙.zip/说明.txt"]),
        "函.txt": ([], "not-a-form", ["函.txt"]), "甲再.docx": ([], "duplicate", ["甲再.docx"]),
    }  # fmt: skip


def _parts(told: dict[str, tuple[str, list[int]]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "sha256": hashlib.sha256(name.encode()).hexdigest(),
            "state": state,
            "applications": numbers,
        }
        for name, (state, numbers) in told.items()
    ]


def test_a_request_that_is_sent_again_with_its_key_makes_nothing_new(
    service: Served, clerk: TestClient
) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = _send(clerk, [("a.docx", b"a")], headers)
    again = _send(clerk, [("a.docx", b"a")], headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (_stored(service), service.queued) == (1, [first.json()["uploads"][0]["id"]])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_requests_with_one_key_at_once_one_makes_an_upload(tmp_path: Path, kind: str) -> None:
    together = Barrier(12)

    def send(client: TestClient) -> tuple[int, Any]:
        together.wait()
        answer = _send(client, [("a.docx", b"a")], {"Idempotency-Key": "k1"})
        return answer.status_code, answer.json()

    with sqlite(tmp_path) if kind == "sqlite" else postgresql() as database:
        service = Served(database, tmp_path)
        token = service.system("upload", "see").headers["Authorization"]
        with ThreadPoolExecutor(12) as threads:
            answers = list(threads.map(send, [service.client(Authorization=token) for _ in range(12)]))
        assert {status for status, _ in answers} == {201}
        assert [body["uploads"][0]["id"] for _, body in answers] == [answers[0][1]["uploads"][0]["id"]] * 12
        assert (_stored(service), len(service.queued)) == (1, 1)


def test_of_requests_with_one_key_at_several_processes_one_makes_an_upload(tmp_path: Path) -> None:
    with postgresql() as database:
        service = Served(database, tmp_path)
        token = service.system("upload", "see").headers["Authorization"]
        url = database.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.service.web.sender", url, str(tmp_path), token]
        with ExitStack() as stack:
            senders = [
                stack.enter_context(subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True))
                for _ in range(2)
            ]
            assert [one.stdout and one.stdout.readline() for one in senders] == ["ready\n"] * 2
            for one in senders:
                assert one.stdin
                one.stdin.write("go\n")
                one.stdin.flush()
            answers = [answer for one in senders for answer in json.loads(one.communicate()[0])]
        assert answers == [answers[0]] * 2 * AT_ONCE
        assert (answers[0][0], _stored(service)) == (201, 1)


def test_a_key_is_refused_for_another_request(service: Served, clerk: TestClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    assert _send(clerk, [("a.docx", b"a")], headers).status_code == 201
    others = ([("a.docx", b"b")], "true"), ([("b.docx", b"a")], "true"), ([("a.docx", b"a")], "false")
    for files, together in others:
        other = _send(clerk, files, headers, together=together)
        assert (other.status_code, other.json()["code"]) == (422, "invalid")
    assert _stored(service) == 1


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(service: Served, clerk: TestClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    _send(clerk, [("a.docx", b"a")], headers)
    assert _send(service.system("upload", "see"), [("b.docx", b"b")], headers).status_code == 201


def test_a_request_that_makes_no_sense_leaves_nothing_behind(service: Served, clerk: TestClient) -> None:
    one, two = ("a.docx", b"a"), ("b.docx", b"b")
    wrong: list[tuple[list[tuple[str, bytes]], dict[str, str], int]] = [
        ([("a.docx", b"")], {}, 422),
        ([one], {"form": "no-such-form"}, 404),
        ([one], {"together": "perhaps"}, 422),
        ([one], {"replaces": "1; DROP TABLE"}, 422),
        ([one], {"replaces": "4711"}, 404),
        ([one], {"replaces": "9" * 30}, 422),
        ([one, two], {"replaces": "1", "together": "false"}, 422),
        ([one, two], {"replaces": "1", "together": "auto"}, 422),
        ([one], {"colour": "red"}, 422),
    ]
    for files, fields, status in wrong:
        answer = _send(clerk, files, **fields)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
            fields
        )
    assert clerk.post("/api/v1/uploads", files={"other": one}).status_code == 422
    assert (_stored(service), service.queued) == (0, [])


def test_a_body_that_is_no_multipart_is_a_problem(clerk: TestClient) -> None:
    assert clerk.post("/api/v1/uploads", json={"files": []}).status_code == 422
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        assert clerk.post(
            "/api/v1/uploads", content=b"garbage", headers={"Content-Type": kind}
        ).status_code in (400, 422)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with served(
        tmp_path, replace(Settings(), intake={"SEALFORM_MAX_FILE_MB": 0.01}, request_bytes=1 << 16)
    ) as small:
        client = small.signed_in("clerk")
        assert _send(client, [("a.docx", b"x" * 20_000)]).status_code == 413
        assert _send(client, [("a.docx", b"x" * (1 << 17))]).status_code == 413
        assert list(small.context.blobs.digests()) == []


def test_a_new_version_takes_the_place_of_the_old_one(service: Served, clerk: TestClient) -> None:
    old = submitted(service, clerk)
    new = upload(clerk, replaces=str(old))["submissions"][0]
    assert new["replaces"] == old
    assert clerk.get(f"/api/v1/submissions/{old}").json()["replaced_by"] == new["id"]
    assert _send(clerk, [("c.docx", b"c")], replaces=str(old)).status_code == 409


def test_watching_an_upload_ends_when_it_is_read(service: Served, clerk: TestClient) -> None:
    made = upload(clerk)
    finish(service, made["id"], reading())
    answer = clerk.get(f"/api/v1/uploads/{made['id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("event: upload\ndata: {")
    assert clerk.get("/api/v1/uploads/4711/events").status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\王\\申请表.docx", "申请表.docx"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("..", "未命名"),
        ("", "未命名"),
        (None, "未命名"),
        ("表" * 500 + ".docx", "表" * 160 + ".docx"),
        ("\udc80.pdf", ".pdf"),
        ("<b>x</b>.docx", "b>.docx"),
    ],
)
def test_names_of_files_hold_no_path_and_nothing_unseen(given: str | None, kept: str) -> None:
    assert file_name(given) == kept


def test_a_name_can_add_nothing_to_a_header() -> None:
    told = attachment('a"; filename="x.exe\r\n申.pdf')["Content-Disposition"]
    assert (
        told.startswith('attachment; filename="a__ filename=_x.exe___.pdf"')
        or '"a_; filename=_x.exe___.pdf"' in told
    )
    assert "\r" not in told
    assert told.isascii()
