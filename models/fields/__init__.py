"""The kinds of field. Every value is normalised, prefilled, checked and exported through its field."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any

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
    | NumberField
    | RowsField
    | SealField
    | SignatureField,
    Constraint(discriminator="kind"),
]

__all__ = [
    "AddressField", "Amount", "BankAccountField", "ChoiceField", "CodeField", "CreditCodeField",
    "DateField", "DivisionField", "EmailField", "Field", "FieldBase", "IdCardField", "MoneyField",
    "NumberField", "PhoneField", "PostcodeField", "ProseField", "RowsField", "Seal", "SealField",
    "Signature", "SignatureField", "TextField", "Value",
]  # fmt: skip
