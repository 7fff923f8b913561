"""Restores print from under seals that are not red, where a ring's outline and star cover it and it shows
through.

A red seal vanishes in the red channel (`layers`). In a grey copy a seal is still paler than print. In black
and white only its shape tells it apart: a line of even breadth that goes round, and a star too solid to be
writing. The letters on the ring can't be told from print there. `under` therefore reads the print below them
twice, and believes only what both readings agree in.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.layers import PAPER, Layers, take_apart
from extractor.scan.seals.find import find_seals
from extractor.scan.seals.ring import NEAR, Ring, outline
from extractor.scan.upright import Flat

Colour = NDArray[np.uint8]
Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_BAND = 0.58  # radii: the letters stand from here on outwards
_PALER = 40  # levels that a star may be paler than print, since it is worn
_BROAD = 0.075  # radii: least breadth of a star's core, broader than a stroke of writing
_CORE = 0.30  # radii: a star reaches as far from the middle
_PRINT = 0.5  # of the seal's grey level: what is darker is print


def without_seals(colour: Colour, scale: float, *, is_drawn: bool) -> Colour:
    """Return a flat page in grey without its seals, as RGB. `colour` is RGB, height x width x 3, at `scale`
    pixels a point. `is_drawn` tells that a program drew the page."""
    layers = take_apart(Flat(colour, scale, False))
    # Only a copy has seals in black, never a page that a program drew.
    grey = lift_seals(layers, [] if is_drawn else find_seals(layers))
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def lift_seals(layers: Layers, rings: Sequence[Ring]) -> Gray:
    """Return the text layer without the seals that are not red, as far as they can be told from print.

    On a grey copy, everything as pale as the seal's outline becomes paper. On a black-and-white one, the
    outline and the star become paper; strokes that cross the outline stay.
    """
    text = layers.text.copy()
    for ring in rings:
        if ring.red:
            continue
        if ring.is_dark:
            text[_erasable(text, outline(layers.text, ring))] = 255
            text[_star(text, ring)] = 255
        else:
            _lift_paler(text, covered(text.shape, [ring]), ring.shade)
    return text


def _lift_paler(text: Gray, where: Mask, pale: float) -> None:
    """Turn ink of the grey level `pale` into paper, in place. Ink at half that level or below stays, and ink
    between fades by degrees, because strokes of print are pale at their edges."""
    part = text[where].astype(np.float32)
    fade = np.clip((pale - part) / (pale * (1 - _PRINT)), 0, 1)
    text[where] = (255 - (255 - part) * fade).astype(np.uint8)


def covered(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Return a mask, of the given shape (height, width), of the seals that are not red."""
    return _discs(shape, rings, 1 + NEAR / 2)


def inked(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Return a mask, of the given shape (height, width), of where seals that are not red have ink of their
    own: the star, and the band with the letters. There, ink proves nothing."""
    own = np.zeros(shape, np.uint8)
    for ring in rings:
        if not ring.red:
            cv2.ellipse(own, ring.ellipse(1 + NEAR), 255, -1)
            cv2.ellipse(own, ring.ellipse(_BAND), 0, -1)
            cv2.ellipse(own, ring.ellipse(_CORE), 255, -1)
    return own > 0


def _discs(shape: tuple[int, ...], rings: Sequence[Ring], part: float) -> Mask:
    """Return a mask of the seals that are not red, filled from the middle to `part` of their half axes."""
    inside = np.zeros(shape, np.uint8)
    for ring in rings:
        if not ring.red:
            cv2.ellipse(inside, ring.ellipse(part), 255, -1)
    return inside > 0


def _erasable(text: Gray, drawn: Gray) -> Mask:
    """Return a mask of the outline without the strokes of print that cross it. Those go on beyond it on both
    sides."""
    on = drawn > 0
    ys, xs = np.nonzero(on)
    if not len(xs):
        return on
    part = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    ink = np.uint8(255) * ((text[part] < PAPER) & ~on[part])
    length = (
        round(2 * float(cv2.distanceTransform(np.ascontiguousarray(drawn[part]), cv2.DIST_L2, 3).max())) + 3
    )
    bridged = np.zeros_like(ink)
    for kernel in _lines(length):
        bridged |= cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel)
    on[part] &= ~((bridged > 0) & (text[part] < PAPER))
    return np.asarray(on, np.bool_)


def _lines(length: int) -> list[Gray]:
    """Return kernels of strokes `length` pixels long: level, upright and along both diagonals."""
    size = length | 1
    level = np.zeros((size, size), np.uint8)
    level[size // 2] = 1
    falling = np.eye(size, dtype=np.uint8)
    return [level, np.ascontiguousarray(level.T), falling, np.ascontiguousarray(falling[::-1])]


def _star(text: Gray, ring: Ring) -> Mask:
    """Return a mask of the solid figure in the middle: ink broader than any stroke, and its tips."""
    disc = np.zeros_like(text)
    cv2.ellipse(disc, ring.ellipse(_CORE), 255, -1)
    ink = np.uint8(255) * ((text < PAPER + _PALER) & (disc > 0))
    broad = max(3, round(_BROAD * ring.rx)) | 1
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (broad, broad))
    # A worn star has holes.
    filled = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    core = cv2.morphologyEx(filled, cv2.MORPH_OPEN, element)
    if not core.any():
        return np.zeros(text.shape, np.bool_)
    near = cv2.dilate(core, element)
    return np.asarray((near > 0) & (disc > 0), np.bool_)
