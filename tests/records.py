"""Makes random records of any form from a seed: every field is filled, with a canonical value. All names and
numbers are invented."""

import datetime
import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from models.fields import Amount, ChoiceField, NumberField, RowsField, Seal, Signature
from models.form import FormDefinition
from models.record import Record

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨欧阳司马"
_GIVEN = "安澜伯言承宇德清恩泽芳菲光启海晏嘉禾景明开源令仪铭心念慈"
_PLACES = ["临江市东湖区", "云梦县城关镇", "清河市高新区", "望岳市西陵区", "平澜市滨江新区"]
_NAMES = ["启明", "恒润", "青禾", "澄江", "远帆", "嘉木", "丰泽"]
_BODIES = [
    "科技股份有限公司",
    "产业园管理委员会",
    "街道办事处",
    "职业技术学院",
    "（集团）有限责任公司",
    "社区居民委员会",
]
_CLAUSES = [
    "占地面积约12.6万平方米，现有职工350人",
    "建成屋顶光伏5.2MW，年发电量约480万kWh",
    "单位GDP二氧化碳排放较2020年下降18%",
    "完成“煤改气”锅炉改造（2台×10t/h）",
    "建立能源计量、统计、考核制度，覆盖率达98.5%",
    "推广LED照明与智能控制系统",
    "计划总投资3,200万元，其中自筹资金占60%",
    "近五年营业收入年均增长7%",
]


def random_record(form: FormDefinition, seed: int) -> Record:
    """Returns a record of `form` in which every field has a value. The same seed gives the same record."""
    dice = random.Random(seed)
    values = {name: _value(field, dice) for name, field in form.fields.items()}
    for name, (choice, option) in form.beside.items():
        values[name] = values[name] if option in values[choice] else None
    return Record(form=form.name, version=form.version, values=values)


def _value(field: Any, dice: random.Random) -> Any:
    if isinstance(field, ChoiceField):
        most = field.max if field.max is not None else len(field.options)
        chosen = dice.sample(field.options, dice.randint(max(1, field.min), most))
        return tuple(option for option in field.options if option in chosen)
    if isinstance(field, NumberField):
        return Amount(amount=Decimal(dice.randint(1, 10**7)).scaleb(-dice.randint(0, 3)), unit=field.unit)
    if isinstance(field, RowsField):
        wanted = dice.randint(max(1, field.min), field.blank_rows + 2)
        return tuple(_row(field, dice) for _ in range(wanted))
    return _WRITERS[field.kind](dice)


def _row(field: RowsField, dice: random.Random) -> Mapping[str, Any]:
    # A row may leave out columns that are not required, but never all of them.
    columns = [column.field for column in field.columns]
    kept = [
        column
        for number, column in enumerate(columns)
        if number == 0 or column.required or dice.random() < 0.7
    ]
    return {column.name: _value(column, dice) if column in kept else None for column in columns}


def _words(dice: random.Random) -> str:
    return dice.choice([_organization, _person])(dice)


def _organization(dice: random.Random) -> str:
    return dice.choice(_PLACES) + dice.choice(_NAMES) + dice.choice(_BODIES)


def _person(dice: random.Random) -> str:
    return dice.choice(_SURNAMES) + "".join(dice.sample(_GIVEN, dice.randint(1, 2)))


def _address(dice: random.Random) -> str:
    return (
        f"{dice.choice(_PLACES)}{dice.choice(_NAMES)}大道{dice.randint(1, 999)}"
        f"号{dice.choice(['', 'A座1203室', '综合楼3楼'])}"
    )


def _prose(dice: random.Random) -> str:
    paragraphs = []
    for number in range(dice.randint(2, 4)):
        clauses = dice.sample(_CLAUSES, dice.randint(2, 5))
        paragraphs.append(f"{'一二三四'[number]}、{_organization(dice)}{'；'.join(clauses)}。")
    return "\n".join(paragraphs)


def _phone(dice: random.Random) -> str:
    kinds: list[Callable[[], str]] = [
        lambda: f"138{dice.randrange(10**8):08d}",
        lambda: f"027-8{dice.randrange(10**7):07d}",
        lambda: f"0714-6{dice.randrange(10**6):06d}转{dice.randint(1, 9999)}",
    ]
    return ";".join(dice.choice(kinds)() for _ in range(dice.choice([1, 1, 2, 3])))


def _email(dice: random.Random) -> str:
    user = dice.choice(["bgs", "green.office", "lxr_2021", "zhang-wei"])
    return (
        f"{user}{dice.randint(1, 9999)}@{dice.choice(['example.com', 'mail.example.cn', 'qh.example.org'])}"
    )


def _date(dice: random.Random) -> datetime.date:
    return datetime.date(2001, 1, 1) + datetime.timedelta(days=dice.randrange(9000))


_WRITERS: dict[str, Callable[[random.Random], Any]] = {
    "text": _words,
    "prose": _prose,
    "address": _address,
    "email": _email,
    "phone": _phone,
    "date": _date,
    "credit-code": lambda dice: dice.choice(["91420100MA4KXYW128", "91110108MA01C2345W"]),
    "id-card": lambda dice: dice.choice(["420106198001011237", "420106199002286720"]),
    "bank-account": lambda dice: f"42001{dice.randrange(10**12):012d}",
    "postcode": lambda dice: f"43{dice.randrange(10**4):04d}",
    "division": lambda dice: dice.choice(["湖北省武汉市江岸区", "湖北省仙桃市", "北京市东城区"]),
    "money": lambda dice: dice.choice(["¥12300.00", "壹万贰仟叁佰元整（¥12300.00）"]),
    # A typed file has neither a seal nor a signature.
    "seal": lambda dice: Seal(present=False),
    "signature": lambda dice: Signature(present=False),
}
