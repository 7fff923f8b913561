"""The 汇总表: results as a workbook, a row an application, made to be printed: who and what became of it,
what to look at beside that, then the fields."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import NamedTuple

from openpyxl.styles import PatternFill

from models.form import FormDefinition
from service.export.workbook import DOUBTFUL, WRONG, Book, Cell, field_cell
from service.results import STATUS, Line

FAILED_SHEET = "未能读取"
LONG_SHEET = "全文"
STATE_SHEET = "概况"
LEGEND_SHEET = "说明"
COLOURS = (
    ("黄色单元格", "读取结果有疑问，需对照原件复核", DOUBTFUL),
    ("橙色单元格", "填写有误或缺项，详见“提示”一栏", WRONG),
)
# Characters of a text beyond which a row would not fit on a page with others.
_LONG = 60
# The widest columns: names, answers, texts, what to look at, and a whole text.
_UNIT, _FIELD, _PROSE, _ADVICE, _WHOLE = 22, 16, 28, 36, 110


class _Long(NamedTuple):
    """A text that was cut, to be shown whole."""

    unit: str | None
    title: str
    text: str
    source: str


def write_sheet(lines: Iterable[Line], forms: Mapping[str, FormDefinition]) -> bytes:
    """`lines` of a results file as .xlsx: a sheet a form, one for what could not be read, one for texts that
    were cut, one that says how things stand, one that explains the colours.

    A form that is not in `forms`, or was changed since, still gets its sheet, its values as they stand in the
    results.
    """
    ordered = sorted(lines, key=lambda line: (line["source"], line.get("application", 1)))
    book = Book(reserved=(FAILED_SHEET, LONG_SHEET, STATE_SHEET, LEGEND_SHEET))
    read: dict[str, list[Line]] = {}
    for line in ordered:
        if line.get("error") is None:
            read.setdefault(str(line.get("form")), []).append(line)
    long: list[_Long] = []
    for name, group in read.items():
        long += _form_sheet(book, name, forms.get(name), group)
    failed = [line for line in ordered if line.get("error") is not None]
    if failed:
        _failed_sheet(book, failed)
    if long:
        sheet = book.sheet(LONG_SHEET, ["单位", "栏目", "全文", "来源"], widest=[_UNIT, _FIELD, _WHOLE])
        for one in long:
            sheet.append([Cell(one.unit), Cell(one.title), Cell(one.text), Cell(one.source)])
    _state_sheet(book, ordered, read, forms)
    write_legend(book, COLOURS)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _form_sheet(book: Book, name: str, form: FormDefinition | None, lines: Sequence[Line]) -> list[_Long]:
    """Adds the sheet of a form, and gives the texts that are too long for it."""
    titles = dict(form.titles) if form else {field: field for line in lines for field in line["fields"]}
    first = next(iter(form.caption), None) if form else None
    unit = [titles.pop(first)] if first else []
    headings = [*unit, "状态", "提示", *titles.values(), "来源"]
    widest = [
        *(_UNIT for _ in unit),
        _FIELD,
        _ADVICE,
        *(_PROSE if form and form.fields[name].is_long else _FIELD for name in titles),
        _UNIT,
    ]
    sheet = book.sheet(form.title if form else name, headings, frozen="C2" if unit else "B2", widest=widest)
    long: list[_Long] = []
    for line in lines:
        cells = {field: _cell(form, line, field) for field in (*([first] if first else []), *titles)}
        who = cells[first].value if first else None
        for field in titles:
            value = cells[field].value
            if isinstance(value, str) and len(value) > _LONG:
                long.append(
                    _Long(who if isinstance(who, str) else None, titles[field], value, line["source"])
                )
                cells[field] = cells[field]._replace(value=_cut(value))
        told = "\n".join([*(finding["message"] for finding in line["findings"]), *_unweighed(form, line)])
        status = Cell(STATUS[line["status"]], fill=DOUBTFUL if line["status"] == "review" else None)
        sheet.append(
            [
                *([cells[first]] if first else []),
                status,
                Cell(told),
                *(cells[field] for field in titles),
                Cell(line["source"]),
            ]
        )
    return long


def _cell(form: FormDefinition | None, line: Line, field: str) -> Cell:
    result = line["fields"].get(field)
    if result is None:
        return Cell(None)
    is_wrong = any(one["field"] == field and one["severity"] == "error" for one in line["findings"])
    fill = WRONG if is_wrong else DOUBTFUL if result["decision"] == "review" else None
    known = form.fields[field] if form else None
    return field_cell(known, result["value"], fill, result.get("unweighed", ()))


def _cut(text: str) -> str:
    return f"{text[:_LONG].rstrip()}…（共 {len(text)} 字，见“{LONG_SHEET}”）"


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


def _state_sheet(
    book: Book, lines: Sequence[Line], read: Mapping[str, Sequence[Line]], forms: Mapping[str, FormDefinition]
) -> None:
    """How things stand: how many there are in each state, of each form, and how many fields wait for a
    person."""
    sheet = book.sheet(STATE_SHEET, ["项目", "数量"])
    waiting = sum(field["decision"] == "review" for line in lines for field in line["fields"].values())
    counts = {
        "共": f"{len(lines)} 份",
        **{words: f"{_count(lines, status)} 份" for status, words in STATUS.items()},
        "有疑问的栏目": f"{waiting} 处",
        **{
            f"《{forms[name].title if name in forms else name}》": f"{len(of)} 份"
            for name, of in read.items()
        },
    }
    for item, count in counts.items():
        sheet.append([Cell(item), Cell(count)])


def _count(lines: Iterable[Line], status: str) -> int:
    return sum(line["status"] == status for line in lines)


def write_legend(
    book: Book, colours: Iterable[tuple[str, str, PatternFill]], counts: Mapping[str, int] | None = None
) -> None:
    """The sheet that says what the colours mean, and, where `counts` are given, how many there are of each
    state."""
    sheet = book.sheet(LEGEND_SHEET, ["项目", "含义"])
    for item, meaning, fill in colours:
        sheet.append([Cell(item, fill=fill), Cell(meaning)])
    for words, count in (counts or {}).items():
        sheet.append([Cell(words), Cell(f"{count} 份")])
