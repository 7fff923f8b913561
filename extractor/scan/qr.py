"""Reads our own codes on a page: which form it belongs to, which copy, and the values that were printed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.coded import is_of
from models.identity import Identity

_Colour = NDArray[np.uint8]
# How much brighter than its darkest a pixel is in red that belongs to a seal over the code.
_RED = 60
_PAPER = 75  # percent of the pixels of a code and its edge that are darker than paper
# Print in a copy is darker than one of these. It is looked at so many times as large, and so many sides of
# the identity's code around that.
_DARK, _LARGER, _AROUND = (90, 75, 60), 3, 5
_ROOM = 4  # pixels around a code that go with it


@dataclass(frozen=True)
class Codes:
    """The codes of ours on a page: the identity, and the text of the code of values; None where there is
    none."""

    identity: Identity | None = None
    values: str | None = None
    places: tuple[NDArray[np.int32], ...] = ()

    def without(self, colour: _Colour) -> _Colour:
        """The picture with white paper where the code of values stands; what lies on it in red stays."""
        if not self.places:
            return colour
        bare = colour.copy()
        inside = np.zeros(colour.shape[:2], np.uint8)
        cv2.fillPoly(inside, list(self.places), 255)
        inside = cv2.dilate(inside, np.ones((2 * _ROOM + 1, 2 * _ROOM + 1), np.uint8))
        darkest = colour.min(axis=2).astype(np.int16)
        black = (inside > 0) & (colour[..., 0].astype(np.int16) - darkest < _RED)
        light = darkest >= np.percentile(darkest[inside > 0], _PAPER)
        paper = np.median(colour[(inside > 0) & light], axis=0)
        bare[black] = paper.astype(np.uint8)
        return bare


def read_codes(colour: _Colour) -> Codes:
    """The codes of a page. `colour` is RGB, turned in any way."""
    found, place = _read(colour)
    if found.values is None:
        # A seal over the code is dark in grey, and white in red alone.
        red = np.ascontiguousarray(colour[..., 0])
        again, place_too = _read(red)
        place = place if place is not None else place_too
        found = Codes(found.identity or again.identity, again.values, again.places)
        if found.values is None and place is not None:
            found = _looked_closer(red, place, found)
    return found


def _looked_closer(red: _Colour, place: NDArray[np.int32], found: Codes) -> Codes:
    """The codes around the identity's own, on a copy without colour, where a seal is paler than print."""
    side = int(np.ptp(place, axis=0).max())
    x0, y0 = np.maximum(place.min(axis=0) - _AROUND * side, 0)
    x1, y1 = place.max(axis=0) + _AROUND * side
    part = red[y0:y1, x0:x1]
    large = cv2.resize(part, None, fx=_LARGER, fy=_LARGER, interpolation=cv2.INTER_CUBIC)
    for dark in _DARK:
        again, _ = _read(np.where(large < dark, 0, 255).astype(np.uint8))
        if again.values is not None:
            places = tuple(one // _LARGER + np.array([x0, y0], np.int32) for one in again.places)
            return Codes(found.identity, again.values, places)
    return found


def _read(picture: _Colour) -> tuple[Codes, NDArray[np.int32] | None]:
    """The codes of a picture, and the place of the identity's."""
    identity, values, own = None, None, None
    places: list[NDArray[np.int32]] = []
    for code in _codes(picture):
        known = Identity.from_qr(code.text)
        if known and identity is None:
            identity, own = known[0], _place(code.position)
        elif is_of(code.text, None):
            values = code.text
            places.append(_place(code.position))
    return Codes(identity, values, tuple(places)), own


def _codes(picture: _Colour) -> Iterator[Any]:
    import zxingcpp

    # The stubs ask for the plural type, the library takes either.
    formats: Any = zxingcpp.BarcodeFormat.QRCode
    yield from zxingcpp.read_barcodes(picture, formats=formats)


def _place(position: Any) -> NDArray[np.int32]:
    corners = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    return np.array([[one.x, one.y] for one in corners], np.int32)
