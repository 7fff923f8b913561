"""Finds columns of a table that have no rule between them. In several rows, text begins at the same place
behind a gap, as answers do behind labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.scan.lattice import Texts

# Shares of the usual height of a line.
_GAP = 0.6  # the least gap before a column
_WIDE_GAP = 1.6  # the same where only two rows begin there, since the characters of a short label stand apart
_OFF = 0.3  # the greatest distance from one beginning to the next in the same column
_BEFORE = 0.25  # a column begins this far before its text
_FEW = 2  # rows: so many make a column only with a wide gap
_MOST = 0.6  # share of the rows: a column in more of them also goes through bare rows
_INSET = 3  # pixels at both edges of a row that its rules take


@dataclass(frozen=True)
class Gutter:
    """A column that begins `at` pixels from the left, in `rows`, counted from 0."""

    at: float
    rows: tuple[int, ...]


def find_gutters(ys: Sequence[float], left: float, right: float, texts: Texts) -> list[Gutter]:
    """Return the columns of a table from left to right. `ys`: the edges of its rows; `left` and `right`: the
    edges of the table. All are in pixels."""
    if not texts.boxes:
        return []
    high = float(np.median([y1 - y0 for _, y0, _, y1 in texts.boxes]))
    written = np.zeros_like(texts.ink)
    for x0, y0, x1, y1 in texts.boxes:
        part = (slice(max(0, round(y0)), round(y1)), slice(max(0, round(x0)), round(x1)))
        written[part] = texts.ink[part]
    bands = [_inked(written[round(top) + _INSET : round(bottom) - _INSET]) for top, bottom in pairwise(ys)]
    begins = sorted(
        begin for row, band in enumerate(bands) for begin in _begins(band, row, left, right, _GAP * high)
    )
    groups: list[list[tuple[int, int, int]]] = []
    for begin in begins:
        if groups and begin[0] - groups[-1][-1][0] <= _OFF * high:
            groups[-1].append(begin)
        else:
            groups.append([begin])
    found = []
    for group in groups:
        rows = {row for _, _, row in group}
        if len(rows) > _FEW or (len(rows) == _FEW and min(gap for _, gap, _ in group) > _WIDE_GAP * high):
            at = group[0][0] - _BEFORE * high
            if len(rows) > _MOST * len(bands):
                rows |= {
                    row for row, band in enumerate(bands) if not band[round(at) - 1 : round(at) + 2].any()
                }
            found.append(Gutter(at, tuple(sorted(rows))))
    return found


def _inked(rows: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return a mask of the columns that hold ink."""
    return np.asarray((rows > 0).any(axis=0), bool)


def _begins(
    band: NDArray[np.bool_], row: int, left: float, right: float, least: float
) -> list[tuple[int, int, int]]:
    """Return (place, width of the gap, row) wherever writing goes on behind a gap wider than `least`. Places
    and widths are in pixels."""
    inked = np.flatnonzero(band[round(left) : round(right)]) + round(left)
    return [(int(b), int(b - a), row) for a, b in pairwise(inked) if b - a > least]
