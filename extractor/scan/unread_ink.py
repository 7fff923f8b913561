"""Finds ink in a cell that belongs to no line. The recogniser reads places that the detector passed over. Ink
that it can't read is reported."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine
from models.geometry import Rect
from models.page import Box

Gray = NDArray[np.uint8]

# The measures are round figures of 2026-11-22. `python -m benchmarks.unread_ink` draws 120 cells, and leaves
# 104 lines out of them. With these measures all but one are found, and one place where all was read
# (2026-11-29). With any of them a fifth less or a quarter more there are as many mistakes or more.
# A height is the median height of the page's lines.
_HIGHEST = 1.4  # heights: ink that is higher may be several lines
_LOWEST = 0.4  # heights: ink that is lower is no line
_LINE = 0.8  # heights: least height of what is read around a piece of ink
_NARROWEST = 1.2  # heights: least width of a line
_FULL = 0.6  # share of its bounding box that writing inks at most
_SPARSE = 0.06  # share of its bounding box that writing inks at least
_LEAST = 0.1  # square heights: least ink of writing
_INSET = 2.0  # points that ink in a cell is kept off its edge
_VALLEY = 0.55  # share of a full row's ink: rows with less are a gap between two lines, or a short line
_SHORT = 0.6  # heights: from this height on such rows are a short line, edges of its neighbours included
_EDGE = 0.15  # heights: such an edge of a neighbour
_EMS = 6.0  # ems: in a line with as many the width of the characters tells the height
_TALLEST = 1.3  # ems: greatest height of such a line
_BESIDE = 0.5  # heights: ink so near to the ends of a line belongs to it
_SEAL = 1.05  # radii: a seal with the blur around it
_JOINED_ACROSS = 0.9  # heights: gaps along a line that are closed
_JOINED_DOWN = 0.25  # heights: gaps across a line that are closed
_ROWS_SMOOTH = 8  # the ink of rows is smoothed with a standard deviation of one height over this
_FULL_ROW = 90  # percentile of the ink of rows: a full row
_LEAST_READ = 4  # characters: least length of what counts as writing


def read_unread(page: FlatPage, engine: OcrEngine) -> tuple[FlatPage, tuple[Box, ...]]:
    """Read the places that `find_unread` finds.

    Return the page with the lines read there, and the bounding boxes, in points, of places that can't be
    read. Raises OcrUnavailable.
    """
    places = find_unread(page)
    found: list[ReadLine] = []
    dark: list[Box] = []
    readings = engine.recognise([crop(page.clear, place.box) for place in places]) if places else []
    for place, reading in zip(places, readings, strict=True):
        if len(reading.text.strip()) >= _LEAST_READ and reading.confidence >= rungs.LEGIBLE:
            found.append(ReadLine(place, reading))
        else:
            dark.append(page.in_points(place.box))
    return page.reading([*page.lines, *found]), tuple(dark)


def find_unread(page: FlatPage) -> list[Place]:
    """Find places in cells that look like lines of writing of which nothing was read, in pixels of the page.

    Ink on a seal that is not red is left out, because the seal's own strokes look like writing.
    """
    if not page.lines:
        return []
    cores = [_core(line) for line in page.lines]
    high = float(np.median([bottom - top for _, top, _, bottom in cores]))
    left = np.uint8(255) * (page.clear < PAPER)
    for core in cores:
        _wipe(left, core, _BESIDE * high)
    for ring in page.rings:
        if not ring.red:
            cv2.circle(left, (round(ring.x), round(ring.y)), round(ring.rx * _SEAL), 0, -1)
    return [
        Place(blot, (g, c))
        for g, grid in enumerate(page.ruling.grids)
        for c, cell in enumerate(grid.cells)
        for blot in _blots(left, cell.box, high, _INSET * page.scale)
    ]


def _core(line: ReadLine) -> Rect:
    """Return the line's box in pixels, about as high as its characters are wide. Where lines are dense, the
    box itself holds pieces of the next lines, which were not read."""
    x0, y0, x1, y1 = line.place.box
    ems = sum(0.5 if glyph.text.isascii() else 1.0 for glyph in line.reading.glyphs)
    middle, half = (y0 + y1) / 2, (y1 - y0) / 2
    if ems >= _EMS:
        half = min(half, _TALLEST * (x1 - x0) / ems / 2)
    return x0, middle - half, x1, middle + half


def _wipe(mask: Gray, box: Rect, beside: float) -> None:
    """Clear the mask in a box, and `beside` pixels to its left and right."""
    x0, y0, x1, y1 = box
    mask[max(0, round(y0)) : round(y1), max(0, round(x0 - beside)) : round(x1 + beside)] = 0


def _blots(mask: Gray, cell: Rect, high: float, inset: float) -> list[Rect]:
    """Return the bounding boxes, in pixels, of ink inside a cell that looks like lines of writing. `high` is
    the height of the page's lines in pixels."""
    x0, y0, x1, y1 = (
        round(cell[0] + inset),
        round(cell[1] + inset),
        round(cell[2] - inset),
        round(cell[3] - inset),
    )
    part = mask[max(0, y0) : y1, max(0, x0) : x1]
    if part.size == 0 or np.count_nonzero(part) < _LEAST * high * high:
        return []
    reach = max(3, round(_JOINED_ACROSS * high)) | 1
    joined = cv2.morphologyEx(
        part, cv2.MORPH_CLOSE, np.ones((max(3, round(_JOINED_DOWN * high)) | 1, reach), np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    inked = np.bincount(labels[part > 0], minlength=count)
    found = []
    for label in range(1, count):
        x, y, width, height = (int(v) for v in stats[label, :4])
        if width <= _NARROWEST * high or not _SPARSE < inked[label] / (width * height) < _FULL:
            continue
        rows = ((labels[y : y + height] == label) & (part[y : y + height] > 0)).sum(axis=1)
        for top, bottom in _lines(rows, high):
            if bottom - top > _LOWEST * high and rows[top:bottom].sum() > _LEAST * high * high:
                # Of a line between two lines that were read only the middle is left.
                more = max(0.0, (_LINE * high - (bottom - top)) / 2)
                found.append(
                    (float(x0 + x), y0 + y + top - more, float(x0 + x + width), y0 + y + bottom + more)
                )
    return found


def _lines(rows: NDArray[np.int64], high: float) -> list[tuple[int, int]]:
    """Return the first row and the row after the last of each line in a blot, by the ink of its rows. Lines
    that touch are parted where rows have little ink. Such rows are a short line if they are high enough."""
    if len(rows) < _HIGHEST * high:
        return [(0, len(rows))]
    smooth = cv2.GaussianBlur(
        rows.astype(np.float32).reshape(-1, 1), (1, 0), 0, sigmaY=max(1.0, high / _ROWS_SMOOTH)
    ).ravel()
    full = np.flatnonzero(smooth > _VALLEY * float(np.percentile(smooth, _FULL_ROW)))
    cuts = [0]
    for before, after in pairwise([-1, *full.tolist(), len(rows)]):
        if after - before > _SHORT * high:
            cuts += [before + round(_EDGE * high)] * (before >= 0) + [after - round(_EDGE * high)] * (
                after < len(rows)
            )
        elif after - before > 1 and before >= 0 and after < len(rows):
            cuts.append((before + after) // 2)
    return list(pairwise([*cuts, len(rows)]))
