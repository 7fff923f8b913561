"""Tells Chinese characters of a short line that were not read.

Where somebody wrote over characters of a name, the recogniser may leave one out and be sure of the others. It
tells their places, from which an em is reckoned, so that the gap looks like a wide step. How high the ink is
tells the em without it.
"""

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


def has_lost_character(line: ReadLine, ink: Mask) -> bool:
    """Tell whether the ink of a few Chinese characters is wider than these are. `ink` is a mask of the page's
    ink, height x width."""
    glyphs = [glyph.text for glyph in line.reading.glyphs if glyph.text.strip()]
    if not 0 < len(glyphs) <= _MOST or not all(is_chinese(text) for text in glyphs):
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
    return wide > (len(glyphs) + _OVER) * em
