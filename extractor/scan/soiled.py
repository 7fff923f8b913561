"""Finds digits that stand where the sheet is soiled all the way down: under the specks of a dirty roller, or
in a grey band. Dirt hides a decimal point, and the recogniser is sure of the digits beside it.

Dirt is seen where nothing is printed or written: between the lines of text. A band of it runs down the sheet,
so that it shows in most of the blocks into which the sheet is cut.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, ReadLine
from models.page import Box

Mask = NDArray[np.bool_]

_SOIL = 215  # grey level: ground that is darker is soiled
_BLOCKS = 12  # blocks of a page from its top to its bottom
_BARE = 0.2  # share of a block's rows in a column that must be bare to tell
_LEAST = 0.04  # share of a column's bare ground that is soiled at least
_TIMES = 5.0  # times the share that is usual on the page
_AROUND = 2.0  # points around lines of text and rules that are not looked at
_RING = 1.1  # radii of a seal that are not looked at
_WIDE = 1.0  # points over which a column's share is smoothed
_NEAR = 0.5  # ems: what lies so near to the middle of a digit may hide what stands beside it


def find_soiled(page: FlatPage) -> tuple[Box, ...]:
    """Return the bounding boxes, in points, of lines in cells that have a digit in a soiled band."""
    soiled = _soiled(page)
    lines = [line for line in page.lines if line.place.cell is not None and _touches(line, soiled)]
    return tuple(page.in_points(line.place.box) for line in lines)


def _soiled(page: FlatPage) -> Mask:
    """Return a mask of the columns of the page that are soiled."""
    bare = _bare(page)
    soil = bare & (page.clear < _SOIL)
    shares = []
    # A picture out of a mail may have fewer rows than there are blocks.
    height, width = page.clear.shape
    for rows in np.array_split(np.arange(height), min(_BLOCKS, height)):
        block = slice(int(rows[0]), int(rows[-1]) + 1)
        seen = bare[block].sum(axis=0)
        share = soil[block].sum(axis=0) / np.maximum(seen, 1)
        shares.append(np.where(seen >= _BARE * len(rows), share, np.nan))
    told = np.array(shares)
    told = np.where(np.isfinite(told).sum(axis=0) > _BLOCKS / 3, told, 0.0)
    column = np.nanmedian(told, axis=0)
    wide = min(width, max(1, round(_WIDE * page.scale)))
    column = np.convolve(column, np.ones(wide) / wide, "same")
    return np.asarray(column > max(_LEAST, _TIMES * float(np.median(column))), np.bool_)


def _bare(page: FlatPage) -> Mask:
    """Return a mask of the page's ground: neither a line of text, nor a rule, nor a seal lies there."""
    around = round(_AROUND * page.scale)
    kernel = np.ones((2 * around + 1, 2 * around + 1), np.uint8)
    covered = cv2.dilate(page.ruling.lines, kernel)
    for line in page.lines:
        x0, y0, x1, y1 = (round(side) for side in line.place.box)
        cv2.rectangle(covered, (x0 - around, y0 - around), (x1 + around, y1 + around), 255, -1)
    for ring in page.rings:
        cv2.circle(covered, (round(ring.x), round(ring.y)), round(_RING * ring.rx), 255, -1)
    return np.asarray(covered == 0, np.bool_)


def _touches(line: ReadLine, soiled: Mask) -> bool:
    """Tell whether a digit of the line stands in or beside a soiled column."""
    near, (x0, _, x1, _) = _NEAR * line.em(), line.place.box
    middles = [x0 + glyph.at * (x1 - x0) for glyph in line.reading.glyphs if glyph.text.isdigit()]
    return any(soiled[max(0, round(x - near)) : max(0, round(x + near)) + 1].any() for x in middles)
