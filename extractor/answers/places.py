"""Where in a Word file the answers of a form go, by the alignment that reads it: a spot for each place to
write or to tick, and what has none (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from extractor.answers.books import headings_of
from extractor.answers.by_column import by_column
from extractor.answers.cell_parts import guidance_in, stretches
from extractor.answers.choice import boxes_of
from extractor.answers.frames import beside
from extractor.answers.labels import Alignment
from extractor.answers.regions import Region, Regions
from extractor.answers.units import Unit
from extractor.text.passage import Passage
from models.fields import ChoiceField, DateField, Field, NumberField, RowsField
from models.fields.date import find_dates
from models.form import FormCell, Printed
from models.identity import Tag
from models.page import CellAddress, Pages
from models.printed import phrases_around
from models.template import Spot, Unplaced
from models.writing import key, one_line

# What a form prints where a date is to be written.
_DATE_WORDS = frozenset("年月日时分至")
_YEAR = 4  # blanks for a year
_NO_LABEL = "没有找到这个标题"
_NO_CELL = "标题旁没有填写的地方"


def spots_of(alignment: Alignment, pages: Pages) -> tuple[tuple[Spot, ...], tuple[Unplaced, ...]]:
    """The spots of a blank form over which a definition has been laid, and the fields that have none."""
    placing = _Placing(alignment, pages)
    placing.place()
    return tuple(placing.spots), tuple(placing.unplaced)


@dataclass
class _Placing:
    alignment: Alignment
    pages: Pages
    spots: list[Spot] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)
    _lines: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        units, form = self.alignment.units, self.alignment.form
        loose = [unit for unit in units if unit.cell is None]
        self._lines = {id(unit): number for number, unit in enumerate(loose)}
        self._regions = Regions(
            self.alignment.labels,
            self.alignment.found,
            units,
            self.pages.pages,
            tuple(phrases_around(form)),
            headings_of(form),
        )

    def place(self) -> None:
        for index, label in enumerate(self.alignment.labels):
            if label.column is not None:
                continue
            table = label.cell.rows_field
            if table is not None:
                self._rows(label.cell, table)
            elif index not in self.alignment.found:
                self._miss(label.cell.fields, _NO_LABEL)
            else:
                region = self._regions.of(index)
                for cell, own in by_column(label.cell, region, self.alignment.units):
                    if cell.fields:
                        self._cell(cell, index, own)

    def _cell(self, cell: FormCell, index: int, region: Region) -> None:
        parts = _parts(self.alignment, index, region)
        find = self.alignment.found[index]
        if not parts and not find.whole:
            # A label that has its cell to itself is answered behind or under it.
            parts = [_Part(find.unit, self._regions.rest_of_cell(find), find.end)]
        elif not parts and find.score == 1.0 and (under := _under(find.unit.passage.text)):
            parts = [_Part(find.unit, find.unit.passage.cut(under), under)]
        if not parts:
            self._miss(cell.fields, _NO_CELL)
            return
        alone = len(cell.content) == 1 and len(cell.fields) == 1 and not cell.fields[0].prompt
        if alone and not isinstance(cell.fields[0], ChoiceField):
            # Of several cells beside a label the first that is empty is to be written in.
            parts = [next((part for part in parts if not key(part.passage.words)), parts[0])]
        stretch = _Stretch(parts)
        whole = stretch.whole
        beside_options = beside(cell, whole)
        for name, (_, (begin, last)) in beside_options.items():
            self._add(Tag(field=name), stretch, begin, last, self.alignment.form.fields[name])
        groups = [([0], 0, len(whole))] if alone else stretches(cell, whole)
        for group, start, end in groups:
            fields = [one for n in group if not isinstance(one := cell.content[n], Printed)]
            fields = [one for one in fields if not one.beside]
            self._group([one for one in fields if not one.is_mark], stretch, start, end)
        reached = {n for group, _, _ in groups for n in group}
        found = {n for n, one in enumerate(cell.content) if getattr(one, "name", None) in beside_options}
        unreached = (item for n, item in enumerate(cell.content) if n not in reached | found)
        self._miss([item for item in unreached if not isinstance(item, Printed)], _NO_CELL)

    def _group(self, fields: Sequence[Field], stretch: "_Stretch", start: int, end: int) -> None:
        """The fields between two printed words: options have their boxes, a date its 年 月 日, and one more may
        be written where nothing is printed."""
        taken: list[tuple[int, int]] = []
        others = []
        for one in fields:
            if isinstance(one, ChoiceField):
                taken += self._boxes(one, stretch, start, end)
            elif isinstance(one, DateField) and (dates := find_dates(stretch.whole.text[start:end])):
                begin, last = dates[-1]
                text = stretch.whole.text[start + begin : start + last]
                # Blanks that move a date to its place stay, but for those that the year is written on.
                lead = max(0, len(text) - len(text.lstrip()) - _YEAR)
                place = start + begin + lead, start + last
                self._add(Tag(field=one.name), stretch, *place, one)
                taken.append(place)
            else:
                others.append(one)
        if others:
            first, *rest = others
            until = min((begin for begin, _ in taken), default=end)
            self._add(Tag(field=first.name), stretch, start, until, first)
            self._miss(rest, "与前一项之间没有印好的字，分不出各自的位置")

    def _boxes(self, one: ChoiceField, stretch: "_Stretch", start: int, end: int) -> list[tuple[int, int]]:
        boxes = boxes_of(one, stretch.whole.cut(start, end))
        for option, (begin, stop) in boxes.items():
            self._put(Tag(field=one.name, option=option), stretch, start + begin, start + stop)
        lacking = [words for n, words in enumerate(one.options) if n not in boxes]
        if lacking:
            self._miss([one], f"选项“{'、'.join(lacking)[:40]}”前没有方框")
        return [(start, end)] if boxes else []

    def _add(self, tag: Tag, stretch: "_Stretch", start: int, end: int, one: Field) -> None:
        """A spot to write in, where nothing stands there but what is to be written over."""
        said = _said(one, stretch.whole.cut(start, end))
        if said:
            self._miss([one], f"填写处已有文字“{said[:20]}”")
        else:
            self._put(tag, stretch, start, end)

    def _put(self, tag: Tag, stretch: "_Stretch", start: int, end: int) -> None:
        part, at = stretch.at(start)
        unit = part.unit
        cell = unit.passage.places[0].cell if unit.passage.places else _address(unit)
        text = unit.passage.text
        stop = min(at + end - start, len(text))
        line = self._lines.get(id(unit))
        self.spots.append(Spot(tag=tag, cell=cell, line=line, text=text, start=at, end=stop))

    def _rows(self, cell: FormCell, table: RowsField) -> None:
        """The empty cells under the headings of a table inside the form."""
        headings = {
            label.column.field.name: self.alignment.found[index].unit
            for index, label in enumerate(self.alignment.labels)
            if label.cell is cell and label.column and index in self.alignment.found
        }
        title = self.alignment.form.titles[table.name]
        lost = [column.label for column in table.columns if column.field.name not in headings]
        if lost:
            self.unplaced.append(Unplaced(title=title, why=f"没有找到栏目“{'、'.join(lost)}”"))
        below = self._regions.rows_below(next(iter(headings.values()))) if headings else []
        number = 0
        for units in below:
            under = {
                name: unit
                for name, heading in headings.items()
                for unit in units
                if _is_in_column(unit, heading)
            }
            boxes = {name: found for name, unit in under.items() if (found := _boxes_in(table, name, unit))}
            writable = {
                name: unit for name, unit in under.items() if not key(unit.passage.words) or name in boxes
            }
            # The first column may number the rows; a row with more words is no row to be filled in.
            if len(writable) < max(1, len(under) - 1):
                continue
            for name, unit in writable.items():
                for option, (start, end) in boxes.get(name, {}).items():
                    box = Tag(field=table.name, row=number, column=name, option=option)
                    self._put(box, _Stretch([_Part(unit, unit.passage, 0)]), start, end)
                if name in table.marks or name in boxes:
                    continue
                tag = Tag(field=table.name, row=number, column=name)
                self._put(tag, _Stretch([_Part(unit, unit.passage, 0)]), 0, len(unit.passage))
            number += 1
        if headings and not number:
            self.unplaced.append(Unplaced(title=title, why="栏目下没有空行"))

    def _miss(self, fields: Sequence[Field], why: str) -> None:
        titles: Mapping[str, str] = self.alignment.form.titles
        self.unplaced += [Unplaced(title=titles[one.name], why=why) for one in fields if not one.is_mark]


@dataclass(frozen=True)
class _Part:
    """A stretch of a unit's text that begins at its character `at`."""

    unit: Unit
    passage: Passage
    at: int


@dataclass
class _Stretch:
    """The parts of a region one under the other, with the way back to each."""

    parts: Sequence[_Part]

    def __post_init__(self) -> None:
        self.whole = Passage.join(part.passage for part in self.parts)

    def at(self, number: int) -> tuple[_Part, int]:
        """The part in which character `number` of the whole stands, or before which it ends, and which
        character of the part's unit that is."""
        start = 0
        for part in self.parts:
            if number <= start + len(part.passage):
                break
            start += len(part.passage) + 1
        return part, part.at + number - start


def _parts(alignment: Alignment, index: int, region: Region) -> list[_Part]:
    """The passages of a region with their units: those of its units come last."""
    find = alignment.found[index]
    before = len(region.passages) - len(region.units)
    own = [_Part(find.unit, region.passages[n], find.end) for n in range(min(before, 1))]
    return [*own, *(_Part(unit, unit.passage, 0) for unit in region.units)]


def _under(text: str) -> int:
    """Where the line under the last words begins; 0 where there is none."""
    last = max((n for n, char in enumerate(text) if char.isalnum()), default=len(text))
    return text.find("\n", last) + 1


def _address(unit: Unit) -> CellAddress | None:
    if unit.cell is None or unit.table is None:
        return None
    return CellAddress(table=unit.table.index, row=unit.cell.row, column=unit.cell.column)


def _boxes_in(table: RowsField, name: str, unit: Unit) -> dict[int, tuple[int, int]]:
    """The boxes of a column's options, where a cell of a row prints all of them."""
    field = next(column.field for column in table.columns if column.field.name == name)
    found = boxes_of(field, unit.passage) if isinstance(field, ChoiceField) else {}
    return found if isinstance(field, ChoiceField) and len(found) == len(field.options) else {}


def _is_in_column(unit: Unit, heading: Unit) -> bool:
    cell, above = unit.cell, heading.cell
    if cell is None or above is None:
        return False
    return above.column <= cell.column < above.column + above.column_span


def _said(one: Field, passage: Passage) -> str:
    """What stands where a field is to be written, and isn't there to be written over: its guidance, its unit,
    a blank date."""
    rest = passage.without(guidance_in(one, passage))
    text = one_line(rest.words)
    if isinstance(one, NumberField):
        text = text.replace(one.unit, "")
    return text if set(key(text)) - _DATE_WORDS else ""
