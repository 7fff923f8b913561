"""Finding the labels of a form on pages: aligned with the definition in order, by edit distance.

A label is sought as the whole text of a cell and, where label and value share a cell or a line, before a
colon. Alignment is the dynamic programming of Needleman and Wunsch (1970) over the sequence of labels and the
sequence of finds, so that a label that stands twice is told by its neighbours, and a missing row costs one
row. What the order could not place, a row that somebody moved, is then taken where its label stands alone and
exactly.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from extractor.answers.parted import part
from extractor.answers.relaid import relaid
from extractor.answers.units import INNER, Sought, Unit, is_under
from extractor.answers.worn_labels import told_by_place
from extractor.text.passage import Keyed
from extractor.text.tick_signs import CROSS, EMPTY, TICK, TICKED
from models.fields.rows import Column
from models.form import FormCell, FormDefinition
from models.layout import lay_out
from models.page import Cell
from models.printed import phrases_of
from models.writing import key

BY_PLACE = 0.0  # how surely a label is found of which only the place tells
_MOVED = 0.95
_CUT = 0.85  # how like a label its two halves must be that stand on two pages
# lines on which a label goes on, and how far below each other, in their heights
_MOST_LINES, _LEADING = 2, 0.6
_BOXES = EMPTY | TICKED | TICK | CROSS
_NAME = re.compile(r"[一-鿿]{2,4}")
_PARTS = re.compile(r"[\n\t]")  # between lines of a cell, and cells of a table inside it
_EDGE = 3.0  # points by which cells side by side may overlap
_ROUNDING = 1e-9  # by less two sums of the same scores differ


@dataclass(frozen=True)
class Label:
    """A label that the form prints, in which of its rows: of a cell, or of a column of a table inside it."""

    texts: tuple[str, ...]
    cell: FormCell
    above: bool
    column: Column | None = None
    row: int = 0

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all that it may say."""
        return frozenset(map(key, self.texts))


@dataclass(frozen=True)
class Find:
    """A label found: in which unit, which is the how many-th of all, at which characters, and how surely."""

    unit: Unit
    order: int
    start: int
    end: int
    score: float
    whole: bool

    @property
    def is_before_colon(self) -> bool:
        """Whether the label ends in a colon, behind which its answer stands."""
        return self.unit.passage.text[self.start : self.end].rstrip().endswith((":", "："))


@dataclass(frozen=True, eq=False)
class _Held:
    """A form definition that is the same only as itself: to compare what two say takes longer."""

    form: FormDefinition

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.form is self.form

    def __hash__(self) -> int:
        return id(self.form)


def labels_of(form: FormDefinition) -> tuple[Label, ...]:
    """The labels of `form` in the order in which they are printed. They are told once, since a file asks for
    them a dozen times."""
    return _labels_of(_Held(form))


@lru_cache(maxsize=64)
def _labels_of(held: _Held) -> tuple[Label, ...]:
    form = held.form
    above = {id(cell): row.labels == "above" for row in form.rows for cell in row.cells}
    found = []
    for number, row in enumerate(lay_out(form)):
        for grid in row.cells:
            if grid.role == "label" and grid.cell.label:
                texts = (grid.cell.label, *grid.cell.aliases)
                found.append(Label(texts, grid.cell, above[id(grid.cell)], row=number))
            elif grid.role == "heading" and grid.heading:
                texts = (grid.heading.label, *grid.heading.aliases)
                found.append(Label(texts, grid.cell, True, grid.heading, number))
    return tuple(found)


@dataclass(frozen=True)
class Alignment:
    """A form laid over pages: `found` says where each label, by its index, stands."""

    form: FormDefinition
    labels: tuple[Label, ...]
    units: tuple[Unit, ...]
    found: Mapping[int, Find]

    @property
    def score(self) -> float:
        """The share of the labels that were found, weighted by how surely."""
        return sum(find.score for find in self.found.values()) / max(1, len(self.labels))

    @cached_property
    def printed(self) -> frozenset[str]:
        """The keys of all that the form's labels may say."""
        return frozenset(key(text) for label in self.labels for text in label.texts)

    @cached_property
    def names(self) -> frozenset[str]:
        """The keys of what stands alone and may be a person's name."""
        labels = {id(find.unit) for find in self.found.values()}
        alone = (unit.key for unit in self.units if id(unit) not in labels)
        return frozenset(one for one in alone if _NAME.fullmatch(one))

    def is_repeated(self, index: int) -> bool:
        """Whether the label stands once more between the first label and the last, where no label was found;
        or is to stand once more, is not found there, and nothing between tells which of the two this is."""
        own = self.labels[index].keys
        return not self._spare_keys.isdisjoint(own) or any(
            not own.isdisjoint(other.keys) and self._is_next(index, n)
            for n, other in enumerate(self.labels)
            if n not in self.found
        )

    def _is_next(self, one: int, other: int) -> bool:
        """Whether no label was found of those that the form has between two."""
        return self.found.keys().isdisjoint(range(min(one, other) + 1, max(one, other)))

    @cached_property
    def _spare_keys(self) -> frozenset[str]:
        """The keys of what stands in cells, or on lines of theirs, that hold no label there."""
        ends: dict[int, int] = {}
        for find in self.found.values():
            ends[find.order] = max(find.end, ends.get(find.order, 0))
        spare: set[str] = set()
        for n in range(min(ends, default=0), max(ends, default=0)):
            unit = self.units[n]
            if not unit.cell or unit.is_crossed_out:
                continue
            parts = _PARTS.split(unit.passage.text[ends.get(n, 0) :])
            said = {key(part) for part in parts if _BOXES.isdisjoint(part)}
            begun = self._printed_before(n)
            spare.update(one for one in said if not any(words.startswith(one) for words in begun))
            spare.update([] if n in ends else [unit.key])
        return frozenset(spare)

    def _printed_before(self, order: int) -> frozenset[str]:
        """The keys of what the form prints in the answer to the last label before a unit. A prompt of which
        only the beginning was read may look like a label: 申报负责人 for 申报负责人（签字）."""
        before = max(
            (index for index, find in self.found.items() if find.order < order),
            key=lambda index: self.found[index].order,
            default=None,
        )
        if before is None:
            return frozenset()
        label = self.labels[before]
        return frozenset(phrases_of(label.cell)) - label.keys


def align(form: FormDefinition, units: tuple[Unit, ...]) -> Alignment:
    """Find the labels of `form` among `units`, and part the cells that swallowed one."""
    labels = labels_of(form)
    units = relaid(labels, units)
    found = _align(labels, units)
    lost = [label.texts for n, label in enumerate(labels) if n not in found]
    parted = part(units, lost, {id(find.unit) for find in found.values()}) if found and lost else units
    found = found if parted is units else _align(labels, parted)
    return Alignment(form, labels, parted, {**_by_place(labels, found, parted), **found})


def _by_place(labels: Sequence[Label], found: Mapping[int, Find], units: Sequence[Unit]) -> dict[int, Find]:
    """Find by their places labels that are hardly legible. They tell nothing of which form this is."""
    lost = {
        n: [key(text) for text in label.texts]
        for n, label in enumerate(labels)
        if n not in found and label.column is None
    }
    places = told_by_place(lost, {n: find.order for n, find in found.items()}, units) if found else {}
    return {
        n: Find(units[order], order, 0, len(units[order].passage), BY_PLACE, True)
        for n, order in places.items()
    }


def most(form: FormDefinition, units: Sequence[Unit]) -> float:
    """The most that an alignment of `form` with `units` could score, in whatever order they stood. Aligning
    takes far longer."""
    labels = labels_of(form)
    best = (max((find.score for find in finds_of(label, units)), default=0.0) for label in labels)
    return sum(best) / max(1, len(labels)) + _ROUNDING


def closest(forms: Sequence[FormDefinition], units: tuple[Unit, ...]) -> Alignment:
    """The form, of at least one, whose labels are found best, laid over `units`; of equally good ones the
    first."""
    reach = [most(form, units) for form in forms]
    laid: dict[int, Alignment] = {}
    for n in sorted(range(len(forms)), key=lambda n: -reach[n]):
        if all(reach[n] >= alignment.score for alignment in laid.values()):
            laid[n] = align(forms[n], units)
    return laid[max(sorted(laid), key=lambda n: laid[n].score)]


def _align(labels: Sequence[Label], units: Sequence[Unit]) -> dict[int, Find]:
    """{index of a label: where it was found}; the earliest of equally good alignments."""
    candidates = [finds_of(label, units) for label in labels]
    positions = sorted({(f.order, f.start) for finds in candidates for f in finds})
    column = {position: j for j, position in enumerate(positions, 1)}
    by_place = [
        {column[f.order, f.start]: f for f in sorted(finds, key=lambda f: f.score)} for finds in candidates
    ]
    best = [[0.0] * (len(positions) + 1)]
    for finds in by_place:
        above, row = best[-1], [0.0]
        for j in range(1, len(positions) + 1):
            matched = above[j - 1] + finds[j].score if j in finds else 0.0
            row.append(max(above[j], row[j - 1], matched))
        best.append(row)
    found: dict[int, Find] = {}
    i, j = len(labels), len(positions)
    while i and j:
        if best[i][j] == best[i][j - 1]:
            j -= 1
        elif best[i][j] == best[i - 1][j]:
            i -= 1
        else:
            found[i - 1] = by_place[i - 1][j]
            i, j = i - 1, j - 1
    return _side_by_side(labels, _with_moved(labels, candidates, found))


def _side_by_side(labels: Sequence[Label], found: dict[int, Find]) -> dict[int, Find]:
    """Put labels with the same words, which the form has side by side in a row, from left to right: of tables
    side by side an answer may push the rows of one lower than those of the other."""
    rows: dict[tuple[int, frozenset[str]], list[int]] = {}
    for index in sorted(found):
        if labels[index].column is None:
            rows.setdefault((labels[index].row, labels[index].keys), []).append(index)
    for twins in rows.values():
        finds = [found[index] for index in twins]
        boxes = [find.unit.box for find in finds if find.unit.box]
        placed = sorted(boxes, key=lambda box: box.x0)
        if len(boxes) < len(twins) or len({find.unit.page for find in finds}) > 1:
            continue
        if all(before.x1 <= after.x0 + _EDGE for before, after in pairwise(placed)):
            found |= zip(twins, sorted(finds, key=lambda find: boxes[finds.index(find)].x0), strict=True)
    return found


def _with_moved(
    labels: Sequence[Label], candidates: list[list[Find]], found: dict[int, Find]
) -> dict[int, Find]:
    """Add labels that stand out of order, where the label is no other's and stands once."""
    taken = {(f.order, f.start) for f in found.values()}
    for index, label in enumerate(labels):
        if index in found or sum(bool(set(label.texts) & set(other.texts)) for other in labels) > 1:
            continue
        exact = [
            f for f in candidates[index] if f.whole and f.score >= _MOVED and (f.order, f.start) not in taken
        ]
        if len(exact) == 1:
            found[index] = exact[0]
    return found


_sought = lru_cache(maxsize=1024)(Sought)  # their patterns and keys are the same on each page


def finds_of(label: Label, units: Sequence[Unit]) -> list[Find]:
    """Every place at which a label may stand, whatever stands around it."""
    sought = _sought(label.texts)
    found = [
        Find(unit, order, hit.start, hit.end, hit.score, hit.whole)
        for order, unit in enumerate(units)
        for hit in unit.hits(sought)
    ]
    by_pages = list(_cut_by_pages(units))
    # The greater part of a label that broke over to the next page looks like all of it.
    rests = {
        id(rest) for order, rest in by_pages if _completes(sought.keys, units[order].key, rest.key, rest.key)
    }
    found = [find for find in found if id(find.unit) not in rests]
    known = {find.order for find in found}
    found += [find for find in _sentences(label, units) if find.order not in known]
    halves = [(order, rest.key) for order, rest in by_pages] + [*_stacked(units, sought.most)]
    cut = [order for order, rest in halves if _completes(sought.keys, units[order].key, rest)]
    found += [
        Find(units[order], order, 0, len(units[order].passage), INNER, True)
        for order in dict.fromkeys(cut)
        if order not in known
    ]
    return [_with_box(find, label) for find in found]


def _with_box(find: Find, label: Label) -> Find:
    """A label that is the words of its own cell's option, as of a lone box before a statement, ends before
    the box: the words and the mark before them are one answer."""
    text = find.unit.passage.text
    options = [key(one) for field in label.cell.fields for one in getattr(field, "options", ())]
    is_option = any(key(said) in one for said in label.texts for one in options)
    if not label.above or not is_option or not set(text) & _BOXES:
        return find
    begin = find.start
    while begin and not key(text[begin - 1]):
        begin -= 1
    return replace(find, start=begin, end=begin)


def _sentences(label: Label, units: Sequence[Unit]) -> Iterator[Find]:
    """Where a sentence with blanks begins with a label: nothing parts the two."""
    keys = [key(text) for text in label.texts] if label.cell.has_sentence else []
    for order, unit in enumerate(units) if keys else ():
        begun = next((one for one in keys if unit.key.startswith(one) and unit.key != one), "")
        if begun:
            start, end = Keyed.of(unit.passage.text).range(0, len(begun))
            yield Find(unit, order, start, end, INNER, False)


def is_rest_of(label: Label, unit: Unit, text: str) -> bool:
    """Whether `text` is what a label lacks that breaks off at the end of a page, where `unit` is what stands
    there of it."""
    return _completes([key(one) for one in label.texts], unit.key, key(text))


def _completes(keys: Sequence[str], begun: str, rest: str, part: str = "") -> bool:
    """Whether two parts together are more like a label than the first is, or than `part`."""
    whole, part = begun + rest, part or begun
    near = [one for one in keys if begun and rest and abs(len(whole) - len(one)) < len(one) / 2]
    return any(fuzz.ratio(whole, one) >= max(100 * _CUT, fuzz.ratio(part, one) + _ROUNDING) for one in near)


def _cut_by_pages(units: Sequence[Unit]) -> Iterator[tuple[int, Unit]]:
    """(order, unit) of each cell in the last row of a page, with the cell under it in the first row of the
    next page's table."""
    cells = [(order, unit) for order, unit in enumerate(units) if unit.cell and unit.page is not None]
    for (_, before), (_, after) in pairwise(cells):
        if before.page == after.page or before.cell is None:
            continue
        last = _end(before.cell)
        above = [
            (n, one) for n, one in cells if one.table is before.table and one.cell and _end(one.cell) == last
        ]
        below = [one for _, one in cells if one.table is after.table and one.cell and one.cell.row == 0]
        yield from ((n, rest) for n, one in above for rest in below if rest.key and is_under(rest, one))


def _stacked(units: Sequence[Unit], most: float) -> Iterator[tuple[int, str]]:
    """(order, key) of each line outside tables, no longer than `most`, with the key of the line under it, and
    of the next two: a column of labels whose rules are lost breaks them as its cells did."""
    short = [(order, unit) for order, unit in enumerate(units) if unit.cell is None and len(unit.key) <= most]
    lines = [(order, unit, unit.box) for order, unit in short if unit.box and not unit.pieces]
    for at, (order, unit, box) in enumerate(lines):
        text, last = "", box
        for _, other, under in lines[at + 1 : at + 1 + _MOST_LINES]:
            high = last.y1 - last.y0
            if (
                other.page != unit.page
                or abs(under.x0 - box.x0) > high
                or not -0.5 * high < under.y0 - last.y1 < _LEADING * high
            ):
                break
            text, last = text + other.key, under
            yield order, text


def _end(cell: Cell) -> int:
    return cell.row + cell.row_span
