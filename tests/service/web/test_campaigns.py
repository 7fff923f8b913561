"""Campaigns over the API: how they stand, decisions by persons, papers; and that two don't mix."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from httpx import Response
from openpyxl import Workbook, load_workbook

from service.store import audit, replay
from service.store.tables import audit_log, audit_values, submissions, uploads
from tests.service.conftest import Run
from tests.service.kept import FORMS
from tests.service.submissions import move, store
from tests.service.web.serving import Served, served

NAME = "near-zero-carbon-2021"
PATH = f"/api/v1/campaigns/{NAME}"
FORM = FORMS["pilot-application"]
IN_TIME = datetime(2021, 2, 5, 2, 0, tzinfo=UTC)


def _came(
    service: Served, seed: int, at: datetime = IN_TIME, sender: str | None = None, **values: Any
) -> int:
    """A submission of the first campaign that arrived then."""
    known = {
        "organization": f"武汉第{seed}科技有限公司",
        "project_name": f"第{seed}项目",
        "types": ("企事业单位",),
    }
    number = store(service.context.database, FORM, seed, **known | values)
    with service.context.database.write() as connection:
        connection.execute(submissions.update().where(submissions.c.id == number).values(received_at=at))
        row = (
            submissions.select().with_only_columns(submissions.c.upload_id).where(submissions.c.id == number)
        )
        message = {"sender": None, "address": sender, "time": at.isoformat(), "subject": None, "body": ""}
        connection.execute(
            uploads.update().where(uploads.c.id == row.scalar_subquery()).values(message=message)
        )
    return number


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        running.clock.now = datetime(2021, 2, 8, 2, 0, tzinfo=UTC)
        yield running


def _rule(client: Any, number: int, version: int = 0, **said: Any) -> Response:
    answer: Response = client.put(f"{PATH}/rulings/{number}", json=said, headers={"If-Match": f'"{version}"'})
    return answer


def test_the_glance_tells_whose_work_waits_for_review(service: Served) -> None:
    client = service.signed_in("reviewer")
    mine, _ = _came(service, 1), _came(service, 2)
    who = client.get("/api/v1/session").json()["user"]["id"]
    assert client.get(PATH).json()["whose"] == [{"who": None, "count": 2}]
    client.put(f"/api/v1/submissions/{mine}/assignee", json={"user": int(str(who).split(":")[-1])})
    said = client.get(PATH).json()
    assert said["whose"] == [
        {"who": f"user:{str(who).split(':')[-1]}", "count": 1},
        {"who": None, "count": 1},
    ]
    assert set(said["people"]) == {said["whose"][0]["who"]}


def test_a_campaign_at_a_glance_has_every_figure(service: Served) -> None:
    client = service.signed_in("reviewer")
    _came(service, 1, sender="a@jiangan.example")
    _came(service, 2, datetime(2021, 2, 10, 2, 0, tzinfo=UTC), sender="a@jiangan.example")
    move(service.context.database, _came(service, 3), "withdraw")
    store(service.context.database, FORMS["enterprise-filing"], 4)
    listed = client.get("/api/v1/campaigns").json()
    assert [one["name"] for one in listed] == ["carbon-filing-2026", NAME]
    said = client.get(PATH).json()
    assert said["stages"][0]["days_left"] == 1
    assert (said["submissions"], said["applications"], said["counted"]) == (3, 3, 1)
    assert said["timing"] == {"in-time": 2, "grace": 0, "late": 1, "unknown": 0}
    assert said["states"]["withdrawn"] == 1
    assert said["organisers"][0]["came"] == 2
    assert said["whose"] == [{"who": None, "count": 2}]
    # The other campaign has the other form's submission, and nothing else.
    assert client.get("/api/v1/campaigns/carbon-filing-2026").json()["submissions"] == 1
    assert client.get("/api/v1/campaigns/nothing").status_code == 404


def test_when_the_mailbox_had_it_is_what_counts_and_is_said(service: Served) -> None:
    client = service.signed_in("reviewer")
    fetched = datetime(2021, 2, 10, 2, 0, tzinfo=UTC)  # all of them after the end
    number, stamped, unknown = (_came(service, seed, fetched) for seed in (1, 2, 3))
    with service.context.database.write() as connection:
        mine = sa.select(submissions.c.upload_id)
        one = uploads.c.id == mine.where(submissions.c.id == number).scalar_subquery()
        connection.execute(uploads.update().where(one).values(arrived_at=IN_TIME))
        two = uploads.c.id == mine.where(submissions.c.id == stamped).scalar_subquery()
        message = {"address": None, "time": None, "received": "2021-02-10T00:01:00+08:00", "subject": None}
        connection.execute(uploads.update().where(two).values(message=message))
    items = client.get(f"{PATH}/applications").json()["items"]
    said = {one["submission"]: one["timing"] for one in items}
    assert (said[number]["verdict"], said[number]["sure"]) == ("in-time", True)
    assert "到达邮箱的时间 2021-02-05 10:00" in said[number]["reason"]
    assert (said[stamped]["verdict"], said[stamped]["sure"]) == ("late", True)
    assert "收信服务器记的时间 2021-02-10 00:01" in said[stamped]["reason"]
    assert said[unknown]["verdict"] == "late"


def test_what_a_person_decides_goes_before_the_rules_and_into_the_log(service: Served) -> None:
    client = service.signed_in("reviewer")
    number = _came(service, 1)
    (before,) = client.get(f"{PATH}/applications", params={"only": "waiting"}).json()["items"]
    assert before["organiser"]["name"] is None
    answer = _rule(client, number, organiser="武汉市教育局", recommendation="own", reason="目标明确")
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert answer.headers["ETag"] == '"1"'
    assert (after["organiser"]["name"], after["organiser"]["sure"]) == ("武汉市教育局", True)
    assert after["ruling"]["recommendation"] == "own"
    assert client.get(f"{PATH}/applications", params={"only": "waiting"}).json()["total"] == 0
    through = client.get(f"{PATH}/applications", params={"organiser": "武汉市教育局"}).json()
    assert [one["submission"] for one in through["items"]] == [number]
    with service.context.database.read() as connection:
        assert audit.verify(connection)[2] == []
        assert list(replay.departures(connection)) == []
        logged = connection.execute(audit_log.select().where(audit_log.c.action == "ruling")).one()
        kept = audit_values.select().where(audit_values.c.seq == logged.seq)
        values = {row.label: json.loads(row.value) for row in connection.execute(kept)}
    assert logged.subject == f"submission:{number}"
    assert values[f"campaign:{NAME}"]["organiser"] == "武汉市教育局"
    assert values["reason"] == "目标明确"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"organiser": "没有的局"}, "没有“没有的局”"),
        ({"recommendation": "own"}, "应写理由"),
        ({"recommendation": "best", "reason": "好"}, ""),
        ({"may_apply": "也许"}, ""),
    ],
)
def test_a_decision_that_makes_no_sense_changes_nothing(
    service: Served, said: dict[str, Any], told: str
) -> None:
    client = service.signed_in("reviewer")
    number = _came(service, 1)
    answer = _rule(client, number, **said)
    assert answer.status_code == 422
    assert told in answer.text
    assert client.get(f"{PATH}/applications").json()["items"][0]["ruling"]["version"] == 0


def test_of_two_who_decide_at_once_the_second_is_told(service: Served) -> None:
    client = service.signed_in("reviewer")
    number = _came(service, 1)
    assert _rule(client, number, may_apply=True).status_code == 200
    assert _rule(client, number, may_apply=False).status_code == 409
    assert client.put(f"{PATH}/rulings/{number}", json={}).status_code == 428
    assert _rule(client, 99, may_apply=True).status_code == 404


def test_the_second_reviewer_is_another_person_who_leaves_it_as_it_is(service: Served) -> None:
    first, other = service.signed_in("reviewer", "first"), service.signed_in("reviewer", "other")
    number = _came(service, 1)
    said = {"recommendation": "higher", "reason": "基础好"}
    assert _rule(first, number, **said).json()["ruling"]["second"] is None
    assert _rule(first, number, 1, **said).json()["ruling"]["second"] is None
    confirmed = _rule(other, number, 2, **said).json()["ruling"]["second"]
    assert confirmed
    assert _rule(first, number, 3, **said).json()["ruling"]["second"] == confirmed
    assert _rule(other, number, 4, **said | {"reason": "另有看法"}).json()["ruling"]["second"] is None


def test_a_newer_copy_is_the_one_to_decide_on(service: Served) -> None:
    client = service.signed_in("reviewer")
    first = _came(service, 1)
    again = _came(service, 1, datetime(2021, 2, 6, 2, 0, tzinfo=UTC))
    answer = _rule(client, first, may_apply=True)
    assert answer.status_code == 409
    assert f"编号 {again}" in answer.text
    assert _rule(client, again, may_apply=True).json()["copies"] == [first, again]


def test_papers_are_made_and_logged_and_only_for_those_who_may(service: Served) -> None:
    _came(service, 1, sender="a@jiangan.example")
    assert service.signed_in("clerk").get(f"{PATH}/papers").status_code == 403
    answer = service.signed_in("administrator").get(f"{PATH}/papers")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert "申请台账.xlsx" in names
        assert "催报/江岸区.docx" in names
        assert "催报/江岸区.eml" in names
        assert archive.testzip() is None
    with service.context.database.read() as connection:
        logged = audit_log.select().where(audit_log.c.subject == f"campaign:{NAME}")
        assert connection.execute(logged).one().action == "export"


def _book(*rows: tuple[Any, ...]) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(stream)
    return stream.getvalue()


def _announce(client: Any, version: int, *rows: tuple[Any, ...], name: str = NAME) -> Response:
    files = {"list": ("省名单.xlsx", _book(("试点名称", "申报单位"), *rows))}
    answer: Response = client.put(
        f"/api/v1/campaigns/{name}/announced", files=files, headers={"If-Match": f'"{version}"'}
    )
    return answer


def _settle(client: Any, version: int, row: int, **said: Any) -> Response:
    headers = {"If-Match": f'"{version}"'}
    answer: Response = client.put(f"{PATH}/announced/{row}", json=said, headers=headers)
    return answer


def _listed(client: Any) -> dict[str, list[str]]:
    """{list: titles on it}, as the files of the lists have them."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(client.get(f"{PATH}/lists").content)) as archive:
        for name in (name for name in archive.namelist() if name.endswith(".xlsx")):
            sheet = load_workbook(io.BytesIO(archive.read(name))).worksheets[0]
            found[Path(name).stem] = [str(row[2]) for row in sheet.iter_rows(min_row=2, values_only=True)]
    return found


def test_the_lists_follow_from_the_announced_one_and_from_what_persons_say_of_its_rows(
    service: Served, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = service.signed_in("administrator")
    numbers = [_came(service, seed, sender="a@jiangan.example") for seed in (1, 2, 3)]
    for number in numbers:
        assert _rule(client, number, recommendation="own", reason="可").status_code == 200
    before = client.get(f"{PATH}/outcome").json()
    assert (before["waits"], before["version"], before["lists"]) == (True, 0, [])
    refused = client.get(f"{PATH}/lists")
    assert (refused.status_code, "导入" in refused.text) == (409, True)
    assert client.put(f"{PATH}/announced", files={"list": ("a.xlsx", b"x")}).status_code == 428
    # A name as it stands, one misspelt, one of somebody else.
    rows = [("第1项目", "武汉第1科技有限公司"), ("第二项目", "武汉第2科技有限公司"), ("远方", "上海远方集团")]
    told = _announce(client, 0, *rows).json()
    assert (told["file"], told["total"], told["doubted"], told["version"]) == ("省名单.xlsx", 3, 3, 1)
    against, misspelt, strange = told["rows"]
    assert "初审意见" in against["doubt"]
    assert misspelt["nearly"][0]["submission"] == numbers[1]
    assert (strange["nearly"], strange["submission"]) == ([], None)
    assert _announce(client, 0, *rows).status_code == 409
    assert _settle(client, 1, 4, submission=99).status_code == 404
    assert _settle(client, 1, 2, submission=numbers[0]).json()["doubted"] == 2
    assert _settle(client, 2, 3, submission=numbers[1]).json()["doubted"] == 1
    assert _settle(client, 2, 4, submission=None).status_code == 409
    done = _settle(client, 3, 4, submission=None)
    assert (done.json()["doubted"], done.headers["ETag"]) == (0, '"4"')
    every = client.get(f"{PATH}/outcome", params={"rows": "all"}).json()
    assert [row["submission"] for row in every["rows"]] == [*numbers[:2], None]
    listed = _listed(client)
    said = {one["title"]: one["count"] for one in every["lists"]}
    assert {title: len(listed[title]) for title in said} == said
    assert listed["省级近零碳排放区示范工程试点名单"] == ["第1项目", "第2项目"]
    assert listed["市级低碳示范工程试点名单"] == ["第3项目"]
    with service.context.database.read() as connection:
        assert list(replay.departures(connection)) == []
        actions = audit_log.select().where(audit_log.c.subject == f"campaign:{NAME}")
        assert [one.action for one in connection.execute(actions)] == ["announce", *["match"] * 3, "export"]
    # The command line has the same, from the same database.
    monkeypatch.setenv("SEALFORM_DATA", str(tmp_path))
    assert run("campaign", "lists", NAME, "-o", tmp_path / "out", "--at", "2021-02-08T10:00").code == 0
    sheet = load_workbook(tmp_path / "out/名单/省级近零碳排放区示范工程试点名单.xlsx").worksheets[0]
    assert [row[2] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["第1项目", "第2项目"]
    again = _settle(client, 4, 3, asked=True).json()
    assert (again["doubted"], again["undecided"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        (NAME, b"PK\x03\x04broken", "损坏"),
        (NAME, _book(("序号", "谁")), "没有找到表头"),
        (NAME, _book(("试点名称", "申报单位")), "没有一行"),
        ("carbon-filing-2026", _book(("试点名称", "申报单位")), "没有上级公布的名单"),
    ],
)
def test_a_file_that_is_no_announced_list_changes_nothing(
    service: Served, name: str, data: bytes, told: str
) -> None:
    client = service.signed_in("reviewer")
    path = f"/api/v1/campaigns/{name}"
    answer = client.put(f"{path}/announced", files={"list": ("a.xlsx", data)}, headers={"If-Match": '"0"'})
    assert answer.status_code == 422
    assert told in answer.text
    assert client.get(f"{path}/outcome").json()["version"] == 0


def test_a_campaign_without_a_list_from_above_has_its_lists_at_once(service: Served) -> None:
    client = service.signed_in("administrator")
    said = client.get("/api/v1/campaigns/carbon-filing-2026/outcome").json()
    assert (said["expects_list"], said["waits"]) == (False, False)
    assert [one["title"] for one in said["lists"]] == ["备案名单", "未通过名单"]


def test_the_bureaus_own_sheet_is_filled_in_and_logged(service: Served) -> None:
    client = service.signed_in("administrator")
    _came(service, 1, sender="a@jiangan.example")
    _came(service, 2)
    data = _book(("序号", "申报单位", "名称相近的"))
    files = {"template": ("我们的.xlsx", data)}
    shown = client.post(f"{PATH}/summary/preview", files=files).json()
    assert [(one["heading"], one["sure"]) for one in shown["columns"]] == [
        ("序号", True), ("申报单位", True), ("名称相近的", False),
    ]  # fmt: skip
    assert {"source": "number", "title": "序号"} in shown["sources"]
    said = json.dumps({"3": "organiser"})
    answer = client.post(f"{PATH}/summary", files=files, data={"columns": said})
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [tuple(row) for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        (1, "武汉第1科技有限公司", "江岸区"), (2, "武汉第2科技有限公司", None),
    ]  # fmt: skip
    each = client.post(f"{PATH}/summary", files=files, params={"each": True})
    with zipfile.ZipFile(io.BytesIO(each.content)) as archive:
        assert archive.namelist() == ["江岸区.xlsx", "推荐部门未定.xlsx"]
    for wrong in ("[]", "x", '{"a": 1}', '{"3": "nothing"}', "null"):
        refused = client.post(f"{PATH}/summary", files=files, data={"columns": wrong})
        assert refused.status_code == 422, wrong
    assert client.post(f"{PATH}/summary", files={"other": ("a", b"b")}).status_code == 422
    with service.context.database.read() as connection:
        logged = audit_log.select().where(audit_log.c.subject == f"campaign:{NAME}")
        assert len(connection.execute(logged).all()) == 2


def test_the_command_line_has_the_same_figures_from_the_services_database(
    service: Served, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = service.signed_in("reviewer")
    number = _came(service, 1)
    _rule(client, number, organiser="武汉市教育局")
    said = client.get(PATH).json()
    monkeypatch.setenv("SEALFORM_DATA", str(tmp_path))
    ran = run("campaign", "status", NAME, "--json", "--at", "2021-02-08T10:00")
    assert ran.code == 0, ran.err
    assert {**json.loads(ran.out), "people": {}} == said
    assert run("campaign", "lists", NAME, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out/催报/市教育局.docx").is_file()
