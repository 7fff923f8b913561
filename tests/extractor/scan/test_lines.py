import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from extractor.scan import lines
from tests.extractor import drawing

_PAGE = (400, 300)


@st.composite
def _blots(draw):
    x, y = draw(st.integers(0, _PAGE[1] - 10)), draw(st.integers(0, _PAGE[0] - 10))
    return x, y, x + draw(st.integers(4, 10)), y + draw(st.integers(1, 10))


@given(st.lists(_blots(), min_size=1, max_size=5))
def test_the_part_that_is_looked_at_holds_all_ink_where_it_was(blots):
    page = np.full(_PAGE, 255, np.uint8)
    for x0, y0, x1, y1 in blots:
        page[y0:y1, x0:x1] = 0
    part, left, top = lines._trimmed(page)
    assert [side % 32 for side in part.shape] == [0, 0]
    height, width = min(part.shape[0], _PAGE[0] - top), min(part.shape[1], _PAGE[1] - left)
    np.testing.assert_array_equal(part[:height, :width], page[top : top + height, left : left + width])
    assert (part == 0).sum() == (page == 0).sum()


def test_dust_does_not_make_the_part_larger():
    page = np.full(_PAGE, 255, np.uint8)
    page[100:110, 100:140] = 0
    page[390:392, 290:293] = 0
    part, left, top = lines._trimmed(page)
    assert (part.shape, left, top) == ((64, 64), 88, 88)


def test_a_blank_page_is_looked_at_whole():
    part, left, top = lines._trimmed(np.full(_PAGE, 255, np.uint8))
    assert (part.shape, left, top) == (_PAGE, 0, 0)


def test_characters_under_each_other_are_read_one_by_one_and_no_other_box_is_cut():
    picture = drawing.blank(300, 400)
    drawing.write(picture, [(100, 60 + 45 * row, character) for row, character in enumerate("项目二介")], 34)
    gray = picture[:, :, 0]
    column = (98.0, 60.0, 136.0, 236.0)
    boxes = lines._unstacked([column, (10.0, 20.0, 60.0, 40.0)], gray)
    assert boxes[-1] == (10.0, 20.0, 60.0, 40.0)
    assert len(boxes) == 5
    for box, row in zip(boxes, range(4), strict=False):
        assert box[1] < 60 + 45 * row + 20 < box[3]
    # A drawing that has no gaps is no column of characters.
    picture[60:236, 110:116] = 0
    assert lines._unstacked([column], picture[:, :, 0]) == [column]


def _signed(prompt):
    """A page of two usual lines and a large signature beside a prompt, and the boxes of all that."""
    picture = drawing.blank(900, 500)
    drawing.write(picture, [(40, 40, "本单位自愿申请成为试点"), (40, 120, "对材料的真实性负责")], 34)
    drawing.write(picture, [(40, 250, prompt)], 34)
    drawing.write(picture, [(330, 190, "王小明")], 130)
    return picture[:, :, 0], [
        (38.0, 36.0, 420.0, 82.0),
        (38.0, 116.0, 380.0, 162.0),
        (38.0, 186.0, 730.0, 340.0),
    ]


def test_of_a_prompt_and_a_large_signature_in_one_box_the_prompt_is_left():
    gray, boxes = _signed("负责人签字：")
    *usual, prompt = lines._single(boxes, gray)
    assert usual == boxes[:2]
    assert prompt[0] == 38.0
    assert 230 < prompt[2] < 340
    assert prompt[1] < 262 < 284 < prompt[3]


def test_writing_in_several_lines_in_one_box_is_no_prompt():
    gray, boxes = _signed("")
    assert lines._single(boxes, gray) == boxes[:2]
