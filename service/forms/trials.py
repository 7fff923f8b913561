"""A definition put to the test before it goes out: filled by itself, printed, read back, and what reads badly
told with the reason."""

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from extractor import Options, Source, extract
from generator import Kind, draw_pages, new_identity
from models.fields import Amount, ChoiceField, CodeField, Field, NumberField, RowsField
from models.fields.division import divisions
from models.fields.money import in_capitals
from models.form import FormDefinition
from models.record import Record, Result
from service.forms.documents import made
from service.forms.templates import Template

_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈沈韩杨", "安伯言承宇德清泽芳海晏嘉禾景明"
_PLACES = ("云泽市东湖区", "临江县城关镇", "望岳市高新区")
_BODIES = ("青禾纸业有限公司", "启明科技有限公司", "职业技术学院", "社区居民委员会")
_CLAUSES = (
    "占地面积约12.6万平方米",
    "现有职工350人",
    "更新两条生产线，每年节电四十万度",
    "推广LED照明与智能控制系统",
)
_CHECKS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_RESOLUTION = 200  # pixels an inch of a scan
_TURN, _NOISE, _QUALITY = 0.6, 6.0, 70  # degrees; grey levels; of JPEG: a sheet through an office scanner


@dataclass(frozen=True)
class Reading:
    """How a field was read from one copy: `is_right`, `is_accepted` without a person, and what was said of
    it."""

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


def random_record(form: FormDefinition, dice: Random) -> Record:
    """A record in which all is filled in that is not set by hand."""
    values = {name: _value(field, dice) for name, field in form.fields.items() if not field.is_mark}
    return Record(form=form.name, version=form.version, values=values)


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
            yield Reading(title, way, False, False, (reason,))
            continue
        one = result.fields[name]
        yield Reading(title, way, one.value == value, one.decision == "accept", _why(form, name, result))


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


def _value(field: Field, dice: Random) -> Any:
    if isinstance(field, ChoiceField):
        most = field.max if field.max is not None else len(field.options)
        chosen = dice.sample(field.options, dice.randint(max(1, field.min), max(1, most)))
        return field.ordered(set(chosen))
    if isinstance(field, NumberField):
        return Amount(amount=Decimal(dice.randint(1, 10**6)).scaleb(-dice.randint(0, 2)), unit=field.unit)
    if isinstance(field, RowsField):
        many = range(dice.randint(max(1, field.min), max(1, field.min, field.blank_rows)))
        return tuple(
            {column.field.name: _value(column.field, dice) for column in field.columns} for _ in many
        )
    if isinstance(field, CodeField):
        begun, fault = _CODES[field.kind](dice), field.fault
        return next(code for sign in _CHECKS if fault(code := begun + sign) is None)
    return _WRITERS[field.kind](dice)


def _words(dice: Random) -> str:
    if dice.random() < 0.5:
        return dice.choice(_SURNAMES) + "".join(dice.sample(_GIVEN, 2))
    return dice.choice(_PLACES) + dice.choice(_BODIES)


def _born(dice: Random) -> date:
    return date(1960, 1, 1) + timedelta(days=dice.randint(0, 15_000))


def _money(amount: Decimal) -> str:
    return f"{in_capitals(amount)}（¥{amount:.2f}）"


# Codes up to their last character.
_CODES: Mapping[str, Callable[[Random], str]] = {
    "credit-code": lambda dice: f"91420100MA{''.join(dice.choices(_CHECKS, k=7))}",
    "id-card": lambda dice: f"420106{_born(dice):%Y%m%d}{dice.randint(100, 999)}",
    "bank-account": lambda dice: f"622{dice.randint(10**14, 10**15 - 1)}",
    "postcode": lambda dice: f"43{dice.randint(0, 999):03}",
}
_WRITERS: Mapping[str, Callable[[Random], Any]] = {
    "text": _words,
    "prose": lambda dice: "，".join(dice.sample(_CLAUSES, 3)) + "。",
    "address": lambda dice: f"{dice.choice(_PLACES)}建设路{dice.randint(1, 300)}号",
    "email": lambda dice: f"user{dice.randint(100, 9999)}@example.cn",
    "phone": lambda dice: f"138{dice.randint(10_000_000, 99_999_999)}",
    "date": lambda dice: date(2000, 1, 1) + timedelta(days=dice.randint(0, 8000)),
    "division": lambda dice: dice.choice(divisions()).whole,
    "money": lambda dice: _money(Decimal(dice.randint(100, 10**9)).scaleb(-2)),
}
