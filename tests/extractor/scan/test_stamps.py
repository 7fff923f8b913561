"""A framed stamp that an office set over a form leaves no word in its answers, and no line in its table."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from extractor.scan.decode import Picture
from extractor.scan.ocr import PaddleOcr
from extractor.scan.read import read_page
from extractor.scan.stamps import find_stamps, without_ink
from extractor.scan.upright import flatten
from models.page import Page, Table
from tests.extractor import drawing

BLUE, RED, BLACK = (40, 60, 170), (200, 30, 40), (85, 85, 85)
XS, YS = [150, 420, 900, 1120, 1500], [300, 380, 460, 540, 620]


def _form() -> np.ndarray:
    picture = drawing.blank(1654, 1169)
    drawing.table(picture, XS, YS)
    labels = [(170, y + 22, text) for y, text in zip(YS, ("单位", "地址", "联系人", "电话"), strict=False)]
    values = ["东湖某某有限公司", "和平大道十二号", "王小明", "13800138000"]
    drawing.write(picture, [*labels, *((440, y + 22, text) for y, text in zip(YS, values, strict=False))])
    drawing.write(picture, [(1150, y + 22, "二级主任") for y in YS[:-1]])
    return picture


def _stamped(picture: np.ndarray, colour: tuple[int, int, int], degrees: float, x: int, y: int) -> np.ndarray:
    """The picture with a stamp of an office set on it, its middle at (x, y)."""
    image = Image.new("RGBA", (414, 200), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    ink = (*colour, 235)
    draw.rectangle([5, 5, 408, 194], outline=ink, width=5)
    draw.line([5, 87, 408, 87], fill=ink, width=3)
    draw.text((207, 47), "收文专用章", font=drawing.font(44), fill=ink, anchor="mm")
    draw.text((207, 140), "2021.1.14 第57号", font=drawing.font(32), fill=ink, anchor="mm")
    layer = np.asarray(image.rotate(degrees, expand=True, resample=Image.Resampling.BICUBIC), np.float32)
    high, wide = layer.shape[:2]
    left, top = x - wide // 2, y - high // 2
    share = layer[..., 3:] / 255
    part = picture[top : top + high, left : left + wide]
    out = picture.copy()
    out[top : top + high, left : left + wide] = part * (1 - share + share * layer[..., :3] / 255)
    return out


def _copied(picture: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.merge([grey] * 3), np.uint8)


def _read(picture: np.ndarray) -> Page:
    return read_page(Picture(picture, (595.4, 420.8)), 1, PaddleOcr())


def _texts(page: Page) -> list[str]:
    return [cell.text for table in page.blocks if isinstance(table, Table) for cell in table.cells]


@pytest.mark.parametrize("colour", [BLUE, (90, 40, 140), (20, 120, 60), RED])
def test_a_stamp_in_ink_of_a_colour_is_found_and_comes_off_the_print_under_it(colour: tuple) -> None:
    form = _form()
    stamped = _stamped(form, colour, 6, 700, 420)
    (stamp,) = find_stamps(stamped, False)
    assert np.allclose(stamp.middle, (700, 420), atol=8)
    assert abs(stamp.angle + 6) < 1
    bare, inked = without_ink(stamped, [stamp])
    assert inked is not None
    assert np.abs(bare.astype(int) - form).mean() < 1


def test_a_grey_stamp_is_told_from_the_table_by_its_slant() -> None:
    (stamp,) = find_stamps(_copied(_stamped(_form(), BLACK, 4, 1300, 420)), True)
    assert np.allclose(stamp.middle, (1300, 420), atol=8)
    assert abs(stamp.off + 4) < 1


def test_a_stamp_that_ends_with_the_paper_is_found() -> None:
    wide = cv2.copyMakeBorder(_form(), 0, 0, 0, 400, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cut = np.ascontiguousarray(_copied(_stamped(wide, BLACK, 7, 1560, 200))[:, :1654])
    (stamp,) = find_stamps(cut, True)
    assert stamp.box[0] < 1400 < 1600 < stamp.box[2]


def test_a_stamp_over_whose_side_a_pen_ran_is_found_beside_other_ink_on_its_level() -> None:
    stamped = _stamped(_form(), BLUE, 0, 1000, 420)
    cv2.line(stamped, (400, 515), (520, 515), BLUE, 4)
    cv2.rectangle(stamped, (785, 400), (805, 470), (255, 255, 255), -1)
    assert len(find_stamps(stamped, False)) == 1


def test_a_stamp_on_a_sheet_that_lies_on_its_side_is_found() -> None:
    turned = np.ascontiguousarray(np.rot90(_copied(_stamped(_form(), BLACK, 4, 1300, 420))))
    assert len(find_stamps(turned, True)) == 1


@pytest.mark.parametrize("is_plain", [True, False])
def test_a_form_without_a_stamp_is_left_as_it_is(is_plain: bool) -> None:
    form = drawing.turned(_form(), 1.3)
    cv2.ellipse(form, (500, 420), (90, 40), 0, 0, 360, BLUE, 5)
    cv2.circle(form, (1200, 800), 160, RED, 8)
    form = _copied(form) if is_plain else form
    stamps = find_stamps(form, is_plain)
    assert stamps == ()
    assert without_ink(form, stamps) == (form, None)


def test_a_table_with_coloured_rules_is_no_stamp() -> None:
    picture = drawing.blank(1654, 1169)
    cv2.rectangle(picture, (200, 300), (600, 480), BLUE, 3)
    cv2.line(picture, (200, 390), (600, 390), BLUE, 3)
    drawing.write(picture, [(220, 320, "单位"), (220, 410, "地址")])
    assert find_stamps(picture, False) == ()


@pytest.mark.parametrize("colour", [BLUE, RED])
def test_a_stamp_does_not_turn_the_page(colour: tuple[int, int, int]) -> None:
    letter = drawing.blank(1654, 1169)
    drawing.write(letter, [(200, 500 + 70 * row, "关于报送示范工程试点申请材料的函") for row in range(4)])
    stamped = _stamped(letter, colour, 8, 1200, 250)
    flat = flatten(stamped, (595.4, 420.8), find_stamps(stamped, False))
    assert flat.frame is not None
    assert flat.frame.warp is None


@pytest.mark.parametrize("colour", [BLUE, RED])
def test_no_word_of_a_coloured_stamp_stands_in_an_answer(colour: tuple[int, int, int]) -> None:
    plain, page = (_read(one) for one in (_form(), _stamped(_form(), colour, 6, 820, 430)))
    assert _texts(page) == _texts(plain)
    assert [seal.shape for seal in page.seals] == ["square"]


def test_words_of_a_grey_stamp_beside_an_answer_are_no_part_of_it() -> None:
    page = _read(_copied(_stamped(_form(), BLACK, 5, 1130, 460)))
    assert not any(words in text for text in _texts(page) for words in ("2021", "57", "号 "))
    assert page.unread


def test_an_answer_that_was_stamped_goes_to_a_person() -> None:
    form = _form()
    form[305:375, 425:895] = 255
    cell = _stamped(form, BLUE, 0, 660, 340)
    assert any(box.x0 > 150 and box.y1 < 180 for box in _read(cell).unread)
