"""Reads an answer that stands level with the label of its row, in a cell where nothing was read: what a pen
wrote close above or below made one box of both, too high for a recogniser. A person looks at each of them.
"""

import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine
from extractor.scan.pen_marks import core_rows, has_boxes
from models.geometry import Rect
from models.page import Box

Mask = NDArray[np.bool_]

# An em is the width of a Chinese character of the label.
_LABEL = 2  # characters: a label has as many
_ROOM = 0.12  # ems above and below the label's characters where the answer is read, too
_BESIDE = 0.2  # ems of paper to its left and right
_LEAST = 0.2  # square ems: least ink of an answer
_MORE = 0.05  # square ems: least ink above or below it, of a pen
_REACH = 1.2  # ems above and below the label's characters where that is looked for
_READ = 2  # characters at least
_LEGIBLE = 0.9  # least confidence


def read_level(page: FlatPage, engine: OcrEngine) -> tuple[FlatPage, tuple[Box, ...]]:
    """Return the page with such answers read, and their boxes in points. Raises OcrUnavailable."""
    ink = np.asarray(page.clear < PAPER, np.bool_)
    cells = {line.place.cell for line in page.lines}
    places = []
    for g, grid in enumerate(page.ruling.grids):
        for c, cell in enumerate(grid.cells):
            labels = [
                line
                for line in page.lines
                if line.place.cell is not None
                and line.place.cell[0] == g
                and grid.cells[line.place.cell[1]].row == cell.row
                and grid.cells[line.place.cell[1]].column < cell.column
                and len(line.reading.text.strip()) >= _LABEL
                and not has_boxes(line)
            ]
            if labels and (g, c) not in cells:
                label = max(labels, key=lambda line: line.place.box[0])
                box = _answer(page.inside(Place(cell.box, (g, c))), label, ink)
                places += [Place(box, (g, c))] if box else []
    if not places:
        return page, ()
    readings = engine.recognise([crop(page.clear, place.box) for place in places])
    found = [
        ReadLine(place, reading)
        for place, reading in zip(places, readings, strict=True)
        if len(reading.text.strip()) >= _READ and reading.confidence > _LEGIBLE
    ]
    return page.reading([*page.lines, *found]), tuple(page.in_points(line.place.box) for line in found)


def _answer(cell: Rect, label: ReadLine, ink: Mask) -> Rect | None:
    """Return the box in pixels of the ink of a cell, given without its edges, that stands level with `label`;
    None where there is little, or nothing above and below it."""
    em = label.wide
    left, right = max(0, round(cell[0])), round(cell[2])
    start, end = core_rows(label, em, ink)
    top, bottom = max(0, round(start - _ROOM * em)), round(end + _ROOM * em)
    part = ink[top:bottom, left:right]
    columns = np.flatnonzero(part.any(axis=0))
    if part.sum() < _LEAST * em * em:
        return None
    around = ink[max(0, round(start - _REACH * em)) : round(end + _REACH * em), left:right]
    if around.sum() - part.sum() < _MORE * em * em:
        return None
    x0, x1 = left + float(columns[0]) - _BESIDE * em, left + float(columns[-1]) + _BESIDE * em
    return (max(float(left), x0), float(top), min(float(right), x1), float(bottom))
