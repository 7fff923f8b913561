"""Finds digits that stand where the sheet is soiled all the way down: under the specks of a dirty roller, or
in a grey band. Dirt hides a decimal point, and the recogniser is sure of the digits beside it.

Dirt is seen where nothing is printed or written: between the lines of text. A band of it runs down the sheet,
so that it shows in most of the blocks into which the sheet is cut.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.bands import GLANCE, seems_soiled, soiled_columns
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine
from models.page import Box

Mask = NDArray[np.bool_]

_CHANGED = 30  # levels by which cleaning changed a pixel
_AROUND = 2.0  # points around lines of text and rules that are not looked at
_RING = 1.1  # radii of a seal that are not looked at
_NEAR = 0.5  # ems: what lies so near to the middle of a digit may hide what stands beside it


def find_soiled(page: FlatPage) -> tuple[Box, ...]:
    """Return the bounding boxes, in points, of lines in cells that have a digit in a soiled band, and of
    lines that read differently with their dirt."""
    seen = page.clear if page.soiled is None else page.soiled
    lines: list[ReadLine] = []
    if seems_soiled(seen[::GLANCE], _bare(page, GLANCE), page.scale):
        soiled = soiled_columns(seen, _bare(page), page.scale)
        lines = [line for line in page.lines if line.place.cell is not None and _touches(line, soiled)]
    return tuple(page.in_points(box) for box in (*(line.place.box for line in lines), *page.disputed))


def read_with_dirt(page: FlatPage, engine: OcrEngine) -> FlatPage:
    """Return the page with each line that was cleaned of dirt read with its dirt, too.

    The surer reading holds. Where the two differ, what was cleaned away may have been print, so the line is
    disputed.
    """
    if page.soiled is None:
        return page
    changed = cv2.absdiff(page.soiled, page.clear) > _CHANGED
    soiled = [line for line in page.lines if crop(changed.astype(np.uint8), line.place.box).any()]
    again = engine.recognise([crop(page.soiled, line.place.box) for line in soiled])
    other = {id(line): reading for line, reading in zip(soiled, again, strict=True)}
    lines, disputed = [], []
    for line in page.lines:
        reading = other.get(id(line), line.reading)
        differs = reading.text.split() != line.reading.text.split()
        if differs:
            disputed.append(line.place.box)
        surer = differs and reading.confidence > line.reading.confidence
        lines.append(replace(line, reading=reading) if surer else line)
    return replace(page, lines=tuple(lines), disputed=tuple(disputed))


def _bare(page: FlatPage, every: int = 1) -> Mask:
    """Return a mask of the page's ground: neither a line of text, nor a rule, nor a seal lies there. It holds
    each so-manieth row, as `every` says."""
    around = round(_AROUND * page.scale)
    kernel = np.ones((2 * -(-around // every) + 1, 2 * around + 1), np.uint8)
    covered = cv2.dilate(np.ascontiguousarray(page.ruling.lines[::every]), kernel)
    for line in page.lines:
        x0, y0, x1, y1 = (round(side) for side in line.place.box)
        top, bottom = (y0 - around) // every, -(-(y1 + around) // every)
        cv2.rectangle(covered, (x0 - around, top), (x1 + around, bottom), 255, -1)
    # A seal is lower than most of the blocks that tell a band, so that a glance can do without.
    for ring in page.rings if every == 1 else ():
        cv2.circle(covered, (round(ring.x), round(ring.y)), round(_RING * ring.rx), 255, -1)
    return np.asarray(covered == 0, np.bool_)


def _touches(line: ReadLine, soiled: Mask) -> bool:
    """Tell whether a digit of the line stands in or beside a soiled column."""
    near, (x0, _, x1, _) = _NEAR * line.em(), line.place.box
    middles = [x0 + glyph.at * (x1 - x0) for glyph in line.reading.glyphs if glyph.text.isdigit()]
    return any(soiled[max(0, round(x - near)) : max(0, round(x + near)) + 1].any() for x in middles)
