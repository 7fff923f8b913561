"""Where the answer to a label stands: beside it, below it, in the rest of its own cell, and on the next page
where its row breaks over to that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import inf

from extractor.answers.books import is_print, noise_in
from extractor.answers.labels import Find, Label, is_rest_of
from extractor.answers.units import Unit, goes_on, is_under
from extractor.text.passage import Passage
from models.fields.date import find_dates
from models.geometry import box_around
from models.page import Box, Cell, Page
from models.printed import phrases_of
from models.writing import key

_LOW = 0.75  # of a page's height: a row that reaches no lower does not go on with the next page
_SLACK = 5.0  # points by which what was read may lie beside its place


@dataclass(frozen=True)
class Region:
    """Where one label is answered: `passages` hold the answer, a passage a cell; `units` are the cells and
    lines that they are cut from, `pages` the numbers of whole pages that belong to it, whether a word stands
    there or a seal alone. `labels` is the rest of a label that broke over to another page, `strays` what
    stands where a row would go on and may belong to it. `broken` of the passages stand on another page than
    the label, and hold nothing but what the cell prints, and dates."""

    passages: list[Passage]
    units: tuple[Unit, ...] = ()
    pages: tuple[int, ...] = ()
    labels: tuple[Passage, ...] = ()
    strays: tuple[Passage, ...] = ()
    broken: int = 0

    @property
    def is_spread(self) -> bool:
        """Whether the answer stands in several cells; what is print or a date on another page does not
        count."""
        return sum(bool(key(passage.words)) for passage in self.passages) - self.broken > 1

    @property
    def is_abreast(self) -> bool:
        """Whether some of the cells that hold it stand side by side."""
        return _are_abreast([unit for unit in self.units if unit.key])

    @property
    def is_split(self) -> bool:
        """Whether cells of it stand side by side, were it but one that holds it."""
        return _are_abreast(self.units)


@dataclass
class _Going:
    """What a row goes on with; see `Region`."""

    units: list[Unit] = field(default_factory=list)
    labels: list[Passage] = field(default_factory=list)
    strays: list[Passage] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)


@dataclass
class Regions:
    """Answers the question for all labels of one alignment over `pages`, in the order in which they were
    laid; `around` are the keys of what the form prints outside its cells, `headings` of what it prints in
    cells of their own."""

    labels: Sequence[Label]
    found: Mapping[int, Find]
    units: Sequence[Unit]
    pages: Sequence[Page]
    around: Sequence[str]
    headings: frozenset[str] = frozenset()
    _rows: dict[int, dict[int, list[Unit]]] = field(default_factory=dict)
    _by_page: dict[int, list[Unit]] = field(default_factory=dict)
    _starts: dict[int, list[Find]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for unit in self.units:
            if unit.page is not None:
                self._by_page.setdefault(unit.page, []).append(unit)
            if unit.cell is not None:
                rows = self._rows.setdefault(id(unit.table), {})
                for row in range(unit.cell.row, unit.cell.row + unit.cell.row_span):
                    rows.setdefault(row, []).append(unit)
        for find in self.found.values():
            self._starts.setdefault(id(find.unit), []).append(find)

    def of(self, index: int) -> Region:
        """Where label `index`, which was found, is answered."""
        find, label = self.found[index], self.labels[index]
        if find.unit.cell is None:
            # A sentence with blanks goes on in the lines under it, right of nothing.
            level = None if label.cell.has_sentence else self._level(find)
            return level or Region(self._lines_after(find))
        rest = self.rest_of_cell(find)
        if rest.words.strip() or rest.pictures:
            # What a person typed under the label's own text may go on in rows without a label.
            return self._region(label, find, [], [rest])
        right, below = self._right(find.unit), self._below(find.unit)
        if label.above and below:
            return Region([unit.passage for unit in below], tuple(below))
        if right:
            return self._region(label, find, right, [])
        return Region([unit.passage for unit in below], tuple(below))

    def _region(self, label: Label, find: Find, units: list[Unit], before: list[Passage]) -> Region:
        going = self._continued(label, find)
        units = [*units, *going.units]
        passages = [*before, *(unit.passage for unit in units)]
        broken = sum(
            bool(unit.key) and unit.page != find.unit.page and _is_of_cell(label, unit) for unit in units
        )
        return Region(
            passages, tuple(units), tuple(going.pages), tuple(going.labels), tuple(going.strays), broken
        )

    def rows_below(self, heading: Unit) -> list[list[Unit]]:
        """The rows, each its cells from left to right, under the heading row of a table inside the form, up
        to the next label."""
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
        return id(unit) in self._starts or (unit.cell is not None and unit.key in self.headings)

    def rest_of_cell(self, find: Find) -> Passage:
        """What stands behind a label in its own cell or line, up to the next label there."""
        later = [other.start for other in self._starts[id(find.unit)] if other.start > find.start]
        return find.unit.passage.cut(find.end, min(later, default=None))

    def _lines_after(self, find: Find) -> list[Passage]:
        """Outside tables: the rest of the line, and the lines up to the next label or table; of several
        labels in a line, the last one's answer goes on."""
        found = [self.rest_of_cell(find)]
        if any(other.start > find.start for other in self._starts[id(find.unit)]):
            return found
        for unit in self.units[find.order + 1 :]:
            # A title or a heading stands under what is written above it, and is no part of that.
            told = unit.key in self.around or unit.key in self.headings
            if unit.cell is not None or self._is_label(unit) or told:
                break
            found.append(unit.passage)
        return found

    def _level(self, find: Find) -> Region | None:
        """What stands right of a label that lost its cell, as far as the next label: the cells that it is
        level with, or else the lines of its row. None where nothing does, and none is sought behind a colon,
        or where boxes are not known."""
        own = box_around(span.box for span in find.unit.passage.spans[find.start : find.end] if span)
        if own is None or find.unit.page is None or find.is_before_colon:
            return None
        middle = (own.y0 + own.y1) / 2
        around = [
            unit for unit in self._by_page[find.unit.page] if unit is not find.unit and unit.box and unit.key
        ]
        right = [unit for unit in around if unit.box and unit.box.x0 > own.x1 - _SLACK]
        level = [unit for unit in right if unit.box and unit.box.y0 < middle < unit.box.y1]
        # Beside what lost its cell a label may stand out of order, and be found nowhere.
        lost = {
            key(text) for n, label in enumerate(self.labels) if n not in self.found for text in label.texts
        }
        end = min(
            (unit.box.x0 for unit in level if unit.box and (self._is_label(unit) or unit.key in lost)),
            default=inf,
        )
        cells = [unit for unit in level if unit.cell and unit.box and unit.box.x0 < end]
        rest = self.rest_of_cell(find)
        if cells and not key(rest.words):
            return Region([unit.passage for unit in cells], tuple(cells))
        if any(other.start > find.start for other in self._starts[id(find.unit)]):
            end = -inf
        below = self._bottom(own, find.unit.page)
        lines = [
            unit
            for unit in right
            if unit.box and unit.cell is None and unit.box.x0 < end and not self._is_label(unit)
        ]
        lines = [
            unit for unit in lines if unit.box and own.y0 - _SLACK < (unit.box.y0 + unit.box.y1) / 2 < below
        ]
        if not lines and not key(rest.words):
            return None
        # With no rule between two rows, only what is level with a label is surely its own.
        strays = tuple(unit.passage for unit in lines if unit not in level)
        return Region([rest, *(unit.passage for unit in lines)], tuple(lines), strays=strays)

    def _bottom(self, own: Box, page: int) -> float:
        """How far down the row of a label at `own` may reach: to the next label of the page that stands under
        it."""
        starts = [find.unit.box for find in self.found.values() if find.unit.page == page]
        return min(
            (box.y0 for box in starts if box and box.y0 > own.y1 - _SLACK and box.x0 < own.x1), default=inf
        )

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
        return found

    def _continued(self, label: Label, find: Find) -> _Going:
        """Rows that somebody added below, and what broke over to the next page: nothing stands in the label's
        place but the rest of the label itself, and no label beside it."""
        going, at = _Going(), find.unit
        for units in self._rows_after(find.unit):
            under = [unit for unit in units if is_under(unit, find.unit)]
            text = "".join(unit.passage.text for unit in under)
            is_first = bool(units) and units[0].page != at.page
            if is_first and self._above(label, find, units[0], going):
                return going
            is_rest = is_first and not going.labels and is_rest_of(label, find.unit, text)
            if not units or any(self._is_label(unit) for unit in units) or (text.strip() and not is_rest):
                if is_first and at.page is not None:
                    self._loose(label, find, at.page, going)
                return going
            going.labels += [unit.passage for unit in under] if is_rest else []
            going.units += [unit for unit in units if unit not in under]
            at = units[-1]
        if at.page is not None:
            self._loose(label, find, at.page, going)
        return going

    def _above(self, label: Label, find: Find, first: Unit, going: _Going) -> bool:
        """Whether the lines above the table of a next page are what is left of a row."""
        lines = self._lines_on(first.page, before=first)
        return bool(lines) and self._take(label, find, lines, going)

    def _loose(self, label: Label, find: Find, page: int, going: _Going) -> None:
        """What broke over to a page without labels: lines that stand there, and what its tables hold of the
        label's cell, since a row without its label is no more than a frame, which a streak may part
        anywhere."""
        number = self._next(page)
        units = self._by_page.get(number, []) if number is not None else []
        if number is None or any(map(self._is_label, units)):
            return
        framed = [unit for unit in units if unit.cell and unit.key and unit not in going.units]
        if any(_is_of_cell(label, part) for unit in framed for part in _parts(unit)):
            framed = [part for unit in framed for part in _parts(unit)]
        else:
            framed = []
        if self._take(label, find, [*self._lines_on(number), *framed], going):
            going.pages.append(number)

    def _take(self, label: Label, find: Find, lines: Sequence[Unit], going: _Going) -> bool:
        """Whether the row, which must reach down to the end of its page, goes on with lines of the next: what
        its cell prints, and a date where it has none. Other words may be anybody's, so they are told; long
        texts may go on with them."""
        own = find.unit.cell.box if find.unit.cell else None
        high = next((page.height for page in self.pages if page.number == find.unit.page), None)
        if not own or not high or own.y1 < _LOW * high:
            return False
        dated = any(find_dates(unit.passage.text, blank=False) for unit in self._right(find.unit))
        ours = [
            unit
            for unit in lines
            if _is_of_cell(label, unit) and not (dated and find_dates(unit.passage.text, blank=False))
        ]
        going.units += lines if any(one.is_prose for one in label.cell.fields) else ours
        going.strays += [unit.passage for unit in lines if unit not in ours]
        return len(ours) == len(lines)

    def _next(self, page: int) -> int | None:
        """The page that was laid behind a page."""
        numbers = [one.number for one in self.pages]
        return next(iter(numbers[numbers.index(page) + 1 :]), None)

    def _lines_on(self, number: int | None, before: Unit | None = None) -> list[Unit]:
        """The lines of a page, up to the unit `before`, that are more than a page's number."""
        units = self._by_page.get(number, []) if number is not None else []
        units = units[: units.index(before)] if before in units else units
        lines = [unit for unit in units if unit.cell is None and unit.key and not noise_in(unit.passage.text)]
        return [unit for unit in lines if not is_print(unit.key, self.around)]

    def _below(self, label: Unit) -> list[Unit]:
        """Cells under a label, down to the next row that has a label anywhere."""
        found: list[Unit] = []
        for units in self._rows_after(label):
            if any(self._is_label(unit) for unit in units):
                break
            found += [unit for unit in units if is_under(unit, label)]
        return found

    def _rows_after(self, label: Unit) -> Iterator[list[Unit]]:
        """The cells that start in each row below a label. Where a table ends with its page, the next page's
        goes on with it."""
        cell = _cell(label)
        at, row = label, cell.row + cell.row_span
        while True:
            for number in range(row, self._last_row(at) + 1):
                yield [unit for unit in self._row(at, number) if _cell(unit).row == number]
            following = self._next_table(at.page, label) if at.page is not None else None
            if following is None:
                return
            at, row = following, 0

    def _next_table(self, page: int, label: Unit) -> Unit | None:
        """The first cell of the page that was laid behind a page, in a table that goes on with that of
        `label`: one of its labels stands in it, the rest of this one, or a column under it."""
        units = self._by_page.get(number, []) if (number := self._next(page)) is not None else []
        texts = [self.labels[n] for n, find in self.found.items() if find.unit is label]
        cells = [unit for unit in units if unit.cell]
        going = {id(unit.table) for unit in cells if self._is_label(unit) or goes_on(unit, label)}
        going |= {
            id(unit.table)
            for unit in cells
            if any(is_rest_of(one, label, unit.passage.text) for one in texts)
        }
        return next((unit for unit in units if id(unit.table) in going), None)

    def _row(self, unit: Unit, row: int) -> list[Unit]:
        """The cells that cover `row` of the unit's table, from left to right."""
        return sorted(self._rows[id(unit.table)].get(row, ()), key=lambda u: _cell(u).column)

    def _last_row(self, unit: Unit) -> int:
        return max(self._rows[id(unit.table)])


def _cell(unit: Unit) -> Cell:
    assert unit.cell is not None, "only table cells have neighbours"
    return unit.cell


def _are_abreast(units: Sequence[Unit]) -> bool:
    cells = [(unit.table, unit.cell) for unit in units if unit.cell]
    return any(
        a is b and one.row < _end(other) and other.row < _end(one)
        for (a, one), (b, other) in combinations(cells, 2)
    )


def _end(cell: Cell) -> int:
    return cell.row + cell.row_span


def _parts(unit: Unit) -> list[Unit]:
    """The unit, or where parts of it stand well apart, each of these."""
    cuts = [unit.passage.cut(*piece) for piece in unit.pieces]
    return [Unit(cut, unit.page, unit.table, unit.cell) for cut in cuts if key(cut.text)] or [unit]


def _is_of_cell(label: Label, unit: Unit) -> bool:
    """Whether each part of a line is nothing but what the label's cell prints, the rest of its label, and
    dates."""
    parts = [unit.passage.cut(*piece) for piece in unit.pieces] or [unit.passage]
    rests = [key(part.without(find_dates(part.text)).text) for part in parts]
    printed = [*phrases_of(label.cell)]
    return all(
        not one or is_print(one, printed) or any(len(one) > 1 and one in key(text) for text in label.texts)
        for one in rests
    )
