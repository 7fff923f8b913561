"""Text that was drawn for a screen has coloured fringes, which are no ink of a seal or a pen."""

import numpy as np
import pylopdf_fonts_zh_cn
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from extractor.scan.layers import take_apart
from extractor.scan.subpixels import without_fringes
from extractor.scan.upright import flatten

WORDS = "申报主体概况二氧化碳排放试点示范工程项目"
Colour = NDArray[np.uint8]


def _screen(ink: tuple[int, int, int] = (0, 0, 0)) -> Colour:
    """A page of text, each channel a third of a pixel farther right than the one before."""
    font = ImageFont.truetype(str(pylopdf_fonts_zh_cn.serif_path()), 20)
    fine = Image.new("L", (3 * 700, 500), 0)
    for row in range(14):
        line = Image.new("L", (700, 34), 0)
        ImageDraw.Draw(line).text((30, 4), WORDS * 2, font=font, fill=255)
        fine.paste(line.resize((3 * 700, 34), Image.Resampling.LANCZOS), (0, 20 + 34 * row))
    cover = np.asarray(fine, np.float64) / 255
    cover = (np.roll(cover, 1, 1) + cover + np.roll(cover, -1, 1)) / 3
    channels = [255 - cover[:, at::3] * (255 - level) for at, level in enumerate(ink)]
    return np.clip(np.stack(channels, axis=-1), 0, 255).astype(np.uint8)


def _red_ring(page: Colour) -> Colour:
    sheet = Image.fromarray(page)
    ImageDraw.Draw(sheet).ellipse((420, 280, 600, 460), outline=(200, 20, 30), width=5)
    return np.asarray(sheet)


def _coloured(page: Colour) -> int:
    layers = take_apart(flatten(page, (525.0, 375.0)))
    return int((layers.red > 0).sum() + (layers.pen > 60).sum())


def test_black_text_of_a_screen_has_no_colour_any_more() -> None:
    page = _screen()
    was = _coloured(page)
    assert was > 1000
    assert _coloured(without_fringes(page)) < 0.05 * was


def test_a_seal_on_such_a_page_keeps_its_ink() -> None:
    page = _red_ring(_screen())
    ring = (page[..., 0].astype(int) - page[..., 1] > 120) & (page[..., 2] < 60)
    assert ring.sum() > 2000
    kept = without_fringes(page)[ring]
    assert (kept[:, 0].astype(int) - kept[:, 1] > 100).mean() > 0.97


@pytest.mark.parametrize("ink", [(200, 20, 30), (30, 60, 190)])
def test_text_in_red_or_blue_stays_so(ink: tuple[int, int, int]) -> None:
    page = _screen(ink)
    was = _coloured(page)
    assert _coloured(without_fringes(page)) > 0.9 * was > 0


def test_a_picture_without_fringes_is_the_same_one() -> None:
    grey = np.repeat(_screen()[..., 1:2], 3, axis=2)
    assert without_fringes(grey) is grey
    assert without_fringes(stamped := _red_ring(grey)) is stamped
