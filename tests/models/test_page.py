import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.page import TICK_TEXT, Box, Cell, Line, Page, Picture, Run, Tick

SIZES = st.floats(-1e6, 1e6)


@given(SIZES, SIZES, SIZES, SIZES)
def test_a_box_is_upright_or_cannot_be_made(x0, y0, x1, y1):
    if x0 <= x1 and y0 <= y1:
        assert Box(x0=x0, y0=y0, x1=x1, y1=y1).x0 == x0
    else:
        with pytest.raises(pydantic.ValidationError):
            Box(x0=x0, y0=y0, x1=x1, y1=y1)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "links"])
def test_a_box_has_finite_sides(wrong):
    with pytest.raises(pydantic.ValidationError):
        Box(x0=0, y0=0, x1=wrong, y1=1)


def test_a_line_reads_as_its_runs_and_ticks():
    line = Line(
        spans=(
            Tick(state="ticked"),
            Run(text="园区 "),
            Picture(kind="shape"),
            Tick(state="empty"),
            Run(text="校园"),
        )
    )
    assert line.text == TICK_TEXT["ticked"] + "园区 " + TICK_TEXT["empty"] + "校园"
    assert Cell(row=0, column=0, lines=(line, Line())).text == line.text + "\n"


@pytest.mark.parametrize("wrong", [{"row": -1}, {"column": -1}, {"row_span": 0}, {"column_span": 0}])
def test_a_cell_stands_on_the_grid(wrong):
    with pytest.raises(pydantic.ValidationError):
        Cell(**{"row": 0, "column": 0, **wrong})


def test_pages_count_from_one():
    with pytest.raises(pydantic.ValidationError):
        Page(number=0)


def test_a_value_cannot_be_changed_or_given_an_unknown_key():
    with pytest.raises(pydantic.ValidationError):
        Run(text="a").text = "b"
    with pytest.raises(pydantic.ValidationError):
        Run(text="a", colour="red")
