"""Finds lines that a pen drew under some of the characters of a line, as people do to choose among options.

A line under all of them is one to write on, unless what else stands in their cell has none. Sizes are in ems:
an em is the width of a Chinese character of the line.
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.red_ink import loose_red

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_BELOW = 0.45  # ems: how far below a line's box an underline may run
_SHORTEST = 0.7  # ems: its least length
_TOUCHING = 1.6  # ems: its least length where it touches a character
_SWAY = 0.1  # ems that it may stray from level where it touches one
_FLAT = 0.35  # ems: its greatest height where it touches none
_THICKEST = 0.28  # ems: its greatest thickness
_OVER = 0.15  # ems beyond its ends where the middle of a character above it may stand
_BARE = 0.25  # share of its length: its own gaps, and other ink below it, take less
_NARROW = 0.5  # ems: width of a letter or a digit
# Their lowest stroke is level, and touches no other, or none on a blurred copy.
_LIKE_STROKES = frozenset(
    "一二三亖_—－-＿ 边达迁过迈迎运近返还这进远违连迟述迫送适追退逃选透逐递途通速造逢逻遇遍道遗遣遥遭遮遵避"
    "延建廷"
)


def mark_underlined(page: FlatPage) -> FlatPage:
    """Return the page with the characters marked that a pen underlined. Only lines in cells are looked
    at."""
    dark = (page.lifted < PAPER) & (page.ruling.lines == 0)
    if page.layers.red.any():
        dark |= loose_red(page.layers, page.rings)
    marks = [_marks(line, dark, page) if line.place.cell is not None else () for line in page.lines]
    by_cell: dict[tuple[int, int] | None, list[tuple[bool, ...]]] = {}
    for line, own in zip(page.lines, marks, strict=True):
        by_cell.setdefault(line.place.cell, []).append(own)
    lines = []
    for line, own in zip(page.lines, marks, strict=True):
        others_have_none = not all(all(one) for one in by_cell[line.place.cell])
        lines.append(replace(line, underlined=own) if any(own) and others_have_none else line)
    return page.reading(lines)


def _marks(line: ReadLine, ink: Mask, page: FlatPage) -> tuple[bool, ...]:
    """Tell of each character whether it is underlined."""
    x0, _, x1, _ = line.place.box
    ems = sum(_NARROW if glyph.text.isascii() else 1.0 for glyph in line.reading.glyphs)
    # The box of a line is higher where it holds what a pen drew.
    em = min(line.wide, (x1 - x0) / max(ems, 1.0))
    over = [
        [
            n
            for n, (a, b) in enumerate(line.glyph_boxes())
            if start - _OVER * em < (a + b) / 2 < end + _OVER * em
        ]
        for start, end in _strokes(line, em, ink, page)
    ]
    glyphs = line.reading.glyphs
    # A stroke that runs only under such characters is their own.
    kept = {n for own in over if any(glyphs[n].text not in _LIKE_STROKES for n in own) for n in own}
    return tuple(n in kept for n in range(len(glyphs)))


def _strokes(line: ReadLine, em: float, ink: Mask, page: FlatPage) -> Iterator[tuple[float, float]]:
    """Yield the left and right ends of strokes under a line, in pixels of the page."""
    left, _, right, bottom = page.inside(line.place)
    x0 = max(0, round(line.place.box[0] - em / 2), round(left))
    x1 = round(min(line.place.box[2] + em / 2, right))
    y0 = max(0, round((line.place.box[1] + line.place.box[3]) / 2))
    y1 = round(min(line.place.box[3] + _BELOW * em, bottom))
    if y1 - y0 < 3 or x1 - x0 < 3:
        return
    part = np.ascontiguousarray(ink[y0:y1, x0:x1]).astype(np.uint8)
    # A stroke of a character touches others, so that their connected component is not flat.
    _, labels, stats, _ = cv2.connectedComponentsWithStats(part)
    # What begins at the upper edge is cut off there: the foot of 国, which is flat too.
    flat = [
        label
        for label, (_, y, wide, high) in enumerate(stats[1:, :4].tolist(), 1)
        if wide > _SHORTEST * em and high < _FLAT * em and y > 0
    ]
    sway, length = max(1, round(_SWAY * em)), max(3, round(_TOUCHING * em))
    swayed = cv2.dilate(part, np.ones((2 * sway + 1, 1), np.uint8))
    level = cv2.morphologyEx(swayed, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)) & part
    strokes = level | np.isin(labels, flat).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(strokes, np.ones((3, 3), np.uint8)))
    for label, (x, y, wide, high) in enumerate(stats[1:, :4].tolist(), 1):
        own = (labels[y : y + high, x : x + wide] == label) & (part[y : y + high, x : x + wide] > 0)
        thick = float(own.sum(axis=0).mean())
        below = part[y + high :, x : x + wide].any(axis=0).mean() if y + high < part.shape[0] else 0.0
        if (
            wide > _SHORTEST * em
            and thick < _THICKEST * em
            and own.any(axis=0).mean() > 1 - _BARE
            and below < _BARE
        ):
            yield float(x0 + x), float(x0 + x + wide)
