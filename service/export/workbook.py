"""Writes workbooks one row at a time, so that their length costs no memory.

Nothing that an applicant wrote can become a formula: texts are written as texts whatever they begin with.
"""

import datetime
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from models.fields import NumberField
from models.fields.base import FieldBase, SheetValue
from service.export.sheet_rows import Rows, fill_sheets

_EDGE = Side("thin", color="BFBFBF")
_BORDER = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
# Colour is kept for what somebody must look at.
_BELOW_HEADING = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=Side("medium", color="404040"))
DOUBTFUL = PatternFill("solid", fgColor="FFF2CC")
WRONG = PatternFill("solid", fgColor="F8CBAD")
CORRECTED = PatternFill("solid", fgColor="E2EFDA")
# Limits of the file format, and of what a clerk can take in at once.
_LONGEST_TEXT = 32_767
_SHORT = 1_000
_LONGEST_NAME = 31
_PRECISION = 15
_NARROWEST, _WIDEST = 8, 44
_LINE_POINTS, _HIGHEST = 15, 200
# Width of all columns, beyond which A4 would have to be read with a glass.
_A4 = 240
# Who saved a workbook last, in its properties, and as many bytes of them as are looked at.
_MAKER = "Sealform"
_PROPERTY = re.compile(rb"<(?:\w+:)?(lastModifiedBy|created|modified)\b[^>]*>([^<]*)<")
_MOST_PROPERTIES = 1 << 16
# Column widths are set from so many rows, because they must be known before the first row is written.
_SAMPLE = 500
_IN_MEMORY = 1 << 20  # bytes of a workbook without its rows


class Cell(NamedTuple):
    """A value, its number format and its colour."""

    value: SheetValue
    shape: str = "@"
    fill: PatternFill | None = None


class Book:
    """A workbook that is being written. `reserved` holds names of sheets that no form may take."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._book = Workbook(write_only=True)
        self._reserved = set(reserved)
        self._sheets: list[Sheet] = []

    def sheet(
        self, title: str, headings: Sequence[str], *, frozen: str = "B2", widest: Sequence[int] = ()
    ) -> "Sheet":
        """A new sheet, last in the book; its name is `title`, or like it where that is taken or can't be. The
        cells above and left of `frozen` stay in view; `widest` bounds the columns, where another than the
        usual bound is wanted."""
        taken = {sheet.title for sheet in self._sheets} | self._reserved
        made = Sheet(
            self._book,
            title if title in self._reserved else _free_title(title, taken),
            headings,
            frozen,
            widest,
        )
        self._sheets.append(made)
        return made

    def save(self, target: IO[bytes]) -> None:
        """Writes the book. Nothing can be added after that."""
        for sheet in self._sheets:
            sheet.close()
        properties = self._book.properties
        properties.lastModifiedBy = _MAKER
        # On saving, the library sets the time of the last change to the present, so `created` is set to the
        # same time.
        properties.created = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as saved:
            self._book.save(saved)
            fill_sheets(saved, target, [sheet.rows for sheet in self._sheets])


def is_as_made(path: Path) -> bool:
    """Returns whether the workbook at `path` is as a `Book` wrote it. Any program that saves it leaves
    another name or a later time."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("docProps/core.xml") as file:
            said = dict(_PROPERTY.findall(file.read(_MOST_PROPERTIES)))
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, zlib.error, RuntimeError):
        return False
    return said.get(b"lastModifiedBy") == _MAKER.encode() and said.get(b"created") == said.get(b"modified")


class Sheet:
    """A sheet with one line of headings. Its rows are written as they come."""

    def __init__(
        self, book: Workbook, title: str, headings: Sequence[str], frozen: str, widest: Sequence[int]
    ) -> None:
        self.title = title
        self._sheet: Any = book.create_sheet(title)
        self._sheet.freeze_panes = frozen
        self._widest = [*widest, *[_WIDEST] * (len(headings) - len(widest))]
        self._print()
        self.rows = Rows()
        self._looks: dict[tuple[str, str | None, bool], int] = {}
        self._waiting: list[Sequence[Cell]] | None = []
        self._widths: list[int] = []
        self._rows = 0
        self.append([Cell(heading) for heading in headings])

    def _print(self) -> None:
        """On paper: landscape, as wide as the page, the headings on each, and which page of how many."""
        self._sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        self._sheet.page_setup.orientation = "landscape"
        self._sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
        self._sheet.page_setup.fitToWidth, self._sheet.page_setup.fitToHeight = 1, 0
        self._sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self._sheet.print_title_rows = "1:1"
        self._sheet.oddFooter.left.text = "&A"
        self._sheet.oddFooter.right.text = "第 &P 页，共 &N 页"

    def append(self, row: Sequence[Cell]) -> None:
        """Adds one row, with one cell for each heading."""
        self._rows += 1
        fitted = [
            cell._replace(value=_fitted(cell.value) or None)
            if isinstance(cell.value, str) and not _is_plain(cell.value)
            else cell
            for cell in row
        ]
        if self._waiting is None:
            self._write(fitted)
            return
        self._waiting.append(fitted)
        if len(self._waiting) >= _SAMPLE:
            self._start()

    def close(self) -> None:
        """Writes the rows that still wait."""
        if self._waiting is not None:
            self._start()
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._widths))}{self._rows}"

    def _start(self) -> None:
        """Sets each column's width to its longest line, within bounds, and writes the rows that wait."""
        rows = self._waiting or []
        self._waiting = None
        for number, cells in enumerate(zip(*rows, strict=True), 1):
            heading, *below = [[_width(line) for line in _shown(cell.value).split("\n")] for cell in cells]
            # A heading may take two lines, a filter's button beside it.
            longest = max([-(-max(heading) // 2) + 1, *(width for widths in below for width in widths)])
            self._widths.append(min(max(longest + 3, _NARROWEST), self._widest[number - 1]))
            self._sheet.column_dimensions[get_column_letter(number)].width = self._widths[-1]
        if sum(self._widths) > _A4:
            self._sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A3
        for number, row in enumerate(rows, 1):
            self._write(row, is_heading=number == 1)

    def _write(self, row: Sequence[Cell], *, is_heading: bool = False) -> None:
        """Writes a row, as high as its wrapped lines, within bounds."""
        lines = max(_lines(cell.value, width) for cell, width in zip(row, self._widths, strict=True))
        height = min(lines * _LINE_POINTS + 3, _HIGHEST)
        self.rows.append([(cell.value, self._look(cell, is_heading)) for cell in row], height)

    def _look(self, cell: Cell, is_heading: bool) -> int:
        """The number of the cell's looks in the workbook."""
        value, shape, fill = cell
        if isinstance(value, str):
            shape = "@"
        elif shape == "@" and isinstance(value, datetime.date):
            shape = "yyyy-mm-dd"
        look = (shape, fill.fgColor.rgb if fill else None, is_heading)
        if look not in self._looks:
            self._looks[look] = self._style(shape, fill, is_heading)
        return self._looks[look]

    def _style(self, shape: str, fill: PatternFill | None, is_heading: bool) -> int:
        cell: Any = WriteOnlyCell(self._sheet)
        cell.number_format, cell.border = shape, _BORDER
        cell.alignment = Alignment(vertical="top", wrap_text=True)
        if fill:
            cell.fill = fill
        if is_heading:
            cell.border = _BELOW_HEADING
            cell.font = Font(bold=True)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        return int(cell.style_id)


def field_cell(
    field: FieldBase[Any] | None, data: Any, fill: PatternFill | None = None, unweighed: Collection[str] = ()
) -> Cell:
    """Returns the cell for the JSON value `data` of `field`, marked where parts of it are `unweighed`. A
    value whose field is not known, or that has another shape, is shown as JSON."""
    if field is not None:
        try:
            typed = field.from_json(data)
            # The values of other kinds have no place for a mark. Their unweighed parts are told in a column
            # of their own.
            value = (
                field.shown(typed, unweighed)
                if typed is not None and field.borne_out
                else field.sheet_value(typed)
            )
        except ValueError:
            field = None  # read with another version of the form
    if field is None:
        return Cell(data if isinstance(data, str | None) else json.dumps(data, ensure_ascii=False), "@", fill)
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > _PRECISION:
        return Cell(f"{value:f}", "@", fill)
    if isinstance(field, NumberField) and isinstance(value, Decimal):
        return Cell(value, 'General"{}"'.format(field.unit.replace('"', "")), fill)
    return Cell(value, "@" if isinstance(value, str) else field.sheet_format, fill)


def _free_title(title: str, taken: set[str]) -> str:
    """Returns `title` as Excel allows it for the name of a sheet. Names must differ in more than case."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '")[:_LONGEST_NAME] or "Sheet"
    free, number = plain, 1
    while free.lower() in {name.lower() for name in taken}:
        number += 1
        free = f"{plain[: _LONGEST_NAME - 5]} ({number})"
    return free


def clean(text: str) -> str:
    """Returns `text` without characters that no sheet can hold: control characters and unpaired
    surrogates."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub("[\ud800-\udfff\ufffe\uffff]", "", text)


def _is_plain(text: str) -> bool:
    """Whether nothing in `text` need be looked at: most texts are short, and on one line."""
    return 0 < len(text) < _SHORT and text.isprintable()


def _lines(value: SheetValue, width: int) -> int:
    """How many lines a value takes in a column that is so wide."""
    if value is None or (isinstance(value, str) and 2 * len(value) <= width - 2 and "\n" not in value):
        return 1
    return sum(-(-max(_width(line), 1) // (width - 2)) for line in _shown(value).split("\n"))


def _fitted(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _shown(value: object) -> str:
    return (
        value.strftime("%Y-%m-%d")
        if isinstance(value, datetime.date)
        else ""
        if value is None
        else str(value)
    )


def _width(text: str) -> int:
    """Returns the width of `text` in columns, two for each ideograph. This is its number of bytes in GBK,
    which is fast to count."""
    return len(text) if text.isascii() else len(text.encode("gbk", "replace"))
