"""The same again over HTTP: told on both sides, settled by one step, and in no export twice without a
word."""

import csv
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from service.export.files import FORMATS
from service.forms.definitions import load_forms
from tests.service.web.readings import DOUBTED, of_unit
from tests.service.web.serving import Served

API = "/api/v1"
UNIT = "武汉绿源产业园有限公司"
FORM = load_forms()["pilot-application"]
REASON = "已电话核实"


@pytest.fixture
def reviewer(service: Served) -> TestClient:
    return service.signed_in("reviewer")


@pytest.fixture
def pair(service: Served, reviewer: TestClient) -> tuple[int, int]:
    """The same unit's form twice, the second time with another address."""
    return of_unit(service, reviewer, UNIT), of_unit(service, reviewer, UNIT, address="江汉路 1 号")


def _show(client: TestClient, number: int) -> Any:
    return client.get(f"{API}/submissions/{number}").json()


def _say(client: TestClient, one: int, other: int, verdict: str, version: int | None = None) -> Any:
    held = _show(client, one)["version"] if version is None else version
    return client.post(
        f"{API}/submissions/{one}/twins/{other}", json={"verdict": verdict}, headers={"If-Match": f'"{held}"'}
    )


def _accept(client: TestClient, number: int) -> int:
    seen = {"If-Match": f'"{_show(client, number)["version"]}"'}
    client.patch(f"{API}/submissions/{number}/fields", json={"changes": [{"field": DOUBTED}]}, headers=seen)
    seen = {"If-Match": f'"{_show(client, number)["version"]}"'}
    return client.post(
        f"{API}/submissions/{number}/decision", json={"move": "accept", "reason": REASON}, headers=seen
    ).status_code


def test_each_side_tells_of_the_other_and_what_differs(reviewer: TestClient, pair: tuple[int, int]) -> None:
    first, again = pair
    (told,) = _show(reviewer, again)["twins"]
    assert (told["id"], told["is_earlier"], told["ground"], told["unit"]) == (first, True, "same-unit", UNIT)
    assert (told["same"], [field["name"] for field in told["differs"]]) == (False, ["address"])
    assert told["differs"][0]["title"] == FORM.titles["address"]
    (back,) = _show(reviewer, first)["twins"]
    assert (back["id"], back["is_earlier"]) == (again, False)
    listed = reviewer.get(f"{API}/submissions", params={"twins": True}).json()["items"]
    assert [(one["id"], one["unsettled_twins"]) for one in listed] == [(again, [first]), (first, [again])]


def test_one_step_settles_it_and_one_takes_it_back(reviewer: TestClient, pair: tuple[int, int]) -> None:
    first, again = pair
    assert _accept(reviewer, again) == 409
    now = _say(reviewer, again, first, "replaces")
    assert now.status_code == 200
    assert now.headers["etag"] == f'"{now.json()["version"]}"'
    (told,) = now.json()["twins"]
    assert (told["verdict"], now.json()["unsettled_twins"], now.json()["replaces"]) == ("replaces", [], first)
    assert now.json()["people"][told["by"]] == "One-Reviewer"
    assert (_show(reviewer, first)["status"], _show(reviewer, first)["replaced_by"]) == ("withdrawn", again)
    history = reviewer.get(f"{API}/submissions/{first}/history").json()["items"][0]
    assert (history["action"], history["reason"], history["status_after"]) == (
        "replaced",
        f"编号 {again}",
        "withdrawn",
    )
    assert _say(reviewer, again, first, "open").json()["unsettled_twins"] == [first]
    assert _say(reviewer, first, again, "another").json()["unsettled_twins"] == []
    assert (_accept(reviewer, first), _accept(reviewer, again)) == (200, 200)


def test_a_version_must_be_named_and_a_verdict_must_make_sense(
    reviewer: TestClient, pair: tuple[int, int]
) -> None:
    first, again = pair
    address = f"{API}/submissions/{again}/twins/{first}"
    assert reviewer.post(address, json={"verdict": "another"}).status_code == 428
    stale = _say(reviewer, again, first, "another", version=7)
    assert (stale.json()["code"], stale.json()["yours"]["twin"]) == ("stale", first)
    assert reviewer.post(address, json={"verdict": "merge"}, headers={"If-Match": '"1"'}).status_code == 422
    assert _say(reviewer, again, 4711, "another").status_code == 404


def test_many_accepted_at_once_leave_out_what_may_be_the_same(
    service: Served, reviewer: TestClient, pair: tuple[int, int]
) -> None:
    alone = of_unit(service, reviewer, "乙公司")
    items = []
    for number in (*pair, alone):
        answer = reviewer.patch(
            f"{API}/submissions/{number}/fields", json={"changes": [{"field": DOUBTED}]},
            headers={"If-Match": f'"{_show(reviewer, number)["version"]}"'},
        )  # fmt: skip
        items.append({"id": number, "version": answer.json()["version"]})
    done = reviewer.post(
        f"{API}/decisions", json={"move": "accept", "reason": REASON, "items": items}
    ).json()["items"]
    assert [one["problem"] and one["problem"]["code"] for one in done] == ["conflict", "conflict", None]
    assert f"编号 {pair[0]} 重复" in done[1]["problem"]["detail"]


def test_no_export_holds_one_twice_without_a_word(
    service: Served, reviewer: TestClient, pair: tuple[int, int]
) -> None:
    first, again = pair
    system = service.system("export")

    def taken(**query: Any) -> Any:
        answer = system.get(f"{API}/export", params={"form": FORM.name, "status": "all", **query})
        assert answer.status_code == 200, answer.text
        return answer

    assert system.get(f"{API}/export/counts", params={"status": "all"}).json() == {
        "records": 2,
        "unsettled": 2,
        "replaced": 0,
    }
    answer = taken(format="jsonl")
    assert [json.loads(line)["twins"] for line in answer.text.splitlines()] == [[again], [first]]
    assert (answer.headers["x-unsettled-twins"], answer.headers["x-replaced-left-out"]) == ("2", "0")
    rows = list(csv.DictReader(io.StringIO(taken(format="csv").content.decode("utf-8-sig"), newline="")))
    assert [row["疑似重复（编号）"] for row in rows] == [str(again), str(first)]
    assert pq.read_table(io.BytesIO(taken(format="parquet").content)).column("_twins").to_pylist() == [
        [again],
        [first],
    ]
    book = load_workbook(io.BytesIO(taken(format="xlsx").content))
    heading = [cell.value for cell in book[FORM.title][1]]
    assert book[FORM.title].cell(2, heading.index("疑似重复（编号）") + 1).value == str(again)
    assert ("其中疑似重复，尚未处理", "2 份") in list(book["说明"].values)

    _say(reviewer, again, first, "replaces")
    for kind in FORMATS:
        answer = taken(format=kind)
        assert answer.headers["x-replaced-left-out"] == "1", kind
    assert [json.loads(line)["id"] for line in taken(format="jsonl").text.splitlines()] == [again]
    assert ("已被替换，未导出", "1 份") in list(
        load_workbook(io.BytesIO(taken(format="xlsx").content))["说明"].values
    )
    assert len(taken(format="jsonl", replaced=True).text.splitlines()) == 2


def test_who_follows_changes_forgets_what_was_replaced(service: Served, reviewer: TestClient) -> None:
    system = service.system("export")
    first = of_unit(service, reviewer, UNIT)
    assert _accept(reviewer, first) == 200
    cursor = system.get(f"{API}/changes").json()["next"]
    again = of_unit(service, reviewer, UNIT, address="江汉路 1 号")
    told = {one["id"]: one for one in system.get(f"{API}/changes", params={"after": cursor}).json()["items"]}
    assert told[first]["twins"] == [again]
    assert told[first]["fields"] is not None
    _say(reviewer, again, first, "replaces")
    told = {one["id"]: one for one in system.get(f"{API}/changes", params={"after": cursor}).json()["items"]}
    assert (told[first]["status"], told[first]["replaced_by"], told[first]["fields"]) == (
        "accepted",
        again,
        None,
    )
