"""Finds tick boxes in a row of print with a small network, which also tells the state of each.

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

EM = 24  # pixels: width of a Chinese character in the strip that the network sees
HIGH = 56  # pixels: height of that strip, with the row in its middle
STEP = 4  # pixels of the strip a column of the network's answer
STATES = ("none", "empty", "ticked", "filled", "corrected", "unclear")  # in the order of its answer
WEIGHTS = Path(__file__).parent / "weights" / "marks.onnx"
SHA256 = "f56a523f355ac126c0f867f6e4e8916a66a4bd91287f7aebf4684afb55b03641"  # of the file WEIGHTS
INKED = 40  # levels by which ink is darker than white
_FULL = 40  # percentile of the darkness of ink: as dark is print
_SMALLEST = -1.5  # natural logarithm of a box's least side over EM
_LARGEST = 1.0  # natural logarithm of a box's greatest side over EM
_RISE = 8  # pixels off the strip's middle for each unit of the answer
_APART = 0.65  # of the larger side: boxes closer than that are one


@dataclass(frozen=True)
class Seen:
    """A box: its middle and side in pixels of the strip. `present` is the probability that there is one,
    `states` are those of each of `STATES` but "none", given that there is."""

    x: float
    y: float
    side: float
    present: float
    states: tuple[float, ...]


def ink_of(gray: Gray) -> Floats:
    """Return the darkness of `gray` (height x width, paper white) from 0 to 1, where 1 is that of print.
    Print may be much fainter than the pen."""
    darkness = 255.0 - gray.astype(np.float32)
    inked = darkness[darkness > INKED]
    full = float(np.percentile(inked, _FULL)) if inked.size else 255.0
    return np.clip(darkness / full, 0, 1)


def find_marks(ink: Floats) -> list[Seen]:
    """Find the boxes in a strip, from left to right. `ink` is HIGH x width, from 0 to 1, with characters EM
    wide. Raises OcrUnavailable."""
    wide = -ink.shape[1] % STEP + ink.shape[1]
    padded = cv2.copyMakeBorder(ink, 0, 0, 0, wide - ink.shape[1], cv2.BORDER_CONSTANT, value=0.0)
    (answer,) = _session().run(None, {"ink": padded[None, None]})
    return decode(answer[0])


def decode(answer: Floats) -> list[Seen]:
    """Return the boxes in the network's answer for one strip, from left to right. `answer` is 9 x columns:
    the scores of STATES before softmax, then the offset, the height and the size of a box."""
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
    """Open the network. Raises OcrUnavailable where its file is not the released one."""
    weights = WEIGHTS.read_bytes()
    if hashlib.sha256(weights).hexdigest() != SHA256:
        raise OcrUnavailable(f"勾选识别模型 {WEIGHTS.name} 与发布的不一致")
    return open_session(weights)


def states_of(seen: Sequence[Seen]) -> list[str]:
    """Return the likeliest state of each box."""
    return [STATES[1 + int(np.argmax(one.states))] for one in seen]
