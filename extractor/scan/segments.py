"""Finds long straight pieces of line with the line segment detector LSD (Grompone von Gioi et al. 2010).

It takes most of its time for print and for margins, which tell nothing. So ink too small to hold such a piece
is left out, unless hardly anything is found without it: lines may be made of dots and dashes.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

_INKED, _BARE = 200, 240  # grey levels: ink is darker, and bare paper lighter
_BLUR = 5  # pixels: ink and its soft edge on both sides are so much wider, at least
_PLENTY = 16  # pieces of line: where fewer are found without print, it is looked at, too


def find_segments(gray: Gray, least: float) -> Floats:
    """Return the straight pieces of line longer than `least` pixels, n x 4: x0, y0, x1, y1, in pixels of
    `gray`, height x width, whose paper is white."""
    pieces = _segments(*_without_print(gray, least), least)
    return pieces if len(pieces) >= _PLENTY else _segments(gray, (0, 0), least)


def _segments(gray: Gray, corner: tuple[int, int], least: float) -> Floats:
    """Return the pieces in a part of the picture with its upper left corner at `corner` (x, y), in pixels of
    the picture."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(gray)[0]
    if found is None:
        return np.zeros((0, 4))
    pieces = found[:, 0].astype(np.float64) + np.array([*corner, *corner])
    return np.asarray(pieces[np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1]) > least])


def _without_print(gray: Gray, least: float) -> tuple[Gray, tuple[int, int]]:
    """Return the picture without ink in which no line of `least` pixels can lie, and without its margins; and
    where the upper left corner of that is, as (x, y)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.compare(gray, _INKED, cv2.CMP_LT))
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    small = np.uint8(255) * (np.hypot(*sides.T) < least)
    small[0] = 0
    bare = cv2.max(gray, cv2.dilate(small.take(labels), np.ones((_BLUR, _BLUR), np.uint8)))
    left, top, wide, high = cv2.boundingRect(cv2.compare(bare, _BARE, cv2.CMP_LT))
    x0, y0 = max(0, left - _BLUR), max(0, top - _BLUR)
    part = bare[y0 : top + high + _BLUR, x0 : left + wide + _BLUR] if wide else bare
    return np.ascontiguousarray(part, np.uint8), (x0, y0) if wide else (0, 0)
