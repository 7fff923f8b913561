"""Tables side by side are two, in the order in which they are read, and one table with a gap stays one."""

import pytest

from extractor.scan import upright
from extractor.scan.layers import take_apart
from extractor.scan.ruling import find_grids
from extractor.scan.side_by_side import columns, in_column
from tests.extractor import drawing

ROWS = [200, 320, 440, 560, 680]


def _grids(picture, points=(842, 595)):
    layers = take_apart(upright.flatten(picture, points))
    return find_grids(layers.black, layers.scale, [], layers.inks).grids


def test_two_tables_whose_rules_lie_at_one_height_are_two_and_the_left_one_comes_first():
    picture = drawing.blank(2339, 1654)
    drawing.table(picture, [150, 400, 1000], ROWS)
    drawing.table(picture, [1300, 1500, 2150], [80, *ROWS])
    left, right = _grids(picture)
    assert left.box[0] < 200 < 1200 < right.box[0]
    assert (len(left.cells), len(right.cells)) == (8, 10)


def test_a_low_table_beside_a_high_one_is_found_where_a_rule_of_both_lies_at_one_height():
    picture = drawing.blank(3307, 2339)
    rows = [400, 472, 541, 645, 715, 816, 903, 980, 1523, 2072]
    drawing.table(picture, [224, 515, 1399], rows)
    drawing.table(picture, [1872, 2163, 3049], [200, 592, 980])
    left, right = _grids(picture, (1190, 842))
    assert (len(left.cells), len(right.cells)) == (18, 4)


def test_a_table_with_an_empty_column_stays_one():
    picture = drawing.blank(2339, 1654)
    drawing.table(picture, [150, 400, 1000, 1300, 1500, 2150], ROWS)
    (grid,) = _grids(picture)
    assert len(grid.cells) == 20


@pytest.mark.parametrize(
    ("tables", "places"),
    [
        ([(0, 0, 10, 20), (14, 5, 30, 25)], [12]),
        ([(0, 0, 10, 20), (0, 30, 10, 40)], []),
        # A third table below reaches over both.
        ([(0, 0, 10, 20), (14, 0, 30, 20), (0, 30, 30, 40)], []),
    ],
)
def test_there_is_a_place_between_tables_that_stand_side_by_side(tables, places):
    assert columns(tables) == places


def test_what_stands_in_the_left_column_is_read_before_the_right_one():
    left, below, right = (0.0, 50.0, 10.0, 60.0), (2.0, 90.0, 8.0, 95.0), (14.0, 0.0, 30.0, 25.0)
    assert sorted([right, below, left], key=lambda box: in_column(box, [12.0])) == [left, below, right]
