"""What is closed and blurred faster is equal to what OpenCV makes, pixel by pixel."""

import cv2
import numpy as np
import pytest

from extractor.scan.smoothing import blurred, closed

SHAPES = ((117, 83), (3, 200), (5, 2), (1, 1))


def _pictures(shape):
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, shape, dtype=np.uint8)
    return noise, np.uint8(255) * (noise > 128), np.full(shape, 255, np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [3, 5, 9, 15, 21])
def test_closing_by_a_disc(shape, side):
    disc = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
    for picture in _pictures(shape):
        assert np.array_equal(closed(picture, disc), cv2.morphologyEx(picture, cv2.MORPH_CLOSE, disc))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("deviation", [1.0, 2.3, 4.678, 7.016, 10.0])
def test_blurring(shape, deviation):
    """Halves are rounded up, as in fixed-point numbers."""
    for picture in _pictures(shape):
        assert np.array_equal(blurred(picture, deviation), cv2.GaussianBlur(picture, (0, 0), deviation))
