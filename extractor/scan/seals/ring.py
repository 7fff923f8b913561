"""The outline of a seal on a page: its shape, its exact course, and how dark its ink is."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Rect
from models.page import SealShape

Gray = NDArray[np.uint8]

NEAR = 0.08  # of the radius: how far from the fitted circle the outline may run
_THICKEST = 0.10  # of the radius: the breadth of an outline
_BREADTH = 0.05  # of the radius: the breadth that an outline usually has
_ARC = 30  # so many-th of the way round over which an outline runs smoothly
_EDGE = 0.35  # of its most ink: where an outline ends
_DRAWN, _SOLID = 200, 30  # grey of what is drawn at all, and the percent of it that are no blurred edge
_PALE = 50  # least grey of an outline that may be told from print


@dataclass(frozen=True)
class Ring:
    """A seal's outline in pixels of the page: middle, half axes (a square's half sides), the first one's
    angle in degrees.

    `confidence`: 0 to 1 how sure it is that this is a seal. `shade`: the grey of the ink of one that is not
        red, 0 to 255.
    """

    x: float
    y: float
    rx: float
    ry: float
    angle: float
    red: bool
    confidence: float
    shape: SealShape = "round"
    shade: float = 0.0

    @property
    def is_dark(self) -> bool:
        """Whether its ink can't be told from print: it is neither red nor paler."""
        return not self.red and self.shade < _PALE

    @property
    def box(self) -> Rect:
        if self.shape == "square":
            corners = cv2.boxPoints(((self.x, self.y), (2 * self.rx, 2 * self.ry), self.angle))
            (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
            return (x0, y0, x1, y1)
        reach_x = math.hypot(
            self.rx * math.cos(math.radians(self.angle)), self.ry * math.sin(math.radians(self.angle))
        )
        reach_y = math.hypot(
            self.rx * math.sin(math.radians(self.angle)), self.ry * math.cos(math.radians(self.angle))
        )
        return (self.x - reach_x, self.y - reach_y, self.x + reach_x, self.y + reach_y)

    def ellipse(self, part: float) -> tuple[tuple[float, float], tuple[float, float], float]:
        """The outline drawn in to so much of its half axes, or out, as OpenCV takes it."""
        return (self.x, self.y), (2 * self.rx * part, 2 * self.ry * part), self.angle

    def shaded(self, gray: Gray) -> "Ring":
        """The seal with the shade that it has in `gray`, the page's text layer; of a red one nothing is left
        there."""
        return self if self.red else replace(self, shade=_shade(gray, outline(gray, self)))


def outline(gray: Gray, ring: Ring) -> Gray:
    """255 where the outline runs: at each angle as far from the middle as there is most ink near the fitted
    circle."""
    radius = max(ring.rx, ring.ry)
    around = max(64, round(2 * math.pi * radius))
    reach = round(radius * (1 + 2 * NEAR))
    polar = 255 - cv2.warpPolar(
        cv2.copyMakeBorder(gray, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=(255.0,)),
        (reach, around), (ring.x + reach, ring.y + reach), reach, cv2.INTER_LINEAR,
    )  # fmt: skip
    low, high = round(radius * (1 - NEAR)), round(radius * (1 + NEAR))
    breadth = max(2, round(_BREADTH * radius))
    blurred = cv2.blur(polar.astype(np.float32), (breadth, 1))
    window = max(3, around // _ARC) | 1
    wrapped = np.concatenate([blurred[-window:], blurred, blurred[:window]])
    smooth = cv2.blur(wrapped, (1, window))[window:-window]
    at = low + smooth[:, low : high + 1].argmax(axis=1)
    at = _steady(at, window)
    half = _half_breadth(polar, at, radius)
    angles = np.arange(around) * 2 * math.pi / around
    points = np.stack([ring.x + at * np.cos(angles), ring.y + at * np.sin(angles)], axis=1)
    mask = np.zeros_like(gray)
    cv2.polylines(
        mask, [np.rint(points * 8).astype(np.int32)], True, 255, max(2, round(2 * half)), cv2.LINE_8, 3
    )
    return mask


def _steady(at: NDArray[np.int64], window: int) -> NDArray[np.float64]:
    """The distances, each the median of those around it: an outline doesn't leap."""
    wrapped = np.concatenate([at[-window:], at, at[:window]])
    views = np.lib.stride_tricks.sliding_window_view(wrapped, 2 * window + 1)
    return np.asarray(np.median(views, axis=1), np.float64)


def _half_breadth(polar: Gray, at: NDArray[np.float64], radius: float) -> float:
    """Half the outline's breadth in pixels, and the blur at its edges."""
    most = max(2, round(_THICKEST * radius))
    steps = np.arange(-most, most + 1)
    columns = np.clip(np.rint(at[:, None] + steps).astype(int), 0, polar.shape[1] - 1)
    profile = np.median(np.take_along_axis(polar, columns, axis=1), axis=0)
    peak = float(profile.max())
    return float((profile > _EDGE * peak).sum()) / 2 + 1.0 if peak > 0 else 1.0


def _shade(gray: Gray, drawn: Gray) -> float:
    """How grey the seal's own ink is: that of its outline, where print does not cross it and its edges don't
    blur."""
    inner = cv2.erode(drawn, np.ones((3, 3), np.uint8))
    values = gray[(inner if inner.any() else drawn) > 0]
    values = values[values < _DRAWN]
    return float(np.percentile(values, _SOLID)) if len(values) else 0.0
