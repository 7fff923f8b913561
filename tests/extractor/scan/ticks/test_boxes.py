from dataclasses import replace

import cv2
import numpy as np
import pytest

from extractor.scan.compose import make_page
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import Layers
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import Ruling
from extractor.scan.seals.ring import Ring
from extractor.scan.ticks import boxes as tick_boxes
from extractor.scan.ticks.boxes import find_squares
from tests.extractor import drawing

WORDS = ["城镇", "商业", "园区", "校园"]
WITHIN = (0.0, 0.0, 1400.0, 200.0)


def _square(picture, box):
    cv2.rectangle(picture, box[:2], box[2:], (60, 60, 60), 2)


def _circle(picture, box):
    cv2.circle(picture, ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2), 17, (60, 60, 60), 2, cv2.LINE_AA)


def _row(marks, read_boxes=True, words=WORDS, shape=_square):
    """Options, each behind a box that `marks[i]` was drawn on, and what a recogniser says of them."""
    picture, glyphs, boxes = drawing.blank(1400, 200), [], []
    x = 60
    for number, word in enumerate(words):
        box = (x, 82, x + 34, 116)
        shape(picture, box)
        if number in marks:
            marks[number](picture, box)
        boxes.append(box)
        if read_boxes and number not in marks:
            glyphs.append(("□", x + 17, 0.7))
        drawing.write(picture, [(x + 46, 76, word)], size=40)
        glyphs += [(char, x + 66 + 40 * n, 0.99) for n, char in enumerate(word)]
        x += 190
    start, end = 55.0, float(x)
    reading = Reading(tuple(Glyph(text, (at - start) / (end - start), sure) for text, at, sure in glyphs))
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return [[ReadLine(Place((start, 76.0, end, 122.0)), reading)]], _layers(gray), boxes


def _layers(gray):
    nothing = np.zeros_like(gray)
    return Layers(text=gray, all=gray, redness=nothing, red=nothing, pen=nothing, scale=drawing.SCALE)


def _page(layers):
    return FlatPage.of(layers, Ruling((), np.zeros_like(layers.text)), [])


def _states(rows, layers):
    (squares,) = find_squares(rows, WITHIN, _page(layers))
    return [square.state for square in squares]


def _tick(picture, box):
    x0, y0, x1, y1 = box
    cv2.polylines(
        picture,
        [np.array([[x0 + 2, y0 + 12], [x0 + 14, y1 - 4], [x1 + 12, y0 - 18]])],
        False,
        (10, 10, 10),
        4,
    )


def _cross(picture, box):
    cv2.line(picture, box[:2], box[2:], (10, 10, 10), 4)
    cv2.line(picture, (box[0], box[3]), (box[2], box[1]), (10, 10, 10), 4)


def _slash(picture, box):
    cv2.line(picture, (box[0] - 3, box[3] + 3), (box[2] + 6, box[1] - 6), (10, 10, 10), 5)


def _fill(picture, box):
    cv2.rectangle(picture, (box[0] + 2, box[1] + 3), (box[2] - 1, box[3] - 2), (10, 10, 10), -1)


def _ring(picture, box):
    cv2.ellipse(
        picture,
        ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2),
        (30, 27),
        0,
        0,
        350,
        (20, 20, 90),
        4,
        cv2.LINE_AA,
    )


def _strike_out(picture, box):
    _tick(picture, box)
    for y in (box[1] + 6, box[1] + 16, box[1] + 26):
        cv2.line(picture, (box[0] - 14, y + 2), (box[2] + 18, y - 2), (10, 10, 10), 4, cv2.LINE_AA)


def _pencil(picture, box):
    cv2.polylines(
        picture,
        [np.array([[box[0] + 4, box[1] + 14], [box[0] + 14, box[3] - 4], [box[2] + 10, box[1] - 12]])],
        False,
        (130,) * 3,
        2,
    )


@pytest.mark.parametrize("shape", [_square, _circle])
@pytest.mark.parametrize(
    ("mark", "state"),
    [(_tick, "ticked"), (_cross, "ticked"), (_slash, "ticked"), (_pencil, "ticked"), (_fill, "filled")],
)
@pytest.mark.parametrize("option", [0, 2, 3])
def test_the_marked_box_is_told_and_the_others_are_empty(mark, state, option, shape):
    rows, layers, boxes = _row({option: mark}, shape=shape)
    (squares,) = find_squares(rows, WITHIN, _page(layers))
    assert [square.state for square in squares] == [
        state if number == option else "empty" for number in range(4)
    ]
    assert [square.box[0] for square in squares] == pytest.approx([box[0] for box in boxes], abs=6)


def test_boxes_are_found_where_every_one_is_ticked():
    assert _states(*_row({0: _tick, 1: _tick, 2: _tick, 3: _tick})[:2]) == ["ticked"] * 4


@pytest.mark.parametrize("option", [0, 1])
def test_of_two_options_one_is_ticked(option):
    states = _states(*_row({option: _tick}, words=["是", "否"])[:2])
    assert states == ["ticked" if number == option else "empty" for number in range(2)]


def test_a_tick_that_was_struck_out_is_corrected():
    assert _states(*_row({0: _strike_out, 2: _tick})[:2]) == ["corrected", "empty", "ticked", "empty"]


def test_a_ring_around_a_box_is_no_tick_but_no_empty_box_either():
    assert _states(*_row({1: _ring})[:2]) == ["empty", "unclear", "empty", "empty"]


def test_a_box_with_far_more_ink_around_it_than_the_others_is_not_empty():
    """Met on a coarse copy: a ring so close around its box that it looked like a thick empty one."""

    def close_ring(picture, box):
        middle = ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)
        cv2.ellipse(picture, middle, (20, 20), 0, 0, 360, (60, 60, 60), 4, cv2.LINE_AA)

    def thick(picture, box):
        cv2.rectangle(picture, box[:2], box[2:], (60, 60, 60), 2 + 3 * (box[0] == 250))

    assert _states(*_row({1: close_ring})[:2])[1] != "empty"
    assert _states(*_row({}, shape=thick)[:2])[1] == "unclear"


def test_red_ink_in_an_empty_box_makes_it_unclear_since_a_red_tick_is_taken_off_with_the_seals():
    rows, layers, boxes = _row({})
    red = layers.red.copy()
    x0, y0, x1, y1 = boxes[2]
    cv2.line(red, (x0, y1), (x1, y0), 255, 4)
    assert _states(rows, replace(layers, red=red)) == ["empty", "empty", "unclear", "empty"]


def test_a_red_ring_around_a_box_makes_it_unclear():
    rows, layers, boxes = _row({})
    red = layers.red.copy()
    x0, y0, x1, y1 = boxes[2]
    side = x1 - x0
    middle = ((x0 + x1) // 2, (y0 + y1) // 2)
    cv2.ellipse(red, middle, (round(0.7 * side), round(0.65 * side)), 0, 0, 350, 255, 4)
    assert _states(rows, replace(layers, red=red)) == ["empty", "empty", "unclear", "empty"]


def test_a_box_that_only_the_recogniser_saw_in_running_text_stays_doubtful_text():
    picture = drawing.blank(1400, 200)
    drawing.write(picture, [(60, 76, "常住人口国家园区回收利用")], size=40)
    glyphs = tuple(
        Glyph("□" if i == 3 else text, (i * 40 + 20) / 480, 0.99)
        for i, text in enumerate("常住人口国家园区回收利用")
    )
    layers = _layers(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    lines = [ReadLine(Place((60.0, 76.0, 540.0, 122.0)), Reading(glyphs))]
    page = make_page(_page(layers).reading(lines), 1)
    (line,) = page.blocks
    assert line.text == "常住人□国家园区回收利用"
    assert line.spans[3].confidence <= 0.5


def test_a_box_in_running_text_is_none_where_a_seal_without_colour_has_its_characters():
    words = "本单位自愿申请成为示范工程试点项目"
    (row,), layers, boxes = _row({0: _tick}, read_boxes=False, words=[words])
    rows = [[replace(row[0], place=Place((55.0, 76.0, 1400.0, 122.0)))]]
    x, y, _, _ = boxes[0]
    seal = Ring(x=x, y=y, rx=110.0, ry=110.0, angle=0.0, red=False, confidence=0.9, shade=60.0)
    for rings, ticks in ((), 1), ((seal,), 0):
        (squares,) = find_squares(rows, WITHIN, replace(_page(layers), rings=rings))
        assert [square.state for square in squares] == ["ticked"] * ticks


def test_a_box_is_marked_though_its_broad_cross_half_fills_it():
    def broad(picture, box):
        x0, y0, x1, y1 = box
        for a, b in ((y0 + 4, y1 - 4), (y1 - 4, y0 + 4)):
            cv2.line(picture, (x0 + 4, a), (x1 - 4, b), (60, 60, 60), 13, cv2.LINE_AA)

    rows, layers, _ = _row({1: broad})
    assert _states(rows, layers) == ["empty", "ticked", "empty", "empty"]


@pytest.mark.parametrize(("sure", "state"), [(0.98, "ticked"), (0.5, "unclear")])
def test_a_typed_tick_close_behind_its_box_counts_where_the_recogniser_surely_read_it(sure, state):
    def typed(picture, box):
        x, y = box[2], box[1]
        cv2.polylines(
            picture, [np.array([(x, y + 18), (x + 6, y + 32), (x + 26, y)])], False, (60, 60, 60), 2
        )

    rows, layers, boxes = _row({1: typed}, words=["城镇", "　商业", "园区"])
    ((line,),) = rows
    x0, _, x1, _ = line.place.box
    sign = Glyph("√", (boxes[1][2] + 12 - x0) / (x1 - x0), sure)
    glyphs = sorted([*line.reading.glyphs, sign], key=lambda glyph: glyph.at)
    assert _states([[replace(line, reading=Reading(tuple(glyphs)))]], layers) == ["empty", state, "empty"]


def test_boxes_are_found_where_the_recogniser_saw_none():
    rows, layers, _ = _row({1: _tick}, read_boxes=False)
    (squares,) = find_squares(rows, WITHIN, _page(layers))
    assert [square.state for square in squares] == ["empty", "ticked", "empty", "empty"]


def test_a_speck_in_a_box_is_no_tick():
    rows, layers, _ = _row(
        {1: lambda picture, box: cv2.circle(picture, (box[0] + 15, box[1] + 15), 1, (90, 90, 90), -1)}
    )
    (squares,) = find_squares(rows, WITHIN, _page(layers))
    assert [square.state for square in squares] == ["empty"] * 4


def test_a_shadow_fills_no_box():
    rows, layers, _ = _row({1: _cross})
    shade = np.ones(layers.text.shape, np.float32)
    shade[:, 420:] = 0.4
    shaded = (layers.text * cv2.GaussianBlur(shade, (0, 0), 3)).astype(np.uint8)
    assert _states(rows, replace(layers, text=shaded, all=shaded)) == ["empty", "ticked", "empty", "empty"]


def test_words_with_frames_in_them_are_no_boxes():
    picture = drawing.blank(1400, 200)
    drawing.write(picture, [(60, 76, "常住人口国家园区回收日目田")], size=40)
    glyphs = tuple(
        Glyph(text, (i * 40 + 20) / 520, 0.99) for i, text in enumerate("常住人口国家园区回收日目田")
    )
    rows = [[ReadLine(Place((60.0, 76.0, 580.0, 122.0)), Reading(glyphs))]]
    assert _states(rows, _layers(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))) == []


def test_rows_close_above_and_below_are_left_out_of_sight():
    rows, layers, _ = _row({0: _tick})
    around = layers.text.copy()
    for y in (26, 128):
        for x in range(60, 700, 44):
            cv2.rectangle(around, (x, y), (x + 34, y + 38), 20, -1)
    (line,) = rows[0]
    others = [replace(line, place=Place((55.0, y, 800.0, y + 46.0))) for y in (22.0, 126.0)]
    found = find_squares([[others[0]], rows[0], [others[1]]], WITHIN, _page(replace(layers, text=around)))
    assert [square.state for square in found[1]] == ["ticked", "empty", "empty", "empty"]


def test_a_small_typed_mark_among_large_empty_boxes_is_seen():
    def small(picture, box):
        if box[0] != 250:
            return _square(picture, box)
        inner = (box[0] + 7, box[1] + 8, box[2] - 6, box[3] - 5)
        _square(picture, inner)
        cv2.line(picture, inner[:2], inner[2:], (40, 40, 40), 2)
        return cv2.line(picture, (inner[0], inner[3]), (inner[2], inner[1]), (40, 40, 40), 2)

    rows, layers, _ = _row({}, shape=small)
    assert _states(rows, layers) == ["empty", "ticked", "empty", "empty"]


def test_letters_and_digits_that_were_surely_read_are_no_boxes_whatever_they_look_like():
    rows, layers, boxes = _row({0: _tick}, read_boxes=False)
    (line,) = rows[0]
    x0, _, x1, _ = line.place.box
    glyphs = [Glyph("8", ((box[0] + box[2]) / 2 - x0) / (x1 - x0), 0.95) for box in boxes]
    reading = Reading(tuple(sorted((*line.reading.glyphs, *glyphs), key=lambda glyph: glyph.at)))
    assert _states([[replace(line, reading=reading)]], layers) == []


@pytest.mark.parametrize("em", [13, 24, 40])
def test_a_glance_passes_over_no_row_with_unread_ink(em):
    """Of words that were read surely, with blots of all sizes and shades before, between and behind them."""
    rng = np.random.default_rng(em)
    unread = 0
    for _ in range(150):
        gray = np.full((4 * em, 30 * em), int(rng.integers(225, 256)), np.uint8)
        glyphs, x0, x1 = [], 5.0 * em, 25.0 * em
        for at in np.cumsum(rng.uniform(1.0, 1.6, 9)) * em:
            place = int(x0 + at)
            gray[int(1.6 * em) : int(2.4 * em), place - int(0.4 * em) : place + int(0.4 * em)] = 40
            glyphs.append(Glyph("申", float(at) / (x1 - x0), 0.99))
        x, wide, level = rng.integers(2 * em, 27 * em), rng.uniform(0.05, 0.6) * em, rng.integers(0, 240)
        gray[2 * em : 2 * em + max(1, em // 4), x : x + max(1, round(wide))] = level
        line = ReadLine(Place((x0, 1.5 * em, x1, 2.5 * em)), Reading(tuple(glyphs)))
        cut = tick_boxes._cut_out([line], (0.0, 0.0, 30.0 * em, 4.0 * em), _page(_layers(gray)))
        if tick_boxes._has_unread(tick_boxes._strip(cut), [line]):
            unread += 1
            assert tick_boxes._may_have_unread(cut, [line])
    assert unread > 15
