import cv2
import numpy as np
import pytest

from extractor.scan import segments, upright
from tests.extractor import drawing


def _slopes(colour, axis):
    """The steepest of the long lines' slopes, one in twenty left out."""
    lines = upright._find_lines(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY))
    pieces = lines.level if axis == 0 else lines.upright
    run, rise = pieces[:, 2 + axis] - pieces[:, axis], pieces[:, 3 - axis] - pieces[:, 1 - axis]
    return float(np.percentile(np.abs(rise / run), 90))


def _form():
    picture = drawing.blank()
    drawing.table(picture, [200, 600, 1450], [300, 400, 500, 900, 1500, 2000])
    return picture


@pytest.mark.parametrize("degrees", [-6.0, -1.3, 2.5])
def test_a_skewed_scan_comes_out_level(degrees):
    flat = upright.flatten(drawing.turned(_form(), degrees), None)
    assert flat.warped
    assert _slopes(flat.colour, 0) < 0.002
    assert _slopes(flat.colour, 1) < 0.002


def test_a_level_scan_is_left_as_it_is():
    picture = _form()
    flat = upright.flatten(picture, (595.3, 841.9))
    assert not flat.warped
    assert np.array_equal(flat.colour, picture)
    assert flat.scale == pytest.approx(drawing.SCALE, rel=0.01)


def test_a_few_strokes_of_a_pen_do_not_bend_rules_that_are_straight():
    """Long rules whose middles lie one under the other tell nothing of a bend at their middles alone."""
    picture = drawing.blank()
    for y in (240, 800, 1350, 2200):
        cv2.line(picture, (200, y), (1450, y), (0, 0, 0), 2)
    for start, end in (((866, 1710), (950, 1726)), ((770, 1730), (866, 1708)), ((850, 2000), (940, 2006))):
        cv2.line(picture, start, end, (0, 0, 0), 3)
    flat = upright.flatten(picture, (595.3, 841.9))
    assert not flat.warped


@pytest.mark.parametrize("shade", [0, 255])
def test_a_picture_of_nothing_is_left_as_it_is(shade):
    picture = np.full((1600, 1200, 3), shade, np.uint8)
    assert np.array_equal(upright.flatten(picture, None).colour, picture)


def test_a_photo_in_perspective_and_bent_comes_out_level_and_without_the_desk():
    flat = upright.flatten(drawing.photographed(_form()), None)
    assert _slopes(flat.colour, 0) < 0.004
    assert _slopes(flat.colour, 1) < 0.004
    height, width = flat.colour.shape[:2]
    assert height / width == pytest.approx(2339 / 1654, rel=0.05)
    assert (
        flat.colour[height // 20 : -height // 20, width // 20 : -width // 20].min(axis=2) > 200
    ).mean() > 0.95


def test_a_sheet_half_in_the_shade_is_kept_whole():
    photo = drawing.photographed(_form())
    photo[photo.max(axis=2) <= 70] = 120
    shade = np.linspace(0.4, 1, photo.shape[1])[None, :, None]
    flat = upright.flatten((photo * shade).astype(np.uint8), None)
    height, width = flat.colour.shape[:2]
    assert width / height == pytest.approx(210 / 297, rel=0.03)


def test_a_sheet_with_a_hard_shadow_across_its_table_is_kept_whole():
    photo = drawing.photographed(_form())
    photo[photo.max(axis=2) <= 70] = 60
    photo[: int(0.45 * len(photo))] //= 3
    flat = upright.flatten(photo, None)
    height, width = flat.colour.shape[:2]
    assert height > width


def test_shadow_is_taken_off():
    picture = drawing.blank(800, 800)
    shade = np.linspace(0.4, 1, 800)[None, :, None]
    lit = upright.lit(cv2.cvtColor((picture * shade).astype(np.uint8), cv2.COLOR_RGB2GRAY))
    assert lit.min() > 235


def test_an_empty_page_and_a_tiny_one_are_not_an_error():
    assert upright.flatten(drawing.blank(300, 400), None).colour.shape == (400, 300, 3)
    assert upright.flatten(drawing.blank(3, 2), None).colour.size > 0


def test_the_shades_of_folds_on_a_sheet_without_rules_tell_no_perspective():
    picture = drawing.blank()
    for x in range(40, 1600, 260):
        cv2.line(picture, (x, 1700 + x % 7), (x + 200, 1702), (120, 120, 120), 2)
    for x, y, slant in ((700, 150, 3), (702, 420, -3), (1200, 300, 6), (1201, 900, 5)):
        cv2.line(picture, (x, y), (x + slant, y + 200), (120, 120, 120), 2)
    warp = upright.flatten(picture, (595.3, 841.9)).frame.warp
    assert warp is None or warp.back[6:8] == (0.0, 0.0)


def test_print_is_no_line_and_hides_none():
    """Print takes the detector of lines most of its time, and a whole page of it was looked at."""
    picture = _form()
    drawing.write(picture, [(640, y, "二 〇 二 六 年 度 申 报 单 位") for y in range(520, 1960, 60)], 28)
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    bare, (left, top) = segments._without_print(gray, 70)
    assert bare.size < 0.6 * gray.size
    assert bare[520 - top : 800 - top, 640 - left : 1440 - left].min() == 255
    whole, found = segments._segments(gray, (0, 0), 70), segments._segments(bare, (left, top), 70)
    lengths = [np.hypot(*(one[:, 2:] - one[:, :2]).T).sum() for one in (found, whole)]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.05)
    assert min(len(found), len(whole)) > 40


def test_dashed_lines_tell_too_though_each_dash_is_as_small_as_print():
    picture = drawing.blank()
    for y in range(300, 2100, 150):
        picture[y : y + 3, 200:1450][:, np.arange(1250) % 17 < 14] = 0
    turned = cv2.cvtColor(drawing.turned(picture, 1.5), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(turned, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    level = upright._find_lines(small).level
    assert len(level) > 20
    slopes = (level[:, 3] - level[:, 1]) / (level[:, 2] - level[:, 0])
    assert np.median(np.degrees(np.arctan(np.abs(slopes)))) == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize(("width", "height"), [(801, 1203), (802, 1205), (803, 1200)])
def test_paper_in_shadow_becomes_white_up_to_the_last_row_and_column(width, height):
    """Shadow is told on squares of four pixels, of which the last ones may be less."""
    shadow = np.linspace(120, 230, width)[None, :] * np.linspace(0.8, 1.0, height)[:, None]
    gray = shadow.astype(np.uint8)
    gray[600:602, 100:700] = 20
    white = upright.lit(gray)
    assert white.shape == gray.shape
    assert white[:590].min() > 245
    assert white[620:].min() > 245
    assert white[600:602, 110:690].max() < 60


def test_the_nearest_of_many_points_is_told() -> None:
    points = np.random.default_rng(3).random((150, 2)) * 900
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    assert np.array_equal(upright._nearest(points), distance.argmin(axis=1))
