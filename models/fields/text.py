"""The fields whose value is a string as written: a line, an address, paragraphs, an e-mail address."""

import re
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Literal

from models.fields.base import BetweenDigits, Entered, MadeOf, Punctuation, TextualField, Widget
from models.findings import Finding
from models.mail_hosts import whole_host
from models.writing import compact, excerpt, one_line, tidy, traced

_SEVERAL = re.compile(r"[;,、，；/|]+")
_LONGEST = 254
_SHAPE = re.compile(r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]+@[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?")
_TRACES = re.compile(r"@|邮箱|邮件|信箱|mail|\.(?:com|cn|net|org)\b", re.IGNORECASE)
_FILLER = re.compile(r"[_\s—\-/\\]+")


class TextField(TextualField):
    """One line. Where the applicant broke the line, the parts are joined."""

    kind: Literal["text"]
    called: ClassVar[str] = "文字类"
    widget: ClassVar[Widget] = "line"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = False
    made_of: ClassVar[MadeOf] = "words"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "kept"
    between_digits: ClassVar[BetweenDigits] = "value"
    said_once: ClassVar[bool] = True
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = True

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        line = one_line(text)
        return None if _FILLER.fullmatch(line) else line or None

    def format(self, value: str) -> str:
        return value


class AddressField(TextField):
    """A postal address on one line."""

    kind: Literal["address"]  # type: ignore[assignment]
    called: ClassVar[str] = "地址类"
    may_name: ClassVar[bool] = False


class ProseField(TextualField):
    """Paragraphs; line breaks are kept."""

    kind: Literal["prose"]
    called: ClassVar[str] = "长文类"
    widget: ClassVar[Widget] = "area"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = False
    made_of: ClassVar[MadeOf] = "words"
    is_long: ClassVar[bool] = True
    punctuation: ClassVar[Punctuation] = "kept"
    between_digits: ClassVar[BetweenDigits] = "value"
    said_once: ClassVar[bool] = False
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = False

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        text = tidy(text)
        return None if _FILLER.fullmatch(text) else text or None

    def format(self, value: str) -> str:
        return value


class EmailField(TextualField):
    """An e-mail address; several are joined by `;`. Full-width characters are made half-width."""

    kind: Literal["email"]
    called: ClassVar[str] = "邮箱类"
    widget: ClassVar[Widget] = "line"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "e-mail"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "tells"
    between_digits: ClassVar[BetweenDigits] = "nothing"
    said_once: ClassVar[bool] = True
    tells_apart: ClassVar[bool] = True
    may_name: ClassVar[bool] = False

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        found: list[str] = []
        for piece in _SEVERAL.split(compact(text, blank=" ").replace("。", ".")):
            for part in piece.split(">"):
                # 张三 <a@b.cn>: the text before the bracket is a name, unless it is an address as well.
                head, bracket, inside = part.partition("<")
                found += _addresses(head) if not bracket or "@" in head else []
                found += _addresses(inside.replace("<", " "))
        return ";".join(dict.fromkeys(found)) or None

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        return [
            (at[match.start()], at[match.end() - 1] + 1)
            for match in _SHAPE.finditer(regular)
            if _is_valid(match[0])
        ]

    def resembles(self, text: str) -> bool:
        return bool(_TRACES.search(compact(text)))

    def format(self, value: str) -> str:
        return value

    def check(self, value: str, title: str) -> list[Finding]:
        found: list[Finding] = []
        for address in value.split(";"):
            whole = whole_host(address.rpartition("@")[2].lower())
            if not _is_valid(address):
                found.append(Finding.of("email-invalid", self.name, title=title, reason=excerpt(address)))
            elif whole:
                text = excerpt(address)
                found.append(Finding.of("email-cut", self.name, title=title, text=text, whole=whole))
        return found


def _addresses(text: str) -> list[str]:
    """Return the words of `text`, joined where a line was surely broken inside an address."""
    words = _without_label(text).split()
    joined: list[str] = []
    for before, word in pairwise(["", *words]):
        # Who sets letters apart sets all of them apart.
        is_spaced = len(before) == len(word) == 1
        if joined and (_is_broken(joined[-1], word) or is_spaced):
            joined[-1] += word
        else:
            joined.append(word)
    stripped = (_without_label(word).lstrip("([\"'").rstrip("._-)]\"'") for word in joined)
    return [word for word in stripped if word]


def _without_label(text: str) -> str:
    """Return `text` behind its last colon, which no address holds: 邮箱：a@b.cn, mailto:a@b.cn."""
    label, _, after = text.rpartition(":")
    return text if "@" in label else after


def _is_broken(before: str, after: str) -> bool:
    """Tell whether an address surely goes on after a blank. Nobody can tell where its first half is whole by
    itself (`a@b.cn`) or the second half is (`zhang` `san@b.cn`); `check` then reports the odd word."""
    if len(before) > _LONGEST or not after.isascii():
        return False
    host = before.partition("@")[2]
    if before[-1] in "@-_" or after[0] in "@.-_" or (host and before[-1] == "."):
        return True
    # Neither a host without an ending is whole, nor an ending of one letter (`san@b.c` `n`).
    return bool(host) and ("." not in host or host[-2] == ".") and "@" not in after


def _is_valid(address: str) -> bool:
    # An address in other letters is allowed in principle, but here it is a remark that ran into the address.
    if len(address) > _LONGEST or not re.fullmatch(r"[\x21-\x7e]+\.[A-Za-z]{2,}", address):
        return False
    from email_validator import EmailNotValidError, validate_email  # costs 20 ms, as the endings below do 10

    try:
        host = validate_email(address, check_deliverability=False, test_environment=True, strict=True).domain
    except EmailNotValidError:
        return False
    # A lost dot (whu.educn) leaves an ending that nobody has registered.
    return bool(_endings().privatesuffix(host))


@cache
def _endings() -> Any:
    from publicsuffixlist import PublicSuffixList  # most forms of other kinds never need it

    # Hosts are asked for in the letters in which the list has them. To encode each ending in ASCII, too,
    # would cost twice as much as all else.
    return PublicSuffixList(accept_unknown=False, only_icann=True, accept_encoded_idn=False)
