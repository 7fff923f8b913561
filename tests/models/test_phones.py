import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.models.kinds import PHONE

MOBILES = st.from_regex(r"1(3[0-9]|5[0-35-9]|8[0-9])[0-9]{8}", fullmatch=True)
GOOD = [
    "13800138000",
    "027-85807053",
    "027-85807053转801",
    "0716-8888777",
    "0571-88887777",
    "010-62345678",
    "400-800-8888",
    "85807053",
    "8580705",
]


def complaints(text):
    """What is complained of in `text`."""
    value = PHONE.parse(text)
    return [finding.message for finding in PHONE.check(value, "电话")] if value else []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "13800138000"), ("138 0013 8000", "13800138000"), ("138-0013-8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"), ("1 3 8 0 0 1 3 8 0 0 0", "13800138000"),
        ("1380013\n8000", "13800138000"),
        ("+86 13800138000", "13800138000"), ("+86-138-0013-8000", "13800138000"),
        ("(+86)13800138000", "13800138000"),
        ("008613800138000", "13800138000"), ("手机：13800138000", "13800138000"),
        ("13800138000。", "13800138000"),
        ("027-85807053", "027-85807053"), ("027 85807053", "027-85807053"),
        ("（027）85807053", "027-85807053"),
        ("(027) 8580 7053", "027-85807053"), ("02785807053", "027-85807053"),
        ("027—85807053", "027-85807053"),
        ("０２７－８５８０７０５３", "027-85807053"), ("027-8580-7053", "027-85807053"),
        ("0 2 7 - 8 5 8 0 7 0 5 3", "027-85807053"),
        ("+86 27 85807053", "027-85807053"), ("+86-10-62345678", "010-62345678"),
        ("+86(0)27-85807053", "027-85807053"),
        ("+862785807053", "027-85807053"), ("+86 027 85807053", "027-85807053"),
        ("0716-8888777", "0716-8888777"), ("0571-88887777", "0571-88887777"),
        ("0991-8888777", "0991-8888777"),
        ("021-58888888", "021-58888888"), ("85807053", "85807053"), ("8580705", "8580705"),
        ("027-85807053转801", "027-85807053转801"), ("027-85807053-801", "027-85807053转801"),
        ("027-85807053 转 801", "027-85807053转801"),
        ("027-85807053分机801", "027-85807053转801"), ("027-85807053转分机801", "027-85807053转801"),
        ("027-85807053分机号：801", "027-85807053转801"),
        ("027-85807053 ext. 801", "027-85807053转801"), ("027-85807053x801", "027-85807053转801"),
        ("027-85807053#801", "027-85807053转801"),
        ("027-85807053\n转801", "027-85807053转801"),
        ("400-800-8888", "400-800-8888"), ("4008008888", "400-800-8888"), ("4008-008-888", "400-800-8888"),
        ("400 8008 888", "400-800-8888"),
        ("4008008888转1", "400-800-8888转1"),
    ],
)  # fmt: skip
def test_a_number_is_read_in_every_usual_writing(text, number):
    assert PHONE.parse(text) == number
    assert not complaints(text)


SEPARATORS = [
    "、",
    "/",
    ";",
    "；",
    "，",
    ",",
    " ",
    "  ",
    "\n",
    "或",
    "和",
    " 或 ",
    "、\n",
    "|",
    "；手机：",
    "　",
]


@given(st.lists(st.sampled_from(GOOD), min_size=2, max_size=4), st.sampled_from(SEPARATORS))
def test_several_numbers_in_one_cell_are_told_apart(numbers, separator):
    assert PHONE.parse(separator.join(numbers)) == ";".join(numbers)
    assert not complaints(separator.join(numbers))


def test_several_numbers_told_apart_by_words_and_list_numbers():
    assert PHONE.parse("手机13800138000电话027-85807053") == "13800138000;027-85807053"
    assert PHONE.parse("85807053手机13800138000") == "85807053;13800138000"
    assert PHONE.parse("①85807053②85807054") == "85807053;85807054"
    assert PHONE.parse("85807053-85807054") == "85807053;85807054"


@given(st.lists(MOBILES, min_size=2, max_size=3))
def test_numbers_run_together_are_complained_of(numbers):
    assert complaints("".join(numbers))


@given(MOBILES, st.integers(0, 10))
def test_a_mobile_number_without_one_of_its_digits_is_complained_of(number, at):
    short = number[:at] + number[at + 1 :]
    assume(short != number)
    assert complaints(short)
    assert complaints(f"{short[:3]} {short[3:7]} {short[7:]}")


@given(MOBILES, st.integers(0, 11), st.sampled_from("0123456789"))
def test_a_mobile_number_with_a_digit_too_many_is_complained_of(number, at, digit):
    assert complaints(number[:at] + digit + number[at:])


@given(
    st.sampled_from(["010", "027", "021"]),
    st.from_regex(r"[2-8][0-9]{7}", fullmatch=True),
    st.integers(1, 7),
    st.sampled_from("0123456789"),
)
def test_a_city_number_with_a_digit_more_or_less_is_complained_of(area, local, at, digit):
    for wrong in (local[:at] + local[at + 1 :], local[:at] + digit + local[at:]):
        assert complaints(f"{area}-{wrong}")
        assert complaints(area + wrong)


@given(st.sampled_from(GOOD), st.integers(0, 20), st.sampled_from("lOoIZSBabc零一?*=~%&^"))
def test_a_letter_in_a_number_is_complained_of(number, at, letter):
    assume(at <= len(number) and letter not in "&")
    assert complaints(number[:at] + letter + number[at:])
    if at < len(number) and number[at].isdigit():
        assert complaints(number[:at] + letter + number[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "0571-8888777", "027-8580705", "010-1234567", "0755-2345678", "0716-88887777", "0571-8888",
        "0100-8888777",
        "010-858070531",
        "1380013800l", "13800138OOO", "1380013800", "138001380001", "12800138000", "013800138000",
        "8613800138000",
        "13800138000 801",
        "027-85807053-8", "027-85807053-54", "027-85807053/54", "85807053-801转2", "8580-705", "27-85807053",
        "571-88887777",
        "85807053;1", "电话：85807053；传真：85807054转", "138001380 00139 00139000",
        "1380013800 13900139000",
        "400-800-888", "400-800-88888",
        "95588", "12345", "8008208820", "无", "同上", "张三", "张三13800138000", "13800138000（张三）",
        "传真：027-85807053", "3.85807053", "85807053²", "½", "٣٨٥٨٠٧٠٥٣",
        "+86", "转801", "85807053转", "85807053转1234567", "+86 258580705", "+1 2025550123", "00852-25550123",
    ],
)  # fmt: skip
def test_what_is_no_number_is_kept_and_complained_of(text):
    assert complaints(text)


@given(st.text(alphabet="0123456789 -()+转x、\n（）—.机", max_size=40))
def test_no_digit_is_ever_lost_or_made_up(text):
    digits = re.sub(r"\D", "", (PHONE.parse(text) or "").replace("转", ""))
    given_digits = re.sub(r"\D", "", text)
    # Only a country code may go, and the 0 that it stands for may come.
    if "+" not in text and "00" not in given_digits and "86" not in given_digits:
        assert digits == given_digits


@pytest.mark.parametrize(
    "value",
    [
        "",
        "85807053转abc",
        "85807053 ",
        "8580 7053",
        "13800138000;",
        "１３８００１３８０００",
        "+8613800138000",
        "13800138000\n",
    ],
)
def test_a_value_from_elsewhere_must_be_in_national_writing(value):
    assert PHONE.check(value, "电话")


def test_a_number_that_begins_like_the_prefix_of_a_carrier_is_not_valid_and_breaks_nothing() -> None:
    assert [finding.code for finding in PHONE.check("17900005000", "电话")] == ["phone-invalid"]
