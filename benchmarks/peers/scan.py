"""Runs in the peers' own environment: reads pages with PaddleOCR's pipeline, RapidOCR or OnnxOCR, one round
for each line on standard input.

    python scan.py paddleocr|rapidocr|onnxocr MODELS PAGE...

MODELS is JSON with the paths of the models `det`, `rec` and `cls`. The script prints a line of JSON when it
has read its first page, and then the seconds, the seconds of a core and the texts of each round. The peers
have the same weights as Sealform and otherwise their defaults, with the turning of pages and lines and the
unwarping off.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

_SIZE = "PP-OCRv6_small"


def paddleocr(models):
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    from paddleocr import PaddleOCR

    folder = Path(tempfile.mkdtemp())
    reader = PaddleOCR(
        text_detection_model_name=f"{_SIZE}_det",
        text_detection_model_dir=_folder(folder, "det", models["det"]),
        text_recognition_model_name=f"{_SIZE}_rec",
        text_recognition_model_dir=_folder(folder, "rec", models["rec"]),
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
    )
    return lambda page: reader.predict(page)[0]["rec_texts"]


def _folder(folder, part, model):
    """Makes the folder that PaddleOCR expects for a model: the weights, and the steps before and after them,
    as released."""
    import onnxruntime

    place = folder / part
    place.mkdir()
    (place / "inference.onnx").symlink_to(model)
    if part == "det":
        mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        normal = {"mean": mean, "std": std, "scale": "1./255.", "order": "hwc"}
        before = [{"DetResizeForTest": None}, {"NormalizeImage": normal}, {"ToCHWImage": None}]
        after = {
            "name": "DBPostProcess",
            "thresh": 0.2,
            "box_thresh": 0.45,
            "max_candidates": 3000,
            "unclip_ratio": 1.4,
        }
    else:
        listed = onnxruntime.InferenceSession(model).get_modelmeta().custom_metadata_map["character"]
        before = [{"RecResizeImg": {"image_shape": [3, 48, 320]}}]
        after = {"name": "CTCLabelDecode", "character_dict": listed.splitlines()}
    config = {
        "Global": {"model_name": f"{_SIZE}_{part}"},
        "PreProcess": {"transform_ops": before},
        "PostProcess": after,
    }
    (place / "inference.yml").write_text(json.dumps(config), "utf-8")  # JSON is YAML
    return str(place)


def rapidocr(models):
    from rapidocr import RapidOCR

    reader = RapidOCR(
        params={
            "Det.model_path": models["det"],
            "Rec.model_path": models["rec"],
            "Cls.model_path": models["cls"],
        }
    )
    return lambda page: reader(page, use_cls=False).txts


def onnxocr(models):
    import cv2
    from onnxocr.onnx_paddleocr import ONNXPaddleOcr

    reader = ONNXPaddleOcr(
        use_angle_cls=False, use_gpu=False, det_model_dir=models["det"], rec_model_dir=models["rec"]
    )
    return lambda page: [text for _, (text, _) in reader.ocr(cv2.imread(page), cls=False)[0]]


def main():
    name, models, *pages = sys.argv[1:]
    begun = time.perf_counter()
    read = {"paddleocr": paddleocr, "rapidocr": rapidocr, "onnxocr": onnxocr}[name](json.loads(models))
    read(pages[0])
    print(json.dumps({"start": time.perf_counter() - begun}), flush=True)
    for _ in sys.stdin:
        begun, spent = time.perf_counter(), time.process_time()
        texts = ["\n".join(read(page) or ()) for page in pages]
        told = {"seconds": time.perf_counter() - begun, "core": time.process_time() - spent}
        print(json.dumps({**told, "texts": texts}), flush=True)


if __name__ == "__main__":
    main()
