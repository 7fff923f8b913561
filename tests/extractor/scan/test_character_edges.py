"""Which ink is which character's, though the recogniser tells only roughly where characters stand."""

import numpy as np
import pylopdf_fonts_zh_cn
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from extractor.scan.character_edges import character_edges
from extractor.scan.readings import Glyph

EM = 40
LEFT = 30


def _line(
    text: str, off: float = 0.0, touching: bool = False
) -> tuple[list[Glyph], NDArray[np.bool_], list[int]]:
    """A printed line, its characters as they were read, every other one `off` by so many ems, and the
    columns where each begins."""
    font = ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), EM)
    sheet = Image.new("L", (1400, 80), 0)
    draw, at, starts, middles = ImageDraw.Draw(sheet), float(LEFT), [], []
    for number, char in enumerate(text):
        draw.text((at, 10), char, font=font, fill=255)
        wide = font.getlength(char)
        starts.append(round(at))
        middles.append(at + wide / 2 + (off * EM if number % 2 else -off * EM))
        at += wide
    ink = np.asarray(sheet) > 128
    if touching:
        ink[60, LEFT + 2 : round(at) - 2] = True
    glyphs = [Glyph(char, (x - LEFT) / (at - LEFT), 1.0) for char, x in zip(text, middles, strict=True)]
    return glyphs, ink, [*starts, round(at)]


def _edges(text: str, off: float, touching: bool = False) -> tuple[list[tuple[float, float]], list[int]]:
    glyphs, ink, starts = _line(text, off, touching)
    return character_edges(glyphs, (LEFT, 0, starts[-1], 80), EM, ink), starts


@pytest.mark.parametrize("text", ["0714-6191971", "lxr_20215550@mail.example.cn", "green.office4640@qh.org"])
def test_narrow_characters_that_were_told_a_quarter_of_an_em_off_keep_their_own_ink(text: str) -> None:
    glyphs, ink, starts = _line(text, off=0.2)
    edges = character_edges(glyphs, (LEFT, 0, starts[-1], 80), EM, ink)
    for char, (left, right), start, end in zip(text, edges, starts, starts[1:], strict=False):
        own = ink[:, start:end].sum()
        assert abs(ink[:, int(left) : int(right) + 1].sum() - own) <= 0.12 * own + 4, char


def test_characters_that_touch_are_parted_where_their_widths_say() -> None:
    edges, starts = _edges("13800805004", 0.0, touching=True)
    for (left, right), start, end in zip(edges, starts, starts[1:], strict=False):
        assert abs((left + right) - (start + end)) / 2 < 0.15 * EM


def test_a_chinese_character_reaches_no_farther_than_half_way_to_the_next() -> None:
    edges, starts = _edges("近零碳4号", 0.0)
    assert edges[0][1] == edges[1][0] == pytest.approx(starts[1], abs=1)
    # A digit beside it gets its own narrow place.
    assert edges[3] == pytest.approx((starts[3], starts[4]), abs=0.2 * EM)


def test_a_line_of_one_character_and_an_empty_one_have_edges_too() -> None:
    (only,), starts = _edges("8", 0.0)
    assert only[0] <= starts[0] + 4
    assert only[1] >= starts[1] - 4
    assert character_edges([], (0, 0, 10, 10), EM, np.zeros((10, 20), bool)) == []
