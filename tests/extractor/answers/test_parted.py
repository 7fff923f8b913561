"""Cells in which a label stands apart from what is around it."""

import pytest

from extractor.answers.parted import part
from extractor.answers.units import units_of
from models.page import Box, Cell, Line, Run, Table
from tests.extractor.answers.sheets import scan, sheet, words

BOX = Box(x0=50, y0=100, x1=500, y1=130)


def _texts(*pieces, blank=None):
    """The texts of a cell's parts, with pieces that each stand at a place; `blank` has a box of its own."""
    spans = []
    for n, (text, x) in enumerate(pieces):
        if n and blank:
            spans.append(Run(text=" ", box=blank, confidence=0.9))
        spans += words(text, x, 105)
    cell = Cell(row=0, column=1, box=BOX, lines=(Line(spans=tuple(spans), box=BOX),))
    units = units_of(scan(sheet(1, Table(index=0, cells=(cell,), box=BOX))))
    return [unit.passage.text.strip() for unit in part(units, [("邮箱",)], set())]


@pytest.mark.parametrize("blank", [None, Box(x0=200, y0=105, x1=204, y1=117)])
def test_a_label_stands_apart_whether_or_not_the_blank_before_it_was_read(blank):
    assert _texts(("13900001111", 60), ("邮箱", 205), blank=blank) == ["13900001111", "邮箱"]


def test_a_word_in_the_midst_of_an_answer_is_no_label():
    assert _texts(("写信到邮箱为宜", 60)) == ["写信到邮箱为宜"]
