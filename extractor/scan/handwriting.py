"""Finds ink that is not print: ink that nobody read, blue ink, and ink whose shape differs from the print
before it.

All sizes are shares of the height of the print beside the ink, so they hold for any resolution and type size.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.red_ink import loose_red
from extractor.scan.seals import lift
from extractor.scan.seals.personal import find_thumbs, is_chop
from models.geometry import Rect, area, meet
from models.page import InkMark

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_DARKER = 90  # grey level: where a pale seal has ink of its own, only darker pixels are other ink
_PRINT_HEIGHT = 10.0  # points, where no print was measured
# Pixels of ink, as shares of the print's height squared. Set by hand; of 1,350 signed names that
# `benchmarks.handwriting` drew none had less than 0.20.
_HALF_SURE = 0.035  # so much unread ink is as likely a smudge as writing
_LEAST = 0.02  # less is dust, or the edge of a seal
_SPECK = 0.002  # a blot with no more is not counted at all
# Shares of the height of print.
_AROUND = 0.8  # a blot belongs to a piece within this distance above and below the piece's box
_TALLEST = 2.5  # a blot of a piece is lower
_WIDEST = 1.1  # a character is no wider
_NARROWEST = 0.4  # a character is wider
_REST = 0.4  # a cut leaves more of a line behind it
_OVERLAP = 0.3  # two pieces of a row overlap by no more
_TYPED = 0.1  # the assumed unevenness of a single character, which has nothing to compare it with
# A blot that is twice as long as print is high, and whose ink lies no farther from one straight line (the
# standard deviation), is a stroke along a ruler, a streak or a rule. A name lies two to three times as far.
_RULED = 0.1
_REACH = 0.3  # writing behind a prompt may reach this far above and below the prompt
_LARGE = 0.6  # the longer side of a blot as large as a character
_LARGE_SHORT = 0.2  # the shorter side of it
_NAME_WIDE = 1.3  # a name is wider
_NAME_HIGH = 4  # a name is lower, or lower than `_NAME_LOW` says
_NAME_LOW = 0.6  # share of a name's width: its greatest height
_DUST = 3  # pixels: a blot with fewer is dust
_READ_AROUND = 0.2  # share of a line's height: ink so near to a character that was read belongs to it
_UNREAD_GAP = 0.7  # share of a line's height: ink in a wider gap between characters was not read
_LONGEST = 8  # characters of a name
_PROMPT_ENDS = frozenset(":：)）")
_REDDENED = 0.1  # share of its box: a thumb's print in red has more red pixels
_PRINTED = 0.5  # share of its box that characters of print fill at least
_ON_THUMB = 0.7  # share of its box: ink that lies on a thumb's print with more is part of that print
# Grey levels on the print of a thumb:
_PALE = 90  # its ink is darker than this above `PAPER`
_PALE_PRINT = 90  # its median level is lighter, or nothing can be told from it
_BLACK_ON_PRINT = 0.5  # share of its median level: a pen on it is darker
# The weights of a logistic regression. Each multiplies one measure of a name behind a prompt: how far its
# height, its middle and its stroke are from those of the prompt, and how unevenly its characters stand. The
# bias holds that on paper a name is signed a dozen times for each time it is typed.
# They were fitted on 900 drawn prompts with a typed or a signed name behind them, in five faces of print and
# three hands, as four scanners give them. Fitted anew by `python -m benchmarks.handwriting`, to sheets of its
# own, three times 900 gave 15.7 to 20.3, 13.0 to 26.4, 14.8 to 29.1, 16.2 to 23.4 and -5.6 to -5.4
# (2026-11-29). Tried on 450 typed and 450 signed names, neither those nor the weights below accept a typed
# one as signed. Of the signed ones those accept 440, and the weights below 425.
_HEIGHT, _MIDDLE, _STROKE, _UNEVEN, _BIAS = 16.1, 11.5, 11.5, 19.0, -4.4


@dataclass(frozen=True)
class _Shape:
    """The ink of a piece. `top` and `bottom` are in pixels of the page. `stroke`: the mean distance of the
    ink from the edge of its stroke, in pixels. `edges`: (top, bottom) of each character. `amount`: pixels of
    ink."""

    top: float
    bottom: float
    stroke: float
    edges: tuple[tuple[float, float], ...]
    amount: int

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class _Piece:
    """A part of a line. `box` is in pixels; `cell` is the (grid, cell) of the ruling, None between tables."""

    box: Rect
    cell: tuple[int, int] | None


def find_ink(page: FlatPage) -> tuple[InkMark, ...]:
    """Return the ink that may be written by hand: boxes in points, each with a confidence from 0 to 1.

    It holds all ink that is larger than dust and no part of the print that was read. So where there is no
    box, there is nothing. It leaves out ink in the letters or the star of a seal as dark as print, because
    that can't be told from them.
    """
    ink = _own_ink(page)
    blue = page.blue
    pieces = [piece for line in page.lines for piece in _pieces(line)]
    shapes = {piece.box: _shape(ink, piece.box, piece.box[3] - piece.box[1]) for piece in pieces}
    heights = [_body(shape) for shape in shapes.values() if shape and len(shape.edges) > 3]
    usual = (
        float(np.median([bottom - top for top, bottom in heights])) if heights else _PRINT_HEIGHT * page.scale
    )
    seals = lift.inked(page.shape, page.rings)
    found = _doubted([*_written(pieces, shapes, ink), *_unread(ink, page.lines, usual)], ink, seals)
    # A seal may be blue, as a pen is.
    found += _doubted([(box, sure) for box, sure in _blots(blue, usual) if sure > rungs.EVEN], blue, seals)
    # A name may be stamped. Whether that is a signature, a person decides.
    red = loose_red(page.layers, page.rings)
    stamped = [(box, min(sure, rungs.EVEN)) for box, sure in _blots(red, usual) if sure > rungs.EVEN]
    thumbs = find_thumbs(page.layers, page.ruling.lines, page.rings)
    thumbs = [box for box in thumbs if _is_red(page, box) or not _is_printed(page, box)]
    # Under a red thumb's print other ink can still be seen, so only other prints hide ink.
    dark = [box for box in thumbs if not _is_red(page, box)]
    kept = [one for one in found if not _is_in(one[0], dark)]
    kept += [one for box in dark for one in _on_print(page, box, usual)]
    kept += [one for one in stamped if not _is_in(one[0], thumbs)]
    marks = [_mark(page, box, sure) for box, sure in kept]
    marks += [InkMark(box=page.in_points(box), confidence=rungs.EVEN, kind="thumb") for box in thumbs]
    return tuple(marks)


def _is_red(page: FlatPage, box: Rect) -> bool:
    x0, y0, x1, y1 = (round(side) for side in box)
    return bool((page.layers.red[y0:y1, x0:x1] > 0).mean() > _REDDENED)


def _is_printed(page: FlatPage, box: Rect) -> bool:
    """Tell whether characters that were surely read fill a box: lines set close together are as full all over
    as the print of a thumb."""
    glyphs = [
        (x0, line.place.box[1], x1, line.place.box[3])
        for line in page.lines
        for glyph, (x0, x1) in zip(line.reading.glyphs, line.glyph_boxes(), strict=True)
        if glyph.confidence >= rungs.CERTAIN
    ]
    return sum(area(meet(one, box)) for one in glyphs) > _PRINTED * area(box)


def _on_print(page: FlatPage, box: Rect, usual: float) -> list[tuple[Rect, float]]:
    """Return writing on the print of a thumb that has no colour: ink far darker than the print. `box` is the
    print's; all boxes are in pixels. `usual`: the height of print, in pixels."""
    x0, y0, x1, y1 = (max(0, round(side)) for side in box)
    part = page.layers.all[y0:y1, x0:x1]
    inked = part[part < PAPER + _PALE]
    if not inked.size or np.median(inked) < _PALE_PRINT:
        return []  # the paste is as dark as a pen
    black = (part < _BLACK_ON_PRINT * np.median(inked)).astype(np.uint8)
    black = cv2.morphologyEx(black, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return [
        ((x0 + a, y0 + b, x0 + c, y0 + d), min(sure, rungs.LIKELIER))
        for (a, b, c, d), sure in _blots(np.asarray(black > 0, np.bool_), usual)
        if sure > rungs.EVEN
    ]


def _is_in(box: Rect, thumbs: Sequence[Rect]) -> bool:
    """Tell whether the ink in `box` is only a part of a thumb's print."""
    return any(area(meet(box, one)) > _ON_THUMB * area(box) for one in thumbs)


def _mark(page: FlatPage, box: Rect, sure: float) -> InkMark:
    if sure < rungs.EVEN or not is_chop(page.layers, box):
        return InkMark(box=page.in_points(box), confidence=sure)
    return InkMark(box=page.in_points(box), confidence=rungs.EVEN, kind="chop")


def _own_ink(page: FlatPage) -> Mask:
    """Return a mask (height x width) of the ink that belongs to no rule and no seal."""
    text = page.lifted
    ink = (text < PAPER) & (cv2.dilate(page.ruling.lines, np.ones((3, 3), np.uint8)) == 0)
    if page.rings:
        ink &= ~lift.inked(page.shape, [ring for ring in page.rings if ring.is_dark])
        ink &= ~lift.inked(page.shape, [ring for ring in page.rings if not ring.is_dark]) | (text < _DARKER)
    return np.asarray(ink, np.bool_)


def _doubted(found: Sequence[tuple[Rect, float]], ink: Mask, seals: Mask) -> list[tuple[Rect, float]]:
    """Return the marks with less confidence where most of their ink lies on a seal's star or letters. Print
    that a seal crosses is darker than both, and may not have been read."""

    def on_seal(box: Rect) -> bool:
        x0, y0, x1, y1 = (max(0, round(side)) for side in box)
        own = ink[y0:y1, x0:x1]
        return bool((own & seals[y0:y1, x0:x1]).sum() > 0.5 * own.sum())

    return [(box, min(sure, rungs.LIKELIER) if on_seal(box) else sure) for box, sure in found]


def _pieces(line: ReadLine) -> list[_Piece]:
    """Return the pieces of a line. It is cut behind its last colon or bracket, where an answer begins, and at
    the start of each wide gap in what was read."""
    x0, y0, x1, y1 = line.place.box
    high = y1 - y0
    boxes = line.glyph_boxes()
    ends = [
        end for glyph, (_, end) in zip(line.reading.glyphs, boxes, strict=True) if glyph.text in _PROMPT_ENDS
    ]
    cuts = {ends[-1]} if ends else set()
    cuts |= {end for (_, end), (start, _) in pairwise([*boxes, (x1, x1)]) if start - end > _UNREAD_GAP * high}
    edges = [x0, *sorted(cut for cut in cuts if x0 < cut < x1 - _REST * high), x1]
    return [_Piece((start, y0, end, y1), line.place.cell) for start, end in pairwise(edges)]


def _shape(ink: Mask, box: Rect, high: float) -> _Shape | None:
    """Return the ink of the connected components whose middle is level with `box` (pixels), or None if there
    is none. `high`: the height of print in pixels; a character is about as wide."""
    x0, top, x1, bottom = box
    first = max(0, round(top - _AROUND * high))
    part = np.ascontiguousarray(
        ink[first : round(bottom + _AROUND * high), max(0, round(x0)) : round(x1)]
    ).astype(np.uint8)
    if part.size == 0:
        return None
    _, labels, stats, middles = cv2.connectedComponentsWithStats(part)
    rows = middles[:, 1] + first
    level = (rows > top) & (rows < bottom) & (stats[:, 3] < _TALLEST * high) & (stats[:, 4] >= _DUST)
    level[0] = False
    # Only what is as long may be ruled; most is not, and needs no look.
    for label in np.flatnonzero(level & (stats[:, 2:4].max(axis=1) >= 2 * high)):
        x, y, width, height = (int(v) for v in stats[label, :4])
        level[label] = not _is_ruled(labels[y : y + height, x : x + width] == label, high)
    own = level.take(labels)  # in a third of the time of `level[labels]`
    if not own.any():
        return None
    depth = cv2.distanceTransform(own.astype(np.uint8), cv2.DIST_L2, 3)
    inked = np.nonzero(own.any(axis=1))[0]
    edges = []
    for start, end in _characters(own.any(axis=0), _WIDEST * high):
        rows_of = np.nonzero(own[:, start:end].any(axis=1))[0]
        if end - start > _NARROWEST * high:
            edges.append((float(rows_of[0] + first), float(rows_of[-1] + 1 + first)))
    return _Shape(
        float(inked[0] + first),
        float(inked[-1] + 1 + first),
        float(depth[own].mean()),
        tuple(edges),
        int(own.sum()),
    )


def _is_ruled(ink: Mask, usual: float) -> bool:
    """Tell whether ink is one straight line, however it slants. `usual`: the height of print in pixels."""
    if max(ink.shape) < 2 * usual:
        return False
    spread = np.linalg.eigvalsh(np.cov(np.nonzero(ink)))
    return bool(spread[0] < (_RULED * usual) ** 2)


def _characters(columns: Mask, wide: float) -> Iterable[tuple[int, int]]:
    """Yield (start, end) of each stretch of inked columns. Stretches are joined as long as together they are
    no wider than `wide` pixels, a character."""
    steps = np.flatnonzero(np.diff(np.concatenate([[0], columns.astype(np.int8), [0]])))
    start = end = -1
    for left, right in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True):
        if start >= 0 and right - start <= wide:
            end = right
            continue
        if start >= 0:
            yield start, end
        start, end = left, right
    if start >= 0:
        yield start, end


def _body(shape: _Shape) -> tuple[float, float]:
    """Return the median (top, bottom) of the characters, in pixels. A bracket, which is higher, changes
    little in it."""
    return float(np.median([top for top, _ in shape.edges])), float(
        np.median([bottom for _, bottom in shape.edges])
    )


def _written(
    pieces: Sequence[_Piece], shapes: dict[Rect, _Shape | None], ink: Mask
) -> Iterable[tuple[Rect, float]]:
    """Yield short pieces of text that do not begin a row of their cell: the box in pixels, and the
    confidence that the piece was written rather than printed.

    Each piece is compared with the print before it on its row, or else with the nearest print in its cell.
    """
    printed = [piece for piece in pieces if _is_print(shapes[piece.box])]
    for piece in pieces:
        own = shapes[piece.box]
        beside = [other for other in printed if other.cell == piece.cell and other is not piece]
        if own is not None and len(own.edges) <= _LONGEST and beside:
            yield from _behind(piece, own, beside, shapes, ink)


def _behind(
    piece: _Piece, own: _Shape, beside: Sequence[_Piece], shapes: dict[Rect, _Shape | None], ink: Mask
) -> Iterable[tuple[Rect, float]]:
    """Yield the piece if it stands well behind the left edge of the print beside it and holds enough ink."""
    before = [other for other in beside if _stands_before(other, piece)]
    prompt = shapes[(_last(before) if before else _nearest(piece, beside)).box]
    if prompt is None or piece.box[0] < min(other.box[0] for other in beside) + 2 * prompt.height:
        return
    x0, _, x1, _ = piece.box
    shape = _beyond(piece, prompt, ink) if before else own
    if shape is not None and shape.amount > _LEAST * prompt.height**2:
        sure = min(
            _unlike(shape, prompt, level=bool(before)),
            _enough(shape.amount, x1 - x0, shape.height, prompt.height),
        )
        yield (x0, shape.top, x1, shape.bottom), sure


def _last(before: Sequence[_Piece]) -> _Piece:
    return max(before, key=lambda other: other.box[2])


def _nearest(piece: _Piece, others: Sequence[_Piece]) -> _Piece:
    """Return the piece of `others` whose row is nearest."""
    return min(others, key=lambda other: abs(other.box[1] + other.box[3] - piece.box[1] - piece.box[3]))


def _beyond(piece: _Piece, prompt: _Shape, ink: Mask) -> _Shape | None:
    """Return the ink of a piece and of what stands level with its prompt. Handwriting reaches beyond the box
    in which it was read."""
    top, bottom = _body(prompt)
    x0, y0, x1, y1 = piece.box
    margin = _REACH * prompt.height
    return _shape(ink, (x0, min(y0, top - margin), x1, max(y1, bottom + margin)), prompt.height)


def _is_print(shape: _Shape | None) -> bool:
    return shape is not None and len(shape.edges) > 1


def _stands_before(one: _Piece, other: _Piece) -> bool:
    """Tell whether both stand on one row of a cell, `one` to the left of `other`."""
    (x0, top, x1, bottom), (start, upper, _, lower) = one.box, other.box
    level = min(bottom, lower) - max(top, upper) > 0.5 * min(bottom - top, lower - upper)
    return one.cell == other.cell and level and x0 < start and x1 <= start + _OVERLAP * (bottom - top)


def _unlike(shape: _Shape, prompt: _Shape, level: bool) -> float:
    """Return the confidence that ink is written by hand, by how its shape differs from its prompt's
    (logistic regression). `level`: both stand on the same row, so their middles can be compared."""
    top, bottom = _body(prompt)
    high = max(bottom - top, 1.0)
    tops, bottoms = zip(*shape.edges, strict=True) if shape.edges else ((), ())
    uneven = (max(tops) - min(tops) + max(bottoms) - min(bottoms)) / high if len(tops) > 1 else _TYPED
    weight = (
        _HEIGHT * abs(math.log(shape.height / high))
        + (_MIDDLE * abs(shape.top + shape.bottom - top - bottom) / 2 / high if level else 0.0)
        + _STROKE * abs(math.log(shape.stroke / prompt.stroke))
        + _UNEVEN * uneven
        + _BIAS
    )
    return rungs.CERTAIN / (1 + math.exp(-max(-30.0, min(30.0, weight))))


def _unread(ink: Mask, lines: Sequence[ReadLine], usual: float) -> list[tuple[Rect, float]]:
    """Return blots of ink whose middle lies where nothing was read: boxes in pixels, with confidence.
    `usual`: the height of print, in pixels."""
    return _blots(_loose(ink, lines, usual), usual)


def _loose(ink: Mask, lines: Sequence[ReadLine], usual: float) -> Mask:
    """Return a mask of the ink whose middle lies where nothing was read. `usual` is the height of print."""
    left, above, wide, high = cv2.boundingRect(ink.astype(np.uint8))
    inked = np.s_[above : above + high, left : left + wide]
    mask = np.zeros(ink.shape, np.bool_)
    if not wide:
        return mask
    # The margins of a sheet have none, and hold a third of its pixels.
    _, labels, stats, middles = cv2.connectedComponentsWithStats(ink[inked].astype(np.uint8))
    middles += (left, above)
    taken = np.zeros(ink.shape, np.bool_)
    for line in lines:
        _, y0, _, y1 = line.place.box
        grow = _READ_AROUND * (y1 - y0)
        for x0, x1 in line.glyph_boxes():
            taken[
                max(0, round(y0 - grow)) : round(y1 + grow),
                max(0, round(x0 - 2 * grow)) : max(0, round(x1 + 2 * grow)),
            ] = True
    # Where all is ink, the background has no pixels, and so no middle.
    columns, rows = np.rint(np.nan_to_num(middles)).astype(int).T
    columns, rows = np.clip(columns, 0, ink.shape[1] - 1), np.clip(rows, 0, ink.shape[0] - 1)
    loose = ~taken[rows, columns] & (stats[:, 4] > max(2.0, _SPECK * usual**2))
    loose[0] = False
    whole = mask[inked]
    for label in np.flatnonzero(loose):
        x, y, width, height = (int(v) for v in stats[label, :4])
        part = (slice(y, y + height), slice(x, x + width))
        whole[part] |= labels[part] == label
    return mask


def _blots(mask: Mask, usual: float) -> list[tuple[Rect, float]]:
    """Return the boxes (pixels) of ink that hangs together over small gaps, with the confidence by its amount
    that somebody wrote it. `usual`: the height of print, in pixels."""
    x0, y0, wide, high = cv2.boundingRect(mask.astype(np.uint8))
    if not wide:
        return []
    gap = max(3, round(0.5 * usual)) | 1
    # Most of a page has no ink, so only the part around it is looked at. Closing looks as far beyond the ink
    # as the gap is wide.
    x0, y0, x1, y1 = max(0, x0 - gap), max(0, y0 - gap), x0 + wide + gap, y0 + high + gap
    mask = mask[y0:y1, x0:x1]
    joined = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    inked = np.bincount(labels[mask], minlength=count)
    boxes: list[tuple[Rect, float]] = []
    for label in range(1, count):
        x, y, width, height = (int(v) for v in stats[label, :4])
        own = (slice(y, y + height), slice(x, x + width))
        if inked[label] > _LEAST * usual**2 and not _is_ruled(mask[own] & (labels[own] == label), usual):
            sure = _enough(int(inked[label]), width, height, usual)
            boxes.append(
                ((float(x0 + x), float(y0 + y), float(x0 + x + width), float(y0 + y + height)), sure)
            )
    return boxes


def _enough(amount: int, width: float, height: float, usual: float) -> float:
    """Return the confidence that ink is writing at all. `amount`: its pixels; `width` and `height`: those of
    its box; `usual`: the height of the print beside it, in pixels."""
    large = max(width, height) > _LARGE * usual and min(width, height) > _LARGE_SHORT * usual
    # A name is wider than one letter of a seal, and lower than a piece of its outline.
    namely = width > _NAME_WIDE * usual and height < max(_NAME_HIGH * usual, _NAME_LOW * width)
    return min(
        rungs.CERTAIN / (1 + (_HALF_SURE * usual**2 / amount) ** 2),
        1.0 if namely else rungs.STRONG if large else rungs.SCANT,
    )
