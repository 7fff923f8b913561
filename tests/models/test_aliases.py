"""Aliases that were learned, as definitions take them up."""

from typing import Any

import pytest

from models.aliases import Alias, printed_as, printed_keys, with_aliases
from models.form import FormDefinition
from models.writing import key

FORM = FormDefinition.model_validate({
    "name": "filing", "version": "1", "title": "备案表", "columns": [4, 12],
    "rows": [
        {"cells": [{"label": "企业名称", "content": [{"kind": "text", "name": "unit"}]}]},
        {"cells": [{"label": "经办", "content": [{"kind": "text", "name": "contact", "prompt": "姓名："}]}]},
    ],
})  # fmt: skip
LABEL, PROMPT = Alias("filing", "unit", "label", "单位全称"), Alias("filing", "contact", "prompt", "名字：")


def test_a_definition_takes_up_labels_and_prompts_and_stays_what_it_asks_for() -> None:
    made = with_aliases(FORM, [LABEL, PROMPT])
    unit, contact = made.cells()
    assert unit.aliases == ("单位全称",)
    assert contact.content[0].prompt_aliases == ("名字：",)  # type: ignore[union-attr]
    assert (made.version, list(made.fields), made.titles) == (FORM.version, list(FORM.fields), FORM.titles)
    assert {key("单位全称"), key("名字")} <= printed_keys(made)
    assert printed_as(FORM, LABEL) == "企业名称"
    assert printed_as(FORM, PROMPT) == "姓名："


def test_an_option_in_other_words_is_that_option() -> None:
    choice = {"kind": "choice", "name": "types", "options": ["园区", "社区"], "max": 1}
    row = {"cells": [{"label": "类型", "content": [choice]}]}
    form = FormDefinition.model_validate({**FORM.model_dump(), "rows": [row]})
    alias = Alias("filing", "types", "option", "产业园", "园区")
    made = with_aliases(form, [alias]).fields["types"]
    assert made.parse("产业园") == made.parse("园区") == ("园区",)
    assert made.find("☑产业园 □社区") == [(0, 8)]
    assert printed_as(form, alias) == "园区"
    assert with_aliases(form, [Alias("filing", "types", "option", "产业园", "没有的")]) == form
    for text, option in (("社区", "园区"), ("产业园", "没有的")):
        with pytest.raises(ValueError, match="option_aliases"):
            FormDefinition.model_validate({**form.model_dump(), "rows": [_with_alias(row, text, option)]})


def _with_alias(row: dict[str, Any], text: str, option: str) -> dict[str, Any]:
    (cell,) = row["cells"]
    (choice,) = cell["content"]
    return {
        "cells": [{**cell, "content": [{**choice, "option_aliases": [{"option": option, "text": text}]}]}]
    }


def test_what_is_about_another_form_or_no_field_or_printed_already_is_left_out() -> None:
    others = [
        Alias("other", "unit", "label", "单位全称"), Alias("filing", "gone", "label", "单位全称"),
        Alias("filing", "unit", "label", "经 办"), Alias("filing", "unit", "label", "姓名"),
    ]  # fmt: skip
    assert with_aliases(FORM, others) == FORM
    assert with_aliases(FORM, []) is FORM
    assert with_aliases(FORM, [LABEL, LABEL]) == with_aliases(FORM, [LABEL])
