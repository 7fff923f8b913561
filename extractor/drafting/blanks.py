"""Blanks that a form draws among its words: beside an option, and in a sentence (pure)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.page import Line, Run, Tick
from models.writing import CJK, key, one_line

_LINE = r"[_＿]"
_OPEN = r"[\s_＿]+"
# Blanks for a day, a month, or from when to when, are one place.
_DAY = rf"{_OPEN}年{_OPEN}月(?:{_OPEN}日)?"
_HOUR = rf"{_OPEN}[时点](?:{_OPEN}分)?"
_BLANK = re.compile(
    rf"{_DAY}(?:\s*起?\s*[至到—–~-]+{_DAY}|(?<=日){_HOUR})?|{_LINE}{{2,}}(?:\s*{_LINE}{{2,}})*"
)
_OTHER = re.compile(r"(其[他它])\s*[:：]\s*")
_ENDED = re.compile(r"([^，,：:（(]+)([，,][^，,：:]{1,8}[:：]|[（(]请?(?:注明|说明|填写)[)）])\s*[:：]?")
# The option, and what is printed between it and its blank.
_HEAD = re.compile(r"(?P<option>[^，,：:（(]+?)\s*(?P<words>[，,：:（(].*)?", re.DOTALL)
_UNIT_BEHIND = re.compile(rf"\s*([{CJK}A-Za-z%％㎡]{{1,4}}(?:/[{CJK}A-Za-z]{{1,4}})?)(?![{CJK}A-Za-z/])")
# What a blank of an address or of a class is called by, right behind it: ____省____市____县（区）.
PLACE_BEHIND = re.compile(
    r"\s*((?:省|市|县|区|州|盟|旗|乡|镇|村|街道|社区|居委会|学院|系|年级|班)(?:[（(][省市县区州盟旗乡镇村、/]{1,5}[)）])?)"
)
# The counts of places in a list, and one behind which nothing stands.
_COUNTS, _ENDS_IN_COUNT = re.compile(r"(?<![\d.])(\d)[.．、]"), re.compile(r"(?<![\d.])\d[.．、]\s*$")
_CLAUSE = re.compile(r"[，。；：、,;:\s（）()]")
LEAST = 2  # blanks that make words a sentence to be filled in
_LEAST_DRAWN = 2  # blanks under which a line is drawn, so that they are a place to write on


@dataclass(frozen=True)
class Beside:
    """What is written beside an option: the option's words, those before the blank, and the blank with what
    stands behind it."""

    option: str
    words: str
    rest: str


@dataclass(frozen=True)
class Blank:
    """A blank of a sentence: the words before it, the blank itself, and the words behind it."""

    before: str
    text: str
    behind: str

    @property
    def clause(self) -> str:
        """The last words before the blank, by which it may be called."""
        return next((part for part in reversed(_CLAUSE.split(self.before)) if key(part)), "")

    @property
    def place(self) -> str:
        """The word right behind the blank for what kind of place it names; empty where there is none."""
        seen = PLACE_BEHIND.match(self.behind)
        return seen[1] if seen else ""


def drawn(line: Line) -> str:
    """The text of a line, blanks that have a line drawn under them as underscores; a tick is left out."""
    return "".join(
        ""
        if isinstance(span, Tick) or not isinstance(span, Run)
        else "_" * len(span.text)
        if "underline" in span.emphasis and not span.text.strip() and len(span.text) >= _LEAST_DRAWN
        else span.text
        for span in line.spans
    )


def beside(text: str) -> Beside | None:
    """What the words behind a box ask to be written there; None where they only name the option."""
    seen = _BLANK.search(text)
    if seen is None:
        # A page does not print the blank at the end of a line.
        other = _OTHER.fullmatch(one_line(text))
        ended = _ENDED.fullmatch(one_line(text))
        return Beside(other[1], "", "") if other else Beside(ended[1], ended[2], "") if ended else None
    head = _HEAD.fullmatch(one_line(text[: seen.start()]))
    if head is None or not key(head["option"]):
        return None
    words = head["words"] or ""
    return Beside(head["option"], words if key(words) else "", text[seen.start() :])


def sentence(lines: Iterable[str], least: int = LEAST) -> tuple[Blank, ...]:
    """The blanks of a sentence; none where the words are no sentence with as many as `least`, or stand in
    lines of their own, as labels do."""
    text = _with_last_place("".join(lines))
    found = list(_BLANK.finditer(text))
    if len(found) < least:
        return ()
    blanks = tuple(_blanks(text, found))
    # One that begins with a blank is called by what stands behind it.
    return blanks if key(blanks[0].before) or blanks[0].place else ()


def _with_last_place(text: str) -> str:
    """Words with a blank behind the last of several counts, 1. ____ 2., which a page does not print at the
    end of a line."""
    counts = [int(one) for one in _COUNTS.findall(text)]
    is_list = len(counts) > 1 and counts == list(range(1, len(counts) + 1)) and _ENDS_IN_COUNT.search(text)
    return text + "____" if is_list else text


def unit_behind(text: str, known: re.Pattern[str]) -> str | None:
    """The unit that stands right behind a blank, and is no part of a longer word: 项 of 项目."""
    seen = _UNIT_BEHIND.match(text)
    return seen[1] if seen and known.fullmatch(seen[1]) else None


def _blanks(text: str, found: list[re.Match[str]]) -> Iterator[Blank]:
    starts = [one.start() for one in found[1:]] + [len(text)]
    at = 0
    for one, following in zip(found, starts, strict=True):
        yield Blank(one_line(text[at : one.start()]), one[0], one_line(text[one.end() : following]))
        at = one.end()
