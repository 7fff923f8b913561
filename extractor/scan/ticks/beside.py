"""Finds what a pen drew on the words of options that have boxes, rather than in a box: a tick on a word or
right of its box, a ring around a word. So is a box that seemed empty although a coloured pen inked it, or its
edge hangs together with what stands beside it: few boxes of a cell do.

Such words are marked like those of options without boxes, and no box that was seen marked counts, nor what
hangs together with it. Sizes are in ems: an em is the height of the row's print.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.option_rows import HALF, HALF_NARROW, Row, have_boxes, is_sign, row_of
from extractor.scan.option_ticks import find_ticks, is_coloured, is_tick
from extractor.scan.ticks.boxes import Square
from extractor.text.tick_signs import BOX_LOOKALIKES, EMPTY_GLYPHS, is_boxlike, is_chinese
from models.geometry import Rect, area, meet

Mask = NDArray[np.bool_]
Inks = Callable[[], tuple[Mask, Mask]]  # tells what `inks_of` does of a page

_AROUND = 0.12  # of a box's side: its own ink reaches so far beyond it
_NARROWEST = 0.25  # ems: least width or height of what a pen drew
_BLOT = 0.02  # square ems: its least ink
_OUT = 0.12  # ems that it reaches above or below the print of its row
_HIGH = 0.35  # ems: its least height, where its colour tells nothing
_NEAR = 0.9  # ems: it stands no farther from its words
_ON = 0.1  # ems: what comes nearer to a word lies on it
_BEYOND = 0.12  # ems: what hangs together with the edge of a box reaches so far beyond it, and is no blur
_INKED = 0.04  # share of an "empty" box under the ink of a coloured pen, at least
_FEW = 0.5  # share of the boxes of a cell that a pen may have marked so: more are printed that way
_FAINT = 200  # grey level: darker than paper, as a pencil's strokes are
_CORE = 25  # percentile of the levels of print that tells how dark it is
_PALER = 60  # levels by which such a stroke is paler than that at least
_LONG = 0.3  # ems: least width or height of such a stroke
_WISP = 0.01  # square ems: its least ink
_SLIM = 0.5  # share of its box that it inks at most: a shade inks more
_CLEAR = 5  # pixels: blur reaches not half as far around ink
_Box = tuple[Rect, bool]  # a box in pixels of the page, and whether it is empty


def mark_beside(
    rows: Sequence[Sequence[ReadLine]], squares: Sequence[Sequence[Square]], page: FlatPage, inks: Inks
) -> list[list[ReadLine]]:
    """Return the rows of a cell with the characters marked that a pen drew on although their options have
    boxes. `squares` are the boxes of each row."""
    # Of options that stand under each other each row holds one box.
    boxed = have_boxes([line for row in rows for line in row])
    cell = [_Marked.of(list(row), seen, boxed, page, inks) for row, seen in zip(rows, squares, strict=True)]
    drawn_in = [one for own in cell for one in own.drawn_in]
    # Where something is told with certainty, what is guessed of boxes says no more.
    are_few = sum(one is not None for one in drawn_in) <= _FEW * len(drawn_in) and not any(
        own.drawn for own in cell
    )
    return [own.lines_with_marks(are_few) for own in cell]


def _read(lines: Sequence[ReadLine]) -> Iterator[_Box]:
    """Yield the empty boxes that only the recogniser saw in a row."""
    for line in lines:
        _, top, _, bottom = line.place.box
        for glyph, (start, end) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True):
            if glyph.text in EMPTY_GLYPHS | BOX_LOOKALIKES:
                off = (bottom - top - end + start) / 2
                yield (start, top + off, end, bottom - off), True


_Ends = tuple[float, float]  # left and right end in pixels of the page


@dataclass(frozen=True)
class _Marked:
    """The lines of a row of a cell, `row` where they have print and boxes, the ends of what a pen drew off
    the boxes, and for each empty box those of what it drew in it or on its edge, if anything."""

    lines: Sequence[ReadLine]
    row: Row | None = None
    drawn: Sequence[_Ends] = ()
    drawn_in: Sequence[_Ends | None] = ()

    @classmethod
    def of(
        cls, lines: Sequence[ReadLine], seen: Sequence[Square], boxed: bool, page: FlatPage, inks: Inks
    ) -> "_Marked":
        """Look at a row of which `seen` are the boxes; where there are none and the cell is `boxed`, those
        that the recogniser saw."""
        boxes = [(square.box, square.state == "empty") for square in seen]
        if not boxes and boxed:
            boxes = list(_read(lines))
        if not boxes or not lines or lines[0].place.cell is None:
            return cls(lines)
        pens, ink = inks()
        row = row_of(lines, ink, page)
        if row is None:
            return cls(lines)
        pens, ink = pens[row.part], ink[row.part]
        found = list(_drawn(row, boxes, pens, ink))
        if not seen and not found:
            # The marked box among tiny ones is no box to the recogniser.
            found = [(x0, x1) for x0, x1, _ in find_ticks(row, pens, ink)]
        found = found or list(_faint(row, boxes, page))
        words = [(start, end) for _, _, start, end in _words(lines, row)]
        found = [_beyond_box(one, [box for box, _ in boxes], words, row.em) for one in found]
        coloured = pens if is_coloured(pens, ink) else np.zeros_like(pens)
        labels = np.asarray(cv2.connectedComponents(ink.astype(np.uint8))[1], np.int32)
        return cls(lines, row, found, [_in_box(box, row, coloured, labels) for box, empty in boxes if empty])

    def lines_with_marks(self, are_few: bool) -> list[ReadLine]:
        """Return the lines with their characters marked. `are_few`: few boxes of the cell bear ink that hangs
        together with them, so that it is a pen's."""
        if self.row is None:
            return list(self.lines)
        found = [*self.drawn, *(one for one in self.drawn_in if one is not None and are_few)]
        marks = [[False] * len(line.reading.glyphs) for line in self.lines]
        words = list(_words(self.lines, self.row))
        for x0, x1 in found:
            near = min(words, key=lambda word: _off(word, x0, x1), default=None)
            if near is not None and _off(near, x0, x1)[0] < _NEAR * self.row.em:
                marks[near[0]][near[1]] = True
        return [
            replace(line, bordered=tuple(own)) if any(own) else line
            for line, own in zip(self.lines, marks, strict=True)
        ]


def _beyond_box(drawn: _Ends, boxes: Sequence[Rect], words: Sequence[_Ends], em: float) -> _Ends:
    """Return the ends of what a pen drew, or where right in front of a box it stands, nearer to it than to a
    word, that of the box: it belongs to the option behind that."""
    x0, x1 = drawn
    off = min((max(start - x1, x0 - end) for start, end in words), default=em)
    near = [box for box in boxes if x0 < box[0] and x1 < box[2] and box[0] - x1 < min(off, _NEAR * em)]
    return (near[0][2], near[0][2]) if near and off > _ON * em else drawn


def _in_box(box: Rect, row: Row, coloured: Mask, labels: NDArray[np.int32]) -> _Ends | None:
    """Return the ends of a coloured pen's ink in a box that seemed empty, or of what hangs together with its
    edge; None where there is neither. `coloured`: the ink of such a pen in the row, `labels`: the connected
    components of all ink there."""
    x0, y0, x1, y1 = box
    left, top = row.left, row.part[0].start
    own = np.s_[max(0, round(y0) - top) : round(y1) - top, max(0, round(x0) - left) : round(x1) - left]
    if coloured[own].size and float(coloured[own].mean()) > _INKED:
        return x1, x1
    edge = labels[own]
    far = left + np.flatnonzero(np.isin(labels[own[0]], edge[edge > 0]).any(axis=0))
    beyond = _BEYOND * row.em + _AROUND * (x1 - x0)
    return (x1, x1) if far.size and (far[-1] > x1 + beyond or far[0] < x0 - beyond) else None


_Word = tuple[int, int, float, float]


def _words(lines: Sequence[ReadLine], row: Row) -> Iterator[_Word]:
    """Yield the number of the line and of the glyph, and the ends in pixels of the page, of each character
    that is no box."""
    for number, line in enumerate(lines):
        boxes = zip(line.reading.glyphs, line.glyph_boxes(), strict=True)
        for at, (glyph, (start, end)) in enumerate(boxes):
            if (
                glyph.text.isalnum()
                and not is_sign(glyph.text)
                and (is_chinese(glyph.text) or not is_boxlike(glyph.text))
            ):
                yield number, at, start, end


def _off(word: _Word, x0: float, x1: float) -> tuple[float, float]:
    """Return how far a character is from what stands between `x0` and `x1`, and the same of their middles."""
    _, _, start, end = word
    return max(start - x1, x0 - end, 0.0), abs(start + end - x0 - x1)


def _is_printed(row: Row, x0: float, x1: float) -> bool:
    """Tell whether what stands between `x0` and `x1`, and no higher or lower than the print of its row, is a
    part of a character that was surely read."""
    return any(
        glyph.confidence >= rungs.STRONG
        and is_chinese(glyph.text)
        and abs(x0 + x1 - 2 * at) < row.em - x1 + x0
        for line in row.lines
        for glyph, at in zip(line.reading.glyphs, row.middles(line), strict=True)
    )


def _faint(row: Row, boxes: Sequence[_Box], page: FlatPage) -> Iterator[_Ends]:
    """Yield the ends of strokes beside the print of a row that are far paler than it, as a pencil's are."""
    if any(area(meet(line.place.box, ring.box)) > 0 for line in row.lines for ring in page.rings):
        return  # a seal leaves such strokes where it is taken off
    gray = page.clear[row.part]
    dark = min(PAPER, float(np.percentile(gray[gray < PAPER], _CORE)) + _PALER) if (gray < PAPER).any() else 0
    near = cv2.dilate((gray < dark).astype(np.uint8), np.ones((_CLEAR, _CLEAR), np.uint8)) > 0
    pale = (gray < _FAINT) & ~near & (page.ruling.lines[row.part] == 0)
    start, end = max(0, round(row.top)), round(row.bottom)
    for line in row.lines:
        for glyph, at in zip(line.reading.glyphs, row.middles(line), strict=True):
            if glyph.text.strip():
                reach = (HALF if is_chinese(glyph.text) else HALF_NARROW) * row.em
                pale[
                    start:end, max(0, round(at - reach) - row.left) : max(0, round(at + reach) - row.left)
                ] = 0
    left, top = row.left, row.part[0].start
    for (x0, y0, x1, y1), _ in boxes:
        room = _AROUND * (x1 - x0)
        pale[
            max(0, round(y0 - room) - top) : max(0, round(y1 + room) - top),
            max(0, round(x0 - room) - left) : max(0, round(x1 + room) - left),
        ] = False
    _, _, stats, _ = cv2.connectedComponentsWithStats(pale.astype(np.uint8))
    for x, _, wide, high, amount in stats[1:].tolist():
        if max(wide, high) > _LONG * row.em and _WISP * row.em**2 < amount < _SLIM * wide * high:
            yield left + x, left + x + wide


def _drawn(row: Row, boxes: Sequence[_Box], pens: Mask, ink: Mask) -> Iterator[tuple[float, float]]:
    """Yield the left and right ends, in pixels of the page, of what a pen drew in a row, off its marked
    boxes. `pens` and `ink`: the row's part of coloured and of all ink."""
    ink, pens = ink.copy(), pens.copy()
    left, top = row.left, row.part[0].start
    for (x0, y0, x1, y1), is_empty in boxes:
        room = _AROUND * (x1 - x0)
        part = np.s_[
            max(0, round(y0 - room) - top) : max(0, round(y1 + room) - top),
            max(0, round(x0 - room) - left) : max(0, round(x1 + room) - left),
        ]
        if not is_empty:
            for mask in (ink, pens):
                _, labels = cv2.connectedComponents(mask.astype(np.uint8))
                mask &= ~np.isin(labels, np.unique(labels[part][labels[part] > 0]))
        ink[part] = False
    for mask in (pens, ink) if is_coloured(pens, ink) else (ink,):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        for label in range(1, count):
            x, y, wide, high, amount = (int(v) for v in stats[label])
            if max(wide, high) < _NARROWEST * row.em or amount < _BLOT * row.em**2:
                continue
            own = labels[y : y + high, x : x + wide] == label
            out = max(row.top - y, y + high - row.bottom)
            if (
                mask is pens
                or (high > _HIGH * row.em and out > _OUT * row.em)
                or (
                    wide > _HIGH * row.em
                    and is_tick(own, row.em)
                    and (out > 0 or not _is_printed(row, left + x, left + x + wide))
                )
            ):
                yield left + x, left + x + wide
