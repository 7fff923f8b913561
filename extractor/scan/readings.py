"""What a recogniser says of a line: its characters, where they stand, and how sure each is."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from extractor import rungs

if TYPE_CHECKING:
    # Only for type checkers: reading a Word file must not load a numerical library.
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Rivals of a character that are kept. Even improbable ones help: a misread name has its own characters among
# its rivals, another name has not.
_RIVALS = 12
COLUMN = 8  # width of a line that one output column of the recogniser stands for


@dataclass(frozen=True)
class Glyph:
    """A character that was read. `at`: its middle along the line, from 0 to 1. `others`: further readings
    with their confidences, best first."""

    text: str
    at: float
    confidence: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a picture of one line says."""

    glyphs: tuple[Glyph, ...] = ()

    @cached_property
    def text(self) -> str:
        return "".join(glyph.text for glyph in self.glyphs)

    @cached_property
    def confidence(self) -> float:
        """The mean over the characters, 0 where nothing was read."""
        return sum(glyph.confidence for glyph in self.glyphs) / len(self.glyphs) if self.glyphs else 0.0


def decode(scores: "Floats", characters: Sequence[str], width: float) -> Reading:
    """Return what the scores of one line (columns x characters) say. `width`: the line's at the recogniser's
    height, in pixels, without what stands behind it."""
    return Reading(
        tuple(
            of_any_width(text, min(column * COLUMN / width, 1), score, others)
            for text, score, column, others in _decoded(scores, characters)
        )
    )


def of_any_width(text: str, at: float, confidence: float, others: "Sequence[tuple[str, float]]") -> Glyph:
    """Return the glyph with readings that differ only in width, such as 2 and ２, taken as one. Their
    confidences are added up."""
    plain = unicodedata.normalize("NFKC", text)
    same = sum(score for other, score in others if unicodedata.normalize("NFKC", other) == plain)
    rivals = tuple((other, score) for other, score in others if unicodedata.normalize("NFKC", other) != plain)
    return Glyph(text, at, min(confidence + same, 1.0), rivals)


def _decoded(scores: "Floats", characters: Sequence[str]) -> list[tuple[Any, ...]]:
    """Decode scores (columns x characters) greedily by CTC (Graves et al. 2006). Return (text, score, middle
    column, rivals) of each character."""
    import numpy as np

    best = scores.argmax(axis=-1)
    glyphs: list[tuple[Any, ...]] = []
    start = 0
    while start < len(best):
        end = start + 1
        while end < len(best) and best[end] == best[start]:
            end += 1
        if best[start]:
            peak = start + int(scores[start:end, best[start]].argmax())
            likely = np.flatnonzero(scores[peak] >= min(rungs.LEAST_RIVAL, float(scores[peak, best[start]])))
            ranked = sorted(((int(i), float(scores[peak, i])) for i in likely), key=lambda pair: -pair[1])[
                :_RIVALS
            ]
            first, *rivals = ((characters[i], score) for i, score in ranked if i)
            glyphs.append((*first, (start + end) / 2, tuple(rivals)))
        start = end
    return glyphs
