import json

import numpy as np
import pytest

from extractor.scan import recorded
from extractor.scan.readings import Glyph, Reading
from extractor.scan.recorded import RecordedOcr
from models.errors import OcrUnavailable


class _Once:
    """An engine that counts what it is asked."""

    name = "once"

    def __init__(self):
        self.asked = 0

    def detect(self, picture):
        self.asked += 1
        return [(1.0, 2.0, 3.0, 4.0)]

    def recognise(self, lines):
        self.asked += len(lines)
        return [Reading((Glyph("园", 0.5, 0.9, (("国", 0.05),)),)) for _ in lines]

    def upside_down(self, lines):
        self.asked += len(lines)
        return [0.25 for _ in lines]


def _pictures():
    return [np.full((4, 8, 3), shade, np.uint8) for shade in (10, 200)]


def test_a_recording_says_again_what_the_engine_said(tmp_path):
    engine = _Once()
    recorded = RecordedOcr(tmp_path / "ocr.jsonl", engine)
    said = (
        recorded.detect(_pictures()[0]),
        recorded.recognise(_pictures()),
        recorded.upside_down(_pictures()),
    )
    asked = engine.asked
    again = RecordedOcr(tmp_path / "ocr.jsonl")
    assert (
        again.detect(_pictures()[0]),
        again.recognise(_pictures()),
        again.upside_down(_pictures()),
    ) == said
    assert engine.asked == asked


def test_a_recording_without_an_engine_refuses_what_is_new(tmp_path):
    with pytest.raises(OcrUnavailable):
        RecordedOcr(tmp_path / "ocr.jsonl").recognise(_pictures())


def test_a_digit_is_as_sure_as_its_two_widths_together(tmp_path):
    path = tmp_path / "said.jsonl"
    line = np.zeros((48, 48, 3), np.uint8)
    told = {"text": "2", "at": 0.5, "confidence": 0.51, "others": [["２", 0.48], ["Z", 0.01]]}
    path.write_text(json.dumps({recorded._digest("recognise", line): [told]}), "utf-8")
    ((glyph,),) = (reading.glyphs for reading in RecordedOcr(path).recognise([line]))
    assert glyph.confidence == pytest.approx(0.99)
    assert glyph.others == (("Z", 0.01),)
