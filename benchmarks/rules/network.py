"""Runs the network that `train` makes, and turns what it says into strokes, as `extractor.scan.strokes` finds
them by hand-made ways."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.onnx import open_session
from extractor.scan.strokes import Piece, Strokes

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]

STEP = 4  # pixels of the network's picture along a rule a column of its answer
_ZOOM = 100 / 150  # of the network's picture against that in which lines are looked for
_SURE = 0.5  # probability from which on there is a rule
_BENT = 200  # pixels: a rule that is longer may be bent
_BAND = 2  # pixels on each side of a rule's middle that are its own


@dataclass(frozen=True)
class Finder:
    """A trained network."""

    weights: Path

    def probabilities(self, gray: Gray) -> Floats:
        """Returns how likely each place belongs to a level rule: rows x columns / STEP of `gray` at 100 dpi,
        paper white."""
        high, wide = gray.shape
        padded = cv2.copyMakeBorder(gray, 0, high % 2, 0, -wide % (2 * STEP), cv2.BORDER_REPLICATE)
        ink = np.float32(1) - padded[None, None] / np.float32(255)
        (odds,) = _session(self.weights).run(None, {"ink": ink})
        rows, columns = odds.shape[2:]
        flat = odds[0].reshape(2, 2, rows, columns).transpose(2, 0, 3, 1).reshape(2 * rows, 2 * columns)
        return np.asarray(1 / (1 + np.exp(-flat[:high])), np.float32)

    def strokes(self, gray: Gray, darkness: NDArray[np.int16], length: int) -> Strokes:
        """Finds level rules of at least `length` pixels in `gray` (150 dpi), whose `darkness` is known."""
        small = cv2.resize(gray, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_AREA)
        seen = self.probabilities(np.asarray(small, np.uint8))
        count, of, stats, _ = cv2.connectedComponentsWithStats((seen > _SURE).astype(np.uint8))
        found = []
        for label in range(1, count):
            x, y, width, height = (int(side) for side in stats[label, :4])
            if width * STEP / _ZOOM >= length:
                part = (slice(y, y + height), slice(x, x + width))
                found.append(_piece(np.where(of[part] == label, seen[part], 0), x, y, gray.shape[1]))
        return labelled(found, gray.shape, darkness)


@cache
def _session(weights: Path) -> Any:
    return open_session(weights)


def _piece(seen: Floats, left: int, top: int, width: int) -> Piece:
    """Returns the stroke along the middle of what was seen, which lies at `left` and `top` of the answer."""
    rows = np.arange(seen.shape[0], dtype=np.float64)[:, None]
    sure = seen.sum(axis=0)
    levels = (rows * seen).sum(axis=0) / np.maximum(sure, 1e-6) + top
    start, end = round(left * STEP / _ZOOM), min(width, round((left + len(sure)) * STEP / _ZOOM))
    along = (np.arange(len(sure)) + 0.5) / len(sure) - 0.5
    weights = np.polyfit(
        along, (levels + 0.5) / _ZOOM - 0.5, 2 if end - start > _BENT else 1, w=np.sqrt(sure)
    )
    return Piece(start, end, tuple(float(one) for one in weights))


def labelled(pieces: Sequence[Piece], shape: tuple[int, ...], darkness: NDArray[np.int16]) -> Strokes:
    """Returns the pieces with their own pixels and darkness."""
    labels = np.zeros(shape, np.int32)
    stats = np.zeros((len(pieces) + 1, 5), np.int32)
    told = []
    for label, piece in enumerate(pieces, 1):
        columns = np.arange(piece.start, piece.end)
        rows = np.rint(
            np.polyval(piece.weights, (columns - piece.start) / max(piece.length, 1) - 0.5)
        ).astype(int)
        around = [np.clip(rows + off, 0, shape[0] - 1) for off in range(-_BAND, _BAND + 1)]
        for row in around:
            labels[row, columns] = label
        top, bottom = int(around[0].min()), int(around[-1].max()) + 1
        stats[label] = piece.start, top, piece.length, bottom - top, piece.length
        dark = float(np.mean(np.maximum(sum(darkness[row, columns] for row in around), 0)))
        told.append(replace(piece, dark=dark, label=label))
    return Strokes(tuple(told), labels, stats)


def joined(hand: Strokes, network: Strokes, darkness: NDArray[np.int16], least: int, near: float) -> Strokes:
    """Returns the strokes of `hand` and what the network saw where none of these lies nearer than `near`
    pixels, in parts of at least `least` pixels."""
    parts = [part for piece in network.pieces for part in _uncovered(piece, hand.pieces, least, near)]
    more = labelled(parts, hand.labels.shape, darkness)
    first = len(hand.stats)
    labels = np.where(hand.labels > 0, hand.labels, np.where(more.labels > 0, more.labels + first - 1, 0))
    stats = np.concatenate([hand.stats, more.stats[1:]]).astype(np.int32)
    pieces = (replace(piece, label=piece.label + first - 1) for piece in more.pieces)
    return Strokes((*hand.pieces, *pieces), np.asarray(labels, np.int32), stats)


def _uncovered(piece: Piece, others: Sequence[Piece], least: int, near: float) -> list[Piece]:
    free = np.ones(piece.length + 2, bool)
    free[[0, -1]] = False
    for other in others:
        start, end = max(piece.start, other.start), min(piece.end, other.end)
        if start < end and abs(piece.level((start + end) / 2) - other.level((start + end) / 2)) < near:
            free[start - piece.start + 1 : end - piece.start + 1] = False
    edges = np.flatnonzero(np.diff(free.astype(np.int8)))
    return [
        _cut(piece, int(start), int(end))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start >= least
    ]


def _cut(piece: Piece, start: int, end: int) -> Piece:
    """Returns the part of a piece between two distances from its start, straight."""
    first, last = piece.level(piece.start + start), piece.level(piece.start + end)
    return Piece(piece.start + start, piece.start + end, (last - first, (first + last) / 2))
