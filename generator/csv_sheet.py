"""A roster as text with a separator, as Excel, WPS and databases save it."""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from generator.sheet import Cell, Row, Sheet, SheetLimits
from models.errors import RosterError

_SEPARATORS = "\t;,"
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What Chinese programs write, the first that fits.
_ENCODINGS = ("utf-8", "gb18030")
# How a text of digits is kept from becoming a number: ="027".
_KEPT_TEXT = re.compile(r'="([^"]*)"')
_SCIENTIFIC = re.compile(r"[-+]?\d(\.\d+)?[Ee]\+\d{1,3}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LOST = "数字写成了科学记数法，后面的数字已经丢失，请在原表中把这一列设为文本，再另存"


def read_csv(data: bytes, limits: SheetLimits) -> list[Sheet]:
    """The only sheet of a file of separated values, in UTF-8, UTF-16 with its mark, or GB 18030.

    Raises:
        RosterError: `data` is no text, or over a limit.
    """
    text = _decoded(data)
    first = text.lstrip("\r\n").partition("\n")[0]
    # The separator that the first line has most of; a comma where there is none.
    separator = max(_SEPARATORS, key=first.count)
    try:
        rows = tuple(_rows(csv.reader(io.StringIO(text, newline=""), delimiter=separator), limits))
    except csv.Error as error:
        raise RosterError("名册不是 .csv 文件", advice="请另存为 .xlsx 后重试") from error
    return [Sheet("名册", rows)]


def _decoded(data: bytes) -> str:
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    for name in [marked] if marked else _ENCODINGS:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
        break
    raise RosterError("名册不是 .xlsx、.xls 或 .csv 文件", advice="请在 Excel 或 WPS 中另存为 .xlsx 后重试")


def _rows(lines: Iterator[list[str]], limits: SheetLimits) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        cells = tuple(_cells(line))
        if not cells:
            continue
        if number > limits.rows:
            raise RosterError(f"名册超过 {limits.rows} 行", advice="请分成几份")
        if cells[-1].column > limits.columns:
            raise RosterError(f"名册超过 {limits.columns} 列", advice="请删去无关的列")
        yield Row(number, cells)


def _cells(line: list[str]) -> Iterator[Cell]:
    for column, text in enumerate(line, 1):
        kept = _KEPT_TEXT.fullmatch(text)
        text = kept[1] if kept else text
        if text.strip():
            is_lost = not kept and _SCIENTIFIC.fullmatch(text.strip())
            yield Cell(column, text, _LOST if is_lost else None)
