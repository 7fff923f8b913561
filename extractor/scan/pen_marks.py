"""Finds places where a pen changed print and the characters that were read do not show it. The pen wrote over
characters, or put some in between or above them.

Each place leads only to a doubt: it is reported as ink that was not read. Sizes are in ems: an em is the
width of a Chinese character of the line.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lost_characters import has_lost_character
from extractor.scan.lost_digits import has_lost_digit
from extractor.scan.red_ink import loose_red
from extractor.scan.written_over import Written, written_over
from extractor.text.tick_signs import BOX_LOOKALIKES, EMPTY_GLYPHS, MARK_GLYPHS, is_chinese
from models.geometry import Rect, contains, meet, middle, overlap
from models.page import Box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# A gap in a line may hold a character that was not read:
_HALF_WIDE = 0.5  # ems: half the width of a Chinese character
_HALF_NARROW = 0.3  # ems: half the width of any other character
_ROOM = 0.75  # ems: least width of such a gap
_ROOM_BETWEEN = 0.57  # ems: the same between two Chinese characters, whose width is known
_COLUMNS = 0.45  # ems: least width of its columns with ink, taken together
_INK = 0.07  # square ems: least ink in it
_TIGHT = 0.7  # share of a line's height: least width of a character when gaps are looked for
_TALL = 1.5  # ems: a line's height counts for no more there
# Ink of a pen in a line of print:
_MIXED = 0.06  # square ems: least ink of each kind where two inks are mixed
_SHARE = 0.15  # share of a connected component: least part in the rarer of its two inks
_ROUGH = 0.2  # ems: ink so near to a character belongs to it
_LITTLE = 0.015  # square ems: least red ink within one em, where a line has little of it
_ONE_PLACE = 0.7  # share of the line's red ink that must stand within that em
_RULE = 1.3  # ems: ink that runs on so far, level or upright, is a line to write on
# Characters that were put in, and read:
_INSERTED = 3  # characters at most
_NEAR = 0.75  # ems: farthest above or below the line they belong to
_OUTSIDE = 0.4  # ems: how far they may reach beyond its ends
_ABOVE = 1.3  # of their own height: a line that ends so little above their foot may be one that they end
_ON_EDGE = 0.12  # of their own height: they reach farther over the edge of their cell
_LEVEL = 0.2  # of their own height: less off the middle of a line of the next cell, they stand level with it
_STEP = 1.3  # of their own height: the last line of a text stands at most so far below the one before
_FULL = 1.5  # of their own height: a line that ends nearer to the edge of its cell is full
_INDENT = 0.7  # of their own height: they begin farther right than the other line of their cell
# Small writing above or below a line that was not read:
_REACH_ABOVE = 1.0  # ems: how far above the line it is looked for
_REACH_BELOW = 0.6  # ems: how far below
_HIGH = 0.3  # ems: its least height
_WIDE = 0.18  # ems: its least width
_BLOT = 0.03  # square ems: its least ink
_OVER_EDGE = 0.8  # ems: how far above the upper edge of its cell it may stand
_SLACK = 0.3  # ems: a line's box counts as its own so far above and below its characters
_WHOLE = 1.25  # ems: least height of the box of a line that holds its characters whole
_LONG = 5  # characters: a line with as many tells the size of its characters
_SMALL = 0.8  # share of the usual em of the page: least em of a short line
# Ink that reaches over the edge of a cell:
_CROSSING = 0.15  # ems that it reaches to either side of the edge
_FARTHEST = 1.0  # ems: farthest from the line that it belongs to
_ITSELF = 0.35  # share of its height: where more lies among a line's characters, it is part of them
_RULED = 0.2  # ems: height of the gap that a rule leaves in ink when it is taken off


def find_pen_marks(page: FlatPage) -> tuple[Box, ...]:
    """Return the bounding boxes of such places, in points of the page.

    Cells with tick boxes are left out, since a pen belongs there.
    """
    return tuple(page.in_points(place) for place, _ in _places(page))


def _places(page: FlatPage) -> Iterator[tuple[Rect, str]]:
    """Yield each place as a box in pixels, with the name of the check that found it."""
    ticked = {line.place.cell for line in page.lines if has_boxes(line)}
    ink = page.clear < PAPER
    blue = page.blue
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
    cores = [core_rows(line, em, ink) for line, em in zip(looked, sizes, strict=True)]
    many = Counter(line.place.cell for line in page.lines)
    characters = Counter(line.place.cell for line in page.lines for _ in line.reading.glyphs)
    over = written_over(
        [
            Written(line, em, (core[0] + core[1]) / 2, many[line.place.cell], characters[line.place.cell])
            for line, em, core in zip(looked, sizes, cores, strict=True)
        ],
        ink,
        page.clear,
    )
    for line, em, core, is_over in zip(looked, sizes, cores, over, strict=True):
        cell = page.inside(line.place)
        own_box = meet(line.place.box, cell)
        beside = [other for other in page.lines if other is not line and other.place.cell == line.place.cell]
        rows = ink[max(0, round(core[0])) : max(0, round(core[1]))]
        if _lacks(line, em, ink) or has_lost_digit(line, em, rows) or has_lost_character(line, ink, usual):
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


def has_boxes(line: ReadLine) -> bool:
    """Tell whether a line has tick boxes: a sign for one, or several characters that a box is often read as.
    A single 田 or x is a character like others."""
    read = [glyph.text for glyph in line.reading.glyphs]
    return any(text in EMPTY_GLYPHS | MARK_GLYPHS for text in read) or (
        sum(text in BOX_LOOKALIKES for text in read) > 1
    )


def _usual_em(lines: Sequence[ReadLine]) -> float:
    """Return the median em of the long lines in pixels; infinity where there is none."""
    return float(np.median([line.wide for line in lines if len(line.reading.glyphs) >= _LONG] or [np.inf]))


def _em(line: ReadLine, usual: float) -> float:
    """Return the em of a line in pixels. The box of a short line may hold more than was read, so that its em
    is held to `usual`."""
    em, glyphs = line.wide, line.reading.glyphs
    wide = line.place.box[2] - line.place.box[0]
    steps = [(b.at - a.at) * wide for a, b in pairwise(glyphs) if is_chinese(a.text) and is_chinese(b.text)]
    if not steps:
        return min(em, usual)
    # Among few, one that was not read makes the usual step too wide.
    return em if len(glyphs) >= _LONG else min(em, max(min(steps), _SMALL * usual))


def core_rows(line: ReadLine, em: float, ink: Mask) -> tuple[float, float]:
    """Return the top and the bottom of a line's characters in pixels: the rows, one em high, with most ink.
    The box itself may also hold what was put in above."""
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
    """Tell whether a line looks put in. It is short, and stands outside all cells, on the edge of one, or
    behind the beginning of a longer line of its cell."""
    if not 0 < len(line.reading.text.strip()) <= _INSERTED:
        return False
    if line.place.cell is None:
        return True
    x0, y0, _, y1 = line.place.box
    grid, cell = line.place.cell
    _, top, _, bottom = page.ruling.grids[grid].cells[cell].box
    edge = _ON_EDGE * (y1 - y0)
    if y0 < top - edge or y1 > bottom + edge:
        return not (is_in_row(line, page) or _ends_text(line, page))
    return any(
        len(other.reading.glyphs) > len(line.reading.glyphs)
        and x0 > other.place.box[0] + _INDENT * (y1 - y0)
        and abs(y0 + y1 - other.place.box[1] - other.place.box[3]) > y1 - y0
        for other in page.lines
        if other is not line and other.place.cell == line.place.cell
    )


def is_in_row(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line stands level with one of another cell in its row, as print does that touches the
    edge of the row, and nothing does that was put in above or below a line."""
    assert line.place.cell is not None, "only lines in cells have a row"
    _, y0, _, y1 = line.place.box
    grid, cell = line.place.cell
    cells = page.ruling.grids[grid].cells
    return any(
        other.place.cell[0] == grid
        and other.place.cell[1] != cell
        and cells[other.place.cell[1]].row == cells[cell].row
        and abs(other.place.box[1] + other.place.box[3] - y0 - y1) < 2 * _LEVEL * (y1 - y0)
        for other in page.lines
        if other.place.cell is not None
    )


def _ends_text(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line in a cell is the end of a text: it begins where the line right above it begins,
    which leaves no room for another character before the edge of the cell."""
    x0, y0, _, y1 = line.place.box
    high = y1 - y0
    _, _, right, _ = page.inside(line.place)
    return any(
        other.place.cell == line.place.cell
        and abs(other.place.box[0] - x0) < _LEVEL * high
        and 0 < y0 + y1 - other.place.box[1] - other.place.box[3] < 2 * _STEP * high
        and other.place.box[2] > right - _FULL * high
        for other in page.lines
    )


def _is_close(put_in: ReadLine, line: ReadLine, core: tuple[float, float], em: float) -> bool:
    """Tell whether `put_in` stands close above or below `line`, and not in the same cell."""
    x0, y0, x1, y1 = put_in.place.box
    left, _, right, _ = line.place.box
    if put_in.place.cell == line.place.cell or not left - _OUTSIDE * em < x0 < x1 < right + _OUTSIDE * em:
        return False
    return max(core[0] - y1, y0 - core[1]) < _NEAR * em


def _lacks(line: ReadLine, em: float, ink: Mask) -> bool:
    """Tell whether a gap in the line holds as much ink as a character has."""
    x0, y0, x1, y1 = line.place.box
    # The recogniser tells only roughly where the characters of a short line stand.
    em = max(em, _TIGHT * min(y1 - y0, _TALL * em))
    wide, narrow = _HALF_WIDE * em, _HALF_NARROW * em
    taken = [
        ((start + end) / 2, wide if is_chinese(glyph.text) else narrow)
        for glyph, (start, end) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True)
    ]
    for (left, before), (right, behind) in pairwise([(x0, 0.0), *taken, (x1, 0.0)]):
        start, end = left + before, right - behind
        if end - start > (_ROOM_BETWEEN if before == behind == wide else _ROOM) * em:
            part = ink[max(0, round(y0)) : round(y1), max(0, round(start)) : round(end)]
            if part.any(axis=0).sum() > _COLUMNS * em and part.sum() > _INK * em * em:
                return True
    return False


def _part(line: ReadLine) -> tuple[slice, slice]:
    """Return the rows and columns of a line's box."""
    x0, y0, x1, y1 = (max(0, round(v)) for v in line.place.box)
    return slice(y0, y1), slice(x0, x1)


def _printed(part: tuple[slice, slice], em: float, page: FlatPage) -> Gray:
    """Return a mask, 1 where a part of the page has ink that is neither red nor a line to write on."""
    dark = ((page.lifted[part] < PAPER) & (page.ruling.lines[part] == 0)).astype(np.uint8)
    for kernel in (np.ones((1, round(_RULE * em)), np.uint8), np.ones((round(_RULE * em), 1), np.uint8)):
        dark &= ~cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel)
    return np.asarray(dark, np.uint8)


def _is_reddened(line: ReadLine, em: float, red: Mask, page: FlatPage) -> bool:
    """Tell whether red ink lies on print, or stands in one line with it."""
    part = _part(line)
    columns = red[part].sum(axis=0)
    if columns.sum() < _MIXED * em * em:
        # Little of a pen's red is seen over print, but it stands in one place. Colour fringes of a copy are
        # everywhere.
        most = np.convolve(columns, np.ones(max(1, round(em)))).max() if columns.any() else 0.0
        if most < max(_LITTLE * em * em, _ONE_PLACE * columns.sum()):
            return False
    return bool(np.count_nonzero(_printed(part, em, page)) > _MIXED * em * em)


def _is_mixed(line: ReadLine, em: float, blue: Mask, page: FlatPage) -> bool:
    """Tell whether blue ink touches print, or stands between characters that are not blue."""
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
    """Tell whether a line has blue ink outside its blue characters, and also has characters that are not
    blue."""
    x0 = max(0, round(line.place.box[0]))
    left = blue.sum(axis=0)
    others = 0
    for start, end in line.glyph_boxes():
        columns = slice(max(0, round(start) - x0), max(0, round(end) - x0))
        if blue[:, columns].sum() > print_[:, columns].sum():
            # The recogniser tells only roughly where characters stand.
            left[max(0, columns.start - round(_ROUGH * em)) : columns.stop + round(_ROUGH * em)] = 0
        else:
            others += 1
    return bool(others and left.sum() > _MIXED * em * em)


def _is_put_above(line: ReadLine, other: ReadLine, beside: Sequence[ReadLine]) -> bool:
    """Tell whether `line` is a few characters close above the longer `other`, and not the end of a text
    above them. `beside` are the other lines of the cell."""
    if not 0 < len(line.reading.text.strip()) <= _INSERTED:
        return False
    (x0, y0, x1, y1), (left, top, right, _), em = line.place.box, other.place.box, other.wide
    close = y0 < top and top - y1 < _NEAR * em and left - _OUTSIDE * em < x0 and x1 < right + _OUTSIDE * em
    return (
        close
        and right - left > x1 - x0
        and not any(0 < y1 - one.place.box[3] < _ABOVE * (y1 - y0) for one in beside)
    )


def _is_crossed(line: ReadLine, em: float, core: tuple[float, float], ink: Mask, page: FlatPage) -> bool:
    """Tell whether ink that reaches over the upper or lower edge of the line's cell is nearer to this line
    than to those beyond the edge."""
    assert line.place.cell is not None, "only lines in cells are looked at"
    grid, cell = line.place.cell
    _, top, _, bottom = page.ruling.grids[grid].cells[cell].box
    x0, x1 = line.place.box[0] - _OUTSIDE * em, line.place.box[2] + _OUTSIDE * em
    for edge, gap, way in ((top, core[0] - top, -1), (bottom, bottom - core[1], 1)):
        if not -_NEAR * em < gap < _FARTHEST * em:
            continue
        for upper, lower in _across(ink, (x0, edge, x1, edge), em):
            own = [core_rows(one, em, ink) for one in page.lines if one.place.cell == line.place.cell]
            if any(min(lower, end) - max(upper, start) > _ITSELF * (lower - upper) for start, end in own):
                continue
            mine = core[0] - lower if way < 0 else upper - core[1]
            theirs = [
                upper - core_rows(one, em, ink)[1] if way < 0 else core_rows(one, em, ink)[0] - lower
                for one in page.lines
                if one.place.cell != line.place.cell
                and one.place.box[0] < x1
                and one.place.box[2] > x0
                and len(one.reading.glyphs) > _INSERTED
                and (one.place.box[1] + one.place.box[3] < 2 * edge) == (way < 0)
            ]
            if mine < min((gap for gap in theirs if gap > -em), default=_FARTHEST * em):
                return True
    return False


def _across(ink: Mask, edge: Rect, em: float) -> Iterator[tuple[float, float]]:
    """Yield the top and the bottom, in pixels, of each piece of ink that reaches well to either side of an
    edge."""
    x0, y, x1, _ = edge
    first, left = max(0, round(y - em)), max(0, round(x0))
    part = ink[first : round(y + em), left : max(0, round(x1))].astype(np.uint8)
    if part.size == 0:
        return
    rule = np.ones((max(3, round(_RULED * em)) | 1, 3), np.uint8)
    # Closing joins no ink over as many bare rows, and most edges have them.
    inked = np.flatnonzero(part.any(axis=1)) + first
    above, below = inked < y - _CROSSING * em, inked + 1 > y + _CROSSING * em
    if not above.any() or not below.any():
        return
    if np.diff(inked[np.count_nonzero(above) - 1 : below.argmax() + 1]).max(initial=0) > len(rule):
        return
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


def _whole(line: ReadLine, em: float) -> Rect:
    """Return the box of a line, in pixels, with the feet of its characters where it is drawn tight."""
    x0, y0, x1, y1 = line.place.box
    more = max(0.0, _WHOLE * em - (y1 - y0)) / 2
    return x0, y0 - more, x1, y1 + more


def _has_blots(
    line: ReadLine,
    em: float,
    core: tuple[float, float],
    ink: Mask,
    cell: Rect,
    others: Sequence[ReadLine],
) -> bool:
    """Tell whether ink as large as a small character stands above or below a line, outside the boxes of
    `others`."""
    x0, y0, x1, y1 = line.place.box
    y0, y1 = max(y0, core[0] - _SLACK * em), min(y1, core[1] + _SLACK * em)
    for top, bottom in ((y0 - _REACH_ABOVE * em, y0), (y1, y1 + _REACH_BELOW * em)):
        # What is put in above reaches over the edge of a low cell.
        own = (cell[0], cell[1] - _OVER_EDGE * em, cell[2], cell[3])
        left, top, right, bottom = (max(0, round(side)) for side in meet((x0, top, x1, bottom), own))
        if bottom - top < _HIGH * em or right - left < _WIDE * em:
            continue
        part = ink[top:bottom, left:right].astype(np.uint8)
        if np.count_nonzero(part) < _BLOT * em * em:
            continue
        for other in others:
            whole = _whole(other, em)
            if not overlap(whole, (left, top, right, bottom)):
                continue
            a, b, c, d = map(round, meet(whole, (left, top, right, bottom)))
            if c > a and d > b:
                part[b - top : d - top, a - left : c - left] = 0
        if np.count_nonzero(part) < _BLOT * em * em:
            continue
        # A rule that was taken off left a gap in the ink that crossed it.
        rule = np.ones((max(3, round(_RULED * em)) | 1, 3), np.uint8)
        part = np.asarray(cv2.morphologyEx(part, cv2.MORPH_CLOSE, rule), np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(part)
        for width, height, amount in stats[1:, 2:5].tolist():
            if height > _HIGH * em and width > _WIDE * em and amount > _BLOT * em * em:
                return True
    return False
