"""Finds writing that was cut off. Either the edge of the picture did: the sheet lay over the edge of the
glass, or was photographed too near, and what is left of such a table looks like one that is open at its side.
Or the cell did: a program printed a longer text into a field that does not wrap."""

from collections.abc import Iterator

import numpy as np

from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.layers import PAPER
from models.page import Box

# In 90 sheets that nobody cut, no two lines of a side reach into this band, and on six that were cut from
# eight to thirteen do (2026-11-29).
_FROM, _TO = 1.0, 2.2  # points off a table's outer edge: a form keeps its text farther off
_INKED = 0.2  # ems: least height of a line's ink in that band
_FEWEST = 2  # such lines make a side that was cut
_NEAR = 1.0  # ems: a line that ends so near to such a side may go on behind it
_AT_EDGE = 0.3  # ems: the last character of a line that its cell cut off ends so near to the rule
_FILLED = 6  # characters: a shorter line is not as long as its cell


def find_cut_off(page: FlatPage) -> tuple[Box, ...]:
    """Return the bounding boxes, in points, of lines that may go on beyond the picture's edge, or their
    cell's."""
    found: list[ReadLine] = [line for line in page.lines if _is_clipped(page, line)]
    for is_left in (True, False):
        lines = list(_outer(page, is_left=is_left))
        if sum(_reaches(page, line, edge, is_left=is_left) for line, edge in lines) >= _FEWEST:
            found += [line for line, edge in lines if _gap(line, edge, is_left=is_left) < _NEAR * line.em()]
    return tuple(dict.fromkeys(page.in_points(line.place.box) for line in found))


def _outer(page: FlatPage, *, is_left: bool) -> Iterator[tuple[ReadLine, float]]:
    """Yield the lines in cells at a side of their table, with that side in pixels."""
    side, outermost = (0, min) if is_left else (2, max)
    edges = [outermost(cell.box[side] for cell in grid.cells) for grid in page.ruling.grids]
    for line in page.lines:
        if line.place.cell is not None:
            grid, cell = line.place.cell
            own = page.ruling.grids[grid].cells[cell].box[side]
            if abs(own - edges[grid]) < page.scale:
                yield line, own


def _is_clipped(page: FlatPage, line: ReadLine) -> bool:
    """Tell whether a line begins where its cell does and goes on as far as the rule at its right. What is
    wrapped keeps off that."""
    if line.place.cell is None or len(line.reading.glyphs) < _FILLED:
        return False
    grid, cell = line.place.cell
    left, _, right, _ = page.ruling.grids[grid].cells[cell].box
    return (
        0 < _gap(line, left, is_left=True) < _NEAR * line.em()
        and _gap(line, right, is_left=False) < _AT_EDGE * line.em()
        and _reaches(page, line, right, is_left=False)
    )


def _gap(line: ReadLine, edge: float, *, is_left: bool) -> float:
    """Return the distance in pixels of the characters of a line from the edge of its cell."""
    boxes = line.glyph_boxes()
    return min(start for start, _ in boxes) - edge if is_left else edge - max(end for _, end in boxes)


def _reaches(page: FlatPage, line: ReadLine, edge: float, *, is_left: bool) -> bool:
    """Tell whether a line has ink close before the edge of its cell."""
    _, y0, _, y1 = line.place.box
    near, far = (edge + way * page.scale * (1 if is_left else -1) for way in (_FROM, _TO))
    x0, x1 = sorted((max(0, round(near)), max(0, round(far))))
    band = page.clear[max(0, round(y0)) : round(y1), x0:x1]
    return bool(band.size and np.count_nonzero((band < PAPER).any(axis=1)) > _INKED * line.em())
