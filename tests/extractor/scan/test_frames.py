"""A page laid flat again from its frame: whole as the reader saw it, and any part of it at any scale."""

from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extractor.scan import frames, upright
from models.page import Box, Frame
from tests.extractor import drawing


@cache
def _photo():
    picture = drawing.blank(827, 1170)
    drawing.table(picture, [100, 300, 725], [150, 200, 250, 450, 750, 1000])
    drawing.write(
        picture,
        [
            (120, 160, "申报单位"),
            (320, 160, "武汉花山商业管理有限公司"),
            (320, 500, "光伏发电与建筑节能改造"),
        ],
        18,
    )
    photo = drawing.photographed(picture)
    return photo, upright.flatten(photo, None)


def _page(quarters):
    photo, flat = _photo()
    frame = flat.frame.model_copy(update={"quarters": quarters})
    return photo, frame, np.rot90(flat.colour, quarters)


def _difference(one, other):
    """The mean over all pixels, blurred a little, because two ways of sampling put an edge a part of a pixel
    apart."""
    assert abs(one.shape[0] - other.shape[0]) <= 1
    assert abs(one.shape[1] - other.shape[1]) <= 1
    high, wide = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    first, second = (
        cv2.GaussianBlur(np.ascontiguousarray(each[:high, :wide]), (0, 0), 1.5) for each in (one, other)
    )
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


def test_a_page_comes_out_of_its_stored_frame_to_the_pixel():
    photo, flat = _photo()
    again = Frame.model_validate_json(flat.frame.model_dump_json())
    assert again.warp is not None
    assert np.array_equal(frames.lay_flat(photo, again), flat.colour)
    assert frames.page_size(again) == (flat.colour.shape[1] / flat.scale, flat.colour.shape[0] / flat.scale)


# Each zoom makes whole pixels of so many: a part of a pixel less would shift what is compared.
_WHOLE = 20


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 3),
    st.tuples(*[st.floats(0, 0.9)] * 2),
    st.tuples(*[st.floats(0.1, 1)] * 2),
    st.sampled_from([0.4, 0.75, 1.0, 1.7]),
)
@example(3, (0.75, 0.0), (0.1, 0.75), 0.4)
def test_a_part_at_any_scale_is_that_part_of_the_page(quarters, start, size, zoom):
    photo, frame, page = _page(quarters)
    high, wide = page.shape[:2]
    x0, y0 = int(start[0] * wide), int(start[1] * high)
    x1, y1 = (
        at + max(1, int(min(part * whole, whole - at) / _WHOLE)) * _WHOLE
        for at, part, whole in zip((x0, y0), size, (wide, high), strict=True)
    )
    box = Box(x0=x0 / frame.scale, y0=y0 / frame.scale, x1=x1 / frame.scale, y1=y1 / frame.scale)
    shown = frames.show(photo, frame, frame.scale * zoom, box)
    part = np.ascontiguousarray(page[y0:y1, x0:x1])
    smooth = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    expected = part if zoom == 1 else cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=smooth)
    difference = _difference(shown, expected)
    assert difference < (0.1 if zoom == 1 else 2.0)


@pytest.mark.parametrize("fineness", [0.5, 1.6])
def test_a_picture_that_is_coarser_or_finer_than_the_one_read_shows_the_same_page(fineness):
    photo, frame, page = _page(1)
    other = cv2.resize(
        photo,
        None,
        fx=fineness,
        fy=fineness,
        interpolation=cv2.INTER_AREA if fineness < 1 else cv2.INTER_CUBIC,
    )
    assert _difference(frames.show(other, frame, frame.scale), page) < 3


def test_a_page_that_was_not_warped_is_shown_from_its_own_pixels():
    picture = drawing.blank(400, 600)
    drawing.table(picture, [50, 200, 350], [100, 200, 500])
    frame = upright.as_it_is((400, 600), (288, 432))
    part = frames.show(picture, frame, frame.scale, Box(x0=36, y0=72, x1=144, y1=144))
    assert np.array_equal(part, picture[100:200, 50:200])


def test_a_picture_is_plain_whose_channels_are_equal_everywhere():
    grey = np.repeat(np.random.default_rng(1).integers(0, 256, (200, 150, 1), np.uint8), 3, axis=2)
    coloured = grey.copy()
    coloured[101, 70, 2] ^= 1
    assert frames.is_plain(grey)
    assert not frames.is_plain(coloured)
