"""How likely it is that characters stand beside each other in what applicants write.

A chain of characters (Shannon 1948): each depends on the two before it inside its word, and words follow each
other freely. Where words begin and end is not known, so all ways count together. The counts, of words and of
all places of China, are smoothed as Witten and Bell (1991) propose. They come with the program
(`language.bin`, `language.LICENSE`); `benchmarks/language_model.py` makes them. A short text may be a
person's name too, a surname and one or two characters that are borne as given names.
"""

import json
import sys
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import product
from math import exp, log, prod
from typing import NamedTuple

EDGE = 0  # the sign at which words begin and end
STEPS = 12  # steps of the stored counts a nat
_TIMES = tuple(exp(step / STEPS) for step in range(256))  # the count of each step
_BYTES = 6  # bytes of a stored key: it is of three characters at most
_WHOLE = 8  # bytes of a key in memory
# A character that no word has.
_UNKNOWN = 1e-8
# How likely signs other than Chinese characters begin a word, by what stands before: (digit, letter, mark,
# anything else) in all. Set by hand: no list of words holds them.
_DIGITS, _LETTERS, _MARKS = "0123456789", "abcdefghijklmnopqrstuvwxyz", "，。、；：（）“”%.-—+·《》"
_CLASSES: Mapping[str, Mapping[str, float]] = {
    "digit": {"digit": 0.55, "letter": 0.02, "mark": 0.05},
    "letter": {"digit": 0.2, "letter": 0.6, "mark": 0.1},
    "mark": {"digit": 0.05, "letter": 0.01, "mark": 0.02},
    "word": {"digit": 0.05, "letter": 0.01, "mark": 0.1},
}
_SIZES = {"digit": len(_DIGITS), "letter": 2 * len(_LETTERS), "mark": len(_MARKS)}
# What is counted or measured, by its first character: half of what stands behind a number. The words are
# without the numbers before them.
_COUNTED = "个名人户家台辆套块座栋幢层间处所次件项份张条公平立万亿千百兆吨元角度年月日号楼室届岁天小"
_IS_COUNTED = 0.5
_STRANGE = 1e-7  # a sign that forms are not filled in with
# A short text is as likely to be a person's name as anything else.
_NAMES = (2, 3)  # characters of a name
_RARE = 3e-5  # a surname, or a character of a given name, that is not listed

Choice = Sequence[tuple[str, float]]


def key(*codes: int) -> int:
    """Return the number under which a pair or a triple of characters is stored."""
    found = 0
    for code in codes:
        found = found << 16 | code
    return found


def is_chinese(text: str) -> bool:
    """Tell whether a text consists of the ideographs that are in common use."""
    return bool(text) and all("\u4e00" <= char <= "\u9fff" for char in text)


class Weighed(NamedTuple):
    """How likely each character is at each place of a text; and whether that is likelier a person's name than
    other words."""

    shares: list[dict[str, float]]
    is_name: bool


def weighed(choices: Sequence[Choice], weight: float) -> Weighed:
    """Return how likely each character is at each place of a text, of those that may stand there.

    `choices` are the characters that may stand at each place, with their likelihoods. `weight` is the share
    of what the language tells that is believed: the reader has learnt some of it already.
    """
    shares, total = _in_words(choices, weight)
    if len(choices) not in _NAMES or not all(is_chinese(text) for choice in choices for text, _ in choice):
        return Weighed(shares, False)
    names = _as_name(choices, weight)
    both = [
        _normal({text: one[text] + total * other[text] for text in one})
        for one, other in zip(names, shares, strict=True)
    ]
    return Weighed(both, sum(names[0].values()) > total)


def _normal(shares: Mapping[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    return {text: share / total for text, share in shares.items()} if total else dict(shares)


def _as_name(choices: Sequence[Choice], weight: float) -> list[dict[str, float]]:
    """Return for each place how likely the text is with each character there, if it is a person's name."""
    table = _table()
    found: list[dict[str, float]] = [dict.fromkeys((text for text, _ in choice), 0.0) for choice in choices]
    for texts in product(*choices):
        first, *rest = (text for text, _ in texts)
        said = table.surnames.get(first, _RARE) * prod(table.given.get(text, _RARE) for text in rest)
        share = said**weight * prod(score for _, score in texts)
        for place, (text, _) in enumerate(texts):
            found[place][text] += share
    return found


class _State(NamedTuple):
    """What the next character depends on: the two signs before it, of which the first may be an edge."""

    before: str
    last: str


def _in_words(choices: Sequence[Choice], weight: float) -> tuple[list[dict[str, float]], float]:
    """Return for each place how likely each character is there, by the words of the text, and how likely the
    text is: the sums over all ways through the choices, forward and backward (Rabiner 1989)."""
    ahead: list[dict[_State, float]] = [{_State("", ""): 1.0}]
    scale = 1.0
    steps: list[list[tuple[_State, _State, float]]] = []
    for choice in choices:
        made = [
            (state, after, said**weight * score)
            for state in ahead[-1]
            for text, score in choice
            for after, said in _ways(state, text)
        ]
        steps.append(made)
        sums, greatest = _scaled((after, ahead[-1][state] * share) for state, after, share in made)
        ahead.append(sums)
        scale *= greatest
    behind = {state: _leaves(state) ** weight for state in ahead[-1]}
    scale *= sum(share * behind[state] for state, share in ahead[-1].items())
    found: list[dict[str, float]] = []
    for number in range(len(choices) - 1, -1, -1):
        shares = dict.fromkeys((text for text, _ in choices[number]), 0.0)
        for state, share in ahead[number + 1].items():
            shares[state.last] += share * behind[state]
        found.append(_normal(shares))
        behind, _ = _scaled((state, behind[after] * share) for state, after, share in steps[number])
    return found[::-1], scale


def _scaled(shares: Iterable[tuple[_State, float]]) -> tuple[dict[_State, float], float]:
    """Return the sums of the shares, so that the greatest is 1, and what that was."""
    found: dict[_State, float] = {}
    for state, share in shares:
        found[state] = found.get(state, 0.0) + share
    greatest = max(found.values(), default=0.0) or 1.0
    return {state: share / greatest for state, share in found.items()}, greatest


def _ways(state: _State, text: str) -> list[tuple[_State, float]]:
    """Return the ways on from a state to a character, and how likely each is: inside its word, and as the
    first of another one."""
    inside = is_chinese(text) and is_chinese(state.last)
    begins = _leaves(state) * _begins(_class(state.last), text)
    ways = [(_State("", text), begins)]
    if inside:
        ways.append((_State(state.last, text), _follows(state, ord(text))))
    return ways


def _leaves(state: _State) -> float:
    """Return how likely a word ends after a state."""
    return _follows(state, EDGE) if is_chinese(state.last) else 1.0


@lru_cache(100_000)
def _follows(state: _State, code: int) -> float:
    before = ord(state.before) if is_chinese(state.before) else EDGE
    return _table().share(before, ord(state.last), code)


def _class(text: str) -> str:
    if is_chinese(text) or not text:
        return "word"
    if text in _DIGITS:
        return "digit"
    return "letter" if text.lower() in _LETTERS else "mark"


@lru_cache(10_000)
def _begins(after: str, text: str) -> float:
    """Return how likely a sign is the first of a word, after one of a class."""
    kind, shares = _class(text), _CLASSES[after]
    if kind == "word":
        said = _table().first(ord(text))
        if after == "digit":
            said = (1 - _IS_COUNTED) * said + _IS_COUNTED * (text in _COUNTED) / len(_COUNTED)
        return (1 - sum(shares.values())) * said
    if kind == "mark" and text not in _MARKS:
        return _STRANGE
    return shares[kind] / _SIZES[kind]


class _Counts(NamedTuple):
    """Counts by key, in the order of the keys, as steps of a logarithm."""

    keys: Sequence[int]
    steps: Sequence[int]

    @classmethod
    def of_planes(cls, planes: memoryview, size: int) -> "_Counts":
        """Read so many counts from the lowest bytes of all keys, the next ones, and so on, and the steps."""
        whole = bytearray(_WHOLE * size)
        for number in range(_BYTES):
            place = number if sys.byteorder == "little" else _WHOLE - 1 - number
            whole[place::_WHOLE] = planes[number * size : (number + 1) * size]
        return cls(memoryview(whole).cast("Q"), planes[_BYTES * size : (_BYTES + 1) * size])

    def of(self, key: int) -> float:
        place = bisect_left(self.keys, key)
        return _TIMES[self.steps[place]] if place < len(self.keys) and self.keys[place] == key else 0.0

    def after(self, context: int) -> tuple[float, int]:
        """Return how often characters follow a context, and how many different ones do."""
        steps = self.steps[bisect_left(self.keys, context << 16) : bisect_left(self.keys, context + 1 << 16)]
        return sum(_TIMES[step] for step in steps), len(steps)


class _Table:
    """The counts, as shares."""

    def __init__(self, data: bytes) -> None:
        """`data` is what `packed` made."""
        unpacked = zlib.decompress(data)
        end = unpacked.index(b"\n")
        names, rest = json.loads(unpacked[:end]), memoryview(unpacked)[end + 1 :]
        self.surnames: dict[str, float] = names["surnames"]
        borne = sum(names["given"].values())
        self.given: dict[str, float] = {char: times / borne for char, times in names["given"].items()}
        counts: list[_Counts] = []
        for size in names["sizes"]:
            counts.append(_Counts.of_planes(rest, size))
            rest = rest[(_BYTES + 1) * size :]
        singles, self._pairs, self._triples = counts
        self._pairs_after = lru_cache(50_000)(self._pairs.after)
        self._triples_after = lru_cache(50_000)(self._triples.after)
        total = sum(_TIMES[step] for step in singles.steps)
        self._single = {
            code: _TIMES[step] / total for code, step in zip(singles.keys, singles.steps, strict=True)
        }

    def first(self, code: int) -> float:
        """Return how likely a word begins with a character."""
        return self._pair(EDGE, code)

    def share(self, before: int, last: int, code: int) -> float:
        """Return how likely a character follows two others inside a word, or that the word ends there."""
        total, kinds = self._triples_after(key(before, last))
        own = self._triples.of(key(before, last, code))
        return (own + kinds * self._pair(last, code)) / (total + kinds) if total else self._pair(last, code)

    def _pair(self, last: int, code: int) -> float:
        total, kinds = self._pairs_after(last)
        single = max(self._single.get(code, 0.0), _UNKNOWN)
        return (self._pairs.of(key(last, code)) + kinds * single) / (total + kinds) if total else single


def packed(
    counts: Sequence[Mapping[int, int]], surnames: Mapping[str, float], given: Mapping[str, int]
) -> bytes:
    """Return the file of the counts of single characters, pairs and triples by key, and of names."""
    head = {"sizes": [len(one) for one in counts], "surnames": surnames, "given": given}
    body = b""
    for one in counts:
        keys = sorted(one)
        # The same bytes of all keys one after the other are smaller once packed, and need no sums to be read.
        planes = (bytes(key >> 8 * number & 0xFF for key in keys) for number in range(_BYTES))
        body += b"".join(planes) + bytes(round(log(one[key]) * STEPS) for key in keys)
    return zlib.compress(json.dumps(head, ensure_ascii=False).encode() + b"\n" + body, 9)


@cache
def _table() -> _Table:
    return _Table(files(__package__).joinpath("language.bin").read_bytes())
