"""The gaps of a line that was read off a picture as the blanks that they are on paper (pure).

A recogniser gives one blank for a gap of any width, or none; how wide it is, and so whether it is a place to
write, is told by the boxes of the characters beside it.
"""

import re
from collections.abc import Sequence

from extractor.drafting.kinds import UNITS
from models.page import Cell, Line, Pages, Run, Span, Table, Tick
from models.writing import CJK, key

_HALF = 0.4  # of a line's height: a blank
_LEAST = 2  # blanks that are more than the gap between two characters
_LEAST_SENTENCE = 8  # letters of a line in which a gap may be a blank of a sentence
_LINE = "_"
_DRAWN = frozenset("_＿")
_CLOSING = frozenset("）)，,。；;、")
_DATE_WORDS = frozenset("年月日时分")
_ENDS = frozenset("。")  # a sentence that a line ends with, so that the next one begins anew
_COLON = frozenset("：:")
_OPENING = {"）": "（", ")": "("}
_BRACKET = 0.4  # of a line's height: a gap in which an opening bracket may have been lost
_MOST_IN = 8  # characters between the two
# What stands behind room that is no blank of a sentence: a label, brackets as round a mark, the words of a
# date; and a unit, which stands behind a blank beside options too.
_NO_CLAUSE = re.compile(
    rf"[（(](?![{CJK}]{{2,12}}[:：])|[年月日时分至]|[{CJK}]{{2,12}}(?:[（(][{CJK}]{{1,8}}[)）])?\s*[:：]"
)

_UNIT = re.compile(rf"(?:{UNITS.pattern})(?![{CJK}])", re.I)


def with_gaps(pages: Pages) -> Pages:
    """Pages with the gaps of each line that was read off a picture as blanks."""
    found = [
        page.model_copy(
            update={
                "blocks": tuple(
                    _line(block) if isinstance(block, Line) else _table(block) for block in page.blocks
                )
            }
        )
        if page.frame
        else page
        for page in pages.pages
    ]
    return pages.model_copy(update={"pages": tuple(found)})


def _table(table: Table) -> Table:
    cells = tuple(_cell(cell) for cell in table.cells)
    return table.model_copy(update={"cells": cells})


def _cell(cell: Cell) -> Cell:
    return cell.model_copy(update={"lines": tuple(_line(line) for line in cell.lines)})


def _line(line: Line) -> Line:
    if any(span.box is None for span in line.spans if not _is_gap(span)):
        return line
    read = _with_brackets(line.spans)
    spans = [span for span in read if not _is_gap(span)]
    made: list[Span] = []
    at, was_parted = 0, False
    for span in read:
        if _is_gap(span):
            was_parted = True
            continue
        if at and (room := _room(spans, at) or " " * was_parted):
            made.append(Run(text=room))
        made.append(span)
        at, was_parted = at + 1, False
    return line.model_copy(update={"spans": tuple(made)})


def _with_brackets(read: Sequence[Span]) -> list[Span]:
    """The spans of a line with each opening bracket that a recogniser lost in the gap before what it holds:
    nothing, as where one ticks in brackets, or a unit."""
    said: list[Span] = []
    made: list[Span] = []
    is_open = False
    for span in read:
        made.append(span)
        if _is_gap(span):
            continue
        said.append(span)
        sign = _text([span])
        place = _lost_before(said) if sign in _OPENING and not is_open else None
        before, after = (said[place - 1].box, said[place].box) if place else (None, None)
        if place and before and after:
            box = after.model_copy(update={"x0": (before.x1 + after.x0) / 2, "x1": after.x0})
            lost = Run(text=_OPENING[sign], box=box)
            made.insert(next(n for n, one in enumerate(made) if one is said[place]), lost)
            said.insert(place, lost)
        is_open = sign in _OPENING.values() or (is_open and sign not in _OPENING)
    return made


def _lost_before(spans: Sequence[Span]) -> int | None:
    """The place of the opening bracket that the last of the spans lacks; None where there is no room for
    any."""
    last = len(spans) - 1
    for place in range(last, max(0, last - _MOST_IN), -1):
        before, after = spans[place - 1].box, spans[place].box
        if before is None or after is None:
            return None
        if after.x0 - before.x1 > _BRACKET * (before.y1 - before.y0):
            held = _text(spans[place:last])
            return place if not held or _UNIT.fullmatch(held) else None
    return None


def _is_gap(span: Span) -> bool:
    return isinstance(span, Run) and span.text.isspace()


def _room(spans: Sequence[Span], at: int) -> str:
    """What stands before the span `at`: blanks, a drawn line, a line break, or nothing."""
    before, after = spans[at - 1].box, spans[at].box
    if before is None or after is None:
        return ""
    if after.x0 < before.x0 and after.y0 + after.y1 > 2 * before.y1:
        return "\n" if _text(spans[at - 1 : at]) in _ENDS else ""
    blanks = int((after.x0 - before.x1) / (_HALF * max(before.y1 - before.y0, 1.0)))
    if blanks < _LEAST:
        return ""
    return (_LINE if _is_drawn(spans, at) else " ") * blanks


def _is_drawn(spans: Sequence[Span], at: int) -> bool:
    """Whether a gap is a blank of a sentence, which has a line under it."""
    last, rest = _text(spans[at - 1 : at]), _text(spans[at:])
    if last in _DRAWN or rest[:1] in _DRAWN or rest[:1] in _CLOSING:
        return True
    is_sentence = len(key(_text(spans))) >= _LEAST_SENTENCE
    is_boxed = any(isinstance(span, Tick) for span in spans)
    if is_boxed and _UNIT.match(rest) and rest[0] not in _DATE_WORDS:
        return True
    return is_sentence and not is_boxed and last not in _COLON and _NO_CLAUSE.match(rest) is None


def _text(spans: Sequence[Span]) -> str:
    return "".join(span.text if isinstance(span, Run) else "\0" for span in spans)
