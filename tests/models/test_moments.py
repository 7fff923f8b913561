"""Months, periods and times of day, as people write them."""

import pytest

from models.errors import Unparsable
from models.fields import NumberField
from tests.models.kinds import DATE, DATE_TIME, MONTH, PERIOD, TIME


@pytest.mark.parametrize(
    "text",
    [
        "1985年3月",
        "1985.3",
        "1985-03",
        "一九八五年三月",
        "198503",
        "1985年3月12日",
        "1985.3.12",
        "１９８５ 年 ３ 月份",
    ],
)
def test_a_month_is_read_however_it_is_written(text: str) -> None:
    assert MONTH.parse(text) == "1985-03"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2021年3月至2022年12月", "2021-03/2022-12"),
        ("2021.3—2022.12", "2021-03/2022-12"),
        ("自2021年3月起至2022年12月止", "2021-03/2022-12"),
        ("2021-03-05至2022-12-31", "2021-03-05/2022-12-31"),
        ("2023年1月至12月", "2023-01/2023-12"),
        ("2023年1月1日至12月31日", "2023-01-01/2023-12-31"),
        ("2019.9-至今", "2019-09/.."),
    ],
)
def test_a_period_has_two_ends_or_goes_on(text: str, value: str) -> None:
    assert PERIOD.parse(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14:30", "14:30"),
        ("下午2点半", "14:30"),
        ("9时05分", "09:05"),
        ("14点", "14:00"),
        ("中午1点", "13:00"),
    ],
)
def test_a_time_of_day_is_read_however_it_is_written(text: str, value: str) -> None:
    assert TIME.parse(text) == value
    assert DATE_TIME.parse(f"2021年3月5日{text}") == f"2021-03-05T{value}"


@pytest.mark.parametrize("field", [MONTH, PERIOD, TIME, DATE_TIME], ids=lambda field: field.kind)
def test_the_blanks_that_a_form_prints_are_no_value(field: object) -> None:
    assert field.parse(field.blank) is None  # type: ignore[attr-defined]
    assert field.parse("____年__月") is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (MONTH, "85.3"), (MONTH, "1985年13月"), (MONTH, "2021年3月至5月"), (MONTH, "1985年1"), (MONTH, "约1985年3月"),
        (PERIOD, "2021年"), (PERIOD, "2021.3-2022.12.5"), (PERIOD, "2021-2022"),
        (PERIOD, "2021年3月至2022年12月或2023年1月"),
        (TIME, "25:00"), (TIME, "晚上12点"), (TIME, "14"), (TIME, "14:3"), (DATE_TIME, "2021年3月5日"),
        (DATE_TIME, "2021年2月30日14:30"),
    ],
)  # fmt: skip
def test_what_has_no_safe_reading_is_refused(field: object, text: str) -> None:
    with pytest.raises(Unparsable):
        field.parse(text)  # type: ignore[attr-defined]


def test_a_period_that_ends_before_it_begins_is_told() -> None:
    assert [one.code for one in PERIOD.check("2022-12/2021-03", "期限")] == ["period-reversed"]
    assert PERIOD.check("2021-03/..", "期限") == []


def test_a_birthday_may_lie_long_ago_where_the_form_says_so() -> None:
    born = DATE.model_copy(update={"since": 1900})
    value = DATE.parse("1962年5月4日")
    assert value is not None
    assert [one.code for one in DATE.check(value, "日期")] == ["date-range"]
    assert born.check(value, "日期") == []


def test_a_number_without_a_unit_takes_any_and_a_whole_one_no_fraction() -> None:
    bare = NumberField(kind="number", name="count", whole=True)
    for text, unit in (("12", ""), ("12人", "人")):
        value = bare.parse(text)
        assert value is not None
        assert (str(value.amount), value.unit, bare.check(value, "数量")) == ("12", unit, [])
    half = bare.parse("2.5")
    assert half is not None
    assert [one.code for one in bare.check(half, "数量")] == ["number-fraction"]
