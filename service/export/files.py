"""Writes records as files for people (.xlsx, .csv) and for other systems (JSON lines, Parquet). Records are
written as they come from the database."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any, Literal

from models.errors import Invalid
from models.fields.base import SheetValue
from models.form import FormDefinition
from service.export.columns import ABOUT, Names, titles_of, usual
from service.store.exports import Kept
from service.store.statuses import WORDS

Format = Literal["xlsx", "csv", "jsonl", "parquet"]
# Characters that make a spreadsheet take a text for a formula, or that hide one. Some programs take the
# full-width signs too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM = b"\xef\xbb\xbf"
_ROW_GROUP = 2000
# The counts in the sheet that explains the workbook, besides the states.
_UNSETTLED, _REPLACED = "其中疑似重复，尚未处理", "已被替换，未导出"
# JSON lines always hold these columns, because without them another system could not follow a record.
_ALWAYS = (
    "_id",
    "_changed",
    "_version",
    "_status",
    "_form",
    "_form_version",
    "_unweighed",
    "_twins",
    "_replaced_by",
)


@dataclass(frozen=True)
class Shape:
    """The shape of an export: the definitions in force of its forms, its columns (None: the usual ones), the
    names of the reviewers, and how many records are left out because they were replaced."""

    forms: Mapping[str, FormDefinition]
    names: Names
    columns: Sequence[str] | None = None
    left_out: int = 0

    def only_form(self) -> FormDefinition:
        """Returns the only form, for a format that has one table.

        Raises:
            Invalid: there are several forms.
        """
        if len(self.forms) != 1:
            raise Invalid("这种格式一次只能导出一种表格", advice="请用 form 指定表格，或改用 xlsx、jsonl")
        return next(iter(self.forms.values()))

    def of(self, form: FormDefinition) -> list[str]:
        """Returns the columns for one form: the chosen columns that it has."""
        return (
            usual(form)
            if self.columns is None
            else [name for name in self.columns if name in form.fields or name in ABOUT]
        )


@dataclass(frozen=True)
class FileFormat:
    """A format: its name for people, its media type, the function that writes it, and whether a file of it is
    one table, which holds records of one form only."""

    words: str
    media: str
    write: Callable[[IO[bytes], Iterable[Kept], Shape], None]
    is_one_table: bool


def write_records(kind: Format, target: IO[bytes], records: Iterable[Kept], shape: Shape) -> None:
    """Writes `records` to `target`. The memory used does not grow with their number.

    Raises:
        Invalid: the format has one table, and `shape` more than one form.
    """
    FORMATS[kind].write(target, records, shape)


def to_json(kept: Kept, names: Names, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """Returns a record as JSON. The names of columns about the submission lose their _."""
    about = (
        list(ABOUT)
        if columns is None
        else [*_ALWAYS, *(name for name in columns if name in ABOUT and name not in _ALWAYS)]
    )
    told = {name[1:]: _json_ready(ABOUT[name].value(kept, names)) for name in about}
    fields = (
        kept.content
        if columns is None
        else {name: kept.content.get(name) for name in columns if name not in ABOUT}
    )
    return {**told, "fields": dict(fields)}


def safe(text: str) -> str:
    """Returns `text` so that no spreadsheet takes it for a formula: with an apostrophe before a text that
    begins like one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_lines(target: IO[bytes], records: Iterable[Kept], shape: Shape) -> None:
    for kept in records:
        line = json.dumps(to_json(kept, shape.names, shape.columns), ensure_ascii=False)
        target.write(line.encode("utf-8", "backslashreplace") + b"\n")


def _write_csv(target: IO[bytes], records: Iterable[Kept], shape: Shape) -> None:
    """Writes CSV (RFC 4180) in UTF-8, with the byte order mark by which spreadsheets recognise UTF-8."""
    from service.export.workbook import field_cell

    form = shape.only_form()
    titles, columns = titles_of(form), shape.of(form)

    def cell(name: str, kept: Kept) -> str:
        if name in ABOUT:
            return safe(ABOUT[name].text(kept, shape.names, form.titles) or "")
        return _csv_text(
            field_cell(form.fields[name], kept.content.get(name), unweighed=kept.unweighed(name)).value
        )

    target.write(_BOM)
    text = io.TextIOWrapper(target, "utf-8", errors="replace", newline="", write_through=True)
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow([safe(titles[name]) for name in columns])
    for kept in records:
        rows.writerow([cell(name, kept) for name in columns])
    text.detach()


def _csv_text(value: SheetValue) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else safe(value or "")


def _write_book(target: IO[bytes], records: Iterable[Kept], shape: Shape) -> None:
    """Writes a workbook with one sheet for each form, one for submissions that could not be read, and one
    that explains the workbook."""
    from service.export.summary_sheet import COLOURS, FAILED_SHEET, LEGEND_SHEET, write_legend
    from service.export.workbook import CORRECTED, Book, Sheet

    book = Book(reserved=(FAILED_SHEET, LEGEND_SHEET))
    sheets: dict[str, Sheet] = {}
    counts: Counter[str] = Counter()
    unsettled = 0
    failed: list[Kept] = []
    for kept in records:
        counts[WORDS[kept.status]] += 1
        unsettled += bool(kept.twins)
        form = shape.forms.get(kept.form or "")
        if form is None or not kept.has_record:
            failed.append(kept)
            continue
        if form.name not in sheets:
            titles = titles_of(form)
            sheets[form.name] = book.sheet(form.title, [titles[name] for name in shape.of(form)])
        sheets[form.name].append(_book_row(kept, form, shape))
    if failed:
        _unread_sheet(book.sheet(FAILED_SHEET, ["编号", "来源", "状态", "原因和处理建议", "代码"]), failed)
    counts |= {
        words: count for words, count in ((_UNSETTLED, unsettled), (_REPLACED, shape.left_out)) if count
    }
    write_legend(book, [*COLOURS, ("绿色单元格", "由复核人更正，姓名见“人工更正”一栏", CORRECTED)], counts)
    book.save(target)


def _book_row(kept: Kept, form: FormDefinition, shape: Shape) -> list[Any]:
    from service.export.workbook import CORRECTED, DOUBTFUL, WRONG, Cell, field_cell

    wrong = {finding["field"] for finding in kept.findings if finding["severity"] == "error"}
    marks = {"doubtful": DOUBTFUL, "corrected": CORRECTED}
    row = []
    for name in shape.of(form):
        if name in ABOUT:
            same = name == "_twins" and kept.twins
            row.append(
                Cell(ABOUT[name].text(kept, shape.names, form.titles), fill=DOUBTFUL if same else None)
            )
        else:
            mark = kept.marks.get(name)
            fill = WRONG if name in wrong else marks.get(mark["state"]) if mark else None
            row.append(field_cell(form.fields[name], kept.content.get(name), fill, kept.unweighed(name)))
    return row


def _unread_sheet(sheet: Any, records: Sequence[Kept]) -> None:
    from service.export.workbook import Cell

    for kept in records:
        why = "内容已按期清除" if kept.purged else kept.failure
        sheet.append(
            [Cell(text) for text in (str(kept.id), kept.name, WORDS[kept.status], why, kept.error_code)]
        )


def _write_parquet(target: IO[bytes], records: Iterable[Kept], shape: Shape) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from service.export.parquet import columns_of, row_of

    form = shape.only_form()
    columns = columns_of(form, shape.of(form))
    schema = pa.schema([pa.field(one.name, one.type, metadata={"title": one.title}) for one in columns])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in _batched(records, _ROW_GROUP):
            rows = [row_of(kept, form, columns, shape.names) for kept in batch]
            writer.write_table(pa.Table.from_pylist(rows, schema))


def _batched(records: Iterable[Kept], size: int) -> Iterator[list[Kept]]:
    waiting = iter(records)
    while batch := list(islice(waiting, size)):
        yield batch


def _json_ready(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


# In the order in which the page offers them.
FORMATS: Mapping[Format, FileFormat] = {
    "xlsx": FileFormat(
        "Excel 汇总表（.xlsx）",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _write_book,
        is_one_table=False,
    ),
    "csv": FileFormat(
        "CSV（.csv，可用 Excel 打开）", "text/csv; charset=utf-8", _write_csv, is_one_table=True
    ),
    "jsonl": FileFormat("JSON 行（.jsonl，系统对接）", "application/jsonl", _write_lines, is_one_table=False),
    "parquet": FileFormat(
        "Parquet（.parquet，数据分析）", "application/vnd.apache.parquet", _write_parquet, is_one_table=True
    ),
}
