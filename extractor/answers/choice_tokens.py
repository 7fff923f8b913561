"""The text of a choice taken apart into options, marks and pictures."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from extractor.text import tick_signs
from extractor.text.passage import PICTURE, Passage, spaced
from models.fields import ChoiceField
from models.page import Emphasis, Run, Tick, TickState

OPEN, CLOSE = "[［(（【〔〖", "]］)）】〕〗"
_BRACKETED = re.compile(
    rf"[{re.escape(OPEN)}]\s*(?P<inner>[^{re.escape(OPEN + CLOSE)}]{{0,3}}?)\s*[{re.escape(CLOSE)}]"
)
_LEAD = 3  # characters: a letter that counts an option, its point, and a blank
_JOINTS = "、/／"  # between the words of one option, which a definition leaves out
BOXES = ("empty", "ticked", "filled", "corrected", "unclear", "picture")
_YES, _NO = {"是", "选", "对", "y", "yes"}, {"否", "非", "n", "no"}


@dataclass(frozen=True)
class Token:
    """An option (by its index), a mark, a picture, or other text; `start` and `end` are characters of the
    passage."""

    start: int
    end: int
    option: int | None = None
    mark: TickState | Literal["picture"] | None = None


def tokens_of(field: ChoiceField, passage: Passage) -> list[Token]:
    """Options, marks and pictures in order; options are sought longest first, so that one inside another is
    not taken."""
    options = [Token(m.start(), m.end(), option=index) for index, m in _option_matches(field, passage)]
    taken = [False] * len(passage)
    for token in options:
        taken[token.start : token.end] = [True] * (token.end - token.start)
    found = options + _brackets(passage, taken)
    for number, char in enumerate(passage.text):
        if taken[number] or char in tick_signs.VARIATION_SELECTORS:
            continue
        mark = _mark(passage, number, taken)
        if mark is not None:
            found.append(Token(number, number + 1, mark=mark))
        elif char in tick_signs.ENCLOSING:
            found.append(Token(number, number + 1))
    return _without_struck(sorted(found, key=lambda token: token.start), passage)


def with_lost(field: ChoiceField, tokens: Sequence[Token], passage: Passage) -> list[Token]:
    """The tokens of a text that was read off a picture, with a token for each option whose words were not
    read, as where a ring goes through them.

    The definition tells which it is: the options that were read stand in its order, each with its box before
    it, and one box more than these need stands where one is missing. What was read behind that box is taken
    for the option. Without boxes, what a pen ringed or ticked where one option is missing is that option.
    """
    options = [n for n, token in enumerate(tokens) if token.option is not None]
    order = [int(tokens[n].option or 0) for n in options]
    if not order or any(a >= b for a, b in pairwise(order)):
        return list(tokens)
    lost: list[Token] = []
    has_boxes = any(token.mark in BOXES for token in tokens)
    for (before, index), (after, following) in pairwise(
        [(-1, -1), *zip(options, order, strict=True), (len(tokens), len(field.options))]
    ):
        boxes = [token for token in tokens[before + 1 : after] if token.mark in BOXES]
        missing = range(index + 1, following)
        start = tokens[before].end if before >= 0 else 0
        end = tokens[after].start if after < len(tokens) else len(passage)
        if len(missing) == 1 and not has_boxes and (place := _marked(passage, start, end)):
            lost.append(Token(*place, option=missing[0]))
        elif missing and len(boxes) == len(missing) + 1:
            places = zip(missing, pairwise(boxes), strict=True)
            lost += [Token(box.end, beyond.start, option=one) for one, (box, beyond) in places]
    return sorted([*tokens, *lost], key=lambda token: (token.start, token.end))


def _marked(passage: Passage, start: int, end: int) -> tuple[int, int] | None:
    """Where, from `start` to `end`, characters stand that a pen marked; None where there are none."""
    marked = [
        number
        for number in range(start, end)
        if isinstance(span := passage.spans[number], Run)
        and ("border" in span.emphasis or tick_signs.state_of(passage.text[number]) == "tick")
    ]
    return (marked[0], marked[-1] + 1) if marked else None


def _without_struck(tokens: list[Token], passage: Passage) -> list[Token]:
    """The tokens without marks that were crossed out where another mark was set right beside them."""

    def is_struck(token: Token) -> bool:
        return bool(passage.cut(token.start, token.end).struck)

    replaced = {
        id(a if is_struck(a) else b)
        for a, b in pairwise(tokens)
        if a.mark and b.mark and a.end == b.start and is_struck(a) != is_struck(b)
    }
    return [token if id(token) not in replaced else replace(token, mark=None) for token in tokens]


def _option_matches(field: ChoiceField, passage: Passage) -> list[tuple[int, re.Match[str]]]:
    worded = [(n, words) for n, option in enumerate(field.options) for words in field.words_of(option)]
    # A form may count its options by letters, of which each belongs to its own. A tick may have made one
    # unreadable, all but its point.
    letters = [
        rf"(?:(?:(?<![A-Za-z]){chr(65 + index)}\s*[.．、:：)）·]|(?<![\w\s])[.．·])\s*)?"
        if index < 26
        else ""
        for index in range(len(field.options))
    ]
    order = sorted(range(len(worded)), key=lambda n: -len(worded[n][1]))
    every = {words for _, words in worded}
    pattern = "|".join(f"(?P<o{n}>{letters[worded[n][0]]}{_printed(worded[n][1], every)})" for n in order)
    matches = re.finditer(pattern, passage.text, re.IGNORECASE)
    return [(worded[int(str(m.lastgroup)[1:])][0], m) for m in matches]


def _printed(words: str, every: Collection[str]) -> str:
    """Return a regular expression for an option as a form prints it: 水电气 also as 水、电、气. `every` holds
    the words of all options; one that others make up together is never split."""
    if re.fullmatch("(?:" + "|".join(re.escape(one) for one in every if one != words) + ")+", words):
        return spaced(words)
    return rf"(?:\s*[{_JOINTS}])?\s*".join(re.escape(char) for char in words if not char.isspace())


def _brackets(passage: Passage, taken: list[bool]) -> list[Token]:
    """`[√]`, `（ ）`, `（是）`: brackets are a box."""
    found = []
    for match in _BRACKETED.finditer(passage.text):
        inner = match["inner"].strip().lower()
        if any(taken[match.start() : match.end()]):
            continue
        states = {tick_signs.state_of(char) for char in inner} - {None}
        mark: TickState | None = None
        if states & {"ticked", "tick"} or inner in _YES or inner in tick_signs.TICK_LOOKALIKES:
            mark = "ticked"
        elif "cross" in states or inner in tick_signs.CROSS_LOOKALIKES:
            mark = "cross"
        elif not inner or inner in _NO or states == {"empty"}:
            mark = "empty"
        if mark is not None:
            found.append(Token(match.start(), match.end(), mark=mark))
            taken[match.start() : match.end()] = [True] * (match.end() - match.start())
    return found


def _mark(passage: Passage, number: int, taken: list[bool]) -> TickState | Literal["picture"] | None:
    char, span = passage.text[number], passage.spans[number]
    if isinstance(span, Tick):
        return span.state
    if char == PICTURE:
        return "picture"
    state = tick_signs.state_of(char)
    if state is not None:
        enclosed = (
            state == "tick"
            and passage.text[number + 1 : number + 2] in tick_signs.ENCLOSING
            and number + 1 < len(passage)
        )
        return "ticked" if enclosed else state
    lookalike: TickState | None = (
        "empty"
        if char in tick_signs.BOX_LOOKALIKES
        else "tick"
        if char in tick_signs.TICK_LOOKALIKES
        else "cross"
        if char in tick_signs.CROSS_LOOKALIKES
        else None
    )
    return lookalike if lookalike and _stands_as_mark(passage, number, taken) else None


def _stands_as_mark(passage: Passage, number: int, taken: list[bool]) -> bool:
    """Whether a letter-like sign stands where only a mark would: beside an option or a mark, and not in a
    word."""
    text = passage.text

    def beside(step: int) -> tuple[bool, bool]:
        at, apart = number + step, False
        while 0 <= at < len(text) and text[at] in " \t\u3000\u00a0":
            at, apart = at + step, True
        if not 0 <= at < len(text):
            return False, False
        known = taken[at] or isinstance(passage.spans[at], Tick) or tick_signs.state_of(text[at]) is not None
        in_word = (
            not known and not apart and (text[at].isalnum() and text[at] not in tick_signs.BOX_LOOKALIKES)
        )
        return known or text[at] in tick_signs.BOX_LOOKALIKES, in_word

    (near_left, word_left), (near_right, word_right) = beside(-1), beside(1)
    return (near_left or near_right) and not (word_left or word_right)


def emphasis_of(passage: Passage, token: Token) -> frozenset[Emphasis]:
    """How an option is written: what all its characters share, and, of what was read off a picture, whether a
    pen underlined or crossed half of them, or marked any. A tick's own stroke may go through one of two."""
    spans = [
        span for span in passage.spans[token.start : token.end] if isinstance(span, Run) and span.text.strip()
    ]
    lead = _lead(passage, token.start)
    looks = [span.emphasis for span in spans]
    shared = frozenset.intersection(*looks) if looks else frozenset()
    if any(span.confidence < 1 for span in spans):
        under = sum("underline" in look for look in looks)
        shared |= {"underline"} if 2 * under >= len(looks) else set()
        crossed = sum("crossed" in look for look in looks)
        shared |= {"strike", "crossed"} if 2 * crossed >= len(looks) else set()
        # A ring may hold the option's letter alone, and a tick lie on one character.
        shared |= {"border"} if any("border" in look for look in [*lead, *looks]) else set()
    return shared


def _lead(passage: Passage, start: int) -> list[frozenset[Emphasis]]:
    """How the letter is written that counts the option which begins at `start`, where a pen made its point
    unreadable."""
    lead = []
    for number in range(start - 1, max(-1, start - 1 - _LEAD), -1):
        char, span = passage.text[number], passage.spans[number]
        if not isinstance(span, Run) or not (char.isascii() or char in "．、：）·"):
            break
        lead.append(span.emphasis)
    return lead
