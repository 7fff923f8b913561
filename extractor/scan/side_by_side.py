"""Parts tables that stand side by side, as the two pages of a sheet of A3 do, and puts them in order. Their
level rules often lie at one height, so that they pass for the rules of one table that were broken."""

from collections.abc import Iterator, Sequence
from itertools import permutations

from extractor.scan.lattice import FEWEST, TOUCH, Rule, Texts, rule_of
from models.geometry import Rect

_NARROWEST = 30  # pixels: two tables are no nearer to each other
# Shares of the longest upright rule: the edge of a table is as long, or where it is low beside a high one.
_LONG = (0.5, 0.2)
_LEVEL = 0.3  # share of the lower table's height: tables side by side have so much in common
_ENDING = 0.5  # share of the level rules at an edge of a table: so many end there


def without_bridges(levels: Sequence[Rule], uprights: Sequence[Rule], texts: Texts) -> list[Rule]:
    """Return the level rules, none of which goes on from one table to another beside it.

    Between two tables there is a strip of bare paper from an upright rule at which level ones end to one at
    which others start, without any piece of a rule and without text.
    """
    strips = {strip for long in _LONG for strip in _strips(levels, uprights, texts, long)}
    found = list(levels)
    for left, right in sorted(strips):
        found = [part for one in found for part in _parted(one, (left + right) / 2)]
    return found


def _strips(
    levels: Sequence[Rule], uprights: Sequence[Rule], texts: Texts, long: float
) -> Iterator[tuple[float, float]]:
    """Yield the strips between tables, each from one place to another in pixels. Their edges are as long as
    this share of the longest upright rule."""
    longest = max((one.length for one in uprights), default=0.0)
    edges = sorted((one for one in uprights if one.length >= long * longest), key=lambda one: one.at)
    for number, left in enumerate(edges):
        for right in edges[number + 1 :]:
            if right.at - left.at < _NARROWEST:
                continue
            if _is_bare(left, right, levels, texts) and _ends(left, right, levels):
                yield left.at, right.at
            break


def _is_bare(left: Rule, right: Rule, levels: Sequence[Rule], texts: Texts) -> bool:
    """Tell whether no piece of a rule and no text lies between two upright rules, beside either of them."""
    top, bottom = min(left.start, right.start) - TOUCH, max(left.end, right.end) + TOUCH
    inner = left.at + TOUCH, right.at - TOUCH
    pieces = any(
        piece.start < inner[1] and piece.end > inner[0] and top < one.at < bottom
        for one in levels
        for piece in one.pieces
    )
    texted = any(
        left.at < (x0 + x1) / 2 < right.at and top < (y0 + y1) / 2 < bottom for x0, y0, x1, y1 in texts.boxes
    )
    return not pieces and not texted


def _ends(left: Rule, right: Rule, levels: Sequence[Rule]) -> bool:
    """Tell whether level rules end at `left` and others start at `right`, most of those that meet them."""
    met = [[one for one in levels if one.meets(edge)] for edge in (left, right)]
    ending = sum(any(abs(piece.end - left.at) <= TOUCH for piece in one.pieces) for one in met[0])
    starting = sum(any(abs(piece.start - right.at) <= TOUCH for piece in one.pieces) for one in met[1])
    return all(
        count >= max(FEWEST, _ENDING * len(own)) for count, own in zip((ending, starting), met, strict=True)
    )


def _parted(one: Rule, at: float) -> list[Rule]:
    """Return a rule cut at a place where none of its pieces lies."""
    before = [piece for piece in one.pieces if piece.end <= at]
    after = [piece for piece in one.pieces if piece.start >= at]
    return [rule_of(before), rule_of(after)] if before and after else [one]


def columns(tables: Sequence[Rect]) -> list[float]:
    """Return the places between tables that stand side by side, from left to right, in the unit of their
    bounding boxes. Where a table reaches over such a place there are none."""
    places = sorted(
        {
            (one[2] + other[0]) / 2
            for one, other in permutations(tables, 2)
            if one[2] < other[0]
            and min(one[3], other[3]) - max(one[1], other[1])
            > _LEVEL * min(one[3] - one[1], other[3] - other[1])
        }
    )
    return places if not any(box[0] < place < box[2] for box in tables for place in places) else []


def in_column(box: Rect, places: Sequence[float]) -> tuple[int, float, float]:
    """Return what puts boxes in the order in which they are read: column by column, each from the top down.
    `places` are those between the columns."""
    return sum(box[0] > place for place in places), box[1], box[0]
