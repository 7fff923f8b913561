"""Finds characters that somebody wrote over. They bear more ink, in thicker blots, than the character that
was read usually has beside its neighbours.

How much ink a character has is measured on a face of print, in the line's own size. A pen or another face
differs from that face over the whole line alike. Only a character that stands out of its line tells.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import median

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from extractor.scan.character_edges import character_edges
from extractor.scan.flat import ReadLine
from extractor.scan.readings import Glyph

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_HIGH = 0.8  # ems: ink so far above and below the middle of a line belongs to it
_CORE = 0.5  # ems: ink so far above and below is of this line, not of the next one, and tells the edges
_SOFT = 0.02  # ems: standard deviation of the blur of ink on paper
_DARK = 90  # level of a blurred pixel, 255 being full ink, above which it counts as ink
_LEAST = 0.02  # square ems of ink, and ems of a blot's depth: no character counts for less
_SMALLEST = 8  # pixels: least em of a line that is looked at
_LARGEST = 120  # pixels: greatest em of such a line
# What speaks for a pen, and how much, as `python -m benchmarks.written_over` fits it (logistic regression):
# - how many times as thick a blot a character has as is usual in its line, as a logarithm, less what the same
#   character has on other lines of the page, since a rare one often comes from a face of its own;
# - the same of its ink, in deviations that are usual in the line and on the page;
# - the first in such deviations;
# - how unsure the recogniser was, from 0 to 1, as far as there is more ink: a quick hand is unsure too;
# - how much more ink it is, as a logarithm up to 1, of a letter or a digit only, and against a pen;
# - the bias.
_WEIGHTS = (1.454, 1.289, 0.441, 3.618, 3.719, -6.451)
# Of 284 lines that were written over 213 are told, and of those that were not 19 of 4,246 short ones in print
# and 1 of 1,622 by hand. Fitted on halves of them, the weights were as good on the other halves (2026-11-30).
_LIKELY = 0.12  # probability that is enough in a short text
_LIKELY_IN_PROSE = 0.8  # probability that is enough in prose, where some of many characters differ by chance
_MOST_OF = (2.0, 8.0, 8.0)  # of the first three of `_WEIGHTS`, in their units: more says no more
_MORE_INK = 0.5  # logarithm of ink and blot: with as much more, all doubt counts
_USUAL_OF = 20  # characters of a kind: a page with fewer doesn't tell what is usual
_EVEN = 0.05  # logarithm, added to the usual deviation of ink: no line is more even
_EVEN_BLOT = 0.1  # the same of blots
_FACES = (str(pylopdf_fonts_zh_cn.serif_path()), str(pylopdf_fonts_zh_cn.sans_path()))  # font files
_BARE = "一"  # this character has too little ink to tell
_LIGATURE = re.compile("ff[il]?|f[il]")  # many faces draw these as one piece, in which no edge can be seen
_LETTERS = 5  # characters: fewer letters and digits tell nothing of a line
_SHORT = 3  # lines: a cell with more holds prose
# A character that alone reaches out of a level line:
_LEVEL_OF = 6  # characters: a line of fewer is not looked at
_LEVEL = 0.065  # ems: in a level line, the ends of the middle half of its characters differ by less
_BEYOND = 0.13  # ems that the one character reaches beyond most
_LEVEL_DIGITS = 0.04  # ems: the same as `_LEVEL` in a line of digits
_BEYOND_DIGITS = 0.05  # ems: the same as `_BEYOND` in a line of digits
_ROUGH = 1.5  # pixels: the edge of print is as rough, so that what reaches no farther tells nothing
_MOST = 75  # percentile of the ends: where most reach; from the other end, where the least reach


@dataclass(frozen=True)
class Written:
    """A line to look at. `em` is the width of its Chinese characters, and `middle` their height on the page,
    both in pixels. `among` is the number of lines in its cell."""

    line: ReadLine
    em: float
    middle: float
    among: int = 1


@dataclass(frozen=True)
class Weighed:
    """A character held against its neighbours. `ink` and `blot` are logarithms of how many times as much ink,
    and as thick a blot, it has as is usual in its line. `usual_ink` and `usual_blot` are the usual deviations
    of both. `unsure` is how unsure the recogniser was, from 0 to 1."""

    text: str
    ink: float
    blot: float
    usual_ink: float
    usual_blot: float
    unsure: float


def written_over(lines: Sequence[Written], ink: Mask) -> list[bool]:
    """Tell of each line whether one of its characters was written over: it is far blacker than its
    neighbours, or alone reaches beyond them. `lines` are those of one page, and `ink` is a mask of its ink,
    height x width."""
    seen = [_seen(one, ink) for one in lines]
    weighed = [weigh(one, parts) for one, parts in zip(lines, seen, strict=True)]
    return [
        any(likelihood(*one) >= least_likely(line) for one in characters)
        or (line.among == 1 and _sticks_out(parts, line))
        for line, parts, characters in zip(lines, seen, with_others(weighed), strict=True)
    ]


def least_likely(line: Written) -> float:
    """Return the probability from which on a character of `line` counts as written over."""
    return _LIKELY_IN_PROSE if line.among > _SHORT else _LIKELY


def with_others(weighed: Sequence[Sequence[Weighed]]) -> list[list[tuple[Weighed, list[Weighed]]]]:
    """Return the characters of each line of a page, each with the same character on the other lines. What is
    usual is then halfway between the line, which is short, and the page."""
    places: dict[str, list[tuple[int, Weighed]]] = {}
    for number, characters in enumerate(weighed):
        for one in characters:
            places.setdefault(one.text, []).append((number, one))
    usual = {ascii_: _usual(weighed, ascii_) for ascii_ in (True, False)}
    return [
        [
            (_on_page(one, usual[one.text.isascii()]), [same for n, same in places[one.text] if n != number])
            for one in characters
        ]
        for number, characters in enumerate(weighed)
    ]


def _usual(weighed: Sequence[Sequence[Weighed]], ascii_: bool) -> tuple[float, float] | None:
    """Return the usual deviations of ink and blots of a page's letters and digits, or of all else; None where
    there are too few."""
    ones = [one for line in weighed for one in line if one.text.isascii() == ascii_]
    if len(ones) <= _USUAL_OF:
        return None
    return median(abs(one.ink) for one in ones), median(abs(one.blot) for one in ones)


def _on_page(one: Weighed, usual: tuple[float, float] | None) -> Weighed:
    if usual is None:
        return one
    return replace(one, usual_ink=(one.usual_ink + usual[0]) / 2, usual_blot=(one.usual_blot + usual[1]) / 2)


def features(one: Weighed, elsewhere: Sequence[Weighed]) -> tuple[float, ...]:
    """Return what `_WEIGHTS` weigh, in their order. `elsewhere` is the same character on other lines."""
    more_ink = one.ink - max(0.0, median([same.ink for same in elsewhere] or [0.0]))
    more_blot = one.blot - max(0.0, median([same.blot for same in elsewhere] or [0.0]))
    told = (more_blot, more_ink / (one.usual_ink + _EVEN), more_blot / (one.usual_blot + _EVEN_BLOT))
    blot, out, blot_out = (max(0.0, min(most, each)) for most, each in zip(_MOST_OF, told, strict=True))
    more = min((max(more_ink, 0.0) + max(more_blot, 0.0)) / _MORE_INK, 1.0)
    latin = min(max(more_ink, 0.0), 1.0) if one.text.isascii() else 0.0
    return blot, out, blot_out, one.unsure * more, -latin, 1.0


def likelihood(one: Weighed, elsewhere: Sequence[Weighed]) -> float:
    """Return the probability, from 0 to 1, that somebody wrote over `one`. `elsewhere` is the same character
    on other lines."""
    told = sum(weight * each for weight, each in zip(_WEIGHTS, features(one, elsewhere), strict=True))
    return 1.0 / (1.0 + math.exp(-told))


def weigh(line: Written, seen: Sequence[tuple[Glyph, Gray]]) -> list[Weighed]:
    """Hold each character of a line against its neighbours and two faces of print. The face counts in which
    it stands out less. `seen` are the characters, each with a mask of its ink (1)."""
    kinds = [
        [(glyph, part) for glyph, part in seen if glyph.text.isascii() == ascii_] for ascii_ in (True, False)
    ]
    # A face draws digits and Chinese characters with different strokes, so that each kind is weighed alone.
    # Too few of either tell nothing.
    groups = kinds if all(len(kind) >= _LETTERS for kind in kinds) else [list(seen)]
    return [one for group in groups for one in _weigh(group, line)]


def _weigh(seen: Sequence[tuple[Glyph, Gray]], line: Written) -> list[Weighed]:
    """Do the same as `weigh` for characters of one kind."""
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
    """Return the em of a line in whole pixels."""
    return int(line.em + 0.5)  # `round` takes a half to the even number, here up, there down


def _seen(one: Written, ink: Mask) -> list[tuple[Glyph, Gray]]:
    """Return the characters of a line that tell something, each with a mask of the ink nearest to it."""
    if not _SMALLEST <= _size(one) <= _LARGEST:
        return []
    rows, core = (
        ink[max(0, int(one.middle - high * one.em)) : max(0, int(one.middle + high * one.em))]
        for high in (_HIGH, _CORE)
    )
    edges = character_edges(one.line.reading.glyphs, one.line.place.box, one.em, core)
    # A glyph may stand for more than one character.
    text = "".join(glyph.text[:1] or " " for glyph in one.line.reading.glyphs)
    joined = {at for found in _LIGATURE.finditer(text) for at in range(*found.span())}
    return [
        (glyph, part)
        for number, glyph in enumerate(one.line.reading.glyphs)
        if glyph.text.isalnum()
        and glyph.text != _BARE
        and number not in joined
        and not any(one.line.struck[number : number + 1])
        and (part := _between(rows, *edges[number])).any()
    ]


def _sticks_out(seen: Sequence[tuple[Glyph, Gray]], line: Written) -> bool:
    """Tell whether one character alone reaches above or below a line that is as level as print. Letters and
    signs are not level, nor are digits that may have taken a piece of one beside them."""
    glyphs = line.line.reading.glyphs
    uneven = [glyph.text.isascii() and not glyph.text.isdigit() for glyph in glyphs]
    level_ones = {id(glyph) for n, glyph in enumerate(glyphs) if not any(uneven[max(0, n - 1) : n + 2])}
    rows = [np.flatnonzero(part.any(axis=1)) for glyph, part in seen if id(glyph) in level_ones]
    if len(rows) < _LEVEL_OF:
        return False
    ends = np.array([(-own[0], own[-1]) for own in rows], np.float64) / _size(line)
    # Digits end at one height, Chinese characters only roughly.
    digits = all(glyph.text.isdigit() for glyph, _ in seen)
    level, beyond = (_LEVEL_DIGITS, _BEYOND_DIGITS) if digits else (_LEVEL, _BEYOND)
    beyond = max(beyond, _ROUGH / _size(line))
    least, most = np.percentile(ends, (100 - _MOST, _MOST), axis=0)
    # A hand may keep to one of the two edges, print keeps to both.
    if (most - least >= level).any():
        return False
    return bool((ends.max(axis=0) - most > beyond).any())


def _between(rows: Mask, left: float, right: float) -> Gray:
    """Return a mask (1) of the ink in `rows` from column `left` to column `right`."""
    return rows[:, int(max(left, 0.0)) : int(max(right, 0.0)) + 1].astype(np.uint8)


def _weight(part: Gray, size: int) -> tuple[float, float]:
    """Return the ink of `part` in square ems, and the depth of its thickest blot in ems. `size` is the em in
    pixels."""
    edged = cv2.copyMakeBorder(part, 1, 1, 0, 0, cv2.BORDER_CONSTANT, value=(0.0,))
    thick = float(cv2.distanceTransform(edged, cv2.DIST_L2, 3).max())
    return max(float(part.sum()) / size**2, _LEAST), max(thick / size, _LEAST)


@lru_cache(maxsize=16384)
def _expected(char: str, size: int, face: str) -> tuple[float, float]:
    """Return the same as `_weight` for a character as a face of print draws it."""
    sheet = Image.new("L", (2 * size, 2 * size), 0)
    ImageDraw.Draw(sheet).text((size // 2, size // 4), char, font=_font(face, size), fill=255)
    ink = cv2.GaussianBlur(np.asarray(sheet, np.uint8), (0, 0), _SOFT * size) > _DARK
    return _weight(ink.astype(np.uint8), size)


@lru_cache(maxsize=64)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    """Open the font file `face` with an em of `size` pixels."""
    return ImageFont.truetype(face, size)
