"""The identity that we write into a form, so that any file format lets us recognise it when it comes back."""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field as Constraint
from pydantic import ValidationError, model_validator

from models.base import Model

XML_NAMESPACE = "urn:sealform:identity:1"
_PREFIX = "sealform"
_QR = re.compile(
    r"SF1/(?P<form>[a-z][a-z0-9-]*)/(?P<version>[0-9A-Za-z.\-]+)/"
    r"(?P<instance>[0-9A-Z]+)(?:/(?P<page>[0-9]{1,6}))?"
)
_TAG = re.compile(
    rf"{_PREFIX}:(?P<field>[a-z][a-z0-9_]*)(?:/(?P<option>[0-9]{{1,6}}))?"
    r"(?:\[(?P<row>[0-9]{1,6})\]\.(?P<column>[a-z][a-z0-9_]*))?"
)
# Crockford's base 32 has no I, L, O or U, so that an instance number can be read over the telephone.
INSTANCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FormName = Annotated[str, Constraint(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
Version = Annotated[str, Constraint(pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]{0,19}$")]


class Identity(Model):
    """The form and its version, and the instance number of one copy."""

    form: FormName
    version: Version
    instance: Annotated[str, Constraint(pattern=rf"^[{INSTANCE_ALPHABET}]{{1,20}}$")]

    def qr_payload(self, page: int | None = None) -> str:
        """Return the text that the QR code holds."""
        return f"SF1/{self.form}/{self.version}/{self.instance}" + (f"/{page}" if page is not None else "")

    def to_xml(self, notice: str = "") -> str:
        """Return the custom XML part of our documents: one element with the identity in its attributes, and
        with the number of the notice of correction that the form goes with, where there is one."""
        from xml.sax.saxutils import quoteattr  # loads a client for HTTP, which reading has no use for

        # Only the notice needs escaping: the definition and INSTANCE_ALPHABET restrict the other characters.
        told = f" notice={quoteattr(notice)}" if notice else ""
        return (
            f'<form xmlns="{XML_NAMESPACE}" name="{self.form}" '
            f'version="{self.version}" instance="{self.instance}"{told}/>'
        )

    @classmethod
    def from_xml(cls, tag: str, attributes: Mapping[str, str]) -> Self | None:
        """Return the identity in a parsed root element (`tag` in Clark notation); None if it is not ours."""
        if tag != f"{{{XML_NAMESPACE}}}form":
            return None
        return cls._read(
            {
                "form": attributes.get("name"),
                "version": attributes.get("version"),
                "instance": attributes.get("instance"),
            }
        )

    @classmethod
    def from_qr(cls, payload: str) -> tuple[Self, int | None] | None:
        """Return the identity and the page number in a QR code; None where the code is not ours."""
        match = _QR.fullmatch(payload)
        identity = match and cls._read({name: match[name] for name in ("form", "version", "instance")})
        if not match or not identity:
            return None
        return identity, int(match["page"]) if match["page"] else None

    @classmethod
    def _read(cls, parts: Mapping[str, str | None]) -> Self | None:
        """Return the identity of `parts`; None where they can't be one, because a file may be forged."""
        try:
            return cls.model_validate(parts)
        except ValidationError:
            return None


class Tag(Model):
    """The name of a content control or form widget. It names a field, one of its options, or a table cell."""

    field: str
    option: int | None = Constraint(default=None, ge=0)
    row: int | None = Constraint(default=None, ge=0)
    column: str | None = None

    @model_validator(mode="after")
    def _row_and_column_go_together(self) -> Self:
        if (self.row is None) != (self.column is None):
            raise ValueError("a row and a column, or neither")
        return self

    def __str__(self) -> str:
        option = f"/{self.option}" if self.option is not None else ""
        entry = f"[{self.row}].{self.column}" if self.row is not None else ""
        return f"{_PREFIX}:{self.field}{option}{entry}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Parse the output of `str`; return None where the tag is not ours."""
        match = _TAG.fullmatch(text)
        if not match:
            return None
        number = {k: int(match[k]) if match[k] else None for k in ("option", "row")}
        return cls(field=match["field"], column=match["column"], option=number["option"], row=number["row"])
