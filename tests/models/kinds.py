"""One field of every kind, and strategies for values in the form in which the field stores them."""

import datetime
from decimal import Decimal

from hypothesis import strategies as st

from models.fields import (
    AddressField,
    Amount,
    BankAccountField,
    ChoiceField,
    CreditCodeField,
    DateField,
    DateTimeField,
    DivisionField,
    EmailField,
    FieldBase,
    IdCardField,
    MoneyField,
    MonthField,
    NumberField,
    PeriodField,
    PhoneField,
    PostcodeField,
    ProseField,
    RowsField,
    Seal,
    SealField,
    Signature,
    SignatureField,
    TextField,
    TimeField,
)
from models.fields.division import divisions
from models.fields.money import in_capitals

TEXT = TextField(kind="text", name="unit")
PROSE = ProseField(kind="prose", name="story")
ADDRESS = AddressField(kind="address", name="address")
EMAIL = EmailField(kind="email", name="email")
PHONE = PhoneField(kind="phone", name="phone")
CREDIT_CODE = CreditCodeField(kind="credit-code", name="code")
ID_CARD = IdCardField(kind="id-card", name="identity")
BANK_ACCOUNT = BankAccountField(kind="bank-account", name="account")
POSTCODE = PostcodeField(kind="postcode", name="postcode")
CODES = (CREDIT_CODE, ID_CARD, BANK_ACCOUNT, POSTCODE)
MONEY = MoneyField(kind="money", name="sum")
DIVISION = DivisionField(kind="division", name="place")
CHOICE = ChoiceField(kind="choice", name="colours", options=("红", "橙 黄", "绿（浅）", "Blue", "第5色"))
DATE = DateField(kind="date", name="day")
MONTH = MonthField(kind="month", name="born")
PERIOD = PeriodField(kind="period", name="term")
TIME = TimeField(kind="time", name="clock")
DATE_TIME = DateTimeField(kind="date-time", name="report")
MOMENTS = (MONTH, PERIOD, TIME, DATE_TIME)
NUMBER = NumberField(kind="number", name="cost", unit="万元")
DENSITY = NumberField(kind="number", name="density", unit="kgCO2/m²")
BARE = NumberField(kind="number", name="count", whole=True)
SEAL = SealField(kind="seal", name="seal", required=True)
SIGNATURE = SignatureField(kind="signature", name="signature", required=True)
INNER = (TEXT, NUMBER, DATE, PHONE, CHOICE, EMAIL, ADDRESS)
ROWS = RowsField.model_validate(
    {
        "kind": "rows",
        "name": "table",
        "min": 1,
        "columns": [{"label": field.name, "field": field.model_dump()} for field in INNER],
    }
)
ALL: tuple[FieldBase, ...] = (
    TEXT,
    PROSE,
    ADDRESS,
    EMAIL,
    PHONE,
    *CODES,
    MONEY,
    DIVISION,
    CHOICE,
    DATE,
    *MOMENTS,
    NUMBER,
    DENSITY,
    BARE,
    SEAL,
    SIGNATURE,
    ROWS,
)

# Anything at all, mixed with what these fields are really made of, so that the two meet.
HOSTILE = st.text() | st.text(
    alphabet="0123456789１２〇○一二三十廿壹拾年月日元万亿 \u3000\t\n.。,，;；、:：/-—+()（）<>@#_~x转分机电话手O l¥约²①½％有无"
    "\u0301\u200baZ和"
)
WORDS = st.text(alphabet="武汉市青山区中心AbZ09（）·-_/ 。：—、", min_size=1, max_size=20)


def _stored(field: FieldBase, texts: st.SearchStrategy) -> st.SearchStrategy:
    return texts.map(field.parse).filter(lambda value: value is not None)


def _decimals() -> st.SearchStrategy:
    digits = st.integers(-(10**24) + 1, 10**24 - 1)
    return st.builds(lambda n, e: Decimal(n).scaleb(-e), digits, st.integers(0, 24)).filter(
        lambda d: not d or d.adjusted() >= -24
    )


def amounts(field: NumberField) -> st.SearchStrategy:
    units = st.sampled_from(
        [field.unit, "亿元", "吨标准煤", "%", "km", "m²", "℃".replace("℃", "°C"), "元/平方米"]
    )
    return st.builds(lambda amount, unit: Amount(amount=amount, unit=unit), _decimals(), units)


_MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
_LANDLINES = st.from_regex(r"(0(10|2[0-9]|[3-9][0-9]{2})-)?[2-9][0-9]{6,7}(转[0-9]{1,6})?", fullmatch=True)
_SERVICES = st.from_regex(r"400-[0-9]{3}-[0-9]{4}(转[0-9]{1,6})?", fullmatch=True)
PHONES = st.lists(_MOBILES | _LANDLINES | _SERVICES, min_size=1, max_size=4).map(";".join)
_ADDRESSES = st.from_regex(
    r"[a-z0-9][a-z0-9._-]{0,12}[a-z0-9]@([a-z0-9]{1,8}\.){1,3}(cn|com|org)", fullmatch=True
)
EMAILS = st.lists(_ADDRESSES, min_size=1, max_size=3, unique=True).map(";".join)
CHOICES = st.sets(st.sampled_from(CHOICE.options), min_size=1).map(
    lambda s: tuple(o for o in CHOICE.options if o in s)
)
DATES = st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31))
_DAYS = st.dates(datetime.date(1901, 1, 1), datetime.date(2099, 12, 31)).map(str)
_MONTHS = _DAYS.map(lambda day: day[:7])
_CLOCKS = st.times().map(lambda time: time.isoformat("minutes"))
PERIODS = st.tuples(_MONTHS, _MONTHS | st.just("..")).map("/".join) | st.tuples(
    _DAYS, _DAYS | st.just("..")
).map("/".join)
MOMENT_VALUES = (_MONTHS, PERIODS, _CLOCKS, st.tuples(_DAYS, _CLOCKS).map("T".join))
LINES = _stored(TEXT, WORDS | HOSTILE)
SEALS = st.just(Seal(present=False)) | st.builds(
    lambda text, tail, agrees: Seal(present=True, text=text and TEXT.parse(text + tail), agrees=agrees),
    st.none() | LINES,
    st.sampled_from(["", "（与单位名称相符）", "（与单位名称不符）", "（未与单位名称核对）"]),
    st.sampled_from([True, False, None]),
)
SIGNATURES = st.just(Signature(present=False)) | st.builds(
    lambda text: Signature(present=True, text=text), st.none() | LINES
)
SUMS = st.decimals(0, 10**12, places=2, allow_nan=False).filter(lambda sum_: sum_ < 10**12)
MONIES = st.one_of(
    SUMS.map(lambda one: f"¥{one:.2f}"),
    SUMS.map(in_capitals),
    st.tuples(SUMS, SUMS).map(lambda two: f"{in_capitals(two[0])}（¥{two[1]:.2f}）"),
)
DIVISIONS = st.sampled_from([one.whole for one in divisions()])
_CELLS = {
    "unit": LINES, "cost": amounts(NUMBER), "day": DATES, "phone": PHONES, "colours": CHOICES,
    "email": EMAILS,
    "address": LINES,
}  # fmt: skip
ROW_LISTS = st.lists(
    st.fixed_dictionaries({name: st.none() | cell for name, cell in _CELLS.items()}).filter(
        lambda row: any(row.values())
    ),
    min_size=1,
    max_size=4,
).map(tuple)
VALUES: tuple[tuple[FieldBase, st.SearchStrategy], ...] = (
    (TEXT, LINES), (ADDRESS, LINES), (PROSE, _stored(PROSE, HOSTILE)), (EMAIL, EMAILS), (PHONE, PHONES),
    (CHOICE, CHOICES),
    (DATE, DATES), *zip(MOMENTS, MOMENT_VALUES, strict=True),
    (NUMBER, amounts(NUMBER)), (DENSITY, amounts(DENSITY)), (SEAL, SEALS),
    (SIGNATURE, SIGNATURES), *((code, _stored(code, HOSTILE)) for code in CODES),
    (MONEY, MONIES), (DIVISION, DIVISIONS),
    (ROWS, ROW_LISTS),
)  # fmt: skip
