"""Which one of several options without boxes a pen marked, where no mark itself was seen: the one that was
read unlike all others."""

from collections.abc import Sequence

from extractor import rungs
from extractor.answers.choice_tokens import Token
from extractor.text.passage import Passage
from models.page import Run

_POINTS = frozenset("·•.．。")  # what a dot made by a pen is read as
_UNLIKE = 8  # times as unsure as the next one: so far off is what a pen wrote over


def odd_option(tokens: Sequence[Token], passage: Passage) -> int | None:
    """The place among the options of `tokens` (as they stand in the text) of the one that lacks its letter
    where all others have theirs, bears a point where no other does, or was read far less surely than any
    other; None where there is none."""
    options = [token for token in tokens if token.option is not None]
    if len(options) < 2:
        return None
    lettered = [_has_letter(token, passage) for token in options]
    if any(lettered):
        return lettered.index(False) if lettered.count(False) == 1 else None
    pointed = [_has_point(token, passage) for token in options]
    if pointed.count(True) == 1:
        return pointed.index(True)
    unsure = [1 - _least(token, passage) for token in options]
    most = max(unsure)
    others = max(one for number, one in enumerate(unsure) if number != unsure.index(most))
    return unsure.index(most) if most > 1 - rungs.STRONG and most > _UNLIKE * others else None


def _has_letter(token: Token, passage: Passage) -> bool:
    letter = chr(65 + (token.option or 0))
    return passage.text[token.start : token.start + 1].upper() == letter


def _has_point(token: Token, passage: Passage) -> bool:
    before = passage.text[: token.start].rstrip(" \u3000")
    return passage.text[token.start] in _POINTS or before[-1:] in _POINTS


def _least(token: Token, passage: Passage) -> float:
    """How sure the least sure character of an option is."""
    return min(
        (
            span.confidence
            for char, span in zip(
                passage.text[token.start : token.end], passage.spans[token.start : token.end], strict=True
            )
            if isinstance(span, Run) and char.isalnum()
        ),
        default=1.0,
    )
