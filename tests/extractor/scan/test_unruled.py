"""Forms without rules, and those without uprights, that go on over pages."""

import cv2
import numpy as np
import pytest

from extractor.scan import read, steps
from extractor.scan.carried import Columns, columns_of
from extractor.scan.decode import Picture
from extractor.scan.grids import Grid, GridBox
from extractor.scan.ocr import PaddleOcr
from extractor.scan.ruling import find_grids
from extractor.text.centred import bands_of, tops_of
from tests.extractor import drawing

BEFORE = Columns(200 / drawing.SCALE, 500 / drawing.SCALE, 1400 / drawing.SCALE)
REST = [
    (150, [(515, "特此声明并愿承担责任")]),
    (250, [(515, "申报单位盖章")]),
    (400, [(1180, "2021年2月5日")]),
    (500, [(215, "推荐部门意"), (515, "同意推荐")]),
    (545, [(215, "见")]),
    (700, [(1180, "2021年2月8日")]),
]


def _page(rows, joined=()):
    """A page and the boxes of its texts; in the rows at the heights `joined` all is one box."""
    picture = drawing.blank()
    drawing.write(picture, [(x, y, text) for y, row in rows for x, text in row])
    wide = drawing.font(34).getlength
    boxes = []
    for y, row in rows:
        own = [(x, y + 4, x + wide(text), y + 44) for x, text in row]
        boxes += [(own[0][0], y + 4, own[-1][2], y + 44)] if y in joined else own
    return picture, boxes


def _grids(picture, boxes, before=BEFORE):
    return find_grids(np.asarray(picture.min(axis=2), np.uint8), drawing.SCALE, boxes, before=before).grids


def _places(one):
    return [(cell.row, cell.column, cell.column_span) for cell in one.cells]


@pytest.mark.parametrize("joined", [(), (500,)])
@pytest.mark.parametrize("moved", [-20, 0, 20])
def test_a_form_without_rules_goes_on_in_the_columns_of_the_page_before(joined, moved):
    picture, boxes = _page([(y, [(x + moved, text) for x, text in row]) for y, row in REST], joined)
    (found,) = _grids(picture, boxes)
    assert _places(found) == [(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)]
    assert 385 + moved < found.cells[0].box[2] < 515 + moved
    assert 440 < found.cells[0].box[3] < 505
    assert not any(cell.sure for cell in found.cells)


def test_without_a_page_before_so_few_labels_make_no_form():
    assert not _grids(*_page(REST), None)


def test_a_line_across_both_columns_ends_the_form():
    letter = [(900 + 60 * n, [(215, "按照贵局通知要求我单位认真组织编制了申请表随函报送")]) for n in range(6)]
    (found,) = _grids(*_page([*REST, *letter]))
    assert found.box[3] < 900
    assert not _grids(*_page(letter))


def test_a_page_with_nothing_but_a_date_is_no_form():
    assert not _grids(*_page([(100, [(1180, "2021年2月5日")])]))


def test_a_date_over_a_line_that_ends_the_form_has_a_row_without_a_label():
    letter = [(250, [(215, "按照贵局通知要求我单位认真组织编制了申请表随函报送")])]
    (found,) = _grids(*_page([(150, [(1180, "2021年2月5日")]), *letter, (400, [(515, "同意推荐")])]))
    assert _places(found) == [(0, 0, 1), (0, 1, 1)]


@pytest.mark.parametrize("start", [400, 300])
def test_labels_that_end_together_or_stand_one_over_the_middle_of_the_other_make_a_form(start):
    """Those of the first sort end at 480, the others have their middle at 350."""
    rows = [("申请名称", "低碳示范工程"), ("申报单位", "武汉墨水湖物业"), ("申报负责人", "陈文静"),
            ("联系人", "叶波"), ("联系人电话", "13900001111"), ("联系地址", "青菱街七号")]  # fmt: skip
    wide = drawing.font(34).getlength
    at = [480 - wide(label) if start == 400 else 350 - wide(label) / 2 for label, _ in rows]
    page = [
        (250 + 80 * n, [(round(x), label), (520, answer)])
        for n, (x, (label, answer)) in enumerate(zip(at, rows, strict=True))
    ]
    (found,) = _grids(*_page(page), None)
    assert _places(found) == [(row, column, 1) for row in range(6) for column in range(2)]


def test_a_label_s_lines_may_stand_as_far_apart_as_those_of_the_answers():
    rows = [(250 + 120 * n, [(215, label), (520, "武汉墨水湖物业")])
            for n, label in enumerate(("申请名称", "申报单位", "负责人"))]  # fmt: skip
    rows += [
        (610 + 62 * n, [(215, label)] * bool(label) + [(520, "建设屋顶分布式光伏若干平方米新建充电桩若干个")])
        for n, label in enumerate(("试点重点任务", "重大项目情况", "简介", ""))
    ]
    (found,) = _grids(*_page(rows), None)
    assert max(cell.row for cell in found.cells) == 3


def test_a_short_answer_may_stand_beside_the_middle_of_a_label_of_two_lines():
    rows = [(250 + 80 * n, [(215, label), (520, "武汉墨水湖物业")])
            for n, label in enumerate(("申请名称", "申报单位", "联系地址"))]  # fmt: skip
    for top, name in ((490, "陈文静"), (620, "叶波")):
        rows += [(top, [(215, "申报负责")]), (top + 22, [(520, name)]), (top + 44, [(215, "人")])]
    (found,) = _grids(*_page(rows), None)
    assert max(cell.row for cell in found.cells) == 4


def test_labels_beside_the_middle_of_long_answers_part_them_where_lines_end_early():
    full, short = "建设屋顶分布式光伏若干平方米新建充电桩若干个", "新建充电桩若干个"
    rows = [(250 + 80 * n, [(215, label), (520, "武汉墨水湖物业")])
            for n, label in enumerate(("申请名称", "申报单位", "联系地址"))]  # fmt: skip
    for top, label in ((490, "申报主体概况"), (770, "重大项目简介")):
        rows += [(top + 62 * n, [(520, text)]) for n, text in enumerate((full, full, full, short))]
        rows += [(top + 93, [(215, label)])]
    (found,) = _grids(*_page(rows), None)
    assert _places(found) == [(row, column, 1) for row in range(5) for column in range(2)]
    edges = [cell.box[3] for cell in found.cells if not cell.column]
    assert 435 < edges[2] < 500
    assert 715 < edges[3] < 780


def test_labels_beside_the_middle_of_rows_part_answers_that_stand_at_their_top():
    full, short = "建设屋顶分布式光伏若干平方米新建充电桩若干个", "新建充电桩若干个"
    rows = [(250 + 80 * n, [(215, label), (520, "武汉墨水湖物业")])
            for n, label in enumerate(("申请名称", "申报单位", "联系地址"))]  # fmt: skip
    # The rows are 480 and 360 high, and each text begins 25 below the upper edge of its own.
    for top, high, label in ((485, 480, "申报主体概况"), (965, 360, "重大项目简介"), (1325, 360, "主体承诺")):
        rows += [(top + 25 + 62 * n, [(520, text)]) for n, text in enumerate((full, full, short))]
        rows += [(top + high // 2 - 22, [(215, label)])]
    (found,) = _grids(*_page(rows), None)
    assert _places(found) == [(row, column, 1) for row in range(6) for column in range(2)]
    edges = [cell.box[3] for cell in found.cells if not cell.column]
    assert 450 < edges[2] < 515
    assert 690 < edges[3] < 995
    assert 1170 < edges[4] < 1355


def test_a_label_goes_on_behind_a_line_that_a_bracket_made_a_character_shorter():
    rows = [(250 + 80 * n, [(215, label), (520, "武汉墨水湖物业")])
            for n, label in enumerate(("申请名称", "申报单位", "联系地址"))]  # fmt: skip
    rows += [(490 + 62 * n, [(520, "建设屋顶分布式光伏若干平方米新建充电桩若干个")]) for n in range(3)]
    # A line of print never ends with an opening bracket.
    rows += [(490, [(215, "推荐部门意见")]), (552, [(215, "（主体的上级")]), (614, [(215, "主管部门）")])]
    rows[3:3] = [(760, [(215, "重大项目简况表"), (520, "武汉墨水湖物业")])]
    (found,) = _grids(*_page(rows), None)
    assert max(cell.row for cell in found.cells) == 4


def test_a_centred_label_on_the_next_page_leaves_the_lines_over_its_answer_to_the_one_before():
    full = "建设屋顶分布式光伏若干平方米新建充电桩若干个"
    rows = [(150, [(515, "总投资若干万元")])]
    rows += [(230 + 62 * n, [(515, text)]) for n, text in enumerate((full, full, full, "特此声明"))]
    (found,) = _grids(*_page([*rows, (323, [(215, "申报主体承诺")])]))
    assert _places(found) == [(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)]
    assert 190 < found.cells[0].box[3] < 240


def test_a_column_of_centred_labels_holds_longer_and_shorter_ones():
    answers = ("低碳示范工程", "武汉墨水湖物业", "青菱街七号")
    rows = [(250 + 80 * n, [(215, f"申请名称{n}"), (520, text)]) for n, text in enumerate(answers)]
    wide = drawing.font(34).getlength
    rows += [
        (
            490 + 80 * n,
            [(215, "申报单位"), (520, "陈文静"), (round(950 - wide(label) / 2), label), (1180, "主任")],
        )
        for n, label in enumerate(("职务", "职务", "电子邮箱"))
    ]
    (found,) = _grids(*_page(rows), None)
    assert _places(found)[-12:] == [(row, column, 1) for row in (3, 4, 5) for column in range(4)]


def test_the_lines_of_the_labels_tell_their_own_distance_where_no_long_answer_does():
    rest = [
        (500, [(215, "推荐部门意"), (515, "同意推荐")]),
        (562, [(215, "见及其主管")]),
        (624, [(215, "部门")]),
    ]
    (found,) = _grids(*_page([*REST[:3], *rest, REST[5]]))
    assert max(cell.row for cell in found.cells) == 1


def test_a_table_with_level_rules_alone_goes_on_in_the_columns_of_the_page_before():
    picture, boxes = _page([*REST[:3], (560, [(215, "推荐部门意见"), (515, "同意推荐")]), *REST[5:]])
    for y in (480, 800):
        cv2.line(picture, (204, y), (1406, y), (0, 0, 0), 2)
    (found,) = _grids(picture, boxes)
    assert _places(found) == [(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)]
    assert found.cells[0].box[3] == pytest.approx(480, abs=4)
    assert not all(cell.sure for cell in found.cells)


def test_dates_at_the_right_begin_no_column_on_a_page_on_which_a_table_goes_on():
    picture, boxes = _page([*REST[:3], (560, [(215, "推荐部门意见"), (515, "同意推荐")]), *REST[5:]])
    for y in (100, 480, 800, 900):
        cv2.line(picture, (204, y), (1406, y), (0, 0, 0), 2)
    (found,) = _grids(picture, boxes)
    assert max(cell.column + cell.column_span for cell in found.cells) == 2


def test_a_page_s_columns_are_those_of_its_last_table():
    rows = ((0, 1, 340), (1, 1, 340), (2, 2, 1060))
    cells = tuple(
        GridBox(row, 0, 1, span, (100, 200 + 50 * row, end, 250 + 50 * row)) for row, span, end in rows
    )
    table = Grid(cells, (100, 200, 1060, 350))
    assert columns_of([Grid((), (0, 0, 9, 9)), table], 2.0) == Columns(50, 170, 530)
    assert columns_of([], 2.0) is None


def test_each_page_is_told_the_columns_of_the_page_before(monkeypatch):
    told = []
    look = steps.find_grids

    def find(*known):
        told.append(known[-1])
        return look(*known)

    monkeypatch.setattr(steps, "find_grids", find)
    picture = drawing.blank()
    drawing.table(picture, [200, 480, 1400], [300, 480, 660])
    read.read_pictures([Picture(picture)] * 2, PaddleOcr())
    first, second = told
    assert first is None
    assert second.answers - second.left == pytest.approx(280 / drawing.SCALE, abs=3)


def test_labels_that_nearly_touch_may_be_lines_of_one_and_part_no_rows():
    """The measures of a page on which 推荐部门意见（申报主体上级行政主管部门） was taken for two labels."""
    high = 29.73
    tops = [166.2, 208.1, 247.3, 287.9, 329.8, 567.6, 608.2, 650.1, 714.9, 773.1, 824.4, 865.0, 959.6, 1002.8]
    ends = [190.6, 232.5, 274.4, 316.2, 358.1, 594.7, 636.6, 678.4, 747.4, 821.7, 856.8, 898.7, 989.3, 1031.2]
    rights = [1004, 1001, 1028, 1004, 787, 1030, 1030, 755, 653, 791, 630, 531, 612, 616]
    answers = bands_of([(403.0, y0, x1, y1) for y0, x1, y1 in zip(tops, rights, ends, strict=True)], high)
    labels = [
        [(198.7, y0, 370.3, y1) for y0, y1 in block]
        for block in (
            [(302.7, 332.5), (344.6, 374.4), (381.1, 421.7)],
            [(694.7, 724.4)],
            [(925.8, 959.6), (969.0, 998.7)],
            [(1009.6, 1039.3), (1043.3, 1089.3)],
        )
    ]
    assert tops_of(labels, answers, high) is None
    # Farther apart they are labels of two rows.
    labels[3] = [(198.7, 1012.0, 370.3, 1039.3), *labels[3][1:]]
    assert tops_of(labels, answers, high) is not None
