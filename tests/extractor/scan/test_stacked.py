"""Lines of print that a detector took for one."""

import cv2
import numpy as np

from extractor.scan.stacked import in_lines
from tests.extractor import drawing

USUAL = [(500, 100 + 60 * n, 900, 142 + 60 * n) for n in range(5)]


def _clear(texts, size=34):
    picture = drawing.blank()
    drawing.write(picture, texts, size)
    return np.asarray(picture.min(axis=2), np.uint8)


def test_the_short_lines_of_a_narrow_label_are_read_one_by_one():
    gray = _clear([(200, 300, "申报"), (200, 340, "负责"), (200, 380, "人")])
    parts = in_lines([*USUAL, (190, 296, 280, 424)], gray)[5:]
    assert [(x0, x1) for x0, _, x1, _ in parts] == [(190, 280)] * 3
    assert [round((y0 + y1) / 40) for _, y0, _, y1 in parts] == [16, 18, 20]


def test_a_line_that_has_a_box_of_its_own_is_not_read_again():
    gray = _clear([(200, 300, "联系"), (200, 340, "人电"), (200, 380, "话")])
    parts = in_lines([*USUAL, (190, 296, 280, 338), (190, 318, 280, 424)], gray)[5:]
    assert len(parts) == 3
    assert parts[1][1] >= 338


def test_boxes_that_have_whole_lines_in_common_stay_as_they_are():
    """Met on a form filled in by hand: lines were read twice, and the halves of two mixed."""
    gray = _clear([(200, 300 + 44 * n, "建设屋顶光伏") for n in range(5)])
    boxes = [(190, 296, 420, 436), (194, 384, 424, 520)]
    assert in_lines([*USUAL, *boxes], gray)[5:] == boxes


def test_the_strokes_of_a_character_are_no_lines():
    gray = _clear([(200, 300, "一二"), (200, 340, "三")])
    assert len(in_lines([*USUAL, (190, 296, 280, 384)], gray)) == 5 + 2


def test_large_writing_and_a_prompt_with_a_signature_stay_whole():
    gray = _clear([(200, 300, "王二")], 90)
    box = (190, 296, 390, 420)
    assert in_lines([*USUAL, box], gray)[5:] == [box]
    gray = _clear([(200, 320, "申报人签字")])
    cv2.line(gray, (420, 300), (640, 380), 0, 4)
    box = (190, 296, 650, 384)
    assert in_lines([*USUAL, box], gray)[5:] == [box]
