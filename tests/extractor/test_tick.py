import cv2
import numpy as np
import pytest

from extractor.layers import Layers
from extractor.ocr import Glyph, Reading
from extractor.text import Place, ReadLine
from extractor.tick import find_squares
from tests.extractor import drawing

WORDS = ["城镇", "商业", "园区", "校园"]
WITHIN = (0.0, 0.0, 1400.0, 200.0)


def _row(marks, read_boxes=True):
    """Four options, each behind a box that `marks[i]` was drawn on, and what a recogniser says of them."""
    picture, glyphs, boxes = drawing.blank(1400, 200), [], []
    x = 60
    for number, word in enumerate(WORDS):
        box = (x, 82, x + 34, 116)
        cv2.rectangle(picture, box[:2], box[2:], (60, 60, 60), 2)
        if number in marks:
            marks[number](picture, box)
        boxes.append(box)
        if read_boxes and number not in marks:
            glyphs.append(("□", x + 17, 0.7))
        drawing.write(picture, [(x + 46, 76, word)], size=40)
        glyphs += [(word[0], x + 66, 0.99), (word[1], x + 106, 0.99)]
        x += 190
    start, end = 55.0, float(x)
    reading = Reading(tuple(Glyph(text, (at - start) / (end - start), sure) for text, at, sure in glyphs))
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    nothing = np.zeros_like(gray)
    layers = Layers(text=gray, all=gray, redness=nothing, red=nothing, pen=nothing, scale=drawing.SCALE)
    return [[ReadLine(Place((start, 76.0, end, 122.0)), reading)]], layers, boxes


def _tick(picture, box):
    x0, y0, x1, y1 = box
    cv2.polylines(picture, [np.array([[x0 + 2, y0 + 12], [x0 + 14, y1 - 4], [x1 + 12, y0 - 18]])], False, (10, 10, 10), 4)


def _cross(picture, box):
    cv2.line(picture, box[:2], box[2:], (10, 10, 10), 4)
    cv2.line(picture, (box[0], box[3]), (box[2], box[1]), (10, 10, 10), 4)


def _slash(picture, box):
    cv2.line(picture, (box[0] - 3, box[3] + 3), (box[2] + 6, box[1] - 6), (10, 10, 10), 5)


def _fill(picture, box):
    cv2.rectangle(picture, (box[0] + 2, box[1] + 3), (box[2] - 1, box[3] - 2), (10, 10, 10), -1)


@pytest.mark.parametrize("mark", [_tick, _cross, _slash, _fill])
@pytest.mark.parametrize("option", [0, 2, 3])
def test_the_marked_box_is_ticked_and_the_others_are_empty(mark, option):
    rows, layers, boxes = _row({option: mark})
    (squares,) = find_squares(rows, WITHIN, layers, np.zeros_like(layers.text))
    assert [square.state for square in squares] == ["ticked" if number == option else "empty" for number in range(4)]
    assert [square.box[0] for square in squares] == pytest.approx([box[0] for box in boxes], abs=6)


def test_boxes_are_found_where_the_recogniser_saw_none():
    rows, layers, _ = _row({1: _tick}, read_boxes=False)
    (squares,) = find_squares(rows, WITHIN, layers, np.zeros_like(layers.text))
    assert [square.state for square in squares] == ["empty", "ticked", "empty", "empty"]


def test_a_speck_in_a_box_is_no_tick():
    rows, layers, _ = _row({1: lambda picture, box: cv2.circle(picture, (box[0] + 15, box[1] + 15), 1, (90, 90, 90), -1)})
    (squares,) = find_squares(rows, WITHIN, layers, np.zeros_like(layers.text))
    assert [square.state for square in squares] == ["empty"] * 4


def test_words_with_frames_in_them_are_no_boxes():
    picture = drawing.blank(1400, 200)
    drawing.write(picture, [(60, 76, "常住人口国家园区回收日目田")], size=40)
    glyphs = tuple(Glyph(text, (i * 40 + 20) / 520, 0.99) for i, text in enumerate("常住人口国家园区回收日目田"))
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    nothing = np.zeros_like(gray)
    layers = Layers(text=gray, all=gray, redness=nothing, red=nothing, pen=nothing, scale=drawing.SCALE)
    rows = [[ReadLine(Place((60.0, 76.0, 580.0, 122.0)), Reading(glyphs))]]
    assert find_squares(rows, WITHIN, layers, nothing) == [[]]
