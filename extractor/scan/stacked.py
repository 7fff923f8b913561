"""Parts lines of print that a detector took for one, as it does with the short lines of a narrow label."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.geometry import Rect

Gray = NDArray[np.uint8]

_FAINTEST = 215  # grey level: darker pixels are ink
# Of heights of a usual line:
_HIGHER = 1.5  # a box that is higher may hold several lines
_SHARED = 0.8  # what boxes above and under it have of a box that is parted, at most
_LOW = 0.4  # what is lower is a part of a character, such as a stroke of 二
_LINE = (0.4, 1.2)  # the least and the greatest height of a line's ink
_ALIKE = 1.5  # times the height of its lowest line: no line of print is higher
_MOST = 14  # lines at most; writing that touches no line above it so often is none


def in_lines(boxes: Sequence[Rect], clear: Gray) -> list[Rect]:
    """Return the boxes (pixels of `clear`, in grey), with a box for each line of those that hold several.

    Between lines of print there are rows of bare paper, and all are about as high. Other writing stays as it
    is.
    """
    usual = float(np.median([box[3] - box[1] for box in boxes])) if boxes else 0.0
    return [part for box in boxes for part in _lines_of(box, boxes, clear, usual)]


def _lines_of(box: Rect, boxes: Sequence[Rect], clear: Gray, usual: float) -> list[Rect]:
    if box[3] - box[1] < _HIGHER * usual:
        return [box]
    over = [one for one in boxes if one is not box and min(one[2], box[2]) - max(one[0], box[0]) > usual]
    if any(min(one[3], box[3]) - max(one[1], box[1]) > _SHARED * usual for one in over):
        # Boxes that have whole lines in common: which is whose can't be told here.
        return [box]
    x0, y0, x1, y1 = _alone(box, boxes)
    top = max(0, round(y0))
    part = clear[top : round(y1), max(0, round(x0)) : round(x1)]
    inked = np.asarray((part < _FAINTEST).any(axis=1), bool)
    bands = _whole(_bands(inked), _LOW * usual)
    heights = [bottom - first for first, bottom in bands]
    is_print = (
        1 < len(bands) <= _MOST
        and _LINE[0] * usual <= min(heights) <= max(heights) <= _LINE[1] * usual
        and max(heights) <= _ALIKE * min(heights)
    )
    if not is_print:
        return [box]
    cuts = [(above[1] + below[0]) / 2 + top for above, below in pairwise(bands)]
    edges = [y0, *cuts, y1]
    return [(x0, first, x1, last) for first, last in pairwise(edges)]


def _alone(box: Rect, boxes: Iterable[Rect]) -> Rect:
    """Return the box without what boxes above and under it have of it."""
    x0, y0, x1, y1 = box
    others = [one for one in boxes if min(one[2], x1) - max(one[0], x0) > (one[2] - one[0]) / 2]
    top = max((one[3] for one in others if one[1] < y0 < one[3] < (y0 + y1) / 2), default=y0)
    bottom = min((one[1] for one in others if (y0 + y1) / 2 < one[1] < y1 < one[3]), default=y1)
    return x0, top, x1, bottom


def _bands(inked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return from which row to which there is ink, each time."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in turns.reshape(-1, 2)]


def _whole(bands: Iterable[tuple[int, int]], least: float) -> list[tuple[int, int]]:
    """Return the bands, with those lower than `least` joined to the nearest."""
    found = list(bands)
    while len(found) > 1 and min(last - first for first, last in found) < least:
        low = min(range(len(found)), key=lambda n: found[n][1] - found[n][0])
        above = found[low][0] - found[low - 1][1] if low else np.inf
        below = found[low + 1][0] - found[low][1] if low + 1 < len(found) else np.inf
        one = low - 1 if above <= below else low
        found[one : one + 2] = [(found[one][0], found[one + 1][1])]
    return found
