"""Finds and reads the lines of text on a flat page. Tells which way up they stand, which cell they belong to,
and what they say."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan import upright
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import Layers
from extractor.scan.ocr import OcrEngine
from extractor.scan.ruling import Ruling
from extractor.scan.stacked import in_lines
from models.geometry import Rect, area, around, meet

Gray = NDArray[np.uint8]

_DETECTION_SIDE = 1280  # pixels: the longest side of the detector's picture
_BLOCK_SIDE = 32  # pixels: the detector stretches sides that are no multiple of it
_FAINTEST = 215  # grey level: darker pixels are ink
_SPECK = 4  # pixels of the detector's picture: ink that is shorter is dust
_MARGIN = 12  # pixels of the detector's picture: the paper that stays around ink
_ROOM = 0.10  # share of a line's height that is added above and below it
_OBLONG = 1.5  # a line is more than so many times as long as high
_LONGEST_LINES = 9  # so many of the longest lines tell which way is up
_SAME = 0.3  # share of the smaller box: two boxes that have so much in common are one line
_IN_ACROSS = 0.4  # share of a line's shorter side: a piece of it in a cell is wider
_IN_DOWN = 0.5  # share of the lower of line and cell: a piece of the line in the cell is higher
_BEYOND = 0.15  # share of a line's height: a piece may reach this far above and below its cell
_INSET = 1.0  # points that a cell's ruling takes at the left and at the right
# Points above and below red writing in which lines are looked for again, since the writing may touch them.
_RED_ROOM = 12.0
# Of heights of a usual line:
_WITH_PEN = 1.7  # a box that is higher may hold print and a signature after it
_PRINT = 1.3  # print is no higher there
_PROMPT = 2.0  # least width of a prompt
_LOW = 0.5  # least height of print
_INKED = 0.5  # share of a prompt's columns with ink, at least
_BLOCK = 2.2  # heights of a usual line: a box that is both higher and wider is several lines in one


def set_upright(
    layers: Layers, engine: OcrEngine, turn: int | None = None, told: int | None = None
) -> tuple[Layers, list[Rect]]:
    """Return the page the right way up, and the bounding boxes of its lines in pixels of that page.

    `turn`: the quarter turns of the page before. They hold where this page is read better so, since a page
    with only a date and dirt has few lines to tell. `told`: the quarter turns that a person said; they hold
    in any case. Both count counter-clockwise.
    """
    given = layers
    if told is not None and given.frame:
        layers = given.turned((told - given.frame.quarters) % 4)
        return layers, detect(layers, engine)
    small = _for_detection(layers)
    if upright.lies_sideways(255 - small):
        layers = layers.turned(1)
        small = _for_detection(layers)
    boxes = detect(layers, engine, small)
    if _tall(boxes) > 0.5:
        layers = layers.turned(1)
        boxes = detect(layers, engine)
    if turn is not None and layers.frame and given.frame and (layers.frame.quarters - turn) % 2:
        other = given.turned(turn - given.frame.quarters)
        level = detect(other, engine)
        if _legible(other, level, engine) > _legible(layers, boxes, engine):
            return other, level
    longest = _longest(boxes)
    heads = engine.upside_down([crop(layers.text, box) for box in longest])
    if sum(heads) > len(heads) / 2:
        height, width = layers.text.shape
        layers = layers.turned(2)
        boxes = [(width - x1, height - y1, width - x0, height - y0) for x0, y0, x1, y1 in boxes]
    return layers, boxes


def _longest(boxes: Sequence[Rect]) -> list[Rect]:
    """Return the longest of the boxes that are level lines, the longest first."""
    level = (box for box in boxes if box[2] - box[0] > _OBLONG * (box[3] - box[1]))
    return sorted(level, key=lambda box: box[0] - box[2])[:_LONGEST_LINES]


def _legible(layers: Layers, boxes: Sequence[Rect], engine: OcrEngine) -> int:
    """Return how many characters of the longest lines are read with confidence."""
    readings = engine.recognise([crop(layers.text, box) for box in _longest(boxes)])
    return sum(glyph.confidence > rungs.STRONG for reading in readings for glyph in reading.glyphs)


def _tall(boxes: Sequence[Rect]) -> float:
    """Return the share of all text, by its length, that stands in boxes higher than wide."""
    sides = [(box[2] - box[0], box[3] - box[1]) for box in boxes]
    tall = sum(high for wide, high in sides if high > _OBLONG * wide)
    wide_ones = sum(wide for wide, high in sides if wide > _OBLONG * high)
    return tall / (tall + wide_ones) if tall + wide_ones else 0.0


def _for_detection(layers: Layers) -> Gray:
    """Return the text of the page, no longer than the detector's picture."""
    zoom = min(1.0, _DETECTION_SIDE / max(layers.text.shape))
    if zoom == 1:
        return layers.text
    small = cv2.resize(layers.text, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def detect(layers: Layers, engine: OcrEngine, small: Gray | None = None) -> list[Rect]:
    """Return the bounding boxes of the lines that the engine finds, in pixels of the page. `small` is its
    picture for the detector, where that is there already."""
    zoom = min(1.0, _DETECTION_SIDE / max(layers.text.shape))
    part, left, top = _trimmed(_for_detection(layers) if small is None else small)
    found = engine.detect(np.asarray(cv2.cvtColor(part, cv2.COLOR_GRAY2RGB), np.uint8))
    return [
        ((x0 + left) / zoom, (y0 + top) / zoom, (x1 + left) / zoom, (y1 + top) / zoom)
        for x0, y0, x1, y1 in found
    ]


def _trimmed(gray: Gray) -> tuple[Gray, int, int]:
    """Return the part of `gray` that holds ink other than dust, and its left and top in pixels. Margins cost
    the detector as much time as text. The sides of the part are multiples of `_BLOCK_SIDE`."""
    ink = np.uint8(255) * (gray < _FAINTEST)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    boxes = stats[1:][stats[1:, 2:4].max(axis=1) >= _SPECK, :4]
    if not len(boxes):
        return gray, 0, 0
    height, width = gray.shape
    left, top = (max(0, int(boxes[:, axis].min()) - _MARGIN) for axis in (0, 1))
    right, bottom = (
        min(most, int((boxes[:, n] + boxes[:, n + 2]).max()) + _MARGIN)
        for n, most in ((0, width), (1, height))
    )
    part = gray[top:bottom, left:right]
    more = [-side % _BLOCK_SIDE for side in part.shape]
    return (
        np.asarray(
            cv2.copyMakeBorder(part, 0, more[0], 0, more[1], cv2.BORDER_CONSTANT, value=(255.0,)), np.uint8
        ),
        left,
        top,
    )


def read_lines(page: FlatPage, boxes: Sequence[Rect], engine: OcrEngine) -> FlatPage:
    """Return the page with its lines read. `boxes`: the bounding boxes (pixels) of lines that were found
    before the seals were lifted; where seals and red writing were, lines are looked for again."""
    boxes = _detect_again(boxes, page.lifted, [ring.box for ring in page.rings if not ring.red], engine)
    if page.red:
        shown = np.asarray(cv2.min(page.lifted, page.clear), np.uint8)
        boxes = _detect_again(boxes, shown, _bands(page.red), engine, _RED_ROOM * page.scale)
    return page.reading(read_places(_placed(boxes, page), page.clear, engine))


def _bands(boxes: Sequence[Rect]) -> list[Rect]:
    """Return one box around each group of boxes that are level with each other."""
    bands: list[Rect] = []
    for box in sorted(boxes, key=lambda box: box[1]):
        bands[-1:] = [around((*bands[-1:], box))] if bands and box[1] < bands[-1][3] else [*bands[-1:], box]
    return bands


def _detect_again(
    boxes: Sequence[Rect], gray: Gray, areas: Sequence[Rect], engine: OcrEngine, room: float = 0.0
) -> list[Rect]:
    """Return the boxes, with those level with `areas` looked for again in `gray`, where nothing hides them
    any more. `room`: pixels above and below an area that are added to it, since its edges may cut lines."""
    current = list(boxes)
    for _, top, _, bottom in areas:
        y0, y1 = max(0, round(top - room)), min(gray.shape[0], round(bottom + room))
        if y1 - y0 < _BLOCK_SIDE:
            continue
        kept = [box for box in current if not round(top) < (box[1] + box[3]) / 2 < round(bottom)]
        zoom = min(1.0, _DETECTION_SIDE / max(gray.shape))
        band = cv2.resize(gray[y0:y1], None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        found = engine.detect(np.asarray(cv2.cvtColor(band, cv2.COLOR_GRAY2RGB), np.uint8))
        new = [(x0 / zoom, a / zoom + y0, x1 / zoom, b / zoom + y0) for x0, a, x1, b in found]
        # The detector sees only a part of a line that the band cuts, so the earlier box of it stays.
        current = kept + [box for box in new if all(_shared(box, other) < _SAME for other in kept)]
    return current


def _shared(one: Rect, other: Rect) -> float:
    """Return the share of the smaller box that the two have in common."""
    return area(meet(one, other)) / max(min(area(one), area(other)), 1.0)


def _placed(boxes: Sequence[Rect], page: FlatPage) -> list[Place]:
    """Return the boxes, each in its cell. A box that runs over a ruled line is cut there."""
    places: list[Place] = []
    inset = _INSET * page.scale
    for box in _heightened(_unstacked(_single(in_lines(boxes, page.clear), page.clear), page.clear)):
        pieces = [Place(*piece) for piece in _pieces(box, page.ruling, inset)]
        places += pieces or [Place(box)]
    return places


def _single(boxes: Sequence[Rect], clear: Gray) -> list[Rect]:
    """Return the boxes without those of several lines in one, which a detector makes of dense handwriting. Of
    a prompt and a large signature in one the prompt is left."""
    usual = float(np.median([box[3] - box[1] for box in boxes])) if boxes else 0.0
    most = _BLOCK * usual
    each = (
        box if box[3] - box[1] < most or box[2] - box[0] < most else _print_before_pen(clear, box, usual)
        for box in boxes
    )
    return [box for box in each if box]


def _unstacked(boxes: Sequence[Rect], clear: Gray) -> list[Rect]:
    """Return the boxes, with a column of characters one under the other as a box for each character. A
    recogniser reads only along lines."""
    found: list[Rect] = []
    for box in boxes:
        stacked = box[3] - box[1] > _OBLONG * (box[2] - box[0])
        found += (stacked and _characters(clear, box)) or [box]
    return found


def _characters(clear: Gray, box: Rect) -> list[Rect]:
    """Return a box for each character of a column, from the top down; none if they do not stand apart."""
    x0, y0, x1, y1 = (round(v) for v in box)
    size = x1 - x0
    inked = (clear[max(0, y0) : y1, max(0, x0) : x1] < _FAINTEST).any(axis=1)
    turns = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(np.int8)))
    pieces: list[tuple[int, int]] = []
    for top, bottom in turns.reshape(-1, 2).tolist():
        # A character such as 二 has blank rows inside it.
        if pieces and bottom - pieces[-1][0] <= size:
            pieces[-1] = (pieces[-1][0], bottom)
        else:
            pieces.append((top, bottom))
    if len(pieces) < 2 or max(bottom - top for top, bottom in pieces) > _OBLONG * size:
        return []
    middles = [(bottom + top) / 2 for (_, bottom), (top, _) in pairwise(pieces)]
    cuts = [y0 + cut for cut in (pieces[0][0] - _ROOM * size, *middles, pieces[-1][1] + _ROOM * size)]
    return [(box[0], top, box[2], bottom) for top, bottom in pairwise(cuts)]


def _heightened(boxes: Sequence[Rect]) -> list[Rect]:
    """Return the boxes with some room above and below, unless another line is there. Tight boxes cut off the
    first stroke of 百 and 示."""
    roomy = []
    for x0, y0, x1, y1 in boxes:
        more = _ROOM * (y1 - y0)
        beside = [other for other in boxes if other[0] < x1 and x0 < other[2] and other != (x0, y0, x1, y1)]
        above = max((other[3] for other in beside if other[3] < (y0 + y1) / 2), default=0.0)
        below = min((other[1] for other in beside if other[1] > (y0 + y1) / 2), default=y1 + more)
        roomy.append((x0, min(y0, max(y0 - more, above)), x1, max(y1, min(y1 + more, below))))
    return roomy


def _pieces(box: Rect, ruling: Ruling, inset: float) -> list[tuple[Rect, tuple[int, int]]]:
    """Return the piece of a box in each cell that holds enough of it, with the cell as (grid, cell). `inset`:
    pixels that the ruling takes at the left and the right of a cell."""
    x0, y0, x1, y1 = box
    height = y1 - y0
    pieces = []
    for g, grid in enumerate(ruling.grids):
        for c, cell in enumerate(grid.cells):
            edges = ruling.around(cell.box, box)
            left, right = max(x0, edges[0] + inset), min(x1, edges[2] - inset)
            top, bottom = max(y0, edges[1]), min(y1, edges[3])
            across, down = _IN_ACROSS * min(height, x1 - x0), _IN_DOWN * min(height, edges[3] - edges[1])
            if right - left > across and bottom - top > down:
                # Writing may stand on its ruled line, or touch the one above.
                pieces.append(
                    (
                        (left, max(y0, top - _BEYOND * height), right, min(y1, bottom + _BEYOND * height)),
                        (g, c),
                    )
                )
    return pieces


def read_places(places: Sequence[Place], clear: Gray, engine: OcrEngine) -> list[ReadLine]:
    """Return what the text at each place says, cell by cell. Places without text are left out. `clear`: the
    page without its ruling, grey, height x width."""
    ordered = sorted(places, key=lambda place: (place.cell or (-1, 0), place.box[1]))
    readings = engine.recognise([crop(clear, place.box) for place in ordered])
    read = [
        ReadLine(place, reading)
        for place, reading in zip(ordered, readings, strict=True)
        if reading.text.strip()
    ]
    unread = [place for place, reading in zip(ordered, readings, strict=True) if not reading.text.strip()]
    usual = float(np.median([place.box[3] - place.box[1] for place in ordered])) if ordered else 0.0
    prints = [
        Place(box, place.cell) for place in unread if (box := _print_before_pen(clear, place.box, usual))
    ]
    return read + read_places(prints, clear, engine) if prints else read


def _print_before_pen(clear: Gray, box: Rect, usual: float) -> Rect | None:
    """Return the part of a box at its left that is as high as a `usual` line, where a prompt stands before a
    large signature: the two together are too high for a recogniser. None where there is no such part."""
    if box[3] - box[1] < _WITH_PEN * usual:
        return None
    x0, y0, x1, y1 = (round(v) for v in box)
    ink = clear[max(0, y0) : y1, max(0, x0) : x1] < _FAINTEST
    inked = np.asarray(ink.any(axis=0), bool)
    tops = np.minimum.accumulate(np.where(inked, ink.argmax(axis=0), len(ink)))
    bottoms = np.maximum.accumulate(np.where(inked, len(ink) - ink[::-1].argmax(axis=0), 0))
    wide = int((bottoms - tops <= _PRINT * usual).sum())
    if wide == ink.shape[1] or inked[:wide].sum() < _INKED * _PROMPT * usual:
        return None
    if wide < _PROMPT * usual or bottoms[wide - 1] - tops[wide - 1] < _LOW * usual:
        return None
    more = _ROOM * usual
    return (box[0], y0 + float(tops[wide - 1]) - more, box[0] + wide, y0 + float(bottoms[wide - 1]) + more)


def crop(gray: Gray, box: Rect) -> NDArray[np.uint8]:
    """Return the pixels inside `box` as a recogniser takes them: height x width x 3, never empty. `gray`:
    height x width; `box` is in its pixels."""
    x0, y0, x1, y1 = (round(v) for v in box)
    part = gray[max(0, y0) : max(y1, y0 + 4), max(0, x0) : max(x1, x0 + 4)]
    if part.size == 0:
        part = np.full((8, 8), 255, np.uint8)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_GRAY2RGB), np.uint8)


def in_rows(lines: Sequence[ReadLine]) -> list[list[ReadLine]]:
    """Return the lines of one cell as rows from the top down, each from left to right."""
    rows: list[list[ReadLine]] = []
    for line in sorted(lines, key=lambda line: line.place.box[1] + line.place.box[3]):
        row = next(
            (row for row in rows if all(_side_by_side(line.place.box, other.place.box) for other in row)),
            None,
        )
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    return [sorted(row, key=lambda line: line.place.box[0]) for row in rows]


def _side_by_side(one: Rect, other: Rect) -> bool:
    """Tell whether two boxes are level with each other and hardly overlap along the row."""
    low, high = min(one[3] - one[1], other[3] - other[1]), min(one[3], other[3]) - max(one[1], other[1])
    return high > 0.5 * low and min(one[2], other[2]) - max(one[0], other[0]) < low
