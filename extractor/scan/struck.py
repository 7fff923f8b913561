"""Finds lines that a pen drew through text that was read: straight or wavy, one or two, level or oblique, of
any ink, or a scribble of them.

Printed characters stand apart, so that a row of them has columns without ink. Ink that runs on through
several of them at one height is therefore no part of any. A line under or over characters has their ink on
one side only. Sizes are in ems, so that they hold for any resolution and size of type: an em is the width of
a Chinese character of the line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.pen_marks import has_boxes
from extractor.scan.red_ink import loose_red
from extractor.scan.seals import lift
from models.page import Box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_SHORTEST = 1.35  # ems: least length of a stroke
_SHORTEST_JOINED = 1.9  # ems: the same through letters and digits, which pens join and fonts set close
# Two characters may touch. A shorter stroke counts only if it goes through all of a piece of a line, or its
# ink is taller than print.
_SHORTEST_PART = 2.1  # ems: least length of a stroke through a part of a piece
_TALL = 1.2  # ems: greatest height of print
# A shorter stroke goes through two characters, whose print a sign between them or a character that was
# written over one may join. It counts where it is straight: print is inked without a break along no line.
_SHORT = 2.6  # ems
_STRAIGHT = 0.9  # share of its length that is inked along one line
_TILTS = tuple(n / 32 for n in range(-16, 17))  # rows a column of the lines that are tried
_SWAY = 0.13  # ems: how far a stroke may stray from straight
_SLOPES = (0.0, 0.1, -0.1, 0.2, -0.2, 0.32, -0.32, 0.45, -0.45)  # rows a column that are tried for strokes
_ASIDE = 0.13  # ems from a stroke's middle, above and below: ink beyond is that of characters
_CROSSED = 0.15  # least share of a stroke's length with such ink, on either side
_CROSSED_BETWEEN = 0.06  # least share of its length with ink that leads from one of two strokes to the other
_PAIR = 0.3  # ems: two strokes through characters are no farther from their middle
_PAIRED = 0.4  # share of the columns that show both of two strokes, at least
_GRAINS = 0.02  # share of a stroke with specks of ink below it
_LEVEL = 0.98  # share of a ruled line whose lower edge keeps to its row, or the next
_FILLED = 0.75  # share of a row that a level stroke fills
_BEYOND = 0.6  # ems beyond the ends of what was read where strokes are looked for
_ABOVE = 0.15  # ems above and below it
_HEM = 0.12  # of a line's height: a stroke so near to its edge goes through nothing
_SEALED = 0.3  # share of a stroke on a seal's ink: where more lies there, it is the seal's
_OVER = 0.25  # ems beyond a stroke's ends where the middle of a character that it strikes may stand
_PIECE = 0.45  # ems: least gap between two pieces of a line
_CLOSE = 0.25  # ems: a character that is nearer to a struck one belongs to the same piece
_LEFT_OUT = 2  # characters: strokes that are farther apart leave out what is between them
_MOST = 0.5  # share of a piece's characters: where more are struck, all are
# Characters that touch one another at their middles look struck, above all digits on coarse copies. The
# recogniser is sure of them then, and the stroke ends with them. A pen goes through a whole piece, or begins
# or ends with the line, or goes on:
_SURELY_LONG = 2.5  # ems: no row of touching Chinese characters is longer
_SHORT_OF = 0.7  # ems: how far short of the ends of a piece a pen may fall that goes through all of it
_WITHIN = 0.15  # ems: how far within the line a stroke may begin that begins with it


@dataclass(frozen=True)
class Stroke:
    """A stroke from `x0` to `x1`, at the mean height `y`, in pixels of the page. `above` and `below` are the
    shares of its length with ink above and below it; `between` is that with ink between the two strokes that
    it consists of, 0 where it is one."""

    x0: float
    x1: float
    y: float
    above: float
    below: float
    between: float = 0.0

    @property
    def crosses(self) -> bool:
        """Whether it goes through characters rather than along them."""
        least, most = sorted((self.above, self.below))
        return least > _CROSSED or (most > _CROSSED and self.between > _CROSSED_BETWEEN)


def mark_struck(page: FlatPage) -> tuple[FlatPage, tuple[Box, ...]]:
    """Mark the characters that a pen went through.

    Return the page with the marks, and the boxes, in points, of lines whose strokes met no character, or some
    that may only touch one another, or may be signs that tell where something is put in.
    """
    dark = page.lifted < PAPER
    if page.layers.red.any():
        dark |= loose_red(page.layers, page.rings)
    plain = [ring for ring in page.rings if not ring.red]
    sealed = lift.inked(page.shape, plain) if plain else None
    lines: list[ReadLine] = []
    lost: list[Box] = []
    for line in page.lines:
        seen = [
            stroke
            for stroke in strokes_through(line, dark, page)
            if (sealed is None or not _is_on(sealed, stroke)) and not _is_edge(stroke, line, page)
        ]
        # In a row of boxes for ticking a pen belongs there.
        found = [stroke for stroke in seen if has_boxes(line) or not _is_bridge(stroke, line, dark, page)]
        met = _struck(line, found, page.em)
        marks = _borne_out(line, met, found, page.em)
        lines.append(replace(line, struck=marks) if any(marks) else line)
        if len(found) < len(seen) or (found and (marks != met or not any(marks))):
            # A box that reaches over the edge of its cell would put another field in doubt.
            lost.append(page.in_points(page.in_cell(line.place)))
    return page.reading(lines), tuple(lost)


def strokes_through(line: ReadLine, ink: Mask, page: FlatPage) -> list[Stroke]:
    """Return the strokes through the characters of `line`. `ink` is a mask of the page's ink, height x
    width."""
    em = line.wide
    left, top, right, bottom = _around(line, em, page)
    part = ink[top:bottom, left:right]
    joined = all(glyph.text.isascii() for glyph in line.reading.glyphs)
    least = (_SHORTEST_JOINED if joined else _SHORTEST) * em
    found = []
    for first, last in _runs(np.asarray(part.any(axis=0)), least):
        own = np.ascontiguousarray(part[:, first:last]).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(own)
        for label in np.flatnonzero(stats[1:, 2] >= least) + 1:
            x, width = int(stats[label, 0]), int(stats[label, 2])
            stroke = _longest(
                (labels[:, x : x + width] == label).astype(np.uint8), own[:, x : x + width] > 0, em, least
            )
            if stroke and stroke.crosses:
                at = left + first + x
                stroke = replace(stroke, x0=at + stroke.x0, x1=at + stroke.x1, y=top + stroke.y)
                long = stroke.x1 - stroke.x0 > _SHORTEST_PART * em or int(stats[label, 3]) > _TALL * em
                found += (
                    [stroke]
                    if _is_inside(stroke, line) and (long or _is_all(line, em, stroke.x0, stroke.x1))
                    else []
                )
    return found


def _is_bridge(stroke: Stroke, line: ReadLine, ink: Mask, page: FlatPage) -> bool:
    """Tell whether what seems a short stroke is print that something else joins."""
    em = page.em or line.wide
    if stroke.x1 - stroke.x0 > _SHORT * em:
        return False
    top, bottom = (max(0, round(stroke.y + way * _BEYOND * em)) for way in (-1, 1))
    left, right = max(0, round(stroke.x0)), round(stroke.x1)
    part = ink[top:bottom, left:right].astype(np.uint8)
    high, wide = part.shape
    least = max(1, round(_STRAIGHT * wide))
    for tilt in _TILTS:
        room = int(abs(tilt) * wide) + 1
        level = np.array([[1, 0, 0], [-tilt, 1, room]], np.float32)
        sheared = cv2.warpAffine(part, level, (wide, high + 2 * room), flags=cv2.INTER_NEAREST)
        if any(next(_runs(row > 0, least), None) for row in sheared):
            return False
    return True


def _is_inside(stroke: Stroke, line: ReadLine) -> bool:
    """Tell whether a stroke is off the edges of a line. On an edge it may be the feet of another line."""
    _, y0, _, y1 = line.place.box
    return y0 + _HEM * (y1 - y0) < stroke.y < y1 - _HEM * (y1 - y0)


def _is_all(line: ReadLine, em: float, start: float, end: float) -> bool:
    """Tell whether the characters from `start` to `end` (pixels) are a whole piece of the line: no other
    stands close to them."""
    gap = _CLOSE * em
    beside = [
        (x0, x1) for x0, x1 in line.glyph_boxes() if not start - _OVER * em < (x0 + x1) / 2 < end + _OVER * em
    ]
    inside = [
        (x0, x1) for x0, x1 in line.glyph_boxes() if start - _OVER * em < (x0 + x1) / 2 < end + _OVER * em
    ]
    return all(x1 + gap < a or b + gap < x0 for x0, x1 in beside for a, b in inside)


def _around(line: ReadLine, em: float, page: FlatPage) -> tuple[int, int, int, int]:
    """Return the box in which strokes through a line are looked for, in pixels. It never holds the edges of
    its cell."""
    x0, y0, x1, y1 = line.place.box
    limits = page.inside(line.place)
    return (
        round(max(x0 - _BEYOND * em, limits[0], 0)),
        round(max(y0 - _ABOVE * em, limits[1], 0)),
        round(min(x1 + _BEYOND * em, limits[2])),
        round(min(y1 + _ABOVE * em, limits[3])),
    )


def _longest(blot: Gray, ink: Mask, em: float, least: float) -> Stroke | None:
    """Return the longest nearly straight way from left to right along `blot`, one connected component of
    `ink`. It is in pixels of `blot`, at least `least` long. Each slope is tried by shearing `blot`."""
    sway, length = max(1, round(_SWAY * em)), max(3, round(least))
    high, wide = blot.shape
    columns, rows = np.arange(wide), np.arange(high)[:, None]
    best: Stroke | None = None
    for slope in _SLOPES:
        room = int(abs(slope) * wide) + 1
        level = np.array([[1, 0, 0], [-slope, 1, room]], np.float32)
        sheared = cv2.warpAffine(blot, level, (wide, high + 2 * room), flags=cv2.INTER_NEAREST)
        swayed = cv2.dilate(sheared, np.ones((2 * sway + 1, 1), np.uint8))
        worn = cv2.erode(
            swayed, np.ones((1, length), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0,)
        )
        passed = worn.sum(axis=1)
        if not passed.any():
            continue
        # Rows just above and below the stroke pass as far as its own, which is in their middle.
        most = np.flatnonzero(passed == passed.max())
        row = int(most[len(most) // 2])
        start, end = max(_runs(swayed[row] > 0, length), key=lambda run: run[1] - run[0])
        if best and end - start <= best.x1 - best.x0:
            if start < best.x1 and end > best.x0:
                # An oblique or wavy stroke follows each slope for a while.
                best = replace(best, x0=min(best.x0, float(start)), x1=max(best.x1, float(end)))
            continue
        at = row - room + slope * columns[start:end]
        own = ink[:, start:end]
        between = _between(own, rows - at, em)
        band = own & (np.abs(rows - at) <= sway + 0.5)
        # Its own height in each column, since a wavy line under characters also has them on one side only.
        at = (band * rows).sum(axis=0) / np.maximum(band.sum(axis=0), 1)
        above, below = (
            (own & side).any(axis=0).mean() for side in (rows < at - _ASIDE * em, rows > at + _ASIDE * em)
        )
        if below < _GRAINS and _is_ruled(own, band, em):
            between = 0.0
        best = Stroke(float(start), float(end), float(at.mean()), float(above), float(below), between)
    return best


def _is_ruled(ink: Mask, band: Mask, em: float) -> bool:
    """Tell whether the lowest ink of a `band` is one printed line, as it stands under an answer on a form
    that draws its blanks: no hand keeps to two rows of pixels. What stands on it may look like a second
    stroke, but fills no row as one does."""
    held = band.any(axis=0)
    low = len(band) - 1 - band[::-1].argmax(axis=0)[held]
    level = int(np.median(low))
    thick = int(np.argmin(ink[level::-1].mean(axis=1) > _FILLED))
    above = ink[max(level - round(2 * _PAIR * em), 0) : max(level - thick, 0)].mean(axis=1)
    return bool((np.abs(low - level) <= 1).mean() > _LEVEL and not (above > _FILLED).any())


def _between(ink: Mask, off: NDArray[np.float64], em: float) -> float:
    """Return the share of columns whose `ink` goes on from one of two strokes to the other, 0 where there are
    not two. `off` is how far each pixel is below their middle.

    Where characters are struck by two strokes, all of their ink may lie between and above. Two lines under
    characters have nothing between them.
    """
    near = ink & (np.abs(off) <= _PAIR * em)
    pieces = near[0] + (near[1:] & ~near[:-1]).sum(axis=0)
    two = pieces == 2
    if two.mean() < _PAIRED:
        return 0.0
    low = len(near) - near[::-1].argmax(axis=0)
    apart = np.median((low - near.argmax(axis=0))[two])
    return float(((pieces == 1) & (near.sum(axis=0) >= apart)).mean())


def _is_edge(stroke: Stroke, line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a stroke through a line of no cell is the edge of a table, across which a pen wrote."""
    near = _SWAY * line.wide
    return line.place.cell is None and any(
        abs(edge - stroke.y) < near and cell.box[0] - near < stroke.x1 and stroke.x0 < cell.box[2] + near
        for grid in page.ruling.grids
        for cell in grid.cells
        for edge in (cell.box[1], cell.box[3])
    )


def _is_on(sealed: Mask, stroke: Stroke) -> bool:
    """Tell whether a stroke lies on the ink of a seal."""
    return bool(sealed[round(stroke.y), round(stroke.x0) : round(stroke.x1)].mean() > _SEALED)


def _struck(line: ReadLine, strokes: Sequence[Stroke], usual: float) -> tuple[bool, ...]:
    """Tell of each character whether it is struck. Its middle lies on a stroke, or so little beyond the end
    that only the hand fell short. A piece of the line that is mostly struck is struck as a whole. `usual` is
    the usual em of the page in pixels, 0 where it is not known."""
    em = line.wide
    on = [
        any(one.x0 - _OVER * em < (x0 + x1) / 2 < one.x1 + _OVER * em for one in strokes)
        for x0, x1 in line.glyph_boxes()
    ]
    for first, last in _pieces(line, usual):
        if sum(on[first:last]) > _MOST * (last - first):
            between = _between_strokes(on, first, last)
            on[first:last] = [n not in between for n in range(first, last)]
    return tuple(on)


def _pieces(line: ReadLine, usual: float) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a line that gaps part, each by its first character and the one after its last."""
    # What a pen wrote behind print is larger, so that the em of both is too wide, and the gap too narrow.
    less = max(0.0, line.wide - usual) if usual else 0.0
    gap = max(_PIECE * line.wide - less * (1 + _PIECE), _CLOSE * line.wide)
    ends = [
        n + 1 for n, ((_, end), (start, _)) in enumerate(pairwise(line.glyph_boxes())) if start - end > gap
    ]
    yield from pairwise([0, *ends, len(line.reading.glyphs)])


def _borne_out(
    line: ReadLine, met: Sequence[bool], strokes: Sequence[Stroke], usual: float
) -> tuple[bool, ...]:
    """Return `met`, the characters that strokes met, without those that may only touch one another. Among
    tick boxes a pen belongs, and which option it struck is weighed with the ticks."""
    on = list(met)
    if has_boxes(line):
        return tuple(on)
    for first, last in _pieces(line, usual):
        for start, end in _runs(np.array(on[first:last]), 1):
            run = range(first + start, first + end)
            if not _is_surely_struck(line, run, (first, last), strokes):
                on[run.start : run.stop] = [False] * len(run)
    return tuple(on)


def _is_surely_struck(line: ReadLine, run: range, piece: tuple[int, int], strokes: Sequence[Stroke]) -> bool:
    """Tell whether a pen went through the characters `run` of a `piece` of the line, rather than that they
    touch one another."""
    glyphs = line.reading.glyphs[run.start : run.stop]
    if any(glyph.confidence < rungs.UNDISPUTED for glyph in glyphs):
        return True
    em, boxes = line.wide, line.glyph_boxes()
    left, right = boxes[run.start][0], boxes[run.stop - 1][1]
    over, near = _OVER * em, _SHORT_OF * em
    own = [one for one in strokes if one.x1 + over > left and one.x0 - over < right]
    start, end = min(one.x0 for one in own), max(one.x1 for one in own)
    if start < boxes[piece[0]][0] + near and end > boxes[piece[1] - 1][1] - near:
        return True
    begins = run.start == 0 and start < left + _WITHIN * em
    if all(glyph.text.isascii() for glyph in glyphs):
        return begins
    ends = run.stop == len(boxes) and end > right - _WITHIN * em
    return begins or ends or max(one.x1 - one.x0 for one in own) > _SURELY_LONG * em


def _between_strokes(on: Sequence[bool], first: int, last: int) -> set[int]:
    """Return the characters from `first` up to `last` that two strokes leave out between them. Past a single
    one the pen only slipped, and so it did at either end."""
    struck = [n for n in range(first, last) if on[n]]
    return {n for a, b in pairwise(struck) if b - a > _LEFT_OUT for n in range(a + 1, b)}


def _runs(inked: Mask, least: float) -> Iterator[tuple[int, int]]:
    """Yield the stretches (start, end) of `inked` that are at least `least` long."""
    steps = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(np.int8), [0]])))
    for start, end in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True):
        if end - start >= least:
            yield start, end
