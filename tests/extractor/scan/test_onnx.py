from extractor.scan.ocr import PaddleOcr
from extractor.scan.onnx import run_model
from tests.extractor import drawing

DENORMAL = 5e-324


def test_models_take_denormal_weights_for_zero_and_other_threads_reckon_as_ever():
    picture = drawing.blank()
    drawing.write(picture, [(200, 300, "申报单位")])
    assert len(PaddleOcr().detect(picture)) == 1
    assert run_model(lambda: abs(DENORMAL) + DENORMAL) == 0.0
    assert abs(DENORMAL) + DENORMAL > 0.0
