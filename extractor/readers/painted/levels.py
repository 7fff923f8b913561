"""Superscripts and subscripts: characters smaller than their neighbour that stand above or below its
baseline."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol

from extractor.text.raised import Level
from models.geometry import Rect

# A raised or lowered character is smaller than the first share of its neighbour's size, and its distance from
# the neighbour is at most the second. Word and LibreOffice make such characters 0.58 to 0.65 of the size,
# browsers 0.83.
_SMALLER, _ADJOINING = 0.87, 1.0
# The least height of a raised character above its neighbour's baseline, in the neighbour's size. Small words
# beside large ones may be centred on them, and then stand higher by the second share of the size difference.
_RAISED, _CENTRED = 0.08, 0.38
# The least depth of a lowered character. LibreOffice lowers by 0.08 and Word by 0.14; browsers, which hardly
# reduce the size, lower by 0.2.
_LOWERED, _LOWERED_LARGE, _SMALL = 0.05, 0.5, 0.65
# Characters of equal size: digits behind digits that are shifted by so much are shifted on purpose. Other
# words may have been typed askew into a form.
_SHIFTED, _TOUCHING = 0.2, 0.25


class Placed(Protocol):
    """A character with its place. `baseline` is the y on which it stands, None where that is not known."""

    @property
    def text(self) -> str: ...
    @property
    def box(self) -> Rect: ...
    @property
    def size(self) -> float: ...
    @property
    def baseline(self) -> float | None: ...


def levels_of(row: Sequence[Placed]) -> list[Level | None]:
    """Return for each piece of a line, given from left to right, its level above or below the line."""
    groups = list(_groups(row))
    levels: list[Level | None] = [None] * len(row)
    reference: list[int] | None = None
    for number, group in enumerate(groups):
        # A note mark that is raised before all other words is judged by the words behind it.
        beside = reference or (groups[number + 1] if number + 1 < len(groups) else None)
        level = _level(row, group, beside) if beside else None
        if level is None:
            reference = group
        levels[group[0] : group[-1] + 1] = [level] * (group[-1] + 1 - group[0])
    return levels


def _groups(row: Sequence[Placed]) -> Iterable[list[int]]:
    """Yield neighbours of one size on one baseline. Pieces without text or a known place are in no group."""
    group: list[int] = []
    for at, piece in enumerate(row):
        if not piece.text.strip() or piece.baseline is None or piece.size <= 0:
            continue
        last = row[group[-1]] if group else None
        if last and last.baseline is not None:
            same = (
                abs(last.size - piece.size) <= 0.05 * last.size
                and abs(last.baseline - piece.baseline) <= 0.03 * last.size
            )
            if not same:
                yield group
                group = []
        group.append(at)
    if group:
        yield group


def _level(row: Sequence[Placed], group: Sequence[int], beside: Sequence[int]) -> Level | None:
    """Return the level of a group relative to the group beside it."""
    is_behind = beside[0] < group[0]
    near, own = (row[beside[-1]], row[group[0]]) if is_behind else (row[beside[0]], row[group[-1]])
    gap = (own.box[0] - near.box[2] if is_behind else near.box[0] - own.box[2]) / near.size
    ratio = own.size / near.size
    # A sign such as an arrow may be drawn at any size.
    is_sign = unicodedata.category(near.text[-1:]) == "So"
    if near.baseline is None or own.baseline is None or gap > _ADJOINING or is_sign:
        return None
    above = (near.baseline - own.baseline) / near.size
    if ratio > _SMALLER:
        digits = near.text[-1:].isdigit() and all(row[at].text.isdigit() for at in group)
        if ratio > 1 / _SMALLER or not digits or gap > _TOUCHING or abs(above) < _SHIFTED:
            return None
        return "up" if above > 0 else "down"
    if above > _RAISED + _CENTRED * (1 - ratio):
        return "up"
    return "down" if -above > _LOWERED + _LOWERED_LARGE * max(0.0, ratio - _SMALL) else None
