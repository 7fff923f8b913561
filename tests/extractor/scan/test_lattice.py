"""What decides on single rules: whether they are folded, or go on where they break off."""

import numpy as np

from extractor.scan import folds, grids, lattice
from extractor.scan.lattice import Rule


def test_rows_of_writing_close_under_rules_that_go_on_are_no_fold():
    seen = np.zeros((40, 33))
    seen[:, 16] = 4.0
    seen[10:30, 16] = 2.5
    writing = seen.copy()
    for step in range(10, 30):
        writing[step, min(26, 16 + step - 10, 16 + 29 - step)] += 4
    assert not folds._folded(folds._best(writing), 16, writing).any()
    pushed = writing.copy()
    pushed[12:28, 16] = 0.2
    assert np.abs(folds._folded(folds._best(pushed), 16, pushed)).max() >= 9


def test_a_rule_that_breaks_off_in_two_cells_goes_on_between_them():
    seen = np.zeros(1000, bool)
    seen[100:330] = seen[800:900] = True
    crossings = [100, 300, 500, 700, 900]
    assert grids._bridged(seen, crossings)[331:799].all()
    ended = np.zeros(1000, bool)
    ended[100:300] = ended[800:900] = True
    assert not grids._bridged(ended, crossings)[331:799].any()


def test_a_border_that_begins_beyond_the_page_is_looked_at_on_the_page():
    assert list(range(20))[grids._inside(-23.5, 9.0)] == list(range(7))
    assert list(range(20))[grids._inside(-23.5, -20.0)] == [0]


def test_a_stroke_of_writing_bears_out_no_rule_longer_than_itself() -> None:
    """Met on a fax: tops of characters in a column of text cut the label beside it in two."""
    seen, crossings = np.zeros(1100, bool), [174.0, 391.0, 1043.0]
    seen[468:603] = True
    assert not grids._bridged(seen, crossings).any()


def test_what_a_level_rule_leaves_of_itself_at_a_text_s_edge_is_no_writing_across_a_column():
    ink = np.zeros((60, 400), np.uint8)
    ink[10:12] = 255
    ink[16:34, 210:300] = 255
    texts = lattice.Texts(((206.0, 10.0, 304.0, 38.0),), ink)
    assert lattice.across(Rule(10.0, 50.0, 205.0), texts) == (0, 1)
