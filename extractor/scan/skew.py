"""Tells how far a page without ruled lines is turned, by its rows of text.

Seen along the rows, ink and the paper between rows take turns most sharply. The angle is searched for at
which the projection profile changes most from one row of pixels to the next (Postl 1986). On a page with few
short rows the profile may be sharpest where rows that stand apart happen to fall together, so the slope of
its longest lines of text must bear the angle out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

_GLANCE = 700  # pixels: long side of the picture on which the angle is told
_INK = 60  # level, 255 being full ink, above which a pixel of it counts
_FAINT = 20  # level of the blurred picture above which a pixel is of a character
_WIDEST = 3.0  # degrees: a scanner's feed turns a sheet no farther
_COARSE, _FINE = 0.25, 0.05  # degrees from one try to the next
_AS_SHARP = 0.99  # of the sharpest profile: an angle is as good
_BORNE_OUT = 0.5  # degrees: the slope of the lines of text differs by no more
_GAP = 13  # pixels: characters of a line stand no farther apart
_LINE = (60, 24)  # pixels: a line of text that tells a slope is so long at least, and so high at most
_FLAT = 0.25  # of its length: it is no higher
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
    angle, down = _best(ink), _best(np.ascontiguousarray(ink.T))
    # Rows that run down a sheet which lies sideways fall the other way.
    return _borne_out(ink, angle[0]) if angle[1] >= down[1] else -_borne_out(ink.T, down[0])


def _borne_out(ink: NDArray[np.float32], angle: float) -> float:
    """Return the angle by which rows fall, or the slope of the lines of text where that is another; 0 where
    no line is long enough to tell."""
    slope = _slope(ink) if angle else 0.0
    return angle if slope is not None and abs(slope - angle) < _BORNE_OUT else slope or 0.0


def _slope(ink: NDArray[np.float32]) -> float | None:
    """Return by how many degrees the lines of text in `ink` fall to the right: the median, weighted by the
    square of their length. Each one's slope is that of its ink by least squares."""
    dark = (ink > _FAINT).astype(np.uint8)
    _, names, stats, _ = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((1, _GAP), np.uint8))
    )
    found = []
    for name, (x, y, wide, high, _) in enumerate(stats):
        if name and wide >= _LINE[0] and high <= min(_FLAT * wide, _LINE[1]):
            part = slice(y, y + high), slice(x, x + wide)
            ys, xs = np.nonzero((names[part] == name) & (dark[part] > 0))
            weights = np.sqrt(ink[part][ys, xs])
            found.append((float(np.degrees(np.arctan(np.polyfit(xs, ys, 1, w=weights)[0]))), int(wide) ** 2))
    if not found:
        return None
    found.sort()
    total = np.cumsum([weight for _, weight in found])
    return found[int(np.searchsorted(total, total[-1] / 2))][0]


def _best(ink: NDArray[np.float32]) -> tuple[float, float]:
    """Return the angle at which the rows of `ink` are sharpest, and how sharp they are then."""
    coarse = max(_steps(0.0, _WIDEST, _COARSE), key=lambda angle: _sharpness(ink, angle))
    fine = {angle: _sharpness(ink, angle) for angle in _steps(coarse, 2 * _COARSE, _FINE)}
    sharp = max(fine.values())
    # A few short rows are about as sharp over a part of a degree.
    angle = float(np.mean([angle for angle, one in fine.items() if one >= _AS_SHARP * sharp]))
    return (angle if sharp > _SHARPER * _sharpness(ink, 0.0) else 0.0), sharp


def _steps(middle: float, reach: float, step: float) -> list[float]:
    return [middle + n * step for n in range(-round(reach / step), round(reach / step) + 1)]


def _sharpness(ink: NDArray[np.float32], angle: float) -> float:
    """Return how much the rows of `ink` differ from the next ones, with the page turned back by `angle`."""
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    profile = cv2.warpAffine(ink, turn, (width, height), borderMode=cv2.BORDER_REPLICATE).sum(axis=1)
    return float((np.diff(profile) ** 2).sum())
