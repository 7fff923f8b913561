"""Finds columns of a table that have no rule between them. In several rows, text begins at the same place
behind a gap, as answers do behind labels."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from extractor.scan.carried import Columns
from extractor.scan.lattice import Texts
from models.geometry import Rect, around

# Shares of the usual height of a line.
_GAP = 0.6  # the least gap before a column
_WIDE_GAP = 1.6  # the same where only two rows begin there, since the characters of a short label stand apart
_APART = 1.2  # a wider gap parts the writing of one column from that of the next
_OFF = 0.3  # the greatest distance from one beginning to the next in the same column
_BEFORE = 0.25  # a column begins this far before its text
_FEW = 2  # rows: so many make a column only with a wide gap
_MOST = 0.6  # share of the rows: a column in more of them also goes through bare rows
_MOVED = 2.0  # a column on the next page lies no farther from where it lay
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
    high = _usual(texts)
    written = np.zeros_like(texts.ink)
    for x0, y0, x1, y1 in texts.boxes:
        part = (slice(max(0, round(y0)), round(y1)), slice(max(0, round(x0)), round(x1)))
        written[part] = texts.ink[part]
    bands = [_inked(written[round(top) + _INSET : round(bottom) - _INSET]) for top, bottom in pairwise(ys)]
    begins = sorted(
        begin for row, band in enumerate(bands) for begin in _begins(band, row, left, right, high)
    )
    groups: list[list[_Begin]] = []
    for begin in begins:
        if groups and begin.at - groups[-1][-1].at <= _OFF * high:
            groups[-1].append(begin)
        else:
            groups.append([begin])
    found = []
    for group in groups:
        rows = {begin.row for begin in group}
        if len(rows) > _FEW or (len(rows) == _FEW and min(one.gap for one in group) > _WIDE_GAP * high):
            at = group[0].at - _BEFORE * high
            wider = list(_centred(group, begins, bands, high))
            if wider:
                at = min(one.at for one in wider) - _BEFORE * high
                rows |= {one.row for one in wider}
            if len(rows) > _MOST * len(bands):
                rows |= {
                    row for row, band in enumerate(bands) if not band[round(at) - 1 : round(at) + 2].any()
                }
            found.append(Gutter(at, tuple(sorted(rows))))
    return found


def _inked(rows: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return a mask of the columns that hold ink."""
    return np.asarray((rows > 0).any(axis=0), bool)


class _Begin(NamedTuple):
    """Where writing goes on behind a gap: at which pixel, behind how many bare ones, in which row, and where
    it has its middle."""

    at: int
    gap: int
    row: int
    middle: float


def _begins(band: NDArray[np.bool_], row: int, left: float, right: float, high: float) -> list[_Begin]:
    """Return wherever writing goes on in a row behind a gap. `left` and `right`: the edges of the table;
    `high`: the usual height of a line, both in pixels."""
    inked = np.flatnonzero(band[round(left) : round(right)]) + round(left)
    ends = [int(a) for a, b in pairwise(inked) if b - a > _APART * high]
    last = int(inked[-1]) if len(inked) else 0
    return [
        _Begin(int(b), int(b - a), row, (int(b) + next((end for end in ends if end >= b), last)) / 2)
        for a, b in pairwise(inked)
        if b - a > _GAP * high
    ]


def _centred(
    group: Sequence[_Begin], begins: Iterable[_Begin], bands: Sequence[NDArray[np.bool_]], high: float
) -> Iterator[_Begin]:
    """Yield what begins before the `group` and has its middle under theirs, as a longer label has in a column
    of centred ones. No other row of the group may have writing as far left."""
    middle = float(np.median([one.middle for one in group]))
    if any(abs(one.middle - middle) > _OFF * high for one in group):
        return
    rows = {one.row for one in group}
    for one in begins:
        at = round(one.at - _BEFORE * high)
        if (
            one.at < group[0].at
            and one.row not in rows
            and abs(one.middle - middle) <= _OFF * high
            and not any(bands[row][at : group[0].at].any() for row in rows)
        ):
            yield one


def border_at(at: float, ys: Sequence[float], texts: Texts) -> Gutter:
    """Return the column that begins at `at`, in the rows in which no writing crosses that place. `ys`: the
    edges of the rows. All are in pixels."""
    rows = range(len(ys) - 1)
    return Gutter(at, tuple(row for row in rows if not _is_inked(at, ys[row], ys[row + 1], texts)))


def behind(border: Gutter, gutters: Sequence[Gutter], ys: Sequence[float], texts: Texts) -> Iterator[Gutter]:
    """Yield the columns behind that of the answers, which begins at `border`, each without the rows in which
    all that begins there has a line to itself, as a date at the right has."""
    high = _usual(texts)
    for gutter in (one for one in gutters if one.at > border.at + high):
        rows, is_told = [], False
        for row in gutter.rows:
            own = [box for box in texts.boxes if ys[row] < (box[1] + box[3]) / 2 < ys[row + 1]]
            begun = [box for box in own if abs(box[0] - gutter.at) <= high]
            # Lines around the middle of what stands before them are level with it as a whole.
            whole = [around(begun)] if _follow(begun, high) else []
            told = any(_has_before(box, own, border.at + high, high) for box in [*begun, *whole])
            # What stands before it may be of one line with what begins there.
            told |= not begun and any(x0 < gutter.at < x1 for x0, _, x1, _ in own)
            rows += [row] if told or not begun else []
            is_told |= told
        if is_told:
            yield replace(gutter, rows=tuple(rows))


def _follow(boxes: Sequence[Rect], high: float) -> bool:
    """Tell whether there are several lines, each close under the one before."""
    ordered = sorted(boxes, key=lambda box: box[1])
    return len(boxes) > 1 and all(below[1] - above[3] < high for above, below in pairwise(ordered))


def _has_before(box: Rect, others: Iterable[Rect], left: float, high: float) -> bool:
    """Tell whether text that reaches beyond `left` stands before a line and is level with it."""
    middle = (box[1] + box[3]) / 2
    return any(x0 < box[0] - high and x1 > left and y0 < middle < y1 for x0, y0, x1, y1 in others)


def carried(
    before: Columns, ys: Sequence[float], left: float, right: float, texts: Texts, is_drawn: bool
) -> Gutter | None:
    """Return the column of answers that a table had on the page `before`. The table goes from `left` to
    `right` with the edges of its rows at `ys`; all are in pixels. `is_drawn`: its sides are, so that the
    column must be told by text that begins near it on this page."""
    if before.right <= before.left or not texts.boxes:
        return None
    high = _usual(texts)
    share = (before.answers - before.left) / (before.right - before.left)
    at = left + share * (right - left)
    near = [
        x0
        for x0, y0, _, y1 in texts.boxes
        if abs(x0 - at) <= _MOVED * high and ys[0] < (y0 + y1) / 2 < ys[-1]
    ]
    if is_drawn and not near:
        return None
    start = max(near, key=lambda x: sum(abs(x - one) <= _OFF * high for one in near), default=at)
    gutter = border_at(start - _BEFORE * high, ys, texts)
    return gutter if gutter.rows else None


def _usual(texts: Texts) -> float:
    """Return the usual height of a line in pixels."""
    return float(np.median([y1 - y0 for _, y0, _, y1 in texts.boxes]))


def _is_inked(at: float, top: float, bottom: float, texts: Texts) -> bool:
    """Tell whether writing crosses the place `at` between `top` and `bottom`."""
    return any(
        bool((texts.ink[round(y0) : round(y1), round(at) - 1 : round(at) + 2] > 0).any())
        for x0, y0, x1, y1 in texts.boxes
        if x0 < at < x1 and top < (y0 + y1) / 2 < bottom
    )
