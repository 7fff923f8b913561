"""Finds tick boxes and their states. A small network looks at each box, and all boxes of a cell are then
judged together.

The network (`network.py`) slides along each row. Three checks follow. A place that the recogniser surely read
as a character is no box. The boxes of one question have one size. A box that the network calls empty must
hold as little ink as the same writer's other empty boxes.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.readings import Glyph
from extractor.scan.seals.ring import Ring
from extractor.scan.ticks.network import EM, HIGH, INKED, STATES, Floats, Seen, find_marks, ink_of
from extractor.text.tick_signs import LIKE_BOXES, MARK_GLYPHS, is_boxlike, is_chinese
from models.geometry import Rect, contains, middle
from models.page import TickState

Gray = NDArray[np.uint8]

_WORDY = 14  # characters a box: a cell with more is running text
_MIDDLE = 0.3  # of a box's side, from its middle to each side: there an empty box has no ink
_APART = 0.3  # of a line's height: rows whose middles are nearer are one
_COVERED = 0.4  # share of its width: where characters cover more of it, it is no box
_FOLLOWS = 1.2  # of a line's height: characters whose middles are nearer follow each other
_BLUR = 0.15  # of a character's width: its ink reaches so far beyond it
_UNREAD = 0.3  # of a character's width: unread ink as wide may be a box
_DARK = 0.5  # ink, from 0 to 1, that may be a box's
_ALIKE = 1.8  # factor by which sides of the boxes of a cell differ from the usual one at most
_SHADOW = round(2.2 * EM) | 1  # pixels of a strip: what is darker over a wider place is a shadow
_CAUTIOUS = 0.2  # share of the network's doubt that is real: it was trained to claim no more than 0.99
_MORE_INK = 0.04  # mean ink, from 0 to 1, in the middle of an "empty" box over that of the emptiest at most
# Of a box's side, from its middle to the left, upwards, to the right and downwards: a ring close around it
# lies within, but no word behind it.
_CLOSE = (0.65, 0.7, 0.55, 0.7)
_HEAVIER = 1.3  # times the ink of an empty box: what has more, in it and close around it, bears a mark
_ABOUT = 0.45  # of a box's side: a ring around it is drawn within so much of it
_REDDENED = 0.06  # share of an "empty" box under red ink at most; a red tick would vanish under more


@dataclass(frozen=True)
class Square:
    """A tick box in pixels of the page, and its state. `confidence` is from 0 to 1."""

    box: Rect
    state: TickState
    confidence: float


def find_squares(rows: Sequence[Sequence[ReadLine]], within: Rect, page: FlatPage) -> list[list[Square]]:
    """Return the tick boxes in each of `rows`, the rows of one cell, judged together. Raises OcrUnavailable.

    `within` is the box of the cell in pixels of the page.
    """
    levels = [_level(row) for row in rows]
    found = [_hits(row, _room(row, levels, within), page) for row in rows]
    if sum(_characters(row) for row in rows) > _WORDY * sum(map(len, found)):
        # In running text the recogniser knows better: a character may look like a box, and a blot on it like
        # a tick.
        found = [_beyond_words(hits, row, page.rings) for hits, row in zip(found, rows, strict=True)]
    found = _of_one_size(found)
    # Running text has signs that look half like boxes, but none that is surely one.
    if not any(_certainty(hit) >= rungs.STRONG for hits in found for hit in hits):
        return [[] for _ in rows]
    emptiest = min((hit.ink for hits in found for hit in hits), default=0.0)
    usual = _usual([hit for hits in found for hit in hits])
    return [
        [
            Square(
                hit.box, *_state(hit, emptiest, hit.around > _HEAVIER * usual, page, _is_signed(hit.box, row))
            )
            for hit in hits
        ]
        for hits, row in zip(found, rows, strict=True)
    ]


def _usual(hits: Sequence["_Hit"]) -> float:
    """Return how much ink an empty box of a cell has with what is close around it: the lower median of all
    boxes that look empty."""
    ink = sorted(hit.around for hit in hits if STATES[1 + int(np.argmax(hit.seen.states))] == "empty")
    return ink[(len(ink) - 1) // 2] if ink else 0.0


@dataclass(frozen=True)
class _Hit:
    """What the network saw, its box in pixels of the page, the mean ink, from 0 to 1, in its middle, and all
    ink in it and close around it, in pixels of the strip."""

    seen: Seen
    box: Rect
    ink: float
    around: float


def _hits(row: Sequence[ReadLine], room: Rect, page: FlatPage) -> list[_Hit]:
    """Return what the network takes for tick boxes in a row and the recogniser not surely for a character.
    `room` is the part of the cell that belongs to the row."""
    cut = _cut_out(row, room, page)
    if not (_has_signs(row) or _may_have_unread(cut, row)):
        return []
    strip = _strip(cut)
    if not (_has_signs(row) or _has_unread(strip, row)):
        return []
    hits = [
        _Hit(one, strip.on_page(one), strip.middle(one), strip.around(one)) for one in find_marks(strip.ink)
    ]
    return [
        hit
        for hit in hits
        if not _is_character(hit.box, row, ascii_alone=hit.seen.present >= rungs.UNDISPUTED)
    ]


def _beyond_words(hits: Sequence[_Hit], row: Sequence[ReadLine], rings: Sequence[Ring]) -> list[_Hit]:
    """Return the sure boxes where the recogniser read no character with more than the confidence
    `rungs.SCANT`, and no seal in the colour of print has characters of its own."""
    print_like = [ring.box for ring in rings if not ring.red]
    return [
        hit
        for hit in hits
        if _certainty(hit) >= rungs.STRONG
        and not _is_character(hit.box, row, rungs.SCANT)
        and not any(contains(ring, *middle(hit.box)) for ring in print_like)
    ]


def _of_one_size(found: Sequence[Sequence[_Hit]]) -> list[list[_Hit]]:
    """Return the boxes of each row without those far larger or smaller than is usual in their cell."""
    sides = [hit.box[2] - hit.box[0] for hits in found for hit in hits]
    usual = float(np.median(sides)) if sides else 0.0
    return [
        [hit for hit in hits if usual / _ALIKE < hit.box[2] - hit.box[0] < usual * _ALIKE] for hits in found
    ]


def _certainty(hit: _Hit) -> float:
    """Return how sure the network is of a box and its state, from 0 to 1."""
    return min(max(hit.seen.states), hit.seen.present)


def _is_signed(box: Rect, row: Sequence[ReadLine]) -> bool:
    """Tell whether the recogniser surely read a typed tick in a box or right behind it."""
    x0, _, x1, _ = box
    return any(
        glyph.text in MARK_GLYPHS
        and glyph.confidence >= rungs.STRONG
        and x0 < (start + end) / 2 < 2 * x1 - x0
        for line in row
        for glyph, (start, end) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True)
    )


def _state(
    hit: _Hit, emptiest: float, is_heavy: bool, page: FlatPage, is_signed: bool
) -> tuple[TickState, float]:
    """Return the state of a box and the confidence in it. `emptiest` is the least ink in a box of the cell.
    `is_heavy` tells that it and what is around it has far more ink than others, as with a ring close around.
    `is_signed` tells that a typed tick was read there, which bears out a network that is less than sure of a
    tick."""
    best = int(np.argmax(hit.seen.states))
    told: TickState = STATES[1 + best]  # type: ignore[assignment]
    # A box that is ticked or filled is marked; which of both it is tells little.
    marked = sum(hit.seen.states[STATES.index(state) - 1] for state in ("ticked", "filled"))
    sure = max(_certainty(hit), min(marked, hit.seen.present))
    if sure < rungs.STRONG:
        return ("ticked", rungs.STRONG) if told == "ticked" and is_signed else ("unclear", rungs.EVEN)
    if told == "empty":
        if hit.ink > emptiest + _MORE_INK or is_heavy or _reddened(hit.box, 0.0, page) > _REDDENED:
            return "unclear", rungs.EVEN
        # A red ring, or a red tick beside the box, is no ink of the text layer.
        if _reddened(hit.box, _ABOUT, page) > _REDDENED and not _is_sealed(hit.box, page.rings):
            return "unclear", rungs.EVEN
    return told, min(rungs.SEEN, 1 - _CAUTIOUS * (1 - sure))


def _reddened(box: Rect, more: float, page: FlatPage) -> float:
    """Return the share of a box, and of `more` of its sides around it, that has red ink."""
    x0, y0, x1, y1 = box
    around = more * (x1 - x0)
    left, top, right, bottom = (round(v) for v in (x0 - around, y0 - around, x1 + around, y1 + around))
    under = page.layers.red[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    return float((under > 0).mean()) if under.size else 0.0


def _is_sealed(box: Rect, rings: Sequence[Ring]) -> bool:
    """Tell whether the middle of a box lies on a seal, or so near that its red may be the seal's."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    near = box[2] - box[0]
    return any(np.hypot(x - ring.x, y - ring.y) < max(ring.rx, ring.ry) + near for ring in rings)


def _has_signs(row: Sequence[ReadLine]) -> bool:
    """Tell whether the recogniser saw something like a box in a row. Most rows are only words."""
    return any(
        is_boxlike(glyph.text) or glyph.confidence < rungs.LEGIBLE
        for line in row
        for glyph in line.reading.glyphs
    )


def _has_unread(strip: "_Strip", row: Sequence[ReadLine]) -> bool:
    """Tell whether the recogniser left ink unread in a row that is as wide as a box."""
    unread = np.asarray(strip.ink[HIGH // 4 : -HIGH // 4].max(axis=0) > _DARK)
    for first, last in _read(row, strip.x, strip.zoom):
        unread[max(0, first) : max(0, last + 1)] = False
    return bool(unread.sum() > _UNREAD * EM)


def _may_have_unread(cut: "_Cut", row: Sequence[ReadLine]) -> bool:
    """Tell by the pixels of the page whether `_has_unread` may be true. To scale the row takes ten times as
    long. A pixel of the strip is a mean of some of the page's, and no darker for evening out the light."""
    dark = cut.gray.min(axis=0) < 255 - _DARK * INKED
    reach = 2 + math.ceil(
        1 / cut.zoom
    )  # pixels of the page that a column of the strip may see beyond its own
    read = np.zeros((1, len(dark)), np.uint8)
    for first, last in _read(row, cut.x, 1.0):
        read[:, max(0, first + 1) : max(0, last)] = 1
    around = np.ones((1, 2 * reach + 1), np.uint8)
    within = cv2.erode(read, around, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,))
    dark[within[0] > 0] = False
    # Each stretch may darken as many columns more of the strip at its ends.
    stretches = np.count_nonzero(np.diff(dark.astype(np.int8), prepend=0) > 0)
    return bool((dark.sum() + 2 * reach * stretches) * cut.zoom + 2 * stretches > _UNREAD * EM)


def _read(row: Sequence[ReadLine], left: float, zoom: float) -> Iterator[tuple[int, int]]:
    """Yield the first and the last column of each character that was read in a row, with the blur of its ink,
    in a picture that begins at `left` on the page and is `zoom` times as large."""
    for line in row:
        for glyph, (start, end) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True):
            if glyph.text.strip():
                reach = _BLUR * (end - start)
                yield int((start - reach - left) * zoom), int((end + reach - left) * zoom)


@dataclass(frozen=True)
class _Strip:
    """A row cut out and scaled for the network by `zoom`. `ink` is HIGH x width, from 0 to 1. Its upper left
    corner is at (`x`, `y`), in pixels of the page."""

    ink: Floats
    x: float
    y: float
    zoom: float

    def on_page(self, seen: Seen) -> Rect:
        """Return a box of the strip in pixels of the page."""
        x, y, half = self.x + seen.x / self.zoom, self.y + seen.y / self.zoom, seen.side / 2 / self.zoom
        return (x - half, y - half, x + half, y + half)

    def middle(self, seen: Seen) -> float:
        """Return the mean ink in the middle of a box, from 0 to 1."""
        inside = self._about(seen, (_MIDDLE,) * 4)
        return float(inside.mean()) if inside.size else 0.0

    def around(self, seen: Seen) -> float:
        """Return all ink in a box and close around it, in pixels of the strip."""
        return float(self._about(seen, _CLOSE).sum())

    def _about(self, seen: Seen, reach: tuple[float, float, float, float]) -> Floats:
        """Return the ink around the middle of a box: `reach` tells how far to the left, upwards, to the right
        and downwards, in sides of the box."""
        left, up, right, down = (share * seen.side for share in reach)
        return self.ink[
            max(0, round(seen.y - up)) : max(0, round(seen.y + down)),
            max(0, round(seen.x - left)) : max(0, round(seen.x + right)),
        ]


def _level(row: Sequence[ReadLine]) -> float:
    """Return the height of a row's middle on the page, in pixels."""
    return float(np.median([(line.place.box[1] + line.place.box[3]) / 2 for line in row]))


def _room(row: Sequence[ReadLine], levels: Sequence[float], within: Rect) -> Rect:
    """Return the part of the cell that belongs to a row. It reaches half-way to the rows above and below, at
    `levels`."""
    x0, y0, x1, y1 = within
    level, near = _level(row), _APART * min(line.place.box[3] - line.place.box[1] for line in row)
    above = max((other for other in levels if other < level - near), default=2 * y0 - level)
    below = min((other for other in levels if other > level + near), default=2 * y1 - level)
    return (
        x0,
        min(max(y0, (level + above) / 2), level - near),
        x1,
        max(min(y1, (level + below) / 2), level + near),
    )


@dataclass(frozen=True)
class _Cut:
    """A row cut out of the page, in its pixels. Its upper left corner is at (`x`, `y`). It is to be scaled by
    `zoom`."""

    gray: Gray
    x: int
    y: int
    zoom: float


def _cut_out(row: Sequence[ReadLine], within: Rect, page: FlatPage) -> _Cut:
    """Cut a row out, white outside `within`."""
    text, lines = page.layers.text, page.ruling.lines
    boxes = [line.place.box for line in row]
    em = max(4.0, float(np.median([line.em() for line in row])))
    zoom = EM / em
    # A box may stand before or behind what was read.
    x0 = max(0, round(within[0]), int(min(box[0] for box in boxes) - 3 * em))
    x1 = min(text.shape[1], round(within[2]), int(max(box[2] for box in boxes) + 2 * em))
    y0 = round(_level(row) - HIGH / 2 / zoom)
    y1 = y0 + round(HIGH / zoom)
    top, bottom = max(0, y0, int(within[1])), min(text.shape[0], y1, int(within[3]) + 1)
    gray = np.where(lines[top:bottom, x0:x1] > 0, np.uint8(255), text[top:bottom, x0:x1])
    gray = cv2.copyMakeBorder(gray, top - y0, y1 - bottom, 0, 0, cv2.BORDER_CONSTANT, value=255)
    return _Cut(np.asarray(gray, np.uint8), x0, y0, zoom)


def _strip(cut: _Cut) -> _Strip:
    """Scale what was cut out for the network."""
    wide = max(4, round(cut.gray.shape[1] * cut.zoom))
    way = cv2.INTER_AREA if cut.zoom < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(cut.gray, (wide, HIGH), interpolation=way)
    return _Strip(ink_of(_lit(np.asarray(scaled, np.uint8))), cut.x, cut.y, cut.zoom)


def _lit(gray: Gray) -> Gray:
    """Return a strip without the shadows of a hand or a phone, in which empty boxes look filled. What is
    darker over more than two characters is no ink."""
    paper = cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((_SHADOW, _SHADOW), np.uint8))
    return np.asarray(cv2.divide(gray, paper, scale=255), np.uint8)


def _characters(row: Sequence[ReadLine]) -> int:
    """Count the characters of a row, without spaces and what looks like a box."""
    return sum(
        1
        for line in row
        for glyph in line.reading.glyphs
        if glyph.text.strip() and not is_boxlike(glyph.text)
    )


def _is_character(
    box: Rect, row: Sequence[ReadLine], least: float = rungs.LEGIBLE, ascii_alone: bool = False
) -> bool:
    """Tell whether characters were read in the box with more than the confidence `least`. 园 has a frame, and
    two characters side by side may look like one.

    With `ascii_alone` only letters and digits count: a recogniser reads a marked box as a Chinese character,
    hardly as an 8 or an o.
    """
    covered = 0.0
    for line in row:
        glyphs = line.reading.glyphs
        for i, (glyph, (start, end)) in enumerate(zip(glyphs, line.glyph_boxes(), strict=True)):
            boxlike = glyph.text in LIKE_BOXES and not (
                glyph.text == "口" and i and _joins(glyphs[i - 1], glyph, line)
            )
            if (
                glyph.text.strip()
                and not boxlike
                and glyph.confidence > least
                and (glyph.text.isascii() or not ascii_alone)
            ):
                covered += max(0.0, min(end, box[2]) - max(start, box[0]))
    return covered > _COVERED * (box[2] - box[0])


def _joins(before: Glyph, glyph: Glyph, line: ReadLine) -> bool:
    """Tell whether a glyph stands right behind a Chinese character, as in 人口. A □ stands behind a space or a
    semicolon."""
    x0, y0, x1, y1 = line.place.box
    return is_chinese(before.text) and (glyph.at - before.at) * (x1 - x0) < _FOLLOWS * (y1 - y0)
