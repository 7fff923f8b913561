"""Dividing a file that holds several forms: where one form ends and the next begins (pure).

The labels of each form are aligned with the file as often as possible, by Needleman and Wunsch's recurrence.
A form may begin anew wherever that explains another half of its labels. Fewer labels are not a form but a
table about it, which stays where it is. So does a list of applications, whose labels all stand in one row.
"""

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.answers import Find, Unit, Wording, align, finds_of, labels_of
from models.form import FormDefinition
from models.page import Box, Line, Page, Pages, Table
from models.writing import key

# The share of its labels that a form must explain to begin anew.
_ANOTHER = 0.5
# Labels that stand in a smaller share of the rows that the form gives them are the head of a list.
_SPREAD = 0.5
# Cost of distance. Of two equally good ways to lay a form over a file, the one with its labels closer
# together wins.
_DISTANCE = 1e-6


@dataclass(frozen=True)
class _Run:
    """A form laid once over a file: its first and last find, the share of it that was found, whether it looks
    like the head of a list, and whether it stands in cells."""

    form: FormDefinition
    first: Find
    last: Find
    share: float
    is_list: bool
    is_table: bool


@dataclass(frozen=True)
class _Step:
    """The best way to lay forms over a file that ends with this find: what it explains, and the step
    before."""

    worth: float
    form: int
    label: int
    find: Find
    before: "_Step | None"
    is_first: bool


@dataclass(frozen=True)
class _Cut:
    """The place where a form begins: its page, its block on the page, and its row in the block. `is_within`
    says that the form before it ends on the same page."""

    page: int
    block: int
    row: int = 0
    is_within: bool = False


def divide(wording: Wording, forms: Sequence[FormDefinition]) -> list[Wording]:
    """Return each of the forms that follow one another on some pages, from its beginning to the next one's.
    Loose pages are divided only where a form begins on the page on which another ends, because elsewhere they
    may have been shuffled."""
    pages = wording.pages
    runs = _forms_in(wording.units, forms)
    found = _cuts(wording, runs)
    has_pages = pages.reader != "word"
    if not found or (has_pages and not any(cut.is_within for cut in found)):
        return [wording]
    if has_pages:
        found = [cut if cut.is_within else _Cut(cut.page, 0) for cut in found]
    if len(found) == 1:
        return [_without_lead(wording, found[0], runs[0].form)]
    ends = [*found[1:], _Cut(len(pages.pages), 0)]
    return [
        Wording.of(part_of(pages, tuple(_between(pages, start, end))))
        for start, end in zip(found, ends, strict=True)
    ]


def _without_lead(wording: Wording, start: _Cut, form: FormDefinition) -> Wording:
    """Return a single form without the text before it, if labels in that text could be taken for the form's
    own."""
    pages, units = wording.pages, wording.units
    kept = tuple(_between(pages, start, _Cut(len(pages.pages), 0)))
    lead = units[: len(units) - sum(len(_units_in(block)) for page in kept for block in page.blocks)]
    if not any(finds_of(label, lead) for label in labels_of(form)):
        return wording
    rest = Wording.of(pages.model_copy(update={"pages": kept}))
    return rest if align(form, rest.units).score >= align(form, units).score else wording


def part_of(pages: Pages, kept: Sequence[Page]) -> Pages:
    """Return some of the pages. Things known of the whole file and of no page belong to no part."""
    numbers = {page.number for page in kept}
    return pages.model_copy(
        update={
            "pages": tuple(kept),
            "identity": next((page.identity for page in kept if page.identity), None),
            "controls": (),
            "signatures": tuple(one for one in pages.signatures if one.page in numbers),
            "mismatches": tuple(one for one in pages.mismatches if one.page in numbers),
            "aside": tuple(one for one in pages.aside if one.page in numbers),
        }
    )


def _forms_in(units: Sequence[Unit], forms: Sequence[FormDefinition]) -> list[_Run]:
    """Return the runs that are forms."""
    runs = [run for run in _runs(units, forms) if run.share >= _ANOTHER and not run.is_list]
    # Where a form is a table, lines below it explain how to fill it in.
    return [run for run in runs if run.is_table] or runs


def _cuts(wording: Wording, runs: Sequence[_Run]) -> list[_Cut]:
    pages = wording.pages.pages
    places = [
        (n, place)
        for n, page in enumerate(pages)
        for place, block in enumerate(page.blocks)
        for _ in _units_in(block)
    ]
    return [
        _cut(wording.units, places, run, before) for before, run in zip([None, *runs], runs, strict=False)
    ]


def _between(pages: Pages, start: _Cut, end: _Cut) -> Iterator[Page]:
    for number in range(start.page, min(end.page + 1, len(pages.pages))):
        page = pages.pages[number]
        blocks = list(
            _blocks(page, start if number == start.page else None, end if number == end.page else None)
        )
        if number == end.page and not blocks:
            return
        if len(blocks) == len(page.blocks) and all(map(operator.is_, blocks, page.blocks)):
            yield page
            continue
        above = next((one.box for one in blocks), None) if number == start.page else None
        below = next((one.box for one in _blocks(page, end, None)), None) if number == end.page else None
        kept = page.model_copy(update={"blocks": tuple(blocks)})
        yield _with_marks(kept, above.y0 if above else None, below.y0 if below else None)


def _blocks(page: Page, start: _Cut | None, end: _Cut | None) -> Iterator[Table | Line]:
    for place, block in enumerate(page.blocks):
        if (start and place < start.block) or (end and (place, 0) > (end.block, end.row - 1)):
            continue
        first = start.row if start and place == start.block else 0
        last = end.row if end and place == end.block else None
        if isinstance(block, Table) and (first or last is not None):
            cells = tuple(
                cell for cell in block.cells if first <= cell.row and (last is None or cell.row < last)
            )
            boxes = [cell.box for cell in cells if cell.box]
            box = (
                block.box
                and boxes
                and block.box.model_copy(
                    update={"y0": min(b.y0 for b in boxes), "y1": max(b.y1 for b in boxes)}
                )
            )
            block = block.model_copy(update={"cells": cells, "box": box or None})
        yield block


def _with_marks(page: Page, top: float | None, bottom: float | None) -> Page:
    """Return the page with only the seals, ink and unread places between two heights."""

    def is_inside(box: Box) -> bool:
        middle = (box.y0 + box.y1) / 2
        return (top is None or middle >= top) and (bottom is None or middle < bottom)

    return page.model_copy(
        update={
            "seals": tuple(one for one in page.seals if is_inside(one.box)),
            "ink": tuple(one for one in page.ink if is_inside(one.box)),
            "unread": tuple(box for box in page.unread if is_inside(box)),
        }
    )


def _units_in(block: Table | Line) -> Sequence[object]:
    return block.cells if isinstance(block, Table) else (block,)


def _runs(units: Sequence[Unit], forms: Sequence[FormDefinition]) -> list[_Run]:
    counts = [len(labels_of(form)) for form in forms]
    # For each form, the best step so far that ends with each of its labels; and the best step of all.
    laid: list[dict[int, _Step]] = [{} for _ in forms]
    best: _Step | None = None
    for found in _by_place(units, forms):
        # A form that explains less than another one needs is no form; it is dropped.
        earlier = best if best and best.worth > _ANOTHER else None
        steps = [_step(laid[form], earlier, form, label, find, counts[form]) for form, label, find in found]
        for step in steps:
            known = laid[step.form].get(step.label)
            if known is None or _reach(step) > _reach(known):
                laid[step.form][step.label] = step
            best = step if best is None or step.worth > best.worth else best
    return [_run(forms[steps[0].form], steps) for steps in _traced(best)]


def _step(
    laid: Mapping[int, _Step], earlier: _Step | None, form: int, label: int, find: Find, count: int
) -> _Step:
    """Return the better of two steps: the form begins at `find`, or it goes on from an earlier label."""
    before = max((step for other, step in laid.items() if other < label), key=_reach, default=None)
    anew = earlier.worth - _ANOTHER if earlier else 0.0
    on = _reach(before) - _DISTANCE * find.order if before else -math.inf
    is_first = anew > on
    return _Step(
        max(anew, on) + find.score / count, form, label, find, earlier if is_first else before, is_first
    )


def _reach(step: _Step) -> float:
    """Return what a step is worth to a later step, wherever that one stands."""
    return step.worth + _DISTANCE * step.find.order


def _by_place(
    units: Sequence[Unit], forms: Sequence[FormDefinition]
) -> Iterator[list[tuple[int, int, Find]]]:
    """Yield (form, label, find) of all labels that may stand at a place, place by place."""
    places: dict[tuple[int, int], list[tuple[int, int, Find]]] = {}
    for number, form in enumerate(forms):
        for label, one in enumerate(labels_of(form)):
            for find in finds_of(one, units):
                places.setdefault((find.order, find.start), []).append((number, label, find))
    for place in sorted(places):
        yield places[place]


def _traced(last: _Step | None) -> list[list[_Step]]:
    """Return the steps of each run, from the first to the last."""
    found: list[list[_Step]] = []
    run: list[_Step] = []
    while last is not None:
        run.insert(0, last)
        if last.is_first:
            found.insert(0, run)
            run = []
        last = last.before
    return found


def _run(form: FormDefinition, steps: Sequence[_Step]) -> _Run:
    found = {step.label: step.find for step in steps}
    finds = list(found.values())
    share = sum(find.score for find in found.values()) / len(labels_of(form))
    is_table = 2 * sum(find.unit.cell is not None for find in finds) >= len(finds)
    return _Run(form, finds[0], finds[-1], share, is_list(form, found), is_table)


def is_list(form: FormDefinition, found: Mapping[int, Find]) -> bool:
    """Tell whether labels, by their index, are rather the head of a list. They are, if they stand in far
    fewer rows than the form gives them."""
    labels = labels_of(form)
    rows = {id(cell): number for number, row in enumerate(form.rows) for cell in row.cells}
    wanted = {rows[id(labels[label].cell)] for label in found}
    units = [(find.unit, find.order) for find in found.values()]
    seen = {(id(unit.table), unit.cell.row if unit.cell else order) for unit, order in units}
    return len(seen) < _SPREAD * len(wanted)


def _cut(units: Sequence[Unit], places: Sequence[tuple[int, int]], run: _Run, before: _Run | None) -> _Cut:
    """Return where a run begins: with the title of the form, if it stands behind the run before it; else with
    the table of its first label; or with the row, if the run before it stands in the same table."""
    start = before.last.order + 1 if before else 0
    titles = [key(title) for title in (run.form.title, *run.form.title_aliases)]
    first = next(
        (n for n in range(run.first.order - 1, start - 1, -1) if _is_title(units[n], titles)), run.first.order
    )
    cell = units[first].cell
    row = (
        cell.row
        if before is not None and cell is not None and before.last.unit.table is units[first].table
        else 0
    )
    is_within = before is not None and places[before.last.order][0] == places[first][0]
    return _Cut(*places[first], row, is_within)


def _is_title(unit: Unit, titles: Sequence[str]) -> bool:
    """Tell whether a line, or a row of a table, is the title of the form, before which somebody may have
    written a name."""
    return any(title in unit.key and len(unit.key) <= 2 * len(title) for title in titles)
