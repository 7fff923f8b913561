"""Finds places where a pen changed print although the characters that were read do not show it: written over,
put in between or above.

Each place leads only to a doubt: it is reported as ink that was not read. Sizes are in widths of a Chinese
character of the line.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.red_ink import loose_red
from extractor.scan.struck import em_of
from extractor.text.tick_signs import is_boxlike, is_chinese
from models.geometry import Rect, contains, meet, middle
from models.page import Box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Half widths of a character, so much room beside one, and so much ink in so many of its columns: a character
# that was not read.
_HALF_WIDE, _HALF_NARROW, _ROOM, _COLUMNS, _INK = 0.5, 0.3, 0.75, 0.45, 0.07
_BLUE, _BLUE_DARK = 28, 200  # how much bluer than print the ink of a pen is, and how dark
_TIGHT = 0.7  # of its height: as wide are characters at least, when some are looked for between others
_MIXED, _SHARE = 0.06, 0.15  # of a blot in two inks: ink of either, in squares and as a share
_RULE = 1.3  # ink that runs on so far, level or upright, is a line to write on
# Characters put in at most; how far above a line they stand, how far they reach beyond its ends, and what
# stands above them.
_INSERTED, _NEAR, _OUTSIDE, _ABOVE = 3, 0.75, 0.4, 1.3
# Small writing that was not read above and below a line: how far, and its least height, width and ink.
_REACH_ABOVE, _REACH_BELOW, _HIGH, _WIDE, _BLOT = 1.0, 0.6, 0.3, 0.18, 0.03
_OVER_EDGE = 0.8  # and how far above the edge of its cell
_RULED = 0.2  # how broad a gap a rule leaves
_INSET = 2.0  # points that the edge of a cell is kept off


def find_pen_marks(page: FlatPage) -> tuple[Box, ...]:
    """The places, in points. Cells with boxes for ticking are left out, since a pen belongs there."""
    return tuple(page.in_points(place) for place, _ in _places(page))


def _places(page: FlatPage) -> Iterator[tuple[Rect, str]]:
    ticked = {
        line.place.cell for line in page.lines if any(is_boxlike(glyph.text) for glyph in line.reading.glyphs)
    }
    ink = page.clear < PAPER
    blue = (page.layers.pen > _BLUE) & (page.lifted < _BLUE_DARK)
    red = loose_red(page.layers, page.rings) if page.layers.red.any() else None
    yield from (
        (box, "red")
        for box in page.red
        if not any(contains(line.place.box, *middle(box)) for line in page.lines)
    )
    for line in page.lines:
        if line.place.cell is None or line.place.cell in ticked:
            continue
        em, cell = em_of(line), _inside(line, page)
        beside = [other for other in page.lines if other is not line and other.place.cell == line.place.cell]
        if _lacks(line, em, ink):
            yield line.place.box, "lacks"
        if _is_mixed(line, em, blue, page) or (red is not None and _is_reddened(line, em, red, page)):
            yield line.place.box, "mixed"
        if any(_is_put_above(line, other, beside) for other in beside):
            yield line.place.box, "above"
        if _has_blots(line, em, ink, cell, page.lines):
            # The blot itself may lie over the edge, in another field's row.
            yield line.place.box, "blot"


def _inside(line: ReadLine, page: FlatPage) -> Rect:
    """The cell of a line without its edges."""
    assert line.place.cell is not None, "only lines in cells are looked at"
    grid, cell = line.place.cell
    left, top, right, bottom = page.ruling.grids[grid].cells[cell].box
    inset = _INSET * page.scale
    return left + inset, top + inset, right - inset, bottom - inset


def _lacks(line: ReadLine, em: float, ink: Mask) -> bool:
    """Whether beside one of its characters ink stands that is none of them, as much as a character has."""
    x0, y0, x1, y1 = line.place.box
    # Where characters of a short line stand is told roughly.
    em = max(em, _TIGHT * (y1 - y0))
    taken = [
        ((start + end) / 2, em * (_HALF_WIDE if is_chinese(glyph.text) else _HALF_NARROW))
        for glyph, (start, end) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True)
    ]
    for (left, before), (right, behind) in pairwise([(x0, 0.0), *taken, (x1, 0.0)]):
        start, end = left + before, right - behind
        if end - start > _ROOM * em:
            part = ink[max(0, round(y0)) : round(y1), max(0, round(start)) : round(end)]
            if part.any(axis=0).sum() > _COLUMNS * em and part.sum() > _INK * em * em:
                return True
    return False


def _part(line: ReadLine) -> tuple[slice, slice]:
    x0, y0, x1, y1 = (max(0, round(v)) for v in line.place.box)
    return slice(y0, y1), slice(x0, x1)


def _printed(part: tuple[slice, slice], em: float, page: FlatPage) -> Gray:
    """1 where a part of the page has ink that is not red, lines to write on aside."""
    dark = ((page.lifted[part] < PAPER) & (page.ruling.lines[part] == 0)).astype(np.uint8)
    for kernel in (np.ones((1, round(_RULE * em)), np.uint8), np.ones((round(_RULE * em), 1), np.uint8)):
        dark &= ~cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel)
    return np.asarray(dark, np.uint8)


def _is_reddened(line: ReadLine, em: float, red: Mask, page: FlatPage) -> bool:
    """Whether red ink lies on print, or stands in one line with it."""
    part = _part(line)
    if np.count_nonzero(red[part]) < _MIXED * em * em:
        return False
    return bool(np.count_nonzero(_printed(part, em, page)) > _MIXED * em * em)


def _is_mixed(line: ReadLine, em: float, blue: Mask, page: FlatPage) -> bool:
    """Whether blue ink hangs together with print."""
    part = _part(line)
    own = blue[part]
    if np.count_nonzero(own) < _MIXED * em * em:
        return False
    dark = _printed(part, em, page)
    # Blue ink is dark itself, and greyer at its edges.
    near = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(dark | own.astype(np.uint8))
    pen = np.bincount(labels[own], minlength=count)[1:]
    print_ = np.bincount(labels[(dark > 0) & (near == 0)], minlength=count)[1:]
    less = np.minimum(pen, print_)
    return bool(((less > _MIXED * em * em) & (less > _SHARE * (pen + print_))).any())


def _is_put_above(line: ReadLine, other: ReadLine, beside: Sequence[ReadLine]) -> bool:
    """Whether `line` is a few characters close above the longer `other`, and nothing above them of which they
    are the end."""
    if not 0 < len(line.reading.text.strip()) <= _INSERTED:
        return False
    (x0, y0, x1, y1), (left, top, right, _), em = line.place.box, other.place.box, em_of(other)
    close = y0 < top and top - y1 < _NEAR * em and left - _OUTSIDE * em < x0 and x1 < right + _OUTSIDE * em
    return (
        close
        and right - left > x1 - x0
        and not any(0 < y1 - one.place.box[3] < _ABOVE * (y1 - y0) for one in beside)
    )


def _has_blots(line: ReadLine, em: float, ink: Mask, cell: Rect, lines: Sequence[ReadLine]) -> bool:
    """Whether above or below a line ink stands that is as large as a small character, and in no line's
    box."""
    x0, y0, x1, y1 = line.place.box
    for top, bottom in ((y0 - _REACH_ABOVE * em, y0), (y1, y1 + _REACH_BELOW * em)):
        # What is put in above reaches over the edge of a low cell.
        own = (cell[0], cell[1] - _OVER_EDGE * em, cell[2], cell[3])
        left, top, right, bottom = (max(0, round(side)) for side in meet((x0, top, x1, bottom), own))
        if bottom - top < _HIGH * em or right - left < _WIDE * em:
            continue
        part = ink[top:bottom, left:right].astype(np.uint8)
        for other in lines:
            a, b, c, d = (round(side) for side in meet(other.place.box, (left, top, right, bottom)))
            if c > a and d > b:
                part[b - top : d - top, a - left : c - left] = 0
        if part.sum() < _BLOT * em * em:
            continue
        # A rule that was taken off leaves a gap in what crosses it.
        rule = np.ones((max(3, round(_RULED * em)) | 1, 3), np.uint8)
        part = np.asarray(cv2.morphologyEx(part, cv2.MORPH_CLOSE, rule), np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(part)
        for width, height, amount in stats[1:, 2:5].tolist():
            if height > _HIGH * em and width > _WIDE * em and amount > _BLOT * em * em:
                return True
    return False
