"""Forms by HTTP: what they ask for, blank ones, and those filled in from a roster."""

import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from starlette.testclient import TestClient

from service.forms.shipped import FORMS as SHIPPED
from tests.service.web.serving import Served

FORM = "/api/v1/forms/pilot-application"


@pytest.fixture
def clerk(service: Served) -> TestClient:
    return service.signed_in("clerk")


def _roster(*rows: dict[str, str]) -> dict[str, tuple[str, bytes]]:
    book, data = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    headings = sorted({heading for row in rows for heading in row})
    sheet.append(headings)
    for row in rows:
        sheet.append([row.get(heading) for heading in headings])
    book.save(data)
    return {"roster": ("名册.xlsx", data.getvalue())}


GOOD = {"organization": "武汉甲公司", "email": "a@example.com"}
BAD = {"organization": "武汉乙公司", "types": "没有这个选项"}


def test_a_form_says_what_it_asks_for_in_the_order_of_the_form(service: Served, clerk: TestClient) -> None:
    listed = clerk.get("/api/v1/forms").json()["items"]
    assert {one["name"] for one in listed} == set(service.context.forms.current())
    shown = clerk.get(FORM).json()
    assert [field["name"] for field in shown["fields"]] == list(
        service.context.forms.current()["pilot-application"].fields
    )
    types = next(field for field in shown["fields"] if field["name"] == "types")
    assert (types["widget"], types["options"][0], types["max"]) == ("options", "城镇", 1)
    tables = [
        field
        for one in listed
        for field in clerk.get(f"/api/v1/forms/{one['name']}").json()["fields"]
        if field["columns"]
    ]
    assert all(column["title"] and column["kind"] for field in tables for column in field["columns"])
    assert clerk.get("/api/v1/forms/no-such-form").json()["code"] == "form-unknown"
    assert clerk.get("/api/v1/forms/..%2Fx").status_code in (404, 422)


def test_blank_forms_and_an_empty_roster_come_as_files(clerk: TestClient) -> None:
    for kind, start in (("docx", b"PK"), ("pdf", b"%PDF"), ("pdf-flat", b"%PDF")):
        answer = clerk.get(f"{FORM}/blank", params={"kind": kind})
        assert answer.content.startswith(start)
        assert answer.headers["content-disposition"].startswith("attachment;")
    assert clerk.get(f"{FORM}/blank?kind=exe").status_code == 422
    headings = [
        cell.value
        for cell in next(load_workbook(io.BytesIO(clerk.get(f"{FORM}/roster").content)).active.rows)
    ]  # type: ignore[union-attr]
    assert "申报单位" in headings


def test_a_roster_becomes_forms_and_what_is_wrong_is_told_with_them(
    clerk: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = clerk.post(f"{FORM}/prefill", files=_roster(GOOD, BAD))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert sorted(packed.namelist()) == ["未生成.txt", "武汉甲公司.docx"]
        assert "没有这个选项" in packed.read("未生成.txt").decode("utf-8-sig")
    nothing = clerk.post(f"{FORM}/prefill", files=_roster(BAD))
    assert (nothing.status_code, "没有这个选项" in nothing.json()["advice"]) == (422, True)
    assert [path for path in tmp_path.iterdir() if path.name != "sealform.db" and path.suffix == ".zip"] == []


def test_a_roster_is_looked_at_before_it_is_used(clerk: TestClient) -> None:
    good, bad = clerk.post(f"{FORM}/prefill/preview", files=_roster(GOOD, BAD)).json()["rows"]
    assert (good["number"], good["name"], good["values"], good["problems"]) == (2, "武汉甲公司", GOOD, [])
    assert (bad["number"], bad["name"], bad["values"], len(bad["problems"])) == (3, None, {}, 1)
    assert clerk.post(f"{FORM}/prefill/sample?row=2", files=_roster(GOOD, BAD)).content.startswith(b"\x89PNG")
    for row in (3, 99):
        assert clerk.post(f"{FORM}/prefill/sample?row={row}", files=_roster(GOOD, BAD)).status_code == 422


def test_a_roster_that_is_none_or_too_long_is_refused(clerk: TestClient) -> None:
    path = f"{FORM}/prefill/preview"
    assert clerk.post(path, files={"roster": ("x.xlsx", b"no workbook")}).status_code == 422
    assert clerk.post(path, files={"other": ("x.xlsx", b"")}).status_code == 422
    assert clerk.post(path, json={}).status_code == 422
    many = [{"organization": f"单位{number}"} for number in range(501)]
    assert "501" in clerk.post(path, files=_roster(*many)).json()["detail"]


def test_a_definition_is_put_in_force_and_every_problem_of_one_is_told(service: Served) -> None:
    administrator = service.signed_in("administrator")
    text = (SHIPPED / "pilot-application.yaml").read_text("utf-8")
    known = service.context.forms.current()["pilot-application"].version
    given = {"reason": "与上一版相同，只换了版本"}
    newer = administrator.post("/api/v1/forms", params=given, content=text.replace(known, "2099.1").encode())
    assert (newer.status_code, newer.json()["version"]) == (201, "2099.1")
    assert administrator.get(FORM).json()["version"] == "2099.1"
    assert administrator.get(FORM, params={"version": known}).json()["version"] == known
    assert administrator.get(FORM, params={"version": "1999"}).status_code == 404
    changed = administrator.post("/api/v1/forms", content=text.replace("申请名称", "另一名称").encode())
    assert (changed.status_code, changed.json()["code"]) == (409, "conflict")
    for body in (b"name: [", b"", b"a: &a [*a]", b"\xff\xfe\x00", b"x" * (2 << 20)):
        answer = administrator.post("/api/v1/forms", content=body)
        assert answer.status_code == 422, body[:20]
    broken = administrator.post("/api/v1/forms", content=b"name: X\n").json()
    assert (broken["code"], "form.yaml:1" in broken["detail"], "/tmp" in broken["detail"]) == (
        "definition-invalid",
        True,
        False,
    )
