"""The bureau's own 汇总表: any .xlsx of theirs as a template. Its headings are matched to the fields of the form
and to what is known of an application; heads, widths, looks and what stands below the table are kept.

A heading that is the same as a field's name is that field's. One that is only like it, or that stands under
another's head, is offered to a person, and its column stays empty until somebody says what it is.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from openpyxl import load_workbook
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter, range_boundaries
from rapidfuzz import fuzz, process

from generator.sheet import SheetLimits, all_merges, literal
from generator.workbooks import read_sheets
from models.errors import BadUsage, RosterError
from models.writing import key, one_line
from service.export.workbook import Cell

LIMITS = SheetLimits(bytes=3_000_000, unpacked_bytes=30_000_000, rows=500, columns=120)
NUMBER = "number"
_ZIP = b"PK\x03\x04"
_MOST_ROWS, _MOST_MERGED = 2_000, 20_000
_HEADER_ROWS = 12
_LIKE = 60  # of 100: headings that may mean the same
_BRACKETS = re.compile(r"[（(\[【].*?[）)\]】]")
# What rows of a sheet are made of: a cell for each source that an application has.
Values = Mapping[str, Cell]


@dataclass(frozen=True)
class Column:
    """A column of the template, counted from 1, with its heading under the heads above it. `source` is what
    it is filled with; `sure` that nobody need say so."""

    number: int
    heading: str
    source: str | None = None
    sure: bool = False


@dataclass(frozen=True)
class OwnSheet:
    """A template that was understood: the sheet of it that is filled, its last row of heads, its columns, and
    what a person should know of it."""

    data: bytes
    sheet: str
    head: int
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    @property
    def asked(self) -> list[Column]:
        """The columns of which a person should say what they are."""
        return [one for one in self.columns if not one.sure]

    def told(self, said: Mapping[int, str | None]) -> "OwnSheet":
        """With what a person `said` of columns, by their numbers; None: leave it empty.

        Raises:
            BadUsage: it has no such column.
        """
        strange = sorted(said.keys() - {one.number for one in self.columns})
        if strange:
            raise BadUsage(f"模板没有第 {strange[0]} 列")
        return replace(
            self,
            columns=tuple(
                replace(one, source=said[one.number], sure=True) if one.number in said else one
                for one in self.columns
            ),
        )


def understand(data: bytes, sources: Mapping[str, Sequence[str]]) -> OwnSheet:
    """The template in the file `data`. `sources` are the names that a heading may have for each source, its
    own first.

    Raises:
        RosterError: it can't be read, or no sheet of it has a heading that is known.
    """
    # Limits are held, and damage is told, before the whole of it is opened.
    names = [sheet.name for sheet in read_sheets(data, LIMITS)]
    if not data.startswith(_ZIP):
        raise RosterError("模板不是 .xlsx", advice="请在 Excel 或 WPS 中另存为 .xlsx 后重试")
    merged = sum((one.bottom - one.top + 1) * (one.right - one.left + 1) for one in all_merges(data, LIMITS))
    if merged > _MOST_MERGED:
        raise RosterError("模板中合并的单元格过多", advice="请只合并表头和表尾需要合并的单元格")
    book = _opened(data)
    found: list[tuple[int, OwnSheet]] = []
    for name in names:
        sheet = book[name]
        # Cells that hold nothing but their looks count here.
        if sheet.max_row > _MOST_ROWS or sheet.max_column > LIMITS.columns:
            told = f"工作表“{name}”超过 {_MOST_ROWS} 行或 {LIMITS.columns} 列（包括只有格式的空格）"
            raise RosterError(told, advice="请删去表格以外的行和列后重试")
        for row in range(1, min(sheet.max_row, _HEADER_ROWS) + 1):
            columns = _columns(sheet, row, sources)
            known = sum(one.sure for one in columns)
            found.append((known, OwnSheet(data, name, row, columns)))
    best = max((known for known, _ in found), default=0)
    if not best:
        raise RosterError("没有认出任何一个栏目", advice="表头应与申请表的栏目同名，且在前 12 行之内")
    # Heads that are merged over rows stand in each of them; below the last of these the table begins.
    chosen = [one for known, one in found if known == best]
    mine = [one for one in chosen if one.sheet == chosen[0].sheet]
    if len({one.sheet for one in chosen}) > 1:
        others = "、".join(dict.fromkeys(f"“{one.sheet}”" for one in chosen))
        raise RosterError(f"工作表 {others} 都像汇总表，不知道用哪一张", advice="请只保留一张")
    return replace(mine[-1], notes=tuple(_notes(book[mine[-1].sheet], mine[-1])))


def fill(template: OwnSheet, rows: Sequence[Values]) -> bytes:
    """The template with a row for each of `rows`."""
    book = _opened(template.data)
    _fill(book[template.sheet], template, rows)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _opened(data: bytes) -> Any:
    try:
        return load_workbook(io.BytesIO(data), keep_links=False)
    # openpyxl lets through any error of its parsers.
    except Exception as error:
        raise RosterError(
            "模板已损坏，或不是 .xlsx", advice="请在 Excel 或 WPS 中另存为新的 .xlsx 后重试"
        ) from error


def _columns(sheet: Any, row: int, sources: Mapping[str, Sequence[str]]) -> tuple[Column, ...]:
    """The columns that have a heading in `row`, matched to what they are likely filled with."""
    known = {
        key(name): source for source, names in reversed(list(sources.items())) for name in reversed(names)
    }
    made = []
    for number in range(1, min(sheet.max_column, LIMITS.columns) + 1):
        text = _shown(sheet, row, number)
        if not text:
            continue
        above = [head for head in _above(sheet, row, number) if head != text]
        whole = "／".join([*above, text])
        source, sure = _meant("".join([*above, text]), text, bool(above), known)
        made.append(Column(number, whole, source, sure))
    return tuple(_each_once(made))


def _meant(whole: str, text: str, is_below: bool, known: Mapping[str, str]) -> tuple[str | None, bool]:
    """What a heading means, and whether that is sure. One below another's head may mean that one's, and what
    stands in brackets may be a unit, or that a seal is wanted."""
    if (bare := _BRACKETS.sub("", text)) != text and (source := known.get(key(bare))) is not None:
        return source, False
    if (source := known.get(key(whole))) is not None:
        return source, True
    if (source := known.get(key(text))) is not None:
        return source, not is_below
    near = process.extractOne(key(whole), list(known), scorer=fuzz.ratio, score_cutoff=_LIKE)
    return (known[near[0]] if near else None), False


def _each_once(columns: Sequence[Column]) -> Iterator[Column]:
    """Of several columns that would be filled with the same, none is sure."""
    counts = Counter(one.source for one in columns if one.sure)
    for one in columns:
        yield replace(one, sure=one.sure and counts[one.source] == 1)


def _merged(sheet: Any) -> Iterator[tuple[int, int, int, int]]:
    """(first row, first column, last row, last column) of merged cells."""
    for one in sheet.merged_cells.ranges:
        yield one.min_row, one.min_col, one.max_row, one.max_col


def _shown(sheet: Any, row: int, column: int) -> str:
    """What a cell shows: the text of the merged one that it belongs to."""
    for top, left, bottom, right in _merged(sheet):
        if top <= row <= bottom and left <= column <= right:
            row, column = top, left
    value = sheet.cell(row, column).value
    return one_line(value) if isinstance(value, str) else ""


def _above(sheet: Any, row: int, column: int) -> list[str]:
    """The heads over a column, the highest first: merged over several columns, but not over the whole table,
    which makes a title."""
    found = []
    wide = sheet.max_column
    for top, left, bottom, right in sorted(_merged(sheet)):
        if bottom < row and left <= column <= right and 1 <= right - left < wide - 1:
            found.append(_shown(sheet, top, left))
    return [text for text in found if text]


def _notes(sheet: Any, template: OwnSheet) -> Iterator[str]:
    first, below = template.head + 1, _below(sheet, template)
    if below <= sheet.max_row:
        texts = [_shown(sheet, below, number) for number in range(1, sheet.max_column + 1)]
        told = "，".join(dict.fromkeys(text for text in texts if text))[:60]
        yield f"表头下第 {below} 行起已有内容“{told}”，保留在表格之后"
    if any(cell.data_type == "f" for row in sheet.iter_rows(min_row=first) for cell in row):
        yield "模板中有公式，请在打开后核对其范围"


def _below(sheet: Any, template: OwnSheet) -> int:
    """The first row below the table's empty ones: whatever stands there is kept. Numbers of rows and formulas
    that were put in beforehand are no content."""
    numbers = {one.number for one in template.columns if one.source == NUMBER}
    for row in range(template.head + 1, sheet.max_row + 1):
        for cell in sheet[row]:
            text = "" if cell.value is None or cell.data_type == "f" else str(cell.value).strip()
            if text and not (cell.column in numbers and text.isdigit()):
                return row
    return int(sheet.max_row) + 1


def _fill(sheet: Any, template: OwnSheet, rows: Sequence[Values]) -> None:
    first, below = template.head + 1, _below(sheet, template)
    looks = _looks(sheet, first)
    room = below - first
    if len(rows) > room:
        _move_down(sheet, below, len(rows) - room)
    sources = {one.number: one.source for one in template.columns if one.sure and one.source}
    for offset, values in enumerate(rows):
        looks.dress(sheet, first + offset)
        for column, source in sources.items():
            _put(sheet.cell(first + offset, column), values.get(source))
    for row in range(first + len(rows), below):
        # Numbers that were put in beforehand stand beside nothing.
        for column, source in sources.items():
            if source == NUMBER:
                sheet.cell(row, column).value = None


def _put(cell: Any, given: Cell | None) -> None:
    if given is None:
        return
    if isinstance(given.value, str):
        cell.value = literal(given.value)
        cell.data_type = "s"  # whatever it begins with
    else:
        cell.value = given.value
        if cell.number_format == "General":
            cell.number_format = given.shape
    if given.fill is not None:
        cell.fill = given.fill


@dataclass(frozen=True)
class _Looks:
    """How the first row of the table looks: its height, its cells, what is merged in it, its formulas."""

    row: int
    height: float | None
    cells: Mapping[int, Any]
    merges: Sequence[tuple[int, int]]
    formulas: Mapping[int, str]

    def dress(self, sheet: Any, row: int) -> None:
        """Makes `row` look like it."""
        if row == self.row:
            return
        if self.height is not None:
            sheet.row_dimensions[row].height = self.height
        for column, like in self.cells.items():
            cell = sheet.cell(row, column)
            cell.font, cell.border, cell.fill = copy(like.font), copy(like.border), copy(like.fill)
            cell.alignment, cell.number_format = copy(like.alignment), like.number_format
            cell.protection = copy(like.protection)
        for column, text in self.formulas.items():
            at = f"{get_column_letter(column)}{self.row}"
            moved = Translator(text, origin=at).translate_formula(f"{get_column_letter(column)}{row}")
            sheet.cell(row, column).value = moved
        there = set(_merged(sheet))
        for left, right in self.merges:
            if (row, left, row, right) not in there:
                sheet.merge_cells(start_row=row, start_column=left, end_row=row, end_column=right)


def _looks(sheet: Any, row: int) -> _Looks:
    cells = {cell.column: cell for cell in sheet[row] if hasattr(cell, "column") and cell.has_style}
    formulas = {
        cell.column: cell.value
        for cell in sheet[row]
        if cell.data_type == "f" and isinstance(cell.value, str)
    }
    merges = [(left, right) for top, left, bottom, right in _merged(sheet) if top == bottom == row]
    return _Looks(row, sheet.row_dimensions[row].height, cells, merges, formulas)


def _move_down(sheet: Any, first: int, count: int) -> None:
    """Moves all from row `first` on down by `count` rows, with heights and merged cells."""
    last = sheet.max_row
    if last >= first:
        moved = [one for one in list(sheet.merged_cells.ranges) if one.min_row >= first]
        for one in moved:
            sheet.unmerge_cells(one.coord)
        sheet.move_range(f"A{first}:{get_column_letter(sheet.max_column)}{last}", rows=count, translate=True)
        for one in moved:
            one.shift(row_shift=count)
            sheet.merge_cells(one.coord)
        heights = {row: sheet.row_dimensions[row].height for row in range(first, last + 1)}
        for row in heights:
            sheet.row_dimensions[row].height = None
        for row, height in heights.items():
            sheet.row_dimensions[row + count].height = height
    if sheet.print_area:
        sheet.print_area = [_longer(area, first, count) for area in _areas(sheet.print_area)]


def _areas(text: str) -> Iterable[str]:
    return [part.rpartition("!")[2].replace("$", "") for part in text.split(",")]


def _longer(area: str, first: int, count: int) -> str:
    left, top, right, bottom = (bound or 1 for bound in range_boundaries(area))
    bottom += count if bottom >= first - 1 else 0
    return f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom}"
