"""The fields that are set on the paper by hand and not written: a seal, a signature."""

import re
from collections.abc import Collection
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from models.base import Model
from models.errors import Unparsable
from models.fields.base import Entered, UnwrittenField, Widget
from models.findings import Finding
from models.writing import excerpt, key, one_line

_ABSENT = "无"
_REMARKS = {True: "（与单位名称相符）", False: "（与单位名称不符）", None: "（未与单位名称核对）"}
_SEAL = re.compile(rf"有(?:：(?P<text>.+?))?(?P<remark>{'|'.join(_REMARKS.values())})?")
_SIGNATURE = re.compile(r"有(?:：(?P<text>.+))?")


class Seal(Model):
    """An official seal: the text on its ring, and whether that is the name it should bear. `agrees` is None
    where the two were not compared."""

    present: bool
    text: str | None = None
    agrees: bool | None = None

    @model_validator(mode="after")
    def _absent_says_nothing(self) -> Self:
        if not self.present and (self.text is not None or self.agrees is not None):
            raise ValueError("an absent seal has no text and agrees with nothing")
        if (self.text is not None and one_line(self.text) != self.text) or self.text == "":
            raise ValueError("text on one line, or null")
        return self


class Signature(Model):
    """Handwriting in the place for a signature; `text` is set where it could be read."""

    present: bool
    text: str | None = None

    @model_validator(mode="after")
    def _absent_says_nothing(self) -> Self:
        if not self.present and self.text is not None:
            raise ValueError("an absent signature has no text")
        if (self.text is not None and one_line(self.text) != self.text) or self.text == "":
            raise ValueError("text on one line, or null")
        return self


class SealField(UnwrittenField[Seal]):
    """The place for an official seal. `mentions` names the field whose value the seal must bear."""

    kind: Literal["seal"]
    called: ClassVar[str] = "盖章类"
    widget: ClassVar[Widget] = "mark"
    entered: ClassVar[Entered] = "stamped"
    has_shape: ClassVar[bool] = False
    missing: ClassVar[str] = "seal-missing"
    borne_out: ClassVar[tuple[str, ...]] = ("text", "agrees")
    unweighed_word: ClassVar[str] = "印文"

    @classmethod
    def value_type(cls) -> Any:
        return Seal

    def parse(self, text: str) -> Seal | None:
        text = one_line(text)
        if text in ("", _ABSENT):
            return Seal(present=False) if text else None
        match = _SEAL.fullmatch(text)
        if not match:
            raise Unparsable(f"“{excerpt(text)}”不是印章的记法")
        agrees = next((agrees for agrees, remark in _REMARKS.items() if remark == match["remark"]), None)
        return Seal(present=True, text=match["text"], agrees=agrees)

    def format(self, value: Seal) -> str:
        if not value.present:
            return _ABSENT
        # The remark that nothing was compared is needed only where the ring's own text ends with a remark.
        silent = value.agrees is None and not (value.text or "").endswith(tuple(_REMARKS.values()))
        return f"有{'：' + value.text if value.text else ''}{'' if silent else _REMARKS[value.agrees]}"

    def unweighed(self, value: Seal, name: str | None) -> tuple[str, ...]:
        """Return the parts to leave unconfirmed. Text read from a ring is wrong too often to stand by itself,
        and `agrees` holds only for the name that it was compared with."""
        if value.text is None or _is_same(value.text, name):
            return ()
        return self.borne_out if value.agrees else ("text",)

    def shown(self, value: Seal, unweighed: Collection[str] = ()) -> str:
        if "text" not in unweighed or not value.present:
            return self.format(value)
        told = "" if value.agrees is None or "agrees" in unweighed else _REMARKS[value.agrees]
        return f"有（{self.remark(unweighed)}：{value.text}）{told}"

    def check(self, value: Seal, title: str) -> list[Finding]:
        if self.required and not value.present:
            return [Finding.of(self.missing, self.name, title=title)]
        if value.agrees is False:
            return [Finding.of("seal-disagrees", self.name, title=title, text=value.text or "（无法辨认）")]
        return []


class SignatureField(UnwrittenField[Signature]):
    """The place where a person signs by hand. `mentions` names the field with that person's name."""

    kind: Literal["signature"]
    called: ClassVar[str] = "签名类"
    widget: ClassVar[Widget] = "mark"
    entered: ClassVar[Entered] = "signed"
    has_shape: ClassVar[bool] = False
    missing: ClassVar[str] = "signature-missing"
    borne_out: ClassVar[tuple[str, ...]] = ("text",)
    unweighed_word: ClassVar[str] = "签名"

    @classmethod
    def value_type(cls) -> Any:
        return Signature

    def parse(self, text: str) -> Signature | None:
        text = one_line(text)
        if text in ("", _ABSENT):
            return Signature(present=False) if text else None
        match = _SIGNATURE.fullmatch(text)
        if not match:
            raise Unparsable(f"“{excerpt(text)}”不是签字的记法")
        return Signature(present=True, text=match["text"])

    def format(self, value: Signature) -> str:
        return f"有{'：' + value.text if value.text else ''}" if value.present else _ABSENT

    def unweighed(self, value: Signature, name: str | None) -> tuple[str, ...]:
        """Return the text read from the handwriting, unless the same name stands in print as well."""
        return () if value.text is None or _is_same(value.text, name) else self.borne_out

    def shown(self, value: Signature, unweighed: Collection[str] = ()) -> str:
        if "text" not in unweighed or not value.present:
            return self.format(value)
        return f"有（{self.remark(unweighed)}：{value.text}）"

    def check(self, value: Signature, title: str) -> list[Finding]:
        if self.required and not value.present:
            return [Finding.of(self.missing, self.name, title=title)]
        return []


def _is_same(text: str, name: str | None) -> bool:
    return name is not None and key(text) == key(name)
