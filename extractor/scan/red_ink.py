"""Finds red ink that belongs to no seal. Red writing is read like any other; red ink that lies on print is
not mixed with it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import PAPER, Layers
from extractor.scan.seals.ring import Ring
from models.geometry import Rect

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_ACROSS = 2.15  # half axes: width of a seal with the blur around it
_EM = 11.0  # points: width of a usual character
_GAP = 4.0  # points: gaps along a line over which red ink counts as one piece
_TALLEST = 34.0  # points: greatest height of a piece of writing
_FLAT = 3.6  # points: greatest height of a red rule
_LONG = 33.0  # points: least length of a red rule
_EDGE = 2.0  # points along the page's edges, where a desk or another sheet shows
_LEAST = 0.05  # square ems: less red ink is no writing
_ON_PRINT = 0.08  # share of a piece's area: where print inks more, the piece lies on print
_RED_BLACK = 60  # grey level of a bright red pen
_PAPER_FROM = 235  # grey level of paper


def loose_red(layers: Layers, rings: Sequence[Ring]) -> Mask:
    """Return a mask, height x width of the page, of the red ink that belongs to no seal of `rings` and to no
    stamp."""
    # Few pages have red ink in more than a small part, and memory that nobody touches costs nothing.
    x, y, wide, high = cv2.boundingRect(layers.red)
    part = np.s_[y : y + high, x : x + wide]
    loose, kept = np.zeros_like(layers.red), np.zeros(layers.red.shape, np.bool_)
    loose[part] = layers.red[part]
    for ring in rings:
        cv2.ellipse(loose, ((ring.x, ring.y), (_ACROSS * ring.rx, _ACROSS * ring.ry), ring.angle), 0, -1)
    if layers.stamped is not None:
        loose[cv2.dilate(layers.stamped, np.ones((3, 3), np.uint8)) > 0] = 0
    kept[part] = loose[part] > 0
    return kept


def red_writing(layers: Layers, rings: Sequence[Ring], ruled: Gray) -> tuple[Gray | None, tuple[Rect, ...]]:
    """Return the red writing of the page in grey (paper white), and the bounding box of each piece of it in
    pixels. The picture is None where there is no red writing.

    Red ink over print is left out, because both together cannot be read: a line through print, a character
    written over another. `ruled` is a mask of ruled lines, which writing may cross.
    """
    loose = loose_red(layers, rings)
    edge = max(1, round(_EDGE * layers.scale))
    loose[:edge] = loose[-edge:] = loose[:, :edge] = loose[:, -edge:] = False
    least = _LEAST * (_EM * layers.scale) ** 2
    if np.count_nonzero(loose) < least:
        return None, ()
    gap, low = max(3, round(_GAP * layers.scale)) | 1, max(3, round(_GAP * layers.scale / 3)) | 1
    joined = cv2.morphologyEx(loose.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((low, gap), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    inked = np.bincount(labels[loose], minlength=count)
    dark = (layers.text < PAPER) & (ruled == 0)
    printed = np.bincount(labels[dark], minlength=count)
    gray = np.full_like(layers.text, 255)
    boxes: list[Rect] = []
    for label in range(1, count):
        x, y, width, height = (int(v) for v in stats[label, :4])
        if (
            inked[label] < least
            or height > _TALLEST * layers.scale
            or printed[label] > _ON_PRINT * int(stats[label, 4])
        ):
            continue
        if height < _FLAT * layers.scale and width > _LONG * layers.scale:
            continue
        part = np.s_[max(0, y - 2) : y + height + 2, max(0, x - 2) : x + width + 2]
        own = cv2.dilate((labels[part] == label).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        gray[part][own] = _darkness(layers, part)[own]
        boxes.append((float(x), float(y), float(x + width), float(y + height)))
    return (gray if boxes else None), tuple(boxes)


def _darkness(layers: Layers, part: tuple[slice, slice]) -> Gray:
    """Return the red ink of a part of the page in grey: the mean of how red and how dark it is. Its redness
    alone is blurred, because JPEG files hold colours at half the resolution."""
    bright = (layers.all[part].astype(np.float32) - _RED_BLACK) * (255 / (_PAPER_FROM - _RED_BLACK))
    return np.clip((255.0 - layers.redness[part] + np.clip(bright, 0, 255)) / 2, 0, 255).astype(np.uint8)
