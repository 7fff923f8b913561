"""Tells digits of a number that were not read.

Of two equal ones side by side the recogniser may lose one, and be sure of the rest: 11669 reads 1669. In
print each digit is a piece of ink of its own, and they stand in even steps. Then there is one piece more.
"""

from itertools import pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import ReadLine
from extractor.text.tick_signs import is_chinese

Mask = NDArray[np.bool_]

# Sizes are in ems: an em is the width of a Chinese character of the line.
_CLEAR = 0.55  # what is nearer to the middle of the Chinese character beside a number is part of that
_TALL = 0.45  # least height of a digit
_ALIKE = (
    0.85  # share of the median height of the pieces: digits are as high, parts of other characters seldom
)
_EVEN = 0.2  # share of the usual step by which steps of print differ at most
_FEWEST = 2  # digits: a single one has no step
# Ends of a step from a digit to the next.
_NARROWEST, _WIDEST = 0.4, 0.7


def has_lost_digit(line: ReadLine, em: float, rows: Mask) -> bool:
    """Tell whether a number between two Chinese characters has more digits than were read. `em` is the width
    of the line's Chinese characters in pixels, and `rows` a mask of the ink in its rows, as wide as the page.
    """
    x0, _, x1, _ = line.place.box
    glyphs = line.reading.glyphs
    middles = [x0 + glyph.at * (x1 - x0) for glyph in glyphs]
    for start in range(1, len(glyphs)):
        if not is_chinese(glyphs[start - 1].text):
            continue
        count = sum(1 for _ in takewhile(lambda glyph: glyph.text.isdigit(), glyphs[start:]))
        end = start + count
        if count < _FEWEST or end == len(glyphs) or not is_chinese(glyphs[end].text):
            continue
        left, right = middles[start - 1] + _CLEAR * em, middles[end] - _CLEAR * em
        pieces = _pieces(rows[:, max(0, round(left)) : max(0, round(right))], em)
        if len(pieces) > count and _are_even(pieces, em):
            return True
    return False


def _pieces(part: Mask, em: float) -> list[float]:
    """Return the middles of the pieces of ink that stand apart and are as high as digits, without those at
    the edges, which may be cut off."""
    inked = np.pad(part.any(axis=0).astype(np.int8), 1)
    bounds = np.flatnonzero(np.diff(inked)).reshape(-1, 2).tolist()
    whole = [(a, b) for a, b in bounds if a > 0 and b < part.shape[1]]
    highs = [int(np.ptp(np.flatnonzero(part[:, a:b].any(axis=1)))) for a, b in whole]
    least = max(_TALL * em, _ALIKE * float(np.median(highs or [0])))
    return [(a + b) / 2 for (a, b), high in zip(whole, highs, strict=True) if high >= least]


def _are_even(pieces: list[float], em: float) -> bool:
    """Tell whether pieces stand in even steps, as wide as those of digits."""
    steps = [b - a for a, b in pairwise(pieces)]
    usual = float(np.median(steps))
    return _NARROWEST < usual / em < _WIDEST and all(abs(step - usual) < _EVEN * usual for step in steps)
