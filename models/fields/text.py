"""Fields whose value is a string as it was written: a line, an address, paragraphs, an e-mail address."""

import re
from typing import Any, ClassVar, Literal

from email_validator import EmailNotValidError, validate_email

from models.fields.base import FieldBase, Widget
from models.findings import Finding
from models.writing import compact, one_line, tidy

_SEVERAL = re.compile(r"[;,、，；/|]+")
_FILLER = re.compile(r"[_\s—\-/\\]+")


class TextField(FieldBase[str]):
    """One line; where the applicant broke it, the parts are joined."""

    kind: Literal["text"]
    widget: ClassVar[Widget] = "line"

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        line = one_line(text)
        return None if _FILLER.fullmatch(line) else line or None

    def format(self, value: str) -> str:
        return value


class AddressField(TextField):
    """A postal address, in one line."""

    kind: Literal["address"]  # type: ignore[assignment]


class ProseField(FieldBase[str]):
    """Paragraphs, kept as such."""

    kind: Literal["prose"]
    widget: ClassVar[Widget] = "area"

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        text = tidy(text)
        return None if _FILLER.fullmatch(text) else text or None

    def format(self, value: str) -> str:
        return value


class EmailField(FieldBase[str]):
    """An e-mail address, several joined by `;`. White space in it is a broken line, full width a matter of typing."""

    kind: Literal["email"]
    widget: ClassVar[Widget] = "line"

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        text = re.sub(r"(?i)mailto:", "", compact(text)).replace("。", ".")
        return ";".join(address for address in _SEVERAL.split(text) if address.strip("_-")) or None

    def format(self, value: str) -> str:
        return value

    def check(self, value: str, title: str) -> list[Finding]:
        found = []
        for address in value.split(";"):
            try:
                validate_email(address, check_deliverability=False, test_environment=True)
            except EmailNotValidError:
                found.append(Finding.of("email-invalid", self.name, title=title, reason=address))
        return found
