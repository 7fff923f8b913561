"""A day, in any usual Chinese writing."""

import datetime
import re
from typing import Any, ClassVar, Literal

from models.errors import Unparsable
from models.fields.base import FieldBase, SheetValue, Widget
from models.findings import Finding
from models.writing import compact

_DIGITS = "〇○零Oo0一二三四五六七八九十廿卅两壹贰叁肆伍陆柒捌玖拾元"
_N = rf"[\d{_DIGITS}]"
DATE = re.compile(
    rf"(?<!\d)(?P<y>(?:\d\s*){{4}}|[{_DIGITS}]{{4}})\s*[年.\-/．－]\s*(?P<m>{_N}{{1,3}}|\d\s+\d)\s*[月.\-/．－]\s*(?P<d>{_N}{{1,4}}|\d\s+\d)\s*[日号]?(?!\d)"
    r"|(?<!\d)(?P<y8>(?:19|20)\d{2})(?P<m8>\d{2})(?P<d8>\d{2})(?!\d)"
)
BLANK_DATE = re.compile(r"[\s_.]*年[\s_.]*月[\s_.]*[日号]")
_BLANKS = re.compile(r"[\s_—\-/.:：年月日]*")


class DateField(FieldBase[datetime.date]):
    """A value is a calendar day. A two-digit year, or a day that the calendar lacks, has no safe reading."""

    kind: Literal["date"]
    widget: ClassVar[Widget] = "date"
    sheet_format: ClassVar[str] = "yyyy-mm-dd"

    @classmethod
    def value_type(cls) -> Any:
        return datetime.date

    def parse(self, text: str) -> datetime.date | None:
        text = compact(text)
        if _BLANKS.fullmatch(text):
            return None
        days = {_day(match) for match in DATE.finditer(text)}
        if len(days) != 1:
            raise Unparsable(f"“{text}”不是完整的日期" if not days else f"“{text}”中不止一个日期")
        return days.pop()

    def format(self, value: datetime.date) -> str:
        return f"{value.year:04d}年{value.month}月{value.day}日"

    def check(self, value: datetime.date, title: str) -> list[Finding]:
        if not 1990 <= value.year <= 2100:
            return [Finding.of("date-range", self.name, title=title, date=value.isoformat())]
        return []

    def sheet_value(self, value: datetime.date | None) -> SheetValue:
        return value if value is None or value.year >= 1900 else self.format(value)


def _day(match: re.Match[str]) -> datetime.date:
    year, month, day = (match["y"], match["m"], match["d"]) if match["y"] else (match["y8"], match["m8"], match["d8"])
    try:
        return datetime.date(_number(year), _number(month), _number(day))
    except ValueError:
        raise Unparsable(f"日历上没有“{match[0]}”这一天") from None


def _number(text: str) -> int:
    """Arabic or Chinese digits, also 十二, 廿三 and 元 (the first)."""
    import cn2an  # only where a date stands

    text = re.sub(r"\s", "", text)
    if text.isascii() and text.isdigit():
        return int(text)
    text = re.sub("[○零Oo0]", "〇", text).replace("元", "一").replace("廿", "二十").replace("卅", "三十")
    if not re.search("[十拾]", text):
        digits = dict(zip("〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖", [*range(10), 2, *range(1, 10)], strict=True))
        return int("".join(c if c.isdigit() and c.isascii() else str(digits[c]) for c in text))
    return int(cn2an.cn2an(text.replace("〇", "零"), "smart"))
