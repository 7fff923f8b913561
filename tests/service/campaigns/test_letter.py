"""The letter, rule by rule: the page that lists the rules names data and tests that there are."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from service.campaigns.loading import SHIPPED
from service.campaigns.summary import figures
from tests.service.campaigns.calls import at, call, entry

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (?P<rule>[^|]+) \| `(?P<place>[\w.]+)` \| `(?P<test>test_\w+)` \|$", re.MULTILINE)


def _at(data: Any, place: str) -> Any:
    for step in place.split("."):
        data = data[int(step)] if step.isdigit() else data[step]
    return data


def test_every_rule_of_the_letter_is_data_that_is_there_and_held_by_a_test_that_is_there() -> None:
    rows = list(ROW.finditer((ROOT / "docs/campaigns.md").read_text("utf-8")))
    data = yaml.safe_load((SHIPPED / "near-zero-carbon-2021.yaml").read_text("utf-8"))
    tests = {
        name
        for path in (ROOT / "tests/service/campaigns").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert len(rows) >= 24
    assert [row["rule"] for row in rows if not _at(data, row["place"])] == []
    assert [row["test"] for row in rows if row["test"] not in tests] == []


def test_the_letter_is_in_the_campaign_as_it_stands() -> None:
    campaign = call().campaign
    assert [stage.deadline.date for stage in campaign.stages] == [date(2021, 2, 9), date(2021, 2, 24)]
    assert [domain.name for domain in campaign.domains] == [
        "城镇",
        "园区",
        "社区",
        "校园",
        "商业",
        "企事业单位",
    ]
    assert all(domain.aim for domain in campaign.domains)
    assert [(group.title, group.least) for group in campaign.organisers] == [
        ("各区人民政府（管委会）", 5),
        ("各有关部门", 3),
    ]
    assert all("专家团队" in group.duties[0] for group in campaign.organisers)
    assert [one.name for one in campaign.criteria] == [
        "良好的工作基础", "碳排放统计核算体系", "低碳技术研发与应用基础", "减碳空间较大", "有一定示范带动作用",
    ]  # fmt: skip
    assert campaign.contact.phone == "027-85807053"
    assert campaign.contact.mail == "whydqbh@126.com"


def test_what_came_is_sorted_by_its_form() -> None:
    ours, other = entry("a"), entry("b")
    standing = call().judge.stand([ours, other.__class__(**{**other.__dict__, "form": "enterprise-filing"})])
    said = figures(standing, call().judge.clock, at("2021-02-05 10:00"))
    assert (said["applications"], said["strays"]) == (1, 1)
