"""A kind that Sealform has not, written as a developer would add it: the code under which a Chinese
organisation is registered."""

import re
from typing import Any, ClassVar, Literal

from models.errors import Unparsable
from models.fields.base import BetweenDigits, Entered, FieldBase, MadeOf, Punctuation, Widget
from models.writing import compact, excerpt, traced

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE = re.compile(rf"(?<![0-9A-Za-z])[{_SIGNS}]{{18}}(?![0-9A-Za-z])")


class CreditCodeField(FieldBase[str]):
    """A code of 18 signs, the last of which follows from the others (GB 32100-2015)."""

    kind: Literal["credit_code"]
    called: ClassVar[str] = "代码类"
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

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        code = compact(text).upper()
        if not code.strip("_-"):
            return None
        if not _CODE.fullmatch(code) or not _is_sound(code):
            raise Unparsable(f"“{excerpt(code)}”不是统一社会信用代码")
        return code

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        return [(at[found.start()], at[found.end() - 1] + 1) for found in _CODE.finditer(regular)]

    def resembles(self, text: str) -> bool:
        return bool(re.search(r"[0-9A-Za-z]{8}|代码", compact(text)))

    def format(self, value: str) -> str:
        return value


def _is_sound(code: str) -> bool:
    total = sum(_SIGNS.index(sign) * pow(3, at, 31) for at, sign in enumerate(code[:-1]))
    return _SIGNS[-total % 31] == code[-1]
