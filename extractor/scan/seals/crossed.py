"""Finds writing in the colour of a seal that lies on the seal, or runs into it. There the ink of both is one,
and nobody can read it.

Each place leads only to a doubt: it is reported as ink that was not read.
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage
from extractor.scan.layers import PAPER
from extractor.scan.seals.ring import Ring
from models.geometry import Rect
from models.page import Box

Gray = NDArray[np.uint8]

# Between its star and its letters a seal has no ink of its own:
_BARE_FROM = 0.37  # share of the half axes: where this zone begins
_BARE_TO = 0.57  # share of the half axes: where it ends
_FOOT = 62  # degrees to each side of the foot in which it may hold ink: a number, or what the seal is for
_EM = 11.0  # points: em, the width of a usual character
_LEAST = 0.06  # square ems: as much ink in the zone is writing
_JOINED = 0.8  # ems: gaps along a line of writing that are closed
_JOINED_DOWN = 0.25  # ems: gaps across it that are closed
_NEAR = 0.7  # ems: writing whose end is nearer to a seal may run into it


def find_crossed(page: FlatPage) -> tuple[Box, ...]:
    """Return the bounding boxes of such writing, in points of the page."""
    return tuple(page.in_points(place) for place in _places(page))


def _places(page: FlatPage) -> Iterator[Rect]:
    """Yield the same boxes in pixels."""
    for ring in page.rings:
        # The ink of a black seal is never taken off as a whole, so that writing on it is read anyway.
        if ring.shape != "square" and not ring.is_dark:
            yield from _on_seal(ring, page)
        if ring.red:
            yield from (box for box in page.red if _runs_into(box, ring, _NEAR * _EM * page.scale))


def _on_seal(ring: Ring, page: FlatPage) -> Iterator[Rect]:
    """Yield the boxes, in pixels, of ink in the seal's colour where the seal has none of its own."""
    x0, y0, x1, y1 = (max(0, round(side)) for side in ring.box)
    part = np.s_[y0:y1, x0:x1]
    cut = replace(ring, x=ring.x - x0, y=ring.y - y0)
    zone = np.zeros(page.layers.red[part].shape, np.uint8)
    cv2.ellipse(zone, cut.ellipse(_BARE_TO), 255, -1)
    cv2.ellipse(zone, cut.ellipse(_BARE_FROM), 0, -1)
    reach = round(max(ring.rx, ring.ry))
    cv2.ellipse(zone, (round(cut.x), round(cut.y)), (reach, reach), 0, 90 - _FOOT, 90 + _FOOT, 0, -1)
    taken = (page.layers.text[part] < PAPER) & (page.lifted[part] >= PAPER)
    ink = page.layers.red[part] > 0 if ring.red else taken
    own = (ink & (zone > 0)).astype(np.uint8)
    em = _EM * page.scale
    kernel = np.ones((max(3, round(_JOINED_DOWN * em)) | 1, max(3, round(_JOINED * em)) | 1), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(own, cv2.MORPH_CLOSE, kernel))
    inked = np.bincount(labels[own > 0], minlength=count)
    for label in range(1, count):
        if inked[label] > _LEAST * em * em:
            x, y, wide, high = (int(v) for v in stats[label, :4])
            yield (float(x0 + x), float(y0 + y), float(x0 + x + wide), float(y0 + y + high))


def _runs_into(box: Rect, ring: Ring, near: float) -> bool:
    """Tell whether one end of the writing in `box` is on the seal, or nearer to it than `near` pixels."""
    x0, y0, x1, y1 = box
    level = (y0 + y1) / 2
    return any(_away(x, level, ring) < near for x in (x0, x1))


def _away(x: float, y: float, ring: Ring) -> float:
    """Return how far a place is outside the seal, in pixels; less than 0 on it."""
    turn = np.deg2rad(-ring.angle)
    across = (x - ring.x) * np.cos(turn) - (y - ring.y) * np.sin(turn)
    down = (x - ring.x) * np.sin(turn) + (y - ring.y) * np.cos(turn)
    if ring.shape == "square":
        return float(max(abs(across) - ring.rx, abs(down) - ring.ry))
    return float((np.hypot(across / ring.rx, down / ring.ry) - 1) * min(ring.rx, ring.ry))
