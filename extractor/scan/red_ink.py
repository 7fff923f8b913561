"""Finds red ink that belongs to no seal: writing, which is read like any other, and ink that lies on print,
which is not mixed with it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import PAPER, Layers
from extractor.scan.seals.ring import Ring
from models.geometry import Rect

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_ACROSS = 2.15  # half axes that a seal is across, with what blurs around it
# Points: the width of a usual character, gaps over which red ink hangs together along a line, and the tallest
# piece of writing.
_EM, _GAP, _TALLEST = 11.0, 4.0, 34.0
_FLAT, _LONG = 3.6, 33.0  # points: what is no higher and as long is a red rule
_EDGE = 2.0  # points of the page's edges where a desk or another sheet shows
_LEAST = 0.05  # of a character's square: less red ink is no writing
_ON_PRINT = 0.08  # share of a piece's box that print inks: it lies on print
_RED_BLACK, _PAPER_FROM = 60, 235  # grey levels of a bright red pen and of paper


def loose_red(layers: Layers, rings: Sequence[Ring]) -> Mask:
    """Red ink that belongs to no seal, height x width of the page."""
    loose = layers.red.copy()
    for ring in rings:
        cv2.ellipse(loose, ((ring.x, ring.y), (_ACROSS * ring.rx, _ACROSS * ring.ry), ring.angle), 0, -1)
    return np.asarray(loose > 0, np.bool_)


def red_writing(layers: Layers, rings: Sequence[Ring], ruled: Gray) -> tuple[Gray | None, tuple[Rect, ...]]:
    """The red writing of the page in grey, paper white, and a box around each piece of it; None where there
    is none.

    Red ink over print is left out, because both together say nothing: a line through print, a character
    written over another.
    `ruled`: where lines are ruled, which writing may cross.
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
    """Red ink of a part of the page in grey: how red and how dark it is, in equal shares. Its colour alone is
    blurred, because JPEG files hold colours at half the resolution."""
    bright = (layers.all[part].astype(np.float32) - _RED_BLACK) * (255 / (_PAPER_FROM - _RED_BLACK))
    return np.clip((255.0 - layers.redness[part] + np.clip(bright, 0, 255)) / 2, 0, 255).astype(np.uint8)
