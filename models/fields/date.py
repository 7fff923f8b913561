"""The field of a date, which may be written in any usual Chinese way."""

import datetime
import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator
from pydantic import Field as Constraint

from models.errors import Unparsable
from models.fields.base import BetweenDigits, Entered, FieldBase, MadeOf, Punctuation, SheetValue, Widget
from models.findings import Finding
from models.writing import compact, excerpt, traced

_ONES = "〇一二三四五六七八九"
_LOOKALIKES = str.maketrans("○◯零Oo0壹贰叁肆伍陆柒捌玖拾", "〇〇〇〇〇〇一二三四五六七八九十")
_HAN = "〇○◯零Oo0一二三四五六七八九壹贰叁肆伍陆柒捌玖"
_SPACED = r"[0-9] [0-9]"
# A date as it stands in text that `compact(…, blank=" ")` has made regular. The second mark must equal the
# first, because 2021.2-5 may also mean two months. Digits with blanks between them are one number only where
# 月 or 日 ends it.
DATE = re.compile(
    rf"(?<![0-9])(?P<year>(?:[0-9] ?){{4}}|(?:[{_HAN}] ?){{4}})(?:年|(?P<mark>[.\-/、·])) ?"
    rf"(?P<month>{_SPACED}(?= ?月)|[0-9]{{1,2}}|[{_HAN}十拾元]{{1,4}}) ?(?(mark)(?P=mark)|月) ?"
    rf"(?P<day>{_SPACED}(?= ?[日号])|[0-9]{{1,2}}|[{_HAN}十拾廿卅]{{1,4}})(?: ?[日号])?(?![0-9])"
    r"|(?<![0-9])(?P<digits>(?:19|20)[0-9]{6}|(?:19|20)[0-9]{2} [0-9]{2} [0-9]{2})(?![0-9])"
)
# The empty places of a date.
BLANK_DATE = re.compile(r"(?<![\s_.])[\s_.]*年[\s_.]*月[\s_.]*[日号]")
# A day that was misread in one of its marks, or has specks in it: 2021年2日9日, 2021年1.月.18日.
_MARRED = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2} ?年[0-9 .,·月日]*[月日]")
_LABEL = re.compile(r"^[ (]*(?:日期|时间)")
_BLANKS = re.compile(r"[ _\-/.:()年月日]*")
_STOPS = re.compile(r"[ _.,;:()。]*")


def _iso(data: Any) -> Any:
    # By itself, pydantic takes a number for seconds since 1970.
    if isinstance(data, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", data):
        return data
    if isinstance(data, datetime.date) and not isinstance(data, datetime.datetime):
        return data
    raise ValueError("应为写成 YYYY-MM-DD 的日期")


class DateField(FieldBase[datetime.date]):
    """A value is a calendar day. A two-digit year, or a day that the calendar lacks, has no safe reading. A
    day before the year `since` is told: a birthday may lie long ago, the day of a form may not."""

    kind: Literal["date"]
    since: int = Constraint(default=1990, ge=1800, le=2100)
    called: ClassVar[str] = "日期类"
    widget: ClassVar[Widget] = "date"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "day"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "border"
    said_once: ClassVar[bool] = True
    tells_apart: ClassVar[bool] = False
    may_name: ClassVar[bool] = False
    sheet_format: ClassVar[str] = "yyyy-mm-dd"

    @classmethod
    def value_type(cls) -> Any:
        return Annotated[datetime.date, BeforeValidator(_iso)]

    def parse(self, text: str) -> datetime.date | None:
        text = _LABEL.sub("", compact(text, blank=" "))
        if _BLANKS.fullmatch(text):
            return None
        days = {_day(match) for match in DATE.finditer(text)}
        if len(days) != 1:
            raise Unparsable(f"“{excerpt(text)}”" + ("中不止一个日期" if days else "不是完整的日期"))
        # Words beside the day may change it: 前, 至3月1日, a digit too many.
        if not _STOPS.fullmatch(DATE.sub("", text)):
            raise Unparsable(f"“{excerpt(text)}”中除日期外另有文字")
        return days.pop()

    def find(self, text: str) -> list[tuple[int, int]]:
        return find_dates(text, blank=False)

    def resembles(self, text: str) -> bool:
        return any(word in text for word in ("日期", "时间"))

    def format(self, value: datetime.date) -> str:
        return f"{value.year:04d}年{value.month}月{value.day}日"

    def check(self, value: datetime.date, title: str) -> list[Finding]:
        if not self.since <= value.year <= 2100:
            return [Finding.of("date-range", self.name, title=title, date=value.isoformat())]
        return []

    def sheet_value(self, value: datetime.date | None) -> SheetValue:
        return value if value is None or value.year >= 1900 else self.format(value)


def find_dates(text: str, blank: bool = True) -> list[tuple[int, int]]:
    """Return where dates stand in `text`. Where there is none and `blank` is set, return the empty places."""
    regular, at = traced(text)
    matches = [*DATE.finditer(regular)] or ([*BLANK_DATE.finditer(regular)] if blank else [])
    return [(at[match.start()], at[match.end() - 1] + 1) for match in matches]


def find_marred_dates(text: str) -> list[tuple[int, int]]:
    """Return where something stands in `text` that can only be a date, though it can't be read as one."""
    return [match.span() for match in _MARRED.finditer(text) if not DATE.fullmatch(compact(match[0], " "))]


def _day(match: re.Match[str]) -> datetime.date:
    digits = match["digits"] and match["digits"].replace(" ", "")
    year, month, day = (
        (digits[:4], digits[4:6], digits[6:]) if digits else match.group("year", "month", "day")
    )
    try:
        return datetime.date(year_of(year), count_of(month), count_of(day))
    except ValueError:
        raise Unparsable(f"日历上没有“{match[0]}”这一天") from None


def year_of(text: str) -> int:
    """Parse a year: 2021 or 二〇二一."""
    text = text.replace(" ", "")
    if text.isdigit():
        return int(text)
    return int("".join(str(_ONES.index(c)) for c in text.translate(_LOOKALIKES)))


def count_of(text: str) -> int:
    """Parse a month or a day: 12, 十二, 壹拾贰, 零贰, 二〇, 廿三, 元.

    Raises:
        ValueError: there is no such number. 一二 is none, because it may be 一 and 二.
    """
    text = text.replace(" ", "")
    if text.isdigit():
        return int(text)
    text = text.replace("元", "一").replace("廿", "二十").replace("卅", "三十").translate(_LOOKALIKES)
    if match := re.fullmatch(r"〇?(?P<tens>[一二三]?)十(?P<ones>[一二三四五六七八九]?)", text):
        return 10 * _ONES.index(match["tens"] or "一") + _ONES.index(match["ones"] or "〇")
    if match := re.fullmatch(r"〇?(?P<ones>[一二三四五六七八九])", text):
        return _ONES.index(match["ones"])
    if match := re.fullmatch(r"(?P<tens>[一二三])〇", text):
        return 10 * _ONES.index(match["tens"])
    raise ValueError(text)
