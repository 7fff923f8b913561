"""Rows of a worksheet as XML. The library makes the workbook, its looks and its sheets; a cell at a time, it
takes a minute for a sheet of ten thousand rows, and so rows are written here and put into the sheets that it
saved."""

import datetime
import re
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from typing import IO, Any
from xml.sax.saxutils import escape

from openpyxl.compat import safe_string
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from generator.sheet import literal
from models.errors import GenerationError

_EMPTY = re.compile(rb"<sheetData\s*/>|<sheetData>\s*</sheetData>")
_IN_MEMORY = 1 << 20
# Bytes of a sheet beyond which its entry needs the long form.
_LONG = 1 << 31

Written = str | Decimal | datetime.date | None


class Rows:
    """The rows of a sheet as they come, on the disk where they are many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  (closed by `pour`)
        self._columns: list[str] = []
        self._count = 0

    def append(self, cells: Sequence[tuple[Written, int]], height: float) -> None:
        """Adds a row: each cell's value and the number of its looks."""
        self._count += 1
        while len(self._columns) < len(cells):
            self._columns.append(get_column_letter(len(self._columns) + 1))
        made = "".join(
            _cell(f"{column}{self._count}", value, looks)
            for column, (value, looks) in zip(self._columns, cells, strict=False)
        )
        self._file.write(f'<row r="{self._count}" ht="{height:g}" customHeight="1">{made}</row>'.encode())

    def pour(self, target: IO[bytes]) -> int:
        """Writes them all to `target`, and forgets them. Returns how many bytes they have."""
        size = self._file.tell()
        self._file.seek(0)
        shutil.copyfileobj(self._file, target)
        self._file.close()
        return size

    @property
    def size(self) -> int:
        """How many bytes they have."""
        return self._file.tell()


def _cell(at: str, value: Written, looks: int) -> str:
    if isinstance(value, str):
        # Blanks at its ends, and breaks between its lines, would be lost.
        kept = ' xml:space="preserve"' if value != value.strip() or "\n" in value else ""
        text = escape(literal(value))
        return f'<c r="{at}" s="{looks}" t="inlineStr"><is><t{kept}>{text}</t></is></c>'
    if value is None:
        return f'<c r="{at}" s="{looks}"/>'
    number: Any = value
    if isinstance(value, datetime.date):
        number = to_excel(value)  # type: ignore[no-untyped-call]
    return f'<c r="{at}" s="{looks}" t="n"><v>{safe_string(number)}</v></c>'


def fill_sheets(saved: IO[bytes], target: IO[bytes], sheets: Sequence[Rows]) -> None:
    """Writes the workbook `saved`, whose sheets are empty, to `target` with these rows, a sheet each."""
    waiting = {f"xl/worksheets/sheet{number}.xml": rows for number, rows in enumerate(sheets, 1)}
    with (
        zipfile.ZipFile(saved) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as made,
    ):
        for entry in source.infolist():
            data, rows = source.read(entry), waiting.pop(entry.filename, None)
            if rows is None:
                made.writestr(entry, data)
                continue
            before, *after = _EMPTY.split(data)
            if len(after) != 1:
                raise GenerationError("openpyxl 写出的工作表与预期不同", advice="请按 requirements.lock 安装")
            with made.open(entry.filename, "w", force_zip64=rows.size > _LONG) as file:
                file.write(before + b"<sheetData>")
                rows.pour(file)
                file.write(b"</sheetData>" + after[0])
    if waiting:
        raise GenerationError("openpyxl 写出的工作簿与预期不同", advice="请按 requirements.lock 安装")
