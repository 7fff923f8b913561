"""An amount with its unit."""

import re
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, PlainSerializer

from models.base import Model
from models.errors import Unparsable
from models.fields.base import FieldBase, SheetValue, Widget, Words
from models.findings import Finding
from models.writing import compact, key


def _plain(amount: Decimal) -> Decimal:
    """Without an exponent, and without zeros that say nothing: 1E+2 is 100, 12.50 is 12.5."""
    amount = amount.normalize()
    return amount.quantize(Decimal(1)) if amount.as_tuple().exponent > 0 else amount  # type: ignore[operator]


class Amount(Model):
    """`amount` of `unit`; the unit is as written, or the form's where the applicant wrote none."""

    amount: Annotated[Decimal, AfterValidator(_plain), PlainSerializer(lambda d: f"{d:f}", return_type=str)]
    unit: str


_AMOUNT = re.compile(r"(?:约|共|计|人民币|¥|￥)*(?P<amount>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?P<unit>\D*)")


class NumberField(FieldBase[Amount]):
    """A decimal number; `unit` is what the form prints behind it."""

    kind: Literal["number"]
    unit: Words
    widget: ClassVar[Widget] = "number"
    sheet_format: ClassVar[str] = "General"

    @classmethod
    def value_type(cls) -> Any:
        return Amount

    def parse(self, text: str) -> Amount | None:
        text = compact(text).replace("，", ",").strip("_:：()。")
        unit = compact(self.unit)
        if not text or text == unit:
            return None
        match = _AMOUNT.fullmatch(text)
        if not match or len(match["amount"]) > 24:
            raise Unparsable(f"“{text}”不是数字")
        written = match["unit"].strip("()_")
        # The form's own unit may still stand behind the one that was typed.
        written = written.removesuffix(unit) if written != unit else written
        return Amount(
            amount=Decimal(match["amount"].replace(",", "")),
            unit=written if written and key(written) != key(self.unit) else self.unit,
        )

    def format(self, value: Amount) -> str:
        return f"{value.amount:f}{value.unit}"

    def check(self, value: Amount, title: str) -> list[Finding]:
        found = []
        if value.unit != self.unit:
            found.append(Finding.of("number-unit", self.name, title=title, unit=value.unit, expected=self.unit))
        if value.amount < 0:
            found.append(Finding.of("number-negative", self.name, title=title))
        return found

    def sheet_value(self, value: Amount | None) -> SheetValue:
        if value is None:
            return None
        return value.amount if value.unit == self.unit else self.format(value)
