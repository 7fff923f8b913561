"""What stands before and after PP-OCR's detector: a picture to numbers, and a map of probabilities to boxes.

The steps are those of `paddleocr`, and a test holds that both find the same boxes. Importing that library
takes as long as reading a page, because it comes with what trains and serves models.
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Reading Word costs no numerical library.
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

Box = tuple[float, float, float, float]

SIDE = 1280  # of the largest picture that the model is given
_BLOCK = 32  # pixels that the model takes together
# The mean and the spread of each colour that it was trained with.
_MEANS, _SPREADS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# How probable each pixel of a line is, and its pixels together; and how much larger the line is than what the
# model marks of it: by so much of its area over its length.
PIXEL, TOGETHER, LARGER = 0.2, 0.45, 1.4
MOST = 1000  # boxes
_THINNEST = 3  # pixels


def to_numbers(picture: "Picture") -> "Floats":
    """The picture, height x width x 3, as the model takes it: 1 x 3 x sides that are multiples of a block."""
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
    """Boxes around the lines that a map of probabilities shows, in pixels of the picture of that shape."""
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
    """The corners, beginning top left: what is larger than them depends in its last pixel on the first."""
    import cv2
    import numpy as np

    points = sorted(cv2.boxPoints(rectangle), key=lambda point: float(point[0]))
    left = sorted(points[:2], key=lambda point: float(point[1]))
    right = sorted(points[2:], key=lambda point: float(point[1]))
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _probability(probabilities: "Floats", corners: "Floats") -> float:
    """The mean within the corners."""
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
    import cv2
    import numpy as np
    import pyclipper

    grown = pyclipper.PyclipperOffset()
    grown.AddPath(corners, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    distance = cv2.contourArea(corners) * LARGER / cv2.arcLength(corners, True)
    return np.asarray(grown.Execute(distance)[0], np.int32).reshape(-1, 1, 2)
