"""Which call a submission belongs to: the only one with its form that was open when it came."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from models.campaign import Campaign
from service.campaigns.judgement.belonging import Call, fitting
from tests.service.campaigns.calls import at, call

ZONE = ZoneInfo("Asia/Shanghai")
OLD = Call("old", "去年", "a-form", ZONE, closed=date(2021, 12, 31))
NEW = Call("new", "今年", "a-form", ZONE, opens=date(2021, 12, 1))
OTHER = Call("other", "另一个", "b-form", ZONE)


@pytest.mark.parametrize(
    ("form", "came", "expected"),
    [
        ("a-form", "2021-11-30 23:59", ["old"]),
        ("a-form", "2021-12-01 00:00", ["old", "new"]),
        ("a-form", "2021-12-31 23:59", ["old", "new"]),
        ("a-form", "2022-01-01 00:00", ["new"]),
        ("b-form", "1999-01-01 00:00", ["other"]),
        ("c-form", "2021-12-01 00:00", []),
    ],
)
def test_a_submission_fits_the_calls_of_its_form_that_were_open(
    form: str, came: str, expected: list[str]
) -> None:
    assert fitting(form, at(came), [OLD, NEW, OTHER]) == expected


def test_a_call_without_days_is_always_open_and_none_closes_before_its_last_stage() -> None:
    shipped = call().campaign
    assert Call.of(shipped, ZONE).is_always_open
    with pytest.raises(ValueError, match="不应早于最后一个阶段"):
        Campaign.model_validate(shipped.model_dump(by_alias=True) | {"closed": date(2021, 2, 23)})
