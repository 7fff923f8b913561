"""Making forms by HTTP: a draft of somebody else's file, a trial, and the gate before a definition goes into
force."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from starlette.testclient import TestClient

from models.errors import Conflict, NotFound, ReadsBadly
from models.form import FormDefinition
from service.drafting.desk import FormDesk, Job
from service.drafting.publishing import publish
from service.drafting.tasks import Outcome
from service.forms.trials import Report
from service.sealing import Keys, no_keys
from service.settings import Settings
from service.store.tables import audit_log, audit_values
from tests.service.foreign_form import FIELDS, TITLE, foreign_form
from tests.service.web.serving import Served, served

API = "/api/v1"
FORM = """
name: visit-record
version: "1"
title: 走访登记表
columns: [3, 5, 3, 5]
rows:
  - cells:
      - {label: 姓名, content: [{kind: text, name: visitor}]}
      - {label: 联系电话, content: [{kind: phone, name: telephone}]}
"""
GOOD, BAD = Report(60, 60, 0, 2), Report(60, 51, 1, 9, ("“姓名”（PDF）读错，也没有提示 1 次",))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that ends its processes with the module."""
    with served(tmp_path_factory.mktemp("making")) as service:
        yield service
        service.app.state.desk.close()


@pytest.fixture(scope="module")
def administrator(own: Served) -> TestClient:
    return own.signed_in("administrator")


@pytest.fixture(scope="module")
def draft(administrator: TestClient) -> dict[str, Any]:
    """A draft, and its number."""
    begun = administrator.post(f"{API}/drafts", files={"file": ("备案表.docx", foreign_form())})
    assert begun.status_code == 202, begun.text
    return _done(administrator, f"{API}/drafts/{begun.json()['id']}") | begun.json()


def _done(client: TestClient, path: str) -> dict[str, Any]:
    end = time.monotonic() + 90
    told: dict[str, Any] = client.get(path).json()
    while told["state"] == "working" and time.monotonic() < end:
        time.sleep(0.1)
        told = client.get(path).json()
    return told


def test_a_draft_says_what_it_found_and_where(administrator: TestClient, draft: dict[str, Any]) -> None:
    assert (draft["state"], draft["source"], draft["form"]["title"]) == ("done", "备案表.docx", TITLE)
    fields = [item for row in draft["form"]["rows"] for cell in row["cells"] for item in cell["content"]]
    assert len(fields) == len(draft["places"]) == FIELDS
    for place in draft["places"]:
        label, answer = (draft["spots"][number] for number in (place["label"], place["answers"][0]))
        assert label["box"]
        assert answer["box"], "also where the file is Word, which is printed for it"
        assert label["box"][2] <= answer["box"][0] + 1, "the answer stands right of its label"
    picture = administrator.get(f"{API}/drafts/{draft['id']}/pages/1.webp")
    assert picture.content[:4] == b"RIFF"
    assert administrator.get(f"{API}/drafts/{draft['id']}/pages/9.webp").status_code == 404


def test_a_draft_is_nobody_elses(own: Served, draft: dict[str, Any]) -> None:
    other = own.signed_in("administrator", "another")
    assert other.get(f"{API}/drafts/{draft['id']}").status_code == 404
    assert other.get(f"{API}/drafts/{draft['id']}/pages/1.webp").status_code == 404
    assert other.delete(f"{API}/drafts/{draft['id']}").status_code == 404


def test_a_file_without_a_form_ends_in_words(administrator: TestClient) -> None:
    begun = administrator.post(f"{API}/drafts", files={"file": ("空.docx", b"PK\x03\x04 no document")})
    told = _done(administrator, f"{API}/drafts/{begun.json()['id']}")
    assert (told["state"], bool(told["problem"]["detail"]), bool(told["problem"]["advice"])) == (
        "failed",
        True,
        True,
    )
    assert administrator.post(f"{API}/drafts", files={"file": ("空.docx", b"")}).status_code == 422
    assert administrator.post(f"{API}/drafts", files={"other": ("空.docx", b"1")}).status_code == 422


def test_last_years_form_is_known_again_and_keeps_its_names(
    administrator: TestClient, draft: dict[str, Any]
) -> None:
    last = {**draft["form"], "name": "filing", "version": "2020"}
    last["rows"][0]["cells"][0]["content"][0]["name"] = "unit"
    text = yaml.safe_dump(last, allow_unicode=True).encode()
    assert administrator.post(f"{API}/forms", params={"reason": "沿用"}, content=text).status_code == 201
    alike = administrator.get(f"{API}/drafts/{draft['id']}").json()["alike"]
    assert (alike["name"], alike["version"], alike["share"]) == ("filing", "2020", 1.0)
    sent = yaml.safe_dump(draft["form"], allow_unicode=True).replace("职工人数", "单位职工人数").encode()
    renewed = administrator.post(f"{API}/renewals/filing/2020", content=sent).json()
    assert (renewed["form"]["name"], renewed["form"]["version"]) == ("filing", "2021")
    assert renewed["form"]["rows"][0]["cells"][0]["content"][0]["name"] == "unit"
    assert [one["text"] for one in renewed["changes"]] == [
        "“职工人数”像是改名为“单位职工人数”，沿用名称 zhi_gong_ren_shu"
    ]


def test_what_is_older_than_a_day_is_gone(tmp_path: Path) -> None:
    old, young = (tmp_path / "desk" / name for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
    long_ago = time.time() - 25 * 3600
    os.utime(old, (long_ago, long_ago))
    FormDesk(Settings(data=tmp_path), no_keys()).close()
    assert not old.exists()
    assert young.exists()


def _desk(folder: Path, keys: Keys) -> FormDesk:
    """A desk whose jobs make something at once, in no process apart."""
    desk = FormDesk(Settings(data=folder), keys)
    made = Outcome({"form": {"title": "王小明的表"}}, {"1": "RIFF 王小明".encode()})
    desk._called = lambda *_: made  # type: ignore[method-assign]
    return desk


def _ended(desk: FormDesk, number: str) -> Job:
    end = time.monotonic() + 30
    while (job := desk.look("draft", number, "user:1")).state == "working" and time.monotonic() < end:
        time.sleep(0.01)
    return job


def test_a_draft_is_another_machines_where_it_is_and_every_processs_of_its_own(tmp_path: Path) -> None:
    with (
        closing(_desk(tmp_path / "one", no_keys())) as one,
        closing(_desk(tmp_path / "two", no_keys())) as two,
    ):
        number = one.draft(b"a file", "王小明.docx", "user:1")
        assert _ended(one, number).state == "done"
        with pytest.raises(Conflict, match="不在这台服务器上"):
            two.look("draft", number, "user:1")
        with pytest.raises(NotFound):
            one.look("draft", number[:8] + "0" * 16, "user:1")
    with closing(_desk(tmp_path / "one", no_keys())) as beside:
        assert beside.look("draft", number, "user:1").state == "done"
        assert beside.draft(b"a file", "甲.docx", "user:1")[:8] == number[:8]


def test_a_job_that_another_process_of_the_machine_is_at_is_not_taken_for_lost(tmp_path: Path) -> None:
    hold = Event()
    with closing(_desk(tmp_path, no_keys())) as one, closing(_desk(tmp_path, no_keys())) as beside:
        made = one._called
        one._called = lambda *given: hold.wait(30) and made(*given)  # type: ignore[assignment,method-assign]
        number = one.draft(b"a file", "甲.docx", "user:1")
        assert beside.look("draft", number, "user:1").state == "working"
        long_ago = time.time() - 3600
        os.utime(tmp_path / "desk" / number / "alive", (long_ago, long_ago))
        assert beside.look("draft", number, "user:1").state == "failed"
        assert one.look("draft", number, "user:1").state == "working"
        hold.set()
        assert _ended(one, number).state == "done"


def test_where_files_are_sealed_nothing_of_a_draft_lies_on_the_disk_as_it_is(tmp_path: Path) -> None:
    keys = Keys(lambda: [bytes(32)])
    with closing(_desk(tmp_path, keys)) as desk:
        number = desk.draft(b"a file", "王小明.docx", "user:1")
        told = _ended(desk, number).facts
        assert told is not None
        assert (told["source"], told["form"]["title"]) == ("王小明.docx", "王小明的表")
        assert desk.picture("draft", number, "user:1", "1").startswith(b"RIFF")
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    planted = ("王小明".encode(), json.dumps("王小明").encode()[1:-1], b"RIFF")
    assert [one for one in planted if one in kept] == []


def test_versions_stand_side_by_side(administrator: TestClient) -> None:
    older = FORM.replace("visit-record", "visit")
    newer = older.replace('"1"', '"2"').replace("label: 姓名", "label: 来访人").replace(
        "{kind: text, name: visitor}", "{kind: text, name: visitor, required: true}"
    )  # fmt: skip
    for text in (older, newer):
        assert administrator.post(f"{API}/forms", params={"reason": "试"}, content=text.encode()).is_success
    listed = administrator.get(f"{API}/forms/visit/versions").json()["items"]
    assert {one["version"]: one["current"] for one in listed} == {"1": False, "2": True}
    rows = administrator.get(f"{API}/forms/visit/comparison", params={"old": "1", "new": "2"}).json()["rows"]
    assert [(row["old"]["title"], row["new"]["title"], row["told"]) for row in rows] == [
        ("姓名", "来访人", ["标题由“姓名”改为“来访人”", "改为必填"]),
        ("联系电话", "联系电话", []),
    ]
    written = administrator.get(f"{API}/forms/visit/definition", params={"version": "1"}).json()
    assert FormDefinition.model_validate(written).titles["visitor"] == "姓名"
    assert administrator.get(f"{API}/forms/none/versions").status_code == 404


def test_a_definition_comes_back_as_a_file_that_loads(administrator: TestClient) -> None:
    answer = administrator.post(f"{API}/definitions", content=FORM.encode())
    assert yaml.safe_load(answer.text)["rows"] == yaml.safe_load(FORM)["rows"]
    assert administrator.post(f"{API}/definitions", content=b"name: X").json()["code"] == "definition-invalid"
    assert administrator.post(f"{API}/trials", content=b"name: X").json()["code"] == "definition-invalid"


class _Known:
    """What a trial found, without making one."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.made = 0

    def kept(self, form: FormDefinition) -> Report | None:
        return None

    def report(self, form: FormDefinition) -> Report:
        self.made += 1
        return self._report


def _form(name: str) -> FormDefinition:
    return FormDefinition.model_validate_json(json.dumps({**yaml.safe_load(FORM), "name": name}))


def _publish(own: Served, name: str, known: _Known, reason: str = "") -> None:
    publish(own.context.forms, _form(name), known, reason, "system", own.clock)


def _logged(own: Served, name: str) -> dict[str, Any]:
    about = sa.select(audit_values.c.label, audit_values.c.value).join(
        audit_log, audit_log.c.seq == audit_values.c.seq
    )
    with own.context.database.read() as connection:
        rows = connection.execute(about.where(audit_log.c.subject == f"form:{name}")).all()
    return {row.label: json.loads(row.value) for row in rows}


def test_a_form_that_reads_well_goes_out_and_the_log_has_its_figures(own: Served) -> None:
    known = _Known(GOOD)
    _publish(own, "well", known)
    _publish(own, "well", known)
    assert known.made == 1, "what was in force is not tried again"
    figures = {"read": 60, "right": 60, "silent": 0, "asked": 2}
    assert _logged(own, "well") == {"version": "1", "trial": figures}


def test_a_form_that_reads_badly_goes_out_for_a_reason_only(own: Served) -> None:
    with pytest.raises(ReadsBadly, match=r"读对 51 处.*“姓名”"):
        _publish(own, "badly", _Known(BAD))
    assert "badly" not in own.context.forms.current()
    known = _Known(BAD)
    known.kept = known.report  # type: ignore[method-assign]
    _publish(own, "badly", known, "表样由上级统一")
    told = _logged(own, "badly")
    assert (told["reason"], told["trial"]["silent"]) == ("表样由上级统一", 1)


def test_whoever_gives_a_reason_beforehand_does_not_wait_and_the_log_says_so(own: Served) -> None:
    known = _Known(GOOD)
    _publish(own, "at-once", known, "今天就要发")
    assert known.made == 0
    assert _logged(own, "at-once") == {"version": "1", "trial": "none", "reason": "今天就要发"}


def test_what_a_folder_put_in_force_is_told_until_somebody_tried_it(own: Served) -> None:
    forms, form = own.context.forms, _form("folder")
    forms.add({form.name: form}, "system", own.clock())
    assert form in forms.untried()
    known = _Known(GOOD)
    _publish(own, "folder", known)
    assert known.made == 1
    assert form not in forms.untried()
    assert forms.current()["folder"] == form
    _publish(own, "folder", known)
    assert known.made == 1


@pytest.mark.parametrize(
    ("report", "passes"),
    [
        (Report(100, 97, 0, 9), True),
        (Report(100, 96, 0, 0), False),
        (Report(12, 11, 0, 1), True),
        (Report(12, 10, 0, 2), False),
        (Report(1000, 999, 1, 0), False),
        (Report(0, 0, 0, 0), False),
    ],
)
def test_the_bar_is_97_of_100_or_one_of_few_and_no_silent_error(report: Report, passes: bool) -> None:
    assert report.passes is passes


@pytest.mark.accept
def test_a_trial_reads_word_pdf_and_scan_back_and_opens_the_gate(
    own: Served, administrator: TestClient
) -> None:
    begun = administrator.post(f"{API}/trials", content=FORM.encode()).json()
    told = _done(administrator, f"{API}/trials/{begun['id']}")
    assert (told["state"], told["read"], told["right"], told["passes"]) == ("done", 6, 6, True)
    assert {one["way"] for one in told["fields"]} == {"Word", "PDF", "扫描件"}
    for which in ("blank", "filled"):
        picture = administrator.get(f"{API}/trials/{begun['id']}/{which}/1.png")
        assert picture.content.startswith(b"\x89PNG")
    assert administrator.post(f"{API}/forms", content=FORM.encode()).status_code == 201
    assert _logged(own, "visit-record")["trial"]["right"] == 6
