"""Finds what a pen drew on the words of options that have boxes, rather than in a box: a tick on a word or
right of its box, a ring around a word.

Such words are marked like those of options without boxes, and no box that was seen marked counts, nor what
hangs together with it. Sizes are in ems: an em is the height of the row's print.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.option_rows import Row, have_boxes, is_sign, row_of
from extractor.scan.option_ticks import find_ticks, is_coloured, is_tick
from extractor.scan.ticks.boxes import Square
from extractor.text.tick_signs import BOX_LOOKALIKES, EMPTY_GLYPHS, is_boxlike, is_chinese
from models.geometry import Rect

Mask = NDArray[np.bool_]
Inks = Callable[[], tuple[Mask, Mask]]  # tells what `inks_of` does of a page

_AROUND = 0.12  # of a box's side: its own ink reaches so far beyond it
_NARROWEST = 0.25  # ems: least width or height of what a pen drew
_BLOT = 0.02  # square ems: its least ink
_OUT = 0.12  # ems that it reaches above or below the print of its row
_HIGH = 0.35  # ems: its least height, where its colour tells nothing
_Box = tuple[Rect, bool]  # a box in pixels of the page, and whether it is empty
_NEAR = 0.9  # ems: it stands no farther from its words


def mark_beside(
    rows: Sequence[Sequence[ReadLine]], squares: Sequence[Sequence[Square]], page: FlatPage, inks: Inks
) -> list[list[ReadLine]]:
    """Return the rows of a cell with the characters marked that a pen drew on although their options have
    boxes. `squares` are the boxes of each row."""
    marked = []
    for row, seen in zip(rows, squares, strict=True):
        lines = list(row)
        boxes = [(square.box, square.state == "empty") for square in seen] or list(_read(lines))
        if boxes and lines and lines[0].place.cell is not None:
            lines = _marked(lines, boxes, page, inks, not seen)
        marked.append(lines)
    return marked


def _read(lines: Sequence[ReadLine]) -> Iterator[_Box]:
    """Yield the empty boxes that only the recogniser saw in a row."""
    if have_boxes(lines):
        for line in lines:
            _, top, _, bottom = line.place.box
            for glyph, (start, end) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True):
                if glyph.text in EMPTY_GLYPHS | BOX_LOOKALIKES:
                    off = (bottom - top - end + start) / 2
                    yield (start, top + off, end, bottom - off), True


def _marked(
    lines: Sequence[ReadLine], boxes: Sequence[_Box], page: FlatPage, inks: Inks, unseen: bool
) -> list[ReadLine]:
    """Return the lines of a row with their characters marked. `unseen`: only the recogniser saw its boxes."""
    pens, ink = inks()
    row = row_of(lines, ink, page)
    if row is None:
        return list(lines)
    found = list(_drawn(row, boxes, pens[row.part], ink[row.part]))
    if unseen and not found:
        # The marked box among tiny ones is no box to the recogniser.
        found = [(x0, x1) for x0, x1, _ in find_ticks(row, pens[row.part], ink[row.part])]
    marks = [[False] * len(line.reading.glyphs) for line in lines]
    for x0, x1 in found:
        near = min(_words(lines, row), key=lambda word: _off(word, x0, x1), default=None)
        if near is not None and _off(near, x0, x1)[0] < _NEAR * row.em:
            marks[near[0]][near[1]] = True
    return [
        replace(line, bordered=tuple(own)) if any(own) else line
        for line, own in zip(lines, marks, strict=True)
    ]


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
                or (wide > _HIGH * row.em and is_tick(own, row.em))
            ):
                yield left + x, left + x + wide
