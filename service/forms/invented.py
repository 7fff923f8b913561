"""Records that nobody wrote: something that fits each field, to try a form with before it goes out."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from models.fields import Amount, ChoiceField, CodeField, Field, NumberField, RowsField, Signature
from models.fields.division import divisions
from models.fields.money import in_capitals
from models.form import FormDefinition
from models.record import Record

_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈沈韩杨", "安伯言承宇德清泽芳海晏嘉禾景明"
_PLACES = ("云泽市东湖区", "临江县城关镇", "望岳市高新区")
_BODIES = ("青禾纸业有限公司", "启明科技有限公司", "职业技术学院", "社区居民委员会")
_CLAUSES = (
    "占地面积约12.6万平方米",
    "现有职工350人",
    "更新两条生产线，每年节电四十万度",
    "推广LED照明与智能控制系统",
)


def random_record(form: FormDefinition, dice: Random) -> Record:
    """A record in which all is filled in that is not set by hand."""
    values = {name: _value(field, dice) for name, field in form.fields.items() if not field.is_mark}
    for name, (choice, option) in form.beside.items():
        if option not in values[choice]:
            values[name] = None
    return Record(form=form.name, version=form.version, values=values)


def _value(field: Field, dice: Random) -> Any:
    if isinstance(field, ChoiceField):
        most = field.max if field.max is not None else len(field.options)
        chosen = dice.sample(field.options, dice.randint(max(1, field.min), max(1, most)))
        return field.ordered(set(chosen))
    if isinstance(field, NumberField):
        return Amount(
            amount=Decimal(dice.randint(1, 10**6)).scaleb(0 if field.whole else -dice.randint(0, 2)),
            unit=field.unit,
        )
    if isinstance(field, RowsField):
        many = range(dice.randint(max(1, field.min), max(1, field.min, field.blank_rows)))
        return tuple(
            {column.field.name: _value(column.field, dice) for column in field.columns} for _ in many
        )
    if field.is_mark:
        return Signature(present=False)
    if isinstance(field, CodeField):
        return _code(field, *_CODES[field.kind], dice)
    return _WRITERS[field.kind](dice)


def _code(field: CodeField, beginning: str, digits: int, dice: Random) -> str:
    """A code of the field's kind: its beginning, digits, and the last sign that proves them."""
    body = beginning + "".join(dice.choices("0123456789", k=digits))
    return next(code for sign in _SIGNS if field.fault(code := body + sign) is None)


def _words(dice: Random) -> str:
    if dice.random() < 0.5:
        return dice.choice(_SURNAMES) + "".join(dice.sample(_GIVEN, 2))
    return dice.choice(_PLACES) + dice.choice(_BODIES)


_CODES: Mapping[str, tuple[str, int]] = {
    "credit-code": ("91420100MA4K", 5),
    "id-card": ("42010619850312", 3),
    "bank-account": ("622202", 12),
    "postcode": ("43", 3),
}
_SIGNS = "0123456789X" + "ABCDEFGHJKLMNPQRTUWY"


def _money(amount: Decimal) -> str:
    return f"{in_capitals(amount)}（¥{amount:.2f}）"


def _month(dice: Random) -> str:
    return f"{dice.randint(1950, 2024)}-{dice.randint(1, 12):02}"


def _clock(dice: Random) -> str:
    return f"{dice.randint(0, 23):02}:{dice.randint(0, 59):02}"


_WRITERS: Mapping[str, Callable[[Random], Any]] = {
    "text": _words,
    "prose": lambda dice: "，".join(dice.sample(_CLAUSES, 3)) + "。",
    "address": lambda dice: f"{dice.choice(_PLACES)}建设路{dice.randint(1, 300)}号",
    "email": lambda dice: f"user{dice.randint(100, 9999)}@example.cn",
    "phone": lambda dice: f"138{dice.randint(10_000_000, 99_999_999)}",
    "month": _month,
    "period": lambda dice: f"20{dice.randint(10, 15)}-{dice.randint(1, 12):02}/20{dice.randint(16, 24)}-10",
    "time": _clock,
    "date-time": lambda dice: f"20{dice.randint(10, 24)}-{dice.randint(1, 12):02}-15T{_clock(dice)}",
    "date": lambda dice: date(2000, 1, 1) + timedelta(days=dice.randint(0, 8000)),
    "division": lambda dice: dice.choice(divisions()).whole,
    "money": lambda dice: _money(Decimal(dice.randint(100, 10**9)).scaleb(-2)),
}
