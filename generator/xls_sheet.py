"""A roster as Excel 97 to 2003 saved it."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import xlrd

from generator.sheet import HIDDEN, Cell, Merge, Row, Sheet, SheetLimits, as_text, number_cell
from models.errors import RosterError

_ENCRYPTED = "encrypted"
_VISIBLE = 0


def read_xls(data: bytes, limits: SheetLimits) -> list[Sheet]:
    """The visible worksheets of an .xls file.

    Raises:
        RosterError: it needs a password, is damaged or over a limit.
    """
    try:
        # What the library has to say of oddities goes nowhere.
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
        return [_sheet(book, sheet, limits) for sheet in book.sheets() if sheet.visibility == _VISIBLE]
    except RosterError:
        raise
    # It lets through whatever its parsers trip over: struct.error, IndexError, AssertionError and more.
    except Exception as error:
        if _ENCRYPTED in str(error):
            raise RosterError("名册设有打开密码", advice="请去除密码后重试") from error
        raise RosterError(
            "名册已损坏，无法读取", advice="请在 Excel 或 WPS 中打开，另存为 .xlsx 后重试"
        ) from error


def _sheet(book: Any, sheet: Any, limits: SheetLimits) -> Sheet:
    if sheet.ncols > limits.columns:
        raise RosterError(f"名册超过 {limits.columns} 列", advice="请删去无关的列")
    rows = []
    for index in range(sheet.nrows):
        cells = tuple(_cells(book, sheet, index))
        if cells and index >= limits.rows:
            raise RosterError(f"名册超过 {limits.rows} 行", advice="请分成几份")
        if cells:
            info = sheet.rowinfo_map.get(index)
            row = Row(index + 1, cells)
            rows.append(replace(row, fault=HIDDEN) if info is not None and info.hidden else row)
    merges = tuple(Merge(top + 1, left + 1, below, right) for top, below, left, right in sheet.merged_cells)
    return Sheet(sheet.name, tuple(rows), merges)


def _cells(book: Any, sheet: Any, row: int) -> Iterator[Cell]:
    for index, cell in enumerate(sheet.row(row)):
        column, kind, value = index + 1, cell.ctype, cell.value
        if kind == xlrd.XL_CELL_ERROR:
            yield Cell(column, "", f"公式出错：{xlrd.error_text_from_code.get(value, value)}")
        elif kind == xlrd.XL_CELL_BOOLEAN:
            yield Cell(column, as_text(bool(value)))
        elif kind == xlrd.XL_CELL_DATE:
            yield Cell(column, as_text(xlrd.xldate_as_datetime(value, book.datemode)))
        elif kind == xlrd.XL_CELL_NUMBER:
            form = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
            yield number_cell(column, as_text(value), form)
        elif kind == xlrd.XL_CELL_TEXT and str(value).strip():
            yield Cell(column, str(value))
