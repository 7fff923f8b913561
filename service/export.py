"""The 汇总表: results as a workbook, a row an application.

Nothing that an applicant wrote can become a formula: texts are written as texts whatever they begin with.
"""

import datetime
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import ValidationError

from models.fields import Field, NumberField
from models.fields.base import FieldBase, SheetValue
from models.form import FormDefinition
from service.results import Line

STATUS = {"clear": "无需人工", "review": "需复核", "failed": "读取失败"}

_FAILED_SHEET = "未能读取"
_LEGEND_SHEET = "说明"
_HEADING = PatternFill("solid", fgColor="D9E2F3")
_DOUBTFUL = PatternFill("solid", fgColor="FFF2CC")
_WRONG = PatternFill("solid", fgColor="F8CBAD")
_EDGE = Side("thin", color="BFBFBF")
_BORDER = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
# Limits of the format, and of what a clerk can take in at once.
_LONGEST_TEXT = 32_767
_LONGEST_NAME = 31
_PRECISION = 15
_NARROWEST, _WIDEST = 8, 44
_LINE_POINTS, _HIGHEST = 15, 150

Fill = PatternFill | None


def write_sheet(lines: Iterable[Line], forms: Mapping[str, FormDefinition]) -> bytes:
    """`lines` of a results file as .xlsx: a sheet a form, one for what could not be read, one that explains the colours.

    A form that is not in `forms`, or was changed since, still gets its sheet, its values as they stand in the results.
    """
    ordered = sorted(lines, key=lambda line: (line["source"], line.get("application", 1)))
    book = Workbook()
    book.remove(book.worksheets[0])
    read: dict[str, list[Line]] = {}
    for line in ordered:
        if line.get("error") is None:
            read.setdefault(str(line.get("form")), []).append(line)
    for name, group in read.items():
        _form_sheet(book, name, forms.get(name), group)
    failed = [line for line in ordered if line.get("error") is not None]
    if failed:
        _failed_sheet(book, failed)
    _legend_sheet(book, ordered)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _form_sheet(book: Workbook, name: str, form: FormDefinition | None, lines: Sequence[Line]) -> None:
    titles = dict(form.titles) if form else {field: field for line in lines for field in line["fields"]}
    sheet = _sheet(book, form.title if form else name, ["来源", "状态", *titles.values(), "提示"])
    for number, line in enumerate(lines, 2):
        wrong = {finding["field"] for finding in line["findings"] if finding["severity"] == "error"}
        _put(sheet, number, 1, line["source"])
        _put(sheet, number, 2, STATUS[line["status"]])
        for column, field in enumerate(titles, 3):
            result = line["fields"].get(field, {})
            fill = _WRONG if field in wrong else _DOUBTFUL if result.get("decision") == "review" else None
            value, shape = _value(form.fields[field] if form else None, result.get("value"))
            _put(sheet, number, column, value, shape, fill)
        _put(sheet, number, len(titles) + 3, "\n".join(finding["message"] for finding in line["findings"]))
    _finish(sheet)


def _value(field: Field | None, data: Any) -> tuple[SheetValue, str]:
    """A value of the results as it stands in a cell, and the cell's number format."""
    if field is not None:
        try:
            value = _in_a_cell(field, data)
        except ValidationError:
            field = None  # read with another version of the form
    if field is None:
        value = data if isinstance(data, str | None) else json.dumps(data, ensure_ascii=False)
        return value, "@"
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > _PRECISION:
        value = f"{value:f}"
    if isinstance(field, NumberField) and isinstance(value, Decimal):
        return value, 'General"{}"'.format(field.unit.replace('"', ""))
    return value, "@" if isinstance(value, str) else field.sheet_format


def _in_a_cell(field: FieldBase[Any], data: Any) -> SheetValue:
    return field.sheet_value(field.from_json(data))


def _failed_sheet(book: Workbook, lines: Sequence[Line]) -> None:
    sheet = _sheet(book, _FAILED_SHEET, ["来源", "状态", "原因和处理建议", "代码"])
    for number, line in enumerate(lines, 2):
        error = line["error"]
        row = [line["source"], STATUS[line["status"]], error["message"], error["code"]]
        for column, text in enumerate(row, 1):
            _put(sheet, number, column, text)
    _finish(sheet)


def _legend_sheet(book: Workbook, lines: Sequence[Line]) -> None:
    sheet = _sheet(book, _LEGEND_SHEET, ["项目", "含义"])
    counts = {status: sum(line["status"] == status for line in lines) for status in STATUS}
    rows: list[tuple[str, str, Fill]] = [
        ("黄色单元格", "读取结果有疑问，需对照原件复核", _DOUBTFUL),
        ("橙色单元格", "填写有误或缺项，详见“提示”一栏", _WRONG),
        *((words, f"{counts[status]} 份", None) for status, words in STATUS.items()),
    ]
    for number, (item, meaning, fill) in enumerate(rows, 2):
        _put(sheet, number, 1, item, fill=fill)
        _put(sheet, number, 2, meaning)
    _finish(sheet)


def _sheet(book: Workbook, title: str, headings: Sequence[str]) -> Worksheet:
    taken = {sheet.title for sheet in book.worksheets} | {_FAILED_SHEET, _LEGEND_SHEET}
    if title not in (_FAILED_SHEET, _LEGEND_SHEET):
        title = _free_title(title, taken)
    sheet: Worksheet = book.create_sheet(title)
    for column, heading in enumerate(headings, 1):
        cell = _put(sheet, 1, column, heading, fill=_HEADING)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    sheet.freeze_panes = "B2"
    return sheet


def _free_title(title: str, taken: set[str]) -> str:
    """`title` as Excel takes it for the name of a sheet; names differ in more than case."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '")[:_LONGEST_NAME] or "Sheet"
    free, number = plain, 1
    while free.lower() in {name.lower() for name in taken}:
        number += 1
        free = f"{plain[: _LONGEST_NAME - 5]} ({number})"
    return free


def _put(sheet: Worksheet, row: int, column: int, value: SheetValue, shape: str = "@", fill: Fill = None) -> Cell:
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell), "nothing is merged"
    if isinstance(value, str):
        cell.value = _clean(value)
        cell.data_type = "s"  # openpyxl takes a leading = for a formula and #N/A for an error
        cell.number_format = "@"
    else:
        cell.value = value
        cell.number_format = shape
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    cell.border = _BORDER
    if fill:
        cell.fill = fill
    return cell


def _clean(text: str) -> str:
    text = ILLEGAL_CHARACTERS_RE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = re.sub("[\ud800-\udfff\ufffe\uffff]", "", text)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _finish(sheet: Worksheet) -> None:
    """Widths after the longest line of a column, heights after the wrapped lines of a row, both bounded."""
    sheet.auto_filter.ref = sheet.dimensions
    widths = {}
    for number, cells in enumerate(sheet.iter_cols(), 1):
        longest = max(_width(line) for cell in cells for line in _shown(cell.value).split("\n"))
        widths[number] = min(max(longest + 3, _NARROWEST), _WIDEST)
        sheet.column_dimensions[get_column_letter(number)].width = widths[number]
    for row, cells in enumerate(sheet.iter_rows(), 1):
        needed = max(
            sum(-(-max(_width(line), 1) // (widths[column] - 2)) for line in _shown(cell.value).split("\n"))
            for column, cell in enumerate(cells, 1)
        )
        sheet.row_dimensions[row].height = min(needed * _LINE_POINTS + 3, _HIGHEST)


def _shown(value: object) -> str:
    return value.strftime("%Y-%m-%d") if isinstance(value, datetime.date) else "" if value is None else str(value)


def _width(text: str) -> int:
    """Columns that `text` takes, two for each ideograph."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
