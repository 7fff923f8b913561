"""Finds the rings, ticks and strokes by which people choose among printed options that have no boxes.

A ring is taken off the picture, and its row is read again, if its ink makes the words in it unreadable.
The characters inside it, under a tick, or beside one are marked, since only the form's definition tells
whether they are options: of any other text nothing changes. A person looks at each such choice. Sizes are in
ems: an em is the height of the row's print.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lines import in_rows
from extractor.scan.ocr import OcrEngine
from extractor.scan.option_rings import find_rings, with_rings, without_rings
from extractor.scan.option_rows import (
    HALF,
    HALF_NARROW,
    OPTIONS,
    Row,
    Run,
    have_boxes,
    inks_of,
    is_sign,
    lists_options,
    row_of,
)
from extractor.scan.option_ticks import coloured_strokes, find_ticks
from extractor.scan.readings import Glyph
from extractor.text.tick_signs import MARK_GLYPHS, is_chinese
from models.geometry import area, meet
from models.page import Box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_NEAR = 0.9  # ems: a tick stands no farther from its words
_LONGER = 1.08  # ems: its least length
_TALLEST, _WIDE = 1.4, 2.8  # ems: height and width of a piece that may be an option with a stroke through it
_MOST_OF = 0.75  # share of the piece that it goes through
_SLOPES = (0.0, 0.07, -0.07, 0.14, -0.14, 0.22, -0.22, 0.3, -0.3)  # rows a column that are tried
_EDGE = 0.15  # ems from the top and the bottom of the print: there it goes through nothing


def mark_options(page: FlatPage, engine: OcrEngine) -> tuple[FlatPage, tuple[Box, ...]]:
    """Return the page with its rings and ticks in their places, and the boxes in points of rows whose rings
    were taken off. Raises OcrUnavailable."""
    pens, ink = inks_of(page)
    by_cell: dict[tuple[int, int], list[ReadLine]] = {}
    for line in page.lines:
        if line.place.cell is not None:
            by_cell.setdefault(line.place.cell, []).append(line)
    doubted: list[Box] = []
    for own in by_cell.values():
        if have_boxes(own):
            continue
        for lines in in_rows(own):
            row = row_of(lines, ink, page)
            if row is None or not lists_options(row):
                continue
            ovals = find_rings(row, pens, ink)
            may_hide = _least(row) < rungs.STRONG and not _is_sealed(row, page)
            bare = without_rings(ovals, row, page, ink, engine) if ovals and may_hide else None
            if bare and _least(bare[1]) > _least(row):
                page, row = bare
                ink[row.part] &= page.lifted[row.part] < PAPER
                pens[row.part] &= ink[row.part]
                doubted.append(page.in_points(row.lines[0].place.box))
            elif ovals:
                # What looks like a ring hides nothing, or is a part of the characters.
                page, row = with_rings(ovals, row, page)
            page = _ticked(row, pens, ink, page)
            page = _crossed_out(row, pens, ink, page)
    return page, tuple(doubted)


def _least(row: Row) -> float:
    """Return how sure the least sure character of a row is. Where all are sure, no ring hides one."""
    return min(
        (glyph.confidence for line in row.lines for glyph in line.reading.glyphs if glyph.text.strip()),
        default=0.0,
    )


def _is_sealed(row: Row, page: FlatPage) -> bool:
    """Tell whether a seal without colour lies on a row, whose outline looks like a pen's ring."""
    seals = [ring.box for ring in page.rings if not ring.red]
    return any(area(meet(line.place.box, seal)) > 0 for line in row.lines for seal in seals)


def _ticked(row: Row, pens: Mask, ink: Mask, page: FlatPage) -> FlatPage:
    """Return the page with the words marked that the ticks of a row lie on, or stand by."""
    ticks = list(find_ticks(row, pens[row.part], ink[row.part]))
    if not ticks:
        return page
    lines = list(row.lines)
    for x0, x1, on_words in ticks:
        at = (x0 + x1) / 2
        near = min(lines, key=lambda line: max(line.place.box[0] - at, at - line.place.box[2]))
        number = next(n for n, line in enumerate(lines) if line is near)
        lines[number] = _with_tick(near, (x0, x1), row, on_words)
    changed = {id(old): new for old, new in zip(row.lines, lines, strict=True)}
    return page.reading([changed.get(id(line), line) for line in page.lines])


def _crossed_out(row: Row, pens: Mask, ink: Mask, page: FlatPage) -> FlatPage:
    """Return the page with the characters of a row marked that a stroke of their own goes through and beyond:
    是 or 否. It may be the character's own, as in 年. Longer strokes are told by `mark_struck`, but for those
    that their colour tells."""
    part = cv2.dilate(ink[row.part].astype(np.uint8), np.ones((3, 1), np.uint8)) > 0
    struck = [
        run
        for run in row.runs
        if run.high < _TALLEST * row.em and run.x1 - run.x0 < _WIDE * row.em and _is_through(run, part, row)
    ]
    struck += coloured_strokes(row, pens[row.part], ink[row.part])
    if not struck:
        return page
    changed = {}
    for line in row.lines:
        marks = tuple(
            glyph.text.isalnum() and any(run.x0 < at - row.left < run.x1 for run in struck)
            for glyph, at in zip(line.reading.glyphs, row.middles(line), strict=True)
        )
        if any(marks):
            changed[id(line)] = replace(line, crossed=marks)
    return page.reading([changed.get(id(line), line) for line in page.lines])


def _is_through(run: Run, part: Mask, row: Row) -> bool:
    """Tell whether a straight stroke goes through a piece of a row, and is longer than a character is wide.
    `part`: the ink of the row."""
    least = max(_LONGER * row.em, _MOST_OF * (run.x1 - run.x0))
    columns = np.arange(run.x0, run.x1)
    if len(columns) < least:
        return False
    off = columns - (run.x0 + run.x1) / 2
    levels = np.arange(round(row.top + _EDGE * row.em), round(row.bottom - _EDGE * row.em))
    for slope in _SLOPES:
        rows = np.rint(levels[:, None] + slope * off).astype(int)
        rows = rows[((rows >= 0) & (rows < len(part))).all(axis=1)]
        on = part[rows, columns]
        if any(_longest_run(one) >= least for one in on[on.sum(axis=1) >= least]):
            return True
    return False


def _longest_run(on: Mask) -> int:
    """Return the length of the longest stretch that is on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _with_tick(line: ReadLine, ends: tuple[float, float], row: Row, on_words: bool) -> ReadLine:
    """Return a line with a tick between `ends` (pixels of the page). With `on_words` it lies on words, or is
    none."""
    x0, x1 = ends
    at, glyphs = (x0 + x1) / 2, line.reading.glyphs
    boxes = [
        (middle - half * row.em, middle + half * row.em)
        for glyph, middle in zip(glyphs, row.middles(line), strict=True)
        for half in (HALF if is_chinese(glyph.text) else HALF_NARROW,)
    ]
    words = [n for n, glyph in enumerate(glyphs) if glyph.text.strip() and not is_sign(glyph.text)]
    off = [max(boxes[n][0] - at, at - boxes[n][1], 0.0) for n in words]
    if (
        on_words
        and min(off, default=1.0) == 0
        and all(glyphs[n].text in OPTIONS for n, away in zip(words, off, strict=True) if away == 0)
    ):
        return line
    # Beside words it stands by the nearer of them, which no sign between options is: it may be the tick.
    words = [n for n in words if glyphs[n].text not in OPTIONS]
    off = [max(boxes[n][0] - at, at - boxes[n][1], 0.0) for n in words]
    gaps = [
        max(boxes[n][0] - x1, x0 - boxes[n][1]) if away else -row.em
        for n, away in zip(words, off, strict=True)
    ]
    nearest = min(range(len(words)), key=lambda n: (gaps[n], off[n]), default=None)
    if nearest is None or gaps[nearest] > _NEAR * row.em:
        # The words that it stands by were not read.
        first = sum(sum(box) < 2 * at for box in boxes)
        wide = line.place.box[2] - line.place.box[0]
        blank = Glyph(" ", min(max((at - line.place.box[0]) / wide, 0.0), 1.0), 1.0)
        line, number = line.spliced(first, first, [blank]), first
    else:
        number = words[nearest]
    marked = [*(line.bordered or (False,) * len(line.reading.glyphs))]
    marked[number] = True
    line = replace(line, bordered=tuple(marked))
    told = [
        n
        for n, glyph in enumerate(line.reading.glyphs)
        if glyph.text in MARK_GLYPHS
        and abs(line.place.box[0] + glyph.at * (line.place.box[2] - line.place.box[0]) - at) < row.em
    ]
    # What was read of the tick itself would be a mark of its own.
    return line.spliced(told[0], told[-1] + 1, []) if told else line
