"""Tells rules from lines that are too pale to be rules: lines that shine through the paper, and dirt.

Darkness is how many levels a line is darker than paper, summed over the line's thickness. What is pale beside
the rules on which others stand is no rule; but thin or dotted rules in a thick frame are pale only in sum.
"""

from collections.abc import Sequence

from extractor.scan.lattice import FEWEST, Rule, is_anchored, usual_darkness

_PALER = 0.35  # share of the usual darkness: a paler line shines through the paper, or is dirt
_SOLID = 90  # levels: the nearer to it the usual darkness is, the more dotted, grey or fine rules differ
_AS_BLACK = 0.5  # share of the frame's levels at the darkest pixels: what shines through has less
_ALIKE = 1.5  # times: rules of one kind differ less in darkness


def without_pale(levels: Sequence[Rule], uprights: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """Return the rules of both directions without those that are much paler than the rules that others stand
    on. Several that go from rule to rule, as dark as each other and as black as the rest, are thin rules in a
    thick frame."""
    bearing = bearing_in(levels, uprights)
    if not bearing:
        return [*levels], [*uprights]
    usual = usual_darkness(bearing)
    least = min(_PALER * usual, max(0.0, usual - _SOLID))
    kept = {rule for rule in (*levels, *uprights) if rule.dark >= least}
    black = _AS_BLACK * max((rule.core for rule in bearing if rule.dark >= usual), default=0.0)
    thin = [rule for rule in bearing if rule.dark < least and black < rule.core]
    thin = [rule for rule in thin if is_anchored(rule, uprights if rule in levels else levels)]
    kept.update(_of_one_kind(thin))
    return [rule for rule in levels if rule in kept], [rule for rule in uprights if rule in kept]


def bearing_in(levels: Sequence[Rule], uprights: Sequence[Rule]) -> list[Rule]:
    """Return the rules of both directions on which several of the other direction stand."""
    return [
        rule
        for rules, others in ((levels, uprights), (uprights, levels))
        for rule in rules
        if sum(rule.meets(other) for other in others) >= FEWEST
    ]


def _of_one_kind(thin: Sequence[Rule]) -> list[Rule]:
    """Return the thin rules that are as dark as the most of them, if there are several."""
    usual = usual_darkness(thin)
    alike = [rule for rule in thin if usual / _ALIKE <= rule.dark <= usual * _ALIKE]
    return alike if len(alike) >= FEWEST else []
