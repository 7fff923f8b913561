"""Pages of what arrived as pictures, and the parts of a submission."""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from generator import generate, new_identity
from models.errors import NoView
from service import page_pictures, picture_shelf
from service.forms.definitions import load_forms
from tests.service.web.readings import SAMPLE, finish, reading, upload
from tests.service.web.serving import Served, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("pages")) as running:
        yield running
        running.app.state.views.close()


@pytest.fixture(scope="module")
def clerk(service: Served) -> TestClient:
    return service.signed_in("clerk")


@pytest.fixture(scope="module")
def pdf() -> bytes:
    form = next(iter(load_forms().values()))
    return generate(form, "pdf-flat", new_identity(form)).data


def _part(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "state": "read", "applications": [1]}


def _parted(service: Served, clerk: TestClient, pdf: bytes) -> tuple[str, str]:
    """Two applications of one upload: 甲's file and 乙's, which lies in an archive with another one of
    甲's."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("乙.pdf", pdf)
        archive.writestr("甲二.txt", b"more of it")
    sent = [("甲.docx", SAMPLE.read_bytes()), ("全.zip", packed.getvalue())]
    made = clerk.post("/api/v1/uploads", files=[("files", one) for one in sent]).json()["uploads"][0]
    every = [
        (_part(*sent[0]), [1]), (_part(*sent[1]), []),
        (_part("全.zip/乙.pdf", pdf), [2]), (_part("全.zip/甲二.txt", b"more of it"), [1]),
    ]  # fmt: skip
    parts = [{**part, "applications": numbers} for part, numbers in every]
    numbers = finish(
        service, made["id"], reading(application=1, parts=parts), reading(application=2, parts=parts)
    )
    first, second = (f"/api/v1/submissions/{number}" for number in numbers)
    return first, second


def test_of_what_came_together_each_application_shows_its_own_alone(
    service: Served, clerk: TestClient, pdf: bytes
) -> None:
    first, second = _parted(service, clerk, pdf)
    for path, own in ((first, ["甲.docx", "全.zip/甲二.txt"]), (second, ["全.zip/乙.pdf"])):
        detail = clerk.get(path).json()
        assert [(part["index"], part["name"]) for part in detail["parts"]] == list(enumerate(own))
        assert [part["name"] for part in clerk.get(f"{path}/pages").json()["parts"]] == own
        assert detail["name"] == (own[0] if len(own) == 1 else f"{own[0]} 等 2 个文件")
    assert clerk.get(f"{second}/parts/0").content == pdf


def test_the_part_of_another_application_is_not_found(service: Served, clerk: TestClient, pdf: bytes) -> None:
    _, second = _parted(service, clerk, pdf)
    for part in (1, 2, 3):
        for path in (f"{second}/parts/{part}", f"{second}/parts/{part}/pages/1.webp"):
            answer = clerk.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path


def _submitted(service: Served, clerk: TestClient, name: str, data: bytes, *more: tuple[str, bytes]) -> str:
    parts = [_part(name, data), *(_part(*one) for one in more)]
    (number,) = finish(service, upload(clerk, name, data)["id"], reading(parts=parts))
    return f"/api/v1/submissions/{number}"


def test_a_page_is_drawn_once_and_then_known_by_its_tag(
    service: Served, clerk: TestClient, pdf: bytes
) -> None:
    path = _submitted(service, clerk, "s001.pdf", pdf)
    (part,) = clerk.get(f"{path}/pages").json()["parts"]
    assert (part["rendered"], part["pages"][0]["page"]) == (True, 1)
    width, height = part["pages"][0]["width"], part["pages"][0]["height"]
    answer = clerk.get(f"{path}/parts/0/pages/1.webp?scale=1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["cache-control"].startswith("private")
    assert Image.open(io.BytesIO(answer.content)).size == pytest.approx((width, height), abs=2)
    tag = answer.headers["etag"]
    again = clerk.get(f"{path}/parts/0/pages/1.webp?scale=1", headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    box = clerk.get(f"{path}/parts/0/pages/1.webp?scale=2&box=10,20,110,70.5")
    assert Image.open(io.BytesIO(box.content)).size == pytest.approx((200, 101), abs=2)
    assert clerk.get(f"{path}/parts/0/pages/1.webp?scale=1&seal=off").headers["etag"] != tag


def test_what_can_not_be_shown_is_a_problem(service: Served, clerk: TestClient, pdf: bytes) -> None:
    path = _submitted(service, clerk, "s001.pdf", pdf)
    for query, status in (
        ("0/pages/99.webp", 404), ("7/pages/1.webp", 404), ("0/pages/1.webp?box=5,5,1,1", 422),
        ("0/pages/1.webp?scale=40", 422),
        ("0/pages/1.webp?box=nan,0,1,1", 422), ("0/pages/0.webp", 422),
    ):  # fmt: skip
        answer = clerk.get(f"{path}/parts/{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
            query
        )


def test_a_file_that_is_broken_costs_nothing_but_its_own_pages(service: Served, clerk: TestClient) -> None:
    path = _submitted(service, clerk, "broken.pdf", b"%PDF-1.7\n" + b"\xff" * 500)
    (part,) = clerk.get(f"{path}/pages").json()["parts"]
    assert (part["rendered"], part["pages"]) == (False, [])
    assert clerk.get(f"{path}/parts/0/pages/1.webp").status_code in (404, 422)


def test_a_file_in_an_archive_is_shown_and_saved_as_it_was(
    service: Served, clerk: TestClient, pdf: bytes
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("内/申请.pdf", pdf)
    path = _submitted(service, clerk, "all.zip", packed.getvalue(), ("all.zip/内/申请.pdf", pdf))
    answer = clerk.get(f"{path}/parts/1")
    assert answer.content == pdf
    assert "filename*=UTF-8''%E7%94%B3%E8%AF%B7.pdf" in answer.headers["content-disposition"]
    assert clerk.get(f"{path}/parts/1/pages/1.webp?scale=0.5").status_code == 200


def test_a_word_file_is_shown_as_it_is_printed_or_as_its_table(service: Served, clerk: TestClient) -> None:
    form = next(iter(load_forms().values()))
    path = _submitted(service, clerk, "s001.docx", generate(form, "docx", new_identity(form)).data)
    (part,) = clerk.get(f"{path}/pages").json()["parts"]
    if part["rendered"]:
        assert part["places"]
        assert clerk.get(f"{path}/parts/0/pages/1.webp?scale=0.5").status_code == 200
    else:
        assert any("table" in one for one in part["table"])


def test_what_was_made_of_a_file_is_forgotten_with_it_and_never_takes_all_room(tmp_path: Path) -> None:
    kept = [picture_shelf.place_of(tmp_path, digit * 64) / "x.webp" for digit in "abc"]
    for age, path in enumerate(kept):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (age, age))
    picture_shelf.make_room(tmp_path, 250)
    assert [path.exists() for path in kept] == [False, True, True]


def test_an_error_of_the_process_that_draws_comes_back_as_itself(service: Served) -> None:
    held = page_pictures.Held(
        _part("none.pdf", b""), [("s.pdf", service.context.blobs.put(io.BytesIO(b"no form")).sha256)]
    )
    with pytest.raises(NoView):
        service.app.state.views.original(held)
