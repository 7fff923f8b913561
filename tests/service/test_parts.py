"""What of a result is an application's own."""

from typing import Any

import pytest

from service.parts import files_of, outcomes, own, standings


def _line(application: int, **parts: list[int]) -> dict[str, Any]:
    named = {name.replace("__", "/").replace("_", "."): numbers for name, numbers in parts.items()}
    return {
        "application": application,
        "parts": [
            {"name": name, "state": "read", "applications": numbers} for name, numbers in named.items()
        ],
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (_line(1, a_docx=[1], b_pdf=[], c_zip=[]), ["own", "own", "own"]),
        (_line(1, a_docx=[]), ["own"]),
        (_line(2, a_docx=[1], b_docx=[2], c_pdf=[]), ["other", "own", "other"]),
        (
            _line(1, m_eml=[], m_eml__a_docx=[1], m_eml__b_docx=[2], m_eml__c_txt=[]),
            ["shared", "own", "other", "other"],
        ),
        (_line(1, m_eml=[], m_eml__a_docx=[1], m_eml__c_txt=[], b_docx=[2]), ["own", "own", "own", "other"]),
        (
            _line(2, m_eml=[], m_eml__a_docx=[1], m_eml__c_txt=[], b_docx=[2]),
            ["other", "other", "other", "own"],
        ),
        (_line(2, both_pdf=[1, 2]), ["own"]),
        (_line(2, f_pdf=[1], f_pdf__a_docx=[2]), ["other", "own"]),
    ],
)
def test_an_application_has_its_own_parts_alone(line: dict[str, Any], expected: list[str]) -> None:
    assert standings(line) == expected
    assert own(own(line)) == own(line), "what is narrowed once is narrowed"


def test_it_is_called_after_the_files_that_it_was_read_from() -> None:
    assert files_of(_line(1, m_eml=[], m_eml__a_docx=[1], m_eml__c_txt=[], b_docx=[2])) == ["m.eml/a.docx"]
    assert files_of(_line(1, a_docx=[], b_docx=[])) == ["a.docx", "b.docx"]


def test_before_anything_is_known_nothing_is_told_of_files() -> None:
    assert outcomes(["a.docx"], []) == [{"submissions": [], "state": None, "left": []}]
