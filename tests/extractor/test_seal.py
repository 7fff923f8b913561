import math

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from extractor import seal, upright
from extractor.layers import take_apart
from tests.extractor import drawing

RED, BLACK = (215, 30, 40), (20, 20, 20)


def _stamp(picture, x, y, name, colour, radius=160):
    """Sets a round seal with a name on its ring, its middle at (x, y)."""
    image = Image.new("L", (2 * radius + 20,) * 2, 0)
    draw = ImageDraw.Draw(image)
    draw.ellipse([10, 10, 2 * radius + 10, 2 * radius + 10], outline=255, width=9)
    middle = radius + 10
    for i, char in enumerate(name):
        angle = math.radians(-110 + 220 * i / (len(name) - 1))
        glyph = Image.new("L", (90, 90), 0)
        ImageDraw.Draw(glyph).text((45, 45), char, font=drawing.font(38), fill=255, anchor="mm")
        glyph = glyph.rotate(-math.degrees(angle), resample=Image.BICUBIC)
        at = (int(middle + 0.75 * radius * math.sin(angle) - 45), int(middle - 0.75 * radius * math.cos(angle) - 45))
        image.paste(255, at, glyph)
    ink = np.asarray(image).astype(np.float32)[..., None] / 255 * 0.92
    part = picture[y - middle : y + middle, x - middle : x + middle]
    part[:] = (part * (1 - ink + ink * np.array(colour, np.float32) / 255)).astype(np.uint8)


def _page():
    picture = drawing.blank()
    drawing.table(picture, [150, 450, 1500], [200, 320, 900, 1700])
    drawing.write(
        picture, [(470, 340 + 45 * row, "武汉某某有限公司位于东西湖区占地面积约八千平方米现有职工") for row in range(9)], size=34
    )
    return picture


def _found(picture):
    return seal.find_seals(take_apart(upright.flatten(picture, (595.3, 841.9))))


@pytest.mark.parametrize("colour", [RED, BLACK])
def test_a_seal_is_found_where_it_was_set(colour):
    picture = _page()
    _stamp(picture, 800, 1300, "武汉某某商业管理公司", colour)
    (ring,) = _found(picture)
    assert (ring.x, ring.y) == pytest.approx((800, 1300), abs=6)
    assert ring.rx == pytest.approx(160, rel=0.05)
    assert ring.red == (colour == RED)


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


def test_the_band_is_unrolled_with_the_characters_upright_and_in_order():
    picture = drawing.blank(600, 600)
    _stamp(picture, 300, 300, "一二三四五六七八九", RED)
    layers = take_apart(upright.Flat(picture, drawing.SCALE, False))
    (ring,) = seal.find_seals(layers)
    band = seal._unrolled(seal._seal_ink(layers, ring), ring)
    ink = (band < 128).sum(axis=0)
    # 一 is a thin stroke, 四 and 五 are full; the foot of the seal, where nothing stands, is at both ends.
    columns = np.nonzero(ink)[0]
    assert columns[0] > 0.1 * band.shape[1]
    assert columns[-1] < 0.9 * band.shape[1]
    first = band[:, columns[0] : columns[0] + 20]
    assert cv2.boundingRect(cv2.findNonZero((first < 128).astype(np.uint8)))[3] < 0.35 * band.shape[0]
