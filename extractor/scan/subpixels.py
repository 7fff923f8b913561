"""Takes the coloured fringes off text that was drawn for a screen.

Screens draw text finer than their pixels by lighting the red, green and blue stripe of a pixel apart (Platt
2000, optimal filtering for patterned displays). On a screenshot each black stroke is therefore reddish at one
side and bluish at the other, which would pass for a seal's ink and a pen's. Scanners whose three colours lie
a little apart do the same. The two sides balance each other along a row, while coloured ink does not.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.uint8]

_WIDE = 9  # pixels along a row over which the two sides of a stroke balance
_BALANCED = 0.7  # share of the difference of red and blue that may be left over where they balance
_LEAST = 6  # levels: least mean difference of red and blue that is a colour
_EVERY = 8  # each so-manieth row is looked at to tell whether a picture has fringes
_COMMON = 0.002  # share of a picture's pixels that are fringes at least, where it has any
_OF_COLOURED = 0.25  # share of its coloured pixels that are fringes at least


def without_fringes(colour: Colour) -> Colour:
    """Return a picture (RGB, height x width x 3) with grey in place of the fringes. One without fringes is
    returned as it is."""
    sample = np.ascontiguousarray(colour[::_EVERY])
    fringes, coloured = _fringes(sample)
    few = max(_COMMON * fringes.size, _OF_COLOURED * cv2.countNonZero(coloured))
    if cv2.countNonZero(fringes) <= few:
        return colour
    fringes, _ = _fringes(colour)
    grey = cv2.cvtColor(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.copyTo(grey, fringes, colour.copy()), np.uint8)


def _fringes(colour: Colour) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return masks (255) of the pixels whose colour is balanced along their row, and of all coloured ones."""
    red, _, blue = cv2.split(colour)
    apart = cv2.subtract(red, blue, dtype=cv2.CV_16S)
    left_over = np.abs(cv2.boxFilter(apart, cv2.CV_32F, (_WIDE, 1)))
    most = cv2.boxFilter(np.abs(apart), cv2.CV_32F, (_WIDE, 1))
    coloured = most > _LEAST
    balanced = coloured & (left_over < _BALANCED * most)
    return balanced.astype(np.uint8) * 255, coloured.astype(np.uint8) * 255
