"""Tells where each character of a line begins and ends.

The recogniser tells only roughly where a character stands. Chinese characters are of one width, so that a
place midway between two of them is no ink of either. Letters, digits and signs are narrow. Of a stretch of
them each piece of ink that stands apart is one character, or several that touch, as their places tell. Within
a piece an edge is the column with the least ink near the place that the characters' widths give it.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np
import pylopdf_fonts_zh_cn
from numpy.typing import NDArray
from PIL import ImageFont

from extractor.scan.readings import Glyph
from extractor.text.tick_signs import is_chinese
from models.geometry import Rect

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_WIDE = 0.55  # ems that a Chinese character reaches from its middle at most
_LOOSE = 0.25  # ems that the first and the last character of a line may reach beyond their width
_REACH = 0.25  # ems from its expected place in which an edge is looked for, to each side
_TOUCHING = 4  # characters that touch each other, at most
_LEAST = 2  # pixels of ink that a piece has at least
_SIZE = 100  # pixels: em at which widths are measured
_FACE = str(pylopdf_fonts_zh_cn.serif_path())


def character_edges(glyphs: Sequence[Glyph], box: Rect, em: float, rows: Mask) -> list[tuple[float, float]]:
    """Return the first and the last column of each character, in pixels.

    `box` is the line's bounding box and `em` the width of its Chinese characters, both in pixels. `rows` is
    a mask of the ink in the line's rows, as wide as the page.
    """
    middles = np.array([box[0] + glyph.at * (box[2] - box[0]) for glyph in glyphs])
    halves = np.array([_width(glyph.text) / 2 for glyph in glyphs]) * em
    # Edges between neighbours, by their widths alone.
    between = middles[:-1] + np.diff(middles) * halves[:-1] / (halves[:-1] + halves[1:])
    edges: list[tuple[float, float]] = []
    for chinese, group in groupby(range(len(glyphs)), key=lambda n: is_chinese(glyphs[n].text)):
        numbers = list(group)
        first, last = numbers[0], numbers[-1] + 1
        reach = _WIDE * em if chinese else _LOOSE * em
        start = between[first - 1] if first else middles[0] - halves[0] - reach
        end = between[last - 1] if last < len(glyphs) else middles[-1] + halves[-1] + reach
        expected = np.array([start, *between[first : last - 1], end])
        if chinese:
            near = zip(expected, middles[first:last], expected[1:], strict=False)
            edges += [(max(a, at - _WIDE * em), min(b, at + _WIDE * em)) for a, at, b in near]
        else:
            found = _settled(expected, middles[first:last], halves[first:last], em, rows)
            edges += zip(found[:-1].tolist(), found[1:].tolist(), strict=True)
    return edges


def _settled(expected: Floats, middles: Floats, halves: Floats, em: float, rows: Mask) -> Floats:
    """Return the edges of a stretch of narrow characters. `expected` are the edges that follow from their
    middles and half their widths alone."""
    first = max(0, round(float(expected[0]) - _REACH * em))
    ink = rows[:, first : max(0, round(float(expected[-1]) + _REACH * em)) + 1].sum(axis=0)
    start, *between, end = (_emptiest(ink, at - first, _REACH * em) + first for at in expected.tolist())
    inked = ink > 0
    inked[: max(0, round(start) - first)] = inked[max(0, round(end) - first) + 1 :] = False
    bounds = np.flatnonzero(np.diff(inked.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    pieces = [(a + first, b + first) for a, b in bounds.tolist() if ink[a:b].sum() >= _LEAST]
    counts = _counts(pieces, middles, halves) if 1 < len(pieces) <= len(middles) else ()
    at = 0
    for (_, before), (after, _), count in zip(pieces, pieces[1:], counts, strict=False):
        at += count
        between[at - 1] = (before + after - 1) / 2
    return np.array([start, *between, end])


def _counts(pieces: Sequence[tuple[int, int]], middles: Floats, halves: Floats) -> list[int]:
    """Return how many characters each piece of ink holds, one or more that touch, so that they stand as near
    to their middles as can be."""
    wide = np.concatenate([[0.0], np.cumsum(2 * halves)])
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}  # by the number of characters placed
    for number, (left, right) in enumerate(pieces):
        rest = len(pieces) - number - 1
        following: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, counts) in best.items():
            last = len(middles) - rest
            for end in range(start + 1, min(start + _TOUCHING, last) + 1) if rest else (last,):
                scale = (right - left) / (wide[end] - wide[start])
                own = left + (wide[start:end] - wide[start] + halves[start:end]) * scale
                total = cost + float(((own - middles[start:end]) ** 2).sum())
                if end not in following or total < following[end][0]:
                    following[end] = total, [*counts, end - start]
        best = following
    return best[len(middles)][1] if len(middles) in best else []


def _emptiest(ink: NDArray[np.int_], at: float, near: float) -> float:
    """Return the column with the least ink, no farther from `at` than `near` pixels. Of several it is the
    one nearest to `at`."""
    begin = max(0, round(at - near))
    columns = ink[begin : round(at + near) + 1]
    if not columns.any():
        return at
    least = begin + np.flatnonzero(columns == columns.min())
    return float(least[np.abs(least - at).argmin()])


@lru_cache(maxsize=4096)
def _width(char: str) -> float:
    """Return the width of a character in print, in ems."""
    return 1.0 if is_chinese(char) else _font().getlength(char) / _SIZE


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FACE, _SIZE)
