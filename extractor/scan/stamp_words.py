"""Takes the words of stamps off a grey copy, where they can't be told from print by their colour or shade.

A stamp stands askew, and so do its words: laid level by the slant of its frame they can be read, and their
rows are sharper then than by the slant of the page. What was read surely so is the stamp's. Where print runs
through its words nothing can be read, and all stays as it is.
"""

from collections.abc import Sequence
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine
from extractor.scan.readings import Reading
from extractor.scan.stamps import Stamp
from models.geometry import Rect

Colour = NDArray[np.uint8]
Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Millimetres:
_AROUND = 6.0  # what is looked at around a stamp, since print may run out of it
_BROAD = 0.8  # half the breadth of a line of the frame, with the blur around it
_MORE = 0.3  # what is taken off around words
_FEWEST = 3  # characters next to each other that were read surely
_RULED = 0.6  # share of the frame's width: ink that goes on for more of a row is a line of the frame
_DARK = 170  # grey level of a picture: what is darker is ink
_PRINT = 0.7  # of the level of the frame's ink: what is darker is print that crosses it
_SHARPER = 1.05  # times: rows of words are so much sharper by their own slant
_PAPER = 90  # percentile of the grey levels in and around a stamp that is paper


def without_words(colour: Colour, stamps: Sequence[Stamp], engine: OcrEngine) -> tuple[Colour, Colour | None]:
    """Return the picture without the frames of its grey stamps and the words that were read in them, and a
    picture that is white where they were and black elsewhere; None without any. Raises OcrUnavailable."""
    grey = [stamp for stamp in stamps if stamp.ink == "grey"]
    if not grey:
        return colour, None
    bare, taken = colour.copy(), np.zeros_like(colour)
    for stamp in grey:
        level, back = _levelled(np.ascontiguousarray(bare[..., 0]), stamp)
        paper = int(np.percentile(level, _PAPER))
        frame = _frame(level, stamp)
        shown = np.where(frame > 0, np.uint8(paper), level)
        off = np.zeros_like(level)
        for box in _read_surely(shown, stamp, engine):
            x0, y0, x1, y1 = (round(side) for side in box)
            cv2.rectangle(off, (x0, y0), (x1, y1), 255, -1)
        shade = float(np.percentile(level[frame > 0], 25)) if frame.any() else 0.0
        off |= np.where((frame > 0) & (level > _PRINT * shade), np.uint8(255), np.uint8(0))
        size = (colour.shape[1], colour.shape[0])
        mask = cv2.warpAffine(off, back, size, flags=cv2.INTER_LINEAR) > 0
        bare[mask] = paper
        taken[mask] = 255
    return bare, taken


def _levelled(gray: Gray, stamp: Stamp) -> tuple[Gray, Floats]:
    """Return a stamp and what is around it, laid level, and the matrix (2 x 3) back into the picture."""
    wide, high = (round(side + 2 * _AROUND * stamp.millimetre) for side in stamp.sides)
    turn = cv2.getRotationMatrix2D(stamp.middle, stamp.angle, 1)
    turn[:, 2] += np.array([wide / 2, high / 2]) - stamp.middle
    level = cv2.warpAffine(gray, turn, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(level, np.uint8), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def _frame(level: Gray, stamp: Stamp) -> Gray:
    """Return a mask (255) of the lines of a stamp that was laid level: its frame, and the lines across it."""
    mask = np.zeros_like(level)
    rim, broad = _AROUND * stamp.millimetre, max(1, round(_BROAD * stamp.millimetre))
    x0, y0 = round(rim), round(rim)
    x1, y1 = (round(rim + side) for side in stamp.sides)
    cv2.rectangle(mask, (x0, y0), (x1, y1), 255, 2 * broad + 1)
    inside = level[y0:y1, x0:x1] < _DARK
    for row in np.flatnonzero(inside.mean(axis=1) > _RULED):
        cv2.line(mask, (x0, y0 + int(row)), (x1, y0 + int(row)), 255, broad)
    return mask


def _read_surely(level: Gray, stamp: Stamp, engine: OcrEngine) -> list[Rect]:
    """Return the boxes of words inside a stamp that was laid level, as far as they were read surely."""
    rim, more = (_AROUND - _BROAD) * stamp.millimetre, _MORE * stamp.millimetre
    high, wide = level.shape
    boxes = [
        box
        for box in engine.detect(np.asarray(cv2.cvtColor(level, cv2.COLOR_GRAY2RGB), np.uint8))
        if rim < box[0] and box[2] < wide - rim and rim < box[1] and box[3] < high - rim
        and _is_sharper(level, box, stamp.off)
    ]  # fmt: skip
    readings = engine.recognise([crop(level, box) for box in boxes])
    found: list[Rect] = []
    for (x0, y0, x1, y1), reading in zip(boxes, readings, strict=True):
        for first, last in _sure(reading):
            half = (y1 - y0) / 2
            left = x0 if first == 0 else x0 + reading.glyphs[first].at * (x1 - x0) - half
            right = x1 if last == len(reading.glyphs) - 1 else x0 + reading.glyphs[last].at * (x1 - x0) + half
            found.append((left - more, y0 - more, right + more, y1 + more))
    return found


def _sure(reading: Reading) -> list[tuple[int, int]]:
    """Return the first and the last number of each run of characters that were read surely."""
    runs = []
    sure = [(number, glyph.confidence > rungs.STRONG) for number, glyph in enumerate(reading.glyphs)]
    for is_sure, group in groupby(sure, key=lambda one: one[1]):
        numbers = [number for number, _ in group]
        if is_sure and len(numbers) >= _FEWEST:
            runs.append((numbers[0], numbers[-1]))
    return runs


def _is_sharper(level: Gray, box: Rect, off: float) -> bool:
    """Tell whether the rows of the ink in a box are sharper as it lies than turned by `off` degrees, as the
    page lies."""
    x0, y0, x1, y1 = (round(side) for side in box)
    turn = cv2.getRotationMatrix2D(((x0 + x1) / 2, (y0 + y1) / 2), off, 1)
    other = cv2.warpAffine(level, turn, level.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    own, as_page = (_sharpness(picture[y0:y1, x0:x1]) for picture in (level, other))
    return own > _SHARPER * as_page


def _sharpness(gray: NDArray[np.generic]) -> float:
    """Return how much the rows of a picture differ from the next ones."""
    return float((np.diff(gray.astype(np.float64).mean(axis=1)) ** 2).sum())
