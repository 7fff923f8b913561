"""The gaps of a line that was read off a picture as the blanks that they are on paper (pure).

A recogniser gives one blank for a gap of any width, or none; how wide it is, and so whether it is a place to
write, is told by the boxes of the characters beside it.
"""

import re
from collections.abc import Sequence

from extractor.drafting.blanks import PLACE_BEHIND
from extractor.drafting.kinds import UNITS
from models.page import Box, Cell, Line, Pages, Run, Span, Table, Tick
from models.writing import CJK, key

_HALF = 0.4  # of a line's height: a blank
_LEAST = 2  # blanks that are more than the gap between two characters
_LEAST_SENTENCE = 8  # letters of a line in which a gap may be a blank of a sentence
_LINE = "_"
_DRAWN = frozenset("_＿")
_LEAST_OPEN = 4  # blanks that are more than the gap of one character, by which words are set apart
_FAR = 2.0  # heights of a line: room for a name before the kind of its place
_LEAST_BROKEN = 4  # blanks at a line's end
_PLACES = frozenset("省市县区州盟旗乡镇村道")
_BROKEN_UNIT = re.compile(r"(?:[万亿千百]?元|平方米|立方米|公里|公顷|吨|[%％㎡])(?![\u4e00-\u9fff])")
_NOUN = re.compile(rf"[{CJK}][^万亿千百平立方单多整\W\d]")
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

_COUNTS = re.compile(r"(?:[1-9][.．、:：]){2,9}")
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
    lines = tuple(_line(line) for line in cell.lines)
    if lines and cell.box and _begins_far(cell.lines[0], cell.box):
        spans = (Run(text=_LINE * _LEAST_BROKEN), *lines[0].spans)
        lines = (lines[0].model_copy(update={"spans": spans}), *lines[1:])
    return cell.model_copy(update={"lines": lines})


def _begins_far(line: Line, cell: Box) -> bool:
    """Whether the first of several words for kinds of places stands so far from its cell's left edge that
    there is a blank before it: ____省____市."""
    words = [span for span in line.spans if not _is_gap(span)]
    first = words[0].box if words else None
    places = PLACE_BEHIND.match(line.text) is not None and len(PLACE_BEHIND.findall(line.text)) > 1
    return first is not None and places and first.x0 - cell.x0 > _FAR * (first.y1 - first.y0)


def _line(line: Line) -> Line:
    if any(span.box is None for span in line.spans if not _is_gap(span)):
        return line
    read = _with_brackets(line.spans)
    spans = [span for span in read if not _is_gap(span)]
    made: list[Span] = []
    at, gap = 0, ""
    is_list = _is_list(_text(spans))
    for span in read:
        if _is_gap(span):
            gap += _text([span])
            continue
        room = _room(spans, at, is_drawn=is_list or not _DRAWN.isdisjoint(gap)) if at else ""
        if room or (at and gap) or not _DRAWN.isdisjoint(gap):
            made.append(Run(text=room or (" " if at else _LINE * _LEAST_BROKEN)))
        made.append(span)
        at, gap = at + 1, ""
    made += [Run(text=_LINE * _LEAST_BROKEN)] * (is_list or not _DRAWN.isdisjoint(gap))
    return line.model_copy(update={"spans": tuple(made)})


def _is_list(text: str) -> bool:
    """Whether a line says nothing but 1. 2. 3., so that something is to be written behind each."""
    seen = _COUNTS.fullmatch(text)
    return seen is not None and list(text[::2]) == [str(n + 1) for n in range(len(text) // 2)]


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
    """Whether a span is nothing but blanks; a line drawn under one may be read as a character of its own."""
    return isinstance(span, Run) and bool(span.text) and not set(span.text) - _DRAWN - {" ", "\u3000"}


def _room(spans: Sequence[Span], at: int, *, is_drawn: bool = False) -> str:
    """What stands before the span `at`: blanks, a drawn line, a line break, or nothing."""
    before, after = spans[at - 1].box, spans[at].box
    if before is None or after is None:
        return ""
    if after.x0 < before.x0 and after.y0 + after.y1 > 2 * before.y1:
        last, rest = _text(spans[at - 2 : at]), _text(spans[at:])
        if last[-1:] in _ENDS | _COLON:
            return "\n"  # a place behind a colon ends with its line
        # No unit of several characters stands right behind a noun.
        return _LINE * _LEAST_BROKEN if _BROKEN_UNIT.match(rest) and _NOUN.fullmatch(last) else ""
    blanks = int((after.x0 - before.x1) / (_HALF * max(before.y1 - before.y0, 1.0)))
    if blanks < _LEAST:
        return ""
    return (_LINE if is_drawn or _is_drawn(spans, at, blanks) else " ") * blanks


def _is_drawn(spans: Sequence[Span], at: int, blanks: int) -> bool:
    """Whether a gap is a blank of a sentence, which has a line under it."""
    last, rest = _text(spans[at - 1 : at]), _text(spans[at:])
    if last in _DRAWN or rest[:1] in _DRAWN or rest[:1] in _CLOSING:
        return True
    if last in _PLACES and PLACE_BEHIND.match(rest):
        return True  # ____省____市____县
    is_sentence = len(key(_text(spans))) >= _LEAST_SENTENCE and blanks >= _LEAST_OPEN
    is_boxed = any(isinstance(span, Tick) for span in spans)
    if is_boxed and _UNIT.match(rest) and rest[0] not in _DATE_WORDS:
        return True
    return is_sentence and not is_boxed and last not in _COLON and _NO_CLAUSE.match(rest) is None


def _text(spans: Sequence[Span]) -> str:
    return "".join(span.text if isinstance(span, Run) else "\0" for span in spans)
