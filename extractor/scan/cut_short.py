"""Reads lines to their ends whose first or last characters the detector left out, as it does with a 二 at the
beginning of a cell. Where ink goes on beside a line, the recogniser reads both together."""

from collections.abc import Iterator

import numpy as np

from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine
from extractor.text.tick_signs import is_boxlike, is_chinese
from models.geometry import Rect, overlap
from models.page import Box

# All in ems of the line.
_REACH = 2.4  # so far beside a line two characters stand
_NEAR = 0.6  # the next character begins no farther away
_INKED = 0.5  # least width of a character's ink
_BLANK = 0.2  # beyond it the paper is bare, or the ink is no character's
_MARGIN = 0.25  # paper around what is read
_SEAL = 1.05  # radii: a seal with the blur around it


def read_to_ends(page: FlatPage, engine: OcrEngine) -> tuple[FlatPage, tuple[Box, ...]]:
    """Return the page with lines read anew where ink goes on beside them, and the bounding boxes, in points,
    of such ink that is read otherwise then. Raises OcrUnavailable."""
    places = list(_going_on(page))
    readings = engine.recognise([crop(page.clear, box) for _, box in places]) if places else []
    lines, dark = list(page.lines), list[Box]()
    for (number, box), reading in zip(places, readings, strict=True):
        line = lines[number]
        before, after = line.reading.text.strip(), reading.text.strip()
        if _words(before) == _words(after):
            continue
        if before in after and not any((line.recovered, line.struck, line.underlined, line.bordered)):
            lines[number] = ReadLine(Place(box, line.place.cell), reading)
        else:
            dark.append(page.in_points(box))
    return page.reading(lines) if places else page, tuple(dark)


def _words(text: str) -> str:
    """Return what of a reading is no mark, and no box for ticking."""
    return "".join(char for char in text if char.isalnum() and not is_boxlike(char))


def _going_on(page: FlatPage) -> Iterator[tuple[int, Rect]]:
    """Yield (number of a line in a cell, its box with the ink that goes on beside it, in pixels)."""
    for number, line in enumerate(page.lines):
        text = line.reading.text.strip()
        if line.place.cell is None or len(text) < 2:
            continue
        x0, y0, x1, y1 = line.place.box
        ends = [
            _end(page, line, is_left=is_left) if is_chinese(text[at]) else None
            for is_left, at in ((True, 0), (False, -1))
        ]
        if ends != [None, None]:
            left, right = ends
            yield number, (x0 if left is None else left, y0, x1 if right is None else right, y1)


def _end(page: FlatPage, line: ReadLine, *, is_left: bool) -> float | None:
    """Return where, in pixels, the ink beside a line ends with some margin; None where there is none that may
    be of a character or two."""
    x0, y0, x1, y1 = line.place.box
    em = min(line.em(), y1 - y0)
    left, _, right, _ = page.inside(line.place)
    start, end = (max(x0 - _REACH * em, left), x0) if is_left else (x1, min(x1 + _REACH * em, right))
    beside = (start, y0 + (y1 - y0 - em) / 2, end, y1 - (y1 - y0 - em) / 2)
    others = (other.place.box for other in page.lines if other is not line)
    if end - start < _INKED * em or any(overlap(beside, box) for box in others) or _is_sealed(page, beside):
        return None
    ink = page.clear[round(beside[1]) : round(beside[3]), round(start) : round(end)] < PAPER
    inked = np.flatnonzero(ink.any(axis=0))
    inked = ink.shape[1] - 1 - inked[::-1] if is_left else inked
    if len(inked) < _INKED * em or inked[0] > _NEAR * em or inked[-1] > ink.shape[1] - _BLANK * em:
        return None
    far = float(inked[-1]) + _MARGIN * em
    return max(x0 - far, left) if is_left else min(x1 + far, right)


def _is_sealed(page: FlatPage, box: Rect) -> bool:
    """Tell whether a seal may have left ink in a box."""
    reaches = [(ring.x, ring.y, _SEAL * max(ring.rx, ring.ry)) for ring in page.rings]
    return any(overlap(box, (x - far, y - far, x + far, y + far)) for x, y, far in reaches)
