"""Ink that is not print: what was left unread, what is blue, what is written larger or more crookedly than the print around it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.grid import Ruling
from extractor.layers import Layers
from extractor.seal import Ring
from extractor.text import ReadLine, Rect
from extractor.tick import glyph_boxes

Gray = NDArray[np.uint8]

_DARK = 140
_HIDDEN = 0.4
_SMALLEST = 7.0  # points: less is a speck or a comma


def find_ink(
    layers: Layers, ruling: Ruling, lines: Sequence[ReadLine], rings: Sequence[Ring], text: Gray
) -> list[tuple[Rect, float]]:
    """Boxes in pixels of ink that looks written by hand, with 0 to 1 how sure that is. `text` has the seals' outlines taken off."""
    clear = np.where(ruling.lines > 0, np.uint8(255), text)
    # Under a seal that is as dark as the pen, there may be ink or not.
    hidden = [(ring.box, _HIDDEN) for ring in rings if not ring.red]
    return _unread(clear, layers, lines, rings) + _coloured(clear, layers) + _irregular(clear, layers, lines) + hidden


def _unread(clear: Gray, layers: Layers, lines: Sequence[ReadLine], rings: Sequence[Ring]) -> list[tuple[Rect, float]]:
    """Blots of ink where nothing was read; a black seal's own star and letters are not meant."""
    left = np.where(clear < _DARK, 255, 0).astype(np.uint8)
    for line in lines:
        x0, y0, x1, y1 = (round(v) for v in line.place.box)
        grow = round(0.15 * (y1 - y0))
        left[max(0, y0 - grow) : y1 + grow, max(0, x0 - grow) : x1 + grow] = 0
    for ring in rings:
        if not ring.red:
            cv2.circle(left, (round(ring.x), round(ring.y)), round(ring.rx * 1.05), 0, -1)
    return [(box, 0.7) for box in _blots(left, layers.scale)]


def _coloured(clear: Gray, layers: Layers) -> list[tuple[Rect, float]]:
    """Blue ink."""
    blue = np.where((layers.pen > 28) & (clear < 200), 255, 0).astype(np.uint8)
    return [(box, 0.95) for box in _blots(blue, layers.scale)]


def _blots(mask: Gray, scale: float) -> list[Rect]:
    """Ink that hangs together over small gaps and is as large as writing."""
    gap = max(3, round(4 * scale)) | 1
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    inked = np.bincount(labels[mask > 0], minlength=count)
    boxes: list[Rect] = []
    for label in range(1, count):
        x, y, width, height = (int(v) for v in stats[label, :4])
        large = min(width, height) > 0.5 * _SMALLEST * scale and max(width, height) > _SMALLEST * scale
        if large and 0.03 < inked[label] / (width * height) < 0.8:
            boxes.append((float(x), float(y), float(x + width), float(y + height)))
    return boxes


def _irregular(clear: Gray, layers: Layers, lines: Sequence[ReadLine]) -> list[tuple[Rect, float]]:
    """The ends of lines whose characters stand much higher than those they follow: a name signed behind its prompt."""
    found: list[tuple[Rect, float]] = []
    for line in lines:
        boxes = glyph_boxes(line)
        heights = [_height(clear, (start, line.place.box[1], end, line.place.box[3])) for start, end in boxes]
        for split in range(3, len(heights) - 1):
            before, after = heights[max(0, split - 6) : split], heights[split:]
            if len(after) <= 6 and float(np.median(after)) > 1.3 * max(float(np.percentile(before, 80)), 1.0):
                box = (boxes[split][0], line.place.box[1], boxes[-1][1], line.place.box[3])
                found.append((box, 0.8))
                break
    return found


def _height(clear: Gray, box: Rect) -> float:
    x0, y0, x1, y1 = (max(0, round(v)) for v in box)
    rows = (clear[y0:y1, x0 : max(x1, x0 + 1)] < _DARK).any(axis=1)
    return float(rows.sum()) if rows.any() else 0.0
