"""The boxes of a cell: what stands behind each, and what else the cell asks for before and after them
(pure)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractor.drafting.blanks import drawn
from extractor.drafting.kinds import is_blank
from extractor.drafting.marks import MARK
from extractor.text.tick_signs import EMPTY, TICKED
from models.page import Cell, Line, Run, Tick
from models.writing import CJK, key

# What people tick in where a form has no boxes.
_BRACKETS = re.compile(r"[（(\[][\s√✓]*[)）\]]")
_HAN_DIGITS = "〇一二三四五六七八九"
# A blank in brackets behind an option: （    元/月）.
_OPEN = re.compile(r"(?<=[（(])\s{2,}(?=[^（()）\s]{0,6}[)）])")
_GAP = r"(?:^|(?<=[_＿\u3000])|(?<=\s\s))"
_WORDS = re.compile(rf"{_GAP}([{CJK}]{{2,12}}(?:[（(][{CJK}]{{1,6}}[)）])?)\s*[:：]", re.MULTILINE)
_MARK = re.compile(rf"{_GAP}{MARK}", re.MULTILINE)
_ADVICE = re.compile(r"[（(][^（()）]+[)）]")
_LEAST_AFTER = 2  # boxes, more than one, that may stand behind their options
_SIGNS = EMPTY | TICKED


@dataclass(frozen=True)
class Piece:
    """A part of a cell: the words and the colon before it, if there are any, and what stands there; one that
    `is_mark` holds places for marks, to the end of the cell."""

    words: str
    text: str
    is_mark: bool = False


def _is_option(before: str) -> bool:
    return before.rstrip()[-1:] in tuple(_SIGNS)


def printed_in(cell: Cell) -> str:
    """The text of a cell with a sign for each box, blanks with a line under them as underscores."""
    return "\n".join("".join(_signs(line)) for line in cell.lines)


def _signs(line: Line) -> Iterator[str]:
    for span in line.spans:
        if isinstance(span, Tick):
            yield "□" if span.state not in ("tick", "cross") else ""
        else:
            yield drawn(Line(spans=(span,)))


def is_boxed(text: str) -> bool:
    """Whether there is a box in a text."""
    return not set(text).isdisjoint(_SIGNS)


def pieces_of(text: str) -> list[Piece]:
    """The parts of a cell that has boxes and asks for something else beside them; nothing where its boxes are
    all that it asks for."""
    last = max((n for n, char in enumerate(text) if char in _SIGNS), default=-1)
    if last < 0:
        return []
    mark = next((seen.start() for seen in _MARK.finditer(text, last) if seen.start() > last + 1), len(text))
    words = [one for one in _WORDS.finditer(text, 0, mark) if not _is_option(text[: one.start()])]
    ends = [*(one.start() for one in words[1:]), mark][: len(words)]
    lead = text[: words[0].start() if words else mark]
    pieces = [Piece("", lead)] if key(lead) else []
    pieces += [Piece(one[1], text[one.end() : end]) for one, end in zip(words, ends, strict=True)]
    if key(lead) and not set(lead) & _SIGNS:
        return []
    if any(not (set(one.text) & _SIGNS or is_blank(_ADVICE.sub("", one.text))) for one in pieces):
        return []
    pieces += [Piece("", text[mark:], is_mark=True)] if mark < len(text) else []
    return pieces if len(pieces) > 1 else []


def behind_boxes(cell: Cell) -> list[str]:
    """What each box of a cell stands for: all that stands behind it, or before it where the last one has
    nothing behind it. Blanks that a line is drawn under are underscores."""
    parts = _parts(cell)
    if len(parts) > _LEAST_AFTER and key(parts[0]) and not key(parts[-1]):
        parts = [parts[-1], *parts[:-1]]
    return [_OPEN.sub("____", text) for text in parts[1:]]


def _parts(cell: Cell) -> list[str]:
    """The text of a cell before its first box, and behind each."""
    if len(_BRACKETS.findall(cell.text)) > 1:
        return _BRACKETS.split(cell.text)
    parts = [""]
    for number, line in enumerate(cell.lines):
        parts[-1] += "\n" if number else ""
        for span in line.spans:
            if isinstance(span, Tick) and span.state not in ("tick", "cross"):
                parts.append("")
            for char in drawn(Line(spans=(span,))) if isinstance(span, Run) else "":
                if char in _SIGNS or (len(parts) > 1 and _is_misread_box(char, parts[-1])):
                    parts.append("")
                else:
                    parts[-1] += char
    return parts


def _is_misread_box(char: str, before: str) -> bool:
    """Whether a zero stands where no number goes on: a box among others that was read as a character."""
    return char == "〇" and before.strip() != "" and before[-1] not in _HAN_DIGITS
