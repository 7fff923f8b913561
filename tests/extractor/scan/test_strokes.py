"""How dark a ruled line is, and where an upright one ends, whatever is written beside it."""

import cv2
import numpy as np
import pytest

from extractor.scan.strokes import (
    _components,
    _fitted,
    find_darkness,
    find_ink,
    find_strokes,
    interpolated,
)
from tests.extractor import drawing


def _gray():
    return np.asarray(cv2.cvtColor(drawing.blank(), cv2.COLOR_RGB2GRAY), np.uint8)


def _written(gray, top):
    """Dense strokes in a line of text from one side to the other."""
    for x in range(200, 1000, 6):
        gray[top : top + 22, x : x + 3] = 0


def test_a_rule_between_lines_of_dense_writing_is_as_dark_as_one_on_bare_paper():
    """Met on a form of low rows: it passed for one that shines through the paper, and two rows were one."""
    gray = _gray()
    for y in (300, 600):
        gray[y : y + 2, 200:1000] = 60
    _written(gray, 272)
    _written(gray, 306)
    darkness = find_darkness(gray)
    pieces = find_strokes(find_ink(gray, darkness), darkness, 46).pieces
    (beside,) = (piece for piece in pieces if abs(piece.middle - 300.5) < 2 and piece.length > 700)
    (bare,) = (piece for piece in pieces if abs(piece.middle - 600.5) < 2)
    assert 0.8 < beside.dark / bare.dark < 1.25


def test_an_upright_line_from_rule_to_rule_is_seen_between_strokes_of_writing_in_line_with_it():
    """Met there too: a border of one low row went on in strokes of the rows above and under it, which are no
    straight line together."""
    gray = _gray()
    gray[296:298, 200:1000] = gray[350:352, 200:1000] = 0
    gray[298:350, 600:602] = 0
    for top, bottom in ((270, 290), (356, 380)):
        gray[top:bottom:4, 600:602] = 0
        gray[top:bottom, 596:598] = gray[top:bottom, 604:606] = 0
    gray = np.ascontiguousarray(gray.T)
    darkness = find_darkness(gray)
    ends = np.zeros_like(gray)
    ends[200:1000, 293:301] = ends[200:1000, 347:355] = 255
    pieces = find_strokes(find_ink(gray, darkness), darkness, 34, 12, ends).pieces
    assert any(abs(piece.middle - 600.5) < 2 and 40 < piece.length < 60 for piece in pieces)


def test_a_place_between_points_is_that_of_numpy():
    rng = np.random.default_rng(5)
    xs = np.sort(rng.integers(0, 30, 12).astype(float)).tolist()  # some are the same
    ys = rng.random(12).tolist()
    at = [*rng.uniform(-5, 35, 200).tolist(), *xs]
    assert [interpolated(x, xs, ys) for x in at] == [float(np.interp(x, xs, ys)) for x in at]


def test_connected_components_are_those_of_opencv():
    rng = np.random.default_rng(3)
    for share in (0.0, 0.02, 0.3):
        mask = np.uint8(255) * (rng.random((90, 70)) < share)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        found = _components(mask)
        assert np.array_equal(found[0], labels)
        assert np.array_equal(found[1][1:], stats[1:])


@pytest.mark.parametrize("degree", [1, 2])
def test_a_course_is_that_of_least_squares(degree):
    dice = np.random.default_rng(degree)
    for _ in range(50):
        along = np.sort(dice.integers(0, 300, 40)) / 300 - 0.5
        ys = np.rint(4 * along + dice.normal(0, 1, 40)).astype(np.intp)
        assert _fitted(along, ys, degree) == pytest.approx(np.polyfit(along, ys, degree), abs=1e-9)


def test_points_under_each_other_have_a_course_too():
    assert np.isfinite(_fitted(np.full(12, 0.25), np.arange(12), 2)).all()
