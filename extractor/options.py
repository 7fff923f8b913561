"""The options of an extraction: one value, which the caller makes and every step receives."""

from dataclasses import dataclass, field

from extractor.kept import Kept
from extractor.limits import SILENT_TARGET, Limits
from extractor.scan.ocr import OcrEngine, PaddleOcr


@dataclass(frozen=True)
class Options:
    """Options of an extraction. `form` names the only form to look for. `silent_target` is the share of
    values read from pictures that may be accepted although they are wrong. `office` is the program that
    converts other word processors' files, and `ocr` the engine that reads pictures. `kept` is where what was
    read of pictures is kept."""

    form: str | None = None
    silent_target: float = SILENT_TARGET
    limits: Limits = field(default_factory=Limits)
    office: str = "soffice"
    ocr: OcrEngine = field(default_factory=PaddleOcr)
    kept: Kept | None = None
