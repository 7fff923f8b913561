"""Comparing two readings of one answer: whether they agree and, if not, whether misreading explains it
(pure).

Two files of one application hold the same words, once as characters and once as print read from a picture.
Misreading explains a difference where the right character was among the reader's rivals, or where the reader
was unsure. It never explains a different number, because people correct figures by hand, and figures look
alike.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

from rapidfuzz.distance import Levenshtein

from extractor import rungs
from models.fields import Field
from models.page import Run
from models.record import Observation
from models.writing import compact, key

_SHOWN = 12  # characters shown around a difference


@dataclass(frozen=True)
class Written:
    """The characters of an answer that count in a comparison, each with its run where it was read from a
    picture."""

    chars: tuple[str, ...]
    runs: tuple[Run | None, ...]

    @classmethod
    def of(cls, field: Field, one: Observation) -> "Written":
        """Return the characters that count: never blanks, and punctuation only in codes such as an e-mail
        address."""
        pieces: Iterable[tuple[str, Run | None]] = [
            (run.text, run) for runs in one.readings for run in runs
        ] or [(char, None) for char in one.raw]
        kept = [(char, run) for text, run in pieces for char in _counting(text, field.punctuation == "tells")]
        return cls(tuple(char for char, _ in kept), tuple(run for _, run in kept))

    @cached_property
    def text(self) -> str:
        """The characters as one string."""
        return "".join(self.chars)


@dataclass(frozen=True)
class Comparison:
    """The distance of two readings: characters that nothing explains, those that misreading explains, and the
    greater length.

    `one` and `other` show the first difference, or the beginnings of both.
    """

    unexplained: int
    explained: int
    length: int
    one: str
    other: str

    @property
    def agrees(self) -> bool:
        """Whether the two may well say the same."""
        return not self.unexplained

    @property
    def is_equal(self) -> bool:
        """Whether the two say the same to the letter."""
        return not self.unexplained and not self.explained

    @property
    def share(self) -> float:
        """The share of the characters that are the same, or may be."""
        return 1 - self.unexplained / max(self.length, 1)


def compare(field: Field, one: Observation, other: Observation) -> Comparison:
    """Compare two readings of `field`."""
    equal = one.value == other.value
    if field.entered != "written" or equal:
        return Comparison(0 if equal else 1, 0, 1, _words(field, one), _words(field, other))
    ours, theirs = Written.of(field, one), Written.of(field, other)
    unexplained = explained = 0
    where: tuple[int, int] | None = None
    for code in Levenshtein.opcodes(ours.text, theirs.text):
        if code.tag == "equal":
            continue
        known, unknown = _weigh(
            ours, theirs, range(code.src_start, code.src_end), range(code.dest_start, code.dest_end)
        )
        explained, unexplained = explained + known, unexplained + unknown
        if where is None and unknown:
            where = code.src_start, code.dest_start
    if not unexplained and _numbers(field, one) != _numbers(field, other):
        unexplained, where = 1, where or (0, 0)
    at, to = where or (0, 0)
    length = max(len(ours.chars), len(theirs.chars))
    return Comparison(unexplained, explained, length, _around(ours.text, at), _around(theirs.text, to))


@cache
def _counting(text: str, is_code: bool) -> str:
    """Return the part of a character that counts."""
    return (compact if is_code else key)(text).lower()


def _weigh(ours: Written, theirs: Written, here: range, there: range) -> tuple[int, int]:
    """Return how many differing characters misreading explains, and how many it does not."""
    pairs = zip(here, there, strict=False)
    explained = sum(_may_be(ours.chars[i], ours.runs[i], theirs.chars[j], theirs.runs[j]) for i, j in pairs)
    paired = min(len(here), len(there))
    extra = [ours.runs[i] for i in here[paired:]] + [theirs.runs[j] for j in there[paired:]]
    noise = sum(run is not None and run.confidence < rungs.LIKELIER for run in extra)
    return explained + noise, max(len(here), len(there)) - explained - noise


def _may_be(one: str, run: Run | None, other: str, other_run: Run | None) -> bool:
    """Tell whether either was misread for the other. Digits never are."""
    if one.isdigit() or other.isdigit():
        return False
    return (run is not None and _might_say(run, other)) or (
        other_run is not None and _might_say(other_run, one)
    )


def _might_say(run: Run, wanted: str) -> bool:
    return run.confidence < rungs.LIKELIER or any(
        score >= rungs.FAINT_RIVAL and wanted == text.lower() for text, score in run.others
    )


def _numbers(field: Field, one: Observation) -> list[str]:
    """Return the numbers in an answer. Signs between digits count, but not the commas of thousands."""
    text = "".join(run.text for runs in one.readings for run in runs) or one.raw
    text = re.sub(r"[\s,，]", "", compact(text))
    return re.findall(r"\d+", text) if field.between_digits != "nothing" else []


def _words(field: Field, one: Observation) -> str:
    return _around(field.format(one.value), 0) if one.value is not None else "空"


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _SHOWN // 2), at + _SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "") or "空"
