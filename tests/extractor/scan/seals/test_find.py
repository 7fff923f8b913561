import math

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from extractor.scan import upright
from extractor.scan.layers import take_apart
from extractor.scan.ocr import PaddleOcr
from extractor.scan.seals import inscription
from extractor.scan.seals.find import find_seals
from extractor.weighing.seal_names import bears
from models.page import Run
from tests.extractor import drawing

RED, GREY, BLACK = (215, 30, 40), (130, 130, 130), (20, 20, 20)
ENGINE = PaddleOcr()


def _stamp(picture, x, y, name, colour, radius=160, turn=0.0, inside="", flat=1.0):
    """Sets a round seal with a name on its rim, its middle at (x, y), turned by degrees, pressed to `flat` of
    its height."""
    image = Image.new("L", (2 * radius + 20,) * 2, 0)
    draw = ImageDraw.Draw(image)
    draw.ellipse([10, 10, 2 * radius + 10, 2 * radius + 10], outline=255, width=9)
    middle = radius + 10
    for i, char in enumerate(name):
        angle = math.radians(-110 + 220 * i / (len(name) - 1))
        glyph = Image.new("L", (90, 90), 0)
        ImageDraw.Draw(glyph).text((45, 45), char, font=drawing.font(38), fill=255, anchor="mm")
        glyph = glyph.rotate(-math.degrees(angle), resample=Image.BICUBIC)
        at = (
            int(middle + 0.75 * radius * math.sin(angle) - 45),
            int(middle - 0.75 * radius * math.cos(angle) - 45),
        )
        image.paste(255, at, glyph)
    draw.text((middle, middle + 70), inside, font=drawing.font(28), fill=255, anchor="mm")
    image = image.resize((image.width, round(image.height * flat)), Image.Resampling.BICUBIC)
    _press(picture, x, y, image.rotate(turn, resample=Image.Resampling.BICUBIC, expand=True), colour)


def _square(picture, x, y, rows, colour, side=300):
    image = Image.new("L", (side + 20,) * 2, 0)
    draw = ImageDraw.Draw(image)
    draw.rectangle([10, 10, side + 10, side + 10], outline=255, width=9)
    for i, row in enumerate(rows):
        draw.text(
            (10 + side / 2, 10 + side * (i + 0.5) / len(rows)),
            row,
            font=drawing.font(64),
            fill=255,
            anchor="mm",
        )
    _press(picture, x, y, image, colour)


def _press(picture, x, y, image, colour):
    ink = np.asarray(image).astype(np.float32)[..., None] / 255 * 0.92
    top, left = y - ink.shape[0] // 2, x - ink.shape[1] // 2
    part = picture[top : top + ink.shape[0], left : left + ink.shape[1]]
    part[:] = (part * (1 - ink + ink * np.array(colour, np.float32) / 255)).astype(np.uint8)


def _texts(picture):
    """What each seal on the page says, from the top down."""
    layers = take_apart(upright.flatten(picture, (595.3, 841.9)))
    rings = find_seals(layers)
    return [
        inscription.read_seal(layers, ring, [one for one in rings if one is not ring], ENGINE)[0].text
        for ring in rings
    ]


def _page():
    picture = drawing.blank()
    drawing.table(picture, [150, 450, 1500], [200, 320, 900, 1700])
    drawing.write(
        picture,
        [
            (470, 340 + 45 * row, "武汉某某有限公司位于东西湖区占地面积约八千平方米现有职工")
            for row in range(9)
        ],
        size=34,
    )
    return picture


def _found(picture):
    return find_seals(take_apart(upright.flatten(picture, (595.3, 841.9))))


@pytest.mark.parametrize("colour", [RED, GREY, BLACK])
def test_a_seal_is_found_where_it_was_set_and_knows_whether_it_is_dark(colour):
    picture = _page()
    _stamp(picture, 800, 1300, "武汉某某商业管理公司", colour)
    (ring,) = _found(picture)
    assert (ring.x, ring.y) == pytest.approx((800, 1300), abs=6)
    assert ring.rx == pytest.approx(160, rel=0.05)
    assert ring.red == (colour == RED)
    assert ring.is_dark == (colour == BLACK)


def test_a_seal_as_pale_as_the_print_of_a_bad_copy_is_found():
    picture = _page()
    _stamp(picture, 800, 1300, "武汉某某商业管理公司", RED)
    (ring,) = _found((255 - (255 - picture.astype(np.float32)) * 0.1).astype(np.uint8))
    assert ring.red
    assert (ring.x, ring.y) == pytest.approx((800, 1300), abs=6)


def test_two_red_seals_that_overlap_are_two():
    picture = _page()
    _stamp(picture, 800, 1250, "武汉某某商业管理公司", RED)
    _stamp(picture, 930, 1450, "某某区生态环境分局", RED)
    assert len(_found(picture)) == 2


def test_a_page_of_text_has_no_seal():
    assert _found(_page()) == []


def test_red_ink_vanishes_from_the_text_under_it():
    picture = _page()
    without = take_apart(upright.flatten(picture.copy(), (595.3, 841.9))).text
    _stamp(picture, 800, 500, "武汉某某商业管理公司", RED)
    under = take_apart(upright.flatten(picture, (595.3, 841.9))).text
    differs = np.abs(under.astype(int) - without.astype(int)) > 90
    assert differs.mean() < 0.001


NAME = "武汉花山商业管理公司"


@pytest.mark.parametrize("turn", [0, 15, 180, -100])
def test_the_name_is_read_however_the_seal_was_turned(turn):
    picture = drawing.blank()
    _stamp(picture, 800, 1000, NAME, RED, turn=turn)
    assert _texts(picture) == [NAME]


def test_a_row_inside_the_ring_is_not_taken_into_the_name():
    picture = drawing.blank()
    _stamp(picture, 800, 1000, NAME, RED, inside="合同专用章")
    assert _texts(picture) == [NAME]


def test_an_oval_seal_is_one_and_is_read():
    picture = drawing.blank()
    _stamp(picture, 800, 1000, NAME, RED, radius=190, flat=0.75)
    (ring,) = _found(picture)
    assert (ring.shape, ring.confidence > 0.9) == ("oval", True)
    assert _texts(picture) == [NAME]


def test_a_square_seal_is_one_and_its_rows_are_read():
    picture = drawing.blank()
    _square(picture, 800, 1000, ["武汉花山", "商业管理", "有限公司"], RED)
    (ring,) = _found(picture)
    assert (ring.shape, ring.confidence > 0.9) == ("square", True)
    assert _texts(picture) == ["武汉花山商业管理有限公司"]


def test_both_names_are_read_where_two_seals_overlap():
    picture = drawing.blank()
    _stamp(picture, 800, 1000, NAME, RED)
    _stamp(picture, 830, 1310, "武昌区生态环境分局", RED)
    assert _texts(picture) == [NAME, "武昌区生态环境分局"]


def test_print_that_is_darker_than_a_grey_seal_is_kept_out_of_its_name():
    picture = drawing.blank()
    drawing.write(picture, [(620, 868, "本单位自愿申请成为"), (650, 1060, "单位盖章")], size=34)
    cv2.line(picture, (300, 985), (1500, 985), (0, 0, 0), 2)
    _stamp(picture, 800, 1000, NAME, GREY)
    (text,) = _texts(picture)
    assert len(set(NAME) - set(text)) <= 1
    assert not set(text) & set("本自愿申请成盖章")


def test_red_that_is_no_seal_is_none():
    picture = _page()
    drawing.write(picture, [(300, 60, "红头文件标题")], size=90)
    heading = picture[50:180, 250:1000]
    heading[(heading < 128).all(axis=2)] = RED
    # A fingerprint: ridges in an oval, nowhere hollow.
    for step in range(4, 60, 8):
        cv2.ellipse(picture, (900, 1500), (step, round(1.3 * step)), 10, 0, 360, RED, 4)
    assert _found(picture) == []


def test_a_full_red_blot_as_large_as_a_seal_is_not_surely_one():
    picture = drawing.blank()
    for step in range(6, 170, 12):
        cv2.circle(picture, (800, 1000), step, RED, 6)
    assert [ring.confidence < 0.9 for ring in _found(picture)] == [True]


def test_a_seal_cut_off_by_the_edge_of_the_page_is_found():
    picture = _page()
    _stamp(picture, 1470, 1900, NAME, RED)
    cut = picture[:, :1560].copy()
    (ring,) = find_seals(take_apart(upright.Flat(cut, drawing.SCALE, False)))
    assert ring.red


def test_a_square_seal_that_runs_into_a_round_one_is_found():
    picture = drawing.blank()
    _stamp(picture, 800, 1000, NAME, RED)
    _square(picture, 900, 1270, ["武汉花山", "商业管理", "有限公司"], RED)
    assert [ring.shape for ring in _found(picture)] == ["round", "square"]


def test_red_ink_of_two_seals_whose_shapes_are_lost_is_two_doubtful_ones():
    picture = drawing.blank()
    _square(picture, 700, 900, ["武汉花山", "商业管理", "有限公司"], RED)
    _square(picture, 880, 1120, ["武昌区生", "态环境分", "局办公室"], RED)
    assert [ring.confidence <= 0.7 for ring in _found(picture)] == [True, True]


def test_chops_of_persons_below_each_other_or_side_by_side_are_no_seal():
    for step in ((0, 165), (165, 0)):
        picture = _page()
        _square(picture, 800, 900, ["王伟", "之印"], RED, side=140)
        _square(picture, 800 + step[0], 900 + step[1], ["江娟", "之印"], RED, side=140)
        assert _found(picture) == []


def test_two_square_seals_close_to_each_other_are_two():
    picture = _page()
    _square(picture, 700, 900, ["武汉花山", "商业管理", "有限公司"], RED)
    _square(picture, 1030, 900, ["武汉花山", "商业管理", "有限公司"], RED)
    assert [ring.shape for ring in _found(picture)] == ["square", "square"]


@pytest.mark.parametrize("side", [8, 16, 32])
def test_a_picture_of_a_few_dots_has_no_seal(side):
    picture = Image.new("RGB", (side, side), "white")
    ImageDraw.Draw(picture).ellipse((0, 0, side // 2, side // 2), "gray", "black")
    page = upright.flatten(np.asarray(picture), (595.3, 841.9))
    assert find_seals(take_apart(page)) == []


def test_the_name_on_a_grey_copy_is_read_through_print_whose_edges_are_as_pale_as_the_seal():
    picture = drawing.blank()
    words = "武汉某某有限公司位于东西湖区占地面积约八千平方米现有"
    drawing.write(picture, [(365, 500 + 45 * row, words) for row in range(9)], size=34)
    _stamp(picture, 700, 680, "武汉清源商业管理有限公司", GREY, radius=190)
    layers = take_apart(upright.flatten(cv2.GaussianBlur(picture, (0, 0), 1.0), (595.3, 841.9)))
    (ring,) = find_seals(layers)
    readings = [
        [Run(text=glyph.text, confidence=glyph.confidence, others=glyph.others) for glyph in reading.glyphs]
        for reading in inscription.read_seal(layers, ring, [], ENGINE)
    ]
    assert bears(readings, "武汉清源商业管理有限公司")
    assert not bears(readings, "武汉清源物业管理有限公司")
