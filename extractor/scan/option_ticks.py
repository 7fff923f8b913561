"""Finds ticks that stand between words or lie on them, and the mark in one of some tiny boxes.

Sizes are in ems: an em is the height of the row's print.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.option_rows import HALF, HALF_NARROW, OPTIONS, OUT, Row, Run, is_sign
from extractor.text.tick_signs import MARK_GLYPHS, is_chinese

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_PRINTED = 0.4  # times the ink of a coloured pen: a row of print has more, where few characters stand in it
_BLOT = 0.02  # square ems: least ink of a coloured pen
_LEVEL = 0.35  # of its width: what is no higher is no tick, but a line through words or under them
_LONG = 0.8  # ems: least length of such a line
_INSET = 0.2  # ems from the top and the bottom of the print: there a line goes through words
_SMALL, _LARGE = 0.22, 2.2  # ems: least and greatest width and height
_SINGLE = 0.8  # share of its columns that hold one piece of ink
_KNEE = 0.65  # share of its width: its lowest point is no farther right
_LEFT = 0.12  # share of its width: nor farther left
_LEFT_ARM, _ARM = 0.03, 0.15  # ems that the ends of its arms stand above its knee
_HIGHER = 0.04  # ems that the right end stands above the left one
_THIN = 0.6  # share of its box that it inks at most
_THICKEST = 0.25  # ems: print is no thicker
_RARE = 0.2  # share of a row's ink: less of it is thicker than its print
_ALONE = 0.3  # ems: least width of one that is told by black ink alone
_PROMPTS = frozenset("：:")  # behind them stands what is asked, and no option
_ROUGH = 0.4  # ems: least width and height of a mark that has no shape of its own
_RISE = 0.18  # ems that the arm of a tick on words rises above the print at least
_UPRIGHT = (0.25, 2.6)  # rows a column: slope of that arm
_LEAN = 0.12  # ems: mean distance of its ink from a straight line, at most
_LITTLE = (0.22, 1.1)  # ems: least and greatest height, a mark on it included
_SAME = 0.75  # of the side of the others: a marked one is no smaller
_SQUARE = 0.72  # its sides differ by no more than this factor
_FRAMED = 0.85  # share of each side that has ink
_BARE = 0.25  # share of an empty one's middle that has ink, at most
_FULLER = 0.62  # share of an empty one's square that a marked one inks at least


def find_ticks(row: Row, pens: Mask, ink: Mask) -> Iterator[tuple[float, float, bool]]:
    """Yield the left and right ends of ticks in a row, in pixels of the page, and whether only an arm was
    seen that comes out of words."""
    found: list[tuple[float, float]] = []
    coloured = is_coloured(pens, ink)
    apart = ink.copy()
    for line in row.lines:
        for glyph, at in zip(line.reading.glyphs, row.middles(line), strict=True):
            if glyph.text.strip() and not is_sign(glyph.text) and glyph.text not in OPTIONS:
                middle = at - row.left
                half = (HALF if is_chinese(glyph.text) else HALF_NARROW) * row.em
                apart[:, max(0, round(middle - half)) : max(0, round(middle + half))] = False
    for mask in (pens if coloured else np.zeros_like(pens), _thick(ink, row), apart):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        for x, y, wide, high, label in ((*stats[n, :4].tolist(), n) for n in range(1, count)):
            own = labels[y : y + high, x : x + wide] == label
            if mask is apart and wide < _ALONE * row.em:
                continue  # a piece of a character of which the recogniser told the place only roughly
            if not any(a < x + wide / 2 < b for a, b in found) and is_tick(own, row.em):
                found.append((x, x + wide))
    for at in _told(row):
        # The recogniser vouches for its shape.
        near = [
            one for one in _pieces(apart) if abs(one.x0 + one.x1 - 2 * at) < row.em and one.high > row.em / 5
        ]
        if near and not any(a - row.em / 2 < at < b + row.em / 2 for a, b in found):
            piece = max(near, key=lambda one: (one.x1 - one.x0) * one.high)
            found.append((piece.x0, piece.x1))
    if not found and coloured:
        found += _coloured(pens, row)
    if not found:
        found += _marked_box(apart, row)
    if not found:
        found += _scribbled(apart, row)
    arms = [(x0, x1) for x0, x1 in _arms(row, ink) if not any(a < x1 and x0 < b for a, b in found)]
    yield from ((row.left + a, row.left + b, False) for a, b in found)
    yield from ((row.left + a, row.left + b, True) for a, b in arms)


def is_coloured(pens: Mask, ink: Mask) -> bool:
    """Tell whether a row of print bears the ink of a coloured pen, and is not itself written in it."""
    return bool(pens.any() and np.count_nonzero(ink & ~pens) > _PRINTED * np.count_nonzero(pens))


def coloured_strokes(row: Row, pens: Mask, ink: Mask) -> list[Run]:
    """Return the level strokes through words of a row by a coloured pen."""
    if not is_coloured(pens, ink):
        return []
    top, bottom = row.top + _INSET * row.em, row.bottom - _INSET * row.em
    return [
        one
        for one in _pieces(_joined(pens))
        if one.x1 - one.x0 > _LONG * row.em
        and one.high < _LEVEL * (one.x1 - one.x0)
        and top < (one.top + one.bottom) / 2 < bottom
    ]


def _joined(pens: Mask) -> Mask:
    """Return the ink of a coloured pen without the gaps that black print leaves in it."""
    closed = cv2.morphologyEx(pens.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(closed > 0, np.bool_)


def _coloured(pens: Mask, row: Row) -> list[tuple[float, float]]:
    """Return where a coloured pen set a mark of whatever shape that is none of a ring or a line; nothing
    where there are several."""
    ys, xs = np.nonzero(pens)
    if len(ys) < _BLOT * row.em**2:
        return []
    (x0, x1), (y0, y1) = (np.percentile(v, (2, 98)) for v in (xs, ys))
    if x1 - x0 > _LARGE * row.em or y1 - y0 < _LEVEL * (x1 - x0) or y0 > row.bottom:
        return []
    return [(float(x0), float(x1))]


def _told(row: Row) -> Iterator[float]:
    """Yield the middles of what was read as a tick in a row, in pixels of its part."""
    for line in row.lines:
        for glyph, (a, b) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True):
            if glyph.text in MARK_GLYPHS:
                yield (a + b) / 2 - row.left


def _pieces(mask: Mask) -> list[Run]:
    """Return the connected components of a row's part."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [Run(x, x + wide, y, y + high) for x, y, wide, high in stats[1:, :4].tolist()]


def _scribbled(apart: Mask, row: Row) -> list[tuple[float, float]]:
    """Return where a mark of whatever shape stands beside the words of a row, nothing where there are
    several, or behind a prompt, which it answers. `apart`: the ink beside the words."""
    if any(glyph.text in _PROMPTS for line in row.lines for glyph in line.reading.glyphs):
        return []
    middle = (row.top + row.bottom) / 2
    pieces = [
        one
        for one in _pieces(apart)
        if min(one.x1 - one.x0, one.high) > _ROUGH * row.em
        and max(one.x1 - one.x0, one.high) < _LARGE * row.em
        and one.top < middle < one.bottom
    ]
    return [(float(pieces[0].x0), float(pieces[0].x1))] if len(pieces) == 1 else []


def _marked_box(apart: Mask, row: Row) -> list[tuple[float, float]]:
    """Return where the box stands that alone is marked among boxes far smaller than the words, which others
    overlook; nothing where there is none. `apart`: the ink beside the words."""
    pieces = [one for one in _pieces(apart) if _LITTLE[0] * row.em < one.high < _LITTLE[1] * row.em]
    empty = [one for one in pieces if _is_empty_box(apart[one.top : one.bottom, one.x0 : one.x1])]
    if not empty:
        return []
    side = float(np.median([one.high for one in empty]))
    level = float(np.median([one.top + one.bottom for one in empty])) / 2
    marked = [
        one
        for one in pieces
        if one not in empty
        and min(one.high, one.x1 - one.x0) > _SAME * side
        and one.top - side / 3 < level < one.bottom + side / 3
        and apart[one.top : one.bottom, one.x0 : one.x1].sum() > _FULLER * side * side
    ]
    return [(float(marked[0].x0), float(marked[0].x1))] if len(marked) == 1 else []


def _is_empty_box(own: Mask) -> bool:
    """Tell whether a piece (its own box) is a square with ink along its four sides and none within."""
    high, wide = own.shape
    if not _SQUARE < wide / high < 1 / _SQUARE:
        return False
    rim, inner = max(1, round(high / 4)), round(high / 3)
    sides = (
        own[:rim].any(axis=0), own[-rim:].any(axis=0), own[:, :rim].any(axis=1), own[:, -rim:].any(axis=1),
    )  # fmt: skip
    within = own[inner : high - inner, inner : wide - inner]
    return min(float(one.mean()) for one in sides) > _FRAMED and (
        not within.size or float(within.mean()) < _BARE
    )


def _thick(ink: Mask, row: Row) -> Mask:
    """Return the ink of a row's part that is thicker than its print, as a pen's may be."""
    for size in range(3, max(4, round(_THICKEST * row.em))):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        opened = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
        if np.count_nonzero(opened) < _RARE * np.count_nonzero(ink):
            return np.asarray(opened, np.bool_)
    return np.zeros_like(ink)


def is_tick(own: Mask, em: float) -> bool:
    """Tell whether a connected component (its own box, height x width) has the shape of a tick: down to a
    knee, and up to the right beyond where it began."""
    high, wide = own.shape
    if not (_SMALL * em < wide < _LARGE * em and _SMALL * em < high < _LARGE * em):
        return False
    if own.mean() > _THIN:
        return False
    pieces = own[0].astype(int) + (own[1:] & ~own[:-1]).sum(axis=0)
    if float((pieces == 1).mean()) < _SINGLE:
        return False
    low = high - 1 - own[::-1].argmax(axis=0)
    top = own.argmax(axis=0)
    edge = max(1, wide // 12)
    knee = int(np.flatnonzero(low >= low.max()).mean())
    if not max(edge, _LEFT * wide) <= knee <= _KNEE * wide:
        return False
    left, right = float(top[:edge].mean()), float(top[-edge:].mean())
    start, end = float(low[:edge].mean()), float(low[-edge:].mean())
    return low[knee] - start > _LEFT_ARM * em and low[knee] - end > _ARM * em and left - right > _HIGHER * em


def _arms(row: Row, ink: Mask) -> Iterator[tuple[float, float]]:
    """Yield where the arms of ticks go through words: ink that rises straight out of the print, to the right.
    Told are the ends of the arm within the print."""
    out = row.top - OUT * row.em
    if out < _RISE * row.em:
        return
    upper = ink[: max(1, round(out))]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(upper.astype(np.uint8))
    for label in range(1, count):
        y, high = int(stats[label, 1]), int(stats[label, 3])
        if y + high < len(upper) or high < _RISE * row.em:
            continue
        ys, xs = np.nonzero(labels == label)
        slope, at = np.polyfit(ys, xs, 1)  # columns a row
        if slope >= 0 or not _UPRIGHT[0] < -1 / slope < _UPRIGHT[1] * 2:
            continue
        if float(np.abs(xs - (slope * ys + at)).mean()) > _LEAN * row.em:
            continue
        middle = (row.top + row.bottom) / 2
        ends = sorted((slope * middle + at, slope * row.bottom + at))
        # It goes on straight down to the middle of the print.
        rows = np.arange(round(row.top), round(middle))
        columns = np.clip(np.rint(slope * rows + at).astype(int), 0, ink.shape[1] - 1)
        if len(rows) and float(ink[rows, columns].mean()) > 0.85:
            yield float(ends[0]), float(ends[1])
