"""A workbook from outside as plain text in rows, within limits. Knows nothing of forms."""

import datetime
import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from models.errors import RosterError

_ZIP_MAGIC = b"PK\x03\x04"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_LAST_ROW = 1_048_576  # of any .xlsx


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """What a workbook may hold: bytes as it arrives and unpacked, and rows and columns of a sheet."""

    bytes: int = 20_000_000
    unpacked_bytes: int = 200_000_000
    rows: int = 10_000
    columns: int = 200


DEFAULT_LIMITS = SheetLimits()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not blank: its column, counting from 1, and its text, or why it has none."""

    column: int
    text: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank; `number` counts from 1, as the spreadsheet shows it."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet, blank rows left out."""

    name: str
    rows: tuple[Row, ...]


def read_sheets(data: bytes, limits: SheetLimits = DEFAULT_LIMITS) -> list[Sheet]:
    """The visible worksheets of the .xlsx file `data`; formulas by the result that was saved with them.

    Raises:
        RosterError: `data` is no .xlsx, needs a password, is damaged or over a limit.
    """
    _must_be_workbook(data, limits)
    try:
        values, formulas = (load_workbook(io.BytesIO(data), read_only=True, data_only=only) for only in (True, False))
        return [
            Sheet(name=sheet.title, rows=tuple(_rows(sheet, formulas[sheet.title], limits)))
            for sheet in values.worksheets
            if sheet.sheet_state == "visible"
        ]
    except RosterError:
        raise
    # openpyxl lets through whatever its parsers trip over: KeyError, TypeError, XML errors, BadZipFile and more.
    except Exception as error:
        raise RosterError("名册已损坏，无法读取", advice="请在 Excel 或 WPS 中打开，另存为新的 .xlsx 后重试") from error


def _must_be_workbook(data: bytes, limits: SheetLimits) -> None:
    if len(data) > limits.bytes:
        raise RosterError(f"名册超过 {limits.bytes // 1_000_000} MB", advice="请删去图片和无关的工作表后重试")
    if data.startswith(_OLE_MAGIC):
        if _ENCRYPTED_STREAM in data:
            raise RosterError("名册设有打开密码", advice="请去除密码后重试")
        raise RosterError("名册是旧版 .xls 文件", advice="请另存为 .xlsx 后重试")
    if not data.startswith(_ZIP_MAGIC):
        raise RosterError("名册不是 .xlsx 文件", advice="请在 Excel 或 WPS 中另存为 .xlsx 后重试")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise RosterError("名册不完整或已损坏", advice="请重新保存或请对方重新发送") from error
    # zipfile never unpacks more of an entry than it declares.
    if unpacked > limits.unpacked_bytes:
        raise RosterError(f"名册解压后超过 {limits.unpacked_bytes // 1_000_000} MB", advice="请删去图片和无关的工作表后重试")


def _rows(values: Any, formulas: Any, limits: SheetLimits) -> Iterator[Row]:
    """Two views of one sheet, read side by side: results, and the formulas to tell a missing result from a blank."""
    for sheet in (values, formulas):
        sheet.reset_dimensions()  # the size that the file states may be wrong
    bounds = {"max_row": _LAST_ROW, "max_col": limits.columns + 1}
    for number, (row, sources) in enumerate(zip_longest(values.iter_rows(**bounds), formulas.iter_rows(**bounds), fillvalue=()), 1):
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
        if value is None and isinstance(formula := getattr(source, "value", None), str) and formula.startswith("="):
            yield Cell(column, "", "公式没有保存计算结果，请在 Excel 或 WPS 中打开并保存后重试")
        elif cell is not None and cell.data_type == "e":
            yield Cell(column, "", f"公式出错：{value}")
        elif value is not None and (text := _text(value)).strip():
            yield Cell(column, text)


def _text(value: Any) -> str:
    """What a person reads in the cell, without the tricks of its number format."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet keeps; more are the noise of binary fractions.
        return f"{Decimal(format(value, '.15g')):f}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(sep=" ")
    # Control characters stand escaped in the file, such as the _x000D_ of a line break typed on Windows.
    return unescape(str(value))
