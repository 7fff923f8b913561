"""A form field of a PDF that is not what it shows is told of the field of the form that it is about."""

import pytest

from extractor.answers.labels import align
from extractor.answers.match import match
from extractor.answers.units import units_of
from extractor.weighing.decide import decide
from models.identity import Tag
from models.page import Box, Cell, Line, Mismatch, Page, Pages, Run, Table
from tests.extractor.answers.test_match import FORM


def box(x: float) -> Box:
    return Box(x0=x, y0=0, x1=x + 90, y1=20)


def unit_row(answer: str) -> Pages:
    cells = (
        Cell(row=0, column=0, lines=(Line(spans=(Run(text="单位名称", box=box(0)),)),), box=box(0)),
        Cell(row=0, column=1, lines=(Line(spans=(Run(text=answer, box=box(100)),)),), box=box(100)),
    )
    return Pages(reader="pdf", pages=(Page(number=1, blocks=(Table(index=0, cells=cells),)),))


@pytest.mark.parametrize(
    ("tag", "place", "field"),
    [
        (Tag(field="head"), box(500), "head"),
        (None, box(120), "unit"),
        (None, box(500), None),
        (Tag(field="alien"), box(500), None),
    ],
    ids=["by its name", "by its place", "neither", "a name that the form does not have"],
)
def test_a_mismatch_is_told_of_its_field(tag: Tag | None, place: Box, field: str | None) -> None:
    mismatch = Mismatch(name="f1", shown="清源", stored="碧水", page=1, box=place, tag=tag)
    pages = unit_row("清源").model_copy(update={"mismatches": (mismatch,)})
    found = match(pages, align(FORM, units_of(pages)), "a.pdf")
    told = [finding for finding in found.findings if "碧水" in finding.message]
    assert [(one.code, one.field) for one in told] == [
        ("control-disagrees" if field else "document-damaged", field)
    ]
    decided = decide(FORM, found.observations, found.findings)
    assert decided.fields[field or "unit"].decision == "review"
