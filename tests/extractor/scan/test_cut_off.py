"""Writing that the picture's edge or its cell cut off, told from writing that ends before the edge of its
cell."""

import pytest

from extractor.scan.cut_off import find_cut_off
from tests.extractor.scan.pens import SIZE, Form, X, Y

RIGHT = 1400
LINES = [
    "武汉清源商业管理有限公司位于江岸区占地面积约八万平方米",
    "现有职工一千九百七十一人近五年累计投入改造资金四百万元",
]


def _form(shift):
    """A cell with two lines that end `shift` pixels before its right edge."""
    form = Form("")
    form.lines = []
    for n, words in enumerate(LINES):
        x = RIGHT - shift - SIZE * len(words)
        form.write(words, (x - X) / SIZE, 1.6 * n)
        form.lines.append(form.line(words, x, Y + round(1.6 * n * SIZE), (0, 1)))
    return form


def test_lines_that_end_before_the_edge_of_their_cell_are_whole():
    assert not find_cut_off(_form(24).page())


@pytest.mark.parametrize("beyond", [16, 20])
def test_lines_that_run_into_the_edge_of_their_cell_may_go_on(beyond):
    form = _form(-beyond)
    form.picture[:, RIGHT:] = 255
    assert len(find_cut_off(form.page())) == len(LINES)


def test_one_line_that_touches_the_edge_is_no_cut():
    form = _form(-20)
    form.picture[Y + SIZE + 14 : 655, X:1390] = 255
    form.picture[:, RIGHT:] = 255
    form.lines = form.lines[:1]
    assert not find_cut_off(form.page())


@pytest.mark.parametrize(("shown", "is_cut"), [(25, True), (24, False)])
def test_a_line_that_fills_its_cell_up_to_the_rule_may_go_on(shown, is_cut):
    """As where a program prints a text into a field of a form that is too narrow for it."""
    form = Form("")
    # The rule stands at 1400; a line that is wrapped keeps off it.
    x = RIGHT + 2 - SIZE * 25
    words = (LINES[0] * 2)[:shown]
    form.write(words, (x - X) / SIZE, 0)
    form.lines = [form.line(words, x, Y, (0, 1))]
    assert bool(find_cut_off(form.page())) == is_cut
