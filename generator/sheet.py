"""Reading a foreign workbook as rows of plain text, within limits. It knows nothing of forms."""

import datetime
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.escape import unescape
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from generator.shown import MOST_DIGITS, shown
from models.errors import RosterError

_LAST_ROW = 1_048_576  # of any .xlsx
_RELATIONS, _MOST_RELATIONS = "_rels/.rels", 1 << 16
_STRICT = b"http://purl.oclc.org/ooxml/"
_ROW, _MERGE = f"{{{SHEET_MAIN_NS}}}row", f"{{{SHEET_MAIN_NS}}}mergeCell"
_MOST_MERGED = 200_000
HIDDEN = "这一行已隐藏或被筛选掉，没有使用；如果需要，请取消隐藏或筛选后重试"
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """The most that a workbook may hold: bytes packed and unpacked, and rows and columns of a sheet."""

    bytes: int = 20_000_000
    unpacked_bytes: int = 200_000_000
    rows: int = 10_000
    columns: int = 200


DEFAULT_LIMITS = SheetLimits()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not blank: its column, counted from 1, and its text, or the reason why it has none."""

    column: int
    text: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank. `number` counts from 1, as the spreadsheet shows it. `fault` is the reason why
    none of the row may be used."""

    number: int
    cells: tuple[Cell, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """Cells merged into one, which shows what the first of them holds."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet without its blank rows."""

    name: str
    rows: tuple[Row, ...]
    merges: tuple[Merge, ...] = ()

    def below(self, header: int) -> Iterator[Row]:
        """Yield the rows below row index `header`, each with the cells merged over several rows copied into
        it.

        Raises:
            RosterError: more cells are merged than a sheet may have.
        """
        top, last = self.rows[header].number, self.rows[-1].number
        said = {(row.number, cell.column): cell for row in self.rows for cell in row.cells}
        merged: dict[int, dict[int, Cell]] = {}
        spent = 0
        for merge in (one for one in self.merges if one.top > top and (one.top, one.left) in said):
            cell = said[merge.top, merge.left]
            if merge.right > merge.left:
                cell = replace(cell, fault="这一格由几列合并而成，无法确定是哪一栏的内容，请取消合并后重试")
            bottom = min(merge.bottom, last)
            spent += bottom - merge.top + 1
            if spent > _MOST_MERGED:
                raise RosterError("名册中合并的单元格过多", advice="请取消合并后重试")
            for number in range(merge.top, bottom + 1):
                merged.setdefault(number, {})[merge.left] = cell
        for row in self.rows[header + 1 :]:
            cells = {cell.column: cell for cell in row.cells} | merged.get(row.number, {})
            yield replace(row, cells=tuple(cells[column] for column in sorted(cells)))


def literal(text: str) -> str:
    """Return `text` escaped so that a workbook shows it as it is; it would show `_x0041_` as an A."""
    return _ESCAPE.sub("_x005F_", text)


def read_xlsx(data: bytes, limits: SheetLimits = DEFAULT_LIMITS) -> list[Sheet]:
    """The visible worksheets of the .xlsx file `data`; formulas by the result that was saved with them.

    Raises:
        RosterError: `data` needs a password, is damaged or over a limit.
    """
    _must_be_whole(data, limits)
    try:
        values, formulas = (
            load_workbook(io.BytesIO(data), read_only=True, data_only=only) for only in (True, False)
        )
        return [
            _sheet(sheet, formulas[sheet.title], limits)
            for sheet in values.worksheets
            if sheet.sheet_state == "visible"
        ]
    except RosterError:
        raise
    # openpyxl lets through any error of its parsers: KeyError, TypeError, XML errors, BadZipFile and more.
    except Exception as error:
        raise _damaged() from error


def all_merges(data: bytes, limits: SheetLimits = DEFAULT_LIMITS) -> list[Merge]:
    """The merged cells of all sheets of the .xlsx file `data`, of hidden ones too. Whoever opens the whole of
    a workbook pays for each cell that is merged, and a few bytes can merge all that there are.

    Raises:
        RosterError: `data` needs a password, is damaged or over a limit.
    """
    _must_be_whole(data, limits)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True)
        return [merge for sheet in book.worksheets for merge in _layout(sheet)[1]]
    except RosterError:
        raise
    except Exception as error:
        raise _damaged() from error


def _damaged() -> RosterError:
    return RosterError("名册已损坏，无法读取", advice="请在 Excel 或 WPS 中打开，另存为新的 .xlsx 后重试")


def _sheet(values: Any, formulas: Any, limits: SheetLimits) -> Sheet:
    rows = tuple(_rows(values, formulas, limits))
    hidden, merges = _layout(values)
    return Sheet(
        values.title,
        tuple(replace(row, fault=HIDDEN) if row.number in hidden else row for row in rows),
        merges,
    )


def _layout(sheet: Any) -> tuple[set[int], tuple[Merge, ...]]:
    """Return the rows that are hidden or filtered out, and the merged cells. openpyxl does not report them
    for a sheet that it reads one row at a time."""
    hidden: set[int] = set()
    merges: list[Merge] = []
    number = 0
    with sheet._get_source() as source:
        for _, element in iterparse(source):
            if element.tag == _ROW:
                number = int(element.get("r", number + 1))
                if element.get("hidden") in ("1", "true"):
                    hidden.add(number)
            elif element.tag == _MERGE:
                left, top, right, bottom = range_boundaries(element.get("ref", ""))
                merges.append(Merge(int(top or 1), int(left or 1), int(bottom or _LAST_ROW), int(right or 1)))
            if element.tag in (_ROW, _MERGE):
                element.clear()
            if len(merges) > _MOST_MERGED:
                raise RosterError("名册中合并的单元格过多", advice="请取消合并后重试")
    return hidden, tuple(merges)


def _must_be_whole(data: bytes, limits: SheetLimits) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            is_strict = (
                _STRICT in archive.open(_RELATIONS).read(_MOST_RELATIONS)
                if _RELATIONS in archive.namelist()
                else False
            )
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        OSError,
        ValueError,
        RuntimeError,
        zlib.error,
        struct.error,
    ) as error:
        raise RosterError("名册不完整或已损坏", advice="请重新保存或请对方重新发送") from error
    # zipfile never unpacks more of an entry than it declares.
    if unpacked > limits.unpacked_bytes:
        raise RosterError(
            f"名册解压后超过 {limits.unpacked_bytes // 1_000_000} MB", advice="请删去图片和无关的工作表后重试"
        )
    if is_strict:
        raise RosterError(
            "名册是“严格 Open XML”格式的 .xlsx，暂不能读取", advice="请另存为普通的 .xlsx 后重试"
        )


def _rows(values: Any, formulas: Any, limits: SheetLimits) -> Iterator[Row]:
    """Read two views of one sheet side by side: the results, and the formulas, which tell a missing result
    from a blank cell."""
    for sheet in (values, formulas):
        sheet.reset_dimensions()  # the size that the file states may be wrong
    bounds = {"max_row": _LAST_ROW, "max_col": limits.columns + 1}
    for number, (row, sources) in enumerate(
        zip_longest(values.iter_rows(**bounds), formulas.iter_rows(**bounds), fillvalue=()), 1
    ):
        cells = tuple(_cells(row, sources))
        if not cells:
            continue
        if number > limits.rows:
            raise RosterError(f"名册超过 {limits.rows} 行", advice="请分成几份")
        if cells[-1].column > limits.columns:
            raise RosterError(f"名册超过 {limits.columns} 列", advice="请删去无关的列")
        yield Row(number=number, cells=cells)


def _cells(row: Any, sources: Any) -> Iterator[Cell]:
    for column, (cell, source) in enumerate(zip_longest(row, sources), 1):
        value = getattr(cell, "value", None)
        if value is None and getattr(source, "value", None) is not None and source.data_type == "f":
            yield Cell(column, "", "公式没有保存计算结果，请在 Excel 或 WPS 中打开并保存后重试")
        elif cell is not None and cell.data_type == "e":
            yield Cell(column, "", f"公式出错：{value}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield number_cell(column, as_text(value), cell.number_format or "")
        elif value is not None and (text := as_text(value)).strip():
            yield Cell(column, text)


def number_cell(column: int, plain: str, number_format: str) -> Cell:
    """The cell of a number, as it is shown; with why it can't be used where that is another number."""
    if len(plain.lstrip("-").partition(".")[0]) > MOST_DIGITS:
        told = f"数字超过 {MOST_DIGITS} 位，表格软件保存时会丢掉后面的数字，请把这一列设为文本，再重新填写"
        return Cell(column, plain, told)
    text = shown(plain, number_format)
    if text is None:
        return Cell(
            column,
            plain,
            f"单元格的数字格式使显示的内容与保存的数字 {plain} 不同，请把这一列设为文本，再按显示的内容填写",
        )
    return Cell(column, text)


def as_text(value: Any) -> str:
    """The value of a cell as text, whatever its number format."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        # A spreadsheet keeps fifteen digits; further digits are noise from binary fractions.
        return f"{Decimal(format(value, '.15g')):f}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(sep=" ")
    # The file escapes control characters, such as the _x000D_ of a line break typed on Windows.
    return unescape(str(value))
