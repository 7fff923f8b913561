"""Tells how far a page without ruled lines is turned, by its rows of text.

Seen along the rows, ink and the paper between rows take turns most sharply. The angle is searched for at
which the projection profile changes most from one row of pixels to the next (Postl 1986).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

_GLANCE = 700  # pixels: long side of the picture on which the angle is told
_INK = 60  # level, 255 being full ink, above which a pixel of it counts
_WIDEST = 3.0  # degrees: a scanner's feed turns a sheet no farther
_COARSE, _FINE = 0.25, 0.05  # degrees from one try to the next
_AS_SHARP = 0.99  # of the sharpest profile: an angle is as good
_SHARPER = 1.03  # times: a profile that is less sharper than the one of the page as it is tells nothing


def text_skew(gray: Gray) -> float:
    """Return by how many degrees the rows of text in `gray` (height x width, paper white) fall to the right,
    at most 3.

    It is 0 where that can't be told. The rows may run down the page too, as on a sideways scan.
    """
    zoom = min(1.0, _GLANCE / max(gray.shape))
    small = cv2.resize(gray, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    # Turning blurs a picture a little, so that the one that is not turned would look the sharpest.
    ink = cv2.GaussianBlur(np.where(small < 255 - _INK, 255.0 - small, 0).astype(np.float32), (0, 0), 1.5)
    if not ink.any():
        return 0.0
    return max((_best(ink), _best(np.ascontiguousarray(ink.T), -1)), key=lambda found: found[1])[0]


def _best(ink: NDArray[np.float32], sign: int = 1) -> tuple[float, float]:
    """Return the angle at which the rows of `ink` are sharpest, times `sign`, and how sharp they are then."""
    coarse = max(_steps(0.0, _WIDEST, _COARSE), key=lambda angle: _sharpness(ink, angle))
    fine = {angle: _sharpness(ink, angle) for angle in _steps(coarse, 2 * _COARSE, _FINE)}
    sharp = max(fine.values())
    # A few short rows are about as sharp over a part of a degree.
    angle = float(np.mean([angle for angle, one in fine.items() if one >= _AS_SHARP * sharp]))
    return (angle * sign if sharp > _SHARPER * _sharpness(ink, 0.0) else 0.0), sharp


def _steps(middle: float, reach: float, step: float) -> list[float]:
    return [middle + n * step for n in range(-round(reach / step), round(reach / step) + 1)]


def _sharpness(ink: NDArray[np.float32], angle: float) -> float:
    """Return how much the rows of `ink` differ from the next ones, with the page turned back by `angle`."""
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    profile = cv2.warpAffine(ink, turn, (width, height), borderMode=cv2.BORDER_REPLICATE).sum(axis=1)
    return float((np.diff(profile) ** 2).sum())
