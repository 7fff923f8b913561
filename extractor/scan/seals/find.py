"""Finds seals: red ones by their ink, and those of a black-and-white copy by their ring."""

import math
from collections.abc import Iterator
from dataclasses import replace

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

_SMALLEST, _LARGEST = 24.0, 64.0  # millimetres across
_SMALLEST_SQUARE = 21.5  # and a square one: smaller ones bear a person's name
_LONGEST_THUMB = 36.0  # millimetres: the print of a thumb is no longer
_POINTS_A_MM = 72 / 25.4
_REDDISH = 38  # least redness of a seal's ink, a pale one's too, when noise has been averaged out
_NARROWEST = 8  # millimetres: the smaller side of a blot that may be a piece of a seal
# millimetres: gaps in a seal's ink that are closed, and the room around the page that this needs
_GAP, _MARGIN = 4, 5
# A ring inside another, as a star is in its seal's, by the other's radius: how large it is at most, and how
# far off the middle.
_INNER, _OFF_MIDDLE = 0.6, 0.8
# Where seals run into each other: a ring with what blurs around it, in radii; the least ink of a further one,
# of what each ring had; and how near to a ring's middle, in radii, that of another seal never is.
_BLURRED, _FURTHER, _ONE_MIDDLE = 1.06, 0.4, 0.3
_TORN = 0.6  # of the smallest seal: what of one is left at least
_LONGER = 1.9  # red ink that is so many times longer than wide is words
_FEWEST_PIXELS, _FEWEST_CORNERS = 40, 5  # of ink, and of its hull: an outline can't be laid through fewer
# Parts of an ellipse that its ink's hull covers, and the least of the longer axis that the shorter one has.
_COVERED_LEAST, _COVERED_MOST, _FLATTEST = 0.88, 1.12, 0.55
# Zones of an ellipse by its half axes, and how much of what inks the outer one may ink the inner one.
_INNER_ZONE, _OUTER_ZONE, _HOLLOW = (0.4, 0.55), (0.92, 1.04), 0.6
_APART = 0.6  # of the radius: rings whose middles are nearer are one
_EDGES = 40, 80  # Canny's lower and upper slope of an edge
_PEAK = 7  # cells of the votes of which the highest is a candidate
# least darkness on the line of a ring, and how much of it there may be beside the line
_INKED, _PAPER = 45, 0.6
_RING = 0.76  # least part of a circle that must be drawn; rows of text reach two thirds
_SQUARE = 0.9  # least part of its frame that a square seal's hull covers; a circle covers 0.79
_ROUND = 0.86  # axes more unlike than this are an oval's
_LOOK = 75  # dpi at which rings are looked for
# Rings are voted for in cells of so many pixels, by classes of so many radii, of which every second one
# votes.
_CELL, _CLASS, _STEP = 3, 4, 2
_LIKELY, _LIKELIEST = 40, 8  # candidates that are probed, and of these those that are fitted
# Where a circle is probed: three radii on its line, two beyond it, by degrees all round.
_BESIDE = np.array([[0.0], [-1.0], [1.0], [3.5], [5.0]])
_ANGLES = np.linspace(0, 2 * math.pi, 180, endpoint=False)
_COSINES, _SINES = np.cos(_ANGLES), np.sin(_ANGLES)
_AROUND = np.array(
    [(dx, dy, dr) for dx in (-1, 0, 1) for dy in (-1, 0, 1) for dr in (-2, -1, 0, 1, 2)], np.float64
)


def find_seals(layers: Layers) -> list[Ring]:
    """The seals on the page, from the top down, those that are not red with their shade."""
    # Where one seal is red, the page was taken in colour, and a black ring is no seal.
    found = _without_thumbs(_red_seals(layers), layers) or _plain_seals(layers)
    # The star of a faint seal may stand apart from its ring.
    whole = [ring for ring in found if not any(_lies_in(ring, other) for other in found)]
    return [ring.shaded(layers.text) for ring in sorted(whole, key=lambda ring: ring.y)]


def _without_thumbs(rings: list[Ring], layers: Layers) -> list[Ring]:
    """The seals without what is the print of a thumb."""
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
    return (
        ring.rx < _INNER * other.rx
        and math.hypot(ring.x - other.x, ring.y - other.y) < _OFF_MIDDLE * other.rx
    )


def _red_seals(layers: Layers) -> list[Ring]:
    """Red ink that hangs together when a few millimetres of gap are closed, and is as large as a seal."""
    millimetre = layers.scale * _POINTS_A_MM
    zoom = min(1.0, _LOOK / 72 / layers.scale)
    small = cv2.resize(layers.redness, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    mask = np.uint8(255) * (small > _REDDISH)
    # Closing gaps needs room to grow beyond the edge of the page.
    room = round(_MARGIN * millimetre * zoom) + 2
    mask = cv2.copyMakeBorder(mask, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    rings: list[Ring] = []
    for own in _blots(mask, millimetre * zoom):
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
    """Ink that hangs together when a few millimetres of gap are closed, and is as large as half a seal."""
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


def _overlapping(own: Gray, millimetre: float, zoom: float, room: int) -> list[Ring]:
    """Seals that run into each other: round ones are told apart by their rings; what is left may be one of
    another shape."""
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
    # A ring that is not quite a circle leaves pieces of itself, another seal leaves as much ink as these
    # have.
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
    """Red ink without a seal's outline: torn seals have none, red words have another shape, and larger ink is
    more than one."""
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
    ys, xs = np.nonzero(mask)
    if len(xs) < _FEWEST_PIXELS:
        return None
    hull = cv2.convexHull(np.column_stack([xs, ys]).astype(np.float32))
    if len(hull) < _FEWEST_CORNERS:
        return None
    area = cv2.contourArea(hull)
    (x, y), (first, second), angle = cv2.minAreaRect(hull)
    shape: SealShape = "square"
    sure = rungs.NAMED if area > _SQUARE * first * second else 0.0
    if sure and angle > 45:
        first, second, angle = second, first, angle - 90
    if not sure:
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
    """Whether ink stands on the outline rather than half-way to the middle: a fingerprint is as full there as
    anywhere."""

    def inked(inner: float, outer: float) -> float:
        zone = np.zeros_like(mask)
        for part, value in ((outer, 255), (inner, 0)):
            cv2.ellipse(
                zone, (round(x), round(y)), (round(rx * part), round(ry * part)), angle, 0, 360, value, -1
            )
        return float((mask[zone > 0] > 0).mean())

    return inked(*_INNER_ZONE) < _HOLLOW * inked(*_OUTER_ZONE)


def _plain_seals(layers: Layers) -> list[Ring]:
    """Circles drawn in grey or black, of a seal's size, with ink most of the way round and paper on both
    sides of it."""
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
    """Circles of a seal's size: x, y, radius, and the part of the way round where they have ink. `millimetre`
    in pixels."""
    candidates = _voted(gray, round(_SMALLEST / 2 * millimetre), round(_LARGEST / 2 * millimetre))
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
    """The likeliest circles with a radius of `least` to `most` pixels, a row each (x, y, radius), likeliest
    first.

    A Hough transform by gradients: each pixel of an edge votes for the middles that it may lie around. Unlike
    OpenCV's, which sums the votes over all radii, each class of radii has its own count: the edges of a page
    full of text then agree on none.
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
        cells = [
            (middles := (places + slopes * way).astype(np.intp))[0] * columns + middles[1]
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
    """The circle near the given one with most ink on it, and how much of the way round that is."""
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
    """The part of each circle (x, y, radius a row) with ink on it and less ink just outside."""
    xs, ys, radii = (circles[:, i, None, None] for i in range(3))
    radii = radii + _BESIDE
    xs, ys = np.rint(xs + radii * _COSINES).astype(int), np.rint(ys + radii * _SINES).astype(int)
    inside = (xs >= 0) & (ys >= 0) & (xs < gray.shape[1]) & (ys < gray.shape[0])
    dark = np.zeros(inside.shape)
    dark[inside] = 255.0 - gray[ys[inside], xs[inside]]
    on, beyond = dark[:, :3].max(axis=1), dark[:, 3:].min(axis=1)
    return np.asarray(((on > _INKED) & (beyond < _PAPER * on)).mean(axis=1), np.float64)
