"""Raised and lowered characters. Units and formulas are written so, but also exponents and note marks.

They never run into the text before them. Digits become the superscript and subscript digits of Unicode; a
sign separates other characters. Where they are not a plain unit or formula, a remark reports them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from models.geometry import box_around
from models.page import Box, Emphasis, Remark, Run, Span

# A piece `on` the line is not raised; it only keeps apart from the text before it.
Level = Literal["up", "down", "on"]
_RAISED = str.maketrans("0123456789+-\u2212()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾")
_LOWERED = str.maketrans("0123456789+-\u2212()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎")
# m², km³, 米², s⁻¹; Ca²⁺; ordinals and trade marks.
_UNIT = re.compile(r"[A-Za-z米里]\Z")
_POWER = re.compile(r"[-+\u2212]?[1-3]|[1-9]?[-+\u2212]")
_WORDS = frozenset(["st", "nd", "rd", "th", "tm", "™", "®"])
# CO₂, PM₂.₅, (OH)₂
_FORMULA = re.compile(r"[A-Za-z)\]₀-₉][.,]?\Z")


@dataclass(frozen=True)
class Raised:
    """Text above or below the line, before the text in front of it is known."""

    text: str
    level: Level
    emphasis: frozenset[Emphasis] = frozenset()
    box: Box | None = None
    confidence: float = 1.0

    def run(self, text: str) -> Run:
        """Return a run of `text` with the properties of this piece."""
        return Run(text=text, emphasis=self.emphasis, box=self.box, confidence=self.confidence)


def settled(spans: Iterable[Span | Raised]) -> Iterator[Span]:
    """Yield the spans of a line with raised text as its own characters. A line that is raised as a whole is a
    plain line."""
    spans = list(_merged(spans))
    levels = {
        s.level if isinstance(s, Raised) else None
        for s in spans
        if isinstance(s, Run | Raised) and s.text.strip()
    }
    before = ""
    for span in spans:
        if not isinstance(span, Raised):
            before = before + span.text if isinstance(span, Run) else before
            yield span
        elif span.level == "on":
            text = (
                " " * (before[-1:].isalnum() and before[-1:].isascii() and span.text[:1].isalnum())
                + span.text
            )
            before += text
            yield span.run(text)
        elif len(levels) < 2 or not span.text.strip():
            before += span.text
            yield span.run(span.text)
        else:
            shown = _shown(span, before)
            yield span.run(shown)
            if not _is_plain(span, before):
                yield Remark(
                    code="raised-in-answer", text=before[-8:].lstrip() + shown, minor=True, box=span.box
                )
            before += shown


def _merged(spans: Iterable[Span | Raised]) -> Iterator[Span | Raised]:
    """Yield the spans with neighbours on one level merged. They keep only the emphasis that they share."""
    last: Raised | None = None
    for span in spans:
        if isinstance(span, Raised) and last is not None and span.level == last.level:
            box = box_around([last.box, span.box])
            least = min(last.confidence, span.confidence)
            last = Raised(last.text + span.text, last.level, last.emphasis & span.emphasis, box, least)
            continue
        if last is not None:
            yield last
        last = span if isinstance(span, Raised) else None
        if last is None:
            yield span
    if last is not None:
        yield last


def _shown(span: Raised, before: str) -> str:
    table = _RAISED if span.level == "up" else _LOWERED
    if all(ord(char) in table or char.isspace() for char in span.text):
        return span.text.translate(table)
    apart = before[-1:].isalnum() and span.text[:1].isalnum() and span.text.lower() not in _WORDS
    return ("^" if span.level == "up" else "_") * apart + span.text


def _is_plain(span: Raised, before: str) -> bool:
    text = span.text.strip()
    if not before[-1:].isdigit() and not any(char.isalnum() for char in text):
        return True
    if span.level == "down":
        return bool(_FORMULA.search(before)) and len(text) <= 3
    return text.lower() in _WORDS or bool(_UNIT.search(before) and _POWER.fullmatch(text))
