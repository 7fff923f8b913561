"""Replays what an OCR engine once returned, so that everything above the engine can be tried without it, and
tried again in a moment."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.scan.ocr import Glyph, OcrEngine, Reading, of_any_width
from models.errors import OcrUnavailable

if TYPE_CHECKING:
    from extractor.scan.ocr import Picture


@dataclass
class RecordedOcr:
    """Replays from `path` what `engine` said of the same pixels; what is new it asks and writes down, or
    without one refuses."""

    path: Path
    engine: OcrEngine | None = None

    @property
    def name(self) -> str:
        return self.engine.name if self.engine else "recorded"

    def open(self) -> None:
        if self.engine:
            self.engine.open()

    def detect(self, picture: "Picture") -> list[tuple[float, float, float, float]]:
        key = _digest("detect", picture)
        if key not in self._known:
            self._learn({key: self._asked(key).detect(picture)})
        return [(x0, y0, x1, y1) for x0, y0, x1, y1 in self._known[key]]

    def recognise(self, lines: "Sequence[Picture]") -> list[Reading]:
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
        keys = [_digest("direction", line) for line in lines]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            scores = self._asked(keys[new[0]]).upside_down([lines[i] for i in new])
            self._learn({keys[i]: score for i, score in zip(new, scores, strict=True)})
        return [float(self._known[key]) for key in keys]

    @cached_property
    def _known(self) -> dict[str, Any]:
        if not self.path.exists():
            return {}
        return {
            key: value
            for line in self.path.read_text("utf-8").splitlines()
            for key, value in json.loads(line).items()
        }

    def _asked(self, key: str) -> OcrEngine:
        if self.engine is None:
            raise OcrUnavailable(f"没有这张图片的识别记录：{key}")
        return self.engine

    def _learn(self, news: dict[str, Any]) -> None:
        self._known.update(news)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(
                "".join(json.dumps({key: value}, ensure_ascii=False) + "\n" for key, value in news.items())
            )


def _digest(task: str, picture: "Picture") -> str:
    import numpy as np

    return (
        f"{task}:"
        + hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()[
            :32
        ]
    )


def _glyph(stored: dict[str, Any]) -> Glyph:
    return of_any_width(
        stored["text"],
        stored["at"],
        stored["confidence"],
        [(text, score) for text, score in stored["others"]],
    )
