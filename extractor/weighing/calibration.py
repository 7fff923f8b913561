"""From the signs of a reading to the probability that it is right, and how probable a reading must be to be
accepted.

What is read off a picture has signs: how sure the recogniser is of its least sure character and of all of
them together, how well this applicant's writing can be read at all. A logistic regression for each kind of
field turns them into a probability (Platt 1999, "Probabilistic outputs for support vector machines"); it was
fitted to returned forms whose truth is known, by
`python -m benchmarks.calibration`, which writes `extractor/weighing/coefficients.py`. What a file holds as
    characters has no signs.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import exp, inf, log

from extractor import rungs
from extractor.text.passage import Passage
from extractor.weighing.coefficients import THRESHOLDS, WEIGHTS
from extractor.weighing.spelling import is_read
from models.fields import Field
from models.page import Run, Tick

Signs = Mapping[str, float]

# The share of silent errors, wrong and yet accepted, that a batch may have.
SILENT_TARGET = 0.001
_LEAST_ERROR = 1e-4
# Kinds of which too few were returned to fit weights to, and the kind that they are written like. What is
# read off a picture for a kind that stands neither here nor among the weights always goes to a person:
# nothing is known of how it is misread.
_LIKE = {"address": "text", "number": "text", "rows": "text"}
# How sure each character must be, whatever the rest says for it: the digits where they say it all, and in a
# long text; in an address, which no word holds up, that it is not as likely to be another one; nothing more
# of words, which hold each other up, and of marks, which have no characters. What holds for digits holds for
# kinds of which nothing is known.
_SURE = {
    "text": 0.0,
    "address": 0.0,
    "rows": 0.0,
    "choice": 0.0,
    "seal": 0.0,
    "signature": 0.0,
    "email": rungs.LIKELIER,
}
# The same for a mark between two digits, where it tells which number they are. No weight is fitted to it.
POINT = "point"
# Characters of a value that are misread though the recogniser is sure of them, whatever it says of the
# others: what a check character is asked to find.
_UNSEEN_ERRORS = 0.02


def signs_of(field: Field, passage: Passage, legible: float) -> dict[str, float]:
    """The signs of what was read off a picture for `field`; none where nothing was read, or the file holds it
    as characters."""
    read = _characters(passage)
    if not read:
        return {}
    telling = [(char, sure) for char, sure in read if char.isalnum() or field.punctuation == "tells"] or read
    critical = [sure for char, sure in telling if char.isdigit() or not field.is_prose]
    points = _points(field, read)
    return {
        **({POINT: _logit(min(points))} if points else {}),
        "least": _logit(min(critical, default=1.0)),
        "errors": -log(sum(1 - sure for _, sure in telling) + _LEAST_ERROR),
        "legible": legible,
    }


def unweighed(field: Field, signs: Signs, value: object) -> tuple[str, ...]:
    """What the signs of a reading off a picture say nothing of: whether a long text has a comma more or less,
    and whether one that a short text has is another mark. In long ones readers lose marks, so that those that
    were read prove little."""
    if not signs or field.punctuation != "kept":
        return ()
    has_marks = isinstance(value, str) and any(not (char.isalnum() or char.isspace()) for char in value)
    return ("punctuation",) if field.is_long or has_marks else ()


def _points(field: Field, read: Sequence[tuple[str, float]]) -> list[float]:
    """How sure each mark is that stands between two digits: without it the number is another one."""
    if field.between_digits != "value":
        return []
    threes = zip(read, read[1:], read[2:], strict=False)
    return [
        sure for (a, _), (char, sure), (b, _) in threes if a.isdigit() and b.isdigit() and not char.isalnum()
    ]


def sign_of_mark(confidence: float) -> dict[str, float]:
    """The sign of a tick, a seal or a signature that its reader is so sure of."""
    return {"least": _logit(confidence)}


def legibility(passages: Iterable[Passage]) -> float:
    """How well the answers of one application can be read: minus the logarithm of the share of characters
    that are wrong."""
    read = [sure for passage in passages for _, sure in _characters(passage)]
    return -log(sum(1 - sure for sure in read) / max(len(read), 1) + _LEAST_ERROR)


def held_confidence(passage: Passage) -> float:
    """The least confidence of what was not read off a picture, 1 where nothing is of that sort."""
    return min(
        (span.confidence for span in passage.spans if isinstance(span, Run | Tick) and not is_read(span)),
        default=1.0,
    )


def probability(field: Field, signs: Signs) -> float:
    """How probable it is that a reading of `field` with these signs is right, if its value passes `check`."""
    if field.passes < 1 and field.kind not in WEIGHTS:
        return _checked(field.passes, signs)
    return probability_of(WEIGHTS, field.kind, signs)


def _checked(passes: float, signs: Signs) -> float:
    """The probability for a kind that proves itself. Of misread values a share of `passes` has a right check
    character by chance; one wrong character alone never has, so that the figure is on the safe side."""
    misread = exp(-signs["errors"]) - _LEAST_ERROR + _UNSEEN_ERRORS
    return 1 - passes * min(misread, 1.0)


def probability_of(table: Mapping[str, Mapping[str, float]], kind: str, signs: Signs) -> float:
    """The same by the weights in `table`; a kind that it lacks is weighed like the one that it is written
    like, and never accepted where that is none."""
    weights = table.get(kind) or table.get(_LIKE.get(kind, ""))
    if weights is None:
        return 0.0
    sure = _sigmoid(weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in signs.items()))
    unsure = signs["least"] < _logit(_SURE.get(kind, rungs.STRONG)) or signs.get(POINT, inf) < _logit(
        rungs.STRONG
    )
    return min(sure, rungs.EVEN) if unsure else sure


def threshold(target: float) -> float:
    """The least probability of an accepted reading that keeps the share of silent errors at `target`."""
    below = [(share, least) for share, least in THRESHOLDS if share <= target]
    return below[-1][1] if below else 1.0


def _characters(passage: Passage) -> list[tuple[str, float]]:
    return [
        (char, span.confidence)
        for char, span in zip(passage.text, passage.spans, strict=True)
        if is_read(span) and not char.isspace()
    ]


def _logit(share: float) -> float:
    share = min(max(share, _LEAST_ERROR), 1 - _LEAST_ERROR)
    return log(share / (1 - share))


def _sigmoid(value: float) -> float:
    return 1 / (1 + exp(-value)) if value > -50 else 0.0
