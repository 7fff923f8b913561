"""A campaign as data: what goes together in it, and what a form must bear out."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from models.calendars import Calendar
from models.campaign import Campaign, misfits
from models.form import FormDefinition

SHIPPED = Path(__file__).parents[2] / "fixtures" / "campaigns"


def _data(name: str = "near-zero-carbon-2021") -> dict[str, Any]:
    text = (SHIPPED / f"{name}.yaml").read_text("utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def _wrong(data: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        Campaign.model_validate(data)
    return "\n".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in caught.value.errors(include_url=False)
    )


def test_the_shipped_campaigns_are_sound_and_unlike_each_other(forms: dict[str, FormDefinition]) -> None:
    first, second = (Campaign.model_validate(_data(path.stem)) for path in sorted(SHIPPED.glob("*.yaml")))
    assert misfits(first, forms[first.form]) == misfits(second, forms[second.form]) == []
    assert first.form != second.form
    assert first.time_zone != second.time_zone
    assert (first.fields.domain is None) != (second.fields.domain is None)


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (("stages", 1, "deadline", "date"), "2021-02-01", "stages.1.deadline: 不应早于上一阶段"),
        (("stages", 1, "name"), "application", "stages.1: 阶段的 name应各不相同"),
        (("domains", 0, "applicants"), ["商会"], "domains.0.applicants.0: 应为 applicants 中的一种"),
        (("applicants", 0, "exceptions"), ["大学"], "applicants.0.exceptions.0: “大学”不以"),
        (("organisers", 0, "members", 0, "mail"), ["126.com"], "是公共邮箱"),
        (("organisers", 0, "members", 1, "mail"), ["JIANGAN.example"], "已用于 江岸区人民政府"),
        (("organisers", 0, "members", 0, "seals"), ["区政府"], "太短"),
        (("organisers", 0, "members", 1, "name"), "江岸区人民政府", "应各不相同"),
        (("organisers", 0, "most"), 3, "least 不应大于 most"),
        (("fields", "domain"), None, "领域不止一个"),
        (("announced",), None, "应同时写"),
        (("stages", 0, "form"), None, "二者取一"),
        (("stages", 0, "opens"), "2021-03-01", "opens 不应晚于"),
    ],
)
def test_what_does_not_go_together_is_told_at_its_place(
    where: tuple[str | int, ...], value: object, told: str
) -> None:
    data = _data()
    inner: Any = data
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    assert told in _wrong(data)


def test_an_organiser_by_whom_nothing_can_be_known_is_refused() -> None:
    data = _data()
    member = data["organisers"][1]["members"][0]
    del member["mail"], member["seals"]
    assert "否则无从识别" in _wrong(data)


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        ("unit", "nobody", "没有字段“nobody”"),
        ("seal", "address", "应为盖章的字段"),
        ("address", "pledge_date", "应为填写文字的字段"),
        ("domain", "organization", "应为选择的字段"),
    ],
)
def test_fields_that_the_form_does_not_have_are_misfits(
    forms: dict[str, FormDefinition], where: str, value: str, told: str
) -> None:
    data = _data()
    data["fields"][where] = value
    campaign = Campaign.model_validate(data)
    assert any(told in one.expected for one in misfits(campaign, forms[campaign.form]))


def test_an_option_of_the_form_without_a_domain_is_a_misfit(forms: dict[str, FormDefinition]) -> None:
    data = _data()
    gone = data["domains"].pop(0)["name"]
    data["applicants"] = [one for one in data["applicants"] if one["name"] != "各级行政主管部门"]
    campaign = Campaign.model_validate(data)
    assert any(gone in one.expected for one in misfits(campaign, forms[campaign.form]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"criteria": [{"name": "甲", "points": 10}, {"name": "乙"}]}, "都写，或都不写"),
        ({"criteria": [{"name": "甲", "points": 10}, {"name": "甲", "points": 5}]}, "各不相同"),
        ({"criteria": [{"name": "甲"}], "scoring": {"reviewers": 2}}, "不应写 scoring"),
        ({"criteria": [{"name": "甲", "points": 9}], "scoring": {"apart": 3}}, "不应写 apart"),
    ],
)
def test_a_table_of_criteria_that_makes_no_sense_is_refused(change: dict[str, Any], told: str) -> None:
    assert told in _wrong(_data() | change)


def test_a_call_without_points_has_no_reviewers_who_give_any() -> None:
    assert Campaign.model_validate(_data()).reviewers == 0
    points = {"criteria": [{"name": "甲", "points": 10}]}
    assert Campaign.model_validate(_data() | points).reviewers == 1


def test_a_calendar_takes_no_working_weekday_and_no_holiday_of_another_year() -> None:
    with pytest.raises(ValidationError, match="周六或周日"):
        Calendar.model_validate({"year": 2021, "workdays": ["2021-02-08"]})
    with pytest.raises(ValidationError, match="2021 年内"):
        Calendar.model_validate(
            {"year": 2021, "holidays": [{"name": "年", "first": "2020-12-31", "last": "2021-01-02"}]}
        )
