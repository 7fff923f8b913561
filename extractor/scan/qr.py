"""Reads the QR codes that we print on a page. One tells which form and which copy the page is; the other
holds the values that were printed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.coded import is_of
from models.identity import Identity

_Colour = NDArray[np.uint8]
_RED = 60  # levels: a pixel of a seal's ink has so much more red than its darkest channel
_PAPER = 75  # percentile of brightness of a code and its edge: what is as bright is paper
_DARK = (90, 75, 60)  # grey levels, tried in turn: print in a copy is darker
_LARGER = 3  # times that a copy is enlarged for that
_AROUND = 5  # sides of the identity's code: how far around it the code of values is looked for
_ROOM = 4  # pixels around a code that are painted over with it


@dataclass(frozen=True)
class Codes:
    """Our codes on a page: the identity, and the text of the code of values, each None where it is missing.
    `places` holds the four corners of each code of values, in pixels (4 x 2). `lost` tells that there is a
    code of values that can't be read."""

    identity: Identity | None = None
    values: str | None = None
    places: tuple[NDArray[np.int32], ...] = ()
    lost: bool = False

    def without(self, colour: _Colour) -> _Colour:
        """Return a picture in which the codes of values are painted over with the colour of the paper. Red
        ink on them stays. `colour` is RGB, height x width x 3."""
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


def read_codes(colour: _Colour, plain: bool = False) -> Codes:
    """Return our codes on a page. `colour` is RGB, height x width x 3, turned in any way. `plain` tells that
    its three channels are known to be equal."""
    red = np.asarray(cv2.extractChannel(colour, 0), np.uint8) if plain else None
    found, place, broken = _read(colour if red is None else red)
    if found.values is None:
        # A red seal over the code is dark in grey, but white in the red channel.
        again, place_too, broken_too = found, place, broken
        if red is None:
            red = np.asarray(cv2.extractChannel(colour, 0), np.uint8)
            again, place_too, broken_too = _read(red)
        place = place if place is not None else place_too
        found = Codes(found.identity or again.identity, again.values, again.places)
        if found.values is None and place is not None:
            found = _looked_closer(red, place, found)
            lost = found.values is None and any(_is_beside(one, place) for one in (*broken, *broken_too))
            found = replace(found, lost=lost)
    return found


def _is_beside(one: NDArray[np.int32], place: NDArray[np.int32]) -> bool:
    """Tell whether something that looks like a code stands where the code of values is printed: near the
    identity's, at `place`, and apart from it."""
    side = int(np.ptp(place, axis=0).max())
    middle = one.mean(axis=0)
    off = np.maximum(np.maximum(place.min(axis=0) - middle, middle - place.max(axis=0)), 0).max()
    return bool(0 < off < _AROUND * side)


def _looked_closer(red: _Colour, place: NDArray[np.int32], found: Codes) -> Codes:
    """Read the code of values near the identity's, at `place`. It helps with a copy without colour, where a
    seal is paler than print. `red` is the red channel."""
    side = int(np.ptp(place, axis=0).max())
    x0, y0 = np.maximum(place.min(axis=0) - _AROUND * side, 0)
    x1, y1 = place.max(axis=0) + _AROUND * side
    part = red[y0:y1, x0:x1]
    large = cv2.resize(part, None, fx=_LARGER, fy=_LARGER, interpolation=cv2.INTER_CUBIC)
    for dark in _DARK:
        again, *_ = _read(np.where(large < dark, 0, 255).astype(np.uint8))
        if again.values is not None:
            places = tuple(one // _LARGER + np.array([x0, y0], np.int32) for one in again.places)
            return Codes(found.identity, again.values, places)
    return found


def _read(picture: _Colour) -> tuple[Codes, NDArray[np.int32] | None, list[NDArray[np.int32]]]:
    """Return the codes of a picture, the corners of the identity's, and those of codes that can't be read."""
    identity, values, own = None, None, None
    places: list[NDArray[np.int32]] = []
    broken: list[NDArray[np.int32]] = []
    for code in _codes(picture):
        known = Identity.from_qr(code.text)
        if not code.valid:
            broken.append(_place(code.position))
        elif known and identity is None:
            identity, own = known[0], _place(code.position)
        elif is_of(code.text, None):
            values = code.text
            places.append(_place(code.position))
    return Codes(identity, values, tuple(places)), own, broken


def _codes(picture: _Colour) -> Iterator[Any]:
    """Yield all QR codes of a picture as zxing-cpp returns them, also those that can't be read."""
    import zxingcpp

    # The stubs ask for the plural type, the library takes either.
    formats: Any = zxingcpp.BarcodeFormat.QRCode
    yield from zxingcpp.read_barcodes(picture, formats=formats, return_errors=True)


def _place(position: Any) -> NDArray[np.int32]:
    """Return the corners of a code, 4 x 2, clockwise from its top left."""
    corners = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    return np.array([[one.x, one.y] for one in corners], np.int32)
