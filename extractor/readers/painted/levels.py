"""Which characters of a line stand above or below it: smaller than their neighbour, and not on the line that
it stands on."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol

from extractor.text.raised import Level
from models.geometry import Rect

# A raised or lowered character is smaller than this part of its neighbour and stands no farther from it than
# this, in its neighbour's size. Word and LibreOffice make them 0.58 to 0.65, browsers 0.83 of the size.
_SMALLER, _ADJOINING = 0.87, 1.0
# How far above its neighbour's line it stands at least, in its neighbour's size: small words beside large
# ones may be set on the middle of these, and stand this part of the difference higher.
_RAISED, _CENTRED = 0.08, 0.38
# How far below: LibreOffice lowers by 0.08, Word by 0.14, browsers, which hardly make them smaller, by 0.2.
_LOWERED, _LOWERED_LARGE, _SMALL = 0.05, 0.5, 0.65
# Of the same size, digits behind digits are shifted on purpose if by so much; other words may be typed askew
# into a form.
_SHIFTED, _TOUCHING = 0.2, 0.25


class Placed(Protocol):
    """A character with its place: the y on which it stands is None where that is not known."""

    @property
    def text(self) -> str: ...
    @property
    def box(self) -> Rect: ...
    @property
    def size(self) -> float: ...
    @property
    def baseline(self) -> float | None: ...


def levels_of(row: Sequence[Placed]) -> list[Level | None]:
    """Of each piece of a line, given from left to right, whether it stands above or below the line."""
    groups = list(_groups(row))
    levels: list[Level | None] = [None] * len(row)
    reference: list[int] | None = None
    for number, group in enumerate(groups):
        # What is raised before all other words, the mark of a note, is told by the words behind it.
        beside = reference or (groups[number + 1] if number + 1 < len(groups) else None)
        level = _level(row, group, beside) if beside else None
        if level is None:
            reference = group
        levels[group[0] : group[-1] + 1] = [level] * (group[-1] + 1 - group[0])
    return levels


def _groups(row: Sequence[Placed]) -> Iterable[list[int]]:
    """Neighbours of one size that stand on one line; what has no text or no known place is in none."""
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
    """Whether a group stands above or below the one beside it."""
    is_behind = beside[0] < group[0]
    near, own = (row[beside[-1]], row[group[0]]) if is_behind else (row[beside[0]], row[group[-1]])
    gap = (own.box[0] - near.box[2] if is_behind else near.box[0] - own.box[2]) / near.size
    ratio = own.size / near.size
    # A sign such as an arrow is drawn as large as one likes.
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
