"""Holds a flat page as a value. The steps from its picture to a `Page` add what they find out about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import Layers
from extractor.scan.readings import Glyph, Reading
from extractor.scan.red_ink import red_writing
from extractor.scan.ruling import Ruling
from extractor.scan.seals.lift import lift_seals
from extractor.scan.seals.ring import Ring
from extractor.text.tick_signs import is_chinese
from models.geometry import Rect, meet
from models.page import Box

Gray = NDArray[np.uint8]

_HALF_WIDE = 0.47  # ems: half the width of a Chinese character
_HALF_NARROW = 0.25  # ems: half the width of any other character
_FARTHEST = 1.3  # share of a line's height: Chinese characters that follow each other are less far apart
_NARROW = 0.5  # ems: width of any other character
# Of a line's height, or of its width over its ems if that is more: the em where characters stand apart.
_APART = 0.7
_LEAST_WIDE = 0.7  # of a line's width over its ems: least width of a Chinese character
_INSET = 2.0  # points that what is looked for in a cell is kept off its edges
_BLUE = 28  # levels by which the ink of a pen is bluer than print
_BLUE_DARK = 200  # grey level: blue ink is darker
_USUAL_EM = 0.58  # share of a line's height: an em, where no two Chinese characters follow each other


@dataclass(frozen=True)
class Place:
    """Where a line, or a part of one, stands. `box` is in pixels. `cell`: the indices (grid, cell) in the
    ruling, or None between tables."""

    box: Rect
    cell: tuple[int, int] | None = None


@dataclass(frozen=True)
class ReadLine:
    """A line and what it says.

    Five tuples hold a flag for each character. Each is empty if no character has the flag. `recovered`: it
    stood under a seal. `struck`: a pen went through it. `underlined`: a pen went along under it.
    `bordered`: a pen set a ring around it, or a tick on it. `crossed`: a stroke as long as a character goes
    through it, which may be one of its own.
    """

    place: Place
    reading: Reading
    recovered: tuple[bool, ...] = ()
    struck: tuple[bool, ...] = ()
    underlined: tuple[bool, ...] = ()
    bordered: tuple[bool, ...] = ()
    crossed: tuple[bool, ...] = ()

    def glyph_boxes(self) -> Sequence[tuple[float, float]]:
        """Return (x0, x1) of each glyph, in pixels of the page. A Chinese glyph is about an em wide, any
        other half an em."""
        return self._boxes

    @cached_property
    def _boxes(self) -> tuple[tuple[float, float], ...]:
        x0, _, x1, _ = self.place.box
        glyphs = [(glyph, x0 + glyph.at * (x1 - x0)) for glyph in self.reading.glyphs]
        wide = self.em()
        halves = [wide * (_HALF_WIDE if is_chinese(glyph.text) else _HALF_NARROW) for glyph, _ in glyphs]
        return tuple((x - half, x + half) for (_, x), half in zip(glyphs, halves, strict=True))

    def em(self, usual: float = _USUAL_EM) -> float:
        """Return the em of the line in pixels: the median step from one Chinese character to the next. The
        line's height tells less, since a stroke may reach far above and below. Where no two Chinese
        characters follow each other, the em is `usual` times the height."""
        if self._usual_step is None:
            return usual * (self.place.box[3] - self.place.box[1])
        return self._usual_step

    @cached_property
    def _usual_step(self) -> float | None:
        steps = self.steps()
        return float(median(steps)) if steps else None

    @cached_property
    def wide(self) -> float:
        """The width of a Chinese character of the line in pixels: its em. Where its characters stand apart,
        as in a date, the line's size tells it."""
        x0, y0, x1, y1 = self.place.box
        chinese = sum(is_chinese(glyph.text) for glyph in self.reading.glyphs)
        if not chinese:
            return self.em()
        ems = chinese + _NARROW * (len(self.reading.glyphs) - chinese)
        steps = np.sort(self.steps())
        # The recogniser's places lie on a coarse raster. A single step may be off, but their mean is right.
        middle = steps[len(steps) // 4 : len(steps) - len(steps) // 4]
        usual = _APART * max(1.0, (x1 - x0) / ems / max(y1 - y0, 1.0)) * (y1 - y0)
        return max(float(middle.mean()) if len(middle) else usual, _LEAST_WIDE * (x1 - x0) / ems)

    def spliced(self, first: int, last: int, added: Sequence[Glyph]) -> "ReadLine":
        """Return the line with the glyphs `added` in place of those from `first` up to `last`."""

        def flags(own: tuple[bool, ...]) -> tuple[bool, ...]:
            return (*own[:first], *[False] * len(added), *own[last:]) if own else ()

        glyphs = self.reading.glyphs
        return ReadLine(
            self.place,
            Reading((*glyphs[:first], *added, *glyphs[last:])),
            flags(self.recovered),
            flags(self.struck),
            flags(self.underlined),
            flags(self.bordered),
            flags(self.crossed),
        )

    def steps(self) -> list[float]:
        """Return the distances in pixels from each Chinese character to the next, as the recogniser places
        them."""
        x0, y0, x1, y1 = self.place.box
        pairs = pairwise(self.reading.glyphs)
        steps = [(b.at - a.at) * (x1 - x0) for a, b in pairs if is_chinese(a.text) and is_chinese(b.text)]
        # A longer step doesn't count: between two options of one character each there is a box.
        return [step for step in steps if step < _FARTHEST * (y1 - y0)]


@dataclass(frozen=True)
class FlatPage:
    """An upright page. All places are in its pixels, all pictures are height x width in grey.

    `rings`: its seals from the top down. `lifted`: its text layer without the seals that are not red, as far
    as they can be told from print. `clear`: the same with red writing and without the ruling, for the
    recogniser. `red`: boxes around pieces of that writing. `lines`: what was read so far. `soiled`: `clear`
    with the bands of dirt that were taken off it, None where there were none. `disputed`: boxes of lines that
    read differently with their dirt.
    """

    layers: Layers
    ruling: Ruling
    rings: tuple[Ring, ...]
    lifted: Gray
    clear: Gray
    red: tuple[Rect, ...] = ()
    lines: tuple[ReadLine, ...] = ()
    soiled: Gray | None = None
    disputed: tuple[Rect, ...] = ()

    @classmethod
    def of(
        cls, layers: Layers, ruling: Ruling, rings: Sequence[Ring], soiled: Gray | None = None
    ) -> "FlatPage":
        """Return the page before anything on it is read. `soiled`: its text layer with bands of dirt."""
        lifted = lift_seals(layers, rings)
        writing, red = red_writing(layers, rings, ruling.lines)
        clear = ruling.taken_off(lifted)
        if writing is not None:
            clear = np.asarray(cv2.min(clear, writing), np.uint8)
        if soiled is not None:
            soiled = ruling.taken_off(lift_seals(replace(layers, text=soiled), rings))
        return cls(layers, ruling, tuple(rings), lifted, clear, red, soiled=soiled)

    def reading(self, lines: Iterable[ReadLine]) -> "FlatPage":
        """Return the page with these lines in place of its own."""
        page = replace(self, lines=tuple(lines))
        if "blue" in self.__dict__:
            page.__dict__["blue"] = self.blue  # no line changes it
        return page

    @cached_property
    def blue(self) -> NDArray[np.bool_]:
        """A mask of the ink of a blue pen, to which nobody may write. Rules may be blue as well."""
        pen = self.layers.pen
        blue = np.zeros(pen.shape, np.bool_)
        if cv2.hasNonZero(pen):
            blue = (pen > _BLUE) & (self.lifted < _BLUE_DARK) & (self.ruling.lines == 0)
        blue.setflags(write=False)
        return blue

    @cached_property
    def em(self) -> float:
        """The em of most of its print in pixels; 0 where no two Chinese characters follow each other."""
        steps = [step for line in self.lines for step in line.steps()]
        return float(np.median(steps)) if steps else 0.0

    def in_cell(self, place: Place) -> Rect:
        """Return the part of a place's box inside its cell, in pixels."""
        return meet(place.box, self.inside(place))

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        height, width = self.layers.text.shape
        return height, width

    @property
    def scale(self) -> float:
        """Pixels a point."""
        return self.layers.scale

    def inside(self, place: Place) -> Rect:
        """Return the box of a place's cell in pixels, without the cell's edges; all of the page between
        tables."""
        if place.cell is None:
            return 0.0, 0.0, float(self.shape[1]), float(self.shape[0])
        grid, cell = place.cell
        left, top, right, bottom = self.ruling.grids[grid].cells[cell].box
        inset = _INSET * self.scale
        return left + inset, top + inset, right - inset, bottom - inset

    def in_points(self, rect: Rect) -> Box:
        """Return a box of pixels in points, cut at the page's upper and left edge."""
        x0, y0, x1, y1 = (max(0.0, v / self.scale) for v in rect)
        return Box(x0=round(min(x0, x1), 1), y0=round(min(y0, y1), 1), x1=round(x1, 1), y1=round(y1, 1))
