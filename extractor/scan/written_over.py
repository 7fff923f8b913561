"""Characters that somebody wrote over: they bear more ink, in thicker blots, than the character that was read
has beside its neighbours.

What a character has is seen on it as a face of print draws it, in the line's own size; pens and other faces
differ from that for a whole line alike, so that only what stands out of its line tells.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

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
# What speaks for a pen, and how much, as `python -m benchmarks.written_over` fits it (logistic regression):
# logarithms of how many times a character has as much ink, and as thick a blot, as is usual in its line, less
# what the same character has on other lines of the page, since a rare one often comes from a face of its own;
# both in deviations of the line's own; how unsure the recogniser was; and that it is no letter or digit. The
# last is the bias.
_WEIGHTS = (0.26, 2.945, 1.002, 0.154, 6.346, 2.333, -5.607)
# So likely is enough; of the many characters of prose some differ by chance. Of lines that the weights were
# not fitted on, 68 of 91 that were written over are told, and of those that were not 10 of 1,054 short ones
# and 9 of 832 of prose (2026-11-29).
_LIKELY, _LIKELY_IN_PROSE = 0.15, 0.8
_MOST_OF = (1.5, 2.0, 8.0, 8.0)  # of the first four more says no more
_EVEN, _EVEN_BLOT = 0.05, 0.1  # no line is more even than this
_FACES = (str(pylopdf_fonts_zh_cn.serif_path()), str(pylopdf_fonts_zh_cn.sans_path()))
_BARE = "一"  # and of this there is too little
_LETTERS = 5  # fewer letters and digits tell nothing of a line
_SHORT = 3  # lines of a cell that holds no prose
# Of an em: how level the ends of most of so many characters are in print, and how far beyond them one reaches
# that is no print; the same of digits, and how many of a hundred are most.
_LEVEL_OF, _LEVEL, _BEYOND, _LEVEL_DIGITS, _BEYOND_DIGITS, _MOST = 6, 0.08, 0.13, 0.05, 0.05, 75


@dataclass(frozen=True)
class Written:
    """A line to look at: the size of its characters, `em`, and their `middle` down the page, in pixels;
    `among`: the lines of its cell."""

    line: ReadLine
    em: float
    middle: float
    among: int = 1


@dataclass(frozen=True)
class Weighed:
    """A character beside its neighbours: its share of `ink` and the thickness of its `blot` against theirs,
    as logarithms, and what is usual of either in its line; how unsure the recogniser was of it."""

    text: str
    ink: float
    blot: float
    usual_ink: float
    usual_blot: float
    unsure: float


def written_over(lines: Sequence[Written], ink: Mask) -> list[bool]:
    """Of each line, whether one of its characters is far blacker than its neighbours, or alone reaches beyond
    them. `lines` are those of one page, and `ink` is where it has any."""
    seen = [_seen(one, ink) for one in lines]
    weighed = [weigh(one, parts) for one, parts in zip(lines, seen, strict=True)]
    places: dict[str, list[tuple[int, Weighed]]] = {}
    for number, characters in enumerate(weighed):
        for one in characters:
            places.setdefault(one.text, []).append((number, one))
    return [
        any(
            likelihood(one, [same for other, same in places[one.text] if other != number])
            >= (_LIKELY_IN_PROSE if line.among > _SHORT else _LIKELY)
            for one in characters
        )
        or (line.among == 1 and _sticks_out(parts, _size(line)))
        for number, (line, parts, characters) in enumerate(zip(lines, seen, weighed, strict=True))
    ]


def features(one: Weighed, elsewhere: Sequence[Weighed]) -> tuple[float, ...]:
    """What `_WEIGHTS` weigh. `elsewhere`: the same character on other lines."""
    more_ink = one.ink - max(0.0, float(np.median([same.ink for same in elsewhere] or [0.0])))
    more_blot = one.blot - max(0.0, float(np.median([same.blot for same in elsewhere] or [0.0])))
    told = (
        more_ink,
        more_blot,
        more_ink / (one.usual_ink + _EVEN),
        more_blot / (one.usual_blot + _EVEN_BLOT),
    )
    ink, blot, out, blot_out = (max(0.0, min(most, each)) for most, each in zip(_MOST_OF, told, strict=True))
    latin = min(ink, 1.0) if one.text.isascii() else 0.0
    return ink, blot, out, blot_out, one.unsure, -latin, 1.0


def likelihood(one: Weighed, elsewhere: Sequence[Weighed]) -> float:
    """How likely somebody wrote over it, from 0 to 1."""
    told = sum(weight * each for weight, each in zip(_WEIGHTS, features(one, elsewhere), strict=True))
    return 1.0 / (1.0 + math.exp(-told))


def weigh(line: Written, seen: Sequence[tuple[Glyph, Gray]]) -> list[Weighed]:
    """The characters of a line, each held against its neighbours, and against two faces of print, of which
    the one counts in which it stands out less."""
    kinds = [
        [(glyph, part) for glyph, part in seen if glyph.text.isascii() == ascii_] for ascii_ in (True, False)
    ]
    # Faces give digits and Chinese characters strokes of their own; too few of either tell nothing alone.
    groups = kinds if all(len(kind) >= _LETTERS for kind in kinds) else [list(seen)]
    return [one for group in groups for one in _weigh(group, line)]


def _weigh(seen: Sequence[tuple[Glyph, Gray]], line: Written) -> list[Weighed]:
    if len(seen) < 2 or (len(seen) < _LETTERS and all(glyph.text.isascii() for glyph, _ in seen)):
        return []
    size = _size(line)
    had = np.log([_weight(part, size) for _, part in seen])
    more = np.array(
        [had - np.log([_expected(glyph.text, size, face) for glyph, _ in seen]) for face in _FACES]
    )
    # Of two characters either may be the usual one.
    more -= more.min(axis=1, keepdims=True) if len(seen) == 2 else np.median(more, axis=1, keepdims=True)
    off = np.abs(more - np.median(more, axis=1, keepdims=True))
    off[:, :, 0] = np.abs(more[:, :, 0])
    usual = np.median(off, axis=1).mean(axis=0)
    least = more.min(axis=0)
    return [
        Weighed(
            text=glyph.text,
            ink=float(ink),
            blot=float(blot),
            usual_ink=float(usual[0]),
            usual_blot=float(usual[1]),
            unsure=1.0 - glyph.confidence,
        )
        for (glyph, _), (ink, blot) in zip(seen, least, strict=True)
    ]


def _size(line: Written) -> int:
    return int(line.em + 0.5)  # `round` takes a half to the even number, here up, there down


def _seen(one: Written, ink: Mask) -> list[tuple[Glyph, Gray]]:
    """The characters of a line that tell something, each with the ink nearest to it."""
    if not _SMALLEST <= _size(one) <= _LARGEST:
        return []
    return [
        (glyph, part)
        for number, glyph in enumerate(one.line.reading.glyphs)
        if glyph.text.isalnum()
        and glyph.text != _BARE
        and not any(one.line.struck[number : number + 1])
        and (part := _around(one.line, number, one.em, one.middle, ink)).any()
    ]


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
