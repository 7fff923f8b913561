"""Codes that prove themselves, held against another implementation of the same standards."""

import datetime

import pytest
import stdnum.luhn
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from tests.models.kinds import BANK_ACCOUNT, CODES, CREDIT_CODE, ID_CARD, POSTCODE

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BODIES = st.builds("91{}{}".format, st.from_regex(r"(11|31|42|44|51)[0-9]{4}", fullmatch=True),
                    st.text(alphabet=_SIGNS, min_size=9, max_size=9))  # fmt: skip
_BORN = st.dates(datetime.date(1930, 1, 1), datetime.date(2020, 12, 31))
_PERSONS = st.builds(
    lambda day, place, order: f"{place}{day:%Y%m%d}{order:03}",
    _BORN,
    st.sampled_from(["110101", "310104", "420106", "440304", "510105"]),
    st.integers(0, 999),
)
_CARDS = st.from_regex(r"62[0-9]{13}([0-9]{3})?", fullmatch=True)
_QUICK = settings(max_examples=100, deadline=None)


def complaints(field, text):
    value = field.parse(text)
    return [finding.message for finding in field.check(value, "代码")] if value else []


@_QUICK
@given(body=_BODIES, last=st.sampled_from(_SIGNS))
def test_a_credit_code_is_sound_where_the_other_implementation_says_so(body, last):
    assert (complaints(CREDIT_CODE, body + last) == []) == (uscc.calc_check_digit(body) == last)


@_QUICK
@given(body=_PERSONS, last=st.sampled_from("0123456789X"))
def test_an_identity_number_is_sound_where_the_other_implementation_says_so(body, last):
    assert (complaints(ID_CARD, body + last) == []) == (ric.calc_check_digit(f"{body}0") == last)


@_QUICK
@given(body=_CARDS, last=st.sampled_from("0123456789"))
def test_the_number_of_a_card_is_sound_where_the_other_implementation_says_so(body, last):
    assert (complaints(BANK_ACCOUNT, body + last) == []) == stdnum.luhn.is_valid(body + last)


@_QUICK
@given(data=st.data())
def test_no_other_character_in_any_one_place_gives_a_sound_code(data):
    body = data.draw(_BODIES)
    code = body + uscc.calc_check_digit(body)
    at, other = data.draw(st.integers(0, 17)), data.draw(st.sampled_from(_SIGNS))
    assert (complaints(CREDIT_CODE, code[:at] + other + code[at + 1 :]) == []) == (other == code[at])


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (CREDIT_CODE, "９１４２０１００ＭＡ４ＫＸＹＷ１２８", "91420100MA4KXYW128"),
        (CREDIT_CODE, "91420100-ma4kxyw12-8", "91420100MA4KXYW128"),
        (CREDIT_CODE, "9142 0100 MA4K XYW1 28", "91420100MA4KXYW128"),
        (ID_CARD, "11010519491231002x", "11010519491231002X"),
        (BANK_ACCOUNT, "6222 0212 3456 7890 128", "6222021234567890128"),
        (POSTCODE, "430079", "430079"),
        (CREDIT_CODE, "________", None), (POSTCODE, " ／ ", None),
    ],
)  # fmt: skip
def test_however_a_code_is_typed_it_is_stored_in_one_way(field, text, value):
    assert field.parse(text) == value


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        (CREDIT_CODE, "91420100MA4KXYW12", "18 位"), (CREDIT_CODE, "91420100MA4KXYW12O", "18 位"),
        (CREDIT_CODE, "91420100MA4KXWY128", "校验码不符"),
        (ID_CARD, "110105194912310021", "校验码不符"), (ID_CARD, "110105491231002", "18 位"),
        (BANK_ACCOUNT, "12345", "9 至 30 位"), (BANK_ACCOUNT, "4200 1234567A", "9 至 30 位"),
        (POSTCODE, "43007", "6 位"), (POSTCODE, "001234", "没有这样的邮编"),
        (POSTCODE, "910000", "没有这样的邮编"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_code_is_said(field, text, why):
    (message,) = complaints(field, text)
    assert why in message


@pytest.mark.parametrize("place", ["19490231", "18991231"])
def test_an_identity_number_of_a_day_that_is_none_or_long_past_is_refused(place):
    body = f"110105{place}002"
    (message,) = complaints(ID_CARD, body + ric.calc_check_digit(f"{body}0"))
    assert "出生日期" in message


def test_the_number_of_an_account_that_is_no_card_has_no_check_digit():
    assert complaints(BANK_ACCOUNT, "4200 1234 5678 9012 3456 7") == []


def test_a_code_is_found_among_other_words_and_beside_a_telephone_number():
    text = "税号 91420100ma4kxyw128 电话 02785807053"
    ((start, end),) = CREDIT_CODE.find(text)
    assert text[start:end] == "91420100ma4kxyw128"
    assert CREDIT_CODE.find("税号 9142 0100 MA4K XYW1 28") == [(3, 25)]
    assert [field.find("没有") for field in CODES] == [[], [], [], []]
