"""Finds the framed stamps that an office sets on what comes in: a frame that is longer than high, with words,
a date and a number, set askew over whatever stands there.

Its words are no answer. Its frame is no rule of the form, and tells nothing of how the sheet lies. Ink of a
colour is taken off, which leaves the print under it. On a grey copy only its slant tells a stamp's frame from
the rules of a table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, takewhile
from math import cos, radians, sin
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.skew import text_skew
from models.geometry import Rect

Colour = NDArray[np.uint8]
Gray = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Floats = NDArray[np.float64]

_LONG_SIDE = 297.0  # millimetres of a sheet
_LOOK = 1170  # pixels: long side of the picture in which frames are looked for
_NEARLY = 0.02  # so little larger or smaller may it be
_LEAST_SIDE = 64  # pixels: a smaller picture holds no page
# Millimetres:
_SEEN = 3.0  # least length of a piece of a frame
_SIDE = 12.0  # least length of the piece that shows how a frame lies
_WIDE = (18.0, 95.0)  # least and greatest width of a frame
_HIGH = (8.0, 50.0)  # its least and greatest height
_ONE_LINE = 1.0  # pieces less far apart across are of one side
_RIM = 1.2  # what belongs to the stamp around the middle of its frame's lines
_BROAD = 1.0  # half the breadth of a side of the frame, with the blur around it
_EDGE = 4.0  # a frame that ends so near to the edge of the picture may be cut off there
_INNER = 2.0  # inside of the frame's lines, words begin
_FREE = 4.0  # a side that goes on for more beyond the frame is a rule
# Degrees:
_ALIKE = 3.0  # sides of one frame differ by less
_ASLANT = 0.7  # a stamp on a grey copy lies off the page's own slant by at least so much
_DRAWN = 0.5  # share of a long side that is seen at least
_LEAST_DRAWN = 0.25  # the same of a short one, over which print or a pen may run
_WHOLE = 2.6  # sides of four that are seen at least, all shares together
_MOST = 12  # sides each way that are tried, the longest
# Levels:
_TINTED = 40  # ink is more coloured
_PALE_TINT = 12  # at its edges, ink of a colour is still more coloured than print
_DIM = 30  # percentile of the ink's brightest channel that becomes white paper
_PAPER = 90  # percentile of that channel that is paper
_INKED = 0.02  # share of the inside of a frame that has ink of its colour at least
_LONGER = 1.25  # times: a frame is so much longer than high

Ink = Literal["red", "tinted", "grey"]
_Turned = tuple[tuple[float, float], tuple[float, float], float]


@dataclass(frozen=True)
class Stamp:
    """A stamp's frame as OpenCV tells a turned rectangle: its middle (x, y), its sides (width, height), and
    the angle of the first side in degrees, in pixels of the picture, of which a `millimetre` has so many.
    `ink` is "tinted" where it is neither red nor grey. A grey one is turned by `off` degrees against the
    page."""

    middle: tuple[float, float]
    sides: tuple[float, float]
    angle: float
    ink: Ink
    millimetre: float
    off: float = 0.0

    def corners(self, more: float = 0.0) -> Floats:
        """Return its four corners (4 x 2), moved outwards by so many millimetres."""
        wide, high = (side + 2 * more * self.millimetre for side in self.sides)
        return np.asarray(cv2.boxPoints((self.middle, (wide, high), self.angle)), np.float64)

    @property
    def box(self) -> Rect:
        """Its bounding box."""
        corners = self.corners(_RIM)
        (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        return x0, y0, x1, y1


def find_stamps(colour: Colour, is_plain: bool) -> tuple[Stamp, ...]:
    """Return the framed stamps in a picture of a page (RGB, height x width x 3). `is_plain`: its channels are
    equal."""
    side = max(colour.shape[:2])
    if min(colour.shape[:2]) < _LEAST_SIDE:
        return ()
    zoom = min(1.0, _LOOK / side)
    if abs(zoom * (times := round(1 / zoom)) - 1) < _NEARLY:
        zoom = 1 / times  # reducing by a whole number takes a twentieth of the time
    seen = cv2.extractChannel(colour, 0) if is_plain else colour
    small = cv2.resize(seen, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else seen
    millimetre = side * zoom / _LONG_SIDE
    found: list[tuple[_Turned, Ink, float]] = []
    if is_plain:
        found += [(one, "grey", off) for one, off in _aslant(np.asarray(small, np.uint8), millimetre)]
    else:
        colours: tuple[Ink, ...] = ("tinted", "red")
        found += [(one, ink, 0.0) for ink in colours for one in _coloured(_tint_of(ink, small), millimetre)]
    return tuple(
        Stamp((x / zoom, y / zoom), (wide / zoom, high / zoom), angle, ink, millimetre / zoom, off)
        for ((x, y), (wide, high), angle), ink, off in found
    )


def _coloured(tint: Gray, millimetre: float) -> list[_Turned]:
    """Return the frames with words in them in ink of a colour. `tint`: by how many levels each pixel has
    it."""
    # Warm light tints the paper, too.
    tint = np.asarray(cv2.subtract(tint, np.full_like(tint, int(np.median(tint)))), np.uint8)
    if cv2.countNonZero(cv2.inRange(tint, _TINTED, 255)) < _WIDE[0] * millimetre:
        return []
    dark = cv2.bitwise_not(cv2.convertScaleAbs(tint, alpha=2))
    found = _frames(_pieces(np.asarray(dark, np.uint8), millimetre), millimetre, dark.shape)
    return [one for one in found if _holds_words(tint, one, millimetre)]


def without_ink(colour: Colour, stamps: Sequence[Stamp]) -> tuple[Colour, Colour | None]:
    """Return the picture without the ink of its coloured stamps, and a picture that is white where that was
    and black elsewhere; None without such ink.

    Black print is dark in every channel. The stamp's ink is light in at least one, which becomes paper where
    nothing else is.
    """
    coloured = [stamp for stamp in stamps if stamp.ink != "grey"]
    if not coloured:
        return colour, None
    bare, inked = colour.copy(), np.zeros_like(colour)
    for stamp in coloured:
        part, inside = _inside(colour.shape, stamp)
        own = colour[part]
        tint, light = _tint_of(stamp.ink, own), own.max(axis=2)
        ink = (inside > 0) & (tint > _TINTED)
        if not ink.any():
            continue
        where = (inside > 0) & (tint > _PALE_TINT)
        paper = float(np.percentile(light[inside > 0], _PAPER))
        bright = np.clip(light[where] * (paper / max(float(np.percentile(light[ink], _DIM)), 1.0)), 0, paper)
        bare[part][where] = bright[:, None].astype(np.uint8)
        inked[part][ink] = 255
    return bare, inked


def without_frames(gray: Gray, stamps: Sequence[Stamp], zoom: float) -> Gray:
    """Return the picture with paper in place of stamps, since their lines tell nothing of how the page lies.
    `gray` is `zoom` times the picture that the stamps are of."""
    bare = gray
    for stamp in stamps:
        bare = gray.copy() if bare is gray else bare
        cv2.fillPoly(bare, [np.rint(stamp.corners(_RIM) * zoom).astype(np.int32)], 255)
    return bare


def _inside(shape: tuple[int, ...], stamp: Stamp) -> tuple[tuple[slice, slice], Mask]:
    """Return the rows and columns of a stamp, and a mask of it there."""
    x0, y0, x1, y1 = stamp.box
    left, top = max(0, int(x0)), max(0, int(y0))
    part = (slice(top, max(top + 1, min(shape[0], int(y1) + 1))), slice(left, min(shape[1], int(x1) + 1)))
    mask = np.zeros((part[0].stop - top, max(0, part[1].stop - left)), np.uint8)
    cv2.fillPoly(mask, [np.rint(stamp.corners(_RIM) - [left, top]).astype(np.int32)], 255)
    return part, mask


def _tint_of(ink: Ink, colour: Colour) -> Gray:
    """Return by how many levels red exceeds the other channels, or one of these the darkest channel: ink that
    is neither black nor red."""
    red, green, blue = cv2.split(colour)
    other = cv2.max(green, blue)
    if ink == "red":
        return np.asarray(cv2.subtract(red, other), np.uint8)
    return np.asarray(cv2.subtract(other, cv2.min(red, cv2.min(green, blue))), np.uint8)


def _holds_words(tint: Gray, frame: _Turned, millimetre: float) -> bool:
    """Tell whether there is ink of its colour inside a frame besides lines across it. A table with coloured
    rules has none there."""
    middle, sides, angle = frame
    wide, high = (max(1, round(side - 2 * _INNER * millimetre)) for side in sides)
    turn = cv2.getRotationMatrix2D(middle, angle, 1)
    turn[:, 2] += np.array([wide / 2, high / 2]) - middle
    ink = cv2.warpAffine(tint, turn, (wide, high)) > _TINTED
    rest = ink[ink.mean(axis=1) < _DRAWN][:, ink.mean(axis=0) < _DRAWN]
    return bool(rest.sum() > _INKED * ink.size)


def _pieces(gray: Gray, millimetre: float) -> Floats:
    """Return straight pieces of line (n x 4: x0, y0, x1, y1), found by the line segment detector LSD."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(np.ascontiguousarray(gray))[0]
    if found is None:
        return np.zeros((0, 4))
    pieces = found[:, 0].astype(np.float64)
    return np.asarray(pieces[_lengths(pieces) > _SEEN * millimetre], np.float64)


def _lengths(pieces: Floats) -> Floats:
    return np.asarray(np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1]), np.float64)


def _slants(pieces: Floats) -> Floats:
    """Return the angle of each piece off the nearer direction of the picture, in degrees from -45 to 45."""
    angles = np.degrees(np.arctan2(pieces[:, 3] - pieces[:, 1], pieces[:, 2] - pieces[:, 0]))
    return np.asarray((angles + 45) % 90 - 45, np.float64)


def _aslant(gray: Gray, millimetre: float) -> list[tuple[_Turned, float]]:
    """Return the frames in a grey picture that lie off the slant of the page, and by how many degrees."""
    pieces = _pieces(gray, millimetre)
    found = []
    for frame in _frames(pieces, millimetre, gray.shape, _usual_slant(pieces)):
        own = _lies_on(pieces, frame, millimetre)
        rest = pieces[~own & (_lengths(pieces) > _SIDE * millimetre)]
        if _lengths(rest).sum() > 2 * _WIDE[1] * millimetre:
            page = _usual_slant(rest)
        else:
            bare = gray.copy()
            grown = (frame[0], (frame[1][0] + 4 * millimetre, frame[1][1] + 4 * millimetre), frame[2])
            cv2.fillPoly(bare, [np.rint(cv2.boxPoints(grown)).astype(np.int32)], 255)
            page = text_skew(bare)
        off = (frame[2] - (page or 0.0) + 45) % 90 - 45
        if abs(off) > _ASLANT:
            found.append((frame, off))
    return found


def _usual_slant(pieces: Floats) -> float | None:
    """Return the slant that pieces of line have most of, weighted by length; None for too few."""
    if not len(pieces):
        return None
    slants, weights = _slants(pieces), _lengths(pieces)
    near = np.abs((slants[:, None] - slants[None, :] + 45) % 90 - 45) < _ASLANT / 2
    return float(slants[int((near * weights[None, :]).sum(axis=1).argmax())])


def _lies_on(pieces: Floats, frame: _Turned, millimetre: float) -> NDArray[np.bool_]:
    """Tell of each piece whether its middle lies on the frame or inside it."""
    (x, y), (wide, high), angle = frame
    along = np.array([cos(radians(angle)), sin(radians(angle))])
    middles = (pieces[:, :2] + pieces[:, 2:]) / 2 - [x, y]
    more = _RIM * millimetre
    return np.asarray(
        (np.abs(middles @ along) < wide / 2 + more)
        & (np.abs(middles @ [-along[1], along[0]]) < high / 2 + more)
    )


@dataclass(frozen=True)
class _Side:
    """Pieces on one line: its place `at` across, and from where to where each goes along it."""

    at: float
    ends: Floats

    def drawn(self, start: float, end: float) -> float:
        """Return the share of the way from `start` to `end` that is seen."""
        if (start, end) not in self._shares:
            way = np.zeros(max(1, int(end - start)), bool)
            for first, last in self.ends:
                way[max(0, int(first - start)) : max(0, int(last - start))] = True
            self._shares[start, end] = float(way.mean())
        return self._shares[start, end]

    @cached_property
    def _shares(self) -> dict[tuple[float, float], float]:
        """What was asked of it: a side is tried with each other side."""
        return {}

    def goes_on(self, start: float, end: float, far: float) -> bool:
        """Tell whether it is seen at so many pixels beyond `start` or `end`."""
        return any(
            bool(((self.ends[:, 0] < at) & (self.ends[:, 1] > at)).any()) for at in (start - far, end + far)
        )


def _frames(
    pieces: Floats, millimetre: float, shape: tuple[int, ...], page: float | None = None
) -> list[_Turned]:  # fmt: skip
    """Return the frames that the pieces make: for each slant the largest rectangle of which all sides are
    seen, and end at its corners. `shape` is that of the picture, `page` a slant at which none is looked for.
    """
    found: list[_Turned] = []
    slants, lengths = _slants(pieces), _lengths(pieces)
    if page is not None:
        off = np.abs((slants - page + 45) % 90 - 45) > _ASLANT / 2
        pieces, slants, lengths = pieces[off], slants[off], lengths[off]
    tried: list[float] = []
    for base in np.argsort(-lengths):
        slant = float(slants[base])
        if lengths[base] < _SIDE * millimetre:
            break
        if any(abs(slant - other) < _ASLANT / 2 for other in tried):
            continue
        tried.append(slant)
        near = pieces[np.abs((slants - slant + 45) % 90 - 45) < _ALIKE]
        # The sheet may lie on its side.
        for way in (slant, slant + 90):
            frame = _largest(near, way, millimetre, shape)
            if frame and not any(_is_same(frame, other) for other in found):
                found.append(frame)
    return found


def _is_same(one: _Turned, other: _Turned) -> bool:
    reach = min(*one[1], *other[1]) / 2
    return abs(one[0][0] - other[0][0]) < reach and abs(one[0][1] - other[0][1]) < reach


def _largest(
    pieces: Floats, slant: float, millimetre: float, shape: tuple[int, ...]
) -> _Turned | None:  # fmt: skip
    """Return the largest frame at a slant (degrees) that the pieces make in a picture of a `shape`."""
    along = np.array([cos(radians(slant)), sin(radians(slant))])
    across = np.array([-along[1], along[0]])
    level = _sides(pieces, along, across, millimetre, _DRAWN * _WIDE[0])
    upright = _sides(pieces, across, along, millimetre, _LEAST_DRAWN * _HIGH[0])
    best, frame = 0.0, None
    for top, bottom in _apart(level, _HIGH, millimetre):
        cut = _cut_off(top, bottom, along, across, (shape, millimetre))
        ends = sorted([*upright, *cut], key=lambda side: side.at)
        for left, right in _apart(ends, _WIDE, millimetre):
            wide, high = right.at - left.at, bottom.at - top.at
            if wide * high <= best or wide < _LONGER * high:
                continue
            spans = [(one, left.at, right.at) for one in (top, bottom)]
            spans += [(one, top.at, bottom.at) for one in (left, right)]
            # One side that is not seen is enough; most lack the first.
            shares = (one.drawn(start, end) for one, start, end in spans)
            drawn = list(takewhile(lambda share: share >= _LEAST_DRAWN, shares))
            if len(drawn) < len(spans) or sum(drawn) < _WHOLE:
                continue
            if any(one.goes_on(start, end, _FREE * millimetre) for one, start, end in spans):
                continue
            middle = along * (left.at + right.at) / 2 + across * (top.at + bottom.at) / 2
            best, frame = wide * high, ((float(middle[0]), float(middle[1])), (wide, high), slant)
    return frame


def _cut_off(
    top: _Side, bottom: _Side, along: Floats, across: Floats, sheet: tuple[tuple[int, ...], float]
) -> list[_Side]:  # fmt: skip
    """Return the sides that a frame lost with the paper, where its level sides both end at the edge of the
    picture; a `sheet` is its shape and its millimetre."""
    (high, wide, *_), millimetre = sheet
    near = _EDGE * millimetre
    found = []
    for ends in (
        (top.ends[:, 0].min(), bottom.ends[:, 0].min()),
        (top.ends[:, 1].max(), bottom.ends[:, 1].max()),
    ):
        corners = [along * end + across * one.at for end, one in zip(ends, (top, bottom), strict=True)]
        if all(min(x, wide - x, y, high - y) < near for x, y in corners):
            found.append(_Side(float(np.mean(ends)), np.array([[top.at, bottom.at]])))
    return found


def _sides(
    pieces: Floats, along: Floats, across: Floats, millimetre: float, least: float
) -> list[_Side]:  # fmt: skip
    """Return the lines on which pieces that run `along` lie, in order of their place `across`, if more than
    `least` millimetres of them are seen."""
    steps = pieces[:, 2:] - pieces[:, :2]
    own = pieces[np.abs(steps @ along) > np.abs(steps @ across)]
    places = ((own[:, :2] + own[:, 2:]) / 2) @ across
    ends = np.sort(np.stack([own[:, :2] @ along, own[:, 2:] @ along], axis=1), axis=1)
    order = np.argsort(places)
    cuts = np.flatnonzero(np.diff(places[order]) > _ONE_LINE * millimetre) + 1
    drawn = [
        (float((ends[group, 1] - ends[group, 0]).sum()), group)
        for group in np.split(order, cuts)
        if len(group)
    ]
    most = sorted((one for one in drawn if one[0] > least * millimetre), key=lambda one: -one[0])[:_MOST]
    sides = [_Side(float(places[group].mean()), ends[group]) for _, group in most]
    return sorted(sides, key=lambda side: side.at)


def _apart(
    sides: Sequence[_Side], distances: tuple[float, float], millimetre: float
) -> Iterator[tuple[_Side, _Side]]:
    """Yield the pairs of sides that are between two distances (millimetres) apart."""
    least, most = (distance * millimetre for distance in distances)
    for one, other in combinations(sides, 2):
        if least < other.at - one.at < most:
            yield one, other
