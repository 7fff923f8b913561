"""What a pen drew on the words of options with boxes is seen, and what it drew in a box is not told again."""

from itertools import pairwise

import pytest

from extractor.scan.compose import make_page
from models.page import Run, Tick
from tests.extractor.scan.pens import BLACK, BLUE, INKS, RED, SIZE, Form, X, Y

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


def _columns(*options):
    """Options that stand under each other, each behind a box that only a recogniser sees: there is no room
    for the network's."""
    form = Form(options[0])
    for number, words in enumerate(options[1:], 1):
        form.write(words, 0, 1.8 * number)
        form.lines.append(form.line(words, X, Y + round(1.8 * number * SIZE), (0, 1)))
    return form


def test_a_coloured_tick_that_a_thick_box_hides_marks_its_option():
    """Met with red ticks as small as their thick boxes: to the recogniser these were empty."""
    form = _columns("口城镇", "□商业", "□园区")
    for y in (0.0, 1.8, 3.6):
        form.draw([(0.15, y), (0.85, y), (0.85, y + 0.7), (0.15, y + 0.7), (0.15, y)], BLACK, 9)
    form.draw([(0.3, 0.3), (0.45, 0.5), (0.75, 0.1)], RED, 3)
    assert _seen(form)[1] in ("城", "城镇")


def test_a_tick_that_joins_a_box_to_its_words_marks_them():
    """Met on faxes of ticks right of their boxes: ink that hangs together with both was told by nothing."""
    form = Form("□城镇  □商业  □园区")
    x = _place(form, "商")
    form.draw([(x - 0.2, 0.25), (x - 0.05, 0.45), (x + 0.35, 0.1)], BLACK, 3)
    states, marked = _seen(form)
    assert states[1] != "empty" or marked in ("商", "商业")


def test_boxes_that_all_hang_together_with_their_words_are_printed_that_way():
    form = Form("□城镇  □商业  □园区")
    for char in "城商园":
        x = _place(form, char)
        form.draw([(x - 0.25, 0.3), (x + 0.2, 0.3)], BLACK, 3)
    assert _seen(form)[1] == ""


def test_a_tick_by_pencil_is_told_by_its_end_beside_the_words():
    """Met on photos: a pencil's tick on a word is far paler than print, and nothing seemed to be chosen."""
    form = _columns("□男", "□女")
    form.draw([(1.3, 2.3), (1.6, 2.7), (2.7, 1.7)], (160, 160, 162), 3)
    assert _seen(form)[1] == "女"


@pytest.mark.parametrize("ink", [BLACK, RED])
@pytest.mark.parametrize("gap", [0.0, 0.2])
def test_a_tick_in_front_of_a_box_marks_the_option_behind_it(ink, gap):
    """Met on photos: such a tick joins the box, or is too far from the words behind that."""
    form = Form("□城镇     □商业     □园区")
    x = _place(form, "商") - 1 - gap
    form.draw([(x - 0.35, 0.25), (x - 0.2, 0.45), (x + 0.08, 0.1)], ink, 3)
    states, marked = _seen(form)
    assert states[1] != "empty" or marked in ("商", "商业")
