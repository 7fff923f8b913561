"""Definitions whose answers stand among printed words: what they may say, and how they are told."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.form import FormCell, FormDefinition, undivided, unended
from models.record import Record
from models.rules import check
from tests.service.forms.sentence_form import FORM

CHOICE: dict[str, Any] = {"kind": "choice", "name": "ways", "options": ["甲", "其他"]}


def cell(*content: dict[str, Any]) -> FormCell:
    return FormCell.model_validate({"label": "栏", "content": content})


def test_the_title_of_what_is_written_beside_an_option_names_both() -> None:
    assert FORM.titles["other_way"] == "取得方式：其他"
    assert FORM.beside["planned"] == ("taught", "计划")


def test_such_a_form_leaves_no_doubt_whose_words_are_whose() -> None:
    assert undivided(FORM) == []
    assert unended(FORM) == []


@pytest.mark.parametrize(
    "content",
    [
        [{"kind": "text", "name": "a", "beside": "其他"}],
        [CHOICE, {"kind": "text", "name": "a", "beside": "乙"}],
        [
            CHOICE,
            {"kind": "text", "name": "a", "beside": "甲"},
            {"kind": "text", "name": "b", "beside": "甲"},
        ],
        [CHOICE, {"kind": "text", "name": "a", "beside": "甲", "required": True}],
        [CHOICE, {"kind": "prose", "name": "a", "beside": "甲"}],
        [CHOICE, {"kind": "signature", "name": "a", "beside": "甲"}],
        [{"kind": "text", "name": "a", "inline": True}],
        [CHOICE, {"kind": "text", "name": "a", "inline": True}],
        [{"kind": "printed", "text": "本人"}, {"kind": "prose", "name": "a", "inline": True}],
    ],
)
def test_what_has_no_place_is_refused(content: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        cell(*content)


def test_a_column_of_rows_has_no_blank_in_a_sentence() -> None:
    column = {"label": "名称", "field": {"kind": "text", "name": "a", "inline": True}}
    with pytest.raises(ValidationError):
        cell({"kind": "rows", "name": "items", "columns": [column]})


def test_an_item_that_goes_on_stands_in_the_paragraph_before_it() -> None:
    sizes = [[len(items) for items in one.paragraphs] for row in FORM.rows for one in row.cells]
    assert sizes == [[1], [1], [1], [1], [6]]


def codes(**values: Any) -> list[tuple[str, str | None]]:
    record = Record(form=FORM.name, version=FORM.version, values=values)
    return [(one.code, one.field) for one in check(FORM, record)]


def test_an_option_and_its_words_belong_together() -> None:
    assert codes(ways=("其他",), other_way="破格") == []
    assert codes(ways=("考试",)) == []
    assert codes(ways=("其他",)) == [("choice-text-missing", "other_way")]
    unticked = [("choice-text-unticked", "other_way"), ("choice-text-unticked", "ways")]
    assert codes(ways=("考试",), other_way="破格") == unticked
    assert codes(other_way="破格") == unticked


def test_a_definition_without_such_words_is_as_it_was(forms: dict[str, FormDefinition]) -> None:
    for form in forms.values():
        assert form.beside == {}
        assert all(items == (item,) for one in form.cells() for items in one.paragraphs for item in items)
