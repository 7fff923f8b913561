"""Finds columns of a table that have no rule between them: in several rows, text begins at the same place
behind a gap, as answers do behind labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.scan.lattice import Texts

# Of a usual line's height: the least gap before a column, and the least where only two rows begin there,
# since the two characters of a short label stand well apart; how far beginnings may be off; and how far
# before them the column begins.
_GAP, _WIDE_GAP, _OFF, _BEFORE = 0.6, 1.6, 0.3, 0.25
# rows that make a column, and the part of them from which on it goes through what is bare
_FEW, _MOST = 2, 0.6
_INSET = 3  # pixels of a row's edges that its rules take


@dataclass(frozen=True)
class Gutter:
    """Where a column begins, `at` pixels from the left, and the rows in which it does, counted from 0."""

    at: float
    rows: tuple[int, ...]


def find_gutters(ys: Sequence[float], left: float, right: float, texts: Texts) -> list[Gutter]:
    """The columns inside the rows that end at `ys`, of a table from `left` to `right`."""
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
    """Which columns hold ink."""
    return np.asarray((rows > 0).any(axis=0), bool)


def _begins(
    band: NDArray[np.bool_], row: int, left: float, right: float, least: float
) -> list[tuple[int, int, int]]:
    """Where writing begins in a row behind a gap, but for the first of it: the place, how wide the gap is,
    the row."""
    inked = np.flatnonzero(band[round(left) : round(right)]) + round(left)
    return [(int(b), int(b - a), row) for a, b in pairwise(inked) if b - a > least]
