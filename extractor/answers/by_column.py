"""Answers to one label that stand in several columns, each under a heading of its own, as of two persons or
of several years."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from rapidfuzz import fuzz

from extractor.answers.regions import Region
from extractor.answers.units import Unit
from models.form import FormCell, Printed
from models.writing import key

_SIMILAR = 75.0  # of a heading that was read off a picture
_LEAST_FUZZY = 3  # letters of a heading of which one may differ


def by_column(cell: FormCell, region: Region, units: Sequence[Unit]) -> Iterator[tuple[FormCell, Region]]:
    """The cell and its region; or, where each of its fields has a column of the region to itself, a cell and
    a region for each of them, as well as where a single one has its unit in a column.

    A field has a column if all fields have prompts and none of these stands in the region, the cells of the
    region stand side by side, as many as there are fields, and above each, in the same table (`units` are
    those of the pages), stands a heading in the words of its field's prompt. A cell that holds nothing but
    what the form prints there, as the unit of a row, is no column.
    """
    printed = tuple(item for item in cell.content if isinstance(item, Printed))
    said = {key(item.text) or item.text.strip() for item in printed}
    given = [(unit.key or unit.passage.text.strip()) in said for unit in region.units]
    places = tuple(unit for unit, is_given in zip(region.units, given, strict=True) if not is_given)
    fields = cell.fields
    is_parted = (
        len(fields) > 1
        and not any(
            not isinstance(item, Printed) and (not item.prompt or item.beside) for item in cell.content
        )
        and len(region.units) == len(region.passages) == len(cell.content)
        and len(places) == len(fields)
        and all(unit.cell is not None and unit.table is places[0].table for unit in places)
        and all(_is_left_of(one, other) for one, other in pairwise(places))
    )
    prompts = [key(field.prompt or "") for field in fields]
    is_beside_unit = len(fields) == 1 == len(places) and printed and given[0]
    if is_beside_unit and len(region.units) == len(region.passages) == len(cell.content):
        (place,) = places
        own, others = _parted(region, place)
        yield cell.model_copy(update={"content": printed}), others
        yield cell.model_copy(update={"content": fields}), own
        return
    if (
        not is_parted
        or any(prompt in unit.key for prompt in prompts for unit in places)
        or not all(_is_headed(unit, prompt, units) for unit, prompt in zip(places, prompts, strict=True))
    ):
        yield cell, region
        return
    answers = [one for one, is_given in zip(region.passages, given, strict=True) if not is_given]
    if printed:
        rest = [one for one, is_given in zip(region.passages, given, strict=True) if is_given]
        units = tuple(unit for unit in region.units if unit not in places)
        yield cell.model_copy(update={"content": printed}), replace(region, passages=rest, units=units)
    for field, passage, unit in zip(fields, answers, places, strict=True):
        alone = field.model_copy(update={"prompt": None, "label": cell.title_of(field)})
        yield (
            cell.model_copy(update={"content": (alone,)}),
            replace(region, passages=[passage], units=(unit,)),
        )


def _parted(region: Region, place: Unit) -> tuple[Region, Region]:
    """A cell of a region, and the others."""
    both = list(zip(region.units, region.passages, strict=True))
    own, others = (
        [(unit, one) for unit, one in both if (unit is place) == is_own] for is_own in (True, False)
    )
    parts = (
        replace(region, units=tuple(unit for unit, _ in some), passages=[one for _, one in some])
        for some in (own, others)
    )
    return next(parts), next(parts)


def _is_left_of(one: Unit, other: Unit) -> bool:
    assert one.cell is not None
    assert other.cell is not None
    same_row = (one.cell.row, one.cell.row_span) == (other.cell.row, other.cell.row_span)
    return same_row and one.cell.column + one.cell.column_span <= other.cell.column


def _is_headed(unit: Unit, prompt: str, units: Sequence[Unit]) -> bool:
    """Whether a cell above, with the same edges, says the words of a prompt."""
    own = unit.cell
    assert own is not None
    above = (
        other.key
        for other in units
        if other.table is unit.table
        and other.cell is not None
        and other.cell.row < own.row
        and (other.cell.column, other.cell.column_span) == (own.column, own.column_span)
    )
    return any(
        said == prompt or (len(prompt) >= _LEAST_FUZZY and fuzz.ratio(said, prompt) >= _SIMILAR)
        for said in above
    )
