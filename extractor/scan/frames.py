"""Lays pictures of pages flat as a `Frame` says: the whole page for reading, or any part of it at any scale
for showing.

The reader and the views that show what was read use the same function, so that a box found on a page lies on
the same ink in every picture of that page.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Rect
from models.page import Box, Frame, Warp

Colour = NDArray[np.uint8]
Floats = NDArray[np.float64]

# The terms of the polynomial for the slope of a bent sheet: (power of the place along a line, power of the
# place across the lines).
TERMS = ((0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (0, 1), (1, 1), (2, 1), (3, 1))
_STEP = 16  # pixels from node to node of the map at most; the map is smooth
# Pixels of the picture for each pixel shown. A picture with more is made smaller first, because sampling
# would skip ink.
_COARSE = 1.5
_SAMPLED = 64  # each so-manieth row is looked at first to tell whether a picture has colour


@dataclass(frozen=True)
class Bend:
    """The slope that is left in lines once the perspective is gone: a polynomial in both coordinates.
    `weights`: one for each of `TERMS`. `half`: the distance from the middle at which a coordinate is 1."""

    weights: Floats
    half: float

    def offset(self, along: Floats, across: Floats) -> Floats:
        """Return how far the line at `across` strays at `along`, against its place at `along` 0. All are in
        the unit of `half`; the shapes broadcast."""
        # This is the integral of the slope along the line. `polyval2d` takes its weights by the powers of
        # both coordinates.
        powers = np.zeros((max(i for i, _ in TERMS) + 2, max(j for _, j in TERMS) + 1))
        for weight, (i, j) in zip(self.weights, TERMS, strict=True):
            powers[i + 1, j] = weight / (i + 1)
        along, across = np.broadcast_arrays(along / self.half, across / self.half)
        return np.asarray(np.polynomial.polynomial.polyval2d(along, across, powers) * self.half, np.float64)

    def bow(self, pieces: Floats) -> Floats:
        """Return how far the middle of each straight piece (n x 4: along, across, along, across) strays from
        between its ends, in the unit of `half`, when it is bent."""
        first, last = (self.offset(pieces[:, n], pieces[:, n + 1]) for n in (0, 2))
        middle = (pieces[:, :2] + pieces[:, 2:]) / 2
        return np.asarray(np.abs(self.offset(middle[:, 0], middle[:, 1]) - (first + last) / 2), np.float64)


def moved(matrix: Floats, points: Floats) -> Floats:
    """Return `points` (n x 2) mapped by the homography `matrix` (3 x 3)."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    result: Floats = mapped[:, :2] / mapped[:, 2:]
    return result


def page_size(frame: Frame) -> tuple[float, float]:
    """Return (width, height) in points of the page that was read, after its quarter turns."""
    width, height = frame.flat[:: -1 if frame.quarters % 2 else 1]
    return width / frame.scale, height / frame.scale


def show(colour: Colour, frame: Frame, scale: float, box: Box | None = None) -> Colour:
    """Return the page that was read, or the part of it inside `box` (in points), at `scale` pixels a point:
    RGB, height x width x 3. `colour`: the picture of the page, RGB; it may be finer or coarser than the one
    that was read."""
    flat = lay_flat(colour, frame, scale / frame.scale, _before_turn(frame, box) if box else None)
    return np.ascontiguousarray(np.rot90(flat, frame.quarters))


def _before_turn(frame: Frame, box: Box) -> Rect:
    """Return `box` in pixels of the flat page before its quarter turns."""
    x0, y0, x1, y1 = (side * frame.scale for side in (box.x0, box.y0, box.x1, box.y1))
    width, height = frame.flat
    if frame.quarters == 1:
        return width - y1, x0, width - y0, x1
    if frame.quarters == 2:
        return width - x1, height - y1, width - x0, height - y0
    return (y0, height - x1, y1, height - x0) if frame.quarters == 3 else (x0, y0, x1, y1)


def is_plain(colour: Colour) -> bool:
    """Tell whether a picture (RGB, height x width x 3) has three equal channels, as a copy in grey or in
    black and white has."""
    return all(
        not cv2.norm(cv2.extractChannel(part, 0), cv2.extractChannel(part, channel), cv2.NORM_INF)
        for part in (np.ascontiguousarray(colour[::_SAMPLED]), colour)  # some rows tell of most that are not
        for channel in (1, 2)
    )


def lay_flat(
    colour: Colour, frame: Frame, zoom: float = 1.0, region: Rect | None = None, plain: bool | None = None
) -> Colour:
    """Return the flat page before its quarter turns, or a `region` of it (in pixels of the flat page), at
    `zoom` times its size: RGB, height x width x 3. `colour`: the picture of the page, RGB, of any
    resolution. `plain`: whether it has three equal channels, where that is known."""
    region = region or (0.0, 0.0, float(frame.flat[0]), float(frame.flat[1]))
    size = max(1, round((region[2] - region[0]) * zoom)), max(1, round((region[3] - region[1]) * zoom))
    if frame.warp is None:
        return _resized(colour, frame, region, size)
    if zoom < 1:
        apart = colour.shape[1] / frame.picture[0] / (zoom * frame.warp.fine * frame.warp.zoom)
        if apart > _COARSE:
            colour = np.asarray(
                cv2.resize(colour, None, fx=1 / apart, fy=1 / apart, interpolation=cv2.INTER_AREA), np.uint8
            )
    plain = is_plain(colour) if plain is None else plain
    return _resampled(colour, frame, frame.warp, zoom, region, size, plain)


def _resized(colour: Colour, frame: Frame, region: Rect, size: tuple[int, int]) -> Colour:
    """Return a part of a page that lies as its picture does, as (width, height) `size` in pixels."""
    across, down = colour.shape[1] / frame.flat[0], colour.shape[0] / frame.flat[1]
    x0, x1 = (
        min(max(round(side * across), 0), colour.shape[1] - 1 + end) for end, side in enumerate(region[::2])
    )
    y0, y1 = (
        min(max(round(side * down), 0), colour.shape[0] - 1 + end) for end, side in enumerate(region[1::2])
    )
    part = colour[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    if part.shape[:2] == size[::-1]:
        return np.ascontiguousarray(part)
    smaller = part.shape[0] * part.shape[1] > size[0] * size[1]
    return np.asarray(
        cv2.resize(part, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC), np.uint8
    )


def _resampled(
    colour: Colour, frame: Frame, warp: Warp, zoom: float, region: Rect, size: tuple[int, int], plain: bool
) -> Colour:
    """Return a part of the flat page by one resampling of the picture. The map from page to picture is
    smooth, so a coarse one is computed and enlarged."""
    step = max(4, min(_STEP, round(_STEP * zoom)))
    # A node is the middle of a square of `step` pixels, as `cv2.resize` has it. One more stands on each side.
    columns, rows = -(-size[0] // step) + 2, -(-size[1] // step) + 2
    xs, ys = np.meshgrid(
        (np.arange(columns) - 0.5) * step / zoom - 0.5 + region[0],
        (np.arange(rows) - 0.5) * step / zoom - 0.5 + region[1],
    )
    plane = np.column_stack([xs.ravel() / warp.fine + warp.left, ys.ravel() / warp.fine + warp.top])
    middle = np.array([round(frame.picture[0] * warp.zoom), round(frame.picture[1] * warp.zoom)]) / 2
    points = (_source_points(plane, warp) + middle) / warp.zoom
    fineness = colour.shape[1] / frame.picture[0]
    if fineness != 1:
        points = (points + 0.5) * fineness - 0.5
    maps = []
    for axis in (0, 1):
        coarse = points[:, axis].reshape(rows, columns).astype(np.float32)
        whole = cv2.resize(coarse, (columns * step, rows * step), interpolation=cv2.INTER_LINEAR)
        maps.append(whole[step : step + size[1], step : step + size[0]])
    # Reading needs sharp strokes. A smaller picture is sharp enough without taking five times as long.
    smooth = cv2.INTER_LINEAR if zoom < 1 else cv2.INTER_CUBIC
    # Three equal channels are sampled once.
    source = cv2.extractChannel(colour, 0) if plain else colour
    sampled = cv2.remap(source, maps[0], maps[1], smooth, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.merge((sampled, sampled, sampled)) if plain else sampled, np.uint8)


def _source_points(points: Floats, warp: Warp) -> Floats:
    """Return where `points` (n x 2) of the plane lay before it was flattened. The bend is inverted by
    fixed-point iteration; three rounds are exact to a small part of a pixel."""
    level, upright = Bend(np.array(warp.level), warp.half), Bend(np.array(warp.upright), warp.half)
    x, y = points[:, 0], points[:, 1]
    for _ in range(3):
        x, y = points[:, 0] + upright.offset(y, x), points[:, 1] + level.offset(x, y)
    back = np.array(warp.back).reshape(3, 3)
    return moved(np.asarray(np.linalg.inv(back), np.float64), np.column_stack([x, y]))
