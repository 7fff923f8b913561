"""Turns light writing on dark ground into dark writing on light ground: screenshots in dark mode, and
negatives of copiers."""

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import percentile

Colour = NDArray[np.uint8]
Gray = NDArray[np.uint8]

_EVERY = 5  # each so-manieth row and column is looked at
_DARK = 100  # grey level: dark ground is darker
_TAILS = 0.5  # percent of the pixels that are the darkest, and the lightest
_CONTRAST = 80  # levels by which writing is lighter than its ground
_LOPSIDED = 2.0  # times as far from the ground as the darkest pixels are the lightest ones
_COARSE = 60  # places across the picture whose mean tells a sheet of paper on a dark table
_LIGHT = 140  # grey level: such a place on paper is lighter
_FEW = 0.02  # share of the places: so many may be light without a sheet


def on_light_ground(colour: Colour) -> Colour:
    """Return a picture (RGB, height x width x 3) with the lightness of its pixels turned round if it shows
    light writing on dark ground. The hue stays. Any other picture is returned as it is."""
    some = cv2.cvtColor(np.ascontiguousarray(colour[::_EVERY, ::_EVERY]), cv2.COLOR_RGB2GRAY)
    if not _is_dark(np.asarray(some, np.uint8)):
        return colour
    light, first, second = cv2.split(cv2.cvtColor(colour, cv2.COLOR_RGB2LAB))
    turned = cv2.merge([cv2.bitwise_not(light), first, second])
    return np.asarray(cv2.cvtColor(turned, cv2.COLOR_LAB2RGB), np.uint8)


def _is_dark(gray: Gray) -> bool:
    """Tell whether a reduced picture in grey shows light writing on dark ground, and not dark paper or paper
    that lies on a dark table."""
    darkest, ground, lightest = (percentile(gray, percent) for percent in (_TAILS, 50, 100 - _TAILS))
    if ground > _DARK or lightest - ground < max(_CONTRAST, _LOPSIDED * (ground - darkest)):
        return False
    size = (_COARSE, max(1, round(_COARSE * gray.shape[0] / gray.shape[1])))
    coarse = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))
    return float((coarse > _LIGHT).mean()) < _FEW
