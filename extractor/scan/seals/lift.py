"""Restores print from under seals that are not red: print that a ring's outline and star cover, as far as it
shows through.

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

_BAND = 0.58  # of the radius: from here on outwards stand the letters
_PALER = 40  # levels that a star may be paler than print, since it is worn
_BROAD = 0.075  # of the radius: broader than a stroke of writing
_CORE = 0.30  # of the radius: a star reaches as far from the middle
_PRINT = 0.5  # of the seal's grey: what is darker is print


def without_seals(colour: Colour, scale: float, *, is_drawn: bool) -> Colour:
    """A page that lies flat, in grey at `scale` pixels a point, without the seals on it; `is_drawn`: a
    program drew it."""
    layers = take_apart(Flat(colour, scale, False))
    # A seal in black is one on a copy, never one on a page that was drawn by a program.
    grey = lift_seals(layers, [] if is_drawn else find_seals(layers))
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def lift_seals(layers: Layers, rings: Sequence[Ring]) -> Gray:
    """The text layer without the seals on it that are not red, as far as they can be told from print.

    Of a grey copy, everything as pale as the seal's outline becomes paper. Of a black-and-white one, the
    outline and the star go; strokes that cross the outline go on through it.
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
    """Ink of the grey `pale` becomes paper, what is half as pale or darker stays, and what is between fades
    by degrees: strokes of print are pale at their edges."""
    part = text[where].astype(np.float32)
    fade = np.clip((pale - part) / (pale * (1 - _PRINT)), 0, 1)
    text[where] = (255 - (255 - part) * fade).astype(np.uint8)


def covered(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Where seals that are not red lie."""
    return _discs(shape, rings, 1 + NEAR / 2)


def inked(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Where seals that are not red have ink of their own: the band with the letters and the star. There, ink
    proves nothing."""
    own = np.zeros(shape, np.uint8)
    for ring in rings:
        if not ring.red:
            cv2.ellipse(own, ring.ellipse(1 + NEAR), 255, -1)
            cv2.ellipse(own, ring.ellipse(_BAND), 0, -1)
            cv2.ellipse(own, ring.ellipse(_CORE), 255, -1)
    return own > 0


def stars(shape: tuple[int, ...], rings: Sequence[Ring]) -> Mask:
    """Where the stars of seals that are not red may reach."""
    return _discs(shape, rings, _CORE)


def _discs(shape: tuple[int, ...], rings: Sequence[Ring], part: float) -> Mask:
    """The seals that are not red, filled out from the middle to so much of their radius."""
    inside = np.zeros(shape, np.uint8)
    for ring in rings:
        if not ring.red:
            cv2.ellipse(inside, ring.ellipse(part), 255, -1)
    return inside > 0


def _erasable(text: Gray, drawn: Gray) -> Mask:
    """The outline without the strokes of print that cross it: those go on beyond it on both sides."""
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
    """Strokes of `length` pixels level, upright and along both diagonals."""
    size = length | 1
    level = np.zeros((size, size), np.uint8)
    level[size // 2] = 1
    falling = np.eye(size, dtype=np.uint8)
    return [level, np.ascontiguousarray(level.T), falling, np.ascontiguousarray(falling[::-1])]


def _star(text: Gray, ring: Ring) -> Mask:
    """The solid figure in the middle: ink that no stroke is as broad as, and its tips."""
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
