"""Signatures and ticks in the rows of a table inside the form."""

from pathlib import Path
from typing import Any

import pytest

from extractor import Source, extract
from extractor.answers.labels import align
from extractor.answers.match import match
from extractor.answers.units import units_of
from extractor.applications.reconcile import reconcile
from extractor.weighing.decide import Decided, decide
from generator import Kind, generate, new_identity
from models.fields import Signature
from models.form import FormDefinition
from models.page import Box, InkMark
from models.record import Observation, Record
from tests.extractor.answers.sheets import COLUMN, LEFT, ROW, grid, line, scan, sheet, words
from tests.extractor.documents import docx, paragraph, row, table

FORM = FormDefinition.model_validate(
    {
        "name": "meeting",
        "version": "1",
        "title": "会议签到表",
        "columns": [4, 4, 4, 4],
        "rows": [
            {"cells": [{"label": "会议名称", "columns": 3, "content": [{"kind": "text", "name": "topic"}]}]},
            {
                "labels": "above",
                "cells": [
                    {
                        "label": "参会人员",
                        "columns": 4,
                        "content": [
                            {
                                "kind": "rows",
                                "name": "people",
                                "blank_rows": 2,
                                "columns": [
                                    {"label": "姓名", "field": {"kind": "text", "name": "person"}},
                                    {
                                        "label": "用餐",
                                        "field": {"kind": "choice", "name": "meal", "options": ["是", "否"]},
                                    },
                                    {
                                        "label": "签字",
                                        "columns": 2,
                                        "field": {"kind": "signature", "name": "sign"},
                                    },
                                ],
                            }
                        ],
                    }
                ],
            },
        ],
    }
)
TOP = 100.0
FULL = Signature(present=True)
NONE = Signature(present=False)


def observed(*signed: int, sure: float = 0.9995, coloured: bool = True) -> list[Observation]:
    """The form as it was scanned, with two people, of whom those at `signed` signed."""
    rows = [
        ["会议名称", "水务例会"],
        ["参会人员"],
        ["姓名", "用餐", "签字"],
        ["张伟", "是", ""],
        ["李娜", "否", ""],
    ]
    page = sheet(1, line(words("会议签到表", 200, 60)), grid(rows, TOP))
    left = LEFT + 2 * COLUMN
    ink = [
        InkMark(
            box=Box(x0=left + 30, y0=TOP + ROW * (3 + n) + 8, x1=left + 110, y1=TOP + ROW * (3 + n) + 30),
            confidence=sure,
        )
        for n in signed
    ]
    pages = scan(page.model_copy(update={"ink": tuple(ink), "coloured": coloured}))
    return list(match(pages, align(FORM, units_of(pages)), "a").observations)


def decided(*signed: int, **how: Any) -> Decided:
    return decide(FORM, observed(*signed, **how))


@pytest.mark.parametrize("signed", [(), (0,), (1,), (0, 1)])
def test_who_signed_in_a_row_is_read(signed: tuple[int, ...]) -> None:
    people = decided(*signed).fields["people"].value
    assert [one["sign"].present for one in people] == [n in signed for n in range(2)]
    assert [one["person"] for one in people] == ["张伟", "李娜"]


def test_ink_that_may_be_a_signature_sends_the_rows_to_a_person() -> None:
    found = decided(0, sure=0.6)
    assert found.fields["people"].decision == "review"
    assert "unsure" in {finding.code for finding in found.findings if finding.field == "people"}


def test_a_copy_without_colour_cannot_prove_that_nobody_signed() -> None:
    assert decided(0, coloured=False).fields["people"].decision == "review"


def test_a_signature_alone_makes_a_row() -> None:
    field = FORM.fields["people"]
    assert field.row({"sign": "有"}) == {"person": None, "meal": None, "sign": FULL}  # type: ignore[union-attr]
    assert field.row({"sign": "无"}) is None  # type: ignore[union-attr]
    assert field.row({"person": "张伟"}) == {"person": "张伟", "meal": None, "sign": NONE}  # type: ignore[union-attr]


RECORD = Record(
    form=FORM.name,
    version=FORM.version,
    values={
        "topic": "水务例会",
        "people": (
            {"person": "张伟", "meal": ("是",), "sign": NONE},
            {"person": "李娜", "meal": ("否",), "sign": NONE},
        ),
    },
)


@pytest.mark.parametrize("kind", ["docx", "pdf", "pdf-flat"])
def test_places_to_sign_go_out_empty_and_come_back_unsigned(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / ("a.docx" if kind == "docx" else "a.pdf")
    path.write_bytes(generate(FORM, kind, new_identity(FORM), RECORD).data)
    (result,) = extract(Source.at(path), {FORM.name: FORM})
    assert result.record() == RECORD
    assert {field.decision for field in result.fields.values()} == {"accept"}


def test_the_paper_says_who_signed_the_file_what_is_written() -> None:
    typed = [
        Observation(
            field="people", value=RECORD.values["people"], raw="张伟是李娜否", source="table", confidence=1
        )
    ]
    (people,) = (one for one in reconcile(FORM, [typed], [observed(1)]) if one.field == "people")
    assert [one["sign"].present for one in people.value] == [False, True]
    assert people.source == "twin"


def test_a_name_typed_where_somebody_signs_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    rows = [
        row("会议名称", "水务例会", "", ""),
        row("姓名", "用餐", "签字"),
        row("张伟", "☑是 □否", "张伟"),
        row("李娜", "□是 ☑否", ""),
    ]
    path.write_bytes(docx(paragraph("会议签到表") + table(*rows)))
    (result,) = extract(Source.at(path), {FORM.name: FORM})
    people = result.fields["people"]
    # Boxes of a row are read as any others.
    assert [one["meal"] for one in people.value] == [("是",), ("否",)]
    assert [one["sign"] for one in people.value] == [NONE, NONE]
    assert people.decision == "review"
    assert "signature-typed" in {finding.code for finding in result.findings}
