"""Whose a file is that is no application itself."""

import pytest

from extractor import Belonging

TWO_MAILS = {"a.eml/表.docx": [1], "b.eml/表.docx": [2], "b.eml/表二.docx": [3]}


@pytest.mark.parametrize(
    ("name", "owners"),
    [
        ("a.eml/表.docx", {1}),
        ("a.eml", {1}),
        ("a.eml/坏.pdf", {1}),
        ("a.eml/包.zip/坏.pdf", {1}),
        ("b.eml", {2, 3}),
        ("b.eml/坏.pdf", set()),
        ("坏.pdf", set()),
        ("a.em", set()),
    ],
)
def test_what_lies_with_a_single_application_is_that_ones_and_with_several_nobodys(
    name: str, owners: set[int]
) -> None:
    assert Belonging(TWO_MAILS).of(name) == owners


def test_what_lies_beside_the_only_application_is_its_own_unless_they_came_apart() -> None:
    assert Belonging({"表.docx": [1]}).of("坏.pdf") == {1}
    assert Belonging({"表.docx": [1]}, apart=True).of("坏.pdf") == set()
    assert Belonging({"包.zip/表.docx": [1]}, apart=True).of("包.zip/坏.pdf") == {1}


def test_what_hangs_on_a_form_is_the_forms_whatever_else_hangs_on_it() -> None:
    assert Belonging({"表.pdf": [1], "表.pdf/另一份.docx": [2]}).of("表.pdf/坏.docx") == {1}


def test_of_several_parts_it_is_whose_all_are() -> None:
    belonging = Belonging(TWO_MAILS)
    assert belonging.of_all(["坏.pdf", "a.eml/表.docx"]) == {1}
    assert belonging.of_all(["a.eml/表.docx", "b.eml/表.docx"]) == set()
    assert belonging.of_all(["坏.pdf"]) == set()
