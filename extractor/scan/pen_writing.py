"""Reads by itself what a pen wrote above or behind a struck line, or put in above or below one: without the
print under it, the stroke and the rows around.

A detector looks for lines of print. It takes small writing close to a line for a part of that, or sees
nothing of it, and a rule cuts what was written across it. The recogniser then reads two lines as one, or a
part of one. Only places are looked at where a line is struck, or where ink stands that no line holds, and a
person looks at each of them. Sizes are in ems: an em is the width of a Chinese character of the line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine
from extractor.scan.pen_marks import core_rows, has_boxes, is_in_row
from extractor.scan.put_in import is_of_a_kind, is_on_edge, is_struck_out, spliced_in
from extractor.scan.readings import Reading
from extractor.text.tick_signs import is_chinese
from models.geometry import Rect, area, contains, meet, middle, overlap
from models.page import Box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_TELLING = 5  # Chinese characters: with fewer, a line does not tell its em well
_WIDEST = 1.3  # times the usual em of the page: greatest em
_NEW = 1.35  # ems above a struck line's characters where its new value is looked for
_PUT_IN = 1.2  # ems above and below a line's characters where what was put in is looked for
_TOUCHING = 0.04  # ems: it ends so far from these characters
_AROUND = 0.5  # ems beyond it that are looked at, to tell what reaches into it
_LEFT, _RIGHT = 4.0, 12.0  # ems that a new value may reach beyond either end of the struck one
_NEAR = (0.1, 1.15)  # ems: the middle of a piece of it is so far above the struck characters
_HIGHEST = 1.7  # ems: greatest height of such a piece
_FAINTEST = 190  # grey level: darker pixels are ink of a pen
_GRAIN = 0.004  # square ems: less ink is dust
_FLAT = (0.1, 0.6)  # ems: what is lower and wider is what a rule left
_OWN = 0.5  # share of a connected component: with as much of it in the place it belongs there
_CUT = 0.02  # square ems: of what reaches into the place at least so much is looked at
_SIGN = 0.28  # ems: what reaches into the place less than so high is a sign that tells where to put in
_APART = 1.0  # ems: gap between two pieces of writing
_LEAST = 0.02  # square ems: least ink of writing
_LOW = 0.28  # ems: its least height
_TALLEST = 1.5  # ems: greatest height of what was put in
_WHOLE = 2  # characters at least of a line into which something is put, and of a value behind a struck one
_SHORT = 3  # lines: a cell with more holds prose, whose lines stand too close to tell what was put in
_INSERTED = 3  # characters at most that are put in
_INSERTED_WIDE = 4.0  # ems: greatest width of these
_ROOM = 0.15  # ems of paper around what is read
_LEGIBLE = 0.5  # least confidence of a new value
_CLEAR = 0.9  # least confidence of what is put between characters: less are rests of print and of seals
_STROKES = frozenset("1lI")  # so is one of these alone
_FARTHEST = 0.95  # ems from the characters of the line: what was put in is nearer
_SURE = 0.95  # confidence: what was read so is not read again
_COLOURED = 0.3  # share of writing in blue ink: that ink is shown alone, too
_OF_KIND = 0.3  # by how much more confident a reading counts that is of the kind of the struck value
_SLACK = 0.1  # ems of paper above and below the characters of a line
_SAME = 0.3  # share of the smaller of two boxes that they have in common where they hold the same writing
_UNUSUAL = 0.3  # ems by which what was put in below a line, or outside its cell, counts as farther off
_BESIDE = 0.45  # ems above and below a line's characters where a new value behind the struck one reaches


@dataclass(frozen=True)
class _Writing:
    """What a pen wrote, its box in pixels, and pictures of it. `host`: the number of the line that it belongs
    to, and `pieces` those of the lines that hold parts of it. `off`: how unlikely it belongs to that line, in
    ems."""

    host: int
    box: Rect
    pictures: tuple[Gray, ...]
    pieces: tuple[int, ...] = ()
    off: float = 0.0


def read_pen_writing(page: FlatPage, engine: OcrEngine) -> tuple[FlatPage, tuple[Box, ...]]:
    """Return the page with what a pen wrote in its place, and the boxes in points of the lines around it.
    Raises OcrUnavailable."""
    ink = np.asarray(page.clear < PAPER, np.bool_)
    ticked = {line.place.cell for line in page.lines if has_boxes(line)}
    new: list[_Writing] = []
    behind: list[_Writing] = []
    put_in: list[_Writing] = []
    for number, line in enumerate(page.lines):
        if line.place.cell is None or line.place.cell in ticked or not line.reading.text.strip():
            continue
        if not any(line.struck):
            put_in += _put_in(number, ink, page)
        elif sum(line.struck[-_WHOLE:]) == 0:
            behind += _behind(number, ink, page)
        elif is_struck_out(line):
            new += _new_value(number, ink, page)
    everything = [*new, *behind, *put_in]
    if not everything:
        return page, ()
    pictures = [picture for one in everything for picture in one.pictures]
    readings = iter(engine.recognise([crop(picture, (0, 0, *picture.shape[::-1])) for picture in pictures]))
    told = iter([(one, [next(readings) for _ in one.pictures]) for one in everything])
    new_read, behind_read, put_in_read = (list(islice(told, len(ones))) for ones in (new, behind, put_in))
    lines: list[ReadLine | None] = list(page.lines)
    boxes: list[Rect] = []
    for one, read in behind_read:
        boxes += _replace_behind(one, read, lines, page)
    for one, read in new_read:
        boxes += _set_new(one, read, lines, page)
    taken = [one.box for one in new]
    # Between two rows it may belong to either.
    for one, read in sorted(put_in_read, key=lambda pair: pair[0].off):
        if not any(_is_same(one.box, box) for box in taken):
            done = _insert(one, read, lines, page)
            taken += [one.box] * bool(done)
            boxes += done
    return page.reading(line for line in lines if line is not None), tuple(map(page.in_points, boxes))


def _is_same(one: Rect, other: Rect) -> bool:
    """Tell whether two boxes hold the same writing."""
    return area(meet(one, other)) > _SAME * min(area(one), area(other))


def _em(line: ReadLine, page: FlatPage) -> float:
    """Return the em of a line in pixels. The height of a line, or a few of its characters,
    tell it badly where a pen wrote above it."""
    wide = sum(not glyph.text.isascii() for glyph in line.reading.glyphs)
    return page.em if page.em and (wide < _TELLING or line.wide > _WIDEST * page.em) else line.wide


def _set_new(
    one: _Writing, readings: Sequence[Reading], lines: list[ReadLine | None], page: FlatPage
) -> list[Rect]:
    """Put a new value into the cell of the struck one, in place of the lines that hold pieces of it. Return
    where all of them stood in their cells."""
    host = lines[one.host]
    own = [lines[number] for number in one.pieces]
    if host is None or any(line is None for line in own):
        return []
    single = own[0] if len(own) == 1 else None
    best = max(readings, key=lambda reading: _worth(reading, page.lines[one.host]))
    if single is not None and _worth(best, host) <= _worth(single.reading, host):
        best, box = single.reading, single.place.box
    elif best.confidence < _LEGIBLE or not best.text.strip() or _is_scribble(best, host):
        return []
    else:
        box = one.box
    em = _em(host, page)
    x0, y0, x1, y1 = host.place.box
    # The box of the struck one may hold the new one, too.
    top = min(max(y0, box[3]), (y0 + y1) / 2) if box[3] > y0 else y0
    lines[one.host] = replace(host, place=Place((x0, top, x1, max(y1, top + em)), host.place.cell))
    for number in one.pieces:
        lines[number] = None
    lines.append(ReadLine(Place(box, host.place.cell), best))
    return [page.in_cell(host.place), *(page.in_cell(page.lines[number].place) for number in one.pieces)]


def _is_scribble(reading: Reading, struck: ReadLine) -> bool:
    """Tell whether a reading is of the strokes themselves: it has no Chinese character where the struck value
    has nothing else."""
    return all(is_chinese(glyph.text) for glyph in struck.reading.glyphs) and not any(
        is_chinese(glyph.text) for glyph in reading.glyphs
    )


def _worth(reading: Reading, struck: ReadLine) -> float:
    """Return how much a reading of a new value is worth: its confidence, and more where it is of the same
    kind as the struck one."""
    kind = _kind(
        "".join(glyph.text for glyph, off in zip(struck.reading.glyphs, struck.struck, strict=True) if off)
    )
    return reading.confidence + (_OF_KIND if kind and _kind(reading.text) == kind else 0.0)


def _kind(text: str) -> str:
    """Return what is written in an alphabet of its own: a number as of a telephone, or an address of mail;
    "" of anything else."""
    words = "".join(text.split())
    if len(words) > 2 and all(char.isdigit() or char in "-()（）+/." for char in words):
        return "number"
    return "mail" if "@" in words and words.isascii() else ""


def _new_value(number: int, ink: Mask, page: FlatPage) -> Iterator[_Writing]:
    """Yield what stands above a struck line."""
    host = page.lines[number]
    em = _em(host, page)
    top, _ = core_rows(host, em, ink)
    x0, _, x1, _ = host.place.box
    pieces = [
        other
        for other, line in enumerate(page.lines)
        if other != number
        and not is_struck_out(line)
        and line.place.box[3] - line.place.box[1] < _HIGHEST * em
        and _NEAR[0] * em < top - (line.place.box[1] + line.place.box[3]) / 2 < _NEAR[1] * em
    ]
    pieces = [other for other in pieces if _may_be_piece(other, pieces, host, page)]
    zone = (x0 - _LEFT * em, top - _NEW * em, x1 + _RIGHT * em, top - _TOUCHING * em)
    found = _alone(zone, em, {number, *pieces}, (x0, x1), ink, page)
    if found:
        box, pictures = found
        own = [
            n for n in pieces if page.lines[n].place.box[0] < box[2] and box[0] < page.lines[n].place.box[2]
        ]
        yield _Writing(number, box, pictures, tuple(own))


def _may_be_piece(number: int, pieces: Sequence[int], host: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line may be a part of the new value over `host`: it stands in its cell or in none, or on
    the edge of a cell where nothing but other parts stands level with it."""
    line = page.lines[number]
    if line.place.cell in (None, host.place.cell):
        return True
    rest = page.reading(one for n, one in enumerate(page.lines) if n == number or n not in pieces)
    return is_on_edge(line, page) and not is_in_row(line, rest)


def _behind(number: int, ink: Mask, page: FlatPage) -> Iterator[_Writing]:
    """Yield what stands behind the struck characters with which a line begins."""
    line = page.lines[number]
    last = sum(line.struck)
    if not all(line.struck[:last]):
        return
    em = _em(line, page)
    top, bottom = core_rows(line, em, ink)
    boxes = line.glyph_boxes()
    start = (boxes[last - 1][1] + boxes[last][0]) / 2
    zone = (start, top - _BESIDE * em, line.place.box[2] + em, bottom + _BESIDE * em)
    found = _alone(zone, em, {number}, (start, line.place.box[2]), ink, page)
    if found:
        yield _Writing(number, *found)


def _replace_behind(
    one: _Writing, readings: Sequence[Reading], lines: list[ReadLine | None], page: FlatPage
) -> list[Rect]:
    """Put what was read behind struck characters in place of what was read there before, if it is surer."""
    line = page.lines[one.host]
    last = sum(line.struck)
    before = Reading(line.reading.glyphs[last:])
    best = max(readings, key=lambda reading: _worth(reading, line))
    if len(best.text.strip()) < len(before.text.strip()) or _worth(best, line) <= _worth(before, line):
        return []
    x0, _, x1, _ = line.place.box
    left, _, right, _ = one.box
    glyphs = [replace(glyph, at=(left + glyph.at * (right - left) - x0) / (x1 - x0)) for glyph in best.glyphs]
    lines[one.host] = line.spliced(last, len(line.reading.glyphs), glyphs)
    return [page.in_cell(line.place)]


def _put_in(number: int, ink: Mask, page: FlatPage) -> Iterator[_Writing]:
    """Yield what stands above or below a line and was not read, or not surely."""
    line = page.lines[number]
    among = sum(other.place.cell == line.place.cell for other in page.lines)
    if line.place.cell is None or len(line.reading.glyphs) < _WHOLE or among > _SHORT:
        return
    em = _em(line, page)
    core = core_rows(line, em, ink)
    x0, _, x1, _ = line.place.box
    grid, cell = line.place.cell
    own_cell = page.ruling.grids[grid].cells[cell].box
    above = (core[0] - _PUT_IN * em, core[0] - _TOUCHING * em)
    below = (core[1] + _TOUCHING * em, core[1] + _PUT_IN * em)
    for top, bottom in (above, below):
        pieces = [
            n
            for n in range(len(page.lines))
            if n != number and _is_piece_put_in(n, line, (top, bottom), page)
        ]
        if len(pieces) > 1 or any(page.lines[n].reading.confidence > _SURE for n in pieces):
            continue
        found = _alone((x0 - em, top, x1 + em, bottom), em, {number, *pieces}, (x0, x1), ink, page, _SIGN)
        if found is None:
            continue
        box = found[0]
        if box[3] - box[1] < _TALLEST * em and box[2] - box[0] < _INSERTED_WIDE * em:
            gap = max(core[0] - box[3], box[1] - core[1], 0.0) / em
            unusual = (bottom > core[1]) + (not contains(own_cell, *middle(box)))
            if gap < _FARTHEST and not any(contains(ring.box, *middle(box)) for ring in page.rings):
                yield _Writing(number, *found, tuple(pieces), gap + _UNUSUAL * unusual)


def _is_piece_put_in(number: int, host: ReadLine, rows: tuple[float, float], page: FlatPage) -> bool:
    """Tell whether a line may have been put in above or below `host`, between two rows of the page."""
    line = page.lines[number]
    words = line.reading.text.strip()
    x0, y0, x1, y1 = line.place.box
    return (
        0 < len(words) <= _INSERTED
        and words.isalnum()
        and not any(line.struck)
        and rows[0] < (y0 + y1) / 2 < rows[1]
        and min(x1, host.place.box[2]) > max(x0, host.place.box[0])
        and (
            line.place.cell in (None, host.place.cell)
            or (is_on_edge(line, page) and not is_in_row(line, page))
        )
    )


def _insert(
    one: _Writing, readings: Sequence[Reading], lines: list[ReadLine | None], page: FlatPage
) -> list[Rect]:
    """Put what stands above or below a line between its characters, unless more was put in already. Where
    it had been read less surely, it is only read again."""
    host = lines[one.host]
    best = max(readings, key=lambda reading: reading.confidence)
    words = best.text.strip()
    if host is not page.lines[one.host] or not 0 < len(words) <= _INSERTED or not words.isalnum():
        return []
    for number in one.pieces:
        line = page.lines[number]
        surer = best.confidence > line.reading.confidence and best.text != line.reading.text
        if lines[number] is line and surer:
            lines[number] = replace(line, reading=best)
            return [page.in_cell(line.place)]
    if one.pieces:
        return []
    line = ReadLine(Place(one.box, host.place.cell), best)
    # Several characters of which the line has one are its own, beside what is taller.
    own = len(words) > 1 and not set(words).isdisjoint(host.reading.text)
    if best.confidence < _CLEAR or own or words in _STROKES or not is_of_a_kind(host, line):
        return []
    lines[one.host] = spliced_in(host, line)
    return [page.in_cell(host.place)]


def _alone(
    zone: Rect,
    em: float,
    own: set[int],
    near: tuple[float, float],
    ink: Mask,
    page: FlatPage,
    sign: float = 0.0,
) -> tuple[Rect, tuple[Gray, ...]] | None:
    """Return the box of what is written in a zone (pixels), and pictures of it; None where nothing is. `own`:
    the numbers of the lines whose ink it may be. It stands over `near`, the columns from one to the other.
    What reaches into the zone from outside counts from the height `sign` on, in ems."""
    height, width = page.shape
    left, right = max(0, round(zone[0])), min(width, round(zone[2]))
    top, bottom = max(0, round(zone[1] - _AROUND * em)), min(height, round(zone[3] + _AROUND * em))
    first, last = max(0, round(zone[1]) - top), max(0, round(zone[3]) - top)
    if right - left < em or last - first < _LOW * em:
        return None
    part = np.s_[top:bottom, left:right]
    clear = page.clear[part]
    dark = clear < _FAINTEST
    for number, line in enumerate(page.lines):
        if number not in own and overlap(line.place.box, (left, top, right, bottom)):
            size = _em(line, page)
            above, below = core_rows(line, size, ink)
            x0, x1 = (max(0, round(line.place.box[side]) - left) for side in (0, 2))
            dark[_rows(above - _SLACK * size, below + _SLACK * size, top), x0:x1] = False
    kept = _of_zone(dark, (first, last), em, sign)
    columns = _over(kept, (near[0] - left, near[1] - left), em)
    if columns is None:
        return None
    kept[:, : columns.start] = kept[:, columns.stop :] = False
    rows = np.flatnonzero(kept.any(axis=1))
    if rows[-1] - rows[0] < _LOW * em or kept.sum() < _LEAST * em * em:
        return None
    room = max(2, round(_ROOM * em))
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    box = (float(left + columns.start), float(top + y0), float(left + columns.stop), float(top + y1))
    pictures = [_picture(clear, kept, rows, columns, room)]
    rows_shown = np.s_[max(0, rows[0] - room) : min(last, int(rows[-1]) + room) + 1]
    # With the rule that was taken off where it crosses the writing, and with all of its own ink.
    shown = page.lifted[part][rows_shown, max(0, columns.start - room) : columns.stop + room]
    pictures.append(np.ascontiguousarray(shown))
    blue = page.blue[part]
    if (blue & kept).sum() > _COLOURED * kept.sum():
        wide = cv2.dilate(blue.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        wide[: rows_shown.start] = wide[rows_shown.stop :] = False
        pictures.append(_picture(page.lifted[part], wide, rows, columns, room))
    return box, tuple(pictures)


def _rows(start: float, end: float, top: int) -> slice:
    return slice(max(0, round(start) - top), max(0, round(end) - top))


def _of_zone(dark: Mask, rows: tuple[int, int], em: float, sign: float) -> Mask:
    """Return the ink that belongs between two rows of `dark`: what stands there, and what reaches into it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8))
    inside = np.zeros_like(dark)
    inside[rows[0] : rows[1]] = True
    within = np.bincount(labels[inside], minlength=count)
    above = np.bincount(labels[: rows[0]].ravel(), minlength=count)
    kept = np.zeros_like(dark)
    for label in range(1, count):
        x, y, wide, high, amount = stats[label].tolist()
        if amount < _GRAIN * em * em or (high < _FLAT[0] * em and wide > _FLAT[1] * em):
            continue
        if not within[label] or above[label] > _OWN * amount:
            continue
        part = np.s_[y : y + high, x : x + wide]
        own = labels[part] == label
        reaching = own & inside[part]
        if sign and within[label] < amount:
            if within[label] >= _CUT * em * em and np.count_nonzero(reaching.any(axis=1)) >= sign * em:
                kept[part] |= reaching
        elif within[label] >= _OWN * amount:
            kept[part] |= own
        elif within[label] > _CUT * em * em:
            kept[part] |= reaching
    return kept


def _over(kept: Mask, near: tuple[float, float], em: float) -> slice | None:
    """Return the columns of the writing in `kept` that stands over the columns `near`; None where there is
    none."""
    inked = np.flatnonzero(kept.any(axis=0))
    if not len(inked):
        return None
    breaks = np.flatnonzero(np.diff(inked) > _APART * em)
    starts, ends = [inked[0], *inked[breaks + 1]], [*inked[breaks], inked[-1]]
    own = [
        (int(start), int(end) + 1)
        for start, end in zip(starts, ends, strict=True)
        if min(end, near[1]) > max(start, near[0]) and kept[:, start : end + 1].sum() > _LEAST * em * em
    ]
    return slice(own[0][0], own[-1][1]) if own else None


def _picture(gray: Gray, kept: Mask, rows: NDArray[np.intp], columns: slice, room: int) -> Gray:
    """Return the kept ink alone, with some paper around."""
    shown = cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    alone = np.where(shown, gray, 255).astype(np.uint8)[rows[0] : rows[-1] + 1, columns]
    return np.asarray(
        cv2.copyMakeBorder(
            np.ascontiguousarray(alone), room, room, room, room, cv2.BORDER_CONSTANT, value=(255.0,)
        ),
        np.uint8,
    )
