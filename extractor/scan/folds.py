"""Corrects folds across a sheet: puts print back that a crease pushed aside. The rules that cross the crease
tell how far.

A fold shifts whole rows of a picture sideways, or whole columns up and down, by a few pixels in a narrow
strip. All rules that cross it shift the same way there. Dynamic programming (Viterbi 1967) follows the shift
along them. Everything here follows the rows of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.lattice import SAME, Rule
from models.geometry import Rect

Gray = NDArray[np.uint8]
Shifts = NDArray[np.int64]

_FARTHEST = 16  # pixels: the greatest shift
_STEP = 2  # columns from one look at the rules to the next; the shift changes by at most a pixel a step
_TURN = 0.4  # rules: the price of a change of a pixel, against the number of rules that are seen
_LONG = 0.2  # share of the page's size along the rules: longer rules tell of folds
_ENDS = 0.12  # share of the page's size along the rules: a fold moves no more of their ends
_RULES = 2  # the least number of long rules, and of broken ones, that tell of a fold
_GAP = 12  # pixels: a rule of which more is missing is broken
_LEAST = 4  # pixels: a smaller shift is not put back
_STRAIGHT = 0.3  # of the rules seen on the shifted path: where more are seen straight on, there is no fold


@dataclass(frozen=True)
class Folds:
    """How far folds moved print, in pixels. `down`: one shift for each column of the picture. `right`: one
    for each row."""

    down: Shifts
    right: Shifts

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Return the shift (right, down) in pixels at the place (`x`, `y`)."""
        return int(self.right[min(max(int(y), 0), len(self.right) - 1)]), int(
            self.down[min(max(int(x), 0), len(self.down) - 1)]
        )

    def flat(self, box: Rect) -> Rect:
        """Return the place of a box without the folds, in pixels."""
        right, down = self.at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        return box[0] - right, box[1] - down, box[2] - right, box[3] - down

    def undone(self, picture: Gray) -> Gray:
        """Return the picture (height x width) with its print put back."""
        return _moved(_moved(picture, self.down).T, self.right).T.copy()

    def done(self, picture: Gray) -> Gray:
        """Return a picture that matches the unfolded sheet, shifted as the folds shift the print."""
        return _moved(_moved(picture.T, -self.right).T, -self.down)


def _moved(picture: Gray, shifts: Shifts) -> Gray:
    """Return the picture with each column moved up by its shift, in pixels."""
    if not shifts.any():
        return picture
    rows = np.clip(np.arange(picture.shape[0])[:, None] + shifts[None, :], 0, picture.shape[0] - 1)
    return np.asarray(np.take_along_axis(picture, rows, axis=0), np.uint8)


def find_folds(levels: Sequence[Rule], uprights: Sequence[Rule], ink: tuple[Gray, Gray]) -> Folds | None:
    """Return the folds that the rules of both directions tell of, or None if there are none. `ink`: the ink
    of the page (height x width, not 0 where there is ink), and the same mirrored at its diagonal."""
    folds = Folds(_shifts(levels, ink[0]), _shifts(uprights, ink[1]))
    return folds if folds.down.any() or folds.right.any() else None


def _shifts(rules: Sequence[Rule], ink: Gray) -> Shifts:
    """Return how far the rules along the rows are moved down in each column, in pixels."""
    size = ink.shape[1]
    tracks = _tracks(rules, _LONG * size)
    broken = sum(_is_broken(track) for track in tracks)
    if len(tracks) < _RULES or broken < _RULES:
        return np.zeros(size, np.int64)
    first, last = min(track[0].start for track in tracks), max(track[-1].end for track in tracks)
    # Where a fold runs across their ends, the rules are seen from behind it only.
    reach = _ENDS * size
    columns = np.arange(max(0, int(first - reach)), min(size, int(last + reach)), _STEP)
    near = cv2.dilate(ink, np.ones((1, _STEP * 2 + 1), np.uint8)) > 0
    offsets = np.arange(-_FARTHEST, _FARTHEST + 1)
    seen = np.zeros((len(columns), len(offsets)))
    for track in tracks:
        rows = np.rint(_base(track)).astype(int) + offsets
        seen += near[np.clip(rows, 0, ink.shape[0] - 1)[None, :], columns[:, None]]
    way = _best(seen)
    # A shift of the whole rule is no fold, but the place where the rule stands.
    own = int(np.median(way))
    moved = np.interp(np.arange(size), columns, _folded(way, own, seen), left=0, right=0)
    return np.rint(moved).astype(np.int64) if np.abs(moved).max() >= _LEAST else np.zeros(size, np.int64)


def _folded(way: NDArray[np.intp], own: int, seen: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return how far the `way` is shifted against the place `own` of the rules, in pixels for each step.
    `seen`: as for `_best`.

    Where the rules go on at their own place, nothing is shifted: a row of writing close to each of them drew
    the way aside.
    """
    shifted = way - own
    steps = np.arange(len(way))
    ends = np.flatnonzero(np.diff(np.concatenate([[False], shifted != 0, [False]])))
    for start, end in zip(ends[::2], ends[1::2], strict=True):
        part = steps[start:end]
        far = part[np.abs(shifted[part]) >= _LEAST]
        if len(far) and seen[far, own].mean() > _STRAIGHT * seen[far, way[far]].mean():
            shifted[part] = 0
    return shifted


def _tracks(rules: Sequence[Rule], least: float) -> list[list[Rule]]:
    """Return groups of rules that stand one behind the other and together are longer than `least` pixels."""
    found: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        if found and rule.at - found[-1][-1].at < SAME:
            found[-1].append(rule)
        else:
            found.append([rule])
    return [
        sorted(track, key=lambda one: one.start)
        for track in found
        if sum(one.length for one in track) > least
    ]


def _is_broken(track: Sequence[Rule]) -> bool:
    """Tell whether a part of a track is missing between two that were seen, or stands aside."""
    pieces = sorted((piece for rule in track for piece in rule.pieces), key=lambda piece: piece.start)
    return any(
        b.start - a.end > _GAP or abs(b.level(b.start) - a.level(a.end)) > _LEAST for a, b in pairwise(pieces)
    )


def _base(track: Sequence[Rule]) -> float:
    return float(
        np.median(np.repeat([rule.at for rule in track], [max(1, int(rule.length)) for rule in track]))
    )


def _best(seen: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the path on which most rules are seen: for each step the index of an offset, which changes by at
    most one a step. `seen`: the number of rules for each step (row) and offset (column)."""
    score, back = seen[0], np.zeros(seen.shape, np.intp)
    places = np.arange(seen.shape[1])
    for step in range(1, len(seen)):
        padded = np.concatenate([[-np.inf], score, [-np.inf]])
        options = np.stack([padded[1:-1], padded[:-2] - _TURN, padded[2:] - _TURN])
        best = options.argmax(axis=0)
        back[step] = places + np.array([0, -1, 1])[best]
        score = options[best, places] + seen[step]
    way = np.zeros(len(seen), np.intp)
    way[-1] = int(score.argmax())
    for step in range(len(seen) - 1, 0, -1):
        way[step - 1] = back[step, way[step]]
    return way
