"""Values as a code on paper: what was put in comes out, of the same form and no other, and nothing damaged
passes."""

import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from models.coded import checksum, decode, encode, is_of
from models.identity import Identity
from service.forms.definitions import load_forms
from tests.records import random_record

FORMS = load_forms()
FORM, OTHER = FORMS["pilot-application"], FORMS["enterprise-filing"]
COPY = Identity(form=FORM.name, version=FORM.version, instance="7KX2M")


def _code(seed: int) -> str:
    code = encode(FORM, COPY, random_record(FORM, seed).values)
    assert code is not None
    return code


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from(sorted(FORMS)))
def test_values_come_out_as_they_were_put_in_or_are_known_by_their_checksum(seed: int, name: str) -> None:
    form, values = FORMS[name], random_record(FORMS[name], seed).values
    code = encode(form, Identity(form=name, version=form.version, instance="A1"), values)
    assert code is not None
    said = decode(form, code)
    assert said is not None
    wanted = {key: one for key, one in values.items() if one is not None and not form.fields[key].is_mark}
    assert {**said.values, **dict.fromkeys(said.rest)}.keys() == wanted.keys()
    assert all(value == wanted[key] for key, value in said.values.items())
    assert all(checksum(form.fields[key], wanted[key]) == number for key, number in said.rest.items())


@settings(max_examples=12)
@given(st.integers(0, 10_000))
def test_a_code_fits_into_what_a_scan_can_show(seed: int) -> None:
    made = segno.make(_code(seed), error="m", micro=False)
    assert (made.mode, int(made.version) <= 13) == ("alphanumeric", True)


def test_a_code_is_of_one_form_one_edition_and_one_copy() -> None:
    code = _code(1)
    assert is_of(code, COPY)
    assert is_of(code, None)
    assert not is_of(code, COPY.model_copy(update={"instance": "7KX2N"}))
    assert not is_of("SF1/pilot-application/2021.1/7KX2M", None)
    assert decode(OTHER, code) is None
    assert decode(FORM.model_copy(update={"version": "2"}), code) is None
    plain = FORM.model_dump()
    edited = FORM.model_validate({**plain, "rows": plain["rows"][::-1]})
    assert decode(edited, code) is None


@settings(max_examples=50)
@given(st.integers(0, 400), st.sampled_from("0A$: 9Z"))
def test_a_damaged_code_says_nothing(place: int, char: str) -> None:
    code = _code(2)
    at = len(code) - 1 - place % (len(code) - 40)
    damaged = code[:at] + char + code[at + 1 :]
    assert damaged == code or decode(FORM, damaged) is None


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_what_is_no_code_of_ours_is_none(body: str) -> None:
    assert decode(FORM, f"SV1/PILOT-APPLICATION/{FORM.version.upper()}/7KX2M/{body}") is None


def test_nothing_makes_no_code() -> None:
    assert encode(FORM, COPY, {}) is None
