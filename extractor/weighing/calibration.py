"""Calibration: from the signs of a reading to the probability that it is right, and the probability that it
must have to be accepted.

A reading from a picture has signs: how sure the recogniser is of its least sure character, how sure it is of
all characters together, and how legible this applicant's writing is as a whole. A logistic regression for
each kind of field turns the signs into a probability (Platt 1999, "Probabilistic outputs for support vector
machines"). `python -m benchmarks.calibration` fitted it to returned forms whose truth is known, and writes
`extractor/weighing/coefficients.py`. Characters that the file itself holds have no signs.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import exp, inf, log
from typing import Any, NamedTuple

from extractor import rungs
from extractor.text.passage import Passage
from extractor.text.tick_signs import EMPTY_GLYPHS
from extractor.weighing.coefficients import THRESHOLDS, WEIGHTS
from extractor.weighing.spelling import is_read
from models.fields import Field
from models.page import Run, Tick

Signs = Mapping[str, float]

_LEAST_ERROR = 1e-4
# Kinds of which too few were returned to fit weights to, and the kind that they are written like. A kind that
# stands neither here nor among the weights always goes to a person when read from a picture, because nothing
# is known of how it is misread.
_LIKE = {"address": "text", "number": "text", "rows": "text"}
# How sure each character must be, whatever else speaks for the value. The default applies to digits, also in
# a long text, because they have nothing else to confirm them, and to kinds of which nothing is known. In an
# e-mail address, which no word supports, a character must not be as likely to be another one. Words support
# each other and marks have no characters, so that these need nothing more.
_SURE = {
    "text": 0.0,
    "address": 0.0,
    "rows": 0.0,
    "choice": 0.0,
    "seal": 0.0,
    "signature": 0.0,
    "email": rungs.LIKELIER,
}
# How sure the reader must be of a mark itself; below, the mark is as sure as the reader says. On a copy
# without colour, nobody can say that a place without ink was never signed.
_SEEN = {"signature": rungs.CLEAR}
# Letters and digits without a blank, of which one alone is no code.
_CODE = re.compile(r"[A-Za-z0-9]+(?:[-./·_][A-Za-z0-9]+)*")
_MEASURED = re.compile(r"[0-9./]+[a-z]{1,3}")  # a number and its unit
_OPENING, _CLOSING = frozenset("（([〔【「"), frozenset("）)]〕】」")
_OPEN_DAY = re.compile(r"年[0-9]{1,2}月[0-9]$")
# The sign of what tells a number or a code, which no word bears out: the least sure of the marks between its
# digits and, in a short text, of the digits, of what may be one, and of the letters of a code. No weight is
# fitted to it. In hands that nobody had drawn before (2026-12-01, 40 sheets) ten short answers held a digit
# of 0.9 to 0.97, and two of these were misread (148 as 198). On 20 sheets by usual hands and 40 in print
# none did.
POINT = "point"
# How sure that sign must be, where it is not 0.97: in a long text it tells of marks alone.
_SURE_POINT = {"prose": rungs.STRONG}
# Signs with which words of a hand are not accepted: minus the logarithms of the share of wrong characters in
# the whole application, and of the number of them that is expected in the value. The weights, which are
# fitted mostly to print, believe the second too little. Of nine such values that had been accepted in hands
# that nobody had drawn before, two were wrong (2026-12-01, 76 sheets); of 40 sheets in print none is as
# illegible.
_HARDLY_LEGIBLE, _WRONG_ONE = 5.0, 2.0
# The number of characters of a value that are misread although the recogniser is sure of them. A check
# character has to find these.
_UNSEEN_ERRORS = 0.02


class _Character(NamedTuple):
    """A character that was read, how sure the recogniser is of it, and whether a digit is its rival."""

    text: str
    sure: float
    digit: bool


def signs_of(field: Field, passage: Passage, legible: float) -> dict[str, float]:
    """Return the signs of a reading of `field` from a picture; none where nothing was read, or where the file
    holds it as characters."""
    read = _brackets_doubted(_characters(passage), field.is_prose)
    if not read:
        return {}
    # An empty box in a text is a character that nobody could name.
    digits = {at for at, one in enumerate(read) if one.text.isdigit() or _may_be_digit(read, at)}
    telling = [
        one.sure
        for at, one in enumerate(read)
        if one.text.isalnum() or one.text in EMPTY_GLYPHS or field.punctuation == "tells" or at in digits
    ] or [one.sure for one in read]
    critical = [read[at].sure for at in digits] if field.is_prose else telling
    points = _points(field, read) + ([] if field.is_prose else [read[at].sure for at in digits])
    points += [rungs.EVEN] if field.made_of == "day" and _breaks_off(read) else []
    points += _letters_of_codes(read) if field.made_of == "words" and not field.is_prose else []
    return {
        **({POINT: _logit(min(points))} if points else {}),
        "least": _logit(min(critical, default=1.0)),
        "errors": -log(sum(1 - sure for sure in telling) + _LEAST_ERROR),
        "legible": legible,
    }


def unweighed(field: Field, signs: Signs, value: object) -> tuple[str, ...]:
    """Return the parts of a reading from a picture that its signs do not cover.

    The signs don't tell whether a long text has a comma more or less, nor whether a mark in a short text is
    another mark. Readers lose marks in long texts, so that the marks that were read prove little.
    """
    if not signs or field.punctuation != "kept":
        return ()
    has_marks = isinstance(value, str) and any(not (char.isalnum() or char.isspace()) for char in value)
    return ("punctuation",) if field.is_long or has_marks else ()


def _brackets_doubted(read: Sequence[_Character], is_prose: bool) -> list[_Character]:
    """Return the characters, unsure of each bracket beside a number that has no partner.

    It may be a digit, or a part of one, as in 511)号 for 510号. In prose, items are numbered 1) and 2).
    """
    found = list(read)
    opened: list[int] = []
    lone: list[int] = []
    for at, one in enumerate(read):
        if one.text in _OPENING:
            opened.append(at)
        elif one.text in _CLOSING and opened:
            opened.pop()
        elif one.text in _CLOSING and not is_prose and at and read[at - 1].text.isdigit():
            lone.append(at)
    lone += [at for at in opened if at + 1 < len(read) and read[at + 1].text.isdigit()]
    for at in lone:
        found[at] = read[at]._replace(sure=min(read[at].sure, rungs.EVEN), digit=True)
    return found


def _may_be_digit(read: Sequence[_Character], at: int) -> bool:
    """Return whether what is hardly read may be a digit: whatever it is, where the reader thought of a digit
    too and is no surer than of that, as in 口个部门 for 12个部门. And a mark: the last one of a number, a
    narrow one, where it stands after a digit and before a letter, as in 98:号 for 983号; or the first one,
    where the reader thought of a digit too, as in （5个 for 75个."""
    one = read[at]
    if one.digit and one.sure <= rungs.LIKELIER:
        return True
    if one.sure >= rungs.STRONG or one.text.isalnum():
        return False
    before, after = (read[n].text if 0 <= n < len(read) else "" for n in (at - 1, at + 1))
    return (before.isdigit() and after.isalpha()) or (one.digit and after.isdigit() and not before.isdigit())


def _points(field: Field, read: Sequence[_Character]) -> list[float]:
    """Return how sure each mark between two digits is. Without it the number is another one."""
    if field.between_digits != "value":
        return []
    threes = zip(read, read[1:], read[2:], strict=False)
    return [
        one.sure for a, one, b in threes if a.text.isdigit() and b.text.isdigit() and not one.text.isalnum()
    ]


def _breaks_off(read: Sequence[_Character]) -> bool:
    """Return whether a day ends in one digit behind its month: the 日 was not read, nor may another digit be,
    as in 2021年1月2 for 22日 under a seal."""
    return bool(_OPEN_DAY.search("".join(one.text for one in read)))


def _letters_of_codes(read: Sequence[_Character]) -> list[float]:
    """Return how sure each letter is that stands with digits in one code, as in QY2024-C-061.

    Neither a word nor a check character bears it out, and many letters are drawn alike, so that one that
    another try may read otherwise is as good as any: an O at 0.89 was a Q. On clean scans of 43 forms 150
    letters stood in codes, of which 8 were below `SETTLED`, in 6 codes; 5 of these were misread.
    """
    text = "".join(one.text if len(one.text) == 1 else " " for one in read)
    letters = [
        one
        for code in _CODE.finditer(text)
        for one in read[code.start() : code.end()]
        if one.text.isalpha() and any(char.isdigit() for char in code[0]) and not _MEASURED.fullmatch(code[0])
    ]
    return [one.sure if one.sure >= rungs.SETTLED else min(one.sure, rungs.EVEN) for one in letters]


def sign_of_mark(confidence: float) -> dict[str, float]:
    """Return the sign of a tick, a seal or a signature from its reader's confidence."""
    return {"least": _logit(confidence)}


def legibility(passages: Iterable[Passage]) -> float:
    """Return how legible the answers of one application are: minus the logarithm of the share of wrong
    characters."""
    read = [one.sure for passage in passages for one in _characters(passage)]
    return -log(sum(1 - sure for sure in read) / max(len(read), 1) + _LEAST_ERROR)


def held_confidence(passage: Passage) -> float:
    """Return the least confidence of the characters that were not read from a picture; 1 where there are
    none."""
    return min(
        (span.confidence for span in passage.spans if isinstance(span, Run | Tick) and not is_read(span)),
        default=1.0,
    )


def probability(field: Field, signs: Signs, value: Any = None) -> float:
    """Return the probability that a reading of `field` with these signs is right, if its `value` passes
    `check`."""
    passes = field.passes if value is None else field.passing(value)
    if passes < 1 and field.kind not in WEIGHTS:
        return _checked(passes, signs)
    return probability_of(WEIGHTS, field.kind, signs)


def _checked(passes: float, signs: Signs) -> float:
    """Return the probability for a kind with a check character. By chance, a share of `passes` of all misread
    values passes `check`. A value with a single wrong character never does, so that the figure is on the safe
    side."""
    misread = exp(-signs["errors"]) - _LEAST_ERROR + _UNSEEN_ERRORS
    return 1 - passes * min(misread, 1.0)


def probability_of(table: Mapping[str, Mapping[str, float]], kind: str, signs: Signs) -> float:
    """Return that probability by the weights in `table`. A kind without weights takes those of the kind that
    it is written like; where there is none, it is never accepted."""
    like = kind if kind in table else _LIKE.get(kind, "")
    weights = table.get(like)
    if weights is None:
        return 0.0
    sure = _sigmoid(weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in signs.items()))
    if signs["least"] < _logit(_SEEN.get(kind, 0.0)):
        return min(sure, _sigmoid(signs["least"]))
    unsure = (
        signs["least"] < _logit(_SURE.get(kind, rungs.STRONG))
        or signs.get(POINT, inf) < _logit(_SURE_POINT.get(kind, rungs.UNDISPUTED))
        or (like == "text" and _is_ill_written(signs))
    )
    return min(sure, rungs.EVEN) if unsure else sure


def _is_ill_written(signs: Signs) -> bool:
    """Tell whether a value of words may hold a wrong character that only a hand's reader expects. What a seal
    says too is borne out."""
    return (
        "confirmed" not in signs
        and signs.get("legible", inf) < _HARDLY_LEGIBLE
        and signs.get("errors", inf) < _WRONG_ONE
    )


def sure_of(kind: str, signs: Signs) -> float:
    """Return how sure a reading of a kind with these signs is."""
    return probability_of(WEIGHTS, kind, signs)


def threshold(target: float) -> float:
    """Return the least probability of an accepted reading that keeps the share of silent errors at
    `target`."""
    below = [(share, least) for share, least in THRESHOLDS if share <= target]
    return below[-1][1] if below else 1.0


def _characters(passage: Passage) -> list[_Character]:
    return [
        _Character(
            char,
            span.confidence,
            isinstance(span, Run)
            and any(other.isdigit() and score >= rungs.FAINT_RIVAL for other, score in span.others),
        )
        for char, span in zip(passage.text, passage.spans, strict=True)
        if is_read(span) and not char.isspace()
    ]


def _logit(share: float) -> float:
    share = min(max(share, _LEAST_ERROR), 1 - _LEAST_ERROR)
    return log(share / (1 - share))


def _sigmoid(value: float) -> float:
    return 1 / (1 + exp(-value)) if value > -50 else 0.0
