"""Tells Chinese characters of a short line that were not read.

Where somebody wrote over characters of a name, the recogniser may leave one out and be sure of the others. It
tells their places, from which an em is reckoned, so that the gap looks like a wide step. How high the ink is,
and how wide characters usually are on the page, tell the em without it.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import ReadLine
from extractor.text.tick_signs import is_chinese

Mask = NDArray[np.bool_]

_MOST = 4  # characters: in a longer line the steps tell the em
_LOW = 0.5  # share of the highest piece: lower ones are dots and lines
_FILLED = 0.92  # share of an em that a character is high
_GAP = 0.2  # ems: pieces that are nearer belong to one word
_OVER = 0.5  # ems that the ink is wider than what was read, at least
# In the middle of a line:
_BETWEEN = (
    0.65  # ems of columns with ink between two characters, at least; of 3,079 lines none had more than 0.6
)
_LEAST_EM = 0.8  # of the height of most pieces: no em is less


def has_lost_character(line: ReadLine, ink: Mask, usual: float) -> bool:
    """Tell whether the ink of a few Chinese characters is wider than these are, or stands between them.
    `ink` is a mask of the page's ink, height x width; `usual` is the usual em of the page in pixels."""
    glyphs = [glyph for glyph in line.reading.glyphs if glyph.text.strip()]
    if not 0 < len(glyphs) <= _MOST or not all(is_chinese(glyph.text) for glyph in glyphs):
        return False
    x0, y0, x1, y1 = (max(0, round(side)) for side in line.place.box)
    part = ink[y0:y1, x0:x1]
    edges = np.flatnonzero(np.diff(np.pad(part.any(axis=0).astype(np.int8), 1))).reshape(-1, 2).tolist()
    highs = [int(np.ptp(np.flatnonzero(part[:, a:b].any(axis=1)))) + 1 for a, b in edges]
    pieces = [
        (edge, high) for edge, high in zip(edges, highs, strict=True) if high >= _LOW * max(highs, default=0)
    ]
    if not pieces:
        return False
    # 工 and 一 are lower than others, and none is higher than an em.
    em = max(high for _, high in pieces) / _FILLED
    wide = sum(b - a for (a, b), _ in pieces)
    wide += sum(gap for ((_, a), _), ((b, _), _) in pairwise(pieces) if (gap := b - a) <= _GAP * em)
    if wide > (len(glyphs) + _OVER) * em:
        return True
    high = float(np.median([high for _, high in pieces])) / _FILLED
    return _is_inked_between([glyph.at * (x1 - x0) for glyph in glyphs], edges, _LEAST_EM * high, usual)


def _is_inked_between(
    at: Sequence[float], edges: Sequence[Sequence[int]], least: float, usual: float
) -> bool:
    """Tell whether a character's worth of ink stands between two characters, whose middles are `at`. `edges`
    are the stretches of columns with ink; an em is at least `least`. All are in pixels."""
    if len(at) < 2:
        return False
    em = max(min(usual, *(b - a for a, b in pairwise(at))), least)
    inked = [
        sum(max(0.0, min(b - em / 2, end) - max(a + em / 2, start)) for start, end in edges)
        for a, b in pairwise(at)
    ]
    return max(inked) > _BETWEEN * em
