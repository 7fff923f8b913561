"""A definition put to the test before it goes out: filled by itself, printed, read back, and what reads badly
told with the reason."""

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from extractor import Options, Source, extract
from generator import Kind, draw_pages, new_identity
from models.form import FormDefinition
from models.record import Record, Result
from service.forms.documents import made
from service.forms.invented import random_record
from service.forms.templates import Template

_RESOLUTION = 200  # pixels an inch of a scan
_TURN, _NOISE, _QUALITY = 0.6, 6.0, 70  # degrees; grey levels; of JPEG: a sheet through an office scanner


@dataclass(frozen=True)
class Reading:
    """How the field `name` was read from one copy: `is_right`, `is_accepted` without a person, and what was
    said of it."""

    name: str
    title: str
    way: str
    is_right: bool
    is_accepted: bool
    why: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether it is wrong and nobody would have been asked."""
        return self.is_accepted and not self.is_right

    @property
    def state(self) -> str:
        """What is wrong with it, for people."""
        if self.is_silent:
            return "读错，也没有提示"
        return "读对，但要人看" if self.is_right else "读错"


@dataclass(frozen=True)
class Report:
    """How many fields were read back, right, silently wrong, and to be looked at by a person; `told` says of
    each field that reads badly in which way, and why."""

    read: int
    right: int
    silent: int
    asked: int
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> "Report":
        """Sum up the readings of a trial."""
        return cls(
            len(readings),
            sum(one.is_right for one in readings),
            sum(one.is_silent for one in readings),
            sum(not one.is_accepted for one in readings),
            tuple(_told(readings)),
        )

    @property
    def figures(self) -> dict[str, int]:
        """The bare figures, for a log."""
        return {"read": self.read, "right": self.right, "silent": self.silent, "asked": self.asked}

    @property
    def passes(self) -> bool:
        """Whether the form may go out without a reason: no error that nobody was asked about, and hardly any
        other. One of those is chance where few fields were read, which is no ground for a habit of giving
        reasons."""
        wrong = self.read - self.right
        return self.read > 0 and not self.silent and wrong <= max(1, (1 - LEAST_RIGHT) * self.read + 1e-9)

    @property
    def summary(self) -> str:
        """The figures, for people."""
        return (
            f"试读 {self.read} 处，读对 {self.right} 处，读错又没有提示的 {self.silent} 处，"
            f"要人看的 {self.asked} 处"
        )


def _told(readings: Sequence[Reading]) -> Iterator[str]:
    """Each field, way and state once, with how often and the first reasons."""
    found: dict[str, list[Reading]] = {}
    for one in readings:
        if not (one.is_right and one.is_accepted):
            found.setdefault(f"“{one.title}”（{one.way}）{one.state}", []).append(one)
    for text, many in found.items():
        why = list(dict.fromkeys(reason for one in many for reason in one.why))
        yield f"{text} {len(many)} 次" + (f"：{'；'.join(why[:3])}" if why else "")


def trial(
    form: FormDefinition,
    template: Template | None,
    options: Options,
    *,
    copies: int,
    scanned: bool,
    advance: Callable[[], object] = lambda: None,
) -> Iterator[Reading]:
    """How each field of `form` is read from so many copies as Word and as PDF, and worn where `scanned`.

    Raises:
        GenerationError, UnreadableFile: a copy can't be made.
    """
    ways: list[tuple[str, Callable[[Record], tuple[bytes, str]]]] = [
        ("Word", lambda record: (made(form, "docx", record, template)[0], ".docx")),
        ("PDF", lambda record: (made(form, _PRINTED, record, template)[0], ".pdf")),
    ]
    if scanned and template is None:
        ways.append(("扫描件", lambda record: (_scan(form, record), ".tif")))
    options = replace(options, form=form.name)
    for seed in range(copies):
        record = random_record(form, Random(seed))
        for way, make in ways:
            data, suffix = make(record)
            yield from _read(form, record, way, data, suffix, options)
            advance()


_PRINTED: Kind = "pdf-flat"
LEAST_RIGHT = 0.97
WAYS = 3  # in which a copy is read back: Word, PDF, scan


def _read(
    form: FormDefinition, record: Record, way: str, data: bytes, suffix: str, options: Options
) -> Iterator[Reading]:
    with tempfile.TemporaryDirectory(prefix="sealform-") as folder:
        path = Path(folder, f"trial{suffix}")
        path.write_bytes(data)
        results = list(extract(Source(path.name, path), {form.name: form}, options))
    result = results[0] if len(results) == 1 else None
    for name, value in record.values.items():
        title = form.titles[name]
        if result is None or result.error is not None:
            reason = result.error.message if result and result.error else "读成了几份申请"
            yield Reading(name, title, way, False, False, (reason,))
            continue
        one = result.fields[name]
        yield Reading(
            name, title, way, one.value == value, one.decision == "accept", _why(form, name, result)
        )


def _why(form: FormDefinition, name: str, result: Result) -> tuple[str, ...]:
    """What was said of a field, or of its whole file."""
    told = [finding.message for finding in result.findings if finding.field == name]
    told += [finding.message for finding in result.findings if finding.field is None and finding.is_doubt]
    one = result.fields[name]
    if one.value is not None:
        told.append(f"读成“{form.fields[name].format(one.value)[:30]}”")
    return tuple(dict.fromkeys(told))


def _scan(form: FormDefinition, record: Record) -> bytes:
    """The printed form as an office scanner sees it: a little askew, grey, and noisy."""
    dice = np.random.default_rng(1)
    sheets = []
    for png in draw_pages(form, new_identity(form), record, _RESOLUTION):
        page = Image.open(io.BytesIO(png)).convert("L")
        page = page.rotate(_TURN, Image.Resampling.BICUBIC, fillcolor=255)
        worn = np.asarray(page, float) + dice.normal(0, _NOISE, (page.height, page.width))
        sheet = io.BytesIO()
        Image.fromarray(worn.clip(0, 255).astype("uint8")).save(sheet, "JPEG", quality=_QUALITY)
        sheets.append(Image.open(sheet))
    file = io.BytesIO()
    sheets[0].save(
        file,
        "TIFF",
        save_all=True,
        append_images=sheets[1:],
        dpi=(_RESOLUTION, _RESOLUTION),
        compression="tiff_lzw",
    )
    return file.getvalue()
