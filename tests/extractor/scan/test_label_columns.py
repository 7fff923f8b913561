"""Tables whose labels stand left of all rules."""

import cv2
import numpy as np
import pytest

from extractor.scan.ruling import find_grids
from tests.extractor import drawing

LABELS = ("申请名称", "申报单位", "申报负责人", "联系人电话", "联系地址")


def _found(labels, rules, uprights=()):
    """The tables of a page with answers between the places of `rules`, under which lines are ruled."""
    picture, boxes = drawing.blank(), []
    wide = drawing.font(34).getlength
    for n, label in enumerate(labels):
        texts = [(215, label), (520, "武汉墨水湖物业有限公司")]
        drawing.write(picture, [(x, 265 + 80 * n, text) for x, text in texts])
        boxes += [(x, 269 + 80 * n, x + wide(text), 309 + 80 * n) for x, text in texts if text]
    for y in rules:
        cv2.line(picture, (500, y), (1400, y), (0, 0, 0), 2)
    for x in uprights:
        cv2.line(picture, (x, rules[0]), (x, rules[-1]), (0, 0, 0), 2)
    return find_grids(np.asarray(picture.min(axis=2), np.uint8), drawing.SCALE, boxes).grids


@pytest.mark.parametrize("first", [0, 1])
def test_a_table_of_answers_gets_the_labels_beside_it_and_the_row_over_its_first_rule(first):
    (found,) = _found(LABELS, [250 + 80 * n for n in range(first, 6)], (500, 1400) if not first else ())
    assert [(cell.row, cell.column) for cell in found.cells] == [(r, c) for r in range(5) for c in range(2)]
    assert not any(cell.sure for cell in found.cells if not cell.column)
    assert found.cells[0].box[0] < 215 < found.cells[0].box[2] < 520


def test_single_words_beside_a_table_are_no_column_of_labels():
    (found,) = _found(("", "", "第页", "", "装订"), [250 + 80 * n for n in range(6)], (500, 1400))
    assert found.box[0] == pytest.approx(500, abs=4)


def _tall(labels):
    """The cells of a table whose first column has no level rules; `labels` are (place, text) in it."""
    picture = drawing.blank()
    drawing.table(picture, [500, 1400], [250, 400, 550, 700])
    drawing.table(picture, [200, 500], [250, 700])
    drawing.write(picture, [(215, y, text) for y, text in labels])
    wide = drawing.font(34).getlength
    boxes = [(215, y + 4, 215 + wide(text), y + 44) for y, text in labels]
    (found,) = find_grids(np.asarray(picture.min(axis=2), np.uint8), drawing.SCALE, boxes).grids
    return [(cell.row, cell.row_span, cell.sure) for cell in found.cells if not cell.column]


def test_a_tall_cell_with_a_label_beside_each_row_is_parted():
    labels = [(300 + 150 * n, text) for n, text in enumerate(("申请名称", "申报单位", "联系地址"))]
    assert _tall(labels) == [(0, 1, False), (1, 1, False), (2, 1, False)]


def test_a_tall_cell_with_one_label_of_several_lines_is_whole():
    assert _tall([(400 + 50 * n, text) for n, text in enumerate(("申报单位", "基本情况", "及其概况"))]) == [
        (0, 3, True)
    ]
    assert _tall([(300 + 150 * n, text) for n, text in enumerate("申报人")]) == [(0, 3, True)]
