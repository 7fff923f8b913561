"""Turns dark cells with light print into light ones with dark print, as a head row or a column of labels may
be filled. Recognisers were trained on dark print, and a rule between dark cells is seen by nobody."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import percentile

Colour = NDArray[np.uint8]
Gray = NDArray[np.uint8]
Bits = NDArray[np.bool_]

_REDUCED = 4  # times the picture is reduced to find out whether there may be any
_DARK = 0.62  # of the level of paper: a filled cell is darker
_PRINT = 4.0  # points: strokes of light print are no thicker
_LEAST = 13.0  # points: a filled cell is nowhere lower or narrower
_RIM = 1.0  # points: the rim of a filled cell stays dark, and rules it
_ALIKE = 25  # levels: a fill is as even
_EVEN = 0.6  # least share of a filled cell that is of its fill
_SOLID = 0.25  # least share of it in which no print stands; dark print is nowhere as solid
_LIT = 0.5  # of the way from fill to paper: print is lighter
_PRINTED = (0.005, 0.4)  # least and greatest share of a filled cell that is print
_INK = 20  # grey level of the print that is put in its place


def on_light_fills(colour: Colour, scale: float) -> Colour:
    """Return a page (RGB, height x width x 3) with dark print on white in its dark filled cells. `scale`:
    pixels a point. A page without any is returned as it is."""
    small = np.asarray(
        cv2.cvtColor(np.ascontiguousarray(colour[::_REDUCED, ::_REDUCED]), cv2.COLOR_RGB2GRAY), np.uint8
    )
    paper = percentile(small, 90)
    seen = cv2.boundingRect(_filled(small, paper, scale / _REDUCED))
    if not seen[2]:
        return colour
    turned = colour
    for left, top, gray, inside in _dark_cells(colour, paper, scale, seen):
        levels = gray[inside > 0].astype(np.float32)
        fill = float(np.median(levels))
        printed = float((levels > fill + _LIT * (paper - fill)).mean())
        even = float((np.abs(levels - fill) < _ALIKE).mean())
        if even < _EVEN or not _PRINTED[0] < printed < _PRINTED[1]:
            continue
        turned = colour.copy() if turned is colour else turned
        rim = 2 * max(1, round(_RIM * scale)) + 1
        core = cv2.erode(np.pad(inside, rim), np.ones((rim, rim), np.uint8))[rim:-rim, rim:-rim] > 0
        light = np.clip((gray.astype(np.float32) - fill) / max(paper - fill, 1), 0, 1)
        part = turned[top : top + gray.shape[0], left : left + gray.shape[1]]
        part[core] = (paper - light * (paper - _INK))[core][:, None].astype(np.uint8)
    return turned


def _dark_cells(
    colour: Colour, paper: float, scale: float, seen: Sequence[int]
) -> Iterator[tuple[int, int, Gray, Gray]]:
    """Yield what may be dark cells: the left and the top in pixels of the page, the cell in grey, and a mask
    (1) of it there. `seen`: the bounding box (x, y, width, height) of those that the reduced picture shows,
    in its pixels. Most pages have none, but a spot that looks like one, so that only its surroundings are
    looked at."""
    height, width = colour.shape[:2]
    room = 2 * (round(_PRINT * scale) + round(_LEAST * scale))
    x0, y0 = (max(0, _REDUCED * at - room) for at in seen[:2])
    x1, y1 = (
        min(most, _REDUCED * (at + long) + room)
        for most, at, long in zip((width, height), seen[:2], seen[2:], strict=True)
    )
    gray = np.asarray(cv2.cvtColor(np.ascontiguousarray(colour[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY), np.uint8)
    filled = _filled(gray, paper, scale)
    side = round(_PRINT * scale) | 1
    dark = (gray < _DARK * paper).astype(np.uint8)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(filled)
    for label in range(1, count):
        x, y, wide, high = (int(v) for v in stats[label, :4])
        # The lid of a scanner and a table under the sheet reach the edge of the picture.
        if x < 2 or y < 2 or x + wide > gray.shape[1] - 2 or y + high > gray.shape[0] - 2:
            continue
        part = (slice(y, y + high), slice(x, x + wide))
        inside = (labels[part] == label).astype(np.uint8)
        if float(solid[part][inside > 0].mean()) >= _SOLID:
            yield x0 + x, y0 + y, gray[part], inside


def _filled(gray: Gray, paper: float, scale: float) -> Gray:
    """Return a mask, 1 in dark cells and on the light print in them."""
    dark = np.asarray(gray < _DARK * paper, np.uint8)
    # A side of an even number would move the mask by a pixel.
    stroke, least = (round(size * scale) | 1 for size in (_PRINT, _LEAST))
    closed = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((stroke, stroke), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((least, least), np.uint8)), np.uint8)
