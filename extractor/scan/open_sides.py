"""Finds the open sides of tables. Nothing is drawn there, but rules begin or end together."""

from collections.abc import Iterator, Sequence

import numpy as np

from extractor.scan.carried import Columns
from extractor.scan.lattice import EDGE, FEWEST, NARROWEST, TOUCH, Rule
from models.geometry import Rect

_WIDTH = 0.03  # share of a table's width: on the next page it is as wide
_MOVED = 60  # pixels: a table lies no farther from where it lay on the page before
_ROOM = 6  # pixels: room between text and an edge that was not drawn
_FEWEST_BARE = 4  # rules that make a side if no rule of the other direction crosses them


def edges(own: Sequence[Rule], others: Sequence[Rule], along: int, least: float) -> list[Rule]:
    """Return rules of the other direction that were not drawn or not seen, where rules begin or end together.

    `own`: the rules of one direction. `others`: those of the other one. `along`: the size of the page along
    `own`, in pixels. `least`: the length in pixels below which a rule of `own` makes no edge.
    """
    found = []
    long = [rule for rule in own if rule.length >= least]
    for group in _alike(long):
        first, last = min(rule.at for rule in group), max(rule.at for rule in group)
        crossed = any(sum(rule.meets(other) for rule in group) >= FEWEST for other in others)
        if len(group) < (FEWEST if crossed else _FEWEST_BARE):
            continue
        for sign, ends in ((-1, [rule.start for rule in group]), (1, [rule.end for rule in group])):
            side = float(np.median(ends))
            # If an edge is drawn there or farther out, the side is not open: the rules only faded.
            drawn = sum(
                max(0.0, min(other.end, last) - max(other.start, first))
                for other in others
                if sign * (other.at - side) >= -TOUCH
            )
            if EDGE * along < side < (1 - EDGE) * along and drawn < (last - first) / 2:
                found.append(Rule(first, last, side))
    return found


def gone_on(levels: Sequence[Rule], before: Columns, texts: Sequence[Rect]) -> tuple[list[Rule], list[Rule]]:
    """Return the rules of both directions of a table without uprights that goes on from the page `before`.

    Its level rules are as wide as it was there. Their ends are its sides. What stands over the first and
    under the last of them, and is no wider, is in rows of it, too. Returns `levels` and no uprights where
    none is as wide. `texts` are bounding boxes of lines; all are in pixels.
    """
    wide = before.right - before.left
    rules = [
        one
        for one in levels
        if abs(one.length - wide) <= _WIDTH * wide and abs(one.start - before.left) <= _MOVED
    ]
    if not rules:
        return [*levels], []
    left, right = float(np.median([one.start for one in rules])), float(np.median([one.end for one in rules]))
    first, last = min(one.at for one in rules), max(one.at for one in rules)
    inside = [box for box in texts if box[0] > left - TOUCH and box[2] < right + TOUCH]
    top = min((box[1] for box in inside), default=first) - _ROOM
    bottom = max((box[3] for box in inside), default=last) + _ROOM
    open_ends = [at for at, room in ((top, first - top), (bottom, bottom - last)) if room > NARROWEST]
    ends = [first, last, *open_ends]
    sides = [Rule(min(ends), max(ends), side) for side in (left, right)]
    return [*rules, *(Rule(left, right, at) for at in open_ends)], sides


def _alike(rules: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Yield groups of rules that begin together and end together."""
    rest = sorted(rules, key=lambda rule: -rule.length)
    while rest:
        like = [
            rule
            for rule in rest
            if abs(rule.start - rest[0].start) <= TOUCH and abs(rule.end - rest[0].end) <= TOUCH
        ]
        rest = [rule for rule in rest if rule not in like]
        yield like
