"""Prepares pictures for PP-OCR's detector of text lines, and turns its map of probabilities into boxes.

The steps are those of `paddleocr`, and a test holds that both find the same boxes. Importing that library
takes as long as reading a page, because it brings along what trains and serves models. The method is DB
(Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization").
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Only for type checkers: reading a Word file must not load a numerical library.
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

Box = tuple[float, float, float, float]

SIDE = 1280  # pixels: the longest side of a picture that the model is given
_BLOCK = 32  # pixels: the sides that the model takes are multiples of it
# The mean and the standard deviation of each channel in training. White is 1.
_MEANS, _SPREADS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PIXEL = 0.2  # probability: a pixel of a line has more
TOGETHER = 0.45  # probability: the pixels of a line have at least this mean
# The model marks only the core of a line. The line is larger on each side by this factor times the core's
# area over its perimeter.
LARGER = 1.4
MOST = 1000  # outlines that are looked at
_THINNEST = 3  # pixels of the map: a marked core is at least so thick, and a line is 2 pixels thicker


def to_numbers(picture: "Picture") -> "Floats":
    """Return `picture` (height x width x 3, 8 bits a channel) as the model takes it: 1 x 3 x height x width,
    each channel less its mean and over its deviation. The picture is made smaller if it is longer than
    `SIDE`. Both sides become multiples of 32 pixels."""
    import cv2
    import numpy as np

    if sum(picture.shape[:2]) < 2 * _BLOCK:
        padded = np.zeros((*(max(_BLOCK, side) for side in picture.shape[:2]), 3), np.uint8)
        padded[: picture.shape[0], : picture.shape[1]] = picture
        picture = padded
    longest = max(picture.shape[:2])
    zoom = min(1.0, SIDE / longest)
    height, width = (max(round(int(side * zoom) / _BLOCK) * _BLOCK, _BLOCK) for side in picture.shape[:2])
    if picture.shape[:2] != (height, width):
        picture = np.asarray(cv2.resize(picture, (width, height)), np.uint8)
    numbers = picture.astype(np.float32)
    numbers *= np.array([1 / 255 / spread for spread in _SPREADS], np.float32)
    numbers += np.array([-mean / spread for mean, spread in zip(_MEANS, _SPREADS, strict=True)], np.float32)
    return np.ascontiguousarray(numbers.transpose(2, 0, 1)[np.newaxis])


def to_boxes(probabilities: "Floats", shape: Sequence[int]) -> list[Box]:
    """Return the bounding boxes (x0, y0, x1, y1) of the lines that a map of probabilities (rows x columns,
    0 to 1) shows, in pixels of the picture. `shape`: that of the picture, height first."""
    import cv2
    import numpy as np

    marked = (probabilities > PIXEL).astype(np.uint8) * 255
    outlines, _ = cv2.findContours(marked, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    height, width = shape[:2]
    zoom = np.array([width / marked.shape[1], height / marked.shape[0]])
    boxes: list[Box] = []
    for outline in outlines[:MOST]:
        rectangle = cv2.minAreaRect(outline)
        if min(rectangle[1]) < _THINNEST:
            continue
        corners = _corners(rectangle)
        if _probability(probabilities, corners) < TOGETHER:
            continue
        rectangle = cv2.minAreaRect(_larger(corners))
        if min(rectangle[1]) < _THINNEST + 2:
            continue
        places = np.clip(np.round(cv2.boxPoints(rectangle) * zoom), 0, (width, height))
        (x0, y0), (x1, y1) = places.min(axis=0), places.max(axis=0)
        boxes.append((float(x0), float(y0), float(x1), float(y1)))
    return boxes


def _corners(rectangle: "Sequence[object]") -> "Floats":
    """Return the corners (4 x 2), beginning top left. The order matters: the grown outline depends on the
    first corner in its last pixel."""
    import cv2
    import numpy as np

    points = sorted(cv2.boxPoints(rectangle), key=lambda point: float(point[0]))
    left = sorted(points[:2], key=lambda point: float(point[1]))
    right = sorted(points[2:], key=lambda point: float(point[1]))
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _probability(probabilities: "Floats", corners: "Floats") -> float:
    """Return the mean probability inside the corners."""
    import cv2
    import numpy as np

    height, width = probabilities.shape
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    x0, x1 = (max(0, min(edge, width - 1)) for edge in (floor(left), ceil(right)))
    y0, y1 = (max(0, min(edge, height - 1)) for edge in (floor(top), ceil(bottom)))
    inside = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(inside, (corners - (x0, y0)).reshape(1, -1, 2).astype(np.int32), 1)
    return float(cv2.mean(probabilities[y0 : y1 + 1, x0 : x1 + 1], inside)[0])


def _larger(corners: "Floats") -> "NDArray[np.int32]":
    """Return the outline (n x 1 x 2) of the line around the core with these corners, grown on all sides."""
    import cv2
    import numpy as np
    import pyclipper

    grown = pyclipper.PyclipperOffset()
    grown.AddPath(corners, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    distance = cv2.contourArea(corners) * LARGER / cv2.arcLength(corners, True)
    return np.asarray(grown.Execute(distance)[0], np.int32).reshape(-1, 1, 2)
