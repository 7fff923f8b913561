"""The field of an administrative division of China, by the table of codes and names that ships with the
program (`divisions.txt`).

A value is the full name, 湖北省武汉市江岸区. It may be given with or without what it lies in, by its code
(420102), or by both. Text that names no division, or several, is kept, so that `check` can say why.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Literal, NamedTuple

from models.fields.base import BetweenDigits, Entered, FieldBase, MadeOf, Punctuation, Widget
from models.findings import Finding
from models.writing import CJK, compact, excerpt, traced

_FILLER = re.compile(r"[_\-/\\.。:：]*")
_CODE = re.compile(r"\(?(?<![0-9])([0-9]{6})(?![0-9])\)?")
_APART = re.compile(r"[\-/\\.·,，、:：>]+")
_NAMES = re.compile(rf"[{CJK}]{{2,40}}")
_LONGEST = 60
# By what a province or a city is left out of its name in common speech.
_ENDING = re.compile(r"省|市|地区|盟|(?:[壮回]族|维吾尔)?自治区|特别行政区|(?:[^族]{1,4}族)+自治州")


class Division(NamedTuple):
    """A division: its code, its own name, and the names of those that it lies in, the largest first."""

    code: str
    name: str
    inside: tuple[str, ...]

    @property
    def whole(self) -> str:
        """Its full name."""
        return "".join((*self.inside, self.name))


class DivisionField(FieldBase[str]):
    """A province, a city or a county."""

    kind: Literal["division"]
    called: ClassVar[str] = "行政区划类"
    widget: ClassVar[Widget] = "line"
    entered: ClassVar[Entered] = "written"
    has_shape: ClassVar[bool] = True
    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "nothing"
    said_once: ClassVar[bool] = True
    tells_apart: ClassVar[bool] = False
    may_name: ClassVar[bool] = False
    # Of the names with one character misread, one in ten thousand is another's; of codes it is one in two.
    passes: ClassVar[float] = 0.1

    @classmethod
    def value_type(cls) -> Any:
        return str

    def parse(self, text: str) -> str | None:
        line = compact(text)
        if _FILLER.fullmatch(line):
            return None
        meant = _meant(line)
        return meant[0].whole if len(meant) == 1 else line

    def format(self, value: str) -> str:
        return value

    def find(self, text: str) -> list[tuple[int, int]]:
        regular, at = traced(text)
        return [
            (at[found.start()], at[found.end() - 1] + 1)
            for found in _NAMES.finditer(regular)
            if len(_meant(found[0])) == 1
        ]

    def resembles(self, text: str) -> bool:
        return bool(re.search("[省市区县旗州盟]", compact(text)) or _CODE.search(compact(text)))

    def check(self, value: str, title: str) -> list[Finding]:
        meant = _meant(value)
        if len(meant) == 1:
            return []
        told = "、".join(one.whole for one in meant[:3])
        reason = f"有 {len(meant)} 处同名（{told}）" if meant else "没有这个名称，或名称与代码不符"
        return [Finding.of("division-unknown", self.name, title=title, name=excerpt(value), reason=reason)]


@cache
def divisions() -> tuple[Division, ...]:
    """All divisions of the table."""
    text = (files("models") / "fields" / "divisions.txt").read_text("utf-8")
    names = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    made = []
    for code, name in names.items():
        above = (code[:length] for length in (2, 4) if length < len(code))
        made.append(Division(code.ljust(6, "0"), name, tuple(names[one] for one in above if one in names)))
    return tuple(made)


@cache
def _by_name() -> dict[str, list[Division]]:
    found: dict[str, list[Division]] = {}
    for one in divisions():
        found.setdefault(one.name, []).append(one)
    return found


@cache
def _by_code() -> dict[str, Division]:
    return {one.code: one for one in divisions()}


def _meant(line: str) -> list[Division]:
    """The divisions that `line` may mean."""
    if len(line) > _LONGEST:
        return []
    codes = _CODE.findall(line)
    words = _APART.sub("", _CODE.sub("", line))
    coded = [_by_code()[code] for code in codes if code in _by_code()]
    if len(codes) > 1 or (codes and not coded):
        return []
    if not words:
        return coded
    named = [
        one
        for start in range(len(words))
        for one in _by_name().get(words[start:], ())
        if _lies_in(one, words[:start])
    ]
    # Who writes all of it means that one, whatever else the words may be short for.
    whole = [one for one in named if one.whole == words]
    named = whole or named
    return [one for one in named if one in coded] if coded else named


def _lies_in(one: Division, before: str) -> bool:
    """Whether `before` names what a division lies in: some of it or all, in short or in full."""
    if not before:
        return True
    for number, name in enumerate(one.inside):
        rest = one._replace(inside=one.inside[number + 1 :])
        for said in _called(name):
            if before.startswith(said) and _lies_in(rest, before[len(said) :]):
                return True
    return False


@cache
def _called(name: str) -> tuple[str, ...]:
    """What people call a province or a city: by its name, or without what it is."""
    short = (name[:length] for length in range(2, len(name)) if _ENDING.fullmatch(name[length:]))
    return (name, *short)
