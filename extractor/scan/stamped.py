"""Tells of the stamps whose ink was taken off the page. Finds the cells in which that ink may have been more
than a stamp's: an answer that was stamped, or written by a pen of the same colour.

Each place leads only to a doubt: it is reported as ink that was not read.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage
from models.geometry import Rect, contains
from models.page import Box, SealMark

Mask = NDArray[np.bool_]

_LOOK = 50  # dots per inch at which stamps are told apart
_GAP = 12.0  # points: gaps in a stamp that are closed
_INKED = 128  # level of the layer of stamps that is ink
_EM = 11.0  # points: em, the width of a usual character
_LEAST = 0.1  # square ems: a cell in which a stamp has less ink has none of its words
_WRITTEN = 0.5  # square ems: more blue ink elsewhere on the page is writing


def find_stamped(page: FlatPage) -> tuple[Box, ...]:
    """Return the bounding boxes, in points, of a stamp's ink in each cell where nothing else was read, and in
    every cell where a blue or red pen wrote on the page, too."""
    if page.layers.stamped is None:
        return ()
    inked = page.layers.stamped > _INKED
    em = _EM * page.scale
    # On a copy without colours, words of a stamp are taken off with whatever else stands there.
    is_grey = not cv2.hasNonZero(page.layers.pen) and not cv2.hasNonZero(page.layers.redness)
    is_written = is_grey or bool(page.red) or np.count_nonzero(page.blue) > _WRITTEN * em * em
    held = set() if is_written else {line.place.cell for line in page.lines}
    return tuple(page.in_points(box) for box in _inked(page, inked, held, _LEAST * em * em))


def stamp_marks(page: FlatPage) -> tuple[SealMark, ...]:
    """Return a mark for each such stamp that is no seal of the page. Its words are not read."""
    if page.layers.stamped is None:
        return ()
    zoom = _LOOK / 72 / page.scale
    small = cv2.resize(page.layers.stamped, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    gap = round(_GAP * _LOOK / 72)
    joined = cv2.morphologyEx(
        cv2.compare(small, 0, cv2.CMP_GT), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8),
        borderType=cv2.BORDER_CONSTANT, borderValue=0.0,
    )  # fmt: skip
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    boxes = [
        (x / zoom, y / zoom, (x + wide) / zoom, (y + high) / zoom)
        for x, y, wide, high in stats[1:, :4].tolist()
        if min(wide, high) > gap
    ]
    return tuple(
        SealMark(box=page.in_points(box), confidence=rungs.STRONG, shape="square", red=False)
        for box in boxes
        if not any(contains(box, ring.x, ring.y) for ring in page.rings)
    )


def _inked(page: FlatPage, inked: Mask, held: set[tuple[int, int] | None], least: float) -> Iterator[Rect]:
    """Yield the box, in pixels, of the ink in each cell that is not `held` and has more than `least`."""
    for g, grid in enumerate(page.ruling.grids):
        for c, cell in enumerate(grid.cells):
            if (g, c) in held:
                continue
            x0, y0, x1, y1 = (max(0, round(side)) for side in cell.box)
            ys, xs = np.nonzero(inked[y0:y1, x0:x1])
            if len(xs) > least:
                yield (
                    float(x0 + xs.min()), float(y0 + ys.min()), float(x0 + xs.max()), float(y0 + ys.max())
                )  # fmt: skip
