"""Which rules are too pale to be rules."""

import cv2
import numpy as np
import pytest

from extractor.scan.lattice import Rule
from extractor.scan.pale import without_pale
from extractor.scan.ruling import find_grids
from extractor.scan.strokes import Piece
from tests.extractor import drawing


def _rule(start, end, at, dark, core=0.0):
    return Rule(start, end, at, (Piece(start, end, (at,), dark=dark, core=core),))


def test_of_fine_rules_a_pale_one_is_a_rule_and_of_dark_ones_it_is_not():
    for usual, kept in ((107.0, 4), (200.0, 3)):
        levels = [_rule(100, 900, at, usual) for at in (100, 200, 400)] + [_rule(100, 900, 300, 37.0)]
        assert len(without_pale(levels, [_rule(100, 400, x, usual) for x in (100, 900)])[0]) == kept


@pytest.mark.parametrize(
    ("dark", "core", "kept"),
    [
        pytest.param(150.0, 170.0, True, id="dotted"),
        pytest.param(150.0, 60.0, False, id="shining through the paper"),
    ],
)
def test_thin_rules_in_a_thick_frame_are_told_from_pale_ones_by_their_darkest_pixels(dark, core, kept):
    """Met in forms whose frame is of 1.5 points and whose other rules are dotted: two rows ran together."""
    frame = [_rule(100, 900, at, 690.0, 255.0) for at in (100, 1300)]
    sides = [_rule(100, 1300, x, 690.0, 255.0) for x in (100, 900)]
    inner = [_rule(100, 900, at, dark, core) for at in (400, 800)]
    across = [_rule(100, 1300, 300, dark, core)]
    levels, uprights = without_pale([*frame, *inner], [*sides, *across])
    assert (set(inner) <= set(levels), set(across) <= set(uprights)) == (kept, kept)
    assert len(levels) + len(uprights) == (7 if kept else 4)


def test_one_dark_streak_in_a_thick_frame_is_no_rule():
    frame = [_rule(100, 900, at, 690.0, 255.0) for at in (100, 1300)]
    sides = [_rule(100, 1300, x, 690.0, 255.0) for x in (100, 900)]
    assert without_pale(frame, [*sides, _rule(100, 1300, 500, 150.0, 170.0)]) == (frame, sides)


def _cells(sheet):
    grids = find_grids(sheet, drawing.SCALE).grids
    return [(cell.row, cell.column) for grid in grids for cell in grid.cells]


THREE_ROWS = [(row, column) for row in range(3) for column in range(2)]


@pytest.mark.parametrize("thick", [5, 6])
def test_dotted_rules_in_a_thick_frame_part_cells(thick):
    """Of a frame of 1.5 points the rules inside have a fifth of the darkness, and all were taken for dirt."""
    sheet = cv2.cvtColor(drawing.blank(), cv2.COLOR_RGB2GRAY)
    for start, end in (((200, 420), (1400, 420)), ((200, 540), (1400, 540)), ((500, 300), (500, 900))):
        cv2.line(sheet, start, end, 0, 1)
    ys, xs = np.nonzero(sheet < 128)
    sheet[ys, xs] = np.where((xs + ys) % 6 < 3, 0, 255)
    cv2.rectangle(sheet, (200, 300), (1400, 900), 0, thick)
    assert _cells(sheet) == THREE_ROWS
