"""What a PDF shows, or holds and doesn't show, that is easily passed over: it is read as a person sees it, or goes to review."""

from pathlib import Path
from typing import Any

import pytest

from extractor import Source, extract
from models.form import FormDefinition
from models.record import FieldResult, Result
from tests.extractor.pdfs import turned, typeset

FORM = FormDefinition.model_validate(
    {
        "name": "shown",
        "version": "1",
        "title": "用能表",
        "columns": [3, 5, 3, 5],
        "rows": [
            {"cells": [{"label": "项目名称", "columns": 3, "content": [{"kind": "text", "name": "project"}]}]},
            {
                "cells": [
                    {"label": "综合能耗", "content": [{"kind": "number", "name": "energy", "unit": "吨"}]},
                    {"label": "联系电话", "content": [{"kind": "phone", "name": "phone"}]},
                ]
            },
            {"cells": [{"label": "建筑面积", "columns": 3, "content": [{"kind": "number", "name": "area", "unit": "m²"}]}]},
            {"cells": [{"label": "管理政策", "columns": 3, "content": [{"kind": "prose", "name": "policy"}]}]},
        ],
    }
)
RIGHT: dict[str, Any] = {
    "project": "清源LED园区改造", "energy": "18650吨", "phone": "13871520946", "area": "1200", "policy": "每季度核算一次，CO2单列。"
}  # fmt: skip
SUPER, SUB = "#super(typographic: false)[{}]", "#sub(typographic: false)[{}]"


def page(**answers: str) -> bytes:
    """The form as a PDF; `answers` are Typst markup and replace the usual ones."""
    given = {**RIGHT, **answers}
    return typeset(
        f"""= 用能表
#table(columns: (3fr, 5fr, 3fr, 5fr), [项目名称], table.cell(colspan: 3)[{given["project"]}],
[综合能耗], [{given["energy"]}], [联系电话], [{given["phone"]}], [建筑面积], table.cell(colspan: 3)[{given["area"]}],
[管理政策], table.cell(colspan: 3)[{given["policy"]}])"""
    )


def result(data: bytes, tmp_path: Path) -> Result:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    (read,) = extract(Source.at(path), {"shown": FORM})
    assert read.error is None
    return read


def fields(data: bytes, tmp_path: Path) -> dict[str, FieldResult]:
    return dict(result(data, tmp_path).fields)


def test_a_form_without_traps_is_accepted(tmp_path: Path) -> None:
    read = fields(page(), tmp_path)
    assert {field.decision for field in read.values()} == {"accept"}


@pytest.mark.parametrize(
    "energy",
    [
        f"18650{SUPER.format(1)}吨",
        f"18650{SUPER.format(1)}",
        f"18650{SUB.format(1)}吨",
        f"10{SUPER.format(4)}吨",
        f"{SUPER.format(1)}18650吨",
        "18650#super(typographic: false, size: 0.4em, baseline: -0.6em)[1]吨",
        "18650#super(typographic: false, size: 0.85em, baseline: -0.35em)[1]吨",
        "18650#super(typographic: false, size: 1em, baseline: -0.3em)[1]吨",
        "18650#super(typographic: false, size: 0.58em, baseline: 0.08em)[1]吨",
        f"18650{SUPER.format('注1')}吨",
        f"18650{SUPER.format('[1]')}吨",
    ],
)
def test_a_raised_or_lowered_digit_is_never_glued_to_a_number(energy: str, tmp_path: Path) -> None:
    read = fields(page(energy=energy), tmp_path)
    assert read["energy"].decision == "review"
    assert read["phone"].decision == "accept"


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("by_content", [False, True])
def test_a_page_that_is_shown_sideways_is_read_as_upright(turn: int, by_content: bool, tmp_path: Path) -> None:
    upright = fields(page(), tmp_path)
    sideways = fields(turned(page(), turn, by_content), tmp_path)
    assert {name: (one.value, one.decision) for name, one in sideways.items()} == {
        name: (one.value, one.decision) for name, one in upright.items()
    }


@pytest.mark.parametrize("turn", ["90deg", "-90deg", "180deg"])
def test_an_answer_that_stands_turned_on_its_page_is_reviewed(turn: str, tmp_path: Path) -> None:
    read = fields(page(project=f"#rotate({turn}, reflow: true)[低碳园区]"), tmp_path)
    assert read["project"].decision == "review"
    assert read["phone"].decision == "accept"


@pytest.mark.parametrize(
    ("name", "answer", "value"),
    [
        ("area", f"1200 m{SUPER.format(2)}", "1200"),
        ("policy", f"每季度核算，CO{SUB.format(2)}单列。", "每季度核算，CO₂单列。"),
        ("policy", "公司#text(size: 8pt)[每季度]核算LED，#text(size: 14pt)[一次]。", "公司每季度核算LED，一次。"),
        ("energy", "18650#text(size: 8pt)[吨]", "18650"),
        ("project", '清源#text(font: "Noto Sans SC", size: 9pt)[LED 3]园区', "清源LED 3园区"),
        ("phone", "#text(size: 8pt)[13871520946]", "13871520946"),
        ("policy", "第一#box(baseline: 0.7pt, text(size: 8pt)[A1])段", "第一A1段"),
    ],
)
def test_units_formulas_and_other_sizes_are_no_doubt(name: str, answer: str, value: str, tmp_path: Path) -> None:
    read = fields(page(**{name: answer}), tmp_path)
    said = read[name].value
    assert str(getattr(said, "amount", said)) == value
    assert read[name].decision == "accept"
