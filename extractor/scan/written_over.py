"""Characters that somebody wrote over: they bear more ink, in thicker blots, than the character that was read
has beside its neighbours.

What a character has is seen on it as a face of print draws it, in the line's own size; pens and other faces
differ from that for a whole line alike, so that only what stands out of its line tells.
"""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from extractor import rungs
from extractor.scan.flat import ReadLine
from extractor.scan.ocr import Glyph
from extractor.text.tick_signs import is_chinese

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Of an em: how far from its middle ink belongs to a Chinese character, at least to another, and to its line;
# how much more than half its width in print a letter has; how far letters may be from where they are told.
_WIDE, _NARROW, _HIGH = 0.55, 0.3, 0.8
_LOOSE, _ROUGH = 0.03, 0.25
_SOFT, _DARK = 0.02, 90  # how far ink runs on paper, in ems, and from which level on it is seen
_LEAST = 0.02  # of an em, or its square: no character has less ink, or a thinner blot
_SMALLEST, _LARGEST = 8, 120  # pixels of an em
# Logarithms of how many times a character has as much ink as is usual in its line, and as much times as thick
# a blot. Of two characters either may be the usual one. Where a line has many, so many times what they differ
# by is enough of ink alone; where the recogniser was not sure of the character, less is enough. Set on 24
# forms that `benchmarks.pen_corrections` drew; of 324 fields of 18 scans without a correction they send two
# more to a person (2026-11-29).
_MORE, _BLOTTED, _BLOTTED_PAIR = 0.3, 0.92, 1.16
_MANY, _OUT, _EVEN, _BLOTTED_OUT = 7, 5.2, 0.03, 0.55
_MORE_UNSURE, _BLOTTED_UNSURE = 0.18, 0.37
_FACES = (str(pylopdf_fonts_zh_cn.serif_path()), str(pylopdf_fonts_zh_cn.sans_path()))
_THIN = frozenset("1Iil")  # faces draw these too differently
_BARE = "一"  # and of this there is too little
_LETTERS = 5  # fewer letters and digits tell nothing of a line
_SHORT, _IN_PROSE = 3, 1.6  # in a cell of more lines it takes so many times as much
# Of an em: how level the ends of most of so many characters are in print, and how far beyond them one reaches
# that is no print; the same of digits, and how many of a hundred are most.
_LEVEL_OF, _LEVEL, _BEYOND, _LEVEL_DIGITS, _BEYOND_DIGITS, _MOST = 6, 0.08, 0.13, 0.05, 0.05, 75


def is_written_over(line: ReadLine, em: float, middle: float, ink: Mask, among: int = 1) -> bool:
    """Whether one of the characters of `line`, whose `middle` is so far down the page, is far blacker than
    its neighbours, or alone reaches beyond them. `ink`: where the page has any; `among`: lines of its
    cell."""
    size = int(em + 0.5)  # `round` takes a half to the even number, here up, there down
    if not _SMALLEST <= size <= _LARGEST:
        return False
    seen = [
        (glyph, part)
        for number, glyph in enumerate(line.reading.glyphs)
        if glyph.text.isalnum()
        and glyph.text != _BARE
        and not any(line.struck[number : number + 1])
        and (part := _around(line, number, em, middle, ink)).any()
    ]
    kinds = [
        [(glyph, part) for glyph, part in seen if glyph.text.isascii() == ascii_] for ascii_ in (True, False)
    ]
    # Faces give digits and Chinese characters strokes of their own; too few of either tell nothing alone.
    groups = kinds if all(len(kind) >= _LETTERS for kind in kinds) else [seen]
    # Of many characters some differ by chance.
    least = _IN_PROSE if among > _SHORT else 1.0
    return any(_stands_out(group, size, least) for group in groups) or (
        among == 1 and _sticks_out(seen, size)
    )


def _sticks_out(seen: Sequence[tuple[Glyph, Gray]], size: int) -> bool:
    """Whether one character alone reaches above or below a line that is level as print is."""
    rows = [
        np.flatnonzero(part.any(axis=1))
        for glyph, part in seen
        if glyph.text.isdigit() or not glyph.text.isascii()
    ]
    if len(rows) < _LEVEL_OF:
        return False
    ends = np.array([(-own[0], own[-1]) for own in rows], np.float64) / size
    # Digits end alike, Chinese characters roughly.
    digits = all(glyph.text.isdigit() for glyph, _ in seen)
    level, beyond = (_LEVEL_DIGITS, _BEYOND_DIGITS) if digits else (_LEVEL, _BEYOND)
    most = np.percentile(ends, _MOST, axis=0)
    return bool(((most - np.median(ends, axis=0) < level) & (ends.max(axis=0) - most > beyond)).any())


def _stands_out(seen: Sequence[tuple[Glyph, Gray]], size: int, least: float) -> bool:
    """Whether one of the characters does, whichever face of print it is held against; by `least` times as
    much as a short line asks."""
    if len(seen) < 2 or (len(seen) < _LETTERS and all(glyph.text.isascii() for glyph, _ in seen)):
        return False
    pair = len(seen) == 2
    had = np.log([_weight(part, size) for _, part in seen])
    over = np.ones(len(seen), np.bool_)
    for face in _FACES:
        weights = had - np.log([_expected(glyph.text, size, face) for glyph, _ in seen])
        more = weights - (weights.min(axis=0) if pair else np.median(weights, axis=0))
        amount, both = more[:, 0], more.sum(axis=1)
        spread = np.median(np.abs(amount)) + _EVEN if len(seen) >= _MANY else np.inf
        unsure = np.array([glyph.confidence < rungs.UNDISPUTED for glyph, _ in seen])
        thin = np.array([glyph.text in _THIN for glyph, _ in seen])
        latin = np.array([glyph.text.isascii() for glyph, _ in seen])
        mixed = latin.sum() < _LETTERS or any(glyph.text.isalpha() for glyph, _ in seen)
        enough = np.where(pair | (latin & mixed), _BLOTTED_PAIR, _BLOTTED)
        out = (amount > least * _MORE) & (both > least * enough)
        out |= (amount > least * _MORE) & (amount > least * _OUT * spread) & (both > _BLOTTED_OUT) & ~thin
        unsure &= (amount > least * _MORE_UNSURE) & (both > least * _BLOTTED_UNSURE)
        over &= out | unsure
    return bool(over.any())


def _around(line: ReadLine, number: int, em: float, middle: float, ink: Mask) -> Gray:
    """The ink nearer to a character than to its neighbours."""
    x0, _, x1, _ = line.place.box
    glyphs = line.reading.glyphs
    top, bottom = max(0, int(middle - _HIGH * em)), max(0, int(middle + _HIGH * em))
    own, half = x0 + glyphs[number].at * (x1 - x0), _half(glyphs[number].text) * em
    edges = [own - half, own + half]
    for side, other in enumerate((number - 1, number + 1)):
        if not 0 <= other < len(glyphs):
            continue
        theirs = x0 + glyphs[other].at * (x1 - x0)
        between = (own + theirs) / 2
        if not is_chinese(glyphs[number].text) and not is_chinese(glyphs[other].text):
            # Where letters stand is told roughly: what is midway between a 7 and a Q is often the Q's, and
            # the 7's own edge farther away than it should be.
            between = _emptiest(ink[top:bottom], between, _ROUGH * em)
            edges[side] += _ROUGH * em * (1 if side else -1)
        edges[side] = min(edges[side], between) if side else max(edges[side], between)
    left, right = max(edges[0], 0.0), edges[1]
    return ink[top:bottom, int(left) : int(right) + 1].astype(np.uint8)


def _emptiest(rows: Mask, at: float, near: float) -> float:
    """The column with the least ink that is nearest to `at`, no farther from it than `near`."""
    first = max(0, round(at - near))
    columns = rows[:, first : round(at + near) + 1].sum(axis=0)
    if not columns.any():
        return at
    least = first + np.flatnonzero(columns == columns.min())
    return float(least[np.abs(least - at).argmin()])


@lru_cache(maxsize=1024)
def _half(char: str) -> float:
    """How far from its middle a character reaches, in ems."""
    if is_chinese(char):
        return _WIDE
    if not char.isalpha():
        return _NARROW
    return max(_NARROW, *(_font(face, _LARGEST).getlength(char) / _LARGEST / 2 + _LOOSE for face in _FACES))


def _weight(part: Gray, size: int) -> tuple[float, float]:
    """The ink of `part`, in squares of an em, and the depth of its thickest blot, in ems."""
    edged = cv2.copyMakeBorder(part, 1, 1, 0, 0, cv2.BORDER_CONSTANT, value=(0.0,))
    thick = float(cv2.distanceTransform(edged, cv2.DIST_L2, 3).max())
    return max(float(part.sum()) / size**2, _LEAST), max(thick / size, _LEAST)


@lru_cache(maxsize=16384)
def _expected(char: str, size: int, face: str) -> tuple[float, float]:
    """The same of the character as a face of print draws it."""
    sheet = Image.new("L", (2 * size, 2 * size), 0)
    ImageDraw.Draw(sheet).text((size // 2, size // 4), char, font=_font(face, size), fill=255)
    ink = cv2.GaussianBlur(np.asarray(sheet, np.uint8), (0, 0), _SOFT * size) > _DARK
    return _weight(ink.astype(np.uint8), size)


@lru_cache(maxsize=64)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face, size)
