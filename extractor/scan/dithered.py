"""Takes the dots off the paper of dithered pages: a scanner that knows only black and white and is told to
keep shades scatters dots over paper that is not quite white. They pass for print wherever one looks."""

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.uint8]

_EVERY = 4  # each so-manieth row is looked at first, since most pictures have grey in them
_DOT = 3  # pixels: a dot has no more
_DENSE = 0.008  # dots a pixel of the picture: so many are on no page that is not dithered
_TILES = 12  # parts a side into which the picture is cut
_SPREAD = 0.6  # share of the parts that have so many dots: dirt lies in some places only
_NEAR = 2  # pixels: a dot so near to a mark may be a piece of it, as of a thin line that was dithered, too


def without_dither(colour: Colour) -> Colour:
    """Return a picture (RGB, height x width x 3, of equal channels) without the dots that stand for the
    shade of its paper. One that is not of black and white only, or has no such dots, is returned as it is."""
    if not _is_of_two_levels(colour[::_EVERY]) or not _is_of_two_levels(colour):
        return colour
    gray = cv2.extractChannel(colour, 0)
    _, marks, stats, _ = cv2.connectedComponentsWithStats(cv2.bitwise_not(gray))
    dots = (stats[:, cv2.CC_STAT_AREA] <= _DOT)[marks]
    size = (_TILES, _TILES)
    dense = cv2.resize(dots.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= _DENSE
    if float(dense.mean()) < _SPREAD:
        return colour
    ink = np.asarray(gray == 0)
    around = cv2.dilate((ink & ~dots).astype(np.uint8), np.ones((2 * _NEAR + 1,) * 2, np.uint8)) > 0
    bare = np.where(dots & ~around, np.uint8(255), gray)
    return np.asarray(cv2.merge((bare, bare, bare)), np.uint8)


def _is_of_two_levels(colour: Colour) -> bool:
    """Tell whether all of a picture is either black or white."""
    levels = cv2.calcHist([np.ascontiguousarray(colour[..., 0])], [0], None, [256], [0, 256]).ravel()
    return bool(levels[0] + levels[255] == levels.sum())
