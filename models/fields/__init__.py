"""The kinds of field. Every value is normalised, prefilled, checked and exported through its field."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import Field as Constraint

from models.fields.base import FieldBase
from models.fields.choice import ChoiceField
from models.fields.codes import (
    BankAccountField,
    CodeField,
    CreditCodeField,
    IdCardField,
    PostcodeField,
)
from models.fields.date import DateField
from models.fields.division import DivisionField
from models.fields.marks import Seal, SealField, Signature, SignatureField
from models.fields.moments import DateTimeField, MomentField, MonthField, PeriodField, TimeField
from models.fields.money import MoneyField
from models.fields.number import Amount, NumberField
from models.fields.phone import PhoneField
from models.fields.rows import RowsField
from models.fields.text import AddressField, EmailField, ProseField, TextField

Value = str | tuple[str, ...] | datetime.date | Amount | tuple[Mapping[str, Any], ...] | Seal | Signature
Field = Annotated[
    TextField
    | ProseField
    | AddressField
    | EmailField
    | PhoneField
    | CreditCodeField
    | IdCardField
    | BankAccountField
    | PostcodeField
    | DivisionField
    | MoneyField
    | ChoiceField
    | DateField
    | MonthField
    | PeriodField
    | TimeField
    | DateTimeField
    | NumberField
    | RowsField
    | SealField
    | SignatureField,
    Constraint(discriminator="kind"),
]
# All kinds by their name, in the order of the union.
KINDS: Mapping[str, type[FieldBase[Any]]] = {
    get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(Field)[0])
}

__all__ = [
    "KINDS", "AddressField", "Amount", "BankAccountField", "ChoiceField", "CodeField", "CreditCodeField",
    "DateField", "DateTimeField", "DivisionField", "EmailField", "Field", "FieldBase", "IdCardField",
    "MomentField", "MoneyField", "MonthField", "NumberField", "PeriodField", "PhoneField",
    "PostcodeField", "ProseField", "RowsField", "Seal", "SealField", "Signature", "SignatureField",
    "TextField", "TimeField", "Value",
]  # fmt: skip
