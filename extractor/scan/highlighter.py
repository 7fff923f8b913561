"""Takes off the colour of a highlighter, under which print would pass for struck out or for a seal's.

The ink of a highlighter is bright and of a full colour, in strips as high as a line of text. It lets print
through, so that dividing each channel by the strip's own colour leaves the print on white paper.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_REDUCED = 4  # times the picture is reduced to find strips
_BRIGHT = 205  # level of the brightest channel: the ink of a pen and of a seal is darker, or red
_PALE = 120  # level of the darkest channel: what is bright besides is a shade of paper
_FULL = 70  # of 255: least saturation of such ink
_RED = 10  # of OpenCV's 180 degrees of hue: what is nearer to red may be a seal
_HIGH = 7  # reduced pixels: least height and width of a strip
_PRINT = 9  # reduced pixels: print inside a strip is no thicker
_EDGE = 5  # reduced pixels: twice the width of a strip's edge, and one
_COMMON = 0.0005  # share of the picture: strips cover more
_MOST = 0.4  # share of the picture: what covers more is coloured paper


def without_highlighter(colour: Colour) -> Colour:
    """Return a picture (RGB, height x width x 3) with white paper in place of highlighter. One without any is
    returned as it is."""
    height, width = (side // _REDUCED for side in colour.shape[:2])
    if not height or not width:
        return colour
    # Whole blocks of pixels, since reducing by a fraction takes ten times as long.
    part = colour[: height * _REDUCED, : width * _REDUCED]
    small = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    strips = _strips(small)
    covered = cv2.countNonZero(strips) / strips.size
    if not _COMMON < covered < _MOST:
        return colour
    ink = _ink(small, strips)
    whole = (part.shape[1], part.shape[0])
    mask = cv2.resize(strips, whole, interpolation=cv2.INTER_LINEAR) > 0
    bright = cv2.resize(ink, whole, interpolation=cv2.INTER_LINEAR)
    bare = colour.copy()
    light = np.minimum(part[mask].astype(np.float32) * 255 / np.maximum(bright[mask], 1), 255)
    # What is left at the edge of a strip is a shade of its colour, and no ink.
    light[(light.max(axis=1) > _BRIGHT) & (light.min(axis=1) > _PALE)] = 255
    bare[: part.shape[0], : part.shape[1]][mask] = light.astype(np.uint8)
    return bare


def _strips(small: Colour) -> Mask:
    """Return a mask (255) of the strips, with the print in them and the soft edge around them."""
    hue, saturation, value = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2HSV))
    coloured = (value > _BRIGHT) & (saturation > _FULL) & (hue > _RED) & (hue < 180 - _RED)
    square = np.ones((_HIGH, _HIGH), np.uint8)
    closed = cv2.morphologyEx(
        coloured.astype(np.uint8) * 255, cv2.MORPH_CLOSE, np.ones((_PRINT, _PRINT), np.uint8)
    )
    strips = cv2.morphologyEx(closed, cv2.MORPH_OPEN, square)
    return np.asarray(cv2.dilate(strips, np.ones((3, 3), np.uint8)), np.uint8)


def _ink(small: Colour, strips: Mask) -> Colour:
    """Return the colour of the highlighter in and around each strip: the brightest near by, since print is
    darker. The edge of a strip does not count, which is mixed with paper."""
    core = cv2.erode(strips, np.ones((_EDGE, _EDGE), np.uint8))
    inside = cv2.copyTo(small, core, np.zeros_like(small))
    return np.asarray(cv2.dilate(inside, np.ones((_PRINT + _EDGE, _PRINT + _EDGE), np.uint8)), np.uint8)
