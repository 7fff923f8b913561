"""Replays what an OCR engine once returned. All code above the engine can so be tried without it, and again
in a moment."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.scan.ocr import OcrEngine
from extractor.scan.readings import Glyph, Reading, of_any_width
from models.errors import OcrUnavailable

if TYPE_CHECKING:
    from extractor.scan.ocr import Picture


@dataclass
class RecordedOcr:
    """An OCR engine that replays from `path` what `engine` said of the same pixels.

    For new pixels it asks `engine` and writes the answer down. Without an engine it raises OcrUnavailable.
    `path` is a file of JSON lines, each an object that maps keys of pictures to answers.
    """

    path: Path
    engine: OcrEngine | None = None

    @property
    def name(self) -> str:
        return self.engine.name if self.engine else "recorded"

    @property
    def threads(self) -> int:
        return 1  # what is learnt would be written in any order

    def open(self) -> None:
        """Open the engine, if there is one."""
        if self.engine:
            self.engine.open()

    def detect(self, picture: "Picture") -> list[tuple[float, float, float, float]]:
        """Return boxes of lines of text (x0, y0, x1, y1), in pixels of `picture`. Raises OcrUnavailable."""
        key = _digest("detect", picture)
        if key not in self._known:
            self._learn({key: self._asked(key).detect(picture)})
        return [(x0, y0, x1, y1) for x0, y0, x1, y1 in self._known[key]]

    def recognise(self, lines: "Sequence[Picture]") -> list[Reading]:
        """Return what stands on each picture of a line. Raises OcrUnavailable."""
        keys = [_digest("recognise", line) for line in lines]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            readings = self._asked(keys[new[0]]).recognise([lines[i] for i in new])
            self._learn(
                {
                    keys[i]: [asdict(glyph) for glyph in reading.glyphs]
                    for i, reading in zip(new, readings, strict=True)
                }
            )
        return [Reading(tuple(_glyph(glyph) for glyph in self._known[key])) for key in keys]

    def upside_down(self, lines: "Sequence[Picture]") -> list[float]:
        """Return for each picture of a line how likely it is upside down. Raises OcrUnavailable."""
        keys = [_digest("direction", line) for line in lines]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            scores = self._asked(keys[new[0]]).upside_down([lines[i] for i in new])
            self._learn({keys[i]: score for i, score in zip(new, scores, strict=True)})
        return [float(self._known[key]) for key in keys]

    @cached_property
    def _known(self) -> dict[str, Any]:
        """The answers on record, by key."""
        if not self.path.exists():
            return {}
        return {
            key: value
            for line in self.path.read_text("utf-8").splitlines()
            for key, value in json.loads(line).items()
        }

    def _asked(self, key: str) -> OcrEngine:
        """Return the engine to ask for `key`. Raises OcrUnavailable where there is none."""
        if self.engine is None:
            raise OcrUnavailable(f"没有这张图片的识别记录：{key}")
        return self.engine

    def _learn(self, news: dict[str, Any]) -> None:
        """Add answers to those known, and append them to the file."""
        self._known.update(news)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(
                "".join(json.dumps({key: value}, ensure_ascii=False) + "\n" for key, value in news.items())
            )


def _digest(task: str, picture: "Picture") -> str:
    """Return the key of a picture: the task, and a hash of the picture's shape and pixels."""
    import numpy as np

    return (
        f"{task}:"
        + hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()[
            :32
        ]
    )


def _glyph(stored: dict[str, Any]) -> Glyph:
    """Return a character from its record."""
    return of_any_width(
        stored["text"],
        stored["at"],
        stored["confidence"],
        [(text, score) for text, score in stored["others"]],
    )
