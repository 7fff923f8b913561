"""Comparing a text read from a picture with a name: does the seal bear it? (pure)

The comparison weighs the recogniser's own doubts. Where the recogniser misread a character, the right one was
mostly among its rivals; the characters of another name are read surely. A misreading therefore costs little,
and another name costs much, even one that differs by a single character.
"""

import math
import re
from collections.abc import Sequence

from extractor import rungs
from extractor.text.confusions import OUTLINE
from models.page import Run
from models.writing import CJK, key

# The costs of evidence against a name, as negative log-likelihoods; each of the first three alone rules the
# name out. They are round figures of 2026-11-22. `python -m benchmarks.seal_names` computes them from 217
# seals that it draws (2026-11-29): 4.5, 8.5, 4.5 and 5.9 over 2,493 characters. In the 2,256 characters of
# clear readings none of the four happened, which makes 8.4 of each. A stray sign is rare, and yet no evidence
# of another name.
_UNTHOUGHT = 7.5  # a character was read that has the expected one not even among its rivals
_UNASKED = 6.5  # a character was surely read that the name lacks
_MISSED = 6.5  # a character of the name for which nothing was read
_STRAY = 1.0  # a sign that a seal has besides its name: a digit of its number, a stroke of its outline
_NAMED = re.compile(f"(?!{OUTLINE.read})[{CJK}]")
# Of the same seals 206 were judged to bear their own name and none not to. None was judged to bear a near
# name, and 194 were judged not to. The remaining seals go to a person.
_BEARS, _DIFFERS = 5.0, 7.0


def bears(readings: Sequence[Sequence[Run]], name: str) -> bool | None:
    """Tell whether the readings say `name`; None where that can't be told.

    The reading may begin anywhere: a ring has no first character.
    """
    wanted = key(name)
    costs = [cost(reading, wanted) for reading in readings if reading]
    if not wanted or not costs:
        return None
    if min(costs) <= _BEARS:
        return True
    clear = any(
        sum(run.confidence for run in reading) > rungs.CLEAR * len(reading)
        for reading in readings
        if 2 * len(reading) > len(wanted)
    )
    return False if clear and min(costs) >= _DIFFERS else None


def cost(reading: Sequence[Run], wanted: str) -> float:
    """Return the negative log-likelihood of the characters read, if the seal bears `wanted`. The reading may
    start at any character."""
    read = [(letter, run) for run in reading for letter in key(run.text)]
    turns = [read[start:] + read[:start] for start in range(len(read))]
    return min((_aligned(turn, wanted) for turn in turns), default=math.inf)


def _aligned(read: Sequence[tuple[str, Run]], wanted: str) -> float:
    """Return the least cost of explaining `read` by `wanted`: by characters that were misread, missed, or
    read where there are none."""
    row = [_MISSED * k for k in range(len(wanted) + 1)]
    for letter, run in read:
        extra = 0.5 + _UNASKED * run.confidence if _NAMED.fullmatch(letter) else _STRAY
        new = [row[0] + extra]
        for k, expected in enumerate(wanted):
            new.append(min(row[k] + _mistaken(letter, run, expected), row[k + 1] + extra, new[k] + _MISSED))
        row = new
    return row[-1]


def _mistaken(letter: str, run: Run, expected: str) -> float:
    if letter == expected:
        return 0.0
    rivals = dict(run.others)
    if expected not in rivals:
        return _UNTHOUGHT
    return math.log(max(run.confidence, 0.05) / max(rivals[expected], rungs.LEAST_RIVAL))
