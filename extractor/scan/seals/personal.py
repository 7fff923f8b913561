"""Tells by its shape what a person sets beside a signature, or instead of one. The print of a thumb has no
outline and is full all over. A chop with a name is small and framed.

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

_POINTS_A_MM = 72 / 25.4  # points a millimetre
_RIDGES = 1.2  # millimetres: gaps between the ridges of a thumb, which are closed
_BROAD = 6.0  # millimetres: then a thumb's print is at least so broad
_SQUARE_IN_DISC = 0.65  # widths of a disc: a square of that side lies within it
_THUMB_SHORT = (9.5, 25.0)  # millimetres, from least to greatest: shorter side of a thumb's print
_THUMB_LONG = (11.5, 36.0)  # millimetres: its longer side
_CHOP_SHORT = (7.0, 23.0)  # millimetres: shorter side of a chop
_CHOP_LONG = (7.0, 24.0)  # millimetres: its longer side
_LOOK = 75  # dots per inch at which thumbs are looked for
_SHADE = 225  # grey level: ink is darker
_REDDISH = 20  # levels of redness: or it is redder
_SPARSE = 0.13  # share of a pixel at that resolution that ink covers at least
_AROUND_SEAL = 1.1  # half axes: a seal with the blur around it
_FULL = 0.8  # share of its convex hull that a thumb's print covers at least
_FULL_BOX = 0.87  # share of its bounding box that the hull covers at most: a square is a shade or a code
_GROWN = 1.5  # millimetres around the broad part of a print that belong to it
_STROKES = 0.8  # millimetres: gaps between the strokes of a chop, which are closed
_LONGEST = 1.7  # times: a chop is no longer than so often its width
_SQUARE = 0.92  # share of its bounding box that a square chop's hull covers at least
_FRAMED = 0.6  # share of a square chop's frame that has ink at least
_FRAMED_ROUND = 0.79  # share of a round chop's frame that has ink at least
_FRAME = 0.6  # millimetres: breadth of the frame
_DIMMER = 242  # level of paper that looks darker than the paper around it, which is at 255
_DIM = 0.1  # share of a smooth blot that passed for shaded paper at least
_RIM = 2.5  # millimetres: breadth of the rim around the middle of a blot
_FILLED = 0.93  # share of that middle with ink: a chop has more
_FEWEST = 10  # pixels: fewer have no shape


def find_thumbs(layers: Layers, ruled: Gray, rings: Sequence[Ring]) -> list[Rect]:
    """Return the boxes of prints of thumbs, in pixels of the page: blots in any ink with a thumb's size,
    round and full all over. `ruled` is a mask of ruled lines. `rings` are the seals, which are left out."""
    zoom = min(1.0, _LOOK / 72 / layers.scale)
    inks = _inks(layers)
    inks = cv2.bitwise_and(inks, cv2.compare(ruled, 0, cv2.CMP_EQ))
    small = cv2.resize(inks, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    ink = np.asarray(small > 255 * _SPARSE, np.uint8)
    dimmed = _dimmed(layers, (ink.shape[0], ink.shape[1]), zoom)
    bare, ink = ink, ink | dimmed
    for ring in rings:
        middle, axes, angle = ring.ellipse(_AROUND_SEAL)
        middle = (middle[0] * zoom, middle[1] * zoom)
        cv2.ellipse(ink, (middle, (axes[0] * zoom, axes[1] * zoom), angle), 0, -1)
    millimetre = layers.scale * zoom * _POINTS_A_MM
    found: list[Rect] = []
    if not cv2.hasNonZero(broad := _broad(ink, millimetre)):
        return found
    _, labels, stats, _ = cv2.connectedComponentsWithStats(broad)
    for label, (x, y, wide, high) in enumerate(stats[1:, :4].tolist(), 1):
        blot = (labels[y : y + high, x : x + wide] == label).astype(np.uint8)
        if _has_its_shape(blot, millimetre):
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
            own = np.s_[y : y + high, x : x + wide]
            is_smooth = _is_smooth(blot, bare[own], dimmed[own], millimetre)
            if is_smooth or not any(is_chop(layers, box) for box in boxes):
                found.append(boxes[-1])
    return found


def _dimmed(layers: Layers, shape: tuple[int, int], zoom: float) -> Gray:
    """Return a mask (1) of `shape`, `zoom` times the page's, of paper that looks darker than the paper around
    it within a thumb's width. The middle of a print passes for shaded paper, and was made white with it."""
    if layers.paper is None:
        return np.zeros(shape, np.uint8)
    paper = cv2.resize(layers.paper, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    millimetre = layers.scale * zoom * _POINTS_A_MM
    side = round(_THUMB_SHORT[1] * millimetre) | 1
    around = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    return np.asarray(cv2.divide(paper, np.maximum(around, 1), scale=255) < _DIMMER, np.uint8)


def _is_smooth(blot: Gray, ink: Gray, dimmed: Gray, millimetre: float) -> bool:
    """Tell whether much of a blot passed for shaded paper, and its middle was made white with it. The middle
    of a chop stays dark beside its letters. `ink` holds nothing of what is `dimmed`; `millimetre` is in
    pixels."""
    room = cv2.copyMakeBorder(blot, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0.0,))
    middle = cv2.erode(room, _disc(2 * _RIM * millimetre))[1:-1, 1:-1] > 0
    inked = np.count_nonzero(middle & (ink > 0))
    is_dim = np.count_nonzero(blot & dimmed) > _DIM * np.count_nonzero(blot)
    return bool(is_dim and inked < _FILLED * np.count_nonzero(middle))


def _broad(ink: Gray, millimetre: float) -> Gray:
    """Return a mask (1) of ink broader than any stroke or letter, with the gaps between ridges closed.
    `millimetre` is in pixels."""
    inked = np.asarray(ink > 0, np.uint8)
    closed = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, _disc(_RIDGES * millimetre))
    disc = _disc(_BROAD * millimetre)
    # Most pages have nothing so broad, not even a square that lies within the disc, which is found faster.
    side = int(_SQUARE_IN_DISC * len(disc))
    if side > 1 and not cv2.hasNonZero(cv2.erode(closed, np.ones((side, side), np.uint8))):
        return np.zeros_like(inked)
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc), np.uint8)


def _has_its_shape(blot: Gray, millimetre: float) -> bool:
    """Tell whether a blot has the shape of a thumb's print. `millimetre` is in pixels."""
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
    """Return a round kernel, `across` pixels wide."""
    side = max(3, round(across)) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _inks(layers: Layers) -> Gray:
    """Return a mask, 255 where there is ink, even faint ink."""
    shade = cv2.compare(layers.all, _SHADE, cv2.CMP_LT)
    return np.asarray(cv2.bitwise_or(shade, cv2.compare(layers.redness, _REDDISH, cv2.CMP_GT)), np.uint8)


def is_chop(layers: Layers, box: Rect) -> bool:
    """Tell whether a chop with a name stands in a box, in pixels of the page."""
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
    # The edge of a thumb's print is broken by gaps between ridges.
    framed = float((room[band] > 0).mean())
    return framed > (_FRAMED if square else _FRAMED_ROUND)


def _within(sides: Sequence[float], short: tuple[float, float], long: tuple[float, float]) -> bool:
    """Tell whether the shorter and the longer side are within their bounds."""
    return short[0] < sides[0] < short[1] and long[0] < sides[1] < long[1]


def _largest(ink: Gray, gap: int) -> Gray:
    """Return the ink of the largest piece. Gaps below `gap` pixels do not part pieces."""
    near = cv2.dilate(ink, np.ones((gap, gap), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near)
    if len(stats) < 2:
        return ink
    label = 1 + int(stats[1:, 4].argmax())
    return np.asarray(ink * (labels == label), np.uint8)
