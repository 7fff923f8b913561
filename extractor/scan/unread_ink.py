"""Finds ink in a cell that belongs to no line. Places that the detector passed over are looked at again, and
ink that can't be read is reported."""

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

# The measures are round figures of 2026-11-22. Of 104 lines left out of 120 cells that are drawn by `python
# -m benchmarks.unread_ink`, all but one are found by them, and one place where all was read (2026-11-29);
# with any of them a fifth less or a quarter more there are as many mistakes or more. In heights of the page's
# lines: more may be several, less is none, and so much around a piece is read.
_HIGHEST, _LOWEST, _LINE = 1.4, 0.4, 0.8
_NARROWEST = 1.2  # least width of it
_FULL, _SPARSE = 0.6, 0.06  # share of its box that writing inks
_LEAST = 0.1  # and ink of the shortest writing, in squares of that height
_INSET = 2.0  # points that the edge of a cell is kept off
_VALLEY = 0.55  # of a line's ink a row: less is the gap between two lines
_SHORT, _EDGE = 0.6, 0.15  # or a short line, where it is so high, edges of its neighbours included
# from so many widths of characters on they tell how high a line is: so many of them
_EMS, _TALLEST = 6.0, 1.3
_BESIDE = 0.5  # of that height: ink so near to the ends of a line belongs to it
_SEAL = 1.05  # of its radius: a seal with what blurs around it
# of that height: gaps over which ink hangs together as a line of writing
_JOINED_ACROSS, _JOINED_DOWN = 0.9, 0.25
# A so many-th of that height smooths the ink of rows; a full row has more than so many percent of them.
_ROWS_SMOOTH, _FULL_ROW = 8, 90
_LEAST_READ = 4  # characters of what is taken for writing


def read_unread(page: FlatPage, engine: OcrEngine) -> tuple[FlatPage, tuple[Box, ...]]:
    """The page with what could be read where `find_unread` looks, and the places where no words could be made
    out."""
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
    """Places in cells that look like lines of writing of which nothing was read.

    What lies on a seal that is not red is left out, because the seal's own strokes look like that.
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
    """The line's box, no higher than its characters are wide: where lines are dense a box holds pieces of the
    next ones, which are not what was read."""
    x0, y0, x1, y1 = line.place.box
    ems = sum(0.5 if glyph.text.isascii() else 1.0 for glyph in line.reading.glyphs)
    middle, half = (y0 + y1) / 2, (y1 - y0) / 2
    if ems >= _EMS:
        half = min(half, _TALLEST * (x1 - x0) / ems / 2)
    return x0, middle - half, x1, middle + half


def _wipe(mask: Gray, box: Rect, beside: float) -> None:
    x0, y0, x1, y1 = box
    mask[max(0, round(y0)) : round(y1), max(0, round(x0 - beside)) : round(x1 + beside)] = 0


def _blots(mask: Gray, cell: Rect, high: float, inset: float) -> list[Rect]:
    """The ink inside a cell that hangs together as a line of writing does."""
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
                # Of a line between two that were read only the middle is left.
                more = max(0.0, (_LINE * high - (bottom - top)) / 2)
                found.append(
                    (float(x0 + x), y0 + y + top - more, float(x0 + x + width), y0 + y + bottom + more)
                )
    return found


def _lines(rows: NDArray[np.int64], high: float) -> list[tuple[int, int]]:
    """From where to where each line stands in a blot, by the ink of its rows: lines that touch are parted
    where least is. A short line beside longer ones is no gap, if it is high enough."""
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
