"""Measures the outline of a seal on a page: its shape, its exact course, and how dark its ink is."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Rect
from models.page import SealShape

Gray = NDArray[np.uint8]

NEAR = 0.08  # radii: how far from the fitted circle the outline may run
_THICKEST = 0.10  # radii: greatest half breadth of an outline
_BREADTH = 0.05  # radii: usual breadth of an outline
_ARC = 30  # the whole way round over this: an arc over which an outline runs smoothly
_EDGE = 0.35  # share of its greatest darkness at which an outline ends
_DRAWN = 200  # grey level: what is darker is drawn
_SOLID = 30  # percentile of the grey of what is drawn: the ink itself, without its blurred edges
_PALE = 50  # grey level: an outline that is darker can't be told from print


@dataclass(frozen=True)
class Ring:
    """A seal's outline in pixels of the page: its middle (`x`, `y`), and its half axes (`rx`, `ry`), which
    are half the sides of a square. `angle` is that of the first axis, in degrees.

    `confidence`, from 0 to 1, tells how sure it is that this is a seal. `shade`, from 0 to 255, is the grey
    level of the ink of a seal that is not red.
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
        """Whether its ink can't be told from print, because it is neither red nor paler."""
        return not self.red and self.shade < _PALE

    @property
    def box(self) -> Rect:
        """Its bounding box, in pixels of the page."""
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
        """Return the outline with half axes scaled by `part`, as OpenCV takes it: middle, axes, angle in
        degrees."""
        return (self.x, self.y), (2 * self.rx * part, 2 * self.ry * part), self.angle

    def shaded(self, gray: Gray) -> "Ring":
        """Return the seal with the shade that it has in `gray`, the page's text layer, height x width. A red
        seal stays as it is, because nothing of it is left there."""
        return self if self.red else replace(self, shade=_shade(gray, outline(gray, self)))


def outline(gray: Gray, ring: Ring) -> Gray:
    """Return a mask, 255 where the outline runs, of the shape of `gray` (height x width, paper white). At
    each angle it runs where there is most ink near the fitted circle."""
    radius = max(ring.rx, ring.ry)
    around = max(64, round(2 * math.pi * radius))
    # Of a ring of a pixel, which a speck may be, what is near it is at least that pixel.
    reach = max(round(radius * (1 + 2 * NEAR)), round(radius * (1 + NEAR)) + 1)
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
    """Return each distance as the median of those around it, because an outline doesn't leap."""
    wrapped = np.concatenate([at[-window:], at, at[:window]])
    views = np.lib.stride_tricks.sliding_window_view(wrapped, 2 * window + 1)
    return np.asarray(np.median(views, axis=1), np.float64)


def _half_breadth(polar: Gray, at: NDArray[np.float64], radius: float) -> float:
    """Return half the outline's breadth in pixels, with the blur at its edges. `polar` holds ink by angle
    (rows) and distance (columns), `at` the outline's distance at each angle."""
    most = max(2, round(_THICKEST * radius))
    steps = np.arange(-most, most + 1)
    columns = np.clip(np.rint(at[:, None] + steps).astype(int), 0, polar.shape[1] - 1)
    profile = np.median(np.take_along_axis(polar, columns, axis=1), axis=0)
    peak = float(profile.max())
    return float((profile > _EDGE * peak).sum()) / 2 + 1.0 if peak > 0 else 1.0


def _shade(gray: Gray, drawn: Gray) -> float:
    """Return the grey level of the seal's own ink: that of its outline, where no print crosses it and its
    edges don't blur."""
    inner = cv2.erode(drawn, np.ones((3, 3), np.uint8))
    values = gray[(inner if inner.any() else drawn) > 0]
    values = values[values < _DRAWN]
    return float(np.percentile(values, _SOLID)) if len(values) else 0.0
