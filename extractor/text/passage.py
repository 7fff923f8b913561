"""Passages: text in which every character knows its span, its place, and its number in the document.

The matcher cuts passages out of cells. Evidence and emphasis come along with every cut, and the number tells
of every character of a document what became of it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

from models.geometry import box_around
from models.page import TICK_TEXT, Box, CellAddress, Line, Picture, Remark, Run, Span, Tick
from models.record import Evidence
from models.writing import key

ADDED = -1
PICTURE = "\ufffc"
REMARK = "\ufff9"
# The code of a remark that holds the number or sign that a list draws before an item.
LIST_NUMBER = "list-number"


def is_digital(span: Span | None) -> TypeGuard[Picture]:
    """Tell whether a span marks the place of a digital signature."""
    return isinstance(span, Picture) and span.kind == "digital"


@dataclass(frozen=True)
class Place:
    """The place of a text line: the page, and the cell's address and box where it has them."""

    page: int | None = None
    cell: CellAddress | None = None
    box: Box | None = None


@dataclass(frozen=True)
class Passage:
    """`text` and, for each of its characters, the span (None for a line break), the place, and the number in
    the document (`ADDED` for a character that stands in none)."""

    text: str
    spans: tuple[Span | None, ...]
    places: tuple[Place, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, lines: Iterable[Line], place: Place, start: int = 0) -> "Passage":
        """Return the passage of one cell's lines. Characters and line breaks are numbered from `start`."""
        pieces: list[tuple[str, Span | None]] = []
        for number, line in enumerate(lines):
            pieces += [("\n", None)] if number else []
            pieces += [(_characters(span), span) for span in line.spans]
        text = "".join(piece for piece, _ in pieces)
        spans = tuple(span for piece, span in pieces for _ in piece)
        return cls(text, spans, (place,) * len(text), tuple(range(start, start + len(text))))

    @classmethod
    def join(cls, passages: Iterable["Passage"]) -> "Passage":
        """Return passages as one, each on a new line."""
        text = ""
        spans: list[Span | None] = []
        places: list[Place] = []
        numbers: list[int] = []
        for count, passage in enumerate(passages):
            if count:
                text += "\n"
                spans.append(None)
                places.append(passage.places[0] if passage.places else places[-1] if places else Place())
                numbers.append(ADDED)
            text += passage.text
            spans += passage.spans
            places += passage.places
            numbers += passage.numbers
        return cls(text, tuple(spans), tuple(places), tuple(numbers))

    def __len__(self) -> int:
        return len(self.text)

    def cut(self, start: int, end: int | None = None) -> "Passage":
        """Return the part from `start` to `end`."""
        return Passage(
            self.text[start:end], self.spans[start:end], self.places[start:end], self.numbers[start:end]
        )

    def without(self, ranges: Iterable[tuple[int, int]]) -> "Passage":
        """Return the passage without the ranges (start, end), which may be in any order."""
        ranges = tuple(ranges)
        if not ranges:
            return self
        gone = [False] * len(self)
        for start, end in ranges:
            gone[start:end] = [True] * (end - start)
        kept = [number for number in range(len(self)) if not gone[number]]
        return Passage(
            "".join(self.text[n] for n in kept),
            tuple(self.spans[n] for n in kept),
            tuple(self.places[n] for n in kept),
            tuple(self.numbers[n] for n in kept),
        )

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return tuple(span for span in self.spans if isinstance(span, Picture))

    @property
    def remarks(self) -> tuple[Remark, ...]:
        return tuple(span for span in self.spans if isinstance(span, Remark))

    @property
    def numbered(self) -> "Passage":
        """The passage with the numbers that its lists draw, as they are printed."""
        text = ""
        spans: list[Span | None] = []
        places: list[Place] = []
        numbers: list[int] = []
        for char, span, place, number in zip(self.text, self.spans, self.places, self.numbers, strict=True):
            if isinstance(span, Remark) and span.code == LIST_NUMBER:
                char, span = span.text, Run(text=span.text)
            text += char
            spans += [span] * len(char)
            places += [place] * len(char)
            numbers += [number] * len(char)
        return Passage(text, tuple(spans), tuple(places), tuple(numbers))

    @property
    def without_remarks(self) -> "Passage":
        """The passage without its remarks."""
        return self.without((n, n + 1) for n, span in enumerate(self.spans) if isinstance(span, Remark))

    @property
    def words(self) -> str:
        """The text without pictures and remarks."""
        return self.text.replace(PICTURE, "").replace(REMARK, "")

    @property
    def confidence(self) -> float:
        """The least confidence of any character; 1 where there is none."""
        return min((span.confidence for span in self.spans if isinstance(span, Run | Tick)), default=1.0)

    @property
    def readings(self) -> tuple[tuple[Run, ...], ...]:
        """A run for each character but white space, where any was read from a picture; empty where the file
        holds them all."""
        runs = tuple(
            span if len(span.text) == 1 else span.model_copy(update={"text": char, "others": ()})
            for char, span in zip(self.text, self.spans, strict=True)
            if isinstance(span, Run) and not char.isspace()
        )
        return (runs,) if any(run.confidence < 1 for run in runs) else ()

    @property
    def struck(self) -> tuple[tuple[int, int], ...]:
        """The stretches (start, end) that are crossed out."""
        crossed = [isinstance(span, Run | Tick) and "strike" in span.emphasis for span in self.spans]
        return tuple((n, n + 1) for n, is_crossed in enumerate(crossed) if is_crossed)

    @property
    def recovered(self) -> str:
        """The characters that were read from under a seal, with blanks between their stretches."""
        under = [isinstance(span, Run) and span.recovered for span in self.spans]
        return "".join(
            char if is_under else " " for char, is_under in zip(self.text, under, strict=True)
        ).strip()

    def evidence(self, part: str) -> tuple[Evidence, ...]:
        """Return each place that the passage touches, with the box of its characters there, or with the
        cell's box where no character has one."""
        found: dict[Place, list[Box]] = {}
        for char, span, place in zip(self.text, self.spans, self.places, strict=True):
            boxes = found.setdefault(place, []) if not char.isspace() or not found else []
            if span is not None and span.box is not None:
                boxes.append(span.box)
        return tuple(
            Evidence(
                part=part,
                page=place.page if place.cell is None else None,
                cell=place.cell,
                box=box_around(boxes) or place.box,
            )
            for place, boxes in found.items()
        )


def _characters(span: Span) -> str:
    if isinstance(span, Run):
        return span.text
    if isinstance(span, Tick):
        return TICK_TEXT[span.state]
    return PICTURE if isinstance(span, Picture) else REMARK


@dataclass(frozen=True)
class Keyed:
    """The comparison key of a text, with the way back: `at[i]` is the index in the text of the key's
    character i."""

    key: str
    at: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Keyed":
        """Return the key of `text`, made character by character, so that each keeps its place."""
        found = [(char, number) for number, original in enumerate(text) for char in key(original)]
        return cls("".join(char for char, _ in found), tuple(number for _, number in found))

    def range(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the text that the key's characters `start` to `end` stand for."""
        return self.at[start], self.at[end - 1] + 1


def spaced(words: str) -> str:
    """Return a regular expression for `words` with any white space between its characters."""
    return r"\s*".join(re.escape(char) for char in words if not char.isspace())


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each line."""
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1
