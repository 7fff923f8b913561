"""The field of an amount of money: in figures, in the capital numerals of cheques (大写), or in both, which
then prove each other.

A value is a text in one writing: `¥12300.00`, `壹万贰仟叁佰元整`, or `壹万贰仟叁佰元整（¥12300.00）` as they were
given, each by what it says.
"""

import re
from decimal import Decimal
from typing import Any, ClassVar, Literal

from models.errors import Unparsable
from models.fields.base import (
    BetweenDigits,
    Entered,
    FieldBase,
    MadeOf,
    Punctuation,
    SheetValue,
    Widget,
)
from models.findings import Finding
from models.writing import compact, excerpt, traced

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_SECTIONS = ("", "万", "亿")
_MOST = Decimal(10) ** 12
# What people write for the numerals of cheques; NFKC has made one of many of these by then.
_COMMON = str.maketrans(
    "〇○一二三四五六七八九十百千圆两貳贰叄參弍弎陸萬億兩弌圓正",
    "零零壹贰叁肆伍陆柒捌玖拾佰仟元贰贰贰叁叁贰叁陆万亿贰壹元整",
)
_D = f"[{_DIGITS[1:]}]"
_SECTION = rf"(?:{_D}仟)?(?:零?{_D}佰)?(?:零?{_D}?拾)?(?:零?{_D})?"
_CAPITALS = re.compile(
    rf"(?:(?P<whole>(?:(?P<yi>{_SECTION})亿)?零?(?:(?P<wan>{_SECTION})万)?零?(?P<ones>{_SECTION})|零)元)?"
    rf"零?(?:(?P<jiao>{_D})角)?零?(?:(?P<fen>{_D})分)?整?"
)
_FIGURES = r"(?P<amount>(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)(?P<times>[万亿]?)元?"
_FIGURE = re.compile(rf"¥?{_FIGURES}整?")
_LETTERS = f"{_DIGITS}{''.join(_PLACES)}万亿元角分整〇○一二三四五六七八九十百千圆两貳叄參陸萬億圓正"
_WRITTEN = re.compile(f"[{_LETTERS}]+")
# Where the two stand beside each other, and what is printed before them.
_LABELS = re.compile(r"人民币|RMB|CNY|大写|小写|金额|合计|总计|共计|共|计|即|为|[:：;,，、()（）\[\]【】。]")
_NOTHING = re.compile(r"[_\s\-/\\.]*(?:¥|[万亿]?元)*[_\s\-/\\.]*")
# Each begins where no such sign stands before it, so that a long text is gone over once.
_FOUND = re.compile(
    r"(?:(?<![0-9.,])[0-9][0-9,]*+(?:\.[0-9]++)? ?[万亿]?元整?|¥ ?[0-9][0-9,]*+(?:\.[0-9]++)?(?: ?[万亿]?元)?"
    rf"|(?<![{_LETTERS}])[{_LETTERS}]++(?<=[元圆角分整正]))"
)
_BETWEEN = re.compile(r"[\s()（）:：;,，、]*(?:小写|大写|人民币|即|[\s()（）:：])*")


class MoneyField(FieldBase[str]):
    """Money in yuan. `unit` is what a figure without one is in."""

    kind: Literal["money"]
    unit: Literal["元", "万元"] = "元"
    called: ClassVar[str] = "金额类"
    widget: ClassVar[Widget] = "line"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "value"
    said_once: ClassVar[bool] = False
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = False
    sheet_format: ClassVar[str] = "#,##0.00"

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        line = compact(text)
        if _NOTHING.fullmatch(_LABELS.sub("", line)):
            return None
        figures, rest = self._figures(line)
        capitals = _capitals_in(rest)
        if figures is None and capitals is None:
            raise Unparsable(f"“{excerpt(line)}”不是金额")
        return _written(figures, capitals)

    def _figures(self, line: str) -> tuple[Decimal | None, str]:
        """The only figure in `line`, and the line without it."""
        found = [one for one in _FIGURE.finditer(line) if one["amount"]]
        if not found:
            return None, line
        if len(found) > 1:
            raise Unparsable(f"“{excerpt(line)}”中不止一个数字")
        one = found[0]
        rest = line[: one.start()] + "," + line[one.end() :]
        # A sign, a letter or one more digit beside it would make it another number.
        if re.search(r"[0-9A-Za-z+\-~.]", rest) or one["amount"].count(".") > 1:
            raise Unparsable(f"“{excerpt(line)}”不是金额")
        is_plain = not one["times"] and not one[0].removesuffix("整").endswith("元") and "¥" not in one[0]
        times = {"万": 4, "亿": 8}.get(one["times"], 4 if is_plain and self.unit == "万元" else 0)
        amount = Decimal(one["amount"].replace(",", "")).scaleb(times)
        if amount >= _MOST or amount != round(amount, 2):
            raise Unparsable(f"“{excerpt(line)}”应精确到分，不足一万亿元")
        return amount, rest

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        places: list[tuple[int, int]] = []
        for one in _FOUND.finditer(regular):
            joined = places and _BETWEEN.fullmatch(regular[places[-1][1] : one.start()])
            if joined and self._is_one(regular[places[-1][0] : one.end()]):
                end = one.end() + regular.startswith(")", one.end())
                places[-1] = (
                    places[-1][0],
                    end if "(" in regular[places[-1][1] : one.start()] else one.end(),
                )
            elif self._is_one(one[0]):
                places.append((one.start(), one.end()))
        return [(at[start], at[end - 1] + 1) for start, end in places]

    def _is_one(self, text: str) -> bool:
        try:
            return self.parse(text) is not None
        except Unparsable:
            return False

    def resembles(self, text: str) -> bool:
        regular = compact(text)
        return any(char.isdigit() for char in regular) or bool(_WRITTEN.search(regular)) or "¥" in regular

    def format(self, value: str) -> str:
        return value

    def check(self, value: str, title: str) -> list[Finding]:
        figures, capitals = _taken(value)
        if figures is None or capitals is None or figures == capitals:
            return []
        told = {
            "figures": f"{figures:.2f}",
            "capitals": in_capitals(capitals),
            "expected": in_capitals(figures),
        }
        return [Finding.of("money-differs", self.name, title=title, **told)]

    def passing(self, value: str) -> float:
        figures, capitals = _taken(value)
        # Two writings that have not one character in common were hardly misread in the same way.
        return 0.001 if figures is not None and figures == capitals else self.passes

    def sheet_value(self, value: str | None) -> SheetValue:
        figures, capitals = _taken(value) if value is not None else (None, None)
        if value is None or (figures is not None and capitals is not None and figures != capitals):
            return value
        return figures if figures is not None else capitals


def in_capitals(amount: Decimal) -> str:
    """`amount` in the numerals of cheques, as the rules for bills want it: a 零 where noughts stand between,
    整 where no 分 follows.

    Raises:
        ValueError: it is below 0, has more than two places, or twelve digits are too few.
    """
    if not 0 <= amount < _MOST or amount != round(amount, 2):
        raise ValueError(f"no amount of money: {amount}")
    whole, cents = divmod(int(amount * 100), 100)
    jiao, fen = divmod(cents, 10)
    made = f"{_whole(whole)}元" if whole or not cents else ""
    if jiao:
        made += f"{_DIGITS[jiao]}角"
    elif fen and whole:
        made += "零"
    return made + (f"{_DIGITS[fen]}分" if fen else "整")


def _whole(number: int) -> str:
    if not number:
        return "零"
    made, gap = "", False
    for power in (2, 1, 0):
        section = number // 10_000**power % 10_000
        if not section:
            gap = bool(made)
            continue
        # A 零 for the noughts before it.
        made += "零" if made and (gap or section < 1_000) else ""
        made += _section(section) + _SECTIONS[power]
        gap = False
    return made


def _section(number: int) -> str:
    made, gap = "", False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            made += ("零" if gap and made else "") + _DIGITS[digit] + _PLACES[power]
        gap = not digit
    return made


def of_capitals(text: str) -> Decimal | None:
    """The amount that the numerals of cheques in `text` say; None where they are none, or not in order."""
    text = text.translate(_COMMON)
    found = _CAPITALS.fullmatch(text)
    if found is None or not (found["whole"] or found["jiao"] or found["fen"]):
        return None
    sections = [found["yi"], found["wan"], found["ones"]]
    if any(section == "" for section in sections[:2]) or found["whole"] == "":
        return None
    whole = 0
    for section in sections:
        whole = whole * 10_000 + (_of_section(section) if section else 0)
    cents = sum(
        _DIGITS.index(found[name]) * times for name, times in (("jiao", 10), ("fen", 1)) if found[name]
    )
    if found["whole"] and not whole and found["whole"] != "零":
        return None
    return Decimal(whole * 100 + cents).scaleb(-2)


def _of_section(text: str) -> int:
    total, digit = 0, 1
    for sign in text.replace("零", ""):
        if sign in _PLACES:
            total += digit * 10 ** _PLACES.index(sign)
            digit = 0
        else:
            digit = _DIGITS.index(sign)
    return total + (digit if text[-1:] not in _PLACES else 0)


def _capitals_in(line: str) -> Decimal | None:
    """What the numerals in `line` say, where there is nothing beside them; None where there are none."""
    words = _LABELS.sub("", line).replace("¥", "").strip("_-/\\.")
    if not words or words == "元":
        return None
    amount = of_capitals(words)
    if amount is None:
        raise Unparsable(f"“{excerpt(line)}”不是金额")
    return amount


def _written(figures: Decimal | None, capitals: Decimal | None) -> str:
    if capitals is None:
        return f"¥{figures:.2f}"
    return in_capitals(capitals) + (f"（¥{figures:.2f}）" if figures is not None else "")


def _taken(value: str) -> tuple[Decimal | None, Decimal | None]:
    """The amounts in a value, in figures and in capitals."""
    capitals, found, figures = value.rstrip("）").partition("¥")
    return Decimal(figures) if found else None, of_capitals(capitals.rstrip("（")) if capitals.rstrip(
        "（"
    ) else None
