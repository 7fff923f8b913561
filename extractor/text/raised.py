"""Raised and lowered characters: a unit and a formula are written so, but so are an exponent and the mark of
a note.

They never run into what stands before them: digits become the raised and lowered digits that Unicode has,
other characters are set apart by a sign. Where they are no plain unit or formula, a remark says that they are
there.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from models.geometry import box_around
from models.page import Box, Emphasis, Remark, Run, Span

# What stands `on` the line is no more than a piece that keeps apart from what is before it.
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
    """Text above or below the line, until it is known what stands before it."""

    text: str
    level: Level
    emphasis: frozenset[Emphasis] = frozenset()
    box: Box | None = None
    confidence: float = 1.0

    def run(self, text: str) -> Run:
        """Its characters as those of `text`."""
        return Run(text=text, emphasis=self.emphasis, box=self.box, confidence=self.confidence)


def settled(spans: Iterable[Span | Raised]) -> Iterator[Span]:
    """The spans of a line with what is raised as characters of its own. A line that is raised as a whole is a
    plain one."""
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
    """Neighbours on one level as one; their emphasis hardly matters."""
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
