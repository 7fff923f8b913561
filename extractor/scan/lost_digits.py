"""Tells digits of a number that were not read.

Of two equal ones side by side the recogniser may lose one, and be sure of the rest: 11669 reads 1669. In
print each digit is a piece of ink of its own, and they stand in even steps. Then there is one piece more. A
hand sets its digits unevenly, but its 1 is a stroke, as thin as nothing else in a number: 11 reads 1. Or the
whole number is lost between two Chinese characters, which then stand too far apart: 等11个 reads 等个.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import ReadLine
from extractor.text.tick_signs import is_chinese

Mask = NDArray[np.bool_]

# Sizes are in ems: an em is the width of a Chinese character of the line.
_CLEAR = 0.55  # what is nearer to the middle of the Chinese character beside a number is part of that
_ROOM = 0.3  # least width of what is left between two Chinese characters for a number that was lost whole
_TALL = 0.45  # least height of a digit
_ALIKE = (
    0.85  # share of the median height of the pieces: digits are as high, parts of other characters seldom
)
_EVEN = 0.2  # share of the usual step by which steps of print differ at most
_FEWEST = 2  # digits: a single one has no step
# Ends of a step from a digit to the next.
_NARROWEST, _WIDEST = 0.4, 0.7
_OUTSIDE = 0.2  # that a number at an end of a line may reach out of the line's box
# A stroke that is a 1:
_THIN = 0.2  # its greatest width
_SLENDER = 2.5  # its height is as many times its width at least
_STROKE = 0.5  # the usual height of a digit at least
_AS_HIGH = 0.6  # share of the height of the highest: no lower piece is a digit
_DIGIT = 0.42  # the usual width of any other digit at least
_BESIDE = 1.2  # usual widths: a 1 and the digit beside it are wider together


class _Piece(NamedTuple):
    """A piece of ink that stands apart: its columns and its height, in pixels."""

    left: int
    right: int
    high: int

    @property
    def wide(self) -> int:
        return self.right - self.left

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def has_lost_digit(line: ReadLine, em: float, rows: Mask) -> bool:
    """Tell whether a number between Chinese characters, or between one and an end of the line, has more
    digits than were read, or none was. `em` is the width of the line's Chinese characters in pixels, and
    `rows` a mask of the ink in its rows, as wide as the page.
    """
    glyphs = line.reading.glyphs
    if any(_pieces(rows[:, part], em) for part in _gaps(line, em)):
        return True
    start = 0
    while start < len(glyphs):
        digits = [glyph.text for glyph in takewhile(lambda glyph: glyph.text.isdigit(), glyphs[start:])]
        if digits and (part := _room(line, em, start, len(digits))):
            own = rows[:, part]
            # OpenCV ends the process over a picture without pixels.
            if own.size and (
                _has_even_more(_pieces(own, em), len(digits), em) or _has_more_ones(own, digits, em)
            ):
                return True
        start += len(digits) or 1
    return False


def _gaps(line: ReadLine, em: float) -> Iterator[slice]:
    """Yield the columns between each two Chinese characters that stand so far apart that a number may have
    been lost between them.

    On 108 sheets in print and by hand (2026-12-01) an upright piece of ink stood there in 29 lines, all of
    which lack characters.
    """
    x0, _, x1, _ = line.place.box
    for one, other in pairwise(line.reading.glyphs):
        if is_chinese(one.text) and is_chinese(other.text):
            left, right = (x0 + glyph.at * (x1 - x0) for glyph in (one, other))
            if right - left > (2 * _CLEAR + _ROOM) * em:
                yield slice(max(0, round(left + _CLEAR * em)), max(0, round(right - _CLEAR * em)))


def _room(line: ReadLine, em: float, start: int, count: int) -> slice | None:
    """Return the columns of a number of a line, if what stands beside it tells where they end."""
    x0, _, x1, _ = line.place.box
    glyphs, end = line.reading.glyphs, start + count
    beside = [glyphs[at] for at in (start - 1, end) if 0 <= at < len(glyphs)]
    if not beside or not all(is_chinese(glyph.text) for glyph in beside):
        return None
    left, right = x0 - _OUTSIDE * em, x1 + _OUTSIDE * em
    if start > 0:
        left = x0 + glyphs[start - 1].at * (x1 - x0) + _CLEAR * em
    if end < len(glyphs):
        right = x0 + glyphs[end].at * (x1 - x0) - _CLEAR * em
    return slice(max(0, round(left)), max(0, round(right)))


def _pieces(part: Mask, em: float) -> list[_Piece]:
    """Return the pieces of ink that stand apart and are as high as digits, without those at the edges, which
    may be cut off."""
    inked = np.pad(part.any(axis=0).astype(np.int8), 1)
    bounds = np.flatnonzero(np.diff(inked)).reshape(-1, 2).tolist()
    whole = [
        _Piece(a, b, int(np.ptp(np.flatnonzero(part[:, a:b].any(axis=1)))))
        for a, b in bounds
        if a > 0 and b < part.shape[1]
    ]
    least = max(_TALL * em, _ALIKE * float(np.median([piece.high for piece in whole] or [0])))
    return [piece for piece in whole if piece.high >= least]


def _has_even_more(pieces: list[_Piece], count: int, em: float) -> bool:
    """Tell whether more pieces than the `count` digits stand in even steps, as wide as those of digits."""
    if count < _FEWEST or len(pieces) <= count:
        return False
    steps = [b.middle - a.middle for a, b in pairwise(pieces)]
    usual = float(np.median(steps))
    return _NARROWEST < usual / em < _WIDEST and all(abs(step - usual) < _EVEN * usual for step in steps)


def _has_more_ones(part: Mask, digits: list[str], em: float) -> bool:
    """Tell whether what was drawn is the digits that were read and more strokes that are a 1. A piece that
    broke off a digit stands too close to the rest of it."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8))
    found = [
        _Piece(left, left + wide, high)
        for left, _, wide, high, _ in stats[1:].tolist()
        if left > 0 and left + wide < part.shape[1]
    ]
    least = _AS_HIGH * max([_STROKE * em, *(piece.high for piece in found)])
    drawn = sorted((piece for piece in found if piece.high >= least), key=lambda piece: piece.middle)
    ones = [piece.wide < min(_THIN * em, piece.high / _SLENDER + 1) for piece in drawn]
    others = [piece.wide for piece, is_one in zip(drawn, ones, strict=True) if not is_one]
    usual = max(_DIGIT * em, float(np.median(others)) if others else 0.0)

    def stands_apart(at: int) -> bool:
        beside = [drawn[n] for n in (at - 1, at + 1) if 0 <= n < len(drawn) and not ones[n]]
        own = drawn[at]
        return all(max(own.right, one.right) - min(own.left, one.left) > _BESIDE * usual for one in beside)

    strokes = _runs_of_ones(ones)
    read = _runs_of_ones([digit == "1" for digit in digits])
    if len(strokes) != len(read) or any(
        len(own) < len(told) for own, told in zip(strokes, read, strict=True)
    ):
        return False
    more = [own for own, told in zip(strokes, read, strict=True) if len(own) > len(told)]
    return bool(more) and all(stands_apart(at) for own in more for at in own)


def _runs_of_ones(ones: Sequence[bool]) -> list[list[int]]:
    """Return the places of those digits that are a 1: before, between and behind all others."""
    runs: list[list[int]] = [[]]
    for at, is_one in enumerate(ones):
        if is_one:
            runs[-1].append(at)
        else:
            runs.append([])
    return runs
