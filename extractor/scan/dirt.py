"""Finds dirt that a recogniser took for characters: specks of a scanner's roller or of dirty glass, which lie
one below the other all down the sheet, what is left of a seal's own lines where it was lifted, and print that
shows through from the back of the sheet.

Dirt is no part of the text. It is reported as unread ink, so that a person looks wherever it lies on an
answer.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from models.page import Box

_FEWEST = 3  # scraps: so many below each other are dirt
_LONGEST = 3  # characters: no scrap was read as more
_WIDEST = 1.1  # share of the usual height of a line: a scrap is narrower
_BARE = 0.01  # share of a line's box: where less is as dark as print, nothing is printed
_PALE = 200  # grey level: print is darker, and so is a pencil
_GROUND = 245  # grey level: bare paper is lighter
_OFF = 0.6  # share of the usual height of a line: scraps of one band lie less far to the side of each other


def without_dirt(page: FlatPage) -> tuple[FlatPage, tuple[Box, ...]]:
    """Return the page without the lines that are dirt, and the boxes of these lines in points, with those
    that are too pale for print and stay because nothing else stands in their cells."""
    if not page.lines:
        return page, ()
    high = float(np.median([line.place.box[3] - line.place.box[1] for line in page.lines]))
    scraps = [line for line in page.lines if _is_scrap(line, high)]
    dirt = {id(line) for line in scraps if _is_in_band(line, scraps, high)}
    ghosts = [line for line in page.lines if _is_ghost(line, page)]
    pale = [line for line in page.lines if _is_pale(line, page)]
    dirt |= {id(line) for line in (*ghosts, *pale)}
    # Where nothing else stands in a cell, what looks like dirt may be the whole answer.
    held = {line.place.cell for line in page.lines if id(line) not in dirt}
    gone = [
        line
        for line in page.lines
        if id(line) in dirt and (line.place.cell is None or line.place.cell in held)
    ]
    left = {id(line) for line in gone}
    lines = [line for line in page.lines if id(line) not in left]
    told = [*gone, *(line for line in pale if id(line) not in left)]
    return page.reading(lines), tuple(page.in_points(line.place.box) for line in told)


def _is_scrap(line: ReadLine, high: float) -> bool:
    """Tell whether a line is as small as a speck, and no character of it is legible. `high`: the usual height
    of a line, in pixels."""
    x0, _, x1, _ = line.place.box
    glyphs = line.reading.glyphs
    return (
        x1 - x0 < _WIDEST * high
        and len(glyphs) <= _LONGEST
        and all(glyph.confidence < rungs.GUESSED for glyph in glyphs)
    )


def _is_ghost(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line was read from under a seal, where nothing is as dark as print, and no character of
    it is legible."""
    return (
        len(line.recovered) > 0
        and all(line.recovered)
        and all(glyph.confidence < rungs.GUESSED for glyph in line.reading.glyphs)
        and _is_bare(line, page, PAPER)
    )


def _is_pale(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line's box has ink, but none nearly as dark as print. Mirrored signs of the other side
    are read as words, and some surely."""
    return _is_bare(line, page, _PALE) and not _is_bare(line, page, _GROUND)


def _is_bare(line: ReadLine, page: FlatPage, level: int) -> bool:
    """Tell whether hardly a pixel of a line's box is darker than a grey level."""
    x0, y0, x1, y1 = (max(0, round(side)) for side in line.place.box)
    dark = page.clear[y0:y1, x0:x1] < level
    return dark.size > 0 and float(dark.mean()) < _BARE


def _is_in_band(line: ReadLine, scraps: Sequence[ReadLine], high: float) -> bool:
    """Tell whether the line is one of several scraps above each other, each in a row of its own."""
    levels = sorted(
        (other.place.box[1] + other.place.box[3]) / 2
        for other in scraps
        if abs(_middle(other) - _middle(line)) < _OFF * high
    )
    return sum(b - a > high / 2 for a, b in pairwise(levels)) >= _FEWEST - 1


def _middle(line: ReadLine) -> float:
    return (line.place.box[0] + line.place.box[2]) / 2
