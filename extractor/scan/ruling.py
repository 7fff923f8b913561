"""Turns the ruled lines in a picture of a level page into tables of cells.

A ruled line is ink that runs straight for longer than a stroke of writing does. `lattice` tells which lines
are a table's rules, and `grids` which cells they make.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan import lattice
from extractor.scan.carried import Columns
from extractor.scan.folds import Folds, find_folds
from extractor.scan.grids import Grid, bare_grid, grid_of, scaled
from extractor.scan.label_columns import with_labels, with_rows
from extractor.scan.lattice import SAME, TOUCH, Rule, Texts
from extractor.scan.open_sides import edges, gone_on
from extractor.scan.pale import bearing_in, without_pale
from extractor.scan.side_by_side import columns, in_column, without_bridges
from extractor.scan.strokes import (
    WRITTEN,
    Piece,
    Strokes,
    find_darkness,
    find_faint,
    find_ink,
    find_strokes,
)
from extractor.scan.unruled import find_rows
from models.geometry import Rect

Gray = NDArray[np.uint8]

_DPI = 150  # dots per inch at which lines are looked for; pixels below are of this resolution
_LEVEL = 46  # pixels: least length of a level line, longer than the strokes of a heading
_UPRIGHT = WRITTEN  # pixels: least length of an upright line, shorter than a row is high
_LOW = 12  # pixels: least length of an upright line that goes from one level line to the next
_AT = 3  # pixels from a level line at which such an upright line, or a border of cells, begins or ends
_WIDE = 0.45  # share of the page's width: shorter level rules imply no undrawn edge where they end together
_HIGH = 0.1  # share of the page's height: the same of upright rules
_HELD = 0.5  # share of a page's lines of text: where tables hold fewer, rules may be too faint, or red
_PALE = 165  # grey level: a line that is lighter is faint
_CUT = 0.4  # of the height of a line of text: it lies in each cell that holds more of it, both ways
_FAR_MORE = 1.2  # times: cells that hold text, where a rule was lost with dirt
_LONE = 120  # pixels: least length of a ruled line that is no cell's border
_LACKING = 60  # grey levels that ink of a coloured rule is darker than what the black layer has of it
_LONE_WHOLE = 0.94  # share of such a line that has ink


@dataclass(frozen=True)
class Ruling:
    """All tables of a page from the top down, in pixels of the page, and `lines`, a mask (255) of every ruled
    line.

    The tables are placed as if the sheet had no `folds`. Those are in pixels of the reduced picture, of which
    `zoom` make one of the page. `streaks` are upright lines that are no rules; what they ran through is lost.
    """

    grids: tuple[Grid, ...]
    lines: Gray
    folds: Folds | None = None
    zoom: float = 1.0
    streaks: tuple[Rect, ...] = ()

    def around(self, cell: Rect, box: Rect) -> Rect:
        """Return the box of a cell, moved as the folds move the sheet where `box` stands. All are in pixels
        of the page."""
        if self.folds is None:
            return cell
        moved = self.folds.at((box[0] + box[2]) / 2 * self.zoom, (box[1] + box[3]) / 2 * self.zoom)
        right, down = moved[0] / self.zoom, moved[1] / self.zoom
        return cell[0] + right, cell[1] + down, cell[2] + right, cell[3] + down

    def taken_off(self, gray: Gray) -> Gray:
        """Return `gray`, the page or a layer of it, height x width, with paper (255) where lines are
        ruled."""
        return np.asarray(cv2.bitwise_or(gray, cv2.compare(self.lines, 0, cv2.CMP_GT)), np.uint8)


def find_grids(
    gray: Gray, scale: float, texts: Sequence[Rect] = (), coloured: Gray | None = None,
    before: Columns | None = None,
) -> Ruling:  # fmt: skip
    """Find the tables of a page.

    `gray` holds the black ink of a level page, height x width, paper white; `scale` is its pixels a point.
    `texts` are bounding boxes of lines of text in its pixels. `coloured` is the same page with all of its
    ink. Where the black rules hold little of the text, or some are pale, rules are looked for in `coloured`,
    and then faint lines. `before` holds the columns of the table that the page before ends with, in points:
    they stand for uprights that this page has not.
    """
    zoom = min(1.0, _DPI / 72 / scale)
    boxes = [(x0 * zoom, y0 * zoom, x1 * zoom, y1 * zoom) for x0, y0, x1, y1 in texts]
    before = before.enlarged(scale * zoom) if before else None
    black = _reduced(gray, zoom)
    found = _tables(black, boxes, before)
    inks = None
    # Of a thin blue rule the black layer may have no more than its pale edge, or nothing.
    has_lost = found.has_lost
    if coloured is not None and not has_lost and _has_more_ink(coloured, gray):
        inks = _reduced(coloured, zoom)
        has_lost = _has_more_rules(inks, black)
    for faint in (True,) if coloured is None else (False, True):
        is_whole = faint or coloured is None or not has_lost
        if _held(found.grids, boxes) >= _HELD and not found.is_pale and is_whole:
            break
        if coloured is not None and inks is None:
            inks = _reduced(coloured, zoom)
        other = _tables(black if inks is None else inks, boxes, before, faint)
        # Wear draws faint lines too, but seldom a table around most of what is written.
        wide = all(grid.box[2] - grid.box[0] > _WIDE * black.shape[1] for grid in other.grids)
        if (
            wide
            and _held(other.grids, boxes) >= _HELD
            and _worth(other.grids, boxes) > _worth(found.grids, boxes)
        ):
            found = other
    is_lost = _held(found.grids, boxes) < _HELD
    if before and is_lost:
        other = _tables(black, boxes, before, is_open=True)
        if _held(other.grids, boxes) >= _HELD:
            found, is_lost = other, False
    if not found.grids or found.is_pale:
        # Rules may be so pale that half of them are lost.
        bare = _bare_tables(black, boxes, before if is_lost else None)
        if _worth(bare, boxes) > _worth(found.grids, boxes):
            found = replace(found, grids=bare, folds=None)
    mask = cv2.resize(found.ruled, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_NEAREST)
    places = columns([grid.box for grid in found.grids])
    grids = sorted(found.grids, key=lambda grid: in_column(grid.box, places))
    return Ruling(
        tuple(grid.enlarged(1 / zoom) for grid in grids),
        np.asarray(mask, np.uint8),
        found.folds,
        zoom,
        tuple(scaled(box, 1 / zoom) for box in found.streaks),
    )


def _has_more_ink(inks: Gray, black: Gray) -> bool:
    """Tell whether a pixel of the page has so much more ink that `_has_more_rules` may be true of the reduced
    page, of which each pixel is a mean. To reduce a page takes twenty times as long."""
    return bool(cv2.subtract(black, inks).max() >= _LACKING)


def _has_more_rules(inks: Gray, black: Gray) -> bool:
    """Tell whether `inks` has straight lines, level or upright, that `black` lacks."""
    lacking = cv2.compare(cv2.subtract(black, inks), _LACKING, cv2.CMP_GT)
    x, y, wide, high = cv2.boundingRect(lacking)
    part = lacking[y : y + high, x : x + wide]
    for size, along in (((1, _LONE), 1), ((_LONE, 1), 0)):
        # Most pages have too little such ink in any row or column, which takes far less time to see.
        most = cv2.reduce(part, along, cv2.REDUCE_SUM, dtype=cv2.CV_32F).max() / 255 if part.size else 0
        if most >= _LONE and cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones(size, np.uint8)).any():
            return True
    return False


def cleaned_or(clean: Ruling, soiled: Ruling, boxes: Sequence[Rect]) -> Ruling:
    """Return the ruling of a page that was cleaned of bands of dirt, unless a rule was lost for such a band.
    One that runs down the sheet parts labels from answers in most rows, so that far more cells of the
    `soiled` page hold text. `boxes`: bounding boxes of the lines of text, in pixels of the page."""
    return soiled if _worth(soiled.grids, boxes) > _FAR_MORE * _worth(clean.grids, boxes) else clean


def _bare_tables(gray: Gray, boxes: Sequence[Rect], before: Columns | None) -> tuple[Grid, ...]:
    """Return the table of a page without rules, if its text stands in rows of labels and answers, or goes on
    in the columns of the page `before`."""
    texts = Texts(tuple(boxes), find_ink(gray, find_darkness(gray)))
    rows = find_rows(boxes, texts.ink, before)
    grid = bare_grid(rows, texts) if rows else None
    return (grid,) if grid else ()


@dataclass(frozen=True)
class _Found:
    """Tables, placed as if the sheet had no `folds`; a mask of all that is ruled; whether that is hardly
    darker than paper; upright lines that are no rules; and whether lines that others meet were too pale to be
    rules. All are in pixels of the reduced picture."""

    grids: tuple[Grid, ...]
    ruled: Gray
    is_pale: bool
    folds: Folds | None
    streaks: tuple[Rect, ...]
    has_lost: bool


def _reduced(gray: Gray, zoom: float) -> Gray:
    """Return the picture scaled down by `zoom`."""
    return np.asarray(
        cv2.resize(gray, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else gray, np.uint8
    )


def _held(grids: Iterable[Grid], boxes: Sequence[Rect]) -> float:
    """Return the share of the texts that stand in tables. Without texts it is 1 if there is a table."""
    areas = [grid.box for grid in grids]
    inside = [
        any(a[0] < (x0 + x1) / 2 < a[2] and a[1] < (y0 + y1) / 2 < a[3] for a in areas)
        for x0, y0, x1, y1 in boxes
    ]
    return sum(inside) / len(inside) if inside else float(bool(areas))


def _worth(grids: Iterable[Grid], boxes: Sequence[Rect]) -> int:
    """Count the cells that hold text, less the cuts that borders make through texts."""
    cells = [cell.box for grid in grids for cell in grid.cells]
    holding = set()
    cut = 0
    for x0, y0, x1, y1 in boxes:
        common = [(min(x1, c[2]) - max(x0, c[0]), min(y1, c[3]) - max(y0, c[1])) for c in cells]
        touched = [number for number, sides in enumerate(common) if min(sides) > _CUT * (y1 - y0)]
        cut += max(0, len(touched) - 1)
        holding.update(touched)
    return len(holding) - cut


@dataclass(frozen=True)
class _Seen:
    """What is seen of rules in a picture: its ink, its level strokes and its upright ones. `lined` is the ink
    with lines too pale to be ink, first as it is, then mirrored at the diagonal."""

    ink: Gray
    lined: tuple[Gray, Gray]
    level: Strokes
    upright: Strokes

    @classmethod
    def of(cls, gray: Gray, faint: bool) -> "_Seen":
        """Look at `gray`; with `faint` also for lines too pale to be ink."""
        darkness = find_darkness(gray)
        ink = find_ink(gray, darkness)
        turned = np.asarray(cv2.transpose(darkness), np.int16), np.asarray(cv2.transpose(ink), np.uint8)
        lined = (
            (ink | find_faint(darkness, ink), turned[1] | find_faint(*turned)) if faint else (ink, turned[1])
        )
        level = find_strokes(lined[0], darkness, _LEVEL)
        ends = _near_lines(level, ink.shape)
        return cls(ink, lined, level, find_strokes(lined[1], turned[0], _UPRIGHT, _LOW, ends))


def _near_lines(strokes: Strokes, shape: tuple[int, ...]) -> Gray:
    """Return a mask, 255 near a level line, mirrored at the diagonal."""
    lines = np.zeros(shape, np.uint8)
    for piece in strokes.pieces:
        part, pixels = strokes.pixels(piece)
        lines[part][pixels] = 255
    return np.asarray(cv2.transpose(cv2.dilate(lines, np.ones((2 * _AT + 1, 1), np.uint8))), np.uint8)


def _tables(
    gray: Gray, boxes: Sequence[Rect], before: Columns | None, faint: bool = False, is_open: bool = False
) -> _Found:
    """Find the tables of a reduced picture. With `faint` they may be made of lines too pale to be ink.
    `before`: the columns of the page before; with `is_open`, a table without uprights goes on in them."""
    seen = _Seen.of(gray, faint)
    levels = lattice.chained(seen.level.pieces)
    standing = _standing(seen, levels)
    folds = find_folds(levels, lattice.chained(standing), seen.lined)
    if folds:
        gray = folds.undone(gray)
        seen = _Seen.of(gray, faint)
        boxes = [folds.flat(box) for box in boxes]
        levels = lattice.chained(seen.level.pieces)
        standing = _standing(seen, levels)
    texts = Texts(tuple(boxes), _written(seen, standing))
    uprights = lattice.chained(standing)
    bearing = bearing_in(levels, uprights)
    levels, uprights = without_pale(levels, uprights)
    has_lost = not {*levels, *uprights}.issuperset(bearing)
    # The edges of a low table beside a high one may pass for foreign where a rule bridges the two.
    levels = without_bridges(levels, uprights, texts)
    levels, uprights = lattice.without_foreign(levels, uprights, texts)
    levels = without_bridges(levels, uprights, texts)
    height, width = gray.shape
    uprights += edges(levels, uprights, width, _WIDE * width)
    levels += edges(uprights, levels, height, _HIGH * height)
    if before and is_open and not uprights:
        levels, uprights = gone_on(levels, before, texts.boxes)
    grids = [
        grid
        for rules in lattice.tables(levels, uprights)
        if (grid := grid_of(*rules, seen.lined, texts, before))
    ]
    grids = [with_rows(grid, boxes, before is not None) for grid in grids]
    grids = [with_labels(grid, [one for one in grids if one is not grid], boxes, before) for grid in grids]
    level, upright = (_borders(grids, upright) for upright in (False, True))
    ruled = _ruled(seen.level, seen.level.pieces, seen.lined[0], level)
    ruled |= _ruled(seen.upright, standing, seen.lined[1], upright).T
    rules = gray[(ruled & seen.lined[0]) > 0]
    pale = not len(rules) or bool(np.median(rules) > _PALE)
    kept = {piece.label for upright in uprights for piece in upright.pieces}
    streaks = tuple(
        (piece.middle - TOUCH / 4, float(piece.start), piece.middle + TOUCH / 4, float(piece.end))
        for piece in standing
        if piece.label not in kept and piece.length >= _LONE
    )
    return _Found(tuple(grids), folds.done(ruled) if folds else ruled, pale, folds, streaks, has_lost)


def _standing(seen: _Seen, levels: Sequence[Rule]) -> list[Piece]:
    """Return the upright pieces that go from one level rule to another."""
    return lattice.without_streaks(lattice.between(seen.upright.pieces, levels), seen.upright.pieces)


def _written(seen: _Seen, standing: Iterable[Piece]) -> Gray:
    """Return the ink without what is, or may be, ruled."""
    written = seen.ink.copy()
    for strokes, pieces, picture in (
        (seen.level, seen.level.pieces, written),
        (seen.upright, standing, written.T),
    ):
        for piece in pieces:
            part, pixels = strokes.pixels(piece)
            picture[part][pixels] = 0
    return written


def _borders(grids: Iterable[Grid], upright: bool) -> dict[float, list[tuple[float, float]]]:
    """Return where each border of cells runs, in pixels: from where to where, by its place."""
    side, along = (0, 1) if upright else (1, 0)
    borders: dict[float, list[tuple[float, float]]] = {}
    for cell in (cell.box for grid in grids for cell in grid.cells):
        for at in (cell[side], cell[side + 2]):
            borders.setdefault(at, []).append((cell[along], cell[along + 2]))
    return borders


def _ruled(
    strokes: Strokes,
    pieces: Iterable[Piece],
    ink: Gray,
    borders: Mapping[float, Sequence[tuple[float, float]]],
) -> Gray:
    """Return a mask, 255 on the pieces along the rows that are ruled lines. On a border of cells that is the
    piece nearest to it, elsewhere a long piece without a break. The tops of a row of characters may lie as
    straight, but are part of the writing. So is what goes on for less than a stroke of it where a border
    ends."""
    places = sorted(borders)
    at = np.asarray(places or [-np.inf])
    ruled = np.zeros((len(at), ink.shape[1]), bool)
    runs = np.zeros_like(ruled)
    for border, place in enumerate(places):
        for start, end in borders[place]:
            runs[border, max(0, round(start) - _AT) : round(end) + _AT + 1] = True
    mask = np.zeros(ink.shape, np.uint8)
    for piece in sorted(pieces, key=lambda piece: float(np.abs(at - piece.middle).min())):
        border = int(np.abs(at - piece.middle).argmin())
        part, pixels = strokes.pixels(piece)
        if abs(at[border] - piece.middle) <= 2 * SAME and ruled[border, piece.start : piece.end].mean() < 0.5:
            ruled[border, piece.start : piece.end] = True
            inked = np.asarray((pixels & (ink[part] > 0)).any(axis=0), np.bool_)
            mask[part][pixels & _goes_along(runs[border, part[1]], inked)] = 255
        elif piece.length >= _LONE and float((pixels & (ink[part] > 0)).any(axis=0).mean()) > _LONE_WHOLE:
            mask[part][pixels] = 255
    return mask


def _goes_along(within: NDArray[np.bool_], inked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which columns of a piece are a rule's, if those `within` are a border's: others only where they
    go on for as long as no stroke of writing, and without a break. Where lines of writing follow closely, a
    stroke of each may stand over that of the next. `inked`: those with ink."""
    kept = within.copy()
    bounds = np.flatnonzero(np.diff(within.astype(np.int8), prepend=1, append=1))
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        kept[start:end] = end - start >= WRITTEN and float(inked[start:end].mean()) > _LONE_WHOLE
    return kept
