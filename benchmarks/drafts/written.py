"""Forms that were written by hand in the manner of offices, one text file a form, drawn with python-docx.

A file is read line by line: `= title`, `> right`, any other line a paragraph; `[table 2 4 ...]` (widths
in cm, `name=X` before them for a table inside a cell) up to `[/table]`, each row `| cell | cell |`. A
cell may begin with `<c2 r3 v h2.5 tX>`: columns, rows, upright, height, the table inside it. `\\n`
breaks a line, `\\n>` sets the new one at the right, `~` is a blank that is underlined.
`{labels;kind;blank;value;options;filled}` asks for something: `labels` are what it may be called, parted
by `/`; a box before `value` is ticked unless the filled text is given.
"""

import io
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from benchmarks.drafts.forms import Asked, Form, draw
from models.errors import Unparsable
from models.fields import CreditCodeField, IdCardField

SHEETS = Path(__file__).parent / "sheets"
_ASKED = re.compile(r"\{([^{}]*)\}")
_SPEC = re.compile(r"<([^<>]*)>")
_BOX = "□"
_TICKED = "☑"
_FACE = "Noto Serif CJK SC"


def written(path: Path) -> Form:
    """The form of a file, blank and filled, with its truth."""
    lines = path.read_text("utf-8").splitlines()
    truth: list[Asked] = []
    blank, filled = (_Drawn(is_filled, truth if is_filled else []).draw(lines) for is_filled in (False, True))
    title = next((line[2:] for line in lines if line.startswith("= ")), path.stem)
    return Form(title, blank, filled, _once(truth))


def _once(truth: list[Asked]) -> list[Asked]:
    """A column is asked for once, however many rows it has; its table is asked for, too."""
    found: dict[tuple[str, str, str | None], Asked] = {}
    tables: dict[str, Asked] = {}
    for number, one in enumerate(truth):
        if one.beside:
            tables.setdefault(one.beside, Asked(one.beside, "rows"))
            found.setdefault((one.label, one.kind, one.beside), one)
        else:
            found[f"{number}", one.label, None] = one
    return [*tables.values(), *found.values()]


@dataclass
class _Drawn:
    is_filled: bool
    truth: list[Asked]
    inner: dict[str, tuple[list[float], list[list[str]]]] = field(default_factory=dict)
    paragraph: Paragraph = field(init=False)
    more: Callable[[], Paragraph] = field(init=False)

    def draw(self, lines: list[str]) -> bytes:
        document = Document()
        normal = document.styles["Normal"]
        # In the font that stands in for others here, LibreOffice prints words over each other that also
        # stand upright on a page.
        normal.font.size, normal.font.name = Pt(10.5), _FACE
        normal.element.rPr.rFonts.set(qn("w:eastAsia"), _FACE)
        section = document.sections[0]
        section.left_margin = section.right_margin = Cm(2.2)
        rest = iter(lines)
        for line in rest:
            if line.startswith("[table"):
                self._table(document, line, rest)
            elif line == "%%":
                document.add_page_break()
            else:
                paragraph = document.add_paragraph()
                if line.startswith("= "):
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                    paragraph.add_run(line[2:]).font.size = Pt(18)
                    continue
                if line.startswith("> "):
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                    line = line[2:]
                self.paragraph, self.more = paragraph, document.add_paragraph
                self._write(line)
        if lines[-1] == "[/table]":
            document.add_paragraph()  # Word ends no document with a table, and LibreOffice's .doc loses it
        file = io.BytesIO()
        document.save(file)
        return file.getvalue()

    def _table(self, document: DocxDocument, head: str, rest: Iterator[str]) -> None:
        words = head.strip("[]").split()[1:]
        name = words.pop(0)[len("name=") :] if words[0].startswith("name=") else ""
        rows = []
        for line in rest:
            if line == "[/table]":
                break
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        widths = list(map(float, words))
        if name:
            self.inner[name] = (widths, rows)
        else:
            self._fill(document.add_table(len(rows), len(widths)), widths, rows)

    def _fill(self, table: Table, widths: list[float], rows: list[list[str]]) -> None:
        table.style, table.autofit = "Table Grid", False
        taken: set[tuple[int, int]] = set()
        for number, cells in enumerate(rows):
            column = 0
            for text in cells:
                while (number, column) in taken:
                    column += 1
                spec = _SPEC.match(text)
                marks = dict.fromkeys("crhvt", "") | {
                    one[0]: one[1:] or "1" for one in (spec[1] if spec else "").split()
                }
                wide, high = int(marks["c"] or 1), int(marks["r"] or 1)
                taken |= {(number + r, column + c) for r in range(high) for c in range(wide)}
                cell = table.cell(number, column)
                if wide > 1 or high > 1:
                    cell = cell.merge(table.cell(number + high - 1, column + wide - 1))
                cell.width = Cm(sum(widths[column : column + wide]))
                self._cell(cell, text[spec.end() if spec else 0 :].strip(), marks)
                if marks["h"]:
                    table.rows[number].height = Cm(float(marks["h"]))
                column += wide
        for number, width in enumerate(widths):
            table.columns[number].width = Cm(width)

    def _cell(self, cell: _Cell, text: str, marks: dict[str, str]) -> None:
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        if marks["v"]:
            direction = OxmlElement("w:textDirection")
            direction.set(qn("w:val"), "tbRlV")
            cell._tc.get_or_add_tcPr().append(direction)
        if marks["t"]:
            widths, rows = self.inner[marks["t"]]
            self._fill(cell.add_table(len(rows), len(widths)), widths, rows)
        self.paragraph = cell.paragraphs[0]
        self.more = cell.add_paragraph
        self._write(text)
        if "{" not in text:
            for paragraph in cell.paragraphs:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER

    def _write(self, line: str) -> None:
        at = 0
        for seen in _ASKED.finditer(line):
            self._runs(line[at : seen.start()])
            parts = [*seen[1].split(";"), *[""] * 6][:6]
            labels, kind, blank, value, options, filled = parts
            value = _borne_out(kind, value)
            label, _, beside = labels.partition("@")
            self.truth.append(
                Asked(label, kind, value or None, _options(blank, options, kind), beside or None)
            )
            if not self.is_filled or not (value or filled):
                self._runs(blank)
            elif filled or kind == "choice":
                self._runs(filled or blank.replace(_BOX + value, _TICKED + value))
            else:
                self._runs(value, underlined="~" in blank)
            at = seen.end()
        self._runs(line[at:])

    def _runs(self, text: str, *, underlined: bool = False) -> None:
        for number, line in enumerate(text.split("\\n")):
            if number:
                self.paragraph = self.more()
                if line.startswith(">"):
                    self.paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                    line = line[1:]
            for part in re.findall(r"~+|[^~]+", line):
                run = self.paragraph.add_run(part.replace("~", "  "))
                run.underline = True if underlined or "~" in part else None


def _borne_out(kind: str, value: str) -> str:
    """The value with the check character that its others ask for."""
    if not value or kind not in ("id-card", "credit-code"):
        return value
    made = IdCardField if kind == "id-card" else CreditCodeField
    for last in "0123456789XABCDEFGHJKLMNPQRTUWY":
        try:
            return made.model_validate({"kind": kind, "name": "code"}).parse(value[:-1] + last)
        except Unparsable:
            continue
    return value


def _options(blank: str, given: str, kind: str) -> tuple[str, ...]:
    if kind != "choice":
        return ()
    parts = given.split("/") if given else re.split(_BOX, blank)[1:]
    return tuple(re.sub(r"[\s~_；;，、]+$", "", one.replace("\\n", "")) for one in parts)


def add_forms(parser: ArgumentParser) -> None:
    """Add the arguments that say which forms a benchmark takes."""
    parser.add_argument("--forms", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--sheets", help="forms written by hand: how the names of their files begin")


def forms_asked(given: Namespace) -> Iterable[Form]:
    """The forms that the arguments name, those from seeds drawn as they are asked for."""
    if given.sheets:
        return sheets(given.sheets)
    return map(draw, range(given.first, given.first + given.forms))


def sheets(batch: str) -> list[Form]:
    """The forms of a batch, in the order of their files."""
    return [written(path) for path in sorted(SHEETS.glob(f"{batch}*.txt"))]
