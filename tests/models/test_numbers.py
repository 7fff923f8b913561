from decimal import Decimal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Unparsable
from models.fields import Amount, NumberField
from tests.models.kinds import DENSITY, NUMBER


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.5", "12.5"), ("12.50", "12.5"), ("1,234.5", "1234.5"), ("1，234.5", "1234.5"),
        ("1,234,567", "1234567"),
        ("１２．５", "12.5"),
        ("约12.5万元", "12.5"), ("共计12.5", "12.5"), ("12.5（万元）", "12.5"), ("12.5 万元", "12.5"),
        ("¥12.5", "12.5"),
        ("￥ 12.5", "12.5"),
        ("人民币12.5万元", "12.5"), ("12.5万元。", "12.5"), ("12.5万元万元", "12.5"), ("-3", "-3"),
        ("－3", "-3"),
        ("+5", "5"), ("-0", "0"), ("007", "7"),
        ("__12.5__万元", "12.5"), ("：12.5", "12.5"), ("100", "100"), ("0", "0"), ("0.000", "0"),
        ("9" * 24, "9" * 24),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_every_usual_writing(text, amount):
    value = NUMBER.parse(text)
    assert (f"{value.amount:f}", value.unit) == (amount, "万元")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1.2亿元", "亿元"),
        ("1.2亿元万元", "亿元"),
        ("12万", "万"),
        ("12.5万元左右", "万元左右"),
        ("12.5%", "%"),
        ("12m²", "m²"),
        ("12人", "人"),
    ],
)
def test_another_unit_is_kept_and_complained_of(text, unit):
    value = NUMBER.parse(text)
    assert value.unit == unit
    assert [finding.code for finding in NUMBER.check(value, "金额")] == ["number-unit"]


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("元", "12万元"),
        ("斤", "12公斤"),
        ("W", "12kW"),
        ("%", "12‰"),
        ("m", "12m²"),
        ("吨", "12万吨"),
        ("MW", "12mW"),
    ],
)
def test_a_unit_that_ends_like_the_forms_own_is_another(unit, text):
    field = NumberField(kind="number", name="n", unit=unit)
    assert field.parse(text) == Amount(amount=Decimal(12), unit=text[2:])
    assert field.check(field.parse(text), "n")


def test_a_unit_with_digits_is_the_forms_own_however_it_is_written():
    for text in ("12", "12kgCO2/m²", "12 kgCO2/m2", "12（kgCO₂/㎡）"):
        assert DENSITY.parse(text) == Amount(amount=Decimal(12), unit="kgCO2/m²")


@pytest.mark.parametrize(
    "text",
    [
        "10-20", "10~20", "10—20", "10至20万元2", "1.234.5", "12万元-20万元", "1,23", "12,5", "0,123",
        "1,2345", "12 34",
        "1 234", "12\n5", "12. 5", ".5", "5.",
        "10²", "3½", "①2", "12O", "12l", "1O万元", "3十万元", "十万元", "12〇", "12万5千元", "12点五", "1e5",
        "12.5万元?",
        "(12.5)", "—3", "——3", "--3", "+-3",
        "٣", "12.5/13", "12=12", "不少于12", "无", "9" * 25, "1" + "0" * 24, "0." + "0" * 24 + "1", "NaN",
        "inf",
        "12万元" + "很" * 30,
    ],
)  # fmt: skip
def test_a_doubtful_amount_is_never_guessed(text):
    with pytest.raises(Unparsable):
        NUMBER.parse(text)


@pytest.mark.parametrize("text", ["", "万元", "（万元）", "  万元", "/", "——", "____万元", "：万元"])
def test_the_unit_alone_is_no_amount(text):
    assert NUMBER.parse(text) is None


@given(
    st.decimals(allow_nan=False, allow_infinity=False)
    | st.floats(allow_nan=False)
    | st.text(alphabet="0123456789eE+-.", max_size=12)
)
def test_an_amount_from_json_is_exact_or_refused(data):
    try:
        value = NUMBER.from_json({"amount": data, "unit": "万元"})
    except pydantic.ValidationError:
        return
    assert value.amount == Decimal(str(data))
    assert len(NUMBER.format(value)) < 60


@pytest.mark.parametrize("data", ["1E+1000000", "1E-1000000", "NaN", "Infinity", "9" * 30, None, "", "十"])
def test_an_amount_beyond_all_bounds_is_refused(data):
    with pytest.raises(pydantic.ValidationError):
        NUMBER.from_json({"amount": data, "unit": "万元"})


def test_a_negative_amount_is_a_finding():
    assert [finding.code for finding in NUMBER.check(NUMBER.parse("-3"), "金额")] == ["number-negative"]


def test_a_sheet_gets_a_number_only_in_the_forms_own_unit():
    assert NUMBER.sheet_value(NUMBER.parse("12.5")) == Decimal("12.5")
    assert NUMBER.sheet_value(NUMBER.parse("1.2亿元")) == "1.2亿元"
