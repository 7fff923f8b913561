import numpy as np

from benchmarks.rules.network import joined, labelled
from extractor.scan.strokes import Piece

DARKNESS = np.full((40, 400), 50, np.int16)


def _strokes(*pieces):
    return labelled([Piece(start, end, (0.0, level)) for start, end, level in pieces], (40, 400), DARKNESS)


def test_of_what_the_network_saw_only_the_part_without_a_stroke_is_added():
    both = joined(_strokes((0, 150, 20)), _strokes((0, 300, 21)), DARKNESS, 46, 5.0)
    assert [(piece.start, piece.end) for piece in both.pieces] == [(0, 150), (150, 300)]


def test_a_part_that_is_shorter_than_a_rule_is_not_added():
    both = joined(_strokes((0, 270, 20)), _strokes((0, 300, 21)), DARKNESS, 46, 5.0)
    assert len(both.pieces) == 1


def test_added_strokes_know_their_own_pixels():
    both = joined(_strokes((0, 150, 20)), _strokes((100, 300, 30)), DARKNESS, 46, 5.0)
    part, pixels = both.pixels(both.pieces[1])
    assert part == (slice(28, 33), slice(100, 300))
    assert pixels.all()
