"""Dirt that a recogniser took for characters: specks of a roller or of dirty glass, which lie one over the
other all down the sheet.

Whatever it was, it is taken for no part of the text, and told as ink that nobody read, so that a person looks
wherever it lies on an answer.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from models.page import Box

_FEWEST, _LONGEST = 3, 3  # scraps over each other that are dirt, and characters that were made of one
_WIDEST = 1.1  # of the height of a usual line: a scrap is no wider
_OFF = 0.6  # of the same: so far to the left or right of each other they lie


def without_dirt(page: FlatPage) -> tuple[FlatPage, tuple[Box, ...]]:
    """The page without lines that are dirt, and where these lay."""
    if not page.lines:
        return page, ()
    high = float(np.median([line.place.box[3] - line.place.box[1] for line in page.lines]))
    scraps = [line for line in page.lines if _is_scrap(line, high)]
    dirt = {id(line) for line in scraps if _is_in_band(line, scraps, high)}
    # Where nothing else stands in a cell, it may be all of an answer.
    held = {line.place.cell for line in page.lines if id(line) not in dirt}
    gone = [
        line for line in scraps if id(line) in dirt and (line.place.cell is None or line.place.cell in held)
    ]
    left = {id(line) for line in gone}
    lines = [line for line in page.lines if id(line) not in left]
    return page.reading(lines), tuple(page.in_points(line.place.box) for line in gone)


def _is_scrap(line: ReadLine, high: float) -> bool:
    """Whether a line is a speck's size, and nothing that was made of it is legible."""
    x0, _, x1, _ = line.place.box
    glyphs = line.reading.glyphs
    return (
        x1 - x0 < _WIDEST * high
        and len(glyphs) <= _LONGEST
        and all(glyph.confidence < rungs.GUESSED for glyph in glyphs)
    )


def _is_in_band(line: ReadLine, scraps: Sequence[ReadLine], high: float) -> bool:
    """Whether several scraps lie over and under it, in rows of their own."""
    levels = sorted(
        (other.place.box[1] + other.place.box[3]) / 2
        for other in scraps
        if abs(_middle(other) - _middle(line)) < _OFF * high
    )
    return sum(b - a > high / 2 for a, b in pairwise(levels)) >= _FEWEST - 1


def _middle(line: ReadLine) -> float:
    return (line.place.box[0] + line.place.box[2]) / 2
