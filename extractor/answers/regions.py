"""Where the answer to a label stands: beside it, below it, or in the rest of its own cell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.answers.labels import Find, Label, Unit
from extractor.text.passage import Passage
from models.page import Cell


@dataclass
class Regions:
    """Answers the question for all labels of one alignment."""

    labels: Sequence[Label]
    found: Mapping[int, Find]
    units: Sequence[Unit]
    _rows: dict[int, dict[int, list[Unit]]] = field(default_factory=dict)
    _next_page: dict[int, Unit] = field(default_factory=dict)
    _starts: dict[int, list[Find]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        before: int | None = None
        for unit in self.units:
            if unit.cell is not None:
                rows = self._rows.setdefault(id(unit.table), {})
                if unit.page is not None and before is not None and unit.page != before:
                    # Pages follow each other as they were laid, whatever their numbers.
                    self._next_page.setdefault(before, unit)
                before = unit.page
                for row in range(unit.cell.row, unit.cell.row + unit.cell.row_span):
                    rows.setdefault(row, []).append(unit)
        for find in self.found.values():
            self._starts.setdefault(id(find.unit), []).append(find)

    def of(self, index: int) -> list[Passage]:
        """The passages that hold the answer to label `index`, a passage a cell."""
        find = self.found[index]
        if find.unit.cell is None:
            return self._lines_after(find)
        rest = self._rest_of_cell(find)
        if rest.words.strip() or rest.pictures:
            # What a person typed under the label's own text may go on in rows without a label.
            return [rest, *(u.passage for u in self._continued(find.unit))]
        right, below = self._right(find.unit), self._below(find.unit)
        first, second = (below, right) if self.labels[index].above else (right, below)
        return [unit.passage for unit in first or second]

    def rows_below(self, heading: Unit) -> list[list[Unit]]:
        """The rows, each its cells from left to right, under the heading row of a table inside the form, up to the next label."""
        if heading.cell is None:
            return []
        found = []
        start = heading.cell.row + heading.cell.row_span
        for row in range(start, self._last_row(heading) + 1):
            units = self._row(heading, row)
            if any(self._is_label(unit) for unit in units if unit.cell and unit.cell.row == row):
                break
            found.append(units)
        return found

    def _is_label(self, unit: Unit) -> bool:
        return id(unit) in self._starts

    def _rest_of_cell(self, find: Find) -> Passage:
        later = [other.start for other in self._starts[id(find.unit)] if other.start > find.start]
        return find.unit.passage.cut(find.end, min(later, default=None))

    def _lines_after(self, find: Find) -> list[Passage]:
        """Outside tables: the rest of the line, and the lines up to the next label or table."""
        found = [self._rest_of_cell(find)]
        for unit in self.units[find.order + 1 :]:
            if unit.cell is not None or self._is_label(unit):
                break
            found.append(unit.passage)
        return found

    def _right(self, label: Unit) -> list[Unit]:
        """Cells to the right of a label up to the next one, and the rows below whose own label is empty."""
        cell = _cell(label)
        found = []
        for row in range(cell.row, cell.row + cell.row_span):
            for unit in self._row(label, row):
                other = _cell(unit)
                if other.row != row or other.column < cell.column + cell.column_span:
                    continue
                if self._is_label(unit):
                    break
                found.append(unit)
        return found + self._continued(label) if found else []

    def _continued(self, label: Unit) -> list[Unit]:
        """Rows that somebody added below: nothing stands in the label's place, and no label beside it."""
        found: list[Unit] = []
        for units in self._rows_after(label):
            under = [unit for unit in units if _is_under(unit, label)]
            if not units or any(self._is_label(unit) for unit in units) or any(unit.passage.text.strip() for unit in under):
                break
            found += [unit for unit in units if unit not in under]
        return found

    def _below(self, label: Unit) -> list[Unit]:
        """Cells under a label, down to the next row that has a label anywhere."""
        found: list[Unit] = []
        for units in self._rows_after(label):
            if any(self._is_label(unit) for unit in units):
                break
            found += [unit for unit in units if _is_under(unit, label)]
        return found

    def _rows_after(self, label: Unit) -> Iterator[list[Unit]]:
        """The cells that start in each row below a label. Where a table ends with its page, the next page's goes on with it."""
        cell = _cell(label)
        at, row = label, cell.row + cell.row_span
        while True:
            for number in range(row, self._last_row(at) + 1):
                yield [unit for unit in self._row(at, number) if _cell(unit).row == number]
            following = self._next_page.get(at.page) if at.page is not None else None
            if following is None:
                return
            at, row = following, 0

    def _row(self, unit: Unit, row: int) -> list[Unit]:
        """The cells that cover `row` of the unit's table, from left to right."""
        return sorted(self._rows[id(unit.table)].get(row, ()), key=lambda u: _cell(u).column)

    def _last_row(self, unit: Unit) -> int:
        return max(self._rows[id(unit.table)])


def _cell(unit: Unit) -> Cell:
    assert unit.cell is not None, "only table cells have neighbours"
    return unit.cell


def _is_under(unit: Unit, label: Unit) -> bool:
    """Whether a cell shares the label's columns; on another page only boxes can tell."""
    a, b = _cell(unit), _cell(label)
    if unit.table is not label.table and a.box and b.box:
        return min(a.box.x1, b.box.x1) - max(a.box.x0, b.box.x0) > (b.box.x1 - b.box.x0) / 4
    return a.column < b.column + b.column_span and b.column < a.column + a.column_span
