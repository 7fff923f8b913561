import pickle

import cv2
import numpy as np
import pytest

from extractor.scan import ocr
from extractor.scan.ocr import PaddleOcr
from extractor.scan.readings import decode
from models.errors import OcrUnavailable
from tests.extractor import drawing


def _pictures():
    return [np.full((4, 8, 3), shade, np.uint8) for shade in (10, 200)]


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
    reading = decode(scores, ("", "甲", "乙", "丙"), 48)
    assert reading.text == "甲乙"
    assert reading.glyphs[0].at == pytest.approx(2 * 8 / 48)
    assert reading.glyphs[0].confidence == pytest.approx(0.9)
    assert reading.glyphs[1].others[0] == ("丙", pytest.approx(0.3))


def test_a_line_is_read_alike_in_any_company():
    lines = [
        _drawn(words)
        for words in (
            "职务",
            "武汉市江岸区花山路209号",
            "联系人电话",
            "lxr_3489@126.com",
            "副主任",
            "□城镇 □商业 □园区",
        )
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


def test_two_threads_read_what_one_reads():
    lines = [
        _drawn(words) for words in ("职务", "武汉市江岸区花山路209号", "lxr_3489@126.com" * 2, "0.83公顷" * 4)
    ]
    assert PaddleOcr(ocr.OcrSettings(threads=2)).recognise(lines) == PaddleOcr().recognise(lines)


@pytest.mark.parametrize(
    "words",
    ["年发电量约1188万千瓦时，员工1100人，小区111个", "一是建设屋顶分布式光伏55880平方米，装机容量2.22兆瓦"],
)
def test_a_long_line_loses_nothing_by_being_squeezed(words):
    assert PaddleOcr().recognise([_drawn(words)])[0].text == words


def test_a_long_line_that_is_unsure_when_squeezed_is_read_as_it_is(monkeypatch):
    line = _drawn("一是建设屋顶分布式光伏55880平方米")
    monkeypatch.setattr("extractor.rungs.CLEAR", 1.1)
    (whole,) = PaddleOcr()._read([ocr._for_recognition(line)])
    assert PaddleOcr().recognise([line]) == [whole]


@pytest.mark.parametrize(
    "words", ["lxr_1206@qq.com", "027-81112211", "office.6314@qq.com", "illi.1113@qq.com"]
)
@pytest.mark.parametrize("high", [40, 80])
def test_no_character_is_lost_between_others_where_the_line_stands_in_a_high_picture(words, high):
    # At the recogniser's height the characters are then as narrow as its columns.
    line = cv2.copyMakeBorder(
        _drawn(words), high // 2, high // 2, 0, 0, cv2.BORDER_CONSTANT, value=(255,) * 3
    )
    assert PaddleOcr().recognise([line])[0].text == words


def _drawn(words):
    picture = drawing.blank(40 * len(words) + 20, 48)
    drawing.write(picture, [(6, 2, words)], size=34)
    dark = np.flatnonzero(picture.min(axis=(0, 2)) < 128)
    return np.ascontiguousarray(picture[:, : dark[-1] + 4])


def test_a_process_opens_its_models_once_however_often_it_is_sent_the_settings():
    sent = [pickle.loads(pickle.dumps(ocr.OcrSettings())) for _ in range(2)]
    assert ocr._sessions(sent[0]) is ocr._sessions(sent[1])
