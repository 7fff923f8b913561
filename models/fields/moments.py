"""The fields of times that are no single day: a month, from when to when, the time of day, a day with its
time. Each may be written in any usual Chinese way.

A value is a text in the manner of ISO 8601: `2021-03`, `2021-03/2022-12`, `2019-09/..` for one that goes on,
`14:30`, `2021-03-05T14:30`.
"""

import datetime
import re
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import StringConstraints

from models.errors import Unparsable
from models.fields.base import BetweenDigits, Entered, FieldBase, MadeOf, Punctuation, Widget
from models.fields.date import count_of, year_of
from models.findings import Finding
from models.writing import compact, excerpt, traced

_HAN = "〇○零一二三四五六七八九"
_COUNT = rf"(?:[0-9]{{1,2}}|[{_HAN}十]{{1,3}})(?![0-9])"
_EMPTY = re.compile(r"[\s_\-—/\\.:：()（）年月日号时点分自从由起至到止~]*")
_ENDS = re.compile(r"[\s_.。;；()（）]*")
_LATE, _NOON, _EARLY = ("下午", "晚上", "晚"), "中午", ("凌晨", "清晨", "早上", "上午")


def _day(which: str) -> str:
    """A year and a month, and a day where one is written, in groups whose names begin with `which`."""
    return (
        rf"(?<![0-9{_HAN}])(?P<{which}year>(?:19|20)[0-9]{{2}}|[{_HAN}]{{4}}) ?"
        rf"(?:年|(?P<{which}mark>[.\-/])) ?"
        # Behind 年, a month without 月 may lack a digit.
        rf"(?P<{which}month>{_COUNT})(?({which}mark)| ?月份?)"
        rf"(?:(?({which}mark)(?P={which}mark)|) ?(?P<{which}day>{_COUNT})(?: ?[日号])?)?"
    )


_CLOCK = (
    rf"(?:(?P<half>{'|'.join((*_LATE, _NOON, *_EARLY))}) ?)?(?<![0-9])(?P<hour>[0-9]{{1,2}}) ?"
    r"(?:: ?(?P<minute>[0-9]{2})(?![0-9])"
    r"|[时点](?: ?(?:(?P<minutes>[0-9]{1,2})(?![0-9])(?: ?分)?|(?P<halfpast>半)|整))?)"
)


class MomentField(FieldBase[str]):
    """The common base: a value that one regular expression finds in any text."""

    shape: ClassVar[re.Pattern[str]]
    # What the form prints in its place.
    blank: ClassVar[str]
    # What it is called where it can't be read.
    noun: ClassVar[str]
    words: ClassVar[re.Pattern[str]]
    written: ClassVar[str]

    widget: ClassVar[Widget] = "line"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "border"
    said_once: ClassVar[bool] = True
    tells_apart: ClassVar[bool] = False
    may_name: ClassVar[bool] = False

    @abstractmethod
    def read(self, found: re.Match[str]) -> str:
        """Return the value of what `shape` found.

        Raises:
            ValueError: no calendar or clock has it.
        """

    @classmethod
    def value_type(cls) -> Any:
        return Annotated[str, StringConstraints(pattern=cls.written)]

    def parse(self, text: str) -> str | None:
        line = compact(text, blank=" ")
        if _EMPTY.fullmatch(line):
            return None
        found = self.shape.search(line)
        # Words beside it may change it, and so may a second one.
        if found is None or not all(map(_ENDS.fullmatch, (line[: found.start()], line[found.end() :]))):
            raise Unparsable(f"“{excerpt(line)}”不是{self.noun}")
        try:
            return self.read(found)
        except ValueError:
            raise Unparsable(f"“{excerpt(line)}”不是{self.noun}") from None

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        found = []
        for match in self.shape.finditer(regular):
            try:
                self.read(match)
            except ValueError:
                continue
            found.append((at[match.start()], at[match.end() - 1] + 1))
        return found

    def resembles(self, text: str) -> bool:
        return bool(self.words.search(text))


class MonthField(MomentField):
    """A month: 出生年月. A day that is written behind it is left out, since the form does not ask for it."""

    kind: Literal["month"]
    called: ClassVar[str] = "年月类"
    blank: ClassVar[str] = "　　　　年　　月"
    noun: ClassVar[str] = "完整的年月"
    shape: ClassVar[re.Pattern[str]] = re.compile(
        rf"{_day('')}|(?<![0-9])(?P<digits>(?:19|20)[0-9]{{4}})(?![0-9])"
    )
    words: ClassVar[re.Pattern[str]] = re.compile("年月|时间")
    written: ClassVar[str] = r"^\d{4}-(0[1-9]|1[0-2])$"

    def read(self, found: re.Match[str]) -> str:
        if found["digits"]:
            return _month(int(found["digits"][:4]), int(found["digits"][4:]))
        if found["day"]:
            return _end(found, "")[:7]
        return _month(year_of(found["year"]), count_of(found["month"]))

    def format(self, value: str) -> str:
        return _spoken(value)


class PeriodField(MomentField):
    """From when to when, by months or by days; one that goes on ends in `..` (至今)."""

    kind: Literal["period"]
    called: ClassVar[str] = "起止类"
    blank: ClassVar[str] = "　　　　年　　月至　　　　年　　月"
    noun: ClassVar[str] = "完整的起止时间"
    shape: ClassVar[re.Pattern[str]] = re.compile(
        rf"[自从由]?{_day('a')}(?: ?起)? ?(?:[-~]* ?[至到]|[-~]+) ?(?:"
        rf"{_day('b')}"
        rf"|(?P<cmonth>{_COUNT}) ?月(?: ?(?P<cday>{_COUNT}) ?[日号])?"
        r"|(?P<open>今|现在|目前))(?: ?止)?"
    )
    words: ClassVar[re.Pattern[str]] = re.compile("起止|期限|至")
    written: ClassVar[str] = r"^(\d{4}-\d{2}/(\d{4}-\d{2}|\.\.)|\d{4}-\d{2}-\d{2}/(\d{4}-\d{2}-\d{2}|\.\.))$"

    def read(self, found: re.Match[str]) -> str:
        begin = _end(found, "a")
        if found["open"]:
            return f"{begin}/.."
        if found["byear"]:
            end = _end(found, "b")
        else:
            # 2023年1月至12月: the year is said once.
            year, month = int(begin[:4]), count_of(found["cmonth"])
            end = _dated(year, month, found["cday"])
        if len(begin) != len(end):
            raise ValueError("one end has a day, the other none")
        return f"{begin}/{end}"

    def format(self, value: str) -> str:
        begin, _, end = value.partition("/")
        return f"{_spoken(begin)}至今" if end == ".." else f"{_spoken(begin)}至{_spoken(end)}"

    def check(self, value: str, title: str) -> list[Finding]:
        begin, _, end = value.partition("/")
        if end != ".." and end < begin:
            return [Finding.of("period-reversed", self.name, title=title)]
        return []


class TimeField(MomentField):
    """A time of day, to the minute."""

    kind: Literal["time"]
    called: ClassVar[str] = "时刻类"
    blank: ClassVar[str] = "　　　　时　　分"
    noun: ClassVar[str] = "完整的时间"
    shape: ClassVar[re.Pattern[str]] = re.compile(_CLOCK)
    words: ClassVar[re.Pattern[str]] = re.compile("时间|[时点]")
    written: ClassVar[str] = r"^([01]\d|2[0-3]):[0-5]\d$"

    def read(self, found: re.Match[str]) -> str:
        return _clock(found)

    def format(self, value: str) -> str:
        return value


class DateTimeField(MomentField):
    """A day with the time of day."""

    kind: Literal["date-time"]
    called: ClassVar[str] = "日期时刻类"
    blank: ClassVar[str] = "　　　　年　　月　　日　　时　　分"
    noun: ClassVar[str] = "完整的日期和时间"
    shape: ClassVar[re.Pattern[str]] = re.compile(rf"{_day('')} ?T?{_CLOCK}")
    words: ClassVar[re.Pattern[str]] = re.compile("日期|时间")
    written: ClassVar[str] = r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d$"

    def read(self, found: re.Match[str]) -> str:
        if not found["day"]:
            raise ValueError("a month has no time of day")
        return f"{_end(found, '')}T{_clock(found)}"

    def format(self, value: str) -> str:
        day, _, clock = value.partition("T")
        return f"{_spoken(day)}{clock}"


def _month(year: int, month: int) -> str:
    return datetime.date(year, month, 1).isoformat()[:7]


def _dated(year: int, month: int, day: str | None) -> str:
    return datetime.date(year, month, count_of(day)).isoformat() if day else _month(year, month)


def _end(found: re.Match[str], which: str) -> str:
    year, month = year_of(found[f"{which}year"]), count_of(found[f"{which}month"])
    return _dated(year, month, found[f"{which}day"])


def _clock(found: re.Match[str]) -> str:
    hour = int(found["hour"])
    minute = 30 if found["halfpast"] else int(found["minute"] or found["minutes"] or 0)
    half = found["half"]
    if hour == 12 and half in ("晚上", "晚", "凌晨"):
        raise ValueError("noon or midnight")
    if (half in _LATE and hour < 12) or (half == _NOON and hour < 3):
        hour += 12
    return datetime.time(hour, minute).isoformat("minutes")


def _spoken(value: str) -> str:
    """A month or a day as people write it."""
    year, month, *day = value.split("-")
    return f"{year}年{int(month)}月" + (f"{int(day[0])}日" if day else "")
