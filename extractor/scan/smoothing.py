"""Closes and blurs pictures exactly as OpenCV does, in less than half the time.

OpenCV looks at each pixel of a round kernel for itself, and blurs bytes in fixed-point numbers, one pixel at
a time. The rows of a round kernel share their work here. Single precision holds all sums of such a blur
exactly.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]

_UNIT = 65536  # the weights of a blur along one axis add up to 256, along both to its square


def closed(gray: Gray, kernel: Gray) -> Gray:
    """Return what `cv2.morphologyEx` makes of `gray`, height x width, by MORPH_CLOSE. Each row of `kernel`
    (1, else 0) is one stretch with its middle in that of the kernel, whose sides are odd."""
    return np.asarray(cv2.bitwise_not(_dilated(cv2.bitwise_not(_dilated(gray, kernel)), kernel)), np.uint8)


def _dilated(gray: cv2.typing.MatLike, kernel: Gray) -> cv2.typing.MatLike:
    """Return what `cv2.dilate` does. The stretch of a wider row of the kernel is that of a narrower one,
    dilated by the rest."""
    halves = [int(row.sum()) // 2 for row in kernel]
    reach, height = len(kernel) // 2, gray.shape[0]
    wide = cv2.copyMakeBorder(gray, reach, reach, 0, 0, cv2.BORDER_CONSTANT, value=(0.0,))
    most, had = gray, 0
    for half in sorted(set(halves)):
        if half > had:
            wide = cv2.dilate(wide, np.ones((1, 2 * (half - had) + 1), np.uint8))
            had = half
        for row in (row for row, other in enumerate(halves) if other == half):
            most = cv2.max(most, wide[row : row + height])
    return most


def blurred(gray: Gray, deviation: float) -> Gray:
    """Return what `cv2.GaussianBlur` makes of `gray`, height x width. `deviation`: the standard deviation, at
    least 1 pixel."""
    weights = _weights(deviation)
    # Half a level more, so that what is cut off rounds a half up, as OpenCV does here.
    sums = cv2.sepFilter2D(gray, cv2.CV_32F, weights, weights, delta=_UNIT / 2)
    return np.asarray(sums * np.float32(1 / _UNIT), np.uint8)


@lru_cache(maxsize=64)
def _weights(deviation: float) -> Floats:
    """Return the weights along one axis, in 256ths, by what becomes of a white line on black."""
    wide = 8 * round(deviation) + 9
    line = np.zeros((1, 2 * wide + 1), np.uint8)
    line[0, wide] = 255
    weights = cv2.GaussianBlur(line, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)[0]
    inked = np.flatnonzero(weights)
    return np.asarray(weights[inked[0] : inked[-1] + 1], np.float32)
