import cv2
import numpy as np
import pytest

from extractor.scan.ruling import find_grids
from tests.extractor import drawing


def _gray(picture):
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _form():
    """Three rows: one of two cells, one of four, one of two."""
    picture = drawing.blank()
    drawing.table(picture, [200, 500, 1400], [300, 420, 540, 900])
    cv2.line(picture, (800, 420), (800, 540), (0, 0, 0), 2)
    cv2.line(picture, (1000, 420), (1000, 540), (0, 0, 0), 2)
    return picture


def _layout(picture):
    (grid,) = find_grids(_gray(picture), drawing.SCALE).grids
    return [(cell.row, cell.column, cell.row_span, cell.column_span) for cell in grid.cells]


FORM = [(0, 0, 1, 1), (0, 1, 1, 3), (1, 0, 1, 1), (1, 1, 1, 1), (1, 2, 1, 1), (1, 3, 1, 1), (2, 0, 1, 1), (2, 1, 1, 3)]


def test_cells_come_out_with_their_spans():
    assert _layout(_form()) == FORM


def test_cells_have_their_edges_in_pixels():
    (grid,) = find_grids(_gray(_form()), drawing.SCALE).grids
    assert grid.cells[3].box == pytest.approx((500, 420, 800, 540), abs=4)


def test_broken_lines_still_part_cells():
    picture = _form()
    for x in range(210, 1400, 90):
        picture[290:910, x : x + 9] = np.where(picture[290:910, x : x + 9] < 128, 255, picture[290:910, x : x + 9])
    assert _layout(picture) == FORM


def test_faint_lines_are_seen():
    picture = _form()
    picture[picture < 128] = 205
    assert _layout(picture) == FORM


def test_a_double_line_is_one():
    picture = _form()
    cv2.line(picture, (200, 427), (1400, 427), (0, 0, 0), 2)
    assert _layout(picture) == FORM


def test_dense_writing_makes_no_lines():
    picture = _form()
    drawing.write(picture, [(510, 545 + 40 * row, "一二三工王五日目田国圆区园围困因回" * 2) for row in range(8)], size=38)
    assert _layout(picture) == FORM


def test_cells_over_several_rows_are_one():
    picture = drawing.blank()
    drawing.table(picture, [200, 500, 1400], [300, 900])
    for y in (500, 700):
        cv2.line(picture, (500, y), (1400, y), (0, 0, 0), 2)
    assert _layout(picture) == [(0, 0, 3, 1), (0, 1, 1, 1), (1, 1, 1, 1), (2, 1, 1, 1)]


def test_a_page_without_lines_has_no_table():
    assert find_grids(_gray(drawing.blank()), drawing.SCALE).grids == ()


def test_the_tops_of_a_row_of_characters_are_no_ruled_line():
    picture = _form()
    drawing.write(picture, [(510, 304, "区百工示丁下五亚百西雨面严于干区百工示")], size=40)
    lines = find_grids(_gray(picture), drawing.SCALE).lines
    assert lines[292:302, 510:1300].any(axis=0).all(), "the border itself is ruled"
    assert not lines[312:410, 510:1300].any(), "what stands under it is writing"


def test_an_underline_is_a_ruled_line():
    picture = _form()
    cv2.line(picture, (540, 700), (1300, 700), (0, 0, 0), 2)
    assert find_grids(_gray(picture), drawing.SCALE).lines[700, 560:1280].all()


def test_writing_that_touches_a_border_does_not_join_the_cells():
    picture = _form()
    drawing.write(picture, [(510, 531, "武汉墨水湖物业服务有限公司位于汉南区占地面积")], size=38)
    assert _layout(picture) == FORM


def test_a_border_that_is_gone_in_part_still_parts_the_cells():
    picture = _form()
    picture[410:430, 820:990] = 255
    picture[530:550, 1010:1190] = 255
    assert _layout(picture) == FORM


def test_a_cell_that_spans_rows_is_one():
    picture = _form()
    picture[410:430, 205:495] = 255
    assert (0, 0, 2, 1) in _layout(picture)
