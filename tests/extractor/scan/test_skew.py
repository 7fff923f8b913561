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
