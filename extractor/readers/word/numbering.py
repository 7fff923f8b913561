"""Signs that lists draw in front of paragraphs and no text holds: a box or a tick as a bullet, and the
numbers of items."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from extractor.readers.word.package import Parts, W
from extractor.readers.word.pieces import Piece, characters
from extractor.readers.word.styles import read_look
from models.page import Remark, Tick

_CHINESE = "〇一二三四五六七八九"


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("" if tens == 1 else _CHINESE[tens]) + "十"
    return head + (_CHINESE[ones] if ones or not tens else "")


def _letters(number: int) -> str:
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number else ""


_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)


def roman(number: int) -> str:
    """Return a number in small Roman letters."""
    written = ""
    for value, sign in _ROMAN:
        written += sign * (number // value)
        number %= value
    return written


# Word's number formats, each with the greatest number that is written in it here.
_FORMATS: Mapping[str, tuple[int, Callable[[int], str]]] = {
    "none": (100_000, lambda n: ""),
    "bullet": (100_000, lambda n: ""),
    "decimal": (100_000, str),
    "decimalZero": (100_000, lambda n: f"{n:02}"),
    "lowerLetter": (100, _letters),
    "upperLetter": (100, lambda n: _letters(n).upper()),
    "lowerRoman": (3999, roman),
    "upperRoman": (3999, lambda n: roman(n).upper()),
    "decimalEnclosedCircle": (20, lambda n: chr(ord("①") + n - 1) if n else ""),
    "decimalEnclosedCircleChinese": (10, lambda n: chr(ord("①") + n - 1) if n else ""),
    "chineseCounting": (99, _chinese),
    "chineseCountingThousand": (99, _chinese),
    "japaneseCounting": (99, _chinese),
}


# A bullet with a meaning; a single letter is a dot in a font of symbols.
_WORDED = re.compile(r"[0-9\u3400-\u9fff]|[^\W_]{2}")


@dataclass(frozen=True)
class _Level:
    """A level of a list, with what its items begin with."""

    mark: Tick | None
    format: str
    text: str
    start: int
    parted: bool

    @classmethod
    def read(cls, level: etree._Element) -> "_Level":
        suffix = _said(level, "suff", "tab")
        start = _said(level, "start", "0")
        return cls(
            _mark(level),
            _said(level, "numFmt", "decimal"),
            _said(level, "lvlText", ""),
            _whole(start),
            suffix != "nothing",
        )


class Bullets:
    """The bullets and numbers of the document's lists, counted as its paragraphs are read in order."""

    def __init__(self, package: Parts) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._list_of: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._styles: dict[str, tuple[etree._Element | None, str | None]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        # Signs without a meaning that were drawn before items.
        self.dots: list[str] = []
        for name in package.related(package.main, "numbering")[:1]:
            self._read(package.xml(name))
        for name in package.related(package.main, "styles")[:1]:
            for style in package.xml(name).iterfind(f"{W}style"):
                own = style.find(f"{W}pPr/{W}numPr")
                self._styles[style.get(f"{W}styleId", "")] = own, _said(style, "basedOn", "") or None

    def _read(self, root: etree._Element) -> None:
        abstract = {
            one.get(f"{W}abstractNumId", ""): {
                _index(level): _Level.read(level) for level in one.iterfind(f"{W}lvl")
            }
            for one in root.iterfind(f"{W}abstractNum")
        }
        for number in root.iterfind(f"{W}num"):
            name, of = number.get(f"{W}numId", ""), _said(number, "abstractNumId", "")
            self._list_of[name] = of
            own = {_index(level): _Level.read(level) for level in number.iterfind(f"{W}lvlOverride/{W}lvl")}
            self._levels[name] = abstract.get(of, {}) | own
            self._restarts[name] = {
                _index(one): _whole(_said(one, "startOverride", "0"))
                for one in number.iterfind(f"{W}lvlOverride")
                if one.find(f"{W}startOverride") is not None
            }

    def of(self, properties: etree._Element | None) -> list[Piece]:
        """Return what stands before a paragraph with these `w:pPr`."""
        if properties is None or not self._levels:
            return []
        number, depth = self._place(properties)
        levels = self._levels.get(number, {})
        level = levels.get(depth)
        if level is None:
            return []
        if level.mark is not None:
            return [level.mark]
        if level.format == "bullet" and not _WORDED.search(level.text):
            self.dots.append(level.text)
            return []
        text = self._counted(number, depth, levels)
        if text is None:
            return [Remark(code="list-unread", text=level.text)]
        return [Remark(code="list-number", text=text + " " * level.parted)] if text else []

    def _place(self, properties: etree._Element) -> tuple[str, int]:
        """Return the list and the level that a paragraph, or its style, belongs to; 0 stands for no list."""
        own = properties.find(f"{W}numPr")
        style: str | None = _said(properties, "pStyle", "")
        for _ in range(len(self._styles)):
            if style is None or (own is not None and own.find(f"{W}numId") is not None):
                break
            inherited, style = self._styles.get(style, (None, None))
            own = own if inherited is None else inherited
        return ("0", 0) if own is None else (_said(own, "numId", "0"), _whole(_said(own, "ilvl", "0")))

    def _counted(self, number: str, depth: int, levels: Mapping[int, _Level]) -> str | None:
        """Return the number of a list's next item at this depth, as printed; None where its format is not
        known here."""
        counts = self._counts.setdefault(self._list_of[number], {})
        restart = self._restarts[number].pop(depth, None)
        counts[depth] = (
            restart if restart is not None else counts[depth] + 1 if depth in counts else levels[depth].start
        )
        for deeper in [one for one in counts if one > depth]:
            del counts[deeper]
        shown = levels[depth].text
        for place in dict.fromkeys(re.findall(r"%([1-9])", shown)):
            other = levels.get(int(place) - 1)
            if other is None:
                return None
            count = counts.setdefault(int(place) - 1, other.start)
            most, write = _FORMATS.get(other.format, (-1, str))
            if count > most:
                return None
            shown = shown.replace(f"%{place}", write(count))
        return shown


def _said(element: etree._Element, name: str, usual: str) -> str:
    item = element.find(W + name)
    return usual if item is None else item.get(f"{W}val", usual)


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


def _index(element: etree._Element) -> int:
    return _whole(element.get(f"{W}ilvl", "0"))


def _mark(level: etree._Element) -> Tick | None:
    """Return the mark that a level's bullet shows; a numbered level and a plain dot have none."""
    kind, text = level.find(f"{W}numFmt"), level.find(f"{W}lvlText")
    if kind is None or kind.get(f"{W}val") != "bullet" or text is None:
        return None
    pieces = list(characters(text.get(f"{W}val", ""), read_look(level.find(f"{W}rPr"))))
    return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], Tick) else None
