"""Finds lines whose print fades towards an end: the light of a lamp on the glass, or of a flash on the paper,
bleached what came next. Nothing is left of that, and what could be read of the line looks whole."""

from itertools import pairwise

import numpy as np

from extractor.scan.flat import FlatPage, ReadLine
from models.page import Box

# Of 3,000 lines on 130 sheets that no light bleached, four get paler in this way: dates under a seal.
_PALER = 0.5  # share of the usual darkness of its characters: the last one of a line that fades is paler
_USUAL = 75  # percentile of the darkness of its characters
_STEADY = 1.02  # times the darkness of its neighbour on the inner side: no character is darker
_FADING = 3  # characters at the end of a line that tell whether it fades
_FEWEST = 4  # characters of a line that tell what is usual in it
_CORE = 6  # pixels: the darkest ones of a character, which tell its darkness; a thin stroke has as many


def find_faded(page: FlatPage) -> tuple[Box, ...]:
    """Return the bounding boxes, in points, of lines in cells that get paler towards one of their ends."""
    lines = [line for line in page.lines if line.place.cell is not None and _fades(page, line)]
    return tuple(page.in_points(line.place.box) for line in lines)


def _fades(page: FlatPage, line: ReadLine) -> bool:
    places = [
        place
        for glyph, place in zip(line.reading.glyphs, line.glyph_boxes(), strict=True)
        if glyph.text.isalnum()
    ]
    if len(places) < _FEWEST:
        return False
    ends = [
        [_darkness(page, line, *place) for place in end]
        for end in (places[:_FADING], places[: -_FADING - 1 : -1])
    ]
    # Most lines get darker somewhere at both ends, and need no look at the rest.
    fading = [end[0] for end in ends if all(a < _STEADY * b for a, b in pairwise(end))]
    if not fading:
        return False
    usual = float(np.percentile([_darkness(page, line, *place) for place in places], _USUAL))
    return min(fading) < _PALER * usual


def _darkness(page: FlatPage, line: ReadLine, x0: float, x1: float) -> float:
    """Return by how many levels the darkest pixels of a line from `x0` to `x1` are darker than paper."""
    _, y0, _, y1 = line.place.box
    part = page.clear[max(0, round(y0)) : round(y1), max(0, round(x0)) : max(round(x1), 1)]
    return 255 - float(np.partition(part, _CORE, axis=None)[:_CORE].mean()) if part.size > _CORE else 0.0
