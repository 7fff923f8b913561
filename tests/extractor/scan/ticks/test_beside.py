"""What a pen drew on the words of options with boxes is seen, and what it drew in a box is not told again."""

from itertools import pairwise

import pytest

from extractor.scan.compose import make_page
from models.page import Run, Tick
from tests.extractor.scan.pens import BLACK, BLUE, INKS, Form

WORDS = "□城镇  □商业  □园区"


def _seen(form):
    """The states of the boxes, and the words that were marked."""
    page = make_page(form.page(), 1)
    spans = [
        span for table in page.blocks for cell in table.cells for line in cell.lines for span in line.spans
    ]
    marked = "".join(span.text for span in spans if isinstance(span, Run) and "border" in span.emphasis)
    return [span.state for span in spans if isinstance(span, Tick)], marked


def _place(form, char):
    glyphs = form.lines[0].reading.glyphs
    starts = [0.0]
    for one, _ in pairwise(glyphs):
        starts.append(starts[-1] + (0.25 if one.text == " " else 1.0))
    return next(start for start, glyph in zip(starts, glyphs, strict=True) if glyph.text == char)


def test_print_alone_bears_no_marks():
    assert _seen(Form(WORDS)) == (["empty"] * 3, "")


@pytest.mark.parametrize("ink", INKS)
def test_a_tick_on_the_words_of_an_option_marks_them_though_its_box_is_empty(ink):
    """Met on copies: ticks right of their boxes, on the first word, and nothing seemed to be chosen."""
    form = Form(WORDS)
    x = _place(form, "商")
    form.draw([(x + 0.4, 0.2), (x + 0.7, 0.6), (x + 1.5, -0.6)], ink, 4)
    states, marked = _seen(form)
    assert states == ["empty"] * 3
    assert marked in ("商", "业", "商业")


@pytest.mark.parametrize("ink", [BLACK, BLUE])
def test_the_stroke_of_a_tick_in_a_box_marks_no_words(ink):
    form = Form(WORDS)
    x = _place(form, "商") - 1
    form.draw([(x + 0.2, 0.2), (x + 0.5, 0.6), (x + 1.6, -0.5)], ink, 4)
    assert _seen(form) == (["empty", "ticked", "empty"], "")
