from collections.abc import Mapping

import pytest

from models.form import FormDefinition


@pytest.mark.parametrize(
    ("form", "first"), [("pilot-application", "organization"), ("enterprise-filing", "company")]
)
def test_a_filled_form_is_told_from_another_by_who_applies_or_else_its_first_line(
    forms: Mapping[str, FormDefinition], form: str, first: str
) -> None:
    assert forms[form].caption[0] == first


def test_who_applies_is_what_seals_and_texts_should_bear(forms: Mapping[str, FormDefinition]) -> None:
    assert forms["pilot-application"].applicant == ("organization",)
    assert forms["enterprise-filing"].applicant == ()
