"""A roster: a spreadsheet with one unit a row, from which forms are filled in beforehand."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import get_column_letter

from generator.filling import unwritable
from generator.sheet import DEFAULT_LIMITS, Cell, Row, Sheet, SheetLimits
from generator.workbooks import read_sheets
from models.errors import RosterError, Unparsable
from models.fields import Field
from models.form import FormDefinition
from models.record import Record
from models.writing import key

_HEADER_ROWS = 5  # a title and remarks may stand above the headings
NUMBER = "序号"
_RUNNING_NUMBER = key(NUMBER)
# Stands in the place of its number in the row that only shows how to fill in.
SAMPLE = "示例"
_LIKE = 0.75  # of a heading, to be taken for one of ours that is misspelt
_LONGEST_NAME = 120  # bytes: leaves room for a number and a suffix in the 255 that file systems allow
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\s]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


# {column: (field, heading)}, None for a column that only counts or is not used.
Columns = Mapping[int, tuple[Field, str] | None]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in one cell of a roster. `message` describes it in full, in Chinese, with its place."""

    row: int
    column: str
    heading: str | None
    message: str


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row of a roster: its record, or the problems that prevent one. `number` is the row's number in the
    spreadsheet."""

    number: int
    record: Record | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """The rows of a roster, and the columns of it that belong to no field and were not used, each with its
    place."""

    rows: tuple[RosterRow, ...]
    left_out: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[RosterRow]:
        return iter(self.rows)


def read_roster(form: FormDefinition, data: bytes, limits: SheetLimits = DEFAULT_LIMITS) -> Roster:
    """The rows of the .xlsx, .xls or .csv file `data` that are not blank, as records of `form`.

    A column's heading tells its field: the field's name, its title, or its label on the form, in any writing.

    Raises:
        RosterError: the file is no readable roster or over a limit, it has no headings, or there are headings
            that belong to the same field, to any of several, or to none and yet much like one's.
    """
    sheet, at = _find_header(form, read_sheets(data, limits))
    assigned, left_out = _assign(form, sheet.rows[at].cells)
    rows = (_read_row(form, assigned, row) for row in sheet.below(at))
    return Roster(tuple(row for row in rows if row), left_out)


def file_name(form: FormDefinition, record: Record, taken: set[str]) -> str:
    """Return a file name without a suffix, made from the name of `record`'s unit. It differs from all names
    in `taken` and is added to them.

    The name stands in the text field that other fields are to mention most often, or in the first text field.
    """
    field = _unit_field(form)
    unit = record.values.get(field) if field else None
    stem = _safe(unit) if isinstance(unit, str) else ""
    stem = stem or _safe(form.title) or form.name
    name, number = stem, 1
    # Windows does not distinguish upper and lower case.
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.casefold())
    return name


def _unit_field(form: FormDefinition) -> str | None:
    texts = [field.name for field in form.fields.values() if field.may_name]
    mentions = Counter(field.mentions for field in form.fields.values() if field.mentions in texts)
    # `max` takes the first of equals: without any mention, the first text.
    return max(texts, key=lambda name: mentions[name], default=None)


def _safe(text: str) -> str:
    """Return `text` as Windows and Linux accept it for a file name; empty where nothing of it remains."""
    text = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text))
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    text = text.encode()[:_LONGEST_NAME].decode(errors="ignore").strip("._- ")
    return f"_{text}" if _RESERVED.fullmatch(text) else text


def fields_of(form: FormDefinition) -> list[Field]:
    """The fields that a roster can fill: a file bears no seal and no signature."""
    return [field for field in form.fields.values() if not field.is_mark]


def _headings(form: FormDefinition) -> Mapping[str, list[str]]:
    """The fields that a heading may mean, in the order of the form, by the heading's key."""
    fields = {field.name for field in fields_of(form)}
    known: dict[str, list[str]] = {}
    for cell in form.cells():
        inside = [field for field in cell.fields if field.name in fields]
        for field in inside:
            words = [field.name, form.titles[field.name]]
            # A label stands for the field only where the cell asks for no other field.
            words += [word for word in (cell.label, *cell.aliases) if word and len(inside) == 1]
            for word in dict.fromkeys(map(key, words)):
                known.setdefault(word, []).append(field.name)
    # What is one field's own name or title is not another's label.
    for field in fields_of(form):
        for word in (field.name, form.titles[field.name]):
            known[key(word)] = [field.name]
    return known


def _find_header(form: FormDefinition, sheets: list[Sheet]) -> tuple[Sheet, int]:
    """Return the sheet with headings, and the index of their row: of the first rows, the one with the most
    known headings."""
    known = _headings(form)
    found = []
    for sheet in sheets:
        counts = [sum(key(cell.text) in known for cell in row.cells) for row in sheet.rows[:_HEADER_ROWS]]
        if any(counts):
            found.append((sheet, counts.index(max(counts))))
    if not found:
        titles = "、".join(form.titles[field.name] for field in fields_of(form))
        raise RosterError(
            f"名册的前 {_HEADER_ROWS} 行中没有找到表头", advice=f"请在第一行写上栏目名称：{titles}"
        )
    if len(found) > 1:
        names = "、".join(f"“{sheet.name}”" for sheet, _ in found)
        raise RosterError(f"工作表 {names} 都有表头，不知道用哪一张", advice="请只保留一张名册")
    return found[0]


def _assign(form: FormDefinition, header: tuple[Cell, ...]) -> tuple[Columns, tuple[str, ...]]:
    """The columns with their fields, and the places of those that belong to no field."""
    known = _headings(form)
    numbering = {
        cell.column for cell in header if key(cell.text) == _RUNNING_NUMBER and _RUNNING_NUMBER not in known
    }
    written = {cell.column: cell.text for cell in header if cell.column not in numbering}
    unknown = {column: written.pop(column) for column in list(written) if key(written[column]) not in known}
    assigned = {column: names[0] for column, text in written.items() if len(names := known[key(text)]) == 1}
    _must_differ(assigned, written)
    for word in dict.fromkeys(key(text) for column, text in written.items() if column not in assigned):
        shared = [column for column, text in written.items() if key(text) == word and column not in assigned]
        assigned |= _share_out(
            form, [name for name in known[word] if name not in assigned.values()], shared, assigned, written
        )
    _must_be_other(form, unknown, set(assigned.values()))
    fields = {column: (form.fields[name], written[column]) for column, name in assigned.items()}
    left_out = tuple(_place(column, text) for column, text in unknown.items())
    return fields | dict.fromkeys([*numbering, *unknown]), left_out


def _must_be_other(form: FormDefinition, unknown: Mapping[int, str], used: set[str]) -> None:
    """A heading that is one of ours with a slip in it would cost every unit that answer, and nobody would
    see."""
    ours = {word: names for word, names in _headings(form).items() if not used.issuperset(names)}
    for column, text in unknown.items():
        if like := difflib.get_close_matches(key(text), ours, 1, _LIKE):
            title = form.titles[next(name for name in ours[like[0]] if name not in used)]
            raise RosterError(
                f"{_place(column, text)}像是“{title}”，但写法不同",
                advice=f"是这一栏的，请把表头改为“{title}”；不是的，请删去这一列",
            )


def _must_differ(assigned: Mapping[int, str], written: Mapping[int, str]) -> None:
    for name, times in Counter(assigned.values()).items():
        if times > 1:
            places = "、".join(
                _place(column, written[column]) for column, other in assigned.items() if other == name
            )
            raise RosterError(f"名册中有重复的栏目：{places}", advice="请只保留其中一列")


def _share_out(
    form: FormDefinition,
    names: list[str],
    columns: list[int],
    assigned: Mapping[int, str],
    written: Mapping[int, str],
) -> dict[int, str]:
    """Share out columns with the same heading among the fields that it may mean.

    A column goes to the field that follows, on the form, the field of the column to its left. The remaining
    columns go to the remaining fields in order, where there are as many of both.
    """
    order = list(form.fields)
    shared: dict[int, str] = {}
    for column in columns:
        left = assigned.get(column - 1)
        following = order[order.index(left) + 1] if left is not None and left != order[-1] else None
        if following in names and following not in shared.values():
            shared[column] = following
    rest = [column for column in columns if column not in shared]
    left_over = [name for name in names if name not in shared.values()]
    if rest and len(rest) != len(left_over):
        places = "、".join(_place(column, written[column]) for column in rest)
        titles = "、".join(form.titles[name] for name in left_over)
        raise RosterError(
            f"{places}不能确定是哪一栏", advice=f"请改写为：{titles}" if titles else "请删去多余的列"
        )
    return shared | dict(zip(rest, left_over, strict=False))  # `rest` is empty or as long as `left_over`


def _read_row(form: FormDefinition, columns: Columns, row: Row) -> RosterRow | None:
    """None where the row says nothing, as one that is only numbered, or is the sample of the template."""
    if any(columns.get(cell.column, 0) is None and key(cell.text) == SAMPLE for cell in row.cells):
        return None
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for cell in row.cells:
        if cell.column not in columns:
            problems.append(_problem(row.number, cell, None, "这一列没有栏目名称"))
        elif (column := columns[cell.column]) is not None:
            field, heading = column
            value, wrong = _read_cell(field, cell, form.titles[field.name])
            problems += [_problem(row.number, cell, heading, reason) for reason in wrong]
            if value is not None:
                values[field.name] = value
    if not values and not problems:
        return None
    if row.fault:
        problems = [_problem(row.number, row.cells[0], None, row.fault)]
    record = Record(form=form.name, version=form.version, values=values)
    return RosterRow(number=row.number, record=None if problems else record, problems=tuple(problems))


def _read_cell(field: Field, cell: Cell, title: str) -> tuple[Any, list[str]]:
    """Return the value of one cell, and the faults in it."""
    if cell.fault:
        return None, [cell.fault]
    try:
        value: Any = field.parse(cell.text)
    except Unparsable as error:
        return None, [error.message]
    if value is None:
        return None, []
    wrong = [finding.message for finding in field.check(value, title) if finding.severity == "error"]
    reason = unwritable(field.format(value))
    return value, [*wrong, *([reason] if reason else [])]


def _problem(row: int, cell: Cell, heading: str | None, reason: str) -> Problem:
    letter = get_column_letter(cell.column)
    place = f"第{row}行 {letter}列" + (f"“{heading}”" if heading else "")
    return Problem(row=row, column=letter, heading=heading, message=f"{place}：{reason}")


def _place(column: int, heading: str) -> str:
    return f"{get_column_letter(column)}列“{heading.strip()}”"
