"""Rows of a cell in which people may choose among printed options that have no boxes.

Sizes are in ems: an em is the height of the row's print.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.red_ink import loose_red
from extractor.text.tick_signs import BOX_LOOKALIKES, EMPTY_GLYPHS, MARK_GLYPHS, TICK_LOOKALIKES, is_chinese

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_AROUND = 1.5  # ems above and below the middle of a row where marks are looked for
_BESIDE = 2.5  # ems beside what was read
_INSET = 2.0  # points that a mark in a cell is kept off its edge
_WIDEST, _LEAST = 1.3, 0.5  # times the usual em of the page: greatest, and least, em
_FILLED = 0.94  # share of an em that the print of a row is high
_HIGHER_BY = 1.25  # times as high as usual: a character that is higher bears a mark
HALF, HALF_NARROW = 0.47, 0.27  # ems to either side of its middle that a character takes
OUT = 0.05  # ems that ink reaches beyond the print of its row at least, to be of no character
OPTIONS = frozenset("；;/／、，,|｜ ")  # signs between options
_APART = 0.35  # ems between options that only a gap parts
_FEW = 2  # characters: so few may be what is left of two options
_TICKS = frozenset("√✓✔")


@dataclass(frozen=True)
class Run:
    """A piece of a row that stands alone, in pixels of the row's part."""

    x0: int
    x1: int
    top: int
    bottom: int

    @property
    def high(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True)
class Row:
    """A row of a cell: its lines, the part of the page that is its own, in pixels, its em, the top and bottom
    of its print in that part, and its pieces."""

    lines: Sequence[ReadLine]
    part: tuple[slice, slice]
    em: float
    top: float
    bottom: float
    runs: tuple[Run, ...]

    def middles(self, line: ReadLine) -> list[float]:
        """Return the middle of each character of a line, in pixels of the page. The recogniser tells it only
        roughly, the ink of a character that stands alone tells it well."""
        alone = [
            self.left + (run.x0 + run.x1) / 2 for run in self.runs if run.x1 - run.x0 < _WIDEST * self.em
        ]
        found = []
        for a, b in line.glyph_boxes():
            middle = (a + b) / 2
            near = min(alone, key=lambda at: abs(at - middle), default=middle)
            found.append(near if abs(near - middle) < self.em / 2 else middle)
        return found

    @property
    def left(self) -> int:
        return int(self.part[1].start)


def inks_of(page: FlatPage) -> tuple[Mask, Mask]:
    """Return masks, height x width of the page, of the ink of coloured pens, and of all ink without rules."""
    pens = page.blue.copy()
    if page.layers.red.any():
        pens |= loose_red(page.layers, page.rings)
    return pens, ((page.lifted < PAPER) & (page.ruling.lines == 0)) | pens


def have_boxes(lines: Sequence[ReadLine]) -> bool:
    """Tell whether the options of a cell have boxes, which others read. One sign alone may be a bare tick."""
    signs = [glyph.text for line in lines for glyph in line.reading.glyphs]
    return (
        any(sign in EMPTY_GLYPHS for sign in signs)
        or sum(sign in MARK_GLYPHS - _TICKS for sign in signs) > 1
        or sum(sign in BOX_LOOKALIKES for sign in signs) > 1
    )


def row_of(lines: Sequence[ReadLine], ink: Mask, page: FlatPage) -> Row | None:
    """Return a row of `lines` of one cell; None where it has no print."""
    assert lines[0].place.cell is not None, "only lines in cells are looked at"
    grid, cell = lines[0].place.cell
    inset = _INSET * page.scale
    left, top, right, bottom = page.ruling.grids[grid].cells[cell].box
    em = float(np.median([line.wide for line in lines]))
    em = min(em, _WIDEST * page.em) if page.em else em
    boxes = [line.place.box for line in lines]
    level = float(np.median([(box[1] + box[3]) / 2 for box in boxes]))
    x0 = max(left + inset, min(box[0] for box in boxes) - _BESIDE * em)
    x1 = min(right - inset, max(box[2] for box in boxes) + _BESIDE * em)
    # What stands half-way to another line belongs to that.
    levels = [
        (a[1] + a[3]) / 2
        for a in (line.place.box for line in page.lines if not any(line is own for own in lines))
        if a[0] < x1 and a[2] > x0
    ]
    above = max((other for other in levels if other < level - em / 2), default=-np.inf)
    below = min((other for other in levels if other > level + em / 2), default=np.inf)
    y0 = max(top + inset, level - _AROUND * em, (level + above) / 2)
    y1 = min(bottom - inset, level + _AROUND * em, (level + below) / 2)
    part = (slice(max(0, round(y0)), round(y1)), slice(max(0, round(x0)), round(x1)))
    inked = ink[part]
    if not inked.any() or inked.shape[0] < em:
        return None
    runs = list(_runs(inked, em))
    if not runs:
        return None
    # A mark makes some of the characters higher.
    usual = float(np.percentile([one.high for one in runs], 40, method="nearest"))
    plain = [one for one in runs if one.high <= _HIGHER_BY * usual]
    start, end = float(min(one.top for one in plain)), float(max(one.bottom for one in plain))
    return Row(lines, part, max((end - start) / _FILLED, _LEAST * page.em, 1.0), start, end, tuple(runs))


def _runs(inked: Mask, em: float) -> Iterator[Run]:
    """Yield the pieces of a row's part that columns without ink part, without points and signs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.any(axis=0).astype(np.int8), [0]])))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        rows = np.flatnonzero(inked[:, start:end].any(axis=1))
        run = Run(start, end, int(rows[0]), int(rows[-1]) + 1)
        if run.high > em / 2 and end - start > em / 4:
            yield run


def is_sign(text: str) -> bool:
    """Tell whether a character may be a tick or a box that was read as one."""
    return text in MARK_GLYPHS or text in TICK_LOOKALIKES


def lists_options(row: Row) -> bool:
    """Tell whether a row looks like printed options one after the other, rather than one text."""
    glyphs = [glyph.text for line in row.lines for glyph in line.reading.glyphs]
    # The ring of @ is no pen's.
    if not any(is_chinese(text) for text in glyphs) or "@" in glyphs:
        return False
    return (
        len(glyphs) <= _FEW
        or any(text in OPTIONS for text in glyphs)
        or any(b.x0 - a.x1 > _APART * row.em for a, b in pairwise(row.runs))
    )
