"""Labels of which so much was lost that only their place still tells them: a streak of dirt runs down through
the first character of each, or the picture ends in them.

Such a label stands where the order of the form has it, in a column of labels, and half of it is legible.
"""

from collections.abc import Iterator, Mapping, Sequence

from rapidfuzz import fuzz

from extractor.answers.units import Unit

_HALF = 60  # percent: so like a label must be what stands in its place
_LEAST = 2  # characters: fewer are like too many labels


def told_by_place(
    lost: Mapping[int, Sequence[str]], found: Mapping[int, int], units: Sequence[Unit]
) -> dict[int, int]:
    """Return which of the `lost` labels stand in which unit.

    A label is known by its number in the form. `lost` holds the keys of each label that is not found, and
    `found` the place, in the order of `units`, of each that is.
    """
    told: dict[int, int] = {}
    for label in sorted(lost):
        placed = {**found, **told}
        before = max((one for one in placed if one < label), default=None)
        after = min((one for one in found if one > label), default=None)
        start = -1 if before is None else placed[before]
        end = len(units) if after is None else found[after]
        near = [units[placed[one]] for one in (before, after) if one is not None]
        places = [
            place
            for place in _between(start, end, near, found, units)
            if _likeness(lost[label], units[place]) >= _HALF
            and all(
                _likeness(lost[label], units[place]) > _likeness(keys, units[place])
                for other, keys in lost.items()
                if other != label
            )
        ]
        if len(places) == 1:
            told[label] = places[0]
    return told


def _between(
    start: int, end: int, near: Sequence[Unit], found: Mapping[int, int], units: Sequence[Unit]
) -> Iterator[int]:
    """Yield the places after `start` and before `end` of what stands in a column of labels of a table that
    holds one of the labels `near`, with a cell behind it."""
    tables = {id(unit.table) for unit in near if unit.table}
    columns = {
        (id(unit.table), unit.cell.column)
        for unit in (units[place] for place in found.values())
        if unit.cell and unit.table
    }
    taken = set(found.values())
    for place in range(start + 1, end):
        unit = units[place]
        if (
            unit.cell
            and id(unit.table) in tables
            and (id(unit.table), unit.cell.column) in columns
            and place not in taken
            and len(unit.key) >= _LEAST
            and any(_is_behind(other, unit) for other in units)
            and not unit.is_crossed_out
        ):
            yield place


def _is_behind(unit: Unit, label: Unit) -> bool:
    """Tell whether a cell stands in the row of another of its table, right of it."""
    a, b = unit.cell, label.cell
    return (
        unit.table is label.table
        and a is not None
        and b is not None
        and a.row <= b.row < a.row + a.row_span
        and a.column >= b.column + b.column_span
    )


def _likeness(keys: Sequence[str], unit: Unit) -> float:
    """Return how like one of the keys the unit is, in percent."""
    return max(fuzz.ratio(one, unit.key) for one in keys)
