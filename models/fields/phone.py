"""The field of telephone numbers in their national form: 027-85807053, 13800000000, 027-85807053转801.

Several numbers are joined by `;`.
"""

import re
from typing import Any, ClassVar, Literal

from models.fields.base import BetweenDigits, Entered, MadeOf, Punctuation, TextualField, Widget
from models.findings import Finding
from models.writing import compact, excerpt, traced

_EXTENSION = r"(?:转|转?分机号?|#|ext\.?|x) ?[:.]? ?"
_EXTENSION_DIGITS = r"\d{1,6}(?!\d)"
# One or two digits behind a hyphen may also be the end of the next number in a block.
_HYPHEN_EXTENSION = r"- ?(?P<hyphen_ext>\d{3,6})(?!\d)"
# A blank or a line break may stand between any two digits of a number. It may not stand inside an extension,
# which has no fixed length and would swallow the next number.
_D = r"(?:\d ?)"
_MOBILE = rf"(?P<mobile>1 ?[3-9] ?\d ?-?{_D}{{4}}-?{_D}{{3}}\d)"
# 800 numbers are left out: hardly any remains, and 8001234567 is rather a mobile number without its 1.
_SERVICE = rf"\(?(?P<service>400)\)? ?-?(?P<digits>{_D}-?{_D}{{2}}-?{_D}-?{_D}{{2}}\d)"
# Behind the country code, the 0 of the area code is left out or set in brackets.
_AREA = r"\(?(?(country)(?:\(?0\)?)? ?|0 ?)(?P<area>1 ?0|2 ?\d|[3-9] ?\d ?\d)\)? ?-? ?"
_LOCAL = rf"(?P<local>[2-9] ?{_D}{{2,3}}-?{_D}{{3}}\d)"
_NUMBER = re.compile(
    r"(?<!\d)(?P<country>(?:\+|00)86|\(\+?86\)|\+\(86\))?(?(country)-?) ?"
    rf"(?:{_MOBILE}(?!\d)(?: ?{_EXTENSION}(?P<mobile_ext>{_EXTENSION_DIGITS}))?"
    rf"|(?:{_SERVICE}|(?:{_AREA})?{_LOCAL})(?!\d)(?: "
    rf"?(?:{_HYPHEN_EXTENSION}|{_EXTENSION}(?P<word_ext>{_EXTENSION_DIGITS})))?)",
    re.IGNORECASE | re.ASCII,
)
_DIALABLE = re.compile(
    r"(?:1[3-9]\d{9}|400-\d{3}-\d{4}|(?:0(?:10|2\d|[3-9]\d\d)-)?[2-9]\d{6,7})(?:转\d{1,6})?", re.ASCII
)
_BETWEEN = re.compile(r"[;,、，；/|&和或及①-⑳]+")
_TRACES = re.compile(r"\d(?:[ \-]?\d){4,}|电话|手机|座机|号码|tel|mobile|phone", re.IGNORECASE)
_WORDS = re.compile(
    r"(?:办公|固定|移动|联系|单位|座|手)?(?:电话|手机|座机|号码|(?<!分)机)(?:号码|号)?[::]?|(?i:tel|mobile|phone)[.:]*"
)


class PhoneField(TextualField):
    """Numbers as a Chinese caller would dial them."""

    kind: Literal["phone"]
    called: ClassVar[str] = "电话类"
    widget: ClassVar[Widget] = "line"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "digits"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "nothing"
    said_once: ClassVar[bool] = True
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = False

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        """Find numbers by their shape, so that separators and line breaks do not matter. Text without the
        shape of a number is kept as written, for `check` to report."""
        numbers: list[str] = []
        for piece in _BETWEEN.split(_WORDS.sub(";", compact(text, blank=" "))):
            end = 0
            for match in _NUMBER.finditer(piece):
                numbers += _leftover(piece[end : match.start()])
                numbers.append(_national(match))
                end = match.end()
            numbers += _leftover(piece[end:])
        return ";".join(numbers) or None

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        numbers = [match for match in _NUMBER.finditer(regular) if _is_dialable(_national(match))]
        # The match includes a blank before the number.
        return [(at[match.end() - len(match[0].lstrip())], at[match.end() - 1] + 1) for match in numbers]

    def resembles(self, text: str) -> bool:
        return bool(_TRACES.search(compact(text, blank=" ")))

    def format(self, value: str) -> str:
        return value

    def check(self, value: str, title: str) -> list[Finding]:
        wrong = [number for number in value.split(";") if not _is_dialable(number)]
        return [
            Finding.of("phone-invalid", self.name, title=title, number=excerpt(number)) for number in wrong
        ]


def _leftover(text: str) -> list[str]:
    text = text.strip(" ()-:._。")
    return [text] if text else []


def _national(match: re.Match[str]) -> str:
    part = {name: text and text.replace(" ", "") for name, text in match.groupdict().items()}
    if part["mobile"]:
        number = part["mobile"].replace("-", "")
    elif part["service"]:
        digits = part["digits"].replace("-", "")
        number = f"{part['service']}-{digits[:3]}-{digits[3:]}"
    else:
        local = part["local"].replace("-", "")
        number = f"0{part['area']}-{local}" if part["area"] else local
    extension = part["mobile_ext"] or part["hyphen_ext"] or part["word_ext"]
    return f"{number}转{extension}" if extension else number


def _is_dialable(number: str) -> bool:
    """Tell whether China's numbering plan has such a number. A number without an area code is judged by its
    length."""
    import phonenumbers  # costs 60 ms, and most batches of other kinds never need it

    if not _DIALABLE.fullmatch(number):
        return False
    number = number.partition("转")[0]
    if re.fullmatch(r"[2-9]\d{6,7}", number):
        return True
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, "CN"))
    except phonenumbers.NumberParseException:
        # A number that begins with a carrier's prefix (17900, 12593) is too short without it.
        return False
