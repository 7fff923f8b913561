import cv2
import numpy as np
import pytest

from extractor.scan.skew import text_skew
from extractor.scan.upright import flatten
from tests.extractor import drawing


def _letter():
    picture = drawing.blank()
    lines = ["申报主体承诺对所提交材料的真实性负责", "联系人电话", "推荐部门意见同意推荐"] * 8
    drawing.write(picture, [(260, 260 + 70 * n, line) for n, line in enumerate(lines)])
    return picture


@pytest.mark.parametrize("degrees", [-2.4, -0.9, 0.0, 1.2])
@pytest.mark.parametrize("quarters", [0, 1])
def test_rows_of_text_tell_how_far_a_page_without_rules_is_turned(degrees, quarters):
    turned = cv2.cvtColor(drawing.turned(_letter(), degrees), cv2.COLOR_RGB2GRAY)
    assert text_skew(np.ascontiguousarray(np.rot90(turned, quarters))) == pytest.approx(-degrees, abs=0.1)


def test_a_page_without_rules_comes_out_level():
    flat = flatten(drawing.turned(_letter(), 1.4), None)
    assert text_skew(cv2.cvtColor(flat.colour, cv2.COLOR_RGB2GRAY)) == 0


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_page_without_writing_is_not_turned(shade):
    assert text_skew(np.full((900, 640), shade, np.uint8)) == 0


def test_short_rows_that_fall_together_at_some_angle_do_not_turn_a_page():
    picture = drawing.blank()
    # At 1 degree the rows beside each other would be level.
    rows = [(160 + 330 * n, 300 + 250 * k - 6 * n, "同意推荐") for k in range(3) for n in range(4)]
    drawing.write(picture, rows)
    assert text_skew(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)) == pytest.approx(0, abs=0.3)


def test_a_few_short_strokes_of_a_seal_do_not_turn_a_page():
    picture = _letter()
    for n in range(4):
        cv2.line(picture, (900, 2000 + 18 * n), (980, 2008 + 18 * n), (200, 30, 40), 3)
    assert flatten(picture, None).frame.warp is None
