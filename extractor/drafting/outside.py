"""Lines outside tables: what they ask for, and which of them are headings with room to write (pure)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.drafting.blanks import Blank, drawn, sentence
from extractor.drafting.boxes import is_boxed, printed_in
from extractor.drafting.kinds import BLANK_DATE, is_blank, kind_of, unit_for_all
from extractor.drafting.loose import asked_in
from extractor.drafting.marks import MARK, bracketed, guidance_in, is_mark
from extractor.drafting.naming import counted_heading
from models.page import Cell, Line, Table
from models.writing import CJK, key

_MARK = re.compile(MARK)
# A label with a drawn blank right behind it and no colon, as on a cover: 课 题 名 称 ________
_SPACED = rf"[{CJK}](?:[ \u3000]{{1,4}}[{CJK}]){{1,9}}"
_DRAWN = re.compile(
    rf"\s*(?P<label>(?:{_SPACED}|[{CJK}]{{2,12}})(?:[（(][{CJK}]{{1,6}}[)）])?)[ \u3000]*"
    r"(?P<room>[_＿]{4}[年月日\s_＿]*)"
)
_LEAST_LONE = 8  # letters of a line in which a single blank makes it a sentence to be filled in
_LEAST_ROOM = 2  # blanks
# What somebody or something is called, which asks for it in a line of its own.
_CALLED = re.compile(r"^(?!尊敬|各).*(?:姓名|名称|编号|单位|部门|学校|银行|职务|职业|民族|人)$")
_CUT_HERE = re.compile(r"裁剪线|裁切线|沿(?:此|虚)线")
_TITLE = re.compile(r"(?:表|书|单|函|登记卡|回执|清单|报告|证明)[）)]?$")
_MOST_TITLE = 40


@dataclass(frozen=True)
class Section:
    """A heading under which there is room to write: its words, and the lines that tell how to fill in."""

    words: str
    printed: str
    guidance: tuple[str, ...]


def title_among(lines: Sequence[str]) -> str | None:
    """The last line that reads like the title of a form, if any does."""
    known = [text for text in lines if not counted_heading(text)]
    named = [text for text in known if _TITLE.search(text) and len(text) <= _MOST_TITLE]
    return named[-1] if named else None


def sections_of(blocks: Sequence[Table | Line]) -> dict[int, Section | None]:
    """The headings that are followed by nothing but room to write, by their place among the blocks; None at
    the lines under one that belong to it."""
    found: dict[int, Section | None] = {}
    for number, block in enumerate(blocks):
        words = counted_heading(block.text) if isinstance(block, Line) else None
        if not words:
            continue
        end = number + 1
        while end < len(blocks) and _is_room(blocks[end]):
            end += 1
        after = blocks[end] if end < len(blocks) else None
        if isinstance(after, Table) or (
            isinstance(after, Line) and not _ends_room(words, blocks[number + 1 : end], after)
        ):
            continue
        assert isinstance(block, Line)
        under = [line.text for line in blocks[number + 1 : end] if isinstance(line, Line)]
        found[number] = Section(words, block.text, tuple(guidance_in(under)))
        found |= dict.fromkeys(range(number + 1, end))
    return found


def _ends_room(words: str, room: Sequence[Table | Line], after: Line) -> bool:
    """Whether a line behind a heading and its `room` leaves that to it: it is the next such heading, or has
    places of its own where the heading asks for sentences."""
    if counted_heading(after.text):
        return True
    return bool(room) and kind_of(words)[0] == "prose" and has_place(places_on(after, may_be_filled=False))


def _is_room(block: Table | Line) -> bool:
    return isinstance(block, Line) and (not key(block.text) or bool(guidance_in([block.text])))


def places_on(line: Line, *, may_be_filled: bool) -> list[tuple[str, str]]:
    """(label, what stands behind it) of each place on a line: behind words and a colon, or where it says
    who is to stamp or to sign."""
    if asked := asked_in(
        printed_in(Cell(row=0, column=0, lines=(line,))), _is_open, may_be_filled=may_be_filled
    ):
        return asked
    if len(one := _drawn_on(drawn(line))) == 1:
        return one
    marks = list(_MARK.finditer(line.text))
    rest = _MARK.sub("", line.text)
    if not marks or not is_blank(rest) or bracketed(line.text) or "。" in line.text:
        return []
    ends = [one.start() for one in marks[1:]] + [len(line.text)]
    return [(one[0].strip(), line.text[one.end() : end]) for one, end in zip(marks, ends, strict=True)]


def _drawn_on(text: str) -> list[tuple[str, str]]:
    """(label, blank) of each place on a line that holds nothing but labels, each with the blank drawn right
    behind it."""
    seen = list(_DRAWN.finditer(text))
    if key(_DRAWN.sub("", text)):
        return []
    return [(re.sub(r"\s+", "", one["label"]), one["room"]) for one in seen]


def without_unit(places: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], str]:
    """The places on a line but for one that names the units of all numbers, and its words."""
    said = next(
        (f"{label}：{room}" for label, room in places if unit_for_all(f"{label}：{room}") is not None), ""
    )
    return [(label, room) for label, room in places if f"{label}：{room}" != said], said


def has_place(places: Sequence[tuple[str, str]]) -> bool:
    """Whether there is room on a line, or a mark: words and a colon alone may begin a letter."""
    return any(len(room) >= _LEAST_ROOM or is_mark(words) for words, room in places)


def ends_in_room(line: Line, places: Sequence[tuple[str, str]]) -> bool:
    """Whether a line of a page is nothing but a label that asks for something told: a page does not print the
    blank at a line's end."""
    if line.box is None or len(places) != 1 or key(places[0][1]):
        return False
    label = places[0][0]
    return kind_of(label)[0] not in ("text", "prose") or _CALLED.search(label) is not None


def _is_open(text: str) -> bool:
    return is_blank(text) or is_boxed(text)


def sentence_on(line: Line) -> tuple[Blank, ...]:
    """The blanks of a sentence outside tables; one is enough where the line is long, or where it stands right
    behind a label."""
    text = drawn(line)
    is_asked = len(key(text)) >= _LEAST_LONE or bool(_drawn_on(text))
    return sentence([text], least=1) if is_asked else ()


def is_day(text: str) -> bool:
    """Whether a line is nothing but the blanks of a day."""
    return bool(key(text)) and is_blank(text) and BLANK_DATE.search(text) is not None


def is_note(text: str) -> bool:
    """Whether a line under a form is worth keeping."""
    return bool(key(text)) and not _CUT_HERE.search(text)
