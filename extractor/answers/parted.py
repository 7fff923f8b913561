"""Parts a cell where a label of the form stands apart in the midst of it: the rules beside that label were
not seen on the picture, and two answers would be read as one."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from extractor.answers.units import Unit
from extractor.text.passage import spaced
from models.page import Box, Run
from models.writing import key

_APART = 0.8  # of a character's width: a label stands so far from what is before and behind it
_PARTS = 3  # columns that a column becomes: what stands before a label, the label, what stands behind it


def part(units: tuple[Unit, ...], lost: Sequence[Sequence[str]], taken: Collection[int]) -> tuple[Unit, ...]:
    """Return the units, with each cell parted that holds one of the `lost` labels (each given by its texts)
    apart from other words. The new cells are not sure. `taken`: the ids of units that are labels.

    The columns of such a cell's table are counted anew. Where more cells hold a label than there are labels
    of that text, none is parted for it.
    """
    sought = Counter(text for texts in lost for text in texts)
    hits: dict[str, list[tuple[int, tuple[int, int]]]] = {text: [] for text in sought}
    for n, unit in enumerate(units):
        if unit.cell and unit.box and unit.page is not None and id(unit) not in taken:
            for text, known in hits.items():
                known += [(n, place) for place in _standing_apart(unit, text)]
    places = dict(hit for text, known in hits.items() if len(known) <= sought[text] for hit in known)
    if not places:
        return units
    tables = {id(units[n].table) for n in places}
    return tuple(
        part
        for n, unit in enumerate(units)
        for part in (_pieces(unit, *places[n]) if n in places else [_widened(unit, tables)])
    )


def _standing_apart(unit: Unit, text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each place of a unit where `text` stands apart from what else its line holds."""
    if key(text) not in unit.key:
        # Most units hold no label, and are looked at once for each that is lost.
        return
    boxes = _boxes(unit)
    for found in re.finditer(spaced(text), unit.passage.text):
        start, end = found.span()
        first, last = boxes[start], boxes[end - 1]
        if first is None or last is None or found.group() == unit.passage.text.strip():
            continue
        room = _APART * (first.x1 - first.x0)
        before = next((box for box in reversed(boxes[:start]) if box), None)
        behind = next((box for box in boxes[end:] if box), None)
        gaps = [first.x0 - before.x1] if before and _is_level(before, first) else []
        gaps += [behind.x0 - last.x1] if behind and _is_level(behind, last) else []
        if gaps and min(gaps) > room:
            yield start, end


def _boxes(unit: Unit) -> list[Box | None]:
    """Return the box of each character of a unit; None for a blank, though a reader may give it one."""
    return [
        span.box if span and not (isinstance(span, Run) and span.text.isspace()) else None
        for span in unit.passage.spans
    ]


def _is_level(one: Box, other: Box) -> bool:
    """Tell whether a character stands on the row of another."""
    return one.y0 < (other.y0 + other.y1) / 2 < one.y1


def _pieces(unit: Unit, start: int, end: int) -> Iterator[Unit]:
    """Yield what stands before a label, the label, and what stands behind it, as units of their own."""
    assert unit.cell is not None, "only cells are parted"
    assert unit.box is not None, "only cells of pictures are parted"
    boxes = _boxes(unit)
    own = [box for box in boxes[start:end] if box]
    left, right = own[0], own[-1]
    before = [box.x1 for box in boxes[:start] if box and _is_level(box, left)]
    behind = [box.x0 for box in boxes[end:] if box and _is_level(box, right)]
    edges = [
        unit.box.x0,
        (before[-1] + left.x0) / 2 if before else unit.box.x0,
        (right.x1 + behind[0]) / 2 if behind else unit.box.x1,
        unit.box.x1,
    ]
    wide = _PARTS * unit.cell.column_span
    for n, (first, last, span) in enumerate(((0, start, 1), (start, end, 1), (end, None, wide - _PARTS + 1))):
        passage = unit.passage.cut(first, last)
        if n == 1 or passage.text.strip():
            cell = unit.cell.model_copy(
                update={
                    "column": _PARTS * unit.cell.column + n, "column_span": span, "lines": (), "sure": False,
                    "box": Box(x0=edges[n], y0=unit.box.y0, x1=max(edges[n : n + 2]), y1=unit.box.y1),
                }
            )  # fmt: skip
            yield Unit(passage, unit.page, unit.table, cell)


def _widened(unit: Unit, tables: Collection[int]) -> Unit:
    """Return a unit with its columns counted anew, if it is of one of the tables, given by their ids."""
    if unit.cell is None or id(unit.table) not in tables:
        return unit
    own = {"column": _PARTS * unit.cell.column, "column_span": _PARTS * unit.cell.column_span}
    return Unit(unit.passage, unit.page, unit.table, unit.cell.model_copy(update=own))
