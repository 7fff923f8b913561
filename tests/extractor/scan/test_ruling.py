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


FORM = [
    (0, 0, 1, 1),
    (0, 1, 1, 3),
    (1, 0, 1, 1),
    (1, 1, 1, 1),
    (1, 2, 1, 1),
    (1, 3, 1, 1),
    (2, 0, 1, 1),
    (2, 1, 1, 3),
]


def test_cells_come_out_with_their_spans():
    assert _layout(_form()) == FORM


def test_cells_have_their_edges_in_pixels():
    (grid,) = find_grids(_gray(_form()), drawing.SCALE).grids
    assert grid.cells[3].box == pytest.approx((500, 420, 800, 540), abs=4)


def test_broken_lines_still_part_cells():
    picture = _form()
    for x in range(210, 1400, 90):
        picture[290:910, x : x + 9] = np.where(
            picture[290:910, x : x + 9] < 128, 255, picture[290:910, x : x + 9]
        )
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
    drawing.write(
        picture,
        [(510, 545 + 40 * row, "一二三工王五日目田国圆区园围困因回" * 2) for row in range(8)],
        size=38,
    )
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


def _filled_form():
    """The form with a label or an answer in each cell, and the boxes of its texts."""
    picture = _form()
    texts = [
        (520, 340, "武汉墨水湖物业服务有限公司近零碳排放示范工程"),
        (220, 340, "申请名称"),
        (220, 460, "申报负责人"),
    ]
    texts += [(520, 460, "陈文静"), (815, 460, "职务"), (1020, 460, "副总经理"), (220, 700, "申报主体概况")]
    texts += [(515, 560 + 44 * row, "位于汉南区，占地面积约二万平方米，现有职工一百零八") for row in range(7)]
    drawing.write(picture, texts)
    return picture, [(x, y + 2, x + 34 * len(text), y + 40) for x, y, text in texts]


def _cells(picture, texts=(), coloured=None):
    """The cells of the one table that is no smaller than the form's."""
    grids = find_grids(_gray(picture), drawing.SCALE, texts, coloured).grids
    (grid,) = [grid for grid in grids if grid.box[2] - grid.box[0] > 1000]
    return [(cell.row, cell.column, cell.row_span, cell.column_span) for cell in grid.cells]


RULES = [
    *((200, y, 1400, y) for y in (300, 420, 540, 900)),
    *((x, 300, x, 900) for x in (200, 500, 1400)),
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("at", [0.1, 0.37, 0.6])
def test_a_third_of_any_rule_may_be_gone(rule, at):
    picture, texts = _filled_form()
    x0, y0, x1, y1 = rule
    gone = (
        x0 + at * (x1 - x0),
        y0 + at * (y1 - y0),
        x0 + (at + 0.33) * (x1 - x0),
        y0 + (at + 0.33) * (y1 - y0),
    )
    cv2.line(picture, (round(gone[0]), round(gone[1])), (round(gone[2]), round(gone[3])), (255, 255, 255), 4)
    for x in (800, 1000):  # what stands on the rule is not worn
        cv2.line(picture, (x, 420), (x, 540), (0, 0, 0), 2)
    assert _cells(picture, texts) == FORM


@pytest.mark.parametrize("x", [230, 330, 560, 700, 905, 1100, 1330])
@pytest.mark.parametrize("gray", [0, 90])
def test_a_streak_from_edge_to_edge_is_no_border(x, gray):
    picture, texts = _filled_form()
    cv2.line(picture, (x, 0), (x, 2338), (gray,) * 3, 2)
    assert _cells(picture, texts) == FORM


@pytest.mark.parametrize("y", [340, 470, 610, 757])
def test_a_line_across_the_sheet_is_no_border(y):
    picture, texts = _filled_form()
    cv2.line(picture, (0, y), (1653, y), (60, 60, 60), 2)
    assert _cells(picture, texts) == FORM


def _dashed(picture, on, off, colour=(0, 0, 0)):
    """The picture of a form with its rules drawn as dashes."""
    drawn = _gray(picture) < 128
    ys, xs = np.nonzero(drawn)
    picture[ys, xs] = 255
    keep = ((xs + ys) % (on + off)) < on
    picture[ys[keep], xs[keep]] = colour


@pytest.mark.parametrize(("on", "off"), [(2, 3), (3, 5), (9, 5), (20, 8)])
def test_dotted_and_dashed_rules_part_cells(on, off):
    picture = _form()
    _dashed(picture, on, off)
    assert _cells(picture) == FORM


def test_rules_of_which_the_black_ink_has_a_pale_part_or_none_are_looked_for_in_all_ink():
    ink, texts = _filled_form()
    blacks = [cv2.line(ink.copy(), (500, 304), (500, 896), (left,) * 3, 2) for left in (200, 255)]
    assert [_cells(black, texts, _gray(ink)) for black in blacks] == [FORM, FORM]


@pytest.mark.parametrize("colour", [(120, 160, 230), (225, 225, 225), (235, 120, 120)])
def test_fine_rules_in_blue_grey_or_red_part_cells(colour):
    picture, texts = _filled_form()
    white = _form()
    rules = (_gray(white) < 128) & (_gray(cv2.erode(white, np.ones((2, 2), np.uint8))) < 128)
    picture[_gray(white) < 128] = 255
    picture[rules & (np.roll(_gray(white), 1, 0) + np.roll(_gray(white), 1, 1).astype(int) > 200)] = colour
    red = picture[..., 0]
    grids = find_grids(red, drawing.SCALE, texts, np.minimum(red, _gray(picture))).grids
    assert [(cell.row, cell.column, cell.row_span, cell.column_span) for cell in grids[0].cells] == FORM


def test_a_table_open_at_its_sides_is_closed_where_its_rules_end():
    picture, texts = _filled_form()
    for x in (200, 1400):
        cv2.line(picture, (x, 303), (x, 897), (255, 255, 255), 5)
        for y in (300, 420, 540, 900):
            cv2.line(picture, (x - 3, y), (x + 3, y), (0, 0, 0), 2)
    assert _cells(picture, texts) == FORM
    (grid,) = find_grids(_gray(picture), drawing.SCALE, texts).grids
    assert grid.box == pytest.approx((200, 300, 1400, 900), abs=8)
    assert all(cell.sure for cell in grid.cells)


def test_columns_that_nothing_rules_are_told_by_where_text_begins_and_are_unsure():
    picture = drawing.blank()
    ys = [300, 400, 500, 600, 700]
    for y in ys:
        cv2.line(picture, (200, y), (1400, y), (0, 0, 0), 2)
    rows = [
        ("申请名称", "低碳示范工程"),
        ("申报单位", "武汉墨水湖物业"),
        ("联系人", "陈文静"),
        ("联系地址", "青菱街七号"),
    ]
    texts = [
        (x, y + 30, text)
        for y, row in zip(ys, rows, strict=False)
        for x, text in zip((215, 520), row, strict=True)
    ]
    drawing.write(picture, texts)
    boxes = [(x, y, x + 34 * len(text), y + 40) for x, y, text in texts]
    (grid,) = find_grids(_gray(picture), drawing.SCALE, boxes).grids
    places = [(row, column) for row in range(4) for column in range(2)]
    assert [(cell.row, cell.column) for cell in grid.cells] == places
    assert 380 < grid.cells[0].box[2] < 520
    assert not any(cell.sure for cell in grid.cells)


UNRULED = [
    (250, [(215, "申请名称"), (520, "低碳示范工程")]),
    (330, [(215, "申报单位"), (520, "武汉墨水湖物业有限公司")]),
    (410, [(215, "负责人"), (520, "陈文静"), (800, "职务"), (1000, "总经理")]),
    (490, [(215, "联系人"), (520, "叶波"), (800, "职务"), (1000, "主任")]),
    (570, [(215, "联系电话"), (520, "13900001111"), (800, "邮箱"), (1000, "green@sina.com")]),
    (650, [(215, "联系地址"), (520, "青菱街七号")]),
    (730, [(215, "试点重点任务"), (520, "建设屋顶分布式光伏若干平方米")]),
    (776, [(215, "情况简介"), (520, "新建充电桩若干个")]),
    (822, [(520, "参与人数若干")]),
]


def _unruled(rows):
    picture = drawing.blank()
    texts = [(x, y, text) for y, row in rows for x, text in row]
    drawing.write(picture, texts)
    wide = drawing.font(34).getlength
    return picture, [(x, y + 4, x + wide(text), y + 44) for x, y, text in texts]


def test_a_form_that_nothing_rules_has_its_rows_where_its_labels_are_and_no_cell_of_it_is_sure():
    picture, texts = _unruled(UNRULED)
    (grid,) = find_grids(_gray(picture), drawing.SCALE, texts).grids
    rows = {row: [cell.column for cell in grid.cells if cell.row == row] for row in range(7)}
    assert rows == {
        0: [0, 1],
        1: [0, 1],
        2: [0, 1, 2, 3],
        3: [0, 1, 2, 3],
        4: [0, 1, 2, 3],
        5: [0, 1],
        6: [0, 1],
    }
    assert next(cell.box[3] for cell in grid.cells if cell.row == 5) == pytest.approx(725, abs=20)
    assert not any(cell.sure for cell in grid.cells)


def test_a_letter_has_no_rows():
    letter = [
        (250 + 60 * n, [(215, "按照贵局通知要求我单位认真组织编制了申请表现随函报送")]) for n in range(12)
    ]
    picture, texts = _unruled([*letter, (1000, [(215, "附件"), (520, "申请表")])])
    assert not find_grids(_gray(picture), drawing.SCALE, texts).grids


def test_labels_that_stand_in_the_middle_of_their_rows_tell_them():
    rows = [(y, row[:1] if y == 776 else row[1:] if y == 730 else row) for y, row in UNRULED[:6]]
    for top in (730, 900, 1070):
        rows += [
            (top, [(520, "建设屋顶光伏")]),
            (top + 23, [(215, "任务")]),
            (top + 46, [(520, "参与人数若干")]),
        ]
    picture, texts = _unruled(rows)
    (grid,) = find_grids(_gray(picture), drawing.SCALE, texts).grids
    tops = [cell.box[1] for cell in grid.cells if not cell.column]
    assert [above < top < below for top, above, below in
            zip(tops[-3:], (660, 820, 990), (735, 905, 1075), strict=True)] == [True] * 3  # fmt: skip
    assert not any(cell.sure for cell in grid.cells)


def test_a_rule_beside_which_another_shines_through_is_seen():
    picture = _form()
    cv2.line(picture, (508, 300), (508, 900), (190, 190, 190), 9)
    assert _layout(picture) == FORM


def test_a_character_s_stroke_under_the_end_of_a_rule_is_no_part_of_it():
    picture, texts = _filled_form()
    cv2.line(picture, (800, 420), (800, 588), (0, 0, 0), 2)
    assert _cells(picture, texts) == FORM


def _low_rows():
    """A row of two cells, one no higher than a line of text with a line all across it, and one of four; and
    the box of that line."""
    picture = drawing.blank()
    drawing.table(picture, [200, 1400], [300, 420, 456, 492])
    for x, top, bottom in ((500, 300, 420), (500, 456, 492), (800, 456, 492), (1000, 456, 492)):
        cv2.line(picture, (x, top), (x, bottom), (0, 0, 0), 2)
    drawing.write(picture, [(230, 424, "本人承诺以上所填内容真实有效，愿承担一切责任")], size=28)
    return picture, [(230, 424, 874, 452)]


def test_a_border_of_one_low_row_alone_is_seen_and_strokes_of_a_line_that_fills_a_row_are_none():
    picture, texts = _low_rows()
    expected = [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1), (2, 2), (2, 3)]
    assert [place[:2] for place in _cells(picture, texts)] == expected
    # The strokes of a box, and of what a rule above goes on in, are most of a border in so low a row.
    cv2.rectangle(picture, (500, 425), (522, 450), (0, 0, 0), 2)
    assert [place[:2] for place in _cells(picture, texts)] == expected
    cv2.line(picture, (500, 420), (500, 456), (0, 0, 0), 2)
    cv2.line(picture, (494, 440), (506, 440), (0, 0, 0), 14)
    assert [place[:2] for place in _cells(picture, texts)] == expected


def test_a_streak_that_wear_broke_is_no_border():
    picture, texts = _filled_form()
    for top, bottom in ((0, 190), (296, 545), (1000, 1100)):
        cv2.line(picture, (1250, top), (1250, bottom), (150, 150, 150), 1)
    assert _cells(picture, texts) == FORM


def test_a_fold_that_moves_print_aside_breaks_no_cell():
    picture, texts = _filled_form()
    ys, xs = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    down = 18 * np.clip(1 - np.abs(xs - 900) / 70, 0, None)
    right = 16 * np.clip(1 - np.abs(ys - 480) / 75, 0, None)
    for x, y in ((xs, ys + down), (xs + right, ys)):
        picture = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    assert _cells(picture, texts) == FORM
    ruling = find_grids(_gray(picture), drawing.SCALE, texts)
    left = ruling.around(ruling.grids[0].cells[2].box, (520, 470, 700, 490))[0]
    assert left == pytest.approx(200 - 16, abs=6), "where the fold is, the cell is where its print is"


def test_a_border_of_which_hardly_anything_is_seen_makes_its_cells_unsure():
    picture, texts = _filled_form()
    cv2.line(picture, (500, 427), (500, 533), (255, 255, 255), 8)
    (grid,) = find_grids(_gray(picture), drawing.SCALE, texts).grids
    assert [(cell.row, cell.column, cell.row_span, cell.column_span) for cell in grid.cells] == FORM
    assert [cell.sure for cell in grid.cells] == [True, True, False, False, True, True, True, True]


def test_a_small_frame_over_the_head_of_a_table_is_no_part_of_it():
    picture, texts = _filled_form()
    cv2.rectangle(picture, (1100, 180), (1450, 360), (0, 0, 0), 3)
    cv2.line(picture, (1100, 250), (1450, 250), (0, 0, 0), 3)
    assert _cells(picture, texts)[-6:] == FORM[-6:]


def test_a_streak_through_text_is_told():
    picture, texts = _filled_form()
    cv2.line(picture, (700, 0), (700, 2338), (0, 0, 0), 2)
    (streak,) = find_grids(_gray(picture), drawing.SCALE, texts).streaks
    assert streak[0] < 700 < streak[2]
    assert streak[1] < 310
    assert streak[3] > 890
    assert not find_grids(_gray(_filled_form()[0]), drawing.SCALE, texts).streaks


def test_feet_and_heads_of_writing_that_stand_level_are_no_rule() -> None:
    gray = np.full((1100, 850), 255, np.uint8)
    for y in (200, 300, 400):
        cv2.line(gray, (100, y), (750, y), 0, 2)
    for x in (100, 250, 450, 560, 750):
        cv2.line(gray, (x, 200), (x, 400), 0, 2)
    texts = [(262, 240, 420, 262), (570, 226, 742, 252)]
    plain = find_grids(gray, 150 / 72, texts)
    # The heads of the last characters of one text, and the feet of the other.
    cv2.line(gray, (355, 246), (415, 246), 0, 2)
    cv2.line(gray, (572, 246), (740, 246), 0, 2)
    written = find_grids(gray, 150 / 72, texts)
    assert [cell.box for cell in written.grids[0].cells] == [cell.box for cell in plain.grids[0].cells]


@pytest.mark.parametrize(
    ("ruled", "sure"),
    [
        (lambda picture: None, True),
        (lambda picture: cv2.line(picture, (800, 302), (800, 322), (0, 0, 0), 2), False),
        (lambda picture: cv2.line(picture, (300, 900), (360, 900), (255, 255, 255), 6), False),
    ],
    ids=["nothing", "a piece of it", "another border is worn"],
)
def test_words_that_begin_by_chance_where_another_row_is_ruled_make_no_cell_unsure(ruled, sure):
    """On clean paper a border of which nothing is left was never there; else it may be lost."""
    picture = _form()
    ruled(picture)
    drawing.write(picture, [(212, 340, "消费量"), (812, 340, "吨标准煤")])
    texts = [(212, 344, 314, 380), (812, 344, 948, 380)]
    (grid,) = find_grids(_gray(picture), drawing.SCALE, texts).grids
    assert [(cell.row, cell.column, cell.row_span, cell.column_span) for cell in grid.cells] == FORM
    assert [cell.sure for cell in grid.cells] == [True, sure, True, True, True, True, True, True]


def test_words_that_end_on_a_border_of_another_row_do_not_begin_there():
    picture = _form()
    cv2.line(picture, (300, 900), (360, 900), (255, 255, 255), 6)
    drawing.write(picture, [(663, 340, "吨标准煤")])
    (grid,) = find_grids(_gray(picture), drawing.SCALE, [(664, 344, 800, 380)]).grids
    assert all(cell.sure for cell in grid.cells)


def test_text_may_stand_close_to_a_rule_on_both_sides():
    picture = drawing.blank()
    ys = list(range(300, 1000, 70))
    drawing.table(picture, [200, 1400], ys)
    wide = drawing.font(34).getlength("申报单位")
    at = round(210 + wide + 9)
    cv2.line(picture, (at, ys[0]), (at, ys[-1]), (0, 0, 0), 2)
    texts = [(x, y + 14, text) for y in ys[:-1] for x, text in ((210, "申报单位"), (210 + wide + 17, "武汉"))]
    drawing.write(picture, texts)
    boxes = [(x, y + 4, x + drawing.font(34).getlength(text), y + 44) for x, y, text in texts]
    (grid,) = find_grids(_gray(picture), drawing.SCALE, boxes).grids
    assert max(cell.column + cell.column_span for cell in grid.cells) == 2
