"""The fields of official codes. In most codes the last character follows from the others and proves them.

A code is stored without blanks and hyphens, with its letters in upper case. Text that is not such a code is
kept, so that `check` can say what is wrong with it: its length, its characters, or its check character.
"""

import datetime
import re
from abc import abstractmethod
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any, ClassVar, Literal

from models.fields.base import BetweenDigits, Entered, MadeOf, Punctuation, TextualField, Widget
from models.findings import Finding
from models.writing import compact, excerpt, traced

_FILLER = re.compile(r"[_\-/\\.。:：]*")
# GB 32100-2015, 4.3, excludes I, O, S, V and Z, because they look like 1, 0, 5, U and 2.
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# GB 11643-1999, annex A: the check characters in the order of the remainder.
_RESIDENT_CHECKS = "10X98765432"
_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
_OLDEST = datetime.date(1900, 1, 1)


class CodeField(TextualField):
    """The common base of all codes."""

    # The name of the code in a message.
    noun: ClassVar[str]
    # The number and sort of its characters, in words.
    length: ClassVar[str]
    # Its shape before its check character is checked, in upper-case text without blanks.
    shape: ClassVar[re.Pattern[str]]
    # The words that announce it.
    announced: ClassVar[re.Pattern[str]]

    widget: ClassVar[Widget] = "line"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "nothing"
    said_once: ClassVar[bool] = True
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = False

    @abstractmethod
    def fault(self, code: str) -> str | None:
        """Return in words what is wrong with a code that has the shape of its kind; None for a sound one."""

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        # Only ASCII letters become upper case, because some letters of other scripts would become two.
        # Without its hyphen a letter may join the accent behind it.
        code = compact(compact(text).replace("-", "")).translate(_UPPER)
        return None if _FILLER.fullmatch(code) else code

    def format(self, value: str) -> str:
        return value

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        # A blank separates a code from its neighbour, or groups of one code (6222 0200 1234 5678 903).
        apart = self._found(regular, range(len(regular)))
        together = [n for n, char in enumerate(regular) if char not in " -"]
        return [(at[start], at[end] + 1) for start, end in apart or self._found(regular, together)]

    def _found(self, text: str, places: Sequence[int]) -> list[tuple[int, int]]:
        """Return the first and the last place of each sound code in the characters of `text` at `places`."""
        signs = "".join(text[n].translate(_UPPER) for n in places)
        return [
            (places[found.start()], places[found.end() - 1])
            for found in self.shape.finditer(signs)
            if self.fault(found[0]) is None
        ]

    def resembles(self, text: str) -> bool:
        bare = compact(text)
        return bool(self.announced.search(bare) or re.search(r"[0-9A-Za-z]{6}", bare))

    def check(self, value: str, title: str) -> list[Finding]:
        why = self.fault(value) if self.shape.fullmatch(value) else f"应为 {self.length}"
        if why is None:
            return []
        return [
            Finding.of(
                "code-invalid", self.name, title=title, number=excerpt(value), noun=self.noun, reason=why
            )
        ]


class CreditCodeField(CodeField):
    """A unified social credit code: 18 characters, the last one in the manner of ISO 7064, MOD 31-3
    (GB 32100-2015)."""

    kind: Literal["credit-code"]
    called: ClassVar[str] = "信用代码类"
    noun: ClassVar[str] = "信用代码"
    shape: ClassVar[re.Pattern[str]] = re.compile(rf"(?<![0-9A-Z])[{_CREDIT_SIGNS}]{{18}}(?![0-9A-Z])")
    announced: ClassVar[re.Pattern[str]] = re.compile("信用代码|机构代码|税号|识别号")
    length: ClassVar[str] = "18 位数字或大写字母（不含 I、O、S、V、Z）"
    passes: ClassVar[float] = 1 / 31

    def fault(self, code: str) -> str | None:
        total = sum(_CREDIT_SIGNS.index(sign) * pow(3, at, 31) for at, sign in enumerate(code[:-1]))
        return None if _CREDIT_SIGNS[-total % 31] == code[-1] else "校验码不符"


class IdCardField(CodeField):
    """A resident identity number: 18 characters with a date of birth inside, the last one by ISO 7064
    MOD 11-2 (GB 11643-1999)."""

    kind: Literal["id-card"]
    called: ClassVar[str] = "证件号类"
    noun: ClassVar[str] = "公民身份号码"
    private: ClassVar[bool | None] = True
    shape: ClassVar[re.Pattern[str]] = re.compile(r"(?<![0-9A-Z])[1-9][0-9]{16}[0-9X](?![0-9A-Z])")
    announced: ClassVar[re.Pattern[str]] = re.compile("身份证|身份号码|证件号")
    length: ClassVar[str] = "18 位数字，末位可为 X"
    passes: ClassVar[float] = 1 / 11

    def fault(self, code: str) -> str | None:
        total = sum(int(digit) * pow(2, 17 - at, 11) for at, digit in enumerate(code[:-1]))
        if _RESIDENT_CHECKS[total % 11] != code[-1]:
            return "校验码不符"
        try:
            born = datetime.date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
        except ValueError:
            return "其中的出生日期不存在"
        return None if born >= _OLDEST else "其中的出生日期过早"


class BankAccountField(CodeField):
    """The number of a bank account or a bank card. A card's number has 16 or 19 digits, begins with 62 and
    ends in the digit of Luhn's formula (ISO/IEC 7812-1, annex B). Accounts of firms have no common check
    digit, so that only their length can be wrong."""

    kind: Literal["bank-account"]
    called: ClassVar[str] = "账号类"
    noun: ClassVar[str] = "银行账号"
    private: ClassVar[bool | None] = True
    shape: ClassVar[re.Pattern[str]] = re.compile(r"(?<![0-9A-Z])[0-9]{9,30}(?![0-9A-Z])")
    announced: ClassVar[re.Pattern[str]] = re.compile("账号|帐号|账户|帐户|卡号")
    length: ClassVar[str] = "9 至 30 位数字"
    made_of: ClassVar[MadeOf] = "digits"

    def fault(self, code: str) -> str | None:
        is_card = len(code) in (16, 19) and code.startswith("62")
        return "卡号的校验位不符" if is_card and _luhn(code) else None


class PostcodeField(CodeField):
    """A postcode of China: six digits. None begins with 00. With 9 begin only 999077 to 999079, of Hong Kong,
    Macao and Taiwan."""

    kind: Literal["postcode"]
    called: ClassVar[str] = "邮编类"
    noun: ClassVar[str] = "邮政编码"
    shape: ClassVar[re.Pattern[str]] = re.compile(r"(?<![0-9A-Z])[0-9]{6}(?![0-9A-Z])")
    announced: ClassVar[re.Pattern[str]] = re.compile("邮编|邮政编码")
    length: ClassVar[str] = "6 位数字"
    made_of: ClassVar[MadeOf] = "digits"
    tells_apart: ClassVar[bool] = False

    def fault(self, code: str) -> str | None:
        is_none = code.startswith("00") or (code[0] == "9" and not code.startswith("99907"))
        return "没有这样的邮编" if is_none else None


def _luhn(digits: str) -> int:
    """Return the remainder of Luhn's sum; 0 where the last digit is right."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10
