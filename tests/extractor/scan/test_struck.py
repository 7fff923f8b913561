"""Strokes of a pen through print, told from lines under it, rules, dashes and seals."""

from dataclasses import replace

import numpy as np
import pytest

from extractor.scan.compose import make_page
from extractor.scan.flat import Place, ReadLine
from extractor.scan.readings import Glyph, Reading
from extractor.scan.seals.ring import Ring
from extractor.scan.struck import mark_struck, strokes_through
from tests.extractor.scan.pens import BLACK, INKS, SIZE, Form, X, Y


def _struck(form, rings=()):
    page, _ = mark_struck(form.page(rings))
    (line,) = page.lines
    return "".join(
        glyph.text for glyph, is_struck in zip(line.reading.glyphs, line.struck, strict=False) if is_struck
    )


WAVY = [(-0.2 + 0.5 * n, 0.5 + 0.12 * (-1) ** n) for n in range(26)]
ZIGZAG = [(-0.2 + 0.2 * n, n % 2) for n in range(63)]


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize(
    "points",
    [[(-0.3, 0.5), (12.3, 0.45)], [(-0.2, 0.7), (12.2, 0.3)], [(0.1, 0.62), (11.9, 0.6)], WAVY],
    ids=["level", "oblique", "low", "wavy"],
)
def test_what_a_pen_went_through_is_struck(points, ink):
    form = Form()
    form.draw(points, ink)
    assert _struck(form) == "武汉清源商业管理有限公司"


def test_two_lines_strike_like_one():
    form = Form()
    form.draw([(-0.2, 0.35), (12.2, 0.35)])
    form.draw([(-0.2, 0.65), (12.2, 0.65)])
    assert _struck(form) == "武汉清源商业管理有限公司"


def test_two_lines_low_through_characters_strike_and_two_under_them_do_not():
    form, under = Form(), Form()
    for more in (0, 0.27):
        form.draw([(-0.2, 0.54 + more), (11.2, 0.54 + more)])
        under.draw([(-0.2, 1.0 + more), (11.2, 1.0 + more)])
    assert _struck(form) == "武汉清源商业管理有限公司"
    assert _struck(under) == ""


def test_a_printed_line_on_which_an_answer_stands_strikes_nothing():
    page = Form("郭太行").page()

    def strokes(*lines):
        # Characters whose feet, with legs down to the line, pass for a second stroke.
        ink = np.zeros(page.shape, bool)
        for left in range(X, X + 3 * SIZE, SIZE):
            ink[Y + 24 : Y + 27, left + 2 : left + 28] = True
            ink[Y + 4 : Y + 36, left + 12 : left + 18] = True
        for y in lines:
            ink[Y + y : Y + y + 3, X - 10 : X + 3 * SIZE + 10] = True
        return strokes_through(page.lines[0], ink, page)

    assert strokes(36) == []
    assert strokes(24, 36) != []


def test_only_the_characters_under_the_stroke_are_struck():
    form = Form()
    form.draw([(7.15, 0.5), (9.9, 0.52)])
    assert _struck(form) == "理有限"


@pytest.mark.parametrize(
    ("words", "points"),
    [("13900588400", (3.0, 5.9)), ("13900588400", (1.2, 5.2)), ("武汉清源商业管理有限公司", (4.0, 6.0))],
    ids=["the end of a number", "within a number", "within a name"],
)
def test_characters_that_only_touch_one_another_stay_and_go_to_a_person(points, words):
    form = Form(words)
    form.draw([(points[0], 0.5), (points[1], 0.5)])
    page, lost = mark_struck(form.page())
    assert not any(page.lines[0].struck)
    assert len(lost) == 1


def test_characters_of_which_the_recogniser_is_unsure_are_struck_within_a_name():
    form = Form()
    form.draw([(4.0, 0.5), (6.0, 0.5)])
    page = form.page()
    glyphs = tuple(replace(glyph, confidence=0.8) for glyph in page.lines[0].reading.glyphs)
    page, _ = mark_struck(page.reading([replace(page.lines[0], reading=Reading(glyphs))]))
    assert page.lines[0].struck[4:6] == (True, True)


def test_a_doubt_over_a_stroke_stays_within_the_cell():
    form = Form("13900588400")
    form.draw([(3.0, 0.5), (5.9, 0.5)])
    page = form.page()
    line = page.lines[0]
    _, y0, x1, y1 = line.place.box
    wide = replace(line, place=replace(line.place, box=(470.0, y0, x1, y1)))
    _, (lost,) = mark_struck(page.reading([wide]))
    assert lost.x0 >= 480 / page.scale


def test_what_two_strokes_leave_out_between_them_stays():
    form = Form("全职、兼职、退休")
    form.draw([(-0.2, 0.5), (2.2, 0.5)])
    form.draw([(5.8, 0.45), (8.2, 0.55)])
    assert _struck(form).replace("、", "") == "全职退休"


def test_a_short_name_and_a_number_are_struck():
    name, number = Form("叶波"), Form("13944081819")
    name.draw([(-0.2, 0.5), (2.3, 0.5)])
    number.draw([(-0.3, 0.55), (6.4, 0.5)])
    assert (_struck(name), _struck(number)) == ("叶波", "13944081819")


@pytest.mark.parametrize("ink", INKS)
def test_a_scribble_strikes(ink):
    form = Form()
    form.draw(ZIGZAG, ink)
    page, lost = mark_struck(form.page())
    assert any(page.lines[0].struck) or lost


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize(
    "words", ["武汉清源商业管理有限公司", "zhb_6716@sina.com", "2023——2025", "13944081819"]
)
@pytest.mark.parametrize("y", [1.12, -0.12], ids=["under", "over"])
def test_a_line_under_or_over_characters_does_not(words, ink, y):
    form = Form(words)
    form.draw([(-0.5, y), (13, y)], ink, 3)
    assert not _struck(form)


@pytest.mark.parametrize(
    "words",
    [
        "武汉清源商业管理有限公司",
        "二三王工一五土",
        "2023——2025年",
        "mmmnnnwwwrrr@tttfff.com",
        "是－－－－－否",
    ],
)
def test_print_alone_has_no_strokes(words):
    assert not _struck(Form(words))


def test_a_dashed_rule_under_an_empty_place_and_the_cell_s_edge_do_not():
    form = Form("武汉清源")
    for n in range(30):
        form.draw([(0.6 * n, 1.15), (0.6 * n + 0.35, 1.15)], BLACK, 2)
    assert not _struck(form)


def test_the_outline_of_a_seal_does_not():
    # A square seal's upper side lies level on the characters, and its ink can't be told from print.
    form = Form()
    form.draw([(1, 0.5), (9, 0.5)], BLACK, 5)
    ring = Ring(X + 5 * SIZE, Y + 11 + SIZE / 2, 4 * SIZE, 6.0, 0.0, False, 0.95, "square")
    assert not _struck(form, [ring])


def test_a_page_tells_what_was_struck():
    form = Form()
    form.draw([(-0.3, 0.5), (12.3, 0.5)])
    page, _ = mark_struck(form.page())
    spans = [
        span
        for table in make_page(page, 1).blocks
        for cell in table.cells
        for line in cell.lines
        for span in line.spans
    ]
    assert spans
    assert all("strike" in span.emphasis for span in spans)


def test_two_characters_that_touch_within_a_text_are_not_struck():
    form = Form("三是新建充电桩一百")
    form.draw([(5.3, 0.6), (6.85, 0.6)], BLACK, 2)
    assert not _struck(form)


@pytest.mark.parametrize(
    ("words", "at"), [("局长", (0.42, 0.67)), ("三是新建充电", (0.1, 0.2, 0.4, 0.5, 0.7, 0.8))]
)
def test_characters_are_no_narrower_than_their_places_on_a_coarse_raster(words, at):
    (line,) = Form(words).lines
    glyphs = tuple(replace(glyph, at=one) for glyph, one in zip(line.reading.glyphs, at, strict=True))
    assert replace(line, reading=Reading(glyphs)).wide > 0.7 * SIZE


def test_the_feet_of_the_line_above_strike_nothing():
    form = Form()
    form.draw([(3.1, -0.28), (6.2, -0.28)])
    form.draw([(3.4, -0.4), (3.4, 0.1)])
    assert not _struck(form)


@pytest.mark.parametrize(
    "points", [[(0.7, 1.17), (1, 0.77), (1.3, 1.17)], [(0.4, 0.23), (0.4, -0.04), (1, -0.04), (1, 0.77)]]
)
def test_an_angle_between_two_characters_strikes_neither_and_is_told(points):
    """It joins their print, so that ink runs on through both of them."""
    form = Form("魏国")
    form.draw(points)
    page, told = mark_struck(form.page())
    (line,) = page.lines
    assert not any(line.struck)
    assert len(told) == 1


def test_a_tick_that_joins_print_in_a_row_of_boxes_is_not_told():
    form = Form("□魏国")
    form.draw([(1.7, 1.17), (2, 0.77), (2.3, 1.17)])
    _, told = mark_struck(form.page())
    assert not told


def test_the_edge_of_a_table_strikes_nothing_that_a_pen_wrote_across_it():
    """Met above the first row: the new value of a struck one counted as struck itself."""
    form, words = Form(), "武汉云栖商业管理"
    form.write(words, 0, (282 - Y) / SIZE)
    form.lines.append(form.line(words, X, 277, None))
    page, _ = mark_struck(form.page())
    assert not any(page.lines[1].struck)


def test_what_a_pen_wrote_larger_behind_a_struck_name_is_not_struck():
    """Met as 邓婷英 struck out with 杨振 behind it, read as one line: all five characters counted as struck."""
    form = Form("邓婷英")
    form.lines.append(form.line("申报单位", 240, Y, (0, 0)))
    form.write("杨振", 3.85, -0.15, size=48)
    form.draw([(-0.1, 0.5), (3.3, 0.45)], width=5)
    x0, y0, _, y1 = form.lines[0].place.box
    wide, middles = 238, (26.5, 58.5, 101.5, 165.5, 218.5)  # as the recogniser told them
    glyphs = tuple(Glyph(char, at / wide, 0.99) for char, at in zip("邓婷英杨振", middles, strict=True))
    form.lines[0] = ReadLine(Place((x0, y0 - 6, x0 + wide, y1 + 6), (0, 1)), Reading(glyphs))
    page, _ = mark_struck(form.page())
    assert page.lines[0].struck == (True, True, True, False, False)
