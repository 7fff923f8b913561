"""Reads what a coloured pen wrote over characters of a printed line: its ink alone, without the print.

A recogniser that sees both inks reads neither. What was read goes into the line in place of the characters
that it lies on. A person looks at each such line. Sizes are in ems: an em is the width of a Chinese character
of the line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine
from extractor.scan.pen_marks import has_boxes
from extractor.scan.readings import Glyph
from extractor.scan.red_ink import loose_red
from extractor.text.tick_signs import is_chinese
from models.geometry import Rect
from models.page import Box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_WIDEST = 1.3  # times the usual em of the page: greatest em
_AROUND = 0.5  # ems above and below a line's characters where it is looked for
_PRINTED = 0.5  # square ems a character of a printed line: it has more print, by this share of the pen's ink
_GAP = 0.2  # ems: gaps within what belongs together
_LEAST = 0.04  # square ems: least ink of a character
_HIGH = 0.55  # ems: its least height
_LEVEL = 0.35  # ems: what lies over characters has its middle so near to theirs
_ROOM = 0.2  # ems of paper around what is read
_MOST = 3  # characters at most
_REACH = 0.1  # ems: a character whose middle lies so little beyond is replaced too


@dataclass(frozen=True)
class _Piece:
    """What hangs together of a pen's ink: its box in pixels, and a picture of it alone."""

    box: Rect
    picture: Gray


def read_second_ink(page: FlatPage, engine: OcrEngine) -> tuple[FlatPage, tuple[Box, ...]]:
    """Return the page with what a coloured pen changed in its printed lines, and the boxes in points of those
    lines. Raises OcrUnavailable."""
    pens = [page.blue]
    if page.layers.red.any():
        pens.append(loose_red(page.layers, page.rings))
    ticked = {line.place.cell for line in page.lines if has_boxes(line)}
    found: list[tuple[int, _Piece]] = []
    for number, line in enumerate(page.lines):
        if line.place.cell is not None and line.place.cell not in ticked and not any(line.struck):
            found += [(number, piece) for pen in pens for piece in _pieces(line, pen, page)]
    if not found:
        return page, ()
    readings = engine.recognise([crop(piece.picture, _whole(piece.picture)) for _, piece in found])
    lines = list(page.lines)
    changed: set[int] = set()
    for (number, piece), reading in zip(found, readings, strict=True):
        words = reading.text.strip()
        if 0 < len(words) <= _MOST and words.isalnum() and reading.confidence > rungs.EVEN:
            other = _changed(lines[number], piece, [one for one in reading.glyphs if one.text.strip()])
            if other.reading.text != lines[number].reading.text:
                lines[number] = other
                changed.add(number)
    boxes = tuple(page.in_points(page.lines[number].place.box) for number in sorted(changed))
    return page.reading(lines), boxes


def _whole(picture: Gray) -> Rect:
    return (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))


def _pieces(line: ReadLine, pen: Mask, page: FlatPage) -> Iterator[_Piece]:
    """Yield what `pen` wrote over a printed line. A line that is written by that pen has none."""
    em = min(line.wide, _WIDEST * page.em) if page.em else line.wide
    x0, y0, x1, y1 = line.place.box
    level = (y0 + y1) / 2
    left, right = max(0, round(x0)), round(x1)
    top, bottom = (max(0, round(level + way * (0.5 + _AROUND) * em)) for way in (-1, 1))
    part = pen[top:bottom, left:right]
    core = np.s_[max(0, round(level - em / 2)) : round(level + em / 2), left:right]
    near = cv2.dilate(pen[core].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    printed = np.count_nonzero((page.lifted[core] < PAPER) & ~near & (page.ruling.lines[core] == 0))
    if part.sum() < _LEAST * em * em or printed < _PRINTED * pen[core].sum():
        return
    gap = max(3, round(_GAP * em)) | 1
    joined = cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    for label, (x, y, wide, high) in enumerate(stats[1:, :4].tolist(), 1):
        own = (labels[y : y + high, x : x + wide] == label) & part[y : y + high, x : x + wide]
        box = (float(left + x), float(top + y), float(left + x + wide), float(top + y + high))
        if own.sum() < _LEAST * em * em or high < _HIGH * em or wide > _MOST * em * _WIDEST:
            continue
        if abs((box[1] + box[3]) / 2 - level) > _LEVEL * em:
            continue
        room = max(2, round(_ROOM * em))
        ink = cv2.copyMakeBorder(own.astype(np.uint8), room, room, room, room, cv2.BORDER_CONSTANT, value=0)
        yield _Piece(box, cv2.GaussianBlur(255 - 255 * ink, (0, 0), 0.7))


def _changed(line: ReadLine, piece: _Piece, new: Sequence[Glyph]) -> ReadLine:
    """Return the line with `new` in place of the characters under the piece, or between those beside it where
    none was read under it."""
    glyphs, em = line.reading.glyphs, line.wide
    x0, _, x1, _ = line.place.box
    wide = x1 - x0
    centre = (piece.box[0] + piece.box[2]) / 2
    first = last = sum(x0 + one.at * wide < centre for one in glyphs)
    under = [
        n
        for n, one in enumerate(glyphs)
        if piece.box[0] - _REACH * em < x0 + one.at * wide < piece.box[2] + _REACH * em
    ]
    # It may reach over a neighbour: as many are replaced as were written.
    under = sorted(sorted(under, key=lambda n: abs(x0 + glyphs[n].at * wide - centre))[: len(new)])
    if under:
        first, last = under[0], under[-1] + 1
    # A sign that tells where something is put in looks like a digit or a letter.
    beside = glyphs[first:last] or glyphs[max(0, first - 1) : first + 1]
    words = [one for one in beside if one.text.isalnum()]
    if words and not any(is_chinese(one.text) == is_chinese(new[0].text) for one in words):
        return line
    start, end = (piece.box[0] - x0) / wide, (piece.box[2] - x0) / wide
    added = [
        Glyph(one.text, start + (n + 0.5) * (end - start) / len(new), one.confidence, one.others)
        for n, one in enumerate(new)
    ]
    return line.spliced(first, last, added)
