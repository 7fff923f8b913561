"""Turns dark cells with light print into light ones with dark print, as a head row or a column of labels may
be filled. Recognisers were trained on dark print, and a rule between dark cells is seen by nobody."""

import cv2
import numpy as np
from numpy.typing import NDArray

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
    small = cv2.cvtColor(np.ascontiguousarray(colour[::_REDUCED, ::_REDUCED]), cv2.COLOR_RGB2GRAY)
    paper = float(np.percentile(small, 90))
    if not _filled(np.asarray(small, np.uint8), paper, scale / _REDUCED).any():
        return colour
    gray = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)
    filled = _filled(gray, paper, scale)
    side = round(_PRINT * scale) | 1
    solid = cv2.morphologyEx(
        (gray < _DARK * paper).astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(filled)
    turned = colour
    for label in range(1, count):
        x, y, wide, high = (int(v) for v in stats[label, :4])
        # The lid of a scanner and a table under the sheet reach the edge of the picture.
        if x < 2 or y < 2 or x + wide > gray.shape[1] - 2 or y + high > gray.shape[0] - 2:
            continue
        part = (slice(y, y + high), slice(x, x + wide))
        inside = (labels[part] == label).astype(np.uint8)
        levels = gray[part][inside > 0].astype(np.float32)
        fill = float(np.median(levels))
        printed = float((levels > fill + _LIT * (paper - fill)).mean())
        even = float((np.abs(levels - fill) < _ALIKE).mean())
        bare = float(solid[part][inside > 0].mean())
        if even < _EVEN or bare < _SOLID or not _PRINTED[0] < printed < _PRINTED[1]:
            continue
        turned = colour.copy() if turned is colour else turned
        rim = 2 * max(1, round(_RIM * scale)) + 1
        core = cv2.erode(np.pad(inside, rim), np.ones((rim, rim), np.uint8))[rim:-rim, rim:-rim] > 0
        light = np.clip((gray[part].astype(np.float32) - fill) / max(paper - fill, 1), 0, 1)
        turned[part][core] = (paper - light * (paper - _INK))[core][:, None].astype(np.uint8)
    return turned


def _filled(gray: Gray, paper: float, scale: float) -> Gray:
    """Return a mask, 1 in dark cells and on the light print in them."""
    dark = np.asarray(gray < _DARK * paper, np.uint8)
    # A side of an even number would move the mask by a pixel.
    stroke, least = (round(size * scale) | 1 for size in (_PRINT, _LEAST))
    closed = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((stroke, stroke), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((least, least), np.uint8)), np.uint8)
