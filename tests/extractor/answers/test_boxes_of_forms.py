"""Boxes as forms have them: a lone one before a sentence, and options counted by letters."""

from pathlib import Path
from typing import Any

import pytest

from extractor import Source, extract
from extractor.answers.choice import boxes_of, read_choice
from extractor.text.passage import Passage, Place
from generator import Kind, generate, new_identity
from models.fields import ChoiceField
from models.form import FormDefinition
from models.page import Line, Run
from models.record import Record

PLEDGE = "本人承诺以上所填内容真实，如有虚假，愿承担责任"
FORM = FormDefinition.model_validate(
    {
        "name": "pledged", "version": "1", "title": "志愿者登记表", "columns": [3.0, 13.0],
        "rows": [
            {"cells": [{"label": "姓名", "content": [{"kind": "text", "name": "person"}]}]},
            {"cells": [{"label": "联系电话", "content": [{"kind": "phone", "name": "phone"}]}]},
            {"cells": [{"label": "承诺", "content": [
                {"kind": "choice", "name": "pledge", "options": [PLEDGE], "max": 1}]}]},
        ],
    }
)  # fmt: skip


@pytest.mark.parametrize("kind", ["docx", "pdf", "pdf-flat"])
@pytest.mark.parametrize("ticked", [True, False])
def test_a_lone_box_goes_out_and_comes_back(kind: Kind, ticked: bool, tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "person": "韩素琴",
        "phone": "13871520946",
        "pledge": (PLEDGE,) if ticked else None,
    }
    record = Record(form=FORM.name, version=FORM.version, values=values)
    made = generate(FORM, kind, new_identity(FORM), record)
    path = tmp_path / f"a{made.suffix}"
    path.write_bytes(made.data)
    (result,) = extract(Source(path.name, path), {FORM.name: FORM})
    assert (result.fields["pledge"].value, result.fields["pledge"].decision) == (values["pledge"], "accept")


def _passage(text: str) -> Passage:
    return Passage.of([Line(spans=(Run(text=text),))], Place())


@pytest.mark.parametrize("chosen", [0, 1, 2])
@pytest.mark.parametrize("stop", [".", "、", "．", ")"])
def test_letters_that_count_options_belong_to_them(chosen: int, stop: str) -> None:
    field = ChoiceField(kind="choice", name="ways", options=("公开招标", "询价", "网上商城"))
    boxes = ["☑" if n == chosen else "□" for n in range(3)]
    text = "  ".join(f"{boxes[n]}{'ABC'[n]}{stop}{field.options[n]}" for n in range(3))
    reading = read_choice(field, "方式", _passage(text))
    assert (reading.value, reading.doubts) == ((field.options[chosen],), ())
    assert [text[start:end] for start, end in boxes_of(field, _passage(text)).values()] == boxes


def test_a_letter_that_counts_another_option_is_told() -> None:
    field = ChoiceField(kind="choice", name="ways", options=("公开招标", "询价", "网上商城"))
    reading = read_choice(field, "方式", _passage("☑C.公开招标  □A.询价  □B.网上商城"))
    assert [doubt.code for doubt in reading.doubts] != []
