"""What is taken off a page with its ruled lines, and what stays."""

import cv2
import numpy as np
import pytest

from extractor.scan import ruling
from extractor.scan.ruling import find_grids
from tests.extractor import drawing


@pytest.mark.parametrize("gap", [5, 7, 11])
def test_a_stroke_of_writing_that_stands_where_a_rule_would_go_on_stays(gap: int) -> None:
    """The upright rule between two cells ends at their lower rule; in the wide cell below, a digit's stroke
    lies just where it would run on."""
    picture = drawing.blank()
    drawing.table(picture, [200, 500, 1400], [300, 420, 540, 900])
    cv2.line(picture, (800, 420), (800, 540), (0, 0, 0), 2)
    stroke = slice(540 + gap, 540 + gap + 26)
    picture[stroke, 799:802] = 0
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    ruling = find_grids(gray, drawing.SCALE)
    assert (ruling.taken_off(gray)[stroke, 799:802] < 128).mean() > 0.9
    assert (ruling.lines[430:530, 799:802] > 0).mean() > 0.9


def test_strokes_of_closely_set_lines_where_a_border_ran_in_other_rows_stay() -> None:
    """Three lines of writing follow closely, and in each an upright stroke stands by chance over that of the
    next, just where a rule parts the cells of a row farther up."""
    picture = drawing.blank()
    drawing.table(picture, [200, 500, 1400], [300, 420, 540, 900])
    cv2.line(picture, (800, 300), (800, 420), (0, 0, 0), 2)
    strokes = [slice(top, top + 30) for top in (550, 588, 626)]
    for stroke in strokes:
        picture[stroke, 799:802] = 0
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    left = find_grids(gray, drawing.SCALE).taken_off(gray)
    assert all((left[stroke, 799:802] < 128).mean() > 0.9 for stroke in strokes)


def test_a_glance_passes_over_no_page_with_rules_that_its_black_ink_lacks() -> None:
    rng = np.random.default_rng(5)
    seen = 0
    for _ in range(60):
        black = rng.integers(200, 256, (300, 260), dtype=np.uint8)
        inks = black.copy()
        wide = int(rng.integers(1, 5))
        inks[100 : 100 + wide, 20:240] -= rng.integers(30, 120, dtype=np.uint8)
        if ruling._has_more_rules(ruling._reduced(inks, 0.72), ruling._reduced(black, 0.72)):
            seen += 1
            assert ruling._has_more_ink(inks, black)
    assert seen > 10
    assert not ruling._has_more_ink(black, black)
