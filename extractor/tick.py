"""Boxes for ticking, and whether they are ticked: by their ink, against the other boxes beside them.

A box is a square frame. Empty ones are found first, by four inked sides around nothing; their size then finds the marked ones,
whose sides stand but whose middle does not tell them from a character. What was read there decides the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.layers import Layers
from extractor.ocr import Glyph
from extractor.text import ReadLine
from models.page import TickState

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rect = tuple[float, float, float, float]

EMPTY_GLYPHS = frozenset("□☐")
TICKED_GLYPHS = frozenset("☑☒■")
BARE_TICKS = frozenset("√✓✔")
# What a recogniser makes of boxes, empty and marked.
_LIKE_BOXES = EMPTY_GLYPHS | TICKED_GLYPHS | BARE_TICKS | frozenset("口囗日曰田回×XxVvMN凵冈")
_LINE = 40  # height to which a row is scaled
_SIZES = range(18, 48)
_SIDE = 0.5  # least ink on each side of a frame
# Least confidence of a character to be no box: a mark may be misread as one, an empty box hardly.
_WELL_READ, _HALF_READ = 0.75, 0.3
_ODD = 0.8  # confidence of a mark that is no box but stands where one would
_FRAMED = 1.6  # least ink on the sides of the frames that the size is taken from, of 2
_CLEAR = 0.3  # what an empty frame is preferred by where several overlap
_EMPTY, _MARKED = 0.035, 0.085  # ink in the middle, over that of the emptiest box: below is empty, above is ticked


def is_boxlike(text: str) -> bool:
    """Whether a recogniser may have made this character of a box."""
    return text in _LIKE_BOXES


@dataclass(frozen=True)
class Square:
    """A box on the page in pixels, and its state."""

    box: Rect
    state: TickState
    confidence: float


@dataclass(frozen=True)
class _Hit:
    """A frame in a scaled row: left, top and side in its pixels; ink on its sides (0 to 2), and in its middle."""

    x: int
    y: int
    size: int
    sides: float
    middle: float


def find_squares(rows: Sequence[Sequence[ReadLine]], within: Rect, layers: Layers, lines: Gray) -> list[list[Square]]:
    """The boxes in each of `rows` (the rows of one cell), judged together.

    `within` is the cell, in pixels of the page; `lines` marks the page's ruling (255).
    """
    strips = [_strip(row, within, layers, lines) for row in rows]
    empty = [
        [hit for hit in _empties(strip.ink) if not _is_character(strip.on_page(hit), row, _HALF_READ)]
        if _may_hold_boxes(strip, row)
        else []
        for strip, row in zip(strips, rows, strict=True)
    ]
    # A tick and its frame enclose small emptinesses of their own, but never as empty as an empty box.
    emptiest = min((hit.middle for hits in empty for hit in hits), default=0.0)
    empty = [[hit for hit in hits if hit.middle <= emptiest + _EMPTY] for hits in empty]
    size = _common_size([hit for hits in empty for hit in hits])
    if size is None:
        return [[] for _ in rows]
    empty = [[hit for hit in hits if _alike(hit.size, size)] for hits in empty]
    level = float(np.median([hit.y for hits in empty for hit in hits]))
    found: list[list[_Hit]] = []
    for strip, row, clear in zip(strips, rows, empty, strict=True):
        known = [(hit.sides + _CLEAR, hit) for hit in clear]
        framed = [
            (score, hit)
            for score, hit in (_frames(strip.ink, size) if clear or _may_hold_boxes(strip, row) else ())
            # An empty frame with something close around it is part of a character.
            if hit.middle > _EMPTY
            and abs(hit.y - _level(clear, hit.x, level)) <= (0.15 if clear else 0.3) * size
            and not _is_character(strip.on_page(hit), row)
        ]
        found.append(_apart(known + framed))
    middles = sorted(hit.middle for hits in found for hit in hits)
    base = middles[len(middles) // 4]
    return [
        [Square(strip.on_page(hit), *_state(hit.middle - base, len(middles))) for hit in sorted(hits, key=lambda hit: hit.x)]
        + [Square(mark, "ticked", _ODD) for mark in (_odd_marks(strip, row, hits, size) if hits else ())]
        for strip, row, hits in zip(strips, rows, found, strict=True)
    ]


def _may_hold_boxes(strip: "_Strip", row: Sequence[ReadLine]) -> bool:
    """Whether the recogniser saw something like a box, or left ink unread that is as wide as one: most rows are only words."""
    if any(is_boxlike(glyph.text) for line in row for glyph in line.reading.glyphs):
        return True
    return bool(_unread(strip, row).sum() > 0.35 * _LINE)


def _unread(strip: "_Strip", row: Sequence[ReadLine]) -> NDArray[np.bool_]:
    """The columns of the strip that have ink of which nothing was read."""
    unread = np.asarray(strip.ink.max(axis=0) > 0.5)
    for line in row:
        for glyph, (start, end) in zip(line.reading.glyphs, glyph_boxes(line), strict=True):
            if glyph.text.strip():
                reach = 0.15 * (end - start)
                first, last = (int((x - strip.x) * strip.zoom) for x in (start - reach, end + reach))
                unread[max(0, first) : max(0, last + 1)] = False
    return unread


def _odd_marks(strip: "_Strip", row: Sequence[ReadLine], hits: Sequence["_Hit"], size: int) -> list[Rect]:
    """Unread ink as large as a mark where the other options have their boxes: a box of another size, a tick for a box."""
    unread = _unread(strip, row)
    for hit in hits:
        unread[max(0, hit.x - size // 3) : hit.x + hit.size + size // 2] = False
    top, bottom = max(0, min(hit.y for hit in hits) - 4), max(hit.y + hit.size for hit in hits) + 4
    marks: list[Rect] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], unread.astype(np.int8), [0]])))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        rows = np.flatnonzero(strip.ink[top:bottom, start:end].max(axis=1) > 0.5)
        if 0.4 * size < end - start < 1.6 * size and len(rows) > 0.5 * size:
            x, y = strip.x + start / strip.zoom, strip.y + (top + int(rows[0])) / strip.zoom
            marks.append((x, y, x + (end - start) / strip.zoom, y + len(rows) / strip.zoom))
    return marks


def _level(clear: Sequence[_Hit], x: float, otherwise: float) -> float:
    """The top of the boxes of a row at `x`: that of the nearest empty one."""
    return float(min(clear, key=lambda hit: abs(hit.x - x)).y) if clear else otherwise


def _state(over: float, boxes: int) -> tuple[TickState, float]:
    """State and confidence by ink in the middle, over the base of so many boxes."""
    if boxes == 1 and over < _EMPTY:
        return "unclear", 0.5  # nothing to compare with: the caller has what was read
    if over >= _MARKED:
        return "ticked", min(0.999, 0.9 + (over - _MARKED))
    if over <= _EMPTY:
        return "empty", min(0.999, 1 - 0.1 * max(over, 0) / _EMPTY)
    return "unclear", 0.5


@dataclass(frozen=True)
class _Strip:
    """A row cut out and scaled: `ink` is 0 to 1."""

    ink: Floats
    x: float
    y: float
    zoom: float

    def on_page(self, hit: _Hit) -> Rect:
        x, y, size = self.x + hit.x / self.zoom, self.y + hit.y / self.zoom, hit.size / self.zoom
        return (x, y, x + size, y + size)


def _strip(row: Sequence[ReadLine], within: Rect, layers: Layers, lines: Gray) -> _Strip:
    boxes = [line.place.box for line in row]
    high = 1.2 * float(np.median([_em(line) for line in row]))
    # A box may stand before or behind what was read.
    x0 = max(0, round(within[0]), int(min(box[0] for box in boxes) - 2.5 * high))
    x1 = min(layers.text.shape[1], round(within[2]), int(max(box[2] for box in boxes) + 1.5 * high))
    y0 = max(0, int(min(box[1] for box in boxes) - 0.25 * high))
    y1 = min(layers.text.shape[0], int(max(box[3] for box in boxes) + 0.25 * high))
    gray = np.where(lines[y0:y1, x0:x1] > 0, np.uint8(255), layers.text[y0:y1, x0:x1])
    zoom = _LINE / high
    scaled = cv2.resize(gray, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    darkness = 255.0 - scaled.astype(np.float32)
    inked = darkness[darkness > 40]
    # Print may be much fainter than the pen.
    full = float(np.percentile(inked, 40)) if inked.size else 255.0
    return _Strip(np.clip(darkness / full, 0, 1), x0, y0, zoom)


@dataclass(frozen=True)
class _Frames:
    """For each place of a frame's top left corner: ink on its weakest and mean side, in its middle, and close around it."""

    weakest: Floats
    mean: Floats
    middle: Floats
    around: Floats


def _measure(ink: Floats, size: int) -> _Frames | None:
    """Ink of every frame of `size` in a strip, None where it is too small for one."""
    gap, inner = 4, max(6, round(size * 0.62))
    rows, columns = ink.shape[0] - size, ink.shape[1] - size
    if rows <= 0 or columns <= 0:
        return None
    padded = cv2.copyMakeBorder(ink, gap, gap, gap, gap, cv2.BORDER_CONSTANT, value=0.0)
    thick = cv2.dilate(padded, np.ones((3, 3), np.uint8))

    def mean(source: Floats, width: int, height: int, x: int, y: int) -> Floats:
        means = cv2.boxFilter(source, -1, (width, height), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        return np.asarray(means[gap + y : gap + y + rows, gap + x : gap + x + columns], np.float32)

    sides = np.stack(
        [
            mean(thick, size, 1, 0, 0),
            mean(thick, size, 1, 0, size - 1),
            mean(thick, 1, size, 0, 0),
            mean(thick, 1, size, size - 1, 0),
        ]
    )
    # Beside a box other print may stand close, but above and below there is none.
    beyond = np.stack([mean(padded, size, 1, 0, -gap), mean(padded, size, 1, 0, size + gap - 1)])
    margin = (size - inner) // 2
    return _Frames(sides.min(axis=0), sides.mean(axis=0), mean(padded, inner, inner, margin, margin), beyond.max(axis=0))


def _empties(ink: Floats) -> list[_Hit]:
    """Frames around nothing and with nothing close around them, of any size, the best where several overlap."""
    hits: list[tuple[float, _Hit]] = []
    for size in _SIZES:
        frames = _measure(ink, size)
        if frames is None:
            continue
        clear = (frames.weakest > _SIDE) & (frames.middle < 0.1) & (frames.around < 0.25)
        sides = frames.weakest + frames.mean
        score = np.where(clear, sides - 2 * frames.middle - frames.around, 0).astype(np.float32)
        hits += [
            (float(score[y, x]), _Hit(x, y, size, float(sides[y, x]), float(frames.middle[y, x]))) for x, y in _peaks(score, size)
        ]
    return _apart(hits)


def _frames(ink: Floats, size: int) -> list[tuple[float, _Hit]]:
    """Frames of about `size` with their scores, whatever is in them."""
    hits: list[tuple[float, _Hit]] = []
    for near in (size - 2, size - 1, size, size + 1, size + 2):
        frames = _measure(ink, near)
        if frames is None:
            continue
        score = np.where((frames.weakest > _SIDE) & (frames.mean > 0.65), frames.weakest + frames.mean, 0).astype(np.float32)
        hits += [
            (float(score[y, x]) - 0.02 * abs(near - size), _Hit(x, y, near, float(score[y, x]), float(frames.middle[y, x])))
            for x, y in _peaks(score, near)
        ]
    return hits


def _peaks(score: Floats, size: int) -> list[tuple[int, int]]:
    if not score.any():
        return []
    top = cv2.dilate(score, np.ones((max(3, size // 2),) * 2, np.uint8))
    ys, xs = np.nonzero((score > 0) & (score >= top))
    return [(int(x), int(y)) for x, y in zip(xs[:200], ys[:200], strict=True)]


def _apart(hits: list[tuple[float, _Hit]]) -> list[_Hit]:
    kept: list[_Hit] = []
    for _, hit in sorted(hits, key=lambda pair: -pair[0]):
        if all(abs(hit.x - other.x) > 1.2 * other.size or abs(hit.y - other.y) > 0.7 * other.size for other in kept):
            kept.append(hit)
    return kept


def _common_size(hits: Sequence[_Hit]) -> int | None:
    """The size that most of the empty frames have, None where no two agree."""
    hits = [hit for hit in hits if hit.sides > _FRAMED]
    if not hits:
        return None
    best = max(hits, key=lambda hit: (sum(_alike(hit.size, other.size) for other in hits), hit.sides))
    alike = [hit.size for hit in hits if _alike(hit.size, best.size)]
    return round(float(np.median(alike))) if len(alike) >= 2 else None


def _alike(one: int, other: int) -> bool:
    return abs(one - other) <= max(2, 0.16 * other)


def glyph_boxes(line: ReadLine) -> list[tuple[float, float]]:
    """From where to where each glyph stands, in pixels of the page: Chinese ones as wide as they follow each other, others half."""
    x0, _, x1, _ = line.place.box
    glyphs = [(glyph, x0 + glyph.at * (x1 - x0)) for glyph in line.reading.glyphs]
    wide = _em(line)
    return [(x - half, x + half) for glyph, x in glyphs for half in (wide * (0.47 if _is_chinese(glyph.text) else 0.25),)]


def _em(line: ReadLine) -> float:
    """The width of a Chinese character of the line: how they follow each other, since a stroke may reach far above and below."""
    x0, y0, x1, y1 = line.place.box
    steps = [(b.at - a.at) * (x1 - x0) for a, b in pairwise(line.reading.glyphs) if _is_chinese(a.text) and _is_chinese(b.text)]
    return min(float(np.median(steps)), 1.3 * (y1 - y0)) if steps else 0.85 * (y1 - y0)


def _is_chinese(text: str) -> bool:
    return "\u4e00" <= text <= "\u9fff" and text not in _LIKE_BOXES


def _is_character(box: Rect, row: Sequence[ReadLine], least: float = _WELL_READ) -> bool:
    """Whether characters were surely read in the frame: 园 has a frame, and two characters side by side may look like one."""
    covered = 0.0
    for line in row:
        glyphs = line.reading.glyphs
        for i, (glyph, (start, end)) in enumerate(zip(glyphs, glyph_boxes(line), strict=True)):
            boxlike = glyph.text in _LIKE_BOXES and not (glyph.text == "口" and i and _joins(glyphs[i - 1], glyph, line))
            if glyph.text.strip() and not boxlike and glyph.confidence > least:
                covered += max(0.0, min(end, box[2]) - max(start, box[0]))
    return covered > 0.4 * (box[2] - box[0])


def _joins(before: Glyph, glyph: Glyph, line: ReadLine) -> bool:
    """Whether the glyph stands right behind a character: 人口, against □ behind a space or a semicolon."""
    x0, y0, x1, y1 = line.place.box
    return _is_chinese(before.text) and (glyph.at - before.at) * (x1 - x0) < 1.2 * (y1 - y0)
