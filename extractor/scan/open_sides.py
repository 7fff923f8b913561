"""Finds the open sides of tables. Nothing is drawn there, but rules begin or end together."""

from collections.abc import Iterator, Sequence

import numpy as np

from extractor.scan.lattice import EDGE, FEWEST, TOUCH, Rule

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
