"""Points by a table of criteria: one reviewer or two, none of whom sees another's before giving theirs."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from openpyxl import load_workbook

from service.store import audit, replay
from tests.service.campaigns.calls import call
from tests.service.kept import FORMS
from tests.service.submissions import store
from tests.service.web.serving import Served, served

NAME = "carbon-filing-2026"
PATH = f"/api/v1/campaigns/{NAME}"
POINTS = call(NAME).campaign.points


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        running.clock.now = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
        yield running


def _points(*given: int) -> dict[str, int]:
    return dict(zip(POINTS, given, strict=True))


def _rule(client: Any, number: int, version: int, **said: Any) -> Response:
    answer: Response = client.put(f"{PATH}/rulings/{number}", json=said, headers={"If-Match": f'"{version}"'})
    return answer


def _asked(client: Any, number: int) -> list[str]:
    every = client.get(f"{PATH}/applications").json()["items"]
    doubts = next(one["doubts"] for one in every if one["submission"] == number)
    return [doubt for doubt in doubts if doubt.startswith("评分")]


def test_two_reviewers_score_unseen_and_what_lies_apart_is_talked_over(service: Served) -> None:
    number = store(service.context.database, FORMS["enterprise-filing"], 1)
    first, other = service.signed_in("reviewer", "first"), service.signed_in("reviewer", "other")
    third = service.signed_in("administrator", "third")
    assert _rule(first, number, 0, recommendation="own", reason="可").status_code == 200
    assert _asked(first, number) == ["评分：有初审意见，还没有评分"]
    said = {"recommendation": "own", "reason": "可"}
    mine = _rule(first, number, 1, **said, scores=_points(38, 25, 27)).json()["ruling"]
    assert (mine["mine"], mine["scores"], mine["total"]) == (_points(38, 25, 27), None, None)
    assert _asked(first, number) == ["评分：等第二位复核人评分"]
    (unseen,) = other.get(f"{PATH}/applications").json()["items"]
    assert (unseen["ruling"]["mine"], unseen["ruling"]["scores"]) == (None, None)
    both = _rule(other, number, 2, **said, scores=_points(30, 20, 20)).json()["ruling"]
    assert both["mine"] == both["second_scores"] == _points(30, 20, 20)
    assert (both["scores"], both["total"]) == (_points(38, 25, 27), 80.0)
    assert _asked(first, number) == ["评分：两位复核人的总分相差 20 分，超过 15 分，请复议"]
    assert _rule(third, number, 3, **said, scores=_points(1, 1, 1)).status_code == 409
    # Who leaves points out leaves them as they are; each changes their own.
    assert _rule(third, number, 3, **said).json()["ruling"]["total"] == 80.0
    again = _rule(other, number, 4, **said, scores=_points(36, 25, 26)).json()["ruling"]
    assert (again["total"], again["scores"]) == (88.5, _points(38, 25, 27))
    assert _asked(first, number) == []
    with zipfile.ZipFile(io.BytesIO(third.get(f"{PATH}/papers").content)) as archive:
        sheet = load_workbook(io.BytesIO(archive.read("申请台账.xlsx"))).worksheets[0]
    head, row = list(sheet.iter_rows(values_only=True))[:2]
    assert [row[head.index(f"评分{who}：管理制度（40分）")] for who in "一二"] == ["38", "36"]
    with service.context.database.read() as connection:
        assert audit.verify(connection)[2] == []
        assert list(replay.departures(connection)) == []
    taken = _rule(first, number, 5, **said, scores={}).json()["ruling"]
    assert (taken["mine"], taken["total"]) == (None, None)
    # The second reviewer does not become the first as well.
    kept = _rule(other, number, 6, **said, scores=_points(36, 25, 26)).json()["ruling"]
    assert (kept["mine"], kept["total"]) == (_points(36, 25, 26), None)


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({"管理制度": 40}, "应把各项都评分"),
        (_points(41, 1, 1), "应为 0 至 40 分"),
        (_points(1, -1, 1), "应为 0 至 30 分"),
        ({"别的": 1}, "应把各项都评分"),
    ],
)
def test_points_that_the_table_has_not_change_nothing(service: Served, scores: Any, told: str) -> None:
    number = store(service.context.database, FORMS["enterprise-filing"], 1)
    client = service.signed_in("reviewer")
    answer = _rule(client, number, 0, scores=scores)
    assert (answer.status_code, told in answer.text) == (422, True)
    assert client.get(f"{PATH}/applications").json()["items"][0]["ruling"]["version"] == 0


def test_a_campaign_without_points_takes_none(service: Served) -> None:
    number = store(service.context.database, FORMS["pilot-application"], 1)
    client = service.signed_in("reviewer")
    path = "/api/v1/campaigns/near-zero-carbon-2021"
    answer = client.put(f"{path}/rulings/{number}", json={"scores": {"a": 1}}, headers={"If-Match": '"0"'})
    assert (answer.status_code, "不评分" in answer.text) == (422, True)
    assert json.loads(client.get(path).text)["criteria"] == []
