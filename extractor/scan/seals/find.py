"""Finds seals: red ones by their ink, and those on a black-and-white copy by their ring."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.layers import Layers
from extractor.scan.seals.personal import find_thumbs
from extractor.scan.seals.ring import Ring
from models.geometry import contains
from models.page import SealShape

Gray = NDArray[np.uint8]

_SMALLEST = 24.0  # millimetres: least width of a seal
_LARGEST = 64.0  # millimetres: greatest width of a seal
_SMALLEST_SQUARE = 21.5  # millimetres: least width of a square one; smaller ones bear a person's name
_LONGEST_THUMB = 36.0  # millimetres: the print of a thumb is no longer
_POINTS_A_MM = 72 / 25.4  # points a millimetre
_REDDISH = 38  # levels: least redness of a seal's ink, even pale, when noise has been averaged out
_PALE = 16  # levels: the same of the ink of a ring that is drawn all the way round
_NARROWEST = 8  # millimetres: least shorter side of a blot that may be a piece of a seal
_GAP = 4  # millimetres: gaps in a seal's ink that are closed
_BAND = 0.7  # millimetres: least band of paper between two squares
_SPECK = 0.05  # of all the ink: a part with less is no square
_ABOUT_SQUARE = 0.75  # of its longer side: least shorter side of a square
_MARGIN = 5  # millimetres: room around the page that closing needs
# A star may be taken for a ring of its own inside the ring of its seal:
_INNER = 0.6  # of the outer ring's radius: greatest radius of such an inner ring
_OFF_MIDDLE = 0.8  # of the outer ring's radius: greatest distance between both middles
# Where seals run into each other:
_BLURRED = 1.06  # radii: a ring with the blur around it
_FURTHER = 0.4  # of the mean ink of the rings: least ink of a further seal
_ONE_MIDDLE = 0.3  # radii: the middle of another seal is never so near to a ring's middle
_TORN = 0.6  # of the smallest seal's width: least width of a piece of a seal
_LONGER = 1.9  # red ink that is so many times longer than wide is words
_FEWEST_PIXELS = 40  # pixels of ink: no outline can be laid through fewer
_FEWEST_CORNERS = 5  # corners of its convex hull: no ellipse can be laid through fewer, but a square
_COVERED_LEAST = 0.88  # of an ellipse's area: least area of the hull of its ink
_COVERED_MOST = 1.12  # of an ellipse's area: greatest area of that hull
_FLATTEST = 0.55  # of the longer axis: least shorter axis
_INNER_ZONE = (0.4, 0.55)  # of the half axes: a zone half-way to the middle, from inside to outside
_OUTER_ZONE = (0.92, 1.04)  # of the half axes: the zone of the outline
_HOLLOW = 0.6  # of the share of the outer zone with ink: greatest share of the inner zone with ink
_APART = 0.6  # radii: rings whose middles are nearer are one
_EDGES = 40, 80  # Canny's lower and upper threshold of an edge's slope
_PEAK = 7  # cells: side of the square of votes of which the highest is a candidate
_INKED = 45  # levels: least darkness on the line of a ring
_PAPER = 0.6  # of that darkness: greatest darkness just outside the line
_RING = 0.76  # least part of a circle that must be drawn; rows of text reach two thirds
_SQUARE = 0.9  # least part of its frame that a square seal's hull covers; a circle covers 0.79
_ROUND = 0.86  # of the longer axis: where the shorter one is less, the seal is an oval
_LOOK = 75  # dots per inch at which rings are looked for
_FEWEST_ACROSS = 10  # pixels: a circle of a smaller radius can't be told from a blot
_CELL = 3  # pixels: side of a cell in which votes for a ring's middle are counted
_CLASS = 4  # pixels: radii that are counted together
_STEP = 2  # pixels from a radius that votes to the next
_LIKELY = 40  # candidates that are probed
_LIKELIEST = 8  # of these, candidates that are fitted
# A circle is probed all round at these distances in pixels from its line: three on the line, two outside.
_BESIDE = np.array([[0.0], [-1.0], [1.0], [3.5], [5.0]])
_ANGLES = np.linspace(0, 2 * math.pi, 180, endpoint=False)  # radians
_COSINES, _SINES = np.cos(_ANGLES), np.sin(_ANGLES)
# Moves of a circle's middle (x, y) and radius that are tried when it is fitted, in steps.
_AROUND = np.array(
    [(dx, dy, dr) for dx in (-1, 0, 1) for dy in (-1, 0, 1) for dr in (-2, -1, 0, 1, 2)], np.float64
)


def find_seals(layers: Layers) -> list[Ring]:
    """Return the outlines of the seals on the page, in pixels, from the top down. Those that are not red
    have their shade set."""
    # Where one seal is red, the page is in colour, and a black ring is no seal.
    found = _without_thumbs(_red_seals(layers), layers) or _plain_seals(layers)
    # The star of a faint seal may stand apart from its ring.
    whole = [ring for ring in found if not any(_lies_in(ring, other) for other in found)]
    return [ring.shaded(layers.text) for ring in sorted(whole, key=lambda ring: ring.y)]


def _without_thumbs(rings: list[Ring], layers: Layers) -> list[Ring]:
    """Return the rings that are not the print of a thumb."""
    longest = _LONGEST_THUMB * layers.scale * _POINTS_A_MM
    if all(2 * max(ring.rx, ring.ry) > longest for ring in rings):
        return rings
    thumbs = find_thumbs(layers, np.zeros_like(layers.text), ())
    return [
        ring
        for ring in rings
        if not any(contains(thumb, ring.x, ring.y) and 2 * ring.rx < longest for thumb in thumbs)
    ]


def _lies_in(ring: Ring, other: Ring) -> bool:
    """Tell whether a ring is small and lies inside another, as a star does."""
    return (
        ring.rx < _INNER * other.rx
        and math.hypot(ring.x - other.x, ring.y - other.y) < _OFF_MIDDLE * other.rx
    )


def _red_seals(layers: Layers) -> list[Ring]:
    """Find the red seals, and those so pale that only their rings tell them from the shimmer of paper and
    from the coloured fringes of print."""
    if not cv2.hasNonZero(layers.redness):
        return []
    zoom = min(1.0, _LOOK / 72 / layers.scale)
    small = cv2.resize(layers.redness, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    millimetre = layers.scale * _POINTS_A_MM
    # Closing gaps needs room to grow beyond the edge of the page.
    room = round(_MARGIN * millimetre * zoom) + 2
    small = cv2.copyMakeBorder(small, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    found = _in_ink(np.uint8(255) * (small > _REDDISH), millimetre, zoom, room)
    return found + [
        ring
        for ring in _pale_rings(np.uint8(255) * (small > _PALE), millimetre, zoom, room)
        if all(math.hypot(ring.x - one.x, ring.y - one.y) > max(ring.rx, one.rx, one.ry) for one in found)
    ]


def _pale_rings(mask: Gray, millimetre: float, zoom: float, room: int) -> Iterator[Ring]:
    """Yield the rings in a mask (255) of pale ink: whole ones, of a seal's size."""
    for own in _blots(mask, millimetre * zoom):
        ring = _outlined(own, zoom, room)
        across = 2 * max(ring.rx, ring.ry) / millimetre if ring else 0.0
        is_whole = ring and ring.shape != "square" and ring.confidence > rungs.STRONG
        if ring and is_whole and _SMALLEST <= across < _LARGEST:
            yield ring


def _in_ink(mask: Gray, millimetre: float, zoom: float, room: int) -> list[Ring]:
    """Find red ink that is as large as a seal and hangs together once gaps of a few millimetres are closed.
    `mask`: 255 where there is red ink, scaled by `zoom`, with `room` pixels around the page; `millimetre` is
    in pixels of the page."""
    if not mask.any():
        return []
    rings: list[Ring] = []
    for own in _without_chops(_blots(mask, millimetre * zoom), millimetre, zoom, room):
        ring = _outlined(own, zoom, room)
        across = 2 * max(ring.rx, ring.ry) / millimetre if ring else 0.0
        if ring and across < (_SMALLEST_SQUARE if ring.shape == "square" else _SMALLEST):
            continue
        if ring and ring.confidence > rungs.STRONG and across < _LARGEST:
            rings.append(ring)
            continue
        rings += _overlapping(own, millimetre, zoom, room) or _shapeless(ring, millimetre)
    return rings


def _blots(mask: Gray, millimetre: float) -> Iterator[Gray]:
    """Yield a mask (255) of each connected component of ink that is as large as half a seal. Gaps of a few
    millimetres are closed first. `millimetre` is in pixels."""
    gap = max(3, round(_GAP * millimetre)) | 1
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    for label in range(1, count):
        width, height = (int(v) for v in stats[label, 2:4])
        if (
            max(width, height) / millimetre >= 0.5 * _SMALLEST
            and min(width, height) / millimetre >= _NARROWEST
        ):
            yield np.uint8(255) * ((labels == label) & (mask > 0))


def _without_chops(blots: Iterable[Gray], millimetre: float, zoom: float, room: int) -> Iterator[Gray]:
    """Yield the blots, but of several squares side by side each for itself. So stand the chops of persons,
    which together are as large as a seal."""
    for own in blots:
        least = _SPECK * np.count_nonzero(own)
        parts = [
            part
            for part in _apart(own, max(1, round(_BAND * millimetre * zoom)))
            if np.count_nonzero(part) > least
        ]
        squares = [_outlined(part, zoom, room) for part in parts] if len(parts) > 1 else []
        if squares and all(
            one and one.shape == "square" and min(one.rx, one.ry) > _ABOUT_SQUARE * max(one.rx, one.ry)
            for one in squares
        ):
            yield from parts
        else:
            yield own


def _apart(own: Gray, band: int) -> list[Gray]:
    """Return the parts of the ink `own` between which there is a band of paper, level or upright and so many
    pixels wide."""
    for axis in (0, 1):
        inked = np.flatnonzero(own.any(axis=1 - axis))
        cuts = np.flatnonzero(np.diff(inked) > band)
        if len(cuts):
            masks = []
            for first, last in pairwise([inked[0], *inked[cuts + 1], inked[-1] + 1]):
                part = np.zeros_like(own)
                rows = (slice(first, last), slice(None)) if axis == 0 else (slice(None), slice(first, last))
                part[rows] = own[rows]
                masks.append(part)
            return masks
    return [own]


def _overlapping(own: Gray, millimetre: float, zoom: float, room: int) -> list[Ring]:
    """Find seals that run into each other in the ink `own`. Round ones are told apart by their rings. What
    is left may be a seal of another shape."""
    circles = [
        Ring(*_enlarged(circle, zoom, room), True, rungs.STRONG)
        for circle in _circles(cv2.subtract(255, own), millimetre * zoom)
    ]
    if not circles:
        return []
    rest = own.copy()
    for circle in circles:
        middle = (round(circle.x * zoom + room), round(circle.y * zoom + room))
        cv2.circle(rest, middle, round(circle.rx * zoom * _BLURRED), 0, -1)
    # A ring that is not quite a circle leaves small pieces of itself. Another seal leaves about as much ink
    # as these rings have.
    least = _FURTHER * (np.count_nonzero(own) - np.count_nonzero(rest)) / len(circles)
    others = [
        _outlined(blot, zoom, room)
        for blot in _blots(rest, millimetre * zoom)
        if np.count_nonzero(blot) > least
    ]
    if any(
        other and math.hypot(other.x - one.x, other.y - one.y) < _ONE_MIDDLE * one.rx
        for other in others
        for one in circles
    ):
        return []  # rings around one middle, as of a fingerprint
    return circles + [one for other in others for one in _shapeless(other, millimetre)]


def _shapeless(ring: Ring | None, millimetre: float) -> list[Ring]:
    """Return the seals in red ink without a seal's outline. A torn seal has none, red words have another
    shape, and larger ink is two seals. `millimetre` is in pixels of the page."""
    if ring is None or min(ring.rx, ring.ry) * 2 / millimetre < _TORN * _SMALLEST:
        return []
    if max(ring.rx, ring.ry) * 2 / millimetre < _LARGEST:
        return [ring] if max(ring.rx, ring.ry) < _LONGER * min(ring.rx, ring.ry) else []
    if (
        max(ring.rx, ring.ry) * 2 / millimetre > 2 * _LARGEST
        or min(ring.rx, ring.ry) * 2 / millimetre < _SMALLEST
    ):
        return []
    # `angle` is the first axis's, which is the shorter one of an ellipse.
    along = math.radians(ring.angle + (90 if ring.ry > ring.rx else 0))
    half = max(ring.rx, ring.ry) / 2
    return [
        replace(
            ring,
            x=ring.x + way * half * math.cos(along),
            y=ring.y + way * half * math.sin(along),
            rx=half,
            ry=half,
            angle=0.0,
            confidence=rungs.EVEN,
            shape="round",
        )
        for way in (-1, 1)
    ]


def _enlarged(
    circle: tuple[float, float, float, float], zoom: float, room: int
) -> tuple[float, float, float, float, float]:
    x, y, radius, _ = circle
    return (x - room) / zoom, (y - room) / zoom, radius / zoom, radius / zoom, 0.0


def _outlined(mask: Gray, zoom: float, room: int) -> Ring | None:
    """Lay a square, a circle or an oval through ink, and return it in pixels of the page, or None where
    there is too little ink. The mask is scaled by `zoom`, with `room` pixels around the page."""
    ys, xs = np.nonzero(mask)
    if len(xs) < _FEWEST_PIXELS:
        return None
    hull = cv2.convexHull(np.column_stack([xs, ys]).astype(np.float32))
    area = cv2.contourArea(hull)
    (x, y), (first, second), angle = cv2.minAreaRect(hull)
    shape: SealShape = "square"
    sure = rungs.NAMED if area > _SQUARE * first * second else 0.0
    if sure and angle > 45:
        first, second, angle = second, first, angle - 90
    if not sure:
        if len(hull) < _FEWEST_CORNERS:
            return None
        (x, y), (first, second), angle = cv2.fitEllipse(hull)
        covered = area / max(math.pi * first * second / 4, 1.0)
        shape = "oval" if first < _ROUND * second else "round"
        shaped = _COVERED_LEAST < covered < _COVERED_MOST and first > _FLATTEST * second
        sure = (
            rungs.NAMED
            if shaped and _is_hollow(mask, x, y, first / 2, second / 2, angle)
            else rungs.OUTLINELESS
        )
    middle_x, middle_y = (x + 0.5 - room) / zoom, (y + 0.5 - room) / zoom
    return Ring(middle_x, middle_y, (first + 1) / 2 / zoom, (second + 1) / 2 / zoom, angle, True, sure, shape)


def _is_hollow(mask: Gray, x: float, y: float, rx: float, ry: float, angle: float) -> bool:
    """Tell whether ink stands on the outline rather than half-way to the middle. A fingerprint is as full
    there as anywhere."""

    def inked(inner: float, outer: float) -> float:
        zone = np.zeros_like(mask)
        for part, value in ((outer, 255), (inner, 0)):
            cv2.ellipse(
                zone, (round(x), round(y)), (round(rx * part), round(ry * part)), angle, 0, 360, value, -1
            )
        return float((mask[zone > 0] > 0).mean())

    return inked(*_INNER_ZONE) < _HOLLOW * inked(*_OUTER_ZONE)


def _plain_seals(layers: Layers) -> list[Ring]:
    """Find circles drawn in grey or black. They have a seal's size, ink most of the way round, and paper
    outside."""
    zoom = min(1.0, _LOOK / 72 / layers.scale)
    small = cv2.resize(layers.text, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    circles = _circles(small, layers.scale * _POINTS_A_MM * zoom)
    return [
        Ring(
            x / zoom,
            y / zoom,
            radius / zoom,
            radius / zoom,
            0.0,
            False,
            min(rungs.CLEAR, 0.3 + 0.75 * covered),
        )
        for x, y, radius, covered in circles
    ]


def _circles(gray: Gray, millimetre: float) -> list[tuple[float, float, float, float]]:
    """Return circles of a seal's size: x, y, radius, in pixels, and the share of the way round with ink.
    `millimetre` is in pixels."""
    least = round(_SMALLEST / 2 * millimetre)
    if least < _FEWEST_ACROSS:
        return []
    candidates = _voted(gray, least, round(_LARGEST / 2 * millimetre))
    roughly = np.max(
        [_ringed(gray, candidates + np.array([0.0, 0.0, more])) for more in (-2.0, 0.0, 2.0)], axis=0
    )
    rough = candidates[np.argsort(-roughly, kind="stable")[:_LIKELIEST]]
    settled = sorted((_settled(gray, circle) for circle in rough), key=lambda circle: -circle[3])
    kept: list[tuple[float, float, float, float]] = []
    for x, y, radius, covered in settled:
        if covered > _RING and all(
            math.hypot(x - other[0], y - other[1]) > _APART * radius for other in kept
        ):
            kept.append((x, y, radius, covered))
    return kept


def _voted(gray: Gray, least: int, most: int) -> NDArray[np.float64]:
    """Return the likeliest circles with a radius of `least` to `most` pixels, n x 3 (x, y, radius), the
    likeliest first.

    This is a Hough transform by gradients: each pixel of an edge votes for the middles that it may lie
    around. OpenCV's sums the votes over all radii. Here each class of radii has its own count, so that the
    edges of a page full of text agree on none.
    """
    soft = cv2.GaussianBlur(gray, (0, 0), 1.0)
    across, down = (cv2.Sobel(soft, cv2.CV_16S, *axes) for axes in ((1, 0), (0, 1)))
    ys, xs = np.nonzero(cv2.Canny(across, down, *_EDGES))
    slopes = np.stack([down[ys, xs], across[ys, xs]]).astype(np.float32)
    slopes /= _CELL * np.hypot(*slopes)
    room = most // _CELL + 1
    places = np.stack([ys, xs]).astype(np.float32) / _CELL + room
    rows, columns = (side // _CELL + 1 + 2 * room for side in gray.shape)
    classes = range(least, most + 1, _CLASS)
    votes = np.zeros((len(classes), rows, columns), np.float32)
    for own, first in zip(votes, classes, strict=True):
        # Whole numbers of 32 bits take half the time to make.
        cells = [
            (middles := (places + slopes * way).astype(np.int32))[0] * columns + middles[1]
            for radius in range(first, first + _CLASS, _STEP)
            for way in (radius, -radius)
        ]
        counts = np.bincount(np.concatenate(cells), minlength=rows * columns).reshape(rows, columns)
        own[:] = cv2.blur(counts.astype(np.float32), (3, 3)) / (first + _CLASS / 2)
    shared = votes.copy()
    shared[1:] += votes[:-1] / 2
    shared[:-1] += votes[1:] / 2
    best = shared.max(axis=0)
    y, x = np.nonzero((best == cv2.dilate(best, np.ones((_PEAK, _PEAK), np.uint8))) & (best > 0))
    likeliest = np.argsort(-best[y, x], kind="stable")[:_LIKELY]
    y, x = y[likeliest], x[likeliest]
    radii = least + shared.argmax(axis=0)[y, x] * _CLASS + _CLASS / 2
    return np.column_stack([(x - room + 0.5) * _CELL, (y - room + 0.5) * _CELL, radii])


def _settled(gray: Gray, circle: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the circle near the given one with most ink on it: x, y, radius, and the share of the way round
    with ink."""
    covered = -1.0
    for step in (2.0, 1.0):
        near = circle + step * _AROUND
        inked = _ringed(gray, near)
        best = int(inked.argmax())
        if inked[best] > covered:
            circle, covered = near[best], float(inked[best])
    x, y, radius = circle.tolist()
    return x, y, radius, covered


def _ringed(gray: Gray, circles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each circle (n x 3: x, y, radius) with ink on it and less ink just outside."""
    xs, ys, radii = (circles[:, i, None, None] for i in range(3))
    radii = radii + _BESIDE
    # Beyond its edges, one pixel of paper stands for all.
    edged = cv2.copyMakeBorder(gray, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(255.0,))
    rows, columns = edged.shape
    xs = np.clip(np.rint(xs + radii * _COSINES), -1, columns - 2).astype(np.intp)
    ys = np.clip(np.rint(ys + radii * _SINES), -1, rows - 2).astype(np.intp)
    light = edged.ravel().take((ys + 1) * columns + xs + 1)
    on, beyond = 255.0 - light[:, :3].min(axis=1), 255.0 - light[:, 3:].max(axis=1)
    return np.asarray(((on > _INKED) & (beyond < _PAPER * on)).mean(axis=1), np.float64)
