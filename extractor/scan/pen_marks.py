"""Finds places where a pen changed print although the characters that were read do not show it: written over,
put in between or above.

Each place leads only to a doubt: it is reported as ink that was not read. Sizes are in widths of a Chinese
character of the line.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.red_ink import loose_red
from extractor.scan.struck import em_of
from extractor.scan.written_over import Written, written_over
from extractor.text.tick_signs import BOX_LOOKALIKES, EMPTY_GLYPHS, MARK_GLYPHS, is_chinese
from models.geometry import Rect, contains, meet, middle
from models.page import Box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Half widths of a character, so much room beside one, and so much ink in so many of its columns: a character
# that was not read.
_HALF_WIDE, _HALF_NARROW, _ROOM, _COLUMNS, _INK = 0.5, 0.3, 0.75, 0.45, 0.07
_BLUE, _BLUE_DARK = 28, 200  # how much bluer than print the ink of a pen is, and how dark
# Of a line's height, or of that of its characters: as wide are they at least, when some are looked for
# between others.
_TIGHT, _TALL = 0.7, 1.5
_MIXED, _SHARE = 0.06, 0.15  # of a blot in two inks: ink of either, in squares and as a share
_ROUGH = 0.2  # ink so near to a character belongs to it
_LITTLE, _ONE_PLACE = 0.015, 0.7  # and red ink in one place, with its share of all that the line has
_RULE = 1.3  # ink that runs on so far, level or upright, is a line to write on
# Characters put in at most; how far above a line they stand, how far they reach beyond its ends, and what
# stands above them.
_INSERTED, _NEAR, _OUTSIDE, _ABOVE = 3, 0.75, 0.4, 1.3
# Small writing that was not read above and below a line: how far, and its least height, width and ink.
_REACH_ABOVE, _REACH_BELOW, _HIGH, _WIDE, _BLOT = 1.0, 0.6, 0.3, 0.18, 0.03
_OVER_EDGE = 0.8  # and how far above the edge of its cell
_SLACK = 0.3  # above and below the size of its characters a line's box is its own
# Characters of a line that tells its size; of its height, how far a line reaches over the edge of its cell,
# and how far behind the beginning of the line that it belongs to what is put in stands.
_LONG, _ON_EDGE, _INDENT = 5, 0.12, 0.7
_SMALL = 0.8  # of the usual size that a short line has at least
# What reaches so far over the edge of a cell belongs to a line beside it, if that is no farther than this,
# and so much of it is not among the line's characters.
_CROSSING, _FARTHEST, _ITSELF = 0.15, 1.0, 0.35
_RULED = 0.2  # how broad a gap a rule leaves
_INSET = 2.0  # points that the edge of a cell is kept off


def find_pen_marks(page: FlatPage) -> tuple[Box, ...]:
    """The places, in points. Cells with boxes for ticking are left out, since a pen belongs there."""
    return tuple(page.in_points(place) for place, _ in _places(page))


def _places(page: FlatPage) -> Iterator[tuple[Rect, str]]:
    ticked = {line.place.cell for line in page.lines if _has_boxes(line)}
    ink = page.clear < PAPER
    blue = (page.layers.pen > _BLUE) & (page.lifted < _BLUE_DARK)
    red = loose_red(page.layers, page.rings) if page.layers.red.any() else None
    yield from (
        (box, "red")
        for box in page.red
        if not any(contains(line.place.box, *middle(box)) for line in page.lines)
    )
    usual = _usual_em(page.lines)
    put_in = [line for line in page.lines if line.place.cell not in ticked and _is_put_in(line, page)]
    looked = [line for line in page.lines if line.place.cell is not None and line.place.cell not in ticked]
    sizes = [_em(line, usual) for line in looked]
    cores = [_core(line, em, ink) for line, em in zip(looked, sizes, strict=True)]
    many = Counter(line.place.cell for line in page.lines)
    over = written_over(
        [
            Written(line, em, (core[0] + core[1]) / 2, many[line.place.cell])
            for line, em, core in zip(looked, sizes, cores, strict=True)
        ],
        ink,
    )
    for line, em, core, is_over in zip(looked, sizes, cores, over, strict=True):
        cell = _inside(line, page)
        own_box = meet(line.place.box, cell)
        beside = [other for other in page.lines if other is not line and other.place.cell == line.place.cell]
        if _lacks(line, em, ink):
            yield own_box, "lacks"
        if is_over:
            yield own_box, "over"
        if _is_mixed(line, em, blue, page) or (red is not None and _is_reddened(line, em, red, page)):
            yield own_box, "mixed"
        if any(_is_put_above(line, other, beside) for other in beside):
            yield line.place.box, "above"
        own = [other for other in put_in if other is not line and _is_close(other, line, core, em)]
        if own:
            yield own_box, "put-in"
        yield from ((other.place.box, "put-in") for other in own)
        others = [other for other in page.lines if other is not line and other not in own]
        if _is_crossed(line, em, core, ink, page):
            yield own_box, "crossed"
        if _has_blots(line, em, core, ink, cell, others):
            # The blot itself may lie over the edge, in another field's row.
            yield own_box, "blot"


def _has_boxes(line: ReadLine) -> bool:
    """Whether a line has boxes for ticking: signs of such, or several of what is read for one. 田 or x alone
    is a character like others."""
    read = [glyph.text for glyph in line.reading.glyphs]
    return any(text in EMPTY_GLYPHS | MARK_GLYPHS for text in read) or (
        sum(text in BOX_LOOKALIKES for text in read) > 1
    )


def _usual_em(lines: Sequence[ReadLine]) -> float:
    """The size of most lines that are long enough to tell."""
    return float(np.median([em_of(line) for line in lines if len(line.reading.glyphs) >= _LONG] or [np.inf]))


def _em(line: ReadLine, usual: float) -> float:
    """The size of a line's characters: a short one's box may hold more than was read."""
    em, glyphs = em_of(line), line.reading.glyphs
    wide = line.place.box[2] - line.place.box[0]
    steps = [(b.at - a.at) * wide for a, b in pairwise(glyphs) if is_chinese(a.text) and is_chinese(b.text)]
    if not steps:
        return min(em, usual)
    # Among few, one that was not read makes the usual step too wide.
    return em if len(glyphs) >= _LONG else min(em, max(min(steps), _SMALL * usual))


def _core(line: ReadLine, em: float, ink: Mask) -> tuple[float, float]:
    """From where to where the characters of a line stand, as its box may hold what was put in above: the rows
    of their size with most ink."""
    x0, y0, x1, y1 = (max(0, round(side)) for side in line.place.box)
    high = round(em)
    if y1 - y0 <= high:
        return (y0 + y1 - em) / 2, (y0 + y1 + em) / 2
    rows = np.concatenate([[0], np.cumsum(ink[y0:y1, x0:x1].sum(axis=1))])
    amounts = rows[high:] - rows[:-high]
    best = np.flatnonzero(amounts >= amounts.max())
    top = y0 + float(best.mean())
    return top, top + em


def _is_put_in(line: ReadLine, page: FlatPage) -> bool:
    """Whether a line is short, and stands on the edge of a cell, or behind the beginning of another line of
    its cell."""
    if not 0 < len(line.reading.text.strip()) <= _INSERTED:
        return False
    if line.place.cell is None:
        return True
    x0, y0, _, y1 = line.place.box
    grid, cell = line.place.cell
    _, top, _, bottom = page.ruling.grids[grid].cells[cell].box
    edge = _ON_EDGE * (y1 - y0)
    if y0 < top - edge or y1 > bottom + edge:
        return True
    return any(
        len(other.reading.glyphs) > len(line.reading.glyphs)
        and x0 > other.place.box[0] + _INDENT * (y1 - y0)
        and abs(y0 + y1 - other.place.box[1] - other.place.box[3]) > y1 - y0
        for other in page.lines
        if other is not line and other.place.cell == line.place.cell
    )


def _is_close(put_in: ReadLine, line: ReadLine, core: tuple[float, float], em: float) -> bool:
    """Whether what was put in stands close above or below a line of another cell, or of none."""
    x0, y0, x1, y1 = put_in.place.box
    left, _, right, _ = line.place.box
    if put_in.place.cell == line.place.cell or not left - _OUTSIDE * em < x0 < x1 < right + _OUTSIDE * em:
        return False
    return max(core[0] - y1, y0 - core[1]) < _NEAR * em


def _inside(line: ReadLine, page: FlatPage) -> Rect:
    """The cell of a line without its edges."""
    assert line.place.cell is not None, "only lines in cells are looked at"
    grid, cell = line.place.cell
    left, top, right, bottom = page.ruling.grids[grid].cells[cell].box
    inset = _INSET * page.scale
    return left + inset, top + inset, right - inset, bottom - inset


def _lacks(line: ReadLine, em: float, ink: Mask) -> bool:
    """Whether beside one of its characters ink stands that is none of them, as much as a character has."""
    x0, y0, x1, y1 = line.place.box
    # Where characters of a short line stand is told roughly.
    em = max(em, _TIGHT * min(y1 - y0, _TALL * em))
    taken = [
        ((start + end) / 2, em * (_HALF_WIDE if is_chinese(glyph.text) else _HALF_NARROW))
        for glyph, (start, end) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True)
    ]
    for (left, before), (right, behind) in pairwise([(x0, 0.0), *taken, (x1, 0.0)]):
        start, end = left + before, right - behind
        if end - start > _ROOM * em:
            part = ink[max(0, round(y0)) : round(y1), max(0, round(start)) : round(end)]
            if part.any(axis=0).sum() > _COLUMNS * em and part.sum() > _INK * em * em:
                return True
    return False


def _part(line: ReadLine) -> tuple[slice, slice]:
    x0, y0, x1, y1 = (max(0, round(v)) for v in line.place.box)
    return slice(y0, y1), slice(x0, x1)


def _printed(part: tuple[slice, slice], em: float, page: FlatPage) -> Gray:
    """1 where a part of the page has ink that is not red, lines to write on aside."""
    dark = ((page.lifted[part] < PAPER) & (page.ruling.lines[part] == 0)).astype(np.uint8)
    for kernel in (np.ones((1, round(_RULE * em)), np.uint8), np.ones((round(_RULE * em), 1), np.uint8)):
        dark &= ~cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel)
    return np.asarray(dark, np.uint8)


def _is_reddened(line: ReadLine, em: float, red: Mask, page: FlatPage) -> bool:
    """Whether red ink lies on print, or stands in one line with it."""
    part = _part(line)
    columns = red[part].sum(axis=0)
    if columns.sum() < _MIXED * em * em:
        # Over print little of it is seen; what is left stands in one place, and a copy's fringes everywhere.
        most = np.convolve(columns, np.ones(max(1, round(em)))).max() if columns.any() else 0.0
        if most < max(_LITTLE * em * em, _ONE_PLACE * columns.sum()):
            return False
    return bool(np.count_nonzero(_printed(part, em, page)) > _MIXED * em * em)


def _is_mixed(line: ReadLine, em: float, blue: Mask, page: FlatPage) -> bool:
    """Whether blue ink hangs together with print, or stands between characters that are not blue."""
    part = _part(line)
    own = blue[part]
    if np.count_nonzero(own) < _MIXED * em * em:
        return False
    dark = _printed(part, em, page)
    # Blue ink is dark itself, and greyer at its edges.
    near = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(dark | own.astype(np.uint8))
    pen = np.bincount(labels[own], minlength=count)[1:]
    print_ = np.bincount(labels[(dark > 0) & (near == 0)], minlength=count)[1:]
    less = np.minimum(pen, print_)
    if ((less > _MIXED * em * em) & (less > _SHARE * (pen + print_))).any():
        return True
    return _strays(line, em, own, (dark > 0) & (near == 0))


def _strays(line: ReadLine, em: float, blue: Mask, print_: Mask) -> bool:
    """Whether blue ink belongs to no character that is mostly blue, beside such as are not."""
    x0 = max(0, round(line.place.box[0]))
    left = blue.sum(axis=0)
    others = 0
    for start, end in line.glyph_boxes():
        columns = slice(max(0, round(start) - x0), max(0, round(end) - x0))
        if blue[:, columns].sum() > print_[:, columns].sum():
            # Where characters stand is told roughly.
            left[max(0, columns.start - round(_ROUGH * em)) : columns.stop + round(_ROUGH * em)] = 0
        else:
            others += 1
    return bool(others and left.sum() > _MIXED * em * em)


def _is_put_above(line: ReadLine, other: ReadLine, beside: Sequence[ReadLine]) -> bool:
    """Whether `line` is a few characters close above the longer `other`, and nothing above them of which they
    are the end."""
    if not 0 < len(line.reading.text.strip()) <= _INSERTED:
        return False
    (x0, y0, x1, y1), (left, top, right, _), em = line.place.box, other.place.box, em_of(other)
    close = y0 < top and top - y1 < _NEAR * em and left - _OUTSIDE * em < x0 and x1 < right + _OUTSIDE * em
    return (
        close
        and right - left > x1 - x0
        and not any(0 < y1 - one.place.box[3] < _ABOVE * (y1 - y0) for one in beside)
    )


def _is_crossed(line: ReadLine, em: float, core: tuple[float, float], ink: Mask, page: FlatPage) -> bool:
    """Whether ink that reaches over the upper or the lower edge of the line's cell is nearer to it than to
    what stands beyond."""
    assert line.place.cell is not None, "only lines in cells are looked at"
    grid, cell = line.place.cell
    _, top, _, bottom = page.ruling.grids[grid].cells[cell].box
    x0, x1 = line.place.box[0] - _OUTSIDE * em, line.place.box[2] + _OUTSIDE * em
    beyond = [
        one
        for one in page.lines
        if one.place.cell != line.place.cell
        and one.place.box[0] < x1
        and one.place.box[2] > x0
        and len(one.reading.glyphs) > _INSERTED
    ]
    own = [_core(one, em, ink) for one in page.lines if one.place.cell == line.place.cell]
    for edge, gap, way in ((top, core[0] - top, -1), (bottom, bottom - core[1], 1)):
        if not -_NEAR * em < gap < _FARTHEST * em:
            continue
        for upper, lower in _across(ink, (x0, edge, x1, edge), em):
            if any(min(lower, end) - max(upper, start) > _ITSELF * (lower - upper) for start, end in own):
                continue
            mine = core[0] - lower if way < 0 else upper - core[1]
            theirs = [
                upper - _core(one, em, ink)[1] if way < 0 else _core(one, em, ink)[0] - lower
                for one in beyond
                if (one.place.box[1] + one.place.box[3] < 2 * edge) == (way < 0)
            ]
            if mine < min((gap for gap in theirs if gap > -em), default=_FARTHEST * em):
                return True
    return False


def _across(ink: Mask, edge: Rect, em: float) -> Iterator[tuple[float, float]]:
    """From where to where pieces of ink stand that reach over an edge, well to either side."""
    x0, y, x1, _ = edge
    first, left = max(0, round(y - em)), max(0, round(x0))
    part = ink[first : round(y + em), left : max(0, round(x1))].astype(np.uint8)
    if part.size == 0:
        return
    rule = np.ones((max(3, round(_RULED * em)) | 1, 3), np.uint8)
    part = np.asarray(cv2.morphologyEx(part, cv2.MORPH_CLOSE, rule), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(part)
    for top, width, high, amount in stats[1:, 1:5].tolist():
        start, end = first + top, first + top + high
        if (
            start < y - _CROSSING * em
            and end > y + _CROSSING * em
            and width > _WIDE * em
            and amount > _BLOT * em * em
        ):
            yield start, end


def _has_blots(
    line: ReadLine,
    em: float,
    core: tuple[float, float],
    ink: Mask,
    cell: Rect,
    others: Sequence[ReadLine],
) -> bool:
    """Whether above or below a line ink stands that is as large as a small character, and in the box of no
    other."""
    x0, y0, x1, y1 = line.place.box
    y0, y1 = max(y0, core[0] - _SLACK * em), min(y1, core[1] + _SLACK * em)
    for top, bottom in ((y0 - _REACH_ABOVE * em, y0), (y1, y1 + _REACH_BELOW * em)):
        # What is put in above reaches over the edge of a low cell.
        own = (cell[0], cell[1] - _OVER_EDGE * em, cell[2], cell[3])
        left, top, right, bottom = (max(0, round(side)) for side in meet((x0, top, x1, bottom), own))
        if bottom - top < _HIGH * em or right - left < _WIDE * em:
            continue
        part = ink[top:bottom, left:right].astype(np.uint8)
        for other in others:
            a, b, c, d = (round(side) for side in meet(other.place.box, (left, top, right, bottom)))
            if c > a and d > b:
                part[b - top : d - top, a - left : c - left] = 0
        if part.sum() < _BLOT * em * em:
            continue
        # A rule that was taken off leaves a gap in what crosses it.
        rule = np.ones((max(3, round(_RULED * em)) | 1, 3), np.uint8)
        part = np.asarray(cv2.morphologyEx(part, cv2.MORPH_CLOSE, rule), np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(part)
        for width, height, amount in stats[1:, 2:5].tolist():
            if height > _HIGH * em and width > _WIDE * em and amount > _BLOT * em * em:
                return True
    return False
