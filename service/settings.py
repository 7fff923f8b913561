"""What may be set for a whole installation. The environment is read once, here; everything else is passed down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from models.errors import BadUsage

if TYPE_CHECKING:
    from extractor import Limits


# Limits on what arrives: bytes of a file, files of a submission, files in files, bytes that archives unpack to and how many times
# their own size, pages of a document, pixels of a page.
INTAKE = (
    "SEALFORM_MAX_FILE_MB", "SEALFORM_MAX_FILES", "SEALFORM_MAX_DEPTH", "SEALFORM_MAX_UNPACKED_MB", "SEALFORM_MAX_RATIO",
    "SEALFORM_MAX_PAGES", "SEALFORM_MAX_MEGAPIXELS",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """`time_limit` in seconds and `memory_limit` in MiB hold for one submission; `forms` None means the shipped ones.
    `ocr_models` is a folder with another tier of PP-OCR (None: the shipped weights), `ocr_device` is `cpu` or `gpu`.
    `mail_password` is the mailbox's, and is never shown. `intake` are the limits on what arrives that were set, by the names of
    `INTAKE`."""

    forms: Path | None = None
    time_limit: float = 120.0
    memory_limit: int = 4096
    ocr_models: Path | None = None
    ocr_device: str = "cpu"
    mail_password: str | None = field(default=None, repr=False)
    intake: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """SEALFORM_FORMS, SEALFORM_TIME_LIMIT, SEALFORM_MEMORY_LIMIT, SEALFORM_OCR_MODELS, SEALFORM_OCR_DEVICE,
        SEALFORM_MAIL_PASSWORD, and those of `INTAKE`; one that is unset or empty keeps its default.

        Raises:
            BadUsage: a limit is not a positive number, or there is no such device.
        """
        forms, models = environment.get("SEALFORM_FORMS"), environment.get("SEALFORM_OCR_MODELS")
        device = environment.get("SEALFORM_OCR_DEVICE") or cls.ocr_device
        if device not in ("cpu", "gpu"):
            raise BadUsage(f"环境变量 SEALFORM_OCR_DEVICE 应为 cpu 或 gpu，现为“{device}”")
        return cls(
            forms=Path(forms) if forms else None,
            time_limit=_positive(environment, "SEALFORM_TIME_LIMIT", cls.time_limit),
            memory_limit=int(_positive(environment, "SEALFORM_MEMORY_LIMIT", cls.memory_limit)),
            ocr_models=Path(models) if models else None,
            ocr_device=device,
            mail_password=environment.get("SEALFORM_MAIL_PASSWORD") or None,
            intake={name: _positive(environment, name, 1) for name in INTAKE if environment.get(name)},
        )

    def limits(self) -> "Limits":
        """What one submission may cost to look at."""
        from extractor import Limits

        usual, said = Limits(), self.intake
        pages = said.get("SEALFORM_MAX_PAGES")
        pixels = said.get("SEALFORM_MAX_MEGAPIXELS", usual.pictures.pixels / 1e6) * 1e6
        pictures = replace(usual.pictures, pixels=int(pixels), pages=int(pages or usual.pictures.pages))
        unpacked = int(said.get("SEALFORM_MAX_UNPACKED_MB", usual.unpacked_bytes >> 20) * (1 << 20))
        ratio = int(said.get("SEALFORM_MAX_RATIO", usual.ratio))
        return replace(
            usual,
            file_bytes=int(said.get("SEALFORM_MAX_FILE_MB", usual.file_bytes >> 20) * (1 << 20)),
            parts=int(said.get("SEALFORM_MAX_FILES", usual.parts)),
            depth=int(said.get("SEALFORM_MAX_DEPTH", usual.depth)),
            unpacked_bytes=unpacked,
            ratio=ratio,
            zip=replace(usual.zip, ratio=ratio),
            pdf=replace(usual.pdf, pages=int(pages or usual.pdf.pages)),
            pictures=pictures,
        )


def _positive(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise BadUsage(f"环境变量 {name} 应为正数，现为“{text}”")
    return number
