"""Finds straight thin strokes in a picture of a level page: the pieces that ruled lines are made of, each
with its course.

Everything here follows the rows of the picture. To find upright strokes, pass the picture mirrored at its
diagonal.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

# ink is by so many levels darker than so many pixels around, and not lighter than that
_AROUND, _DARKER, _LIGHTEST = 41, 22, 215
WRITTEN = 34  # pixels: strokes of writing, but for a heading's, are shorter
_BREAK = 7  # pixels along a line that may be missing
_LONG, _BENT = 240, 200  # pixels from which on a line may be broken, and bent
_FEWEST, _STRAY = 10, 2.2  # pixels of a line that say how it runs, and how far a pixel may be off it
_THICK = 6  # what is thicker is no line
# Levels by which print is darker than paper, and what shines through is not; and how many times as long as
# others a line of it must be.
_STRONG, _LASTING, _EVERY = 70, 3, 4
_BROKEN, _WHOLE = 0.6, 0.86  # least part of a line that is inked: of a long faint one, and of a short one
# A line of dots: its least length, the least part of it that is inked, how many pixels apart dots are at
# most, and of how much of it the paper beside it, so many pixels off, is bare on the one side and on the
# other. Writing has strokes there. Longer than writing goes on at one level, and with so many pixels missing
# at most, it may touch what is written at it.
_DOTTED, _DOTS, _APART, _BARE, _TOUCHED, _BESIDE = 60, 0.2, 10, 0.9, 0.6, (3, 4)
_ENDLESS, _COVERED_UP = 400, 30
# From so many to so many pixels beside a line that is no longer than a stroke of writing there is none.
_FREE = (3, 7)
_ROUNDS = 3
_REACH = 2  # pixels that a thin line takes on each side of its middle
# A faint line is darker than what is so many pixels beside it by so many levels, in the mean of so many
# pixels along it; what is darker than paper by more than so many levels counts for no more. From so many to
# so many pixels off it there is no ink.
_FAINT, _OFF, _ALONG, _MOST, _CLEAR = 4.0, 4, 31, 40, (4, 6)


@dataclass(frozen=True)
class Piece:
    """A straight stroke from `start` to `end` along the rows; `weights` are those of the polynomial of how it
    runs across them, in the part of the way that lies behind, less a half. `dark`: how much darker than paper
    it is, summed over its thickness. `label` is its pixels' in `Strokes`."""

    start: int
    end: int
    weights: tuple[float, ...]
    dark: float = 1.0
    label: int = 0

    @property
    def length(self) -> int:
        """Pixels along it."""
        return self.end - self.start

    def level(self, at: float) -> float:
        """Which row it is on at the column `at`; beyond its ends, as at the end."""
        along = (min(max(at, self.start), self.end) - self.start) / max(self.length, 1) - 0.5
        return float(np.polyval(self.weights, along))

    @cached_property
    def middle(self) -> float:
        """The row that it runs on, on the whole."""
        return (self.level(self.start) + self.level((self.start + self.end) / 2) + self.level(self.end)) / 3


def find_darkness(gray: Gray) -> NDArray[np.int16]:
    """By how many levels each pixel is darker than what is around it."""
    return np.asarray(cv2.blur(gray, (_AROUND, _AROUND)).astype(np.int16) - gray, np.int16)


def find_ink(gray: Gray, darkness: NDArray[np.int16]) -> Gray:
    """255 where it is darker than around, faint lines included."""
    return np.asarray(np.uint8(255) * ((darkness > _DARKER) & (gray < _LIGHTEST)), np.uint8)


def find_faint(darkness: NDArray[np.int16], ink: Gray) -> Gray:
    """255 where a line along the rows may be, too faint to be ink, which only its length tells from paper.
    Between ink there is none: writing would be full of them."""
    dark = np.clip(darkness.astype(np.float32), -_MOST, _MOST)
    mean = cv2.blur(dark, (_ALONG, 1))
    ridge = (mean - np.maximum(_shifted(mean, _OFF), _shifted(mean, -_OFF)) > _FAINT) & (dark > 0)
    wide = cv2.dilate(ink, np.ones((_CLEAR[1] - _CLEAR[0] + 1, 1), np.uint8))
    off = (_CLEAR[0] + _CLEAR[1]) // 2
    return np.asarray(
        np.uint8(255) * (ridge & ((_shifted(wide, off) == 0) | (_shifted(wide, -off) == 0))), np.uint8
    )


def _shifted(picture: NDArray[np.generic], rows: int) -> NDArray[np.generic]:
    """The picture moved down by so many rows; what comes in is as at its edge."""
    return picture[np.clip(np.arange(picture.shape[0]) - rows, 0, picture.shape[0] - 1)]


@dataclass(frozen=True)
class Strokes:
    """All pieces along the rows of a picture; `labels` marks the pixels of each with its label, `stats` are
    OpenCV's of them."""

    pieces: tuple[Piece, ...]
    labels: NDArray[np.int32]
    stats: NDArray[np.int32]

    def pixels(self, piece: Piece) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
        """Where the piece lies, and which pixels there are its own."""
        x, y, width, height = (int(v) for v in self.stats[piece.label, :4])
        part = (slice(y, y + height), slice(x, x + width))
        return part, self.labels[part] == piece.label


def find_strokes(
    ink: Gray, darkness: NDArray[np.int16], length: int, shorter: int = 0, ends: Gray | None = None
) -> Strokes:
    """What of `ink` runs along the rows for `length` pixels as one thin straight line, small gaps and a
    slight slope allowed; or for `shorter` pixels, where it goes from one of the `ends` to another."""
    # What shines through beside a rule makes one thick line with it, but for what of it is really dark.
    strong = ink & (np.uint8(255) * (darkness > _STRONG))
    core = _thin(strong)
    # Every few columns are enough for what is so long, and cost a fraction.
    long = _runs(np.ascontiguousarray(core[:, ::_EVERY]), _LASTING * length // _EVERY, 1)
    thin = _thin(ink) | (core & np.repeat(long, _EVERY, axis=1)[:, : core.shape[1]])
    _, labels, stats, _ = cv2.connectedComponentsWithStats(_runs(thin, length))
    pieces = _straight(range(1, len(stats)), labels, stats, thin, ink, darkness)
    if ends is not None:
        low = _ended(_runs(thin & ~ends, shorter, _FREE[0]), ink, ends, length)
        known = np.zeros(len(stats), bool)
        known[[piece.label for piece in pieces]] = True
        low[known[labels]] = 0
        _, more, others, _ = cv2.connectedComponentsWithStats(low)
        labels = np.where(more > 0, more + (len(stats) - 1), labels)
        stats = np.concatenate([stats, others[1:]])
        pieces += _straight(range(len(known), len(stats)), labels, stats, thin, ink, darkness)
    return Strokes(tuple(pieces), labels, stats)


def _straight(
    which: Iterable[int], labels: NDArray[np.int32], stats: NDArray[np.int32], thin: Gray, ink: Gray,
    darkness: NDArray[np.int16],
) -> list[Piece]:  # fmt: skip
    """The pieces that the components of these labels are."""
    pieces = []
    for label in which:
        x, y, width, height = (int(v) for v in stats[label, :4])
        part = (slice(y, y + height), slice(x, x + width))
        weights = _course((labels[part] == label) & (thin[part] > 0), ink, x, y)
        if weights is not None:
            piece = Piece(x, x + width, (*weights[:-1], weights[-1] + y), label=label)
            pieces.append(replace(piece, dark=_depth(piece, darkness)))
    return pieces


def _ended(runs: Gray, ink: Gray, ends: Gray, length: int) -> Gray:
    """The runs shorter than `length` that go from one of the `ends` to the next, with bare paper beside them:
    a stroke of a character has others beside it."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs)
    left, right = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH]
    row = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] // 2
    met = [ends[row, np.clip(at, 0, ends.shape[1] - 1)] > 0 for at in (left - _FREE[0], right + _FREE[0])]
    kept = met[0] & met[1] & (stats[:, cv2.CC_STAT_WIDTH] < length)
    kept[0] = False
    for label in np.flatnonzero(kept):
        beside = [row[label] + sign * off for sign in (-1, 1) for off in range(_FREE[0], _FREE[1] + 1)]
        strip = ink[np.clip(beside, 0, ink.shape[0] - 1), left[label] : right[label]]
        kept[label] = float((strip == 0).all(axis=0).mean()) > _BARE
    return np.asarray(np.uint8(255) * kept[labels], np.uint8)


def _runs(thin: Gray, length: int, gap: int = _BREAK) -> Gray:
    """Where `thin` goes on along the rows for so many pixels, small gaps and a slight slope allowed."""
    closed = cv2.morphologyEx(
        cv2.dilate(thin, np.ones((3, 1), np.uint8)), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8)
    )
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)), np.uint8)


def _thin(ink: Gray) -> Gray:
    """What of `ink` is no thicker than a line."""
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((_THICK + 1, 1), np.uint8))
    return np.asarray(ink & ~thick, np.uint8)


def _depth(piece: Piece, darkness: NDArray[np.int16]) -> float:
    """How much darker than paper the piece is, summed over its thickness, in the middle of its way."""
    columns = np.arange(piece.start, piece.end)
    rows = np.rint(np.polyval(piece.weights, (columns - piece.start) / piece.length - 0.5)).astype(int)
    around = [
        darkness[np.clip(rows + off, 0, darkness.shape[0] - 1), columns] for off in range(-_REACH, _REACH + 1)
    ]
    return float(np.mean(np.maximum(np.sum(around, axis=0), 0)))


def _course(pixels: NDArray[np.bool_], ink: Gray, left: int, top: int) -> tuple[float, ...] | None:
    """The weights of how the pixels run, if they lie along one line; strokes of a row of text stand on
    several levels. `left` and
    `top` are where the pixels lie on `ink`."""
    ys, xs = np.nonzero(pixels)
    width = pixels.shape[1]
    least = _BROKEN if width > _LONG else _WHOLE
    # What is no line of dots need not be looked at further.
    if len(xs) < _FEWEST or pixels.any(axis=0).mean() <= (_DOTS if width >= _DOTTED else least):
        return None
    degree = 2 if width > _BENT else 1
    along = xs / width - 0.5
    near = np.ones(len(xs), bool)
    curve = np.zeros(degree + 1)
    for _ in range(_ROUNDS):
        curve = np.polyfit(along[near], ys[near], degree)
        before, near = near, np.abs(ys - np.polyval(curve, along)) < _STRAY
        if near.sum() < _FEWEST:
            return None
        if np.array_equal(near, before):
            break
    inked = np.unique(xs[near])
    if len(inked) / width > least or (width >= _DOTTED and _is_dotted(inked, curve, width, ink, left, top)):
        return tuple(float(weight) for weight in curve)
    return None


def _is_dotted(inked: NDArray[np.intp], curve: Floats, width: int, ink: Gray, left: int, top: int) -> bool:
    """Whether the inked columns are those of a line of dots or dashes, which follow each other closely on
    bare paper."""
    gap = int(np.diff(inked, prepend=0, append=width).max())
    if len(inked) / width <= _DOTS or gap > (_COVERED_UP if width > _ENDLESS else _APART):
        return False
    columns = np.arange(width)
    rows = np.rint(np.polyval(curve, columns / width - 0.5)).astype(int) + top
    bare = sorted(
        float(
            np.all(
                [
                    ink[np.clip(rows + sign * off, 0, ink.shape[0] - 1), columns + left] == 0
                    for off in _BESIDE
                ],
                axis=0,
            ).mean()
        )
        for sign in (-1, 1)
    )
    return bare[0] > _TOUCHED and bare[1] > (_TOUCHED if width > _ENDLESS else _BARE)
