"""How to extract: one value, made by who calls and handed to every step."""

from dataclasses import dataclass, field

from extractor.limits import Limits
from extractor.scan.ocr import OcrEngine, PaddleOcr
from extractor.weighing.calibration import SILENT_TARGET


@dataclass(frozen=True)
class Options:
    """How to extract: `form` names the only form to look for, `silent_target` is the share of what is read
    off pictures that may be wrong and yet accepted, `office` the program that converts other word processors'
    files, `ocr` what reads pictures."""

    form: str | None = None
    silent_target: float = SILENT_TARGET
    limits: Limits = field(default_factory=Limits)
    office: str = "soffice"
    ocr: OcrEngine = field(default_factory=PaddleOcr)
