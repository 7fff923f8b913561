"""A misread character of a code: found by its check character, and never accepted."""

import random

import pytest
from stdnum.cn import ric, uscc

from extractor.answers.values import observe_written
from extractor.text.passage import Passage, Place
from extractor.weighing.decide import decide
from models.fields import BankAccountField, CreditCodeField, IdCardField
from models.form import FormDefinition
from models.page import Line, Run

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_CODE = CreditCodeField(kind="credit-code", name="code")
_ID_CARD = IdCardField(kind="id-card", name="code")
_CARD = BankAccountField(kind="bank-account", name="code")


def _form(field):
    cell = {"label": "代码", "content": [field.model_dump(exclude_none=True)]}
    return FormDefinition.model_validate(
        {"name": "codes", "version": "1", "title": "代码表", "columns": [3, 9], "rows": [{"cells": [cell]}]}
    )


def _decided(field, *runs):
    passage = Passage.of([Line(spans=tuple(runs))], Place(page=1))
    seen = observe_written(field, "代码", passage, (), 6.0)
    return decide(_form(field), [seen])


def _runs(code, sure=0.9995, **doubtful):
    return [Run(text=char, confidence=sure, **doubtful) for char in code]


def _credit_code(dice):
    body = f"91{dice.choice(['110108', '420100', '440300'])}" + "".join(dice.choices(_SIGNS, k=9))
    return body + uscc.calc_check_digit(body)


def _identity(dice):
    body = (
        f"420106{dice.randint(1950, 2005)}{dice.randint(1, 12):02}"
        f"{dice.randint(1, 28):02}{dice.randint(0, 999):03}"
    )
    return body + ric.calc_check_digit(f"{body}0")


@pytest.mark.parametrize(("field", "made"), [(_CREDIT_CODE, _credit_code), (_ID_CARD, _identity)])
def test_a_code_that_was_read_well_off_a_picture_is_accepted(field, made):
    code = made(random.Random(1))
    result = _decided(field, *_runs(code)).fields["code"]
    assert (result.value, result.decision) == (code, "accept")


def test_one_doubtful_character_is_borne_out_by_the_check_character():
    code = _credit_code(random.Random(2))
    runs = _runs(code)
    runs[7] = Run(text=code[7], confidence=0.7, others=(("B", 0.2),))
    assert _decided(_CREDIT_CODE, *runs).fields["code"].decision == "accept"
    runs[3:12] = [Run(text=run.text, confidence=0.7) for run in runs[3:12]]
    assert _decided(_CREDIT_CODE, *runs).fields["code"].decision == "review"


@pytest.mark.parametrize("trials", [300, pytest.param(5000, marks=pytest.mark.accept)])
@pytest.mark.parametrize(("field", "made"), [(_CREDIT_CODE, _credit_code), (_ID_CARD, _identity)])
def test_of_the_codes_with_one_character_misread_none_is_accepted_and_most_are_mended(field, made, trials):
    """The reader is sure of what it read, and knows the right character as a rival in two of three cases."""
    dice = random.Random(20261129)
    mended = silent = 0
    for trial in range(trials):
        code, at = made(dice), dice.randrange(18)
        wrong = dice.choice([sign for sign in _SIGNS if sign != code[at]])
        runs = _runs(code)
        rivals = ((code[at], 0.01),) if trial % 3 else ()
        runs[at] = Run(text=wrong, confidence=0.98, others=rivals)
        result = _decided(field, *runs).fields["code"]
        silent += result.decision == "accept" and result.value != code
        mended += result.value == code
        assert result.decision == "review"
    assert silent == 0
    assert mended >= 0.6 * trials


def test_a_letter_that_no_code_has_is_taken_for_the_digit_that_it_looks_like_and_shown():
    decided = _decided(_CREDIT_CODE, Run(text="9142O100MA4KXYW128"))
    result = decided.fields["code"]
    assert (result.value, result.decision) == ("91420100MA4KXYW128", "review")
    assert "code-mended" in {finding.code for finding in decided.findings}


def test_the_number_of_an_account_off_a_picture_is_never_accepted_unseen():
    assert _decided(_CARD, *_runs("42001234567890123456")).fields["code"].decision == "review"
