"""Money in figures and in the numerals of cheques: both are read, and compared."""

import random
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings

from models.errors import Unparsable
from models.fields import MoneyField
from models.fields.money import in_capitals, of_capitals
from tests.models.kinds import MONEY, SUMS

_MANY = MoneyField(kind="money", name="sum", unit="万元")
_VALUES = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
_TIMES = {"拾": 10, "佰": 100, "仟": 1_000}


def _added_up(capitals: str) -> Decimal:
    """What a cheque says, added up sign by sign: another way than that of the field."""
    whole, yuan, cents = capitals.partition("元")
    if not yuan:
        whole, cents = "", capitals
    total = section = digit = 0
    for sign in whole:
        if sign in _VALUES:
            digit = _VALUES[sign]
        elif sign in _TIMES:
            section, digit = section + digit * _TIMES[sign], 0
        else:
            total, section, digit = total + (section + digit) * {"万": 10**4, "亿": 10**8}[sign], 0, 0
    small = sum(_VALUES[sign] * {"角": 10, "分": 1}[unit] for sign, unit in re.findall("(.)([角分])", cents))
    return Decimal((total + section + digit) * 100 + small).scaleb(-2)


@settings(deadline=None)
@given(SUMS)
def test_what_is_written_in_capitals_adds_up_to_the_amount_and_is_read_back(amount: Decimal) -> None:
    written = in_capitals(amount)
    assert _added_up(written) == amount
    assert of_capitals(written) == amount
    # The rules for bills: no two noughts beside each other, none before a place, 整 where no 分 follows.
    assert not re.search("零零|零[拾佰仟万亿角分整]|^零(?!元)", written)
    assert written.endswith("分") != written.endswith("整")


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("100000001", "壹亿零壹元整"),
        ("0.30", "叁角整"),
        ("0", "零元整"),
    ],
)
def test_the_examples_of_the_rules_for_bills(amount: str, written: str) -> None:
    assert in_capitals(Decimal(amount)) == written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("人民币（大写）：壹万贰仟叁佰元整　（小写）¥12,300.00", "壹万贰仟叁佰元整（¥12300.00）"),
        ("￥12300", "¥12300.00"),
        ("1.23万元", "¥12300.00"),
        ("12300元整", "¥12300.00"),
        ("一万二千三百元", "壹万贰仟叁佰元整"),
        ("拾元整", "壹拾元整"),
        ("陸佰萬圓正", "陆佰万元整"),
        ("____元", None),
        ("人民币（大写）：", None),
    ],
)
def test_what_people_write_is_read(text: str, value: str | None) -> None:
    assert MONEY.parse(text) == value


def test_a_figure_without_a_unit_is_in_the_forms_own() -> None:
    assert _MANY.parse("3200") == "¥32000000.00"
    assert _MANY.parse("3200元") == "¥3200.00"
    assert _MANY.parse("¥3200") == "¥3200.00"


@pytest.mark.parametrize(
    "text",
    ["1O00元", "12-13元", "壹贰元", "仟元整", "1000元2000元", "约几万元", "12.345元", "-5元", "元整壹"],
)
def test_what_is_no_amount_is_not_guessed_at(text: str) -> None:
    with pytest.raises(Unparsable):
        MONEY.parse(text)


def test_a_difference_between_both_is_told_and_no_number() -> None:
    value = MONEY.parse("壹万贰仟元整（¥12300.00）")
    assert value is not None
    (finding,) = MONEY.check(value, "合同金额")
    assert finding.code == "money-differs"
    assert "壹万贰仟元整" in finding.message
    assert "12300.00" in finding.message
    assert MONEY.sheet_value(value) == value
    assert MONEY.passing(value) == 1
    same = MONEY.parse("壹万贰仟元整（¥12000.00）")
    assert same is not None
    assert MONEY.check(same, "合同金额") == []
    assert MONEY.sheet_value(same) == Decimal(12000)
    assert MONEY.passing(same) < 0.01


def test_one_character_misread_of_both_is_never_the_same_amount_twice() -> None:
    """Whatever sign is taken for another, both writings agree only where the amount is right."""
    dice = random.Random(20261129)
    wrong = 0
    for _ in range(3_000):
        amount = Decimal(dice.randint(1, 10 ** dice.randint(2, 12))).scaleb(-2)
        text = f"{in_capitals(amount)}（¥{amount:.2f}）"
        at = dice.randrange(len(text))
        signs = "0123456789.,¥" if text[at].isascii() else "零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整"
        misread = text[:at] + dice.choice(signs) + text[at + 1 :]
        try:
            value = MONEY.parse(misread)
        except Unparsable:
            continue
        if value is not None and MONEY.passing(value) < 1 and not MONEY.check(value, "金额"):
            wrong += MONEY.sheet_value(value) != amount
    assert wrong == 0


def test_amounts_are_found_in_a_text_with_both_of_their_writings() -> None:
    text = "预算人民币壹万元整（¥10,000.00），其中自筹 2,000元。"
    assert [text[start:end] for start, end in MONEY.find(text)] == ["壹万元整（¥10,000.00）", "2,000元"]
