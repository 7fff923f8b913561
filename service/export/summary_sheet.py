"""The 汇总表: results as a workbook, a row an application."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO

from openpyxl.styles import PatternFill

from models.form import FormDefinition
from service.export.workbook import DOUBTFUL, WRONG, Book, Cell, field_cell
from service.results import Line

STATUS = {"clear": "无需人工", "review": "需复核", "failed": "读取失败"}

FAILED_SHEET = "未能读取"
LEGEND_SHEET = "说明"
COLOURS = (
    ("黄色单元格", "读取结果有疑问，需对照原件复核", DOUBTFUL),
    ("橙色单元格", "填写有误或缺项，详见“提示”一栏", WRONG),
)


def write_sheet(lines: Iterable[Line], forms: Mapping[str, FormDefinition]) -> bytes:
    """`lines` of a results file as .xlsx: a sheet a form, one for what could not be read, one that explains
    the colours.

    A form that is not in `forms`, or was changed since, still gets its sheet, its values as they stand in the
    results.
    """
    ordered = sorted(lines, key=lambda line: (line["source"], line.get("application", 1)))
    book = Book(reserved=(FAILED_SHEET, LEGEND_SHEET))
    read: dict[str, list[Line]] = {}
    for line in ordered:
        if line.get("error") is None:
            read.setdefault(str(line.get("form")), []).append(line)
    for name, group in read.items():
        _form_sheet(book, name, forms.get(name), group)
    failed = [line for line in ordered if line.get("error") is not None]
    if failed:
        _failed_sheet(book, failed)
    counts = {words: sum(line["status"] == status for line in ordered) for status, words in STATUS.items()}
    write_legend(book, COLOURS, counts)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _form_sheet(book: Book, name: str, form: FormDefinition | None, lines: Sequence[Line]) -> None:
    titles = dict(form.titles) if form else {field: field for line in lines for field in line["fields"]}
    sheet = book.sheet(form.title if form else name, ["来源", "状态", *titles.values(), "提示"])
    for line in lines:
        wrong = {finding["field"] for finding in line["findings"] if finding["severity"] == "error"}
        row = [Cell(line["source"]), Cell(STATUS[line["status"]])]
        for field in titles:
            result = line["fields"].get(field)
            fill = (
                WRONG if field in wrong else DOUBTFUL if result and result["decision"] == "review" else None
            )
            value, unweighed = (result["value"], result.get("unweighed", ())) if result else (None, ())
            row.append(field_cell(form.fields[field] if form else None, value, fill, unweighed))
        sheet.append(
            [
                *row,
                Cell(
                    "\n".join(
                        [*(finding["message"] for finding in line["findings"]), *_unweighed(form, line)]
                    )
                ),
            ]
        )


def _unweighed(form: FormDefinition | None, line: Line) -> list[str]:
    """What is told of fields whose values have parts that nobody weighed."""
    if form is None:
        return []
    parts = {name: result.get("unweighed") for name, result in line["fields"].items() if name in form.fields}
    return [f"“{form.titles[name]}”{form.fields[name].remark(some)}" for name, some in parts.items() if some]


def _failed_sheet(book: Book, lines: Sequence[Line]) -> None:
    sheet = book.sheet(FAILED_SHEET, ["来源", "状态", "原因和处理建议", "代码"])
    for line in lines:
        if error := line["error"]:
            sheet.append(
                [
                    Cell(text)
                    for text in (line["source"], STATUS[line["status"]], error["message"], error["code"])
                ]
            )


def write_legend(
    book: Book, colours: Iterable[tuple[str, str, PatternFill]], counts: Mapping[str, int]
) -> None:
    """The sheet that says what the colours mean, and how many there are of each state."""
    sheet = book.sheet(LEGEND_SHEET, ["项目", "含义"])
    for item, meaning, fill in colours:
        sheet.append([Cell(item, fill=fill), Cell(meaning)])
    for words, count in counts.items():
        sheet.append([Cell(words), Cell(f"{count} 份")])
