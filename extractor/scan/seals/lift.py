"""Print from under seals that are not red: what a ring's outline and star cover is restored as far as print shows through.

A red seal vanishes in the red channel (`layers`). In a grey copy a seal is still paler than print; in black and white only its
shape tells it apart: a line of even breadth that goes round, and a star too solid to be writing. The letters on the ring can't be
told from print there: `recover` reads what they stand on twice, and believes only what both readings agree in.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import PAPER, Layers, take_apart
from extractor.scan.seals.find import Ring, find_seals
from extractor.scan.upright import Flat

Colour = NDArray[np.uint8]
Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_PALE = 50  # least grey of an outline that may be told from print
_CORE = 0.30  # of the radius: a star reaches as far from the middle
_NEAR = 0.08  # of the radius: how far from the fitted circle the outline may run
_THICKEST = 0.10  # of the radius: the breadth of an outline
_PRINT = 0.5  # of the seal's grey: what is darker is print


def without_seals(colour: Colour, scale: float, *, is_drawn: bool) -> Colour:
    """A page that lies flat, in grey at `scale` pixels a point, without the seals on it; `is_drawn`: a program drew it."""
    layers = take_apart(Flat(colour, scale, False))
    # A seal in black is one on a copy, never one on a page that was drawn by a program.
    grey = lift_seals(layers, [] if is_drawn else find_seals(layers))
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def lift_seals(layers: Layers, rings: Sequence[Ring]) -> Gray:
    """The text layer without the seals on it that are not red, as far as they can be told from print.

    Of a grey copy, everything as pale as the seal's outline becomes paper. Of a black-and-white one, the outline and the star go;
    strokes that cross the outline go on through it.
    """
    text = layers.text.copy()
    for ring in rings:
        if ring.red:
            continue
        outline = _outline(layers.text, ring)
        pale = _paleness(layers.text, outline)
        if pale >= _PALE:
            _lift_paler(text, covered(text.shape, [ring]), pale)
        else:
            text[_erasable(text, outline)] = 255
            text[_star(text, ring)] = 255
    return text


def _lift_paler(text: Gray, where: Mask, pale: float) -> None:
    """Ink of the grey `pale` becomes paper, what is half as pale or darker stays, and what is between fades by degrees: strokes of
    print are pale at their edges."""
    part = text[where].astype(np.float32)
    fade = np.clip((pale - part) / (pale * (1 - _PRINT)), 0, 1)
    text[where] = (255 - (255 - part) * fade).astype(np.uint8)


def as_dark_as_print(layers: Layers, rings: Sequence[Ring]) -> list[Ring]:
    """The seals whose ink can't be told from print by its shade."""
    return [ring for ring in rings if not ring.red and _paleness(layers.text, _outline(layers.text, ring)) < _PALE]


def covered(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Where seals that are not red lie."""
    return _discs(shape, rings, 1 + _NEAR / 2)


def inked(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Where seals that are not red have ink of their own: the band with the letters and the star. There, ink proves nothing."""
    own = np.zeros(shape, np.uint8)
    for ring in rings:
        if not ring.red:
            cv2.ellipse(own, _ellipse(ring, 1 + _NEAR), 255, -1)
            cv2.ellipse(own, _ellipse(ring, 0.58), 0, -1)
            cv2.ellipse(own, _ellipse(ring, _CORE), 255, -1)
    return own > 0


def stars(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Where the stars of seals that are not red may reach."""
    return _discs(shape, rings, _CORE)


def _discs(shape: tuple[int, ...], rings: Sequence[Ring], part: float) -> Mask:
    """The seals that are not red, filled out from the middle to so much of their radius."""
    inside = np.zeros(shape, np.uint8)
    for ring in rings:
        if not ring.red:
            cv2.ellipse(inside, _ellipse(ring, part), 255, -1)
    return inside > 0


def _ellipse(ring: Ring, part: float) -> tuple[tuple[float, float], tuple[float, float], float]:
    return (ring.x, ring.y), (2 * ring.rx * part, 2 * ring.ry * part), ring.angle


def _outline(gray: Gray, ring: Ring) -> Gray:
    """255 where the outline runs: at each angle as far from the middle as there is most ink near the fitted circle."""
    radius = max(ring.rx, ring.ry)
    around = max(64, round(2 * math.pi * radius))
    reach = round(radius * (1 + 2 * _NEAR))
    polar = 255 - cv2.warpPolar(
        cv2.copyMakeBorder(gray, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=(255.0,)),
        (reach, around), (ring.x + reach, ring.y + reach), reach, cv2.INTER_LINEAR,
    )  # fmt: skip
    low, high = round(radius * (1 - _NEAR)), round(radius * (1 + _NEAR))
    breadth = max(2, round(0.05 * radius))
    blurred = cv2.blur(polar.astype(np.float32), (breadth, 1))
    window = max(3, around // 30) | 1
    wrapped = np.concatenate([blurred[-window:], blurred, blurred[:window]])
    smooth = cv2.blur(wrapped, (1, window))[window:-window]
    at = low + smooth[:, low : high + 1].argmax(axis=1)
    at = _steady(at, window)
    half = _half_breadth(polar, at, radius)
    angles = np.arange(around) * 2 * math.pi / around
    points = np.stack([ring.x + at * np.cos(angles), ring.y + at * np.sin(angles)], axis=1)
    mask = np.zeros_like(gray)
    cv2.polylines(mask, [np.rint(points * 8).astype(np.int32)], True, 255, max(2, round(2 * half)), cv2.LINE_8, 3)
    return mask


def _steady(at: NDArray[np.int64], window: int) -> NDArray[np.float64]:
    """The distances, each the median of those around it: an outline doesn't leap."""
    wrapped = np.concatenate([at[-window:], at, at[:window]])
    views = np.lib.stride_tricks.sliding_window_view(wrapped, 2 * window + 1)
    return np.asarray(np.median(views, axis=1), np.float64)


def _half_breadth(polar: Gray, at: NDArray[np.float64], radius: float) -> float:
    """Half the outline's breadth in pixels, and the blur at its edges."""
    most = max(2, round(_THICKEST * radius))
    steps = np.arange(-most, most + 1)
    columns = np.clip(np.rint(at[:, None] + steps).astype(int), 0, polar.shape[1] - 1)
    profile = np.median(np.take_along_axis(polar, columns, axis=1), axis=0)
    peak = float(profile.max())
    return float((profile > 0.35 * peak).sum()) / 2 + 1.0 if peak > 0 else 1.0


def _paleness(gray: Gray, outline: Gray) -> float:
    """How grey the seal's own ink is: that of its outline, where print does not cross it and its edges don't blur."""
    inner = cv2.erode(outline, np.ones((3, 3), np.uint8))
    values = gray[(inner if inner.any() else outline) > 0]
    values = values[values < 200]
    return float(np.percentile(values, 30)) if len(values) else 0.0


def _erasable(text: Gray, outline: Gray) -> Mask:
    """The outline without the strokes of print that cross it: those go on beyond it on both sides."""
    on = outline > 0
    ys, xs = np.nonzero(on)
    if not len(xs):
        return on
    part = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    ink = np.uint8(255) * ((text[part] < PAPER) & ~on[part])
    length = round(2 * float(cv2.distanceTransform(np.ascontiguousarray(outline[part]), cv2.DIST_L2, 3).max())) + 3
    bridged = np.zeros_like(ink)
    for kernel in _lines(length):
        bridged |= cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel)
    on[part] &= ~((bridged > 0) & (text[part] < PAPER))
    return np.asarray(on, np.bool_)


def _lines(length: int) -> list[Gray]:
    """Strokes of `length` pixels level, upright and along both diagonals."""
    size = length | 1
    level = np.zeros((size, size), np.uint8)
    level[size // 2] = 1
    falling = np.eye(size, dtype=np.uint8)
    return [level, np.ascontiguousarray(level.T), falling, np.ascontiguousarray(falling[::-1])]


def _star(text: Gray, ring: Ring) -> Mask:
    """The solid figure in the middle: ink that no stroke is as broad as, and its tips."""
    disc = np.zeros_like(text)
    cv2.ellipse(disc, _ellipse(ring, _CORE), 255, -1)
    ink = np.uint8(255) * ((text < PAPER + 40) & (disc > 0))
    broad = max(3, round(0.075 * ring.rx)) | 1
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (broad, broad))
    # A worn star has holes.
    filled = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    core = cv2.morphologyEx(filled, cv2.MORPH_OPEN, element)
    if not core.any():
        return np.zeros(text.shape, np.bool_)
    near = cv2.dilate(core, element)
    return np.asarray((near > 0) & (disc > 0), np.bool_)
