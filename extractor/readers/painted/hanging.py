"""Words that stand beside several lines of a cell at half their height: a prompt before an answer of two
lines, or the unit behind it (pure)."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from models.geometry import Rect, around

# The least share of its height that such a row has in common with each of the lines above and below it. Lines
# of one text have none; the raised and lowered stand within one line.
_COMMON = 0.15
# By how much of its height the middle of a row may miss that of the lines beside it.
_AWRY = 0.35


class Placed(Protocol):
    """What has a box on the page."""

    @property
    def box(self) -> Rect: ...


P = TypeVar("P", bound=Placed)


def hung(rows: Sequence[list[P]]) -> list[list[P]]:
    """The rows of a cell, from top to bottom, in which each row that hangs beside others went to the first or
    to the last of them. Else the words would stand in the middle of the answer."""
    found = [list(row) for row in rows if row]
    at = 1
    while at < len(found) - 1:
        boxes = [around([piece.box for piece in row]) for row in found]
        reach, leads = _beside(boxes, at)
        if not reach:
            at += 1
            continue
        row = found[at]
        first, last = found[at - reach], found[at + reach]
        first[:0], last[len(last) :] = (row, []) if leads else ([], row)
        del found[at]
    return found


def _beside(boxes: Sequence[Rect], at: int) -> tuple[int, bool]:
    """How many rows above and below the row hangs beside, 0 where it doesn't; and whether it stands left of
    them."""
    own = boxes[at]
    reach = 0
    leads = own[2] <= min(boxes[at - 1][0], boxes[at + 1][0])
    while at - reach - 1 >= 0 and at + reach + 1 < len(boxes):
        above, below = boxes[at - reach - 1], boxes[at + reach + 1]
        is_beside = own[2] <= min(above[0], below[0]) if leads else own[0] >= max(above[2], below[2])
        middle = (above[1] + below[3]) / 2 - (own[1] + own[3]) / 2
        touches = reach or min(_common(own, above), _common(own, below)) >= _COMMON
        if not (is_beside and touches and abs(middle) <= _AWRY * (own[3] - own[1])):
            break
        reach += 1
    return reach, leads


def _common(one: Rect, other: Rect) -> float:
    return (min(one[3], other[3]) - max(one[1], other[1])) / max(one[3] - one[1], 1e-6)
