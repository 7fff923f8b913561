"""Tells words that stand under each other in several columns, as in a label left of many rows, by where their
characters stand."""

from collections.abc import Sequence
from itertools import pairwise

_APART = 1.2  # of a character's size: how far apart columns stand at least
_UNDER = 0.7  # of it: how far apart characters of a column are at least, or they stand beside each other
_LEAST = 2  # columns, and characters of each but the last


def upright_columns(
    places: Sequence[tuple[float, float]], size: float, tight: float
) -> tuple[tuple[int, ...], ...]:
    """The numbers of the characters at `places` (x, y), column by column from the right, each from the top
    down; none where they do not stand so.

    `size` is that of a character, in the unit of the places. Characters of a column are no farther apart than
    `tight` of it, which lines of words never are. What is left for the last column may be one character.
    """
    columns = _columns([across for across, _ in places], size)
    if not _are_filled(columns):
        return ()
    columns = [sorted(column, key=lambda n: places[n][1]) for column in columns]
    apart = min(places[a[0]][0] - places[b[0]][0] for a, b in pairwise(columns))
    steps = [places[b][1] - places[a][1] for column in columns for a, b in pairwise(column)]
    is_column = all(_UNDER * size <= step <= tight * size for step in steps)
    if apart < _APART * size or not is_column or not _is_level(columns, places, size):
        return ()
    return tuple(map(tuple, columns))


def may_be_upright(across: Sequence[float], size: float) -> bool:
    """Whether characters may stand in such columns, by how far `across` they stand alone."""
    return _are_filled(_columns(across, size))


def _columns(across: Sequence[float], size: float) -> list[list[int]]:
    columns: list[list[int]] = []
    for number in sorted(range(len(across)), key=lambda n: -across[n]):
        if columns and abs(across[columns[-1][0]] - across[number]) < size / 2:
            columns[-1].append(number)
        else:
            columns.append([number])
    return columns


def _are_filled(columns: Sequence[Sequence[int]]) -> bool:
    return len(columns) >= _LEAST and all(len(column) >= _LEAST for column in columns[:-1])


def _is_level(columns: Sequence[Sequence[int]], places: Sequence[tuple[float, float]], size: float) -> bool:
    """Whether the last column lies beside those before it."""
    before = [places[n][1] for column in columns[:-1] for n in column]
    return all(min(before) - size / 2 < places[n][1] < max(before) + size / 2 for n in columns[-1])
