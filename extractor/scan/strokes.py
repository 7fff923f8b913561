"""Finds straight thin strokes in a picture of a level page. Ruled lines are made of such pieces. The course
of each is a polynomial.

Everything here follows the rows of the picture. To find upright strokes, pass the picture mirrored at its
diagonal (transposed).
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

_AROUND = 41  # pixels: side of the square around a pixel with whose mean the pixel is compared
_DARKER = 22  # levels by which ink is darker than that mean
_LIGHTEST = 215  # grey level: ink is no lighter
WRITTEN = 34  # pixels: strokes of writing are shorter, except those of a heading
_BREAK = 7  # pixels: gaps along a line that are closed
_LONG = 240  # pixels: a line that is longer may be broken
_BENT = 200  # pixels: a line that is longer may be bent
_FEWEST = 10  # pixels: as many tell the course of a line
_STRAY = 2.2  # pixels that a pixel of a line may be off its course
_THICK = 6  # pixels: what is thicker is no line
# Print that shines through beside a rule makes it thicker; of the really dark ink alone a rule is thin.
_STRONG = 70  # levels by which print is darker than its surroundings, and what shines through is not
_LASTING = 3  # times: a line of really dark ink must be so much longer than others
_EVERY = 4  # columns: every so many-th is looked at for such a line
_BROKEN = 0.6  # least share with ink of a line that may be broken
_WHOLE = 0.86  # least share with ink of a shorter line
# A line of dots:
_DOTTED = 60  # pixels: its least length
_DOTS = 0.2  # its least share with ink
_APART = 10  # pixels: greatest gap between dots
_BESIDE = (3, 4)  # pixels off it: there paper is bare on both sides, while writing has strokes
_BARE = 0.9  # share of the length with bare paper on the barer side; of short lines, on both sides
_TOUCHED = 0.6  # share of the length with bare paper on the other side
# A long line of dots may touch the writing on it:
_ENDLESS = 400  # pixels: its least length, longer than writing goes on at one level
_COVERED_UP = 30  # pixels: greatest gap in it
_FREE = (3, 7)  # pixels beside a line shorter than a stroke of writing: from first to last, without ink
_ROUNDS = 3  # rounds of the fit of a course, each without the pixels that strayed in the one before
_REACH = 2  # pixels that a thin line takes on each side of its middle
_INKED = 0.9  # quantile of its columns that is inked even in a line of dots
_BARE_ROWS = (3, 6)  # pixels off a line, from first to last, of which one shows how light the paper is
# A faint line:
_FAINT = 4.0  # levels by which it is darker than what is beside it
_OFF = 4  # pixels from it to what it is compared with
_ALONG = 31  # pixels along it over which darkness is averaged
_MOST = 40  # levels: a pixel that is darker, or lighter, than its surroundings by more counts for no more
_CLEAR = (4, 6)  # pixels off it, from first to last: there is no ink on one side


@dataclass(frozen=True)
class Piece:
    """A straight stroke from the column `start` to the column `end`.

    `weights` are the coefficients of a polynomial (highest power first), which gives the row from the share
    of the way that lies behind, less a half. `dark` is how many levels darker than paper the stroke is,
    summed over its thickness; `core` is how many its darkest pixels are, thick or thin, whole or dotted.
    `label` marks its pixels in `Strokes`.
    """

    start: int
    end: int
    weights: tuple[float, ...]
    dark: float = 1.0
    label: int = 0
    core: float = 0.0

    @property
    def length(self) -> int:
        """The length in pixels."""
        return self.end - self.start

    def level(self, at: float) -> float:
        """Return the row of the stroke at the column `at`; beyond an end, the row of that end."""
        along = (min(max(at, self.start), self.end) - self.start) / max(self.length, 1) - 0.5
        row = 0.0
        for weight in self.weights:  # Horner's scheme; `np.polyval` takes ten times as long for one place
            row = row * along + weight
        return float(row)

    @cached_property
    def middle(self) -> float:
        """The mean row of the stroke, of its ends and its middle."""
        return (self.level(self.start) + self.level((self.start + self.end) / 2) + self.level(self.end)) / 3


def interpolated(at: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return the value at `at` of the line through the points `xs`, in order, and `ys`; beyond an end, the
    value of that end. `np.interp` does the same, but takes ten times as long for one place."""
    after = bisect_right(xs, at)
    if not 0 < after < len(xs):
        return ys[min(after, len(xs) - 1)]
    x, y = xs[after - 1], ys[after - 1]
    return y if x == at else float((ys[after] - y) / (xs[after] - x) * (at - x) + y)


def find_darkness(gray: Gray) -> NDArray[np.int16]:
    """Return by how many levels each pixel is darker than the mean around it, height x width."""
    return np.asarray(cv2.subtract(cv2.blur(gray, (_AROUND, _AROUND)), gray, dtype=cv2.CV_16S), np.int16)


def find_ink(gray: Gray, darkness: NDArray[np.int16]) -> Gray:
    """Return a mask, 255 where `gray` is darker than around, faint lines included. `darkness` is of
    `find_darkness`."""
    dark = cv2.compare(darkness, _DARKER, cv2.CMP_GT)
    return np.asarray(cv2.bitwise_and(dark, cv2.compare(gray, _LIGHTEST, cv2.CMP_LT)), np.uint8)


def find_faint(darkness: NDArray[np.int16], ink: Gray) -> Gray:
    """Return a mask, 255 where a line along the rows may be that is too faint to be ink.

    Only its length tells it from paper. Between ink none is looked for, because writing would be full of
    them. `darkness` and `ink` are of `find_darkness` and `find_ink`.
    """
    dark = np.clip(darkness.astype(np.float32), -_MOST, _MOST)
    mean = cv2.blur(dark, (_ALONG, 1))
    ridge = (mean - np.maximum(_shifted(mean, _OFF), _shifted(mean, -_OFF)) > _FAINT) & (dark > 0)
    wide = cv2.dilate(ink, np.ones((_CLEAR[1] - _CLEAR[0] + 1, 1), np.uint8))
    off = (_CLEAR[0] + _CLEAR[1]) // 2
    return np.asarray(
        np.uint8(255) * (ridge & ((_shifted(wide, off) == 0) | (_shifted(wide, -off) == 0))), np.uint8
    )


def _shifted(picture: NDArray[np.generic], rows: int) -> NDArray[np.generic]:
    """Return the picture moved down by so many rows; the rows that come in repeat its edge."""
    return picture[np.clip(np.arange(picture.shape[0]) - rows, 0, picture.shape[0] - 1)]


@dataclass(frozen=True)
class Strokes:
    """All pieces along the rows of a picture. `labels` holds the label of each pixel, `stats` what OpenCV
    tells of each connected component."""

    pieces: tuple[Piece, ...]
    labels: NDArray[np.int32]
    stats: NDArray[np.int32]

    def pixels(self, piece: Piece) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
        """Return the rows and columns of the piece, and a mask of its own pixels there."""
        x, y, width, height = (int(v) for v in self.stats[piece.label, :4])
        part = (slice(y, y + height), slice(x, x + width))
        return part, self.labels[part] == piece.label


def find_strokes(
    ink: Gray, darkness: NDArray[np.int16], length: int, shorter: int = 0, ends: Gray | None = None
) -> Strokes:
    """Find thin straight lines of `ink` along the rows.

    They are `length` pixels long; small gaps and a slight slope are allowed. With `ends`, a mask (255), lines
    of `shorter` pixels are found too, if they go from one of the ends to another, and so are longer ones that
    writing beyond the ends seemed to lengthen.
    """
    # Print that shines through beside a rule makes one thick line with it. Its really dark part is thin.
    strong = ink & cv2.compare(darkness, _STRONG, cv2.CMP_GT)
    core = _thin(strong)
    # Every few columns are enough for what is so long, and cost a fraction.
    long = _runs(np.ascontiguousarray(core[:, ::_EVERY]), _LASTING * length // _EVERY, 1)
    wide = cv2.resize(long, None, fx=_EVERY, fy=1, interpolation=cv2.INTER_NEAREST)
    thin = _thin(ink) | (core & wide[:, : core.shape[1]])
    labels, stats = _components(_runs(thin, length))
    pieces = _straight(range(1, len(stats)), labels, stats, thin, ink, darkness)
    if ends is not None:
        low = _ended(_runs(thin & ~ends, shorter, _FREE[0]), ink, ends)
        known = np.zeros(len(stats), bool)
        known[[piece.label for piece in pieces]] = True
        some = np.flatnonzero(low != 0)
        low.ravel()[some[known[labels.ravel()[some]]]] = 0
        more, others = _components(low)
        some = np.flatnonzero(low != 0)
        labels.ravel()[some] = more.ravel()[some] + (len(stats) - 1)
        stats = np.concatenate([stats, others[1:]])
        pieces += _straight(range(len(known), len(stats)), labels, stats, thin, ink, darkness)
    return Strokes(tuple(pieces), labels, stats)


def _components(mask: Gray) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the label of each pixel of a mask, and what OpenCV tells of each connected component: its left,
    top, width, height and area. OpenCV also measures the ground, label 0, which takes it three times as long
    as finding the labels."""
    count, labels = cv2.connectedComponents(mask)
    rows, columns, ends = _stretches(mask)
    own = labels[rows, columns]
    stats = np.zeros((count, 5), np.int32)
    first, last = np.full(count, mask.shape[1]), np.zeros(count, np.intp)
    np.minimum.at(first, own, columns)
    np.maximum.at(last, own, ends)
    # Of several values for one place the last holds; the stretches come row by row.
    stats[own[::-1], cv2.CC_STAT_TOP] = rows[::-1]
    stats[own, cv2.CC_STAT_HEIGHT] = rows + 1
    stats[:, cv2.CC_STAT_HEIGHT] -= stats[:, cv2.CC_STAT_TOP]
    stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_WIDTH] = first, last - first
    stats[:, cv2.CC_STAT_AREA] = np.bincount(own, ends - columns, count)
    stats[0] = 0
    return np.asarray(labels, np.int32), stats


def _stretches(mask: Gray) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return of each stretch of ink along the rows of a mask its row, its first column, and the column behind
    its last. The pixels are far more."""
    # A blank column at the right ends each row's last stretch.
    inked = np.zeros((mask.shape[0], mask.shape[1] + 1), np.bool_)
    np.not_equal(mask, 0, out=inked[:, :-1])
    flat = inked.ravel()
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    turns = np.concatenate([[0], turns]) if flat[:1].any() else turns
    rows, columns = np.divmod(turns, inked.shape[1])
    return rows[::2], columns[::2], columns[1::2]


def _straight(
    which: Iterable[int], labels: NDArray[np.int32], stats: NDArray[np.int32], thin: Gray, ink: Gray,
    darkness: NDArray[np.int16],
) -> list[Piece]:  # fmt: skip
    """Return the pieces among the connected components with the labels `which`."""
    pieces = []
    for label in which:
        x, y, width, height = (int(v) for v in stats[label, :4])
        part = (slice(y, y + height), slice(x, x + width))
        weights = _course((labels[part] == label) & (thin[part] > 0), ink, x, y)
        if weights is not None:
            piece = Piece(x, x + width, (*weights[:-1], weights[-1] + y), label=label)
            dark, core = _depth(piece, darkness)
            pieces.append(replace(piece, dark=dark, core=core))
    return pieces


def _ended(runs: Gray, ink: Gray, ends: Gray) -> Gray:
    """Return the runs that go from one of the `ends` to the next, and have bare paper beside them. A stroke
    of a character has other strokes beside it."""
    labels, stats = _components(runs)
    left, right = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH]
    row = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] // 2
    met = [ends[row, np.clip(at, 0, ends.shape[1] - 1)] > 0 for at in (left - _FREE[0], right + _FREE[0])]
    kept = met[0] & met[1]
    kept[0] = False
    for label in np.flatnonzero(kept):
        beside = [row[label] + sign * off for sign in (-1, 1) for off in range(_FREE[0], _FREE[1] + 1)]
        strip = ink[np.clip(beside, 0, ink.shape[0] - 1), left[label] : right[label]]
        kept[label] = float((strip == 0).all(axis=0).mean()) > _BARE
    some = np.flatnonzero(runs != 0)
    whole = np.zeros_like(runs)
    whole.ravel()[some] = np.uint8(255) * kept[labels.ravel()[some]]
    return whole


def _runs(thin: Gray, length: int, gap: int = _BREAK) -> Gray:
    """Return where `thin` runs along the rows for `length` pixels. Gaps below `gap` pixels and a slight
    slope are allowed."""
    closed = cv2.morphologyEx(
        cv2.dilate(thin, np.ones((3, 1), np.uint8)), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8)
    )
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)), np.uint8)


def _thin(ink: Gray) -> Gray:
    """Return the ink that is no thicker than a line."""
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((_THICK + 1, 1), np.uint8))
    return np.asarray(ink & ~thick, np.uint8)


def _depth(piece: Piece, darkness: NDArray[np.int16]) -> tuple[float, float]:
    """Return how many levels darker than paper the piece is, summed over its thickness, in the mean of its
    columns; and how many the darkest pixel of a column is, in the dark ones of its columns.

    Writing around a line darkens the mean that it is compared with. How much, its lightest neighbour tells.
    """
    columns = np.arange(piece.start, piece.end)
    rows = np.rint(np.polyval(piece.weights, (columns - piece.start) / piece.length - 0.5)).astype(int)

    def level(off: int) -> NDArray[np.int16]:
        at = np.clip(rows + off, 0, darkness.shape[0] - 1)
        return np.asarray(darkness[at, columns], np.int16)

    beside = [off for far in range(_BARE_ROWS[0], _BARE_ROWS[1] + 1) for off in (-far, far)]
    paper = min(0.0, *(float(level(off).mean()) for off in beside))
    thick = 2 * _REACH + 1
    rows_of_it = np.stack([level(off) for off in range(-_REACH, _REACH + 1)])
    depth = np.sum(rows_of_it, axis=0) - thick * paper
    # A line on bare paper darkens that mean itself.
    dark = float(np.mean(np.maximum(depth, 0))) * (1 - thick / _AROUND)
    return dark, float(np.quantile(np.max(rows_of_it, axis=0), _INKED)) - paper


def _course(pixels: NDArray[np.bool_], ink: Gray, left: int, top: int) -> tuple[float, ...] | None:
    """Return the polynomial (`Piece.weights`) along which the pixels lie, or None where they lie along no
    line. Strokes of a row of text stand on several levels. `left` and `top` are the place of `pixels` on
    `ink`."""
    ys, xs = np.nonzero(pixels)
    width = pixels.shape[1]
    least = _BROKEN if width > _LONG else _WHOLE
    # With less ink it cannot even be a line of dots.
    if len(xs) < _FEWEST or pixels.any(axis=0).mean() <= (_DOTS if width >= _DOTTED else least):
        return None
    degree = 2 if width > _BENT else 1
    along = xs / width - 0.5
    near = np.ones(len(xs), bool)
    curve = np.zeros(degree + 1)
    for _ in range(_ROUNDS):
        curve = _fitted(along[near], ys[near], degree)
        before, near = near, np.abs(ys - np.polyval(curve, along)) < _STRAY
        if near.sum() < _FEWEST:
            return None
        if np.array_equal(near, before):
            break
    inked = np.flatnonzero(np.bincount(xs[near]))
    if len(inked) / width > least or (width >= _DOTTED and _is_dotted(inked, curve, width, ink, left, top)):
        return tuple(float(weight) for weight in curve)
    return None


def _fitted(along: Floats, ys: NDArray[np.intp], degree: int) -> Floats:
    """Return the coefficients (highest power first) of the polynomial of least squares through points, whose
    places `along` go from -0.5 to 0.5. There the normal equations are exact enough, in a quarter of the time
    that `np.polyfit` takes."""
    powers = np.stack([along * along, along, np.ones_like(along)][2 - degree :])
    try:
        return np.asarray(np.linalg.solve(powers @ powers.T, powers @ ys), np.float64)
    except np.linalg.LinAlgError:  # all points at one or two places
        return np.asarray(np.linalg.lstsq(powers.T, ys, rcond=None)[0], np.float64)


def _is_dotted(inked: NDArray[np.intp], curve: Floats, width: int, ink: Gray, left: int, top: int) -> bool:
    """Tell whether the inked columns are those of a line of dots or dashes. These follow each other closely
    on bare paper."""
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
