"""Dark cells with light print."""

import cv2
import numpy as np
from PIL import Image, ImageDraw

from extractor.scan.dark_fills import on_light_fills
from tests.extractor import drawing

GREEN = (84, 130, 53)


def _filled(text):
    picture = drawing.blank()
    cv2.rectangle(picture, (200, 300), (480, 700), GREEN, -1)
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text((230, 340), text, font=drawing.font(34), fill=(255, 255, 255))
    return np.asarray(image)


def test_light_print_on_a_dark_cell_becomes_dark_print_between_rules():
    turned = on_light_fills(_filled("申请名称"), drawing.SCALE).min(axis=2)
    assert np.median(turned[310:690, 210:470]) > 245
    assert turned[340:380, 230:370].min() < 60
    assert turned[500, 200] < 140


def test_other_dark_places_stay_as_they_are():
    bare, black = _filled(""), drawing.blank()
    drawing.write(black, [(200, 300, "申请名称建设屋顶分布式光伏")], 64)
    cv2.rectangle(black, (0, 1900), (1654, 2339), (20, 20, 20), -1)
    cv2.circle(black, (900, 900), 200, (200, 30, 40), 12)
    for picture in (bare, black):
        assert on_light_fills(picture, drawing.SCALE) is picture
