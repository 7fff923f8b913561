"""A small network that finds tick boxes in a row of print, and tells the state of each.

It slides along the row (fully convolutional), so it needs neither the recogniser's places nor an empty box to
compare with. `benchmarks/marks` draws its training examples and trains it; `weights/README.md` has the
figures.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.onnx import open_session
from models.errors import OcrUnavailable

Floats = NDArray[np.float32]
Gray = NDArray[np.uint8]

EM = 24  # pixels that a Chinese character is wide in the network's eye
HIGH = 56  # height of the strip that it sees, the row in its middle
STEP = 4  # pixels a column of its answer
STATES = ("none", "empty", "ticked", "filled", "corrected", "unclear")
WEIGHTS = Path(__file__).parent / "weights" / "marks.onnx"
SHA256 = "f56a523f355ac126c0f867f6e4e8916a66a4bd91287f7aebf4684afb55b03641"
# levels darker than paper that are ink, and the percent of it that is less dark than print
_INKED, _FULL = 40, 40
_SMALLEST, _LARGEST = -1.5, 1.0  # logarithms of a box's side, by EM, that an answer is held to
_RISE = 8  # pixels that a box may stand off the middle for each unit of the answer
_SEEN = 0.5  # least probability that there is a box at all
_APART = 0.65  # of a side: boxes closer than that are one


@dataclass(frozen=True)
class Seen:
    """A box: its middle and side in pixels of the strip, and how likely each of `STATES` is ("none"
    apart)."""

    x: float
    y: float
    side: float
    present: float
    states: tuple[float, ...]


def ink_of(gray: Gray) -> Floats:
    """Darkness from 0 to 1, where 1 is that of print: it may be much fainter than the pen."""
    darkness = 255.0 - gray.astype(np.float32)
    inked = darkness[darkness > _INKED]
    full = float(np.percentile(inked, _FULL)) if inked.size else 255.0
    return np.clip(darkness / full, 0, 1)


def find_marks(ink: Floats) -> list[Seen]:
    """The boxes in a strip of HIGH pixels (ink 0 to 1, characters EM wide), from left to right. Raises
    OcrUnavailable."""
    wide = -ink.shape[1] % STEP + ink.shape[1]
    padded = cv2.copyMakeBorder(ink, 0, 0, 0, wide - ink.shape[1], cv2.BORDER_CONSTANT, value=0.0)
    (answer,) = _session().run(None, {"ink": padded[None, None]})
    return decode(answer[0])


def decode(answer: Floats) -> list[Seen]:
    """Boxes out of the network's answer for one strip: scores of STATES, then offset, height and size, by
    columns."""
    scores = np.exp(answer[: len(STATES)] - answer[: len(STATES)].max(axis=0))
    scores /= scores.sum(axis=0)
    present = 1 - scores[0]
    kept: list[Seen] = []
    for column in np.argsort(-present):
        if present[column] < rungs.EVEN:
            break
        dx, dy, size = (float(v) for v in answer[len(STATES) :, column])
        x, side = (column + 0.5 + dx) * STEP, EM * float(np.exp(np.clip(size, _SMALLEST, _LARGEST)))
        if all(abs(x - other.x) > _APART * max(side, other.side) for other in kept):
            states = scores[1:, column] / present[column]
            kept.append(
                Seen(
                    float(x),
                    HIGH / 2 + dy * _RISE,
                    side,
                    float(present[column]),
                    tuple(float(v) for v in states),
                )
            )
    return sorted(kept, key=lambda seen: seen.x)


@cache
def _session() -> Any:
    weights = WEIGHTS.read_bytes()
    if hashlib.sha256(weights).hexdigest() != SHA256:
        raise OcrUnavailable(f"勾选识别模型 {WEIGHTS.name} 与发布的不一致")
    return open_session(weights)


def states_of(seen: Sequence[Seen]) -> list[str]:
    """The likeliest state of each."""
    return [STATES[1 + int(np.argmax(one.states))] for one in seen]
