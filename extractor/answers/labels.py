"""Finding the labels of a form on pages: aligned with the definition in order, by edit distance.

A label is sought as the whole text of a cell and, where label and value share a cell or a line, before a colon. Alignment
is the dynamic programming of Needleman and Wunsch (1970) over the sequence of labels and the sequence of finds, so that a
label that stands twice is told by its neighbours, and a missing row costs one row. What the order could not place, a row
that somebody moved, is then taken where its label stands alone and exactly.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

from extractor.text.passage import Passage, Place, spaced
from models.fields.rows import Column
from models.form import FormCell, FormDefinition
from models.layout import lay_out
from models.page import Cell, CellAddress, Pages, Table
from models.writing import key

_LEAST_SIMILAR = 0.75
_INNER = 0.9
_MOVED = 0.95


@dataclass(frozen=True)
class Label:
    """A label that the form prints: of a cell, or of a column of a table inside it."""

    texts: tuple[str, ...]
    cell: FormCell
    above: bool
    column: Column | None = None


@dataclass(frozen=True)
class Unit:
    """A table cell, or a line outside tables (`cell` None), in reading order; `page` is None in a file without pages."""

    order: int
    passage: Passage
    page: int | None = None
    table: Table | None = None
    cell: Cell | None = None

    @cached_property
    def key(self) -> str:
        """What the labels are compared with."""
        return key(self.passage.text)

    @cached_property
    def is_crossed_out(self) -> bool:
        """Who crosses out a whole row means it to be gone, its label too."""
        struck = self.passage.struck
        return bool(struck) and not self.passage.without(struck).text.strip()

    @cached_property
    def first_line_key(self) -> str | None:
        """The key of the first of several lines."""
        head, _, rest = self.passage.text.partition("\n")
        return key(head) if rest.strip() else None


@dataclass(frozen=True)
class Find:
    """A label found: in which unit, at which characters, and how surely."""

    unit: Unit
    start: int
    end: int
    score: float
    whole: bool


def labels_of(form: FormDefinition) -> tuple[Label, ...]:
    """The labels of `form` in the order in which they are printed."""
    above = {id(cell): row.labels == "above" for row in form.rows for cell in row.cells}
    found = []
    for row in lay_out(form):
        for grid in row.cells:
            if grid.role == "label" and grid.cell.label:
                found.append(Label((grid.cell.label, *grid.cell.aliases), grid.cell, above[id(grid.cell)]))
            elif grid.role == "heading" and grid.heading:
                found.append(Label((grid.heading.label, *grid.heading.aliases), grid.cell, True, grid.heading))
    return tuple(found)


def units_of(pages: Pages) -> tuple[Unit, ...]:
    """Cells and lines of all pages in reading order."""
    found: list[Unit] = []
    start = 0
    for page in pages.pages:
        number = None if pages.reader == "word" else page.number
        for block in page.blocks:
            if isinstance(block, Table):
                for cell in block.cells:
                    address = CellAddress(table=block.index, row=cell.row, column=cell.column) if number is None else None
                    passage = Passage.of(cell.lines, Place(number, address, cell.box), start)
                    found.append(Unit(len(found), passage, number, block, cell))
                    start += len(passage)
            else:
                passage = Passage.of([block], Place(number, None, block.box), start)
                found.append(Unit(len(found), passage, number))
                start += len(passage)
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

    def is_repeated(self, index: int) -> bool:
        """Whether the label stands once more between the first label and the last, where no label was found."""
        return not self._spare_keys.isdisjoint(key(text) for text in self.labels[index].texts)

    @cached_property
    def _spare_keys(self) -> frozenset[str]:
        taken = {find.unit.order for find in self.found.values()}
        within = range(min(taken, default=0), max(taken, default=0))
        return frozenset(
            u.key for u in self.units if u.cell and u.order in within and u.order not in taken and not u.is_crossed_out
        )


def align(form: FormDefinition, units: tuple[Unit, ...]) -> Alignment:
    """Find the labels of `form` among `units`."""
    labels = labels_of(form)
    return Alignment(form, labels, units, _align(labels, units))


def _align(labels: Sequence[Label], units: Sequence[Unit]) -> dict[int, Find]:
    """{index of a label: where it was found}; the earliest of equally good alignments."""
    candidates = [finds_of(label, units) for label in labels]
    positions = sorted({(f.unit.order, f.start) for finds in candidates for f in finds})
    column = {position: j for j, position in enumerate(positions, 1)}
    by_place = [{column[f.unit.order, f.start]: f for f in sorted(finds, key=lambda f: f.score)} for finds in candidates]
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
    return _with_moved(labels, candidates, found)


def _with_moved(labels: Sequence[Label], candidates: list[list[Find]], found: dict[int, Find]) -> dict[int, Find]:
    """Add labels that stand out of order, where the label is no other's and stands once."""
    taken = {(f.unit.order, f.start) for f in found.values()}
    for index, label in enumerate(labels):
        if index in found or sum(bool(set(label.texts) & set(other.texts)) for other in labels) > 1:
            continue
        exact = [f for f in candidates[index] if f.whole and f.score >= _MOVED and (f.unit.order, f.start) not in taken]
        if len(exact) == 1:
            found[index] = exact[0]
    return found


def finds_of(label: Label, units: Sequence[Unit]) -> list[Find]:
    """Every place at which a label may stand, whatever stands around it."""
    keys = [key(text) for text in label.texts]
    longest = max(len(k) for k in keys)
    pattern = re.compile(
        "|".join(rf"(?:^|(?<=[\s；;，,。]))(?P<l{n}>{spaced(text)})\s*[:：]" for n, text in enumerate(label.texts)), re.M
    )
    found: list[Find] = []
    for unit in units:
        text, unit_key = unit.passage.text, unit.key
        if not unit_key or unit.is_crossed_out:
            continue
        inner = [Find(unit, m.start(str(m.lastgroup)), m.end(), _INNER, False) for m in pattern.finditer(text)]
        score = max(fuzz.ratio(k, unit_key) / 100 for k in keys) if len(unit_key) <= longest * 1.5 + 1 else 0.0
        if score == 1.0 or (score >= _LEAST_SIMILAR and not inner):
            found.append(Find(unit, 0, len(text), score, True))
            continue
        found += inner
        if unit.first_line_key in keys:
            # The cell's first line is the label, its other lines are the value.
            found.append(Find(unit, 0, text.index("\n") + 1, _INNER, False))
    return found


__all__ = ["Alignment", "Find", "Label", "Unit", "align", "finds_of", "labels_of", "units_of"]
