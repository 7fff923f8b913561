"""Finds characters that somebody wrote over. They bear more ink than the character that was read usually has
beside its neighbours, their strokes are thicker, and another ink is paler.

How much ink a character has is measured on a face of print, in the line's own size. A pen or another face
differs from that face over the whole line alike. Only a character that stands out of its line tells. How
thick strokes are, needs no face: print and a pen keep to one thickness over a line, and where two characters
lie on each other, strokes run together.
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
Floats = NDArray[np.float64]

_HIGH = 0.8  # ems: ink so far above and below the middle of a line belongs to it
_CORE = 0.5  # ems: ink so far above and below is of this line, not of the next one, and tells the edges
_SOFT = 0.02  # ems: standard deviation of the blur of ink on paper
_DARK = 90  # level of a blurred pixel, 255 being full ink, above which it counts as ink
_LEAST = 0.02  # square ems of ink: no character counts for less
_SHALLOW = 0.005  # ems: no stroke is less deep
_CORE_OF = 0.035  # ems from the edge of a stroke: deeper ink shows how dark it is
_ROUGH_CORE = 1.5  # pixels: the least such depth
_FEW = 6  # pixels of such ink: with fewer, all of the character's shows that
_SMALLEST = 8  # pixels: least em of a line that is looked at
_LARGEST = 120  # pixels: greatest em of such a line
# What speaks for a pen, and how much, as `python -m benchmarks.written_over` fits it (logistic regression):
# - how many times as thick its strokes are on average as is usual in its line, as a logarithm, less what the
#   same character has on other lines of the page, since a rare one often comes from a face of its own;
# - the same of its ink, in deviations that are usual in the line and on the page;
# - how unsure the recogniser was, from 0 to 1, as far as there is more of both: a quick hand is unsure too;
# - how much more ink it is, as a logarithm up to 1, of a letter or a digit only, and against a pen;
# - how much paler its strokes are than is usual in its line, in deviations that are usual there;
# - how far it reaches above or below most characters of its line, in deviations of most;
# - the bias.
_WEIGHTS = (7.52, 1.008, 8.242, 0.53, 0.205, 0.37, -4.765)
# Of 301 lines that were written over 229 are told, 169 before strokes were looked at. Of those that were
# not, 2 of 216 short answers in print and 1 of 106 by hand are, as before (fitted to them, 2026-11-30). On 40
# sheets of another seed one answer in print and none by hand is told that was not before.
# The bar was 0.26 then; at 0.3 as many written over pass silently (5 of 374 values), and of 2,465 answers in
# print on two other seeds seven fewer are told.
_LIKELY = 0.3  # probability that is enough in a short text
_LIKELY_IN_PROSE = 0.98  # probability that is enough in prose, where some of many characters differ by chance
# Of depth, ink, paleness and reach, in the units of `_WEIGHTS`: more says no more.
_MOST_OF = (0.8, 8.0, 10.0, 8.0)
_MORE_INK = 0.5  # logarithm of ink and depth: with as much more, all doubt counts
_SURE = 0.95  # confidence: what is the same character on other lines was read so
_USUAL_OF = 20  # characters of a kind: a page with fewer doesn't tell what is usual
_EVEN = 0.05  # logarithm, added to the usual deviation of ink: no line is more even
_EVEN_ENDS = 0.05  # ems, added to the spread of the ends of most characters
_FEWEST = 3  # characters: of fewer, none reaches beyond most
_EVEN_DARK = 3.0  # grey levels, added to the usual deviation of the darkness of strokes
_FACES = (str(pylopdf_fonts_zh_cn.serif_path()), str(pylopdf_fonts_zh_cn.sans_path()))  # font files
_BARE = "一"  # this character has too little ink to tell
# Many faces draw these as one piece, or the f hangs over what follows it: no edge can be seen.
_OVERHANGS = re.compile("f[a-z]{1,2}")
_LETTERS = 5  # characters: fewer letters and digits tell nothing of a line
_SHORT = 3  # lines: a cell with more holds prose
_SHORT_TEXT = 40  # characters: so does one with more
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
    both in pixels. `among` is the number of lines in its cell, `characters` that of their characters."""

    line: ReadLine
    em: float
    middle: float
    among: int = 1
    characters: int = 1


@dataclass(frozen=True)
class Seen:
    """A character on the page. `ink` is a mask (1) of the ink nearest to it, and `levels` the grey levels
    there."""

    glyph: Glyph
    ink: Gray
    levels: Gray


@dataclass(frozen=True)
class Weighed:
    """A character held against its neighbours. `ink` and `depth` are logarithms of how many times as much
    ink, and as thick strokes, it has as is usual in its line. `usual_ink` is the usual deviation of the
    first. `pale` is by how many usual deviations its strokes are paler than is usual, and `reach` by how many
    deviations of most characters it reaches above or below them. `unsure` is how unsure the recogniser was,
    from 0 to 1."""

    text: str
    ink: float
    depth: float
    usual_ink: float
    pale: float
    reach: float
    unsure: float


def written_over(lines: Sequence[Written], ink: Mask, levels: Gray) -> list[bool]:
    """Tell of each line whether one of its characters was written over: it is far blacker than its
    neighbours, or alone reaches beyond them. `lines` are those of one page, `ink` is a mask of its ink, and
    `levels` are its grey levels, both height x width."""
    seen = [_seen(one, ink, levels) for one in lines]
    weighed = [weigh(one, parts) for one, parts in zip(lines, seen, strict=True)]
    return [
        any(likelihood(*one) >= least_likely(line) for one in characters)
        or (line.among == 1 and _sticks_out(parts, line))
        for line, parts, characters in zip(lines, seen, with_others(weighed), strict=True)
    ]


def least_likely(line: Written) -> float:
    """Return the probability from which on a character of `line` counts as written over."""
    is_prose = line.among > _SHORT or line.characters > _SHORT_TEXT
    return _LIKELY_IN_PROSE if is_prose else _LIKELY


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


def _usual(weighed: Sequence[Sequence[Weighed]], ascii_: bool) -> float | None:
    """Return the usual deviation of ink of a page's letters and digits, or of all else; None where there are
    too few."""
    ones = [abs(one.ink) for line in weighed for one in line if one.text.isascii() == ascii_]
    return median(ones) if len(ones) > _USUAL_OF else None


def _on_page(one: Weighed, usual: float | None) -> Weighed:
    return one if usual is None else replace(one, usual_ink=(one.usual_ink + usual) / 2)


def features(one: Weighed, elsewhere: Sequence[Weighed]) -> tuple[float, ...]:
    """Return what `_WEIGHTS` weigh, in their order. `elsewhere` is the same character on other lines."""
    # One that was not read surely may be written over as well.
    same = [other for other in elsewhere if other.unsure <= 1.0 - _SURE]
    more_ink = one.ink - max(0.0, median([other.ink for other in same] or [0.0]))
    more_depth = one.depth - max(0.0, median([other.depth for other in same] or [0.0]))
    told = (more_depth, more_ink / (one.usual_ink + _EVEN), one.pale, one.reach)
    depth, out, pale, reach = (max(0.0, min(most, each)) for most, each in zip(_MOST_OF, told, strict=True))
    more = min((max(more_ink, 0.0) + max(more_depth, 0.0)) / _MORE_INK, 1.0)
    latin = min(max(more_ink, 0.0), 1.0) if one.text.isascii() else 0.0
    return depth, out, one.unsure * more, -latin, pale, reach, 1.0


def likelihood(one: Weighed, elsewhere: Sequence[Weighed]) -> float:
    """Return the probability, from 0 to 1, that somebody wrote over `one`. `elsewhere` is the same character
    on other lines."""
    told = sum(weight * each for weight, each in zip(_WEIGHTS, features(one, elsewhere), strict=True))
    return 1.0 / (1.0 + math.exp(-told))


def weigh(line: Written, seen: Sequence[Seen]) -> list[Weighed]:
    """Hold each character of a line against its neighbours and two faces of print. The face counts in which
    it stands out less."""
    kinds = [[one for one in seen if one.glyph.text.isascii() == ascii_] for ascii_ in (True, False)]
    # A face draws digits and Chinese characters with different strokes, so that each kind is weighed alone.
    # Too few of either tell nothing.
    groups = kinds if all(len(kind) >= _LETTERS for kind in kinds) else [list(seen)]
    return [one for group in groups for one in _weigh(group, line)]


def _weigh(seen: Sequence[Seen], line: Written) -> list[Weighed]:
    """Do the same as `weigh` for characters of one kind."""
    if len(seen) < 2 or (len(seen) < _LETTERS and all(one.glyph.text.isascii() for one in seen)):
        return []
    size = _size(line)
    had = np.log([_amount(one.ink, size) for one in seen])
    more = _beyond_usual(
        np.array([had - np.log([_expected(one.glyph.text, size, face) for one in seen]) for face in _FACES])
    )
    off = np.abs(more - np.median(more, axis=1, keepdims=True))
    off[:, 0] = np.abs(more[:, 0])
    strokes = np.array([_strokes(one, size) for one in seen]).T
    depth = _beyond_usual(np.log(strokes[0]))
    pale = _beyond_usual(strokes[1])
    pale /= np.median(np.abs(pale)) + _EVEN_DARK
    # In a cell with more lines it may have taken a piece of the next one.
    reach = _reach(seen, size) if line.among == 1 else np.zeros(len(seen))
    usual = float(np.median(off, axis=1).mean())
    return [
        Weighed(
            text=one.glyph.text,
            ink=float(more[:, number].min()),
            depth=float(depth[number]),
            usual_ink=usual,
            pale=float(pale[number]),
            reach=float(reach[number]),
            unsure=1.0 - one.glyph.confidence,
        )
        for number, one in enumerate(seen)
    ]


def _beyond_usual(values: Floats) -> Floats:
    """Return by how much each of the values along the last axis is beyond what is usual among them. Of two
    either may be the usual one."""
    if values.shape[-1] == 2:
        return np.asarray(values - values.min(axis=-1, keepdims=True), np.float64)
    return np.asarray(values - np.median(values, axis=-1, keepdims=True), np.float64)


def _reach(seen: Sequence[Seen], size: int) -> Floats:
    """Return by how many deviations each character reaches above or below most of them; 0 for letters, which
    end at many heights. `size` is the em in pixels."""
    rows = [np.flatnonzero(one.ink.any(axis=1)) for one in seen]
    ends = np.array([(-own[0], own[-1]) for own in rows], np.float64) / size
    alike = np.array([one.glyph.text.isdigit() or not one.glyph.text.isascii() for one in seen])
    if alike.sum() < _FEWEST:
        return np.zeros(len(seen))
    least, most = np.percentile(ends[alike], (100 - _MOST, _MOST), axis=0)
    return np.asarray(alike * ((ends - most) / (most - least + _EVEN_ENDS)).max(axis=1), np.float64)


def _size(line: Written) -> int:
    """Return the em of a line in whole pixels."""
    return int(line.em + 0.5)  # `round` takes a half to the even number, here up, there down


def _seen(one: Written, ink: Mask, levels: Gray) -> list[Seen]:
    """Return the characters of a line that tell something."""
    if not _SMALLEST <= _size(one) <= _LARGEST:
        return []
    whole, core = (
        slice(max(0, int(one.middle - high * one.em)), max(0, int(one.middle + high * one.em)))
        for high in (_HIGH, _CORE)
    )
    edges = character_edges(one.line.reading.glyphs, one.line.place.box, one.em, ink[core])
    # A glyph may stand for more than one character.
    text = "".join(glyph.text[:1] or " " for glyph in one.line.reading.glyphs)
    joined = {at for found in _OVERHANGS.finditer(text) for at in range(*found.span())}
    return [
        Seen(glyph, part, _between(levels[whole], *edges[number]))
        for number, glyph in enumerate(one.line.reading.glyphs)
        if glyph.text.isalnum()
        and glyph.text != _BARE
        and number not in joined
        and not any(one.line.struck[number : number + 1])
        and (part := _between(ink[whole], *edges[number])).any()
    ]


def _sticks_out(seen: Sequence[Seen], line: Written) -> bool:
    """Tell whether one character alone reaches above or below a line that is as level as print. Letters and
    signs are not level, nor are digits that may have taken a piece of one beside them."""
    glyphs = line.line.reading.glyphs
    uneven = [glyph.text.isascii() and not glyph.text.isdigit() for glyph in glyphs]
    level_ones = {id(glyph) for n, glyph in enumerate(glyphs) if not any(uneven[max(0, n - 1) : n + 2])}
    rows = [np.flatnonzero(one.ink.any(axis=1)) for one in seen if id(one.glyph) in level_ones]
    if len(rows) < _LEVEL_OF:
        return False
    ends = np.array([(-own[0], own[-1]) for own in rows], np.float64) / _size(line)
    # Digits end at one height, Chinese characters only roughly.
    digits = all(one.glyph.text.isdigit() for one in seen)
    level, beyond = (_LEVEL_DIGITS, _BEYOND_DIGITS) if digits else (_LEVEL, _BEYOND)
    beyond = max(beyond, _ROUGH / _size(line))
    least, most = np.percentile(ends, (100 - _MOST, _MOST), axis=0)
    # A hand may keep to one of the two edges, print keeps to both.
    if (most - least >= level).any():
        return False
    return bool((ends.max(axis=0) - most > beyond).any())


def _between(rows: Mask | Gray, left: float, right: float) -> Gray:
    """Return the part of `rows` from column `left` to column `right`."""
    return rows[:, int(max(left, 0.0)) : int(max(right, 0.0)) + 1].astype(np.uint8)


def _amount(part: Gray, size: int) -> float:
    """Return the ink of `part` in square ems. `size` is the em in pixels."""
    return max(float(part.sum()) / size**2, _LEAST)


def _strokes(one: Seen, size: int) -> tuple[float, float]:
    """Return how far the ink of a character is from the edges of its strokes on average, in ems, and the mean
    grey level in their middle. `size` is the em in pixels."""
    edged = cv2.copyMakeBorder(one.ink, 1, 1, 0, 0, cv2.BORDER_CONSTANT, value=(0.0,))
    depths = cv2.distanceTransform(edged, cv2.DIST_L2, 3)[1:-1]
    inked = one.ink > 0
    deep = depths >= max(_ROUGH_CORE, _CORE_OF * size)
    dark = one.levels[deep if deep.sum() >= _FEW else inked]
    return max(float(depths[inked].mean()) / size, _SHALLOW), float(dark.mean())


@lru_cache(maxsize=16384)
def _expected(char: str, size: int, face: str) -> float:
    """Return the same as `_amount` for a character as a face of print draws it."""
    sheet = Image.new("L", (2 * size, 2 * size), 0)
    ImageDraw.Draw(sheet).text((size // 2, size // 4), char, font=_font(face, size), fill=255)
    ink = cv2.GaussianBlur(np.asarray(sheet, np.uint8), (0, 0), _SOFT * size) > _DARK
    return _amount(ink.astype(np.uint8), size)


@lru_cache(maxsize=64)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    """Open the font file `face` with an em of `size` pixels."""
    return ImageFont.truetype(face, size)
