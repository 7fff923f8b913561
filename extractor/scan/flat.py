"""A flat page as a value: what the steps from its picture to a `Page` find out about it and pass on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import Layers
from extractor.scan.ocr import Reading
from extractor.scan.red_ink import red_writing
from extractor.scan.ruling import Ruling
from extractor.scan.seals.lift import lift_seals
from extractor.scan.seals.ring import Ring
from extractor.text.tick_signs import is_chinese
from models.geometry import Rect
from models.page import Box

Gray = NDArray[np.uint8]

# Half widths of a character by the width of a Chinese one; how far apart, in heights of their line, two of
# these may follow each other; and the width of one, in the same, where no two do.
_HALF_WIDE, _HALF_NARROW = 0.47, 0.25
_FARTHEST, _USUAL_EM = 1.3, 0.58


@dataclass(frozen=True)
class Place:
    """Where a line, or a part of one, stands: its pixels, and its cell as (grid, cell) of the ruling; None
    between tables."""

    box: Rect
    cell: tuple[int, int] | None = None


@dataclass(frozen=True)
class ReadLine:
    """A line and what it says; `recovered` tells of each character whether it stood under a seal, `struck`
    whether a pen went through it, `underlined` whether one went along under it, and each is empty where none
    did."""

    place: Place
    reading: Reading
    recovered: tuple[bool, ...] = ()
    struck: tuple[bool, ...] = ()
    underlined: tuple[bool, ...] = ()

    def glyph_boxes(self) -> list[tuple[float, float]]:
        """From where to where each glyph stands, in pixels of the page: Chinese ones as wide as they follow
        each other, others half."""
        x0, _, x1, _ = self.place.box
        glyphs = [(glyph, x0 + glyph.at * (x1 - x0)) for glyph in self.reading.glyphs]
        wide = self.em()
        halves = [wide * (_HALF_WIDE if is_chinese(glyph.text) else _HALF_NARROW) for glyph, _ in glyphs]
        return [(x - half, x + half) for (_, x), half in zip(glyphs, halves, strict=True)]

    def em(self, usual: float = _USUAL_EM) -> float:
        """The width of a Chinese character: how they follow each other, since a stroke may reach far above
        and below; where no two do, so much of the line's height."""
        steps = self.steps()
        return float(np.median(steps)) if steps else usual * (self.place.box[3] - self.place.box[1])

    def steps(self) -> list[float]:
        """How far behind each other Chinese characters follow, in pixels, as the recogniser places them."""
        x0, y0, x1, y1 = self.place.box
        pairs = pairwise(self.reading.glyphs)
        steps = [(b.at - a.at) * (x1 - x0) for a, b in pairs if is_chinese(a.text) and is_chinese(b.text)]
        # Between two options of one character each there is a box.
        return [step for step in steps if step < _FARTHEST * (y1 - y0)]


@dataclass(frozen=True)
class FlatPage:
    """An upright page, all in pixels of it. `rings`: its seals from the top down. `lifted`: its text layer,
    height x width, without the seals that are not red, as far as they can be told from print. `clear`: the
    same with red writing and without its ruling, as it is read. `red`: boxes around pieces of that writing.
    `lines`: what was read so far."""

    layers: Layers
    ruling: Ruling
    rings: tuple[Ring, ...]
    lifted: Gray
    clear: Gray
    red: tuple[Rect, ...] = ()
    lines: tuple[ReadLine, ...] = ()

    @classmethod
    def of(cls, layers: Layers, ruling: Ruling, rings: Sequence[Ring]) -> "FlatPage":
        """The page before anything on it is read."""
        lifted = lift_seals(layers, rings)
        writing, red = red_writing(layers, rings, ruling.lines)
        clear = ruling.taken_off(lifted)
        if writing is not None:
            clear = np.asarray(cv2.min(clear, writing), np.uint8)
        return cls(layers, ruling, tuple(rings), lifted, clear, red)

    def reading(self, lines: Iterable[ReadLine]) -> "FlatPage":
        """The page with these lines instead of those that it had."""
        return replace(self, lines=tuple(lines))

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        height, width = self.layers.text.shape
        return height, width

    @property
    def scale(self) -> float:
        """Pixels a point."""
        return self.layers.scale

    def in_points(self, rect: Rect) -> Box:
        """A box of pixels in points; never outside the page's upper left edges."""
        x0, y0, x1, y1 = (max(0.0, v / self.scale) for v in rect)
        return Box(x0=round(min(x0, x1), 1), y0=round(min(y0, y1), 1), x1=round(x1, 1), y1=round(y1, 1))
