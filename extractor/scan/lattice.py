"""Turns pieces of straight line into the rules of tables. Decides which pieces continue each other, which
rules belong together, and which pieces belong to no table.

No single piece decides. Pieces at one level vote for one rule, across gaps that a fold or wear leaves. Where
rules of one direction end together there is an edge of the table, whether it is ruled or not. A line is no
rule of a table if it runs beyond the table and ends nowhere, or if writing stands across it. Level rules
follow the rows of the picture; upright ones follow its columns.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from extractor.scan.strokes import Piece, interpolated
from models.geometry import Rect

Gray = NDArray[np.uint8]

TOUCH = 14  # pixels: rules that meet may stay this far short of each other
SAME = 6  # pixels: a piece may stray this far from its rule
NARROWEST = 12  # pixels: lines no farther apart have no room for text, so they are one line drawn double
_STEEPEST = 30  # pixels: a piece rises less from end to end
_BRIDGE = 160  # pixels that may be missing between any two pieces of a rule
_FARTHEST = 360  # pixels that may be missing between two long pieces
_BRIDGED = 0.6  # share of the length of two pieces that may be missing between them, within both bounds
_DRIFT = 0.02  # pixels that a piece may stray more for each pixel that is missing
_OFF = 4  # pixels that `_DRIFT` adds at most
_TOO_LONG = 136  # pixels: a longer upright piece is no stroke of writing, though only one end meets a rule
_WHOLE = 0.8  # share of the longest upright rule: only a line as long may run all the way down the sheet
_OVERSHOT = 48  # pixels: the height of a character in which an upright rule may seem to go on
_BEYOND = 24  # pixels: no rule runs farther beyond its table
EDGE = 0.025  # share of the page: an end so near to its edge may be that of a streak or of a fold
FEWEST = 2  # rules of the other direction that a rule of a table meets
_ACROSS = 0.55  # share of a text's height: a text with less bare paper around a line stands across the line
_NEAR = 1.2  # share of a text's height: a text that begins nearer behind a line stands beside the line
_OWN = 3  # pixels: ink so near to a line is the line's own
_SOME = 2  # texts: a line through so many is no rule
_SEVERAL = 3  # texts: a line beside so many, and through none, is a rule
_MANY = 4  # texts: a streak past so many meets a character of one
_CLEAR, _FREE = 0.08, 0.95  # shares of a text's height that is bare beside a rule, and of such texts
_STREAKED = 0.6  # share of the usual darkness: a paler piece in line with a loose one belongs to a streak
_LOOSE = 68  # pixels: a piece as long that lies on no rule is a loose one
_THROUGH = 0.3  # share of a text's height: a line that runs through a text is farther inside it
_FOOT = 0.0  # share of a text's height: a line that is a part of a text is farther above its foot
_LONGER = 1.2  # share of a text's width: a line that is a part of a text is shorter
_CLOSE = 7  # pixels: beside a stroke of a character, its other strokes are no farther away
_INSIDE = 0.15  # share of a text's height: a piece that lies farther inside a text is a part of it


@dataclass(frozen=True)
class Rule:
    """A ruled line from `start` to `end` along its direction, at the place `at` across it, all in pixels.
    `pieces`: what was seen of it. A rule that was not drawn, but stands where others end, has none."""

    start: float
    end: float
    at: float
    pieces: tuple[Piece, ...] = ()

    @cached_property
    def _course(self) -> tuple[list[float], list[float]]:
        at = [(one, x) for one in self.pieces for x in (one.start, (one.start + one.end) / 2, one.end)]
        points = sorted((x, one.level(x)) for one, x in at)
        return ([x for x, _ in points], [y for _, y in points]) if points else ([0.0], [self.at])

    def level(self, at: float) -> float:
        """Return its place across its direction at the place `at` along it, in pixels."""
        return interpolated(at, *self._course)

    @property
    def dark(self) -> float:
        """How many levels it is darker than paper, summed over its thickness."""
        return self._mean([piece.dark for piece in self.pieces])

    @property
    def core(self) -> float:
        """How many levels its darkest pixels are darker than paper."""
        return self._mean([piece.core for piece in self.pieces])

    def _mean(self, values: Sequence[float]) -> float:
        lengths = [piece.length for piece in self.pieces]
        return sum(a * b for a, b in zip(values, lengths, strict=True)) / max(sum(lengths), 1)

    @property
    def length(self) -> float:
        """Pixels along it."""
        return self.end - self.start

    def meets(self, other: "Rule") -> bool:
        """Tell whether it and a rule of the other direction touch or cross."""
        x = other.level(self.at)
        return (
            self.start - TOUCH <= x <= self.end + TOUCH
            and other.start - TOUCH <= self.level(x) <= other.end + TOUCH
        )


def chained(pieces: Iterable[Piece]) -> list[Rule]:
    """Return rules made of the pieces. A piece that goes on at the level where another ends is of one rule
    with it."""
    level = (one for one in pieces if abs(one.level(one.start) - one.level(one.end)) < _STEEPEST)
    steady = sorted(level, key=lambda one: one.start)
    groups = _Groups(len(steady))
    for b, after in enumerate(steady):
        for a, before in enumerate(steady[:b]):
            gap = after.start - before.end
            reach = max(_BRIDGE, min(_FARTHEST, _BRIDGED * (before.length + after.length)))
            drift = SAME + min(_DRIFT * gap, _OFF)
            if -TOUCH < gap < reach and abs(before.level(before.end) - after.level(after.start)) < drift:
                groups.join(a, b)
    return [rule_of([steady[i] for i in group]) for group in groups.all()]


def rule_of(pieces: Sequence[Piece]) -> Rule:
    """Return the rule that the pieces make, one or more."""
    length = sum(piece.length for piece in pieces)
    at = sum(piece.middle * piece.length for piece in pieces) / max(length, 1)
    return Rule(min(piece.start for piece in pieces), max(piece.end for piece in pieces), at, tuple(pieces))


def between(uprights: Iterable[Piece], levels: Sequence[Rule]) -> list[Piece]:
    """Return the upright pieces that go from one level rule to another, which strokes of writing do not. A
    long piece, or one in line with a piece that does so, may be broken off at one end."""
    kept, half = [], []
    for piece in uprights:
        crossed = _heights(piece, levels)
        ends = [
            any(-TOUCH <= sign * (y - end) <= 1.5 * TOUCH for y in crossed)
            for sign, end in ((1, piece.start), (-1, piece.end))
        ]
        met = sum(piece.start - TOUCH <= y <= piece.end + TOUCH for y in crossed)
        # A piece that writing seems to lengthen still goes from one level rule over another.
        if all(ends) or (any(ends) and met >= FEWEST) or (piece.length > _TOO_LONG and met):
            kept.append(piece)
        elif any(ends):
            half.append(piece)
    return kept + [piece for piece in half if any(abs(piece.middle - other.middle) < SAME for other in kept)]


def without_streaks(standing: Sequence[Piece], seen: Iterable[Piece]) -> list[Piece]:
    """Return the upright pieces that stand between level rules without the pieces of streaks: pale ones in
    line with others, of all that were `seen`, that lie on no rule. A streak that wear broke goes down the
    sheet beside the table, too."""
    kept = set(standing)
    loose = [piece for piece in seen if piece not in kept and piece.length >= _LOOSE]
    if not loose:
        return [*standing]
    usual = usual_darkness(standing)
    return [
        piece
        for piece in standing
        if piece.dark >= _STREAKED * usual
        or not any(abs(piece.middle - other.middle) < SAME for other in loose)
    ]


@dataclass(frozen=True)
class Texts:
    """The text of a page, as the rules' own direction sees it. `boxes`: bounding boxes of its lines, in
    pixels. `ink`: height x width, not 0 where there is ink that is not ruled."""

    boxes: tuple[Rect, ...]
    ink: Gray

    def turned(self) -> "Texts":
        """Return the same for the rules of the other direction."""
        return Texts(
            tuple((y0, x0, y1, x1) for x0, y0, x1, y1 in self.boxes), np.ascontiguousarray(self.ink.T)
        )


def without_foreign(
    levels: Sequence[Rule], uprights: Sequence[Rule], texts: Texts
) -> tuple[list[Rule], list[Rule]]:
    """Return the rules of both directions without lines that take no part in a table: folds, streaks of a
    scanner, lines through text."""
    width = texts.ink.shape[1]
    kept_levels = [
        one for one in levels
        if not _is_foreign(one, levels, uprights, width)
        and not _runs_through(one, texts.boxes)
        and not _is_writing(one, texts.boxes)
    ]  # fmt: skip
    kept_uprights = [
        _without_writing(one, levels, texts)
        for one in uprights
        if not _is_streak(one, levels, uprights, texts)
    ]
    # A line may run on where a rule ends. A part of it that goes from one rule to another is a rule.
    out = [one for one in uprights if _is_streak(one, levels, uprights, texts)]
    parts = [rule_of([piece]) for one in out if len(one.pieces) > 1 for piece in one.pieces]
    # A character's stroke may stand right under the end of a rule, or on top of it.
    parts += [
        rule_of([piece])
        for one in out
        for whole in one.pieces
        for piece in _shortened(whole, _crossed(whole, levels))
    ]
    kept_uprights += [
        part
        for part in parts
        if is_anchored(part, levels)
        and not across(part, texts)[0]
        and not _is_streak(part, levels, uprights, texts)
    ]
    return kept_levels, kept_uprights


def _shortened(piece: Piece, crossed: Sequence[float]) -> Iterator[Piece]:
    """Yield an upright piece without its end that reaches a little beyond the last of the level rules that it
    has `crossed`, if its other end lies on one."""
    if len(crossed) < FEWEST:
        return
    first, last = crossed[0], crossed[-1]
    over, under = piece.end - last, first - piece.start
    if (abs(under) <= TOUCH < over < _OVERSHOT) or (abs(over) <= TOUCH < under < _OVERSHOT):
        yield _cut(piece, piece.start, int(last)) if over > TOUCH else _cut(piece, int(first), piece.end)


def _without_writing(one: Rule, levels: Sequence[Rule], texts: Texts) -> Rule:
    """Return an upright rule without the ends of its pieces that are strokes of writing."""
    pieces = [_unwritten(piece, levels, texts) for piece in one.pieces]
    return one if pieces == [*one.pieces] else rule_of(pieces)


def _unwritten(piece: Piece, levels: Sequence[Rule], texts: Texts) -> Piece:
    met = _crossed(piece, levels)
    for part in _shortened(piece, met):
        rest = (part.end, piece.end) if part.end < piece.end else (piece.start, part.start)
        if across(Rule(*rest, piece.middle), texts)[0]:
            return part
    # Strokes right under its end may fill the row down to the next level rule.
    if len(met) > FEWEST and _is_written(Rule(met[-2], met[-1], piece.middle), texts):
        return _cut(piece, piece.start, int(met[-2]))
    if len(met) > FEWEST and _is_written(Rule(met[0], met[1], piece.middle), texts):
        return _cut(piece, int(met[1]), piece.end)
    return piece


def _is_written(part: Rule, texts: Texts) -> bool:
    """Tell whether a part of an upright line is made of strokes of the text across it, with writing close
    beside most of it."""
    crossed, beside = across(part, texts)
    if not crossed or beside:
        return False
    rows = slice(int(part.start) + _OWN, max(int(part.end) - _OWN, int(part.start) + _OWN + 1))
    x = round(part.at)
    close = texts.ink[rows, max(0, x - _CLOSE) : x + _CLOSE + 1]
    return float((close > 0).any(axis=1).mean()) > 0.5


def _crossed(piece: Piece, levels: Sequence[Rule]) -> list[float]:
    """Return the rows at which an upright piece meets level rules, from the top down."""
    return sorted(y for y in _heights(piece, levels) if piece.start - TOUCH <= y <= piece.end + TOUCH)


def _heights(piece: Piece, levels: Iterable[Rule]) -> list[float]:
    """Return the rows of the level rules at the place of an upright piece, whether it reaches them or not."""
    return [
        level.level(piece.middle)
        for level in levels
        if level.start - TOUCH <= piece.middle <= level.end + TOUCH
    ]


def _cut(piece: Piece, start: int, end: int) -> Piece:
    """Return the part of a piece from `start` to `end`, in pixels."""
    first, last = piece.level(start), piece.level(end)
    return replace(piece, start=start, end=end, weights=(last - first, (first + last) / 2))


def _is_streak(one: Rule, levels: Sequence[Rule], uprights: Sequence[Rule], texts: Texts) -> bool:
    """Tell whether an upright line goes through text rather than between it, or runs down the sheet
    regardless of the table."""
    crossed, beside = across(one, texts)
    # Dirt looks like writing across a line. But a line from one rule to another and no farther is seldom a
    # streak down the sheet.
    short = one.length < _WHOLE * max(rule.length for rule in uprights) and is_anchored(one, levels)
    if crossed >= _SOME and crossed > beside and not short and not _is_free(one, texts):
        return True
    return _is_foreign(one, uprights, levels, texts.ink.shape[0]) and not (beside >= _SEVERAL and not crossed)


def _is_free(one: Rule, texts: Texts) -> bool:
    """Tell whether no text touches an upright line: text stands close to rules, but streaks meet it."""
    free = [min(left, right) > _CLEAR * high for left, right, high in _reached(one, texts)]
    return len(free) >= _MANY and sum(free) >= _FREE * len(free)


def usual_darkness(lines: Iterable[Rule | Piece]) -> float:
    """Return the median darkness of the lines, weighted by their lengths; 0 for none."""
    ordered = sorted(lines, key=lambda line: line.dark)
    if not ordered:
        return 0.0
    lengths = np.cumsum([line.length for line in ordered])
    return ordered[int(np.searchsorted(lengths, lengths[-1] / 2))].dark


def _is_foreign(one: Rule, own: Sequence[Rule], others: Sequence[Rule], size: int) -> bool:
    """Tell whether a rule runs beyond the table that it crosses, and ends with no other rule there. `size`:
    the page's size along it, in pixels."""
    met = [other for other in others if one.meets(other)]
    kin = [
        rule
        for rule in own
        if rule is not one and any(rule.meets(other) for other in met) and is_anchored(rule, others)
    ]
    if not kin:
        return False
    # A short rule may belong to a frame that somebody stamped over the table.
    kin, met = _long(kin), _long(met)
    first = min(*(rule.start for rule in kin), *(other.at for other in met))
    last = max(*(rule.end for rule in kin), *(other.at for other in met))
    shared = [rule for rule in own if abs(rule.at - one.at) > NARROWEST and rule.length >= kin[-1].length]
    return any(
        beyond > _BEYOND and not _is_shared(end, [getattr(rule, side) for rule in shared], size)
        for beyond, end, side in ((first - one.start, one.start, "start"), (one.end - last, one.end, "end"))
    )


def _long(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that are at least half as long as the longest, which comes first."""
    ordered = sorted(rules, key=lambda rule: -rule.length)
    return [rule for rule in ordered if rule.length >= ordered[0].length / 2]


def is_anchored(one: Rule, others: Sequence[Rule]) -> bool:
    """Tell whether both ends of a rule lie on rules of the other direction."""
    met = [other.level(one.at) for other in others if one.meets(other)]
    return all(any(abs(x - end) <= TOUCH for x in met) for end in (one.start, one.end))


def _is_shared(end: float, others: Iterable[float], size: int) -> bool:
    """Tell whether another rule of the direction ends there, too, and not only because the page ends."""
    return EDGE * size < end < (1 - EDGE) * size and any(abs(other - end) <= TOUCH for other in others)


def _runs_through(level: Rule, boxes: Iterable[Rect]) -> bool:
    """Tell whether a level rule goes through lines of text more often than it passes between them, or lies in
    a line of text and is hardly longer."""
    through = beside = 0
    for x0, y0, x1, y1 in boxes:
        y, high = level.level((x0 + x1) / 2), y1 - y0
        if (
            level.length < (x1 - x0) * _LONGER
            and x0 - high < level.start
            and level.end < x1 + high
            and y0 < y < y1 - _FOOT * high
        ):
            return True
        if min(x1, level.end) - max(x0, level.start) > (x1 - x0) / 2:
            through += y0 + _THROUGH * high < y < y1 - _THROUGH * high
            beside += min(abs(y - y0), abs(y - y1)) < _NEAR * high
    return through >= _SOME and through > beside - through


def _is_writing(level: Rule, boxes: Iterable[Rect]) -> bool:
    """Tell whether all pieces of a level rule lie inside lines of text. The feet of one line and the heads of
    another, where both are level, look like a broken rule."""
    return bool(level.pieces) and all(any(_lies_in(piece, box) for box in boxes) for piece in level.pieces)


def _lies_in(piece: Piece, box: Rect) -> bool:
    x0, y0, x1, y1 = box
    high = y1 - y0
    within = x0 - high < piece.start and piece.end < x1 + high
    return within and y0 + _INSIDE * high < piece.middle < y1 - _INSIDE * high


def across(upright: Rule, texts: Texts) -> tuple[int, int]:
    """Return how many lines of text an upright rule goes through, and how many begin right behind it."""
    crossed = beside = 0
    for left, right, high in _reached(upright, texts):
        crossed += left + right < _ACROSS * high
        beside += _ACROSS * high <= left + right and right < _NEAR * high
    return crossed, beside


def _reached(upright: Rule, texts: Texts) -> Iterator[tuple[float, float, float]]:
    """Yield the bare pixels left and right of a rule at each line of text there, and the line's height."""
    for x0, y0, x1, y1 in texts.boxes:
        middle, high = (y0 + y1) / 2, y1 - y0
        x = upright.level(middle)
        if upright.start < middle < upright.end and x0 - _NEAR * high < x < x1 + _ACROSS * high:
            # A level rule at which it ends is no writing.
            rows = max(y0, upright.start + _OWN), min(y1, upright.end - _OWN)
            yield (*_bare(texts.ink, x, *rows, high), high)


def _bare(ink: Gray, x: float, y0: float, y1: float, high: float) -> tuple[float, float]:
    """Return how many pixels to the left and to the right of `x` are bare of ink; infinite where there is no
    ink within reach. `high`: the height of the text from `y0` to `y1`, in pixels."""
    reach, rows = round(_NEAR * high), slice(max(0, round(y0)), round(y1))
    found = []
    before = ink[rows, max(0, round(x) - reach) : max(0, round(x) - _OWN)]
    for part in (before[:, ::-1], ink[rows, round(x) + _OWN + 1 : round(x) + reach]):
        columns = np.flatnonzero((part > 0).any(axis=0))
        found.append(float(columns[0]) if len(columns) else inf)
    return found[0], found[1]


def tables(levels: Sequence[Rule], uprights: Sequence[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Return (level rules, upright rules) of each table. Rules that meet, directly or through others, are of
    one table."""
    groups = _Groups(len(levels) + len(uprights))
    for i, level in enumerate(levels):
        for j, upright in enumerate(uprights):
            if level.meets(upright):
                groups.join(i, len(levels) + j)
    return [
        (
            [levels[i] for i in group if i < len(levels)],
            [uprights[i - len(levels)] for i in group if i >= len(levels)],
        )
        for group in groups.all()
    ]


class _Groups:
    """Groups of the numbers from 0 to `count` - 1, as a disjoint-set forest (union-find)."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def _root(self, one: int) -> int:
        while self._parent[one] != one:
            one = self._parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        self._parent[self._root(other)] = self._root(one)

    def all(self) -> list[list[int]]:
        found: dict[int, list[int]] = {}
        for one in range(len(self._parent)):
            found.setdefault(self._root(one), []).append(one)
        return list(found.values())
