"""Tells what a person sets beside a signature, or instead of one, by its shape: a print of a thumb, which has
no outline and is full all over, and a chop with a name, which is small and framed.

Neither is a seal of a unit, and neither is writing.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import Layers
from extractor.scan.seals.ring import Ring
from models.geometry import Rect

Gray = NDArray[np.uint8]

_POINTS_A_MM = 72 / 25.4
# Millimetres: gaps between the ridges of a thumb, which are closed, and what is less broad then is no thumb;
# the shorter and the longer side of a thumb's print and of a chop.
_RIDGES, _BROAD = 1.2, 6.0
_THUMB_SHORT, _THUMB_LONG = (9.5, 25.0), (11.5, 36.0)
_CHOP_SHORT, _CHOP_LONG = (7.0, 23.0), (7.0, 24.0)
# dpi at which thumbs are looked for, how light and how red their ink is, and how much of a place it covers.
_LOOK, _SHADE, _REDDISH, _SPARSE = 75, 225, 20, 0.13
_AROUND_SEAL = 1.1  # of a seal's half axes: what blurs around it
_FULL = 0.8  # of the hull of a thumb's print that its ink covers
_FULL_BOX = 0.87  # of its box that it covers at most: a square one would be a shade or a code
_GROWN = 1.5  # millimetres around what is broad that belong to the print
_STROKES = 0.8  # millimetres: gaps between the strokes of a chop
_LONGEST, _SQUARE = (
    1.7,
    0.92,
)  # times that a chop is as long as wide, and how much of its box a square one covers
# Of the frame of a chop that is inked, of a square one and of a round one, and its breadth in millimetres.
_FRAMED, _FRAMED_ROUND, _FRAME = 0.6, 0.79, 0.6
_FEWEST = 10  # pixels of what has a shape


def find_thumbs(layers: Layers, ruled: Gray, rings: Sequence[Ring]) -> list[Rect]:
    """Where thumbs were printed, in pixels: blots in any ink that are as large, round, and full all over.
    `ruled`: where lines are ruled; `rings`: the seals, on which nothing is looked for."""
    zoom = min(1.0, _LOOK / 72 / layers.scale)
    inks = _inks(layers)
    inks[ruled > 0] = 0
    small = cv2.resize(inks, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    ink = np.asarray(small > 255 * _SPARSE, np.uint8)
    for ring in rings:
        middle, axes, angle = ring.ellipse(_AROUND_SEAL)
        middle = (middle[0] * zoom, middle[1] * zoom)
        cv2.ellipse(ink, (middle, (axes[0] * zoom, axes[1] * zoom), angle), 0, -1)
    millimetre = layers.scale * zoom * _POINTS_A_MM
    _, labels, stats, _ = cv2.connectedComponentsWithStats(_broad(ink, millimetre))
    found: list[Rect] = []
    for label, (x, y, wide, high) in enumerate(stats[1:, :4].tolist(), 1):
        if _has_its_shape((labels[y : y + high, x : x + wide] == label).astype(np.uint8), millimetre):
            # What is written beside a chop would hide its shape.
            boxes = [
                (
                    max(0.0, (x - more) / zoom),
                    max(0.0, (y - more) / zoom),
                    (x + wide + more) / zoom,
                    (y + high + more) / zoom,
                )
                for more in (0.0, _GROWN * millimetre)
            ]
            if not any(is_chop(layers, box) for box in boxes):
                found.append(boxes[-1])
    return found


def _broad(ink: Gray, millimetre: float) -> Gray:
    """Ink that is broader than any stroke or letter, gaps between ridges closed; 1 there."""
    inked = np.asarray(ink > 0, np.uint8)
    closed = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, _disc(_RIDGES * millimetre))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(_BROAD * millimetre)), np.uint8)


def _has_its_shape(blot: Gray, millimetre: float) -> bool:
    points = cv2.findNonZero(blot)
    if points is None or len(points) < _FEWEST:
        return False
    hull = cv2.convexHull(points)
    sides = sorted((side + 1) / millimetre for side in cv2.minAreaRect(hull)[1])
    area = cv2.contourArea(hull)
    return (
        _within(sides, _THUMB_SHORT, _THUMB_LONG)
        and len(points) > _FULL * area
        and area < _FULL_BOX * math.prod(sides) * millimetre**2
    )


def _disc(across: float) -> Gray:
    side = max(3, round(across)) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _inks(layers: Layers) -> Gray:
    """255 where there is ink, though it be faint."""
    return np.asarray(np.uint8(255) * ((layers.all < _SHADE) | (layers.redness > _REDDISH)), np.uint8)


def is_chop(layers: Layers, box: Rect) -> bool:
    """Whether what stands in a box, in pixels, is a chop with a name."""
    x0, y0, x1, y1 = (max(0, round(side)) for side in box)
    ink = _inks(layers.part(x0, y0, x1, y1))
    millimetre = layers.scale * _POINTS_A_MM
    if not ink.any():
        return False
    gap = max(3, round(_STROKES * millimetre)) | 1
    room = cv2.copyMakeBorder(ink, gap, gap, gap, gap, cv2.BORDER_CONSTANT, value=(0.0,))
    full = cv2.morphologyEx((room > 0).astype(np.uint8), cv2.MORPH_CLOSE, _disc(gap))
    full = _largest(np.asarray(full, np.uint8), gap)
    points = cv2.findNonZero(full)
    if points is None or len(points) < _FEWEST:
        return False
    hull = cv2.convexHull(points)
    sides = sorted(side / millimetre for side in cv2.minAreaRect(hull)[1])
    if not _within(sides, _CHOP_SHORT, _CHOP_LONG) or sides[1] > _LONGEST * sides[0]:
        return False
    square = cv2.contourArea(hull) > _SQUARE * math.prod(sides) * millimetre**2
    whole = np.zeros_like(room)
    cv2.fillConvexPoly(whole, hull, 1)
    band = (whole > 0) & (cv2.erode(whole, _disc(2 * _FRAME * millimetre)) == 0)
    # The edge of a thumb's print is one of gaps between ridges.
    framed = float((room[band] > 0).mean())
    return framed > (_FRAMED if square else _FRAMED_ROUND)


def _within(sides: Sequence[float], short: tuple[float, float], long: tuple[float, float]) -> bool:
    return short[0] < sides[0] < short[1] and long[0] < sides[1] < long[1]


def _largest(ink: Gray, gap: int) -> Gray:
    """The ink without what stands apart from its largest piece."""
    near = cv2.dilate(ink, np.ones((gap, gap), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near)
    if len(stats) < 2:
        return ink
    label = 1 + int(stats[1:, 4].argmax())
    return np.asarray(ink * (labels == label), np.uint8)
