import json
import pickle

import numpy as np
import pytest

from extractor import ocr
from extractor.ocr import Glyph, PaddleOcr, Reading, RecordedOcr
from models.errors import OcrUnavailable
from tests.extractor import drawing


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
    said = (recorded.detect(_pictures()[0]), recorded.recognise(_pictures()), recorded.upside_down(_pictures()))
    asked = engine.asked
    again = RecordedOcr(tmp_path / "ocr.jsonl")
    assert (again.detect(_pictures()[0]), again.recognise(_pictures()), again.upside_down(_pictures())) == said
    assert engine.asked == asked


def test_a_recording_without_an_engine_refuses_what_is_new(tmp_path):
    with pytest.raises(OcrUnavailable):
        RecordedOcr(tmp_path / "ocr.jsonl").recognise(_pictures())


def test_weights_that_are_not_the_released_ones_are_refused(monkeypatch):
    ocr._sessions.cache_clear()
    monkeypatch.setitem(ocr.WEIGHTS, "cls", ("ppocr_cls.onnx", "0" * 64))
    with pytest.raises(OcrUnavailable, match="改动"):
        PaddleOcr().upside_down(_pictures())


def test_a_folder_of_other_models_without_a_model_is_refused(tmp_path):
    with pytest.raises(OcrUnavailable, match="缺失"):
        PaddleOcr(ocr.OcrSettings(models=tmp_path)).upside_down(_pictures())


def test_decoding_keeps_place_score_and_rivals_of_each_character():
    scores = np.full((6, 4), 0.001, np.float32)
    for step, (char, score) in enumerate([(0, 0.9), (1, 0.8), (1, 0.9), (0, 0.9), (2, 0.6), (0, 0.9)]):
        scores[step, char] = score
    scores[4, 3] = 0.3
    reading = ocr._reading(ocr._decoded(scores, ("", "甲", "乙", "丙")), 48)
    assert reading.text == "甲乙"
    assert reading.glyphs[0].at == pytest.approx(2 * 8 / 48)
    assert reading.glyphs[0].confidence == pytest.approx(0.9)
    assert reading.glyphs[1].others[0] == ("丙", pytest.approx(0.3))


def test_a_line_is_read_alike_in_any_company():
    lines = [
        _drawn(words)
        for words in ("职务", "武汉市江岸区花山路209号", "联系人电话", "lxr_3489@126.com", "副主任", "□城镇 □商业 □园区")
    ]
    together = PaddleOcr().recognise(lines)
    alone = [PaddleOcr().recognise([line])[0] for line in lines]
    assert [reading.text for reading in alone] == [reading.text for reading in together]
    for one, other in zip(alone, together, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)
    assert [reading.text for reading in together[:5]] == [
        "职务",
        "武汉市江岸区花山路209号",
        "联系人电话",
        "lxr_3489@126.com",
        "副主任",
    ]


def _drawn(words):
    picture = drawing.blank(40 * len(words) + 20, 48)
    drawing.write(picture, [(6, 2, words)], size=34)
    dark = np.flatnonzero(picture.min(axis=(0, 2)) < 128)
    return np.ascontiguousarray(picture[:, : dark[-1] + 4])


def test_a_digit_is_as_sure_as_its_two_widths_together(tmp_path):
    path = tmp_path / "said.jsonl"
    line = np.zeros((48, 48, 3), np.uint8)
    told = {"text": "2", "at": 0.5, "confidence": 0.51, "others": [["２", 0.48], ["Z", 0.01]]}
    path.write_text(json.dumps({ocr._digest("recognise", line): [told]}), "utf-8")
    ((glyph,),) = (reading.glyphs for reading in ocr.RecordedOcr(path).recognise([line]))
    assert glyph.confidence == pytest.approx(0.99)
    assert glyph.others == (("Z", 0.01),)


def test_a_process_opens_its_models_once_however_often_it_is_sent_the_settings():
    sent = [pickle.loads(pickle.dumps(ocr.OcrSettings())) for _ in range(2)]
    assert ocr._sessions(sent[0]) is ocr._sessions(sent[1])
