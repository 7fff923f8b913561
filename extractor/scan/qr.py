"""Reads our own codes on a page: which form it belongs to and which copy, and the values that were printed."""

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
    found = _read(colour)
    if found.identity and not found.values:
        # A seal over the code is dark in grey, and white in red alone.
        again = _read(np.ascontiguousarray(colour[..., 0]))
        found = Codes(found.identity, again.values, again.places)
    return found


def _read(picture: _Colour) -> Codes:
    identity, values, places = None, None, []
    for code in _codes(picture):
        known = Identity.from_qr(code.text)
        if known and identity is None:
            identity = known[0]
        elif is_of(code.text, None):
            values = code.text
            places.append(_place(code.position))
    return Codes(identity, values, tuple(places))


def _codes(picture: _Colour) -> Iterator[Any]:
    import zxingcpp

    # The stubs ask for the plural type, the library takes either.
    formats: Any = zxingcpp.BarcodeFormat.QRCode
    yield from zxingcpp.read_barcodes(picture, formats=formats)


def _place(position: Any) -> NDArray[np.int32]:
    corners = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    return np.array([[one.x, one.y] for one in corners], np.int32)
