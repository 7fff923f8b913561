"""The field of an amount with its unit."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, PlainSerializer, ValidationError

from models.base import Model
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
from models.writing import CJK, compact, excerpt, traced

_DIGITS = 24


def _plain(amount: Decimal) -> Decimal:
    """Drop the exponent and needless zeros: 1E+2 is 100, 12.50 is 12.5, -0 is 0."""
    # Beyond these bounds decimal arithmetic rounds, and writing the exponent out may take any amount of
    # memory.
    if amount and not (-_DIGITS <= amount.adjusted() < _DIGITS and len(amount.as_tuple().digits) <= _DIGITS):
        raise ValueError(f"应为不超过 {_DIGITS} 位的数字")
    amount = amount.normalize() + 0
    return amount.quantize(Decimal(1)) if amount.as_tuple().exponent > 0 else amount  # type: ignore[operator]


class Amount(Model):
    """`amount` of `unit`. The unit is as written, or the form's own where the applicant wrote none."""

    amount: Annotated[Decimal, AfterValidator(_plain), PlainSerializer(lambda d: f"{d:f}", return_type=str)]
    unit: str


# A comma groups thousands, so that 0,125 is no number. A blank between digits may separate two numbers.
_AMOUNT = re.compile(
    r"(?:(?:约|共|计|人民币|¥) ?)*(?P<amount>[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?) "
    r"?(?P<unit>.*)",
    re.DOTALL,
)
# No unit begins with a character that may be one more digit (1O, 12l, 3十), or holds digits or a second sign.
_UNIT = re.compile(rf"(?![OoIl|〇○零一二三四五六七八九十点])[A-Za-zµμΩ%‰°{CJK}][^\d,;:?!~+=\-]{{0,29}}")
_NOTHING = re.compile(r"[\s_\-/\\:。]*")


class NumberField(FieldBase[Amount]):
    """A decimal number. `unit` is the unit that the form prints behind it, "" where it prints none: then any
    unit may be written. A number that is not `whole` may have a fraction."""

    kind: Literal["number"]
    unit: str = ""
    whole: bool = False
    called: ClassVar[str] = "数字类"
    widget: ClassVar[Widget] = "number"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "value"
    said_once: ClassVar[bool] = False
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = False
    sheet_format: ClassVar[str] = "General"

    @classmethod
    def value_type(cls) -> Any:
        return Amount

    def parse(self, text: str) -> Amount | None:
        line = compact(text, blank=" ").strip(" _:。")
        if _NOTHING.fullmatch(line) or line.strip("() ") == compact(self.unit, blank=" "):
            return None
        match = _AMOUNT.fullmatch(line)
        # A long dash before digits may be a filler as well as a minus.
        if not match or re.search("[—―]", text):
            raise Unparsable(f"“{excerpt(line)}”不是数字")
        try:
            return Amount(amount=Decimal(match["amount"].replace(",", "")), unit=self._unit(match["unit"]))
        except ValidationError:
            raise Unparsable(f"“{excerpt(line)}”的数字过长") from None

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return the numbers with the unit that the form prints. Other numbers may be anything."""
        if not self.unit:
            return []
        regular, at = traced(text)
        shape = rf"(?<![\d.,+\-])[+-]?\d[\d,]*(?:\.\d+)? ?{re.escape(compact(self.unit, blank=' '))}"
        return [(at[match.start()], at[match.end() - 1] + 1) for match in re.finditer(shape, regular)]

    def resembles(self, text: str) -> bool:
        regular = compact(text)
        return bool(self.unit and compact(self.unit) in regular) or any(char.isdigit() for char in regular)

    def _unit(self, written: str) -> str:
        """Return the unit as written, without brackets; the form's own where none or the same is written."""
        unit, written = compact(self.unit), compact(written).strip("_")
        if written.startswith("(") and written.endswith(")"):
            written = written[1:-1]
        # The form's own unit may still stand behind the typed one (亿元万元); 公斤 for 斤 is not such a case.
        rest = written.removesuffix(unit)
        if unit and rest != written and rest.endswith(unit[-1]):
            written = rest
        if not written or unicodedata.normalize("NFKC", written) == unicodedata.normalize("NFKC", unit):
            return self.unit
        if not _UNIT.fullmatch(written):
            raise Unparsable(f"“{excerpt(written)}”不是数字后的单位")
        return written

    def format(self, value: Amount) -> str:
        return f"{value.amount:f}{value.unit}"

    def check(self, value: Amount, title: str) -> list[Finding]:
        found = []
        if self.unit and value.unit != self.unit:
            found.append(
                Finding.of("number-unit", self.name, title=title, unit=value.unit, expected=self.unit)
            )
        if self.whole and value.amount % 1:
            told = f"{value.amount:f}"
            found.append(Finding.of("number-fraction", self.name, title=title, number=told))
        if value.amount < 0:
            found.append(Finding.of("number-negative", self.name, title=title))
        return found

    def sheet_value(self, value: Amount | None) -> SheetValue:
        if value is None:
            return None
        return value.amount if value.unit == self.unit else self.format(value)
