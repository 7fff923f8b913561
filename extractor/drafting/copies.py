"""Several filled copies of a form -> the first of them with blanks where the others say something else, which
is what people wrote there (pure)."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from extractor.drafting.kinds import UNITS
from extractor.text.tick_signs import CROSS, EMPTY, TICK, TICKED
from models.page import TICK_TEXT, Cell, Line, Pages, Run, Table
from models.writing import CJK, key

_BOX, _ROOM, _BLANK = "□", " " * 8, "____"
_BOXES = dict.fromkeys(EMPTY | TICKED | set(TICK_TEXT.values()), _BOX)
_SIGNS = str.maketrans(_BOXES | dict.fromkeys((*TICK, *CROSS), ""))
_DAYS = frozenset("年月日时分至 0123456789")
_DAY = re.compile(r"\d\s*[年月日时分]")
_BRACKETED = re.compile(r"[（(][^（()）]+[)）]")
_PROMPTED = re.compile(rf"(?:^|(?<=[\s_＿]))[{CJK}（()）、/]+[:：]")
_CLAUSE = re.compile(r"[，。；]")
_MOSTLY = 0.5  # of a line's letters that all copies share: its words are a sentence that was filled in
_LEAST = 2  # letters in a row that are not alike by chance

Shape = frozenset[tuple[int, int, int, int]]


def common(copies: Sequence[Pages]) -> tuple[Pages, tuple[str, ...]]:
    """The first of several copies of a form without what differs in the others, and what could not be held
    against it."""
    first, *others = copies
    if not others:
        return first, ()
    told: list[str] = []
    tables: list[list[Table]] = [[] for _ in _tables(first)]
    lines: list[list[str]] = []
    for number, other in enumerate(others, 2):
        lines.append([line.text for line in _lines(other)])
        theirs = {_shape(table): table for table in _tables(other)}
        for at, table in enumerate(_tables(first)):
            if (same := theirs.get(_shape(table))) is None:
                told.append(f"第 {number} 份的第 {at + 1} 张表与第一份的格子不同，没有拿来对照")
            else:
                tables[at].append(same)
    counterparts = iter(tables)
    pages = [
        page.model_copy(
            update={
                "blocks": tuple(
                    _table(block, next(counterparts)) if isinstance(block, Table) else _line(block, lines)
                    for block in page.blocks
                )
            }
        )
        for page in first.pages
    ]
    return first.model_copy(update={"pages": tuple(pages)}), tuple(told)


def _tables(pages: Pages) -> Iterator[Table]:
    return (block for page in pages.pages for block in page.blocks if isinstance(block, Table))


def _lines(pages: Pages) -> Iterator[Line]:
    return (block for page in pages.pages for block in page.blocks if isinstance(block, Line))


def _shape(table: Table) -> Shape:
    return frozenset((cell.row, cell.column, cell.row_span, cell.column_span) for cell in table.cells)


def _table(table: Table, others: Sequence[Table]) -> Table:
    places = [{(cell.row, cell.column): cell for cell in other.cells} for other in others]
    cells = tuple(_cell(cell, [place[cell.row, cell.column] for place in places]) for cell in table.cells)
    return table.model_copy(update={"cells": cells})


def _cell(cell: Cell, others: Sequence[Cell]) -> Cell:
    said = [[text for line in other.lines for text in line.text.split("\n")] for other in others]
    return cell.model_copy(update={"lines": tuple(_line(line, said) for line in cell.lines)})


def _line(line: Line, others: Sequence[Sequence[str]]) -> Line:
    """A line without what differs from the line that is most like it in each of the other copies."""
    parts = line.text.split("\n")
    kept = [_shared(part, others) for part in parts]
    if kept == parts:
        return line
    return line.model_copy(update={"spans": tuple(Run(text=text) for text in ["\n".join(kept)] if text)})


def _shared(text: str, others: Sequence[Sequence[str]]) -> str:
    if not key(text) or not others or all(key(text) in map(key, said) for said in others):
        return text
    own = text.translate(_SIGNS)
    shared = [True] * len(own)
    for said in others:
        closest = max(
            (one.translate(_SIGNS) for one in said),
            key=lambda one: SequenceMatcher(None, own, one, autojunk=False).ratio(),
            default="",
        )
        alike = [False] * len(own)
        for at, _, size in SequenceMatcher(None, own, closest, autojunk=False).get_matching_blocks():
            alike[at : at + size] = [True] * size
        shared = [a and b for a, b in zip(shared, alike, strict=True)]
    return _printed(own, shared)


def _printed(text: str, shared: Sequence[bool]) -> str:
    """The text with blanks for what is not shared, and for what is shared by chance, as the last words of two
    companies' names are."""
    is_sentence = _CLAUSE.search(text) is not None and sum(shared) > _MOSTLY * len(text)
    made, at = "", 0
    for is_shared, run in groupby(shared):
        size = len(list(run))
        part = text[at : at + size]
        kept = part if is_shared and is_sentence and size >= _LEAST else ""
        kept = kept or (_print_in(part, text[:at]) if is_shared else "")
        made += kept if kept else "\0"
        at += size
    made = re.sub("\0+", _BLANK if is_sentence else _ROOM, made)
    return made if key(made) or _BOX in made else ""


def _print_in(part: str, before: str) -> str:
    """What of a shared part a form prints among answers: words and a colon, boxes with their options, what
    stands in brackets, the words of a date and a unit behind digits."""
    if _BOX in part:
        return part
    said = part.strip()
    if set(said) <= _DAYS and _DAY.search(before[-2:] + part):
        return re.sub(r"\d+", "\0", part)
    if before.rstrip()[-1:].isdigit() and UNITS.fullmatch(said):
        return part
    if prompts := list(_PROMPTED.finditer(part)):
        return part[: prompts[-1].end()] if key(part[prompts[-1].end() :]) else part
    return "".join(seen[0] for seen in _BRACKETED.finditer(part))
