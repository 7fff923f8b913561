"""A kind that Sealform has not, written as a developer would add it: the plate of a motor vehicle."""

import re
from typing import Any, ClassVar, Literal

from models.errors import Unparsable
from models.fields.base import BetweenDigits, Entered, FieldBase, MadeOf, Punctuation, Widget
from models.writing import CJK, compact, excerpt, traced

_PLATE = re.compile(rf"[{CJK}][A-Z][0-9A-HJ-NP-Z]{{5,6}}(?![0-9A-Za-z])")


class PlateField(FieldBase[str]):
    """A province, the letter of a city, and five or six signs, which are neither I nor O (GA 36-2018)."""

    kind: Literal["plate"]
    called: ClassVar[str] = "车牌类"
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
        plate = compact(text).upper().replace("·", "")
        if not plate.strip("_-"):
            return None
        if not _PLATE.fullmatch(plate):
            raise Unparsable(f"“{excerpt(plate)}”不是车牌号")
        return plate

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        return [(at[found.start()], at[found.end() - 1] + 1) for found in _PLATE.finditer(regular)]

    def resembles(self, text: str) -> bool:
        return bool(re.search(r"[A-Z][0-9A-Z]{4}|车牌", compact(text)))

    def format(self, value: str) -> str:
        return value
