"""The notice by which an application goes back for correction: all defects at once, what to do for each, and
the place on the page; as a Word document made from a template that the bureau may edit.

A template is any .docx with the words of `WORDS` in braces in its text, such as {单位}. The paragraph that
holds {事项} becomes the table of defects.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from models.errors import BadUsage

# What a template may ask for, and what is printed in its place.
WORDS = {
    "编号": "number of the notice",
    "单位": "who applies",
    "表名": "title of the form",
    "期限": "day by which the correction is due",
    "工作日": "the same in working days",
    "联系": "whom to ask",
    "日期": "day of the notice",
    "事项": "the table of defects",
}
_DEFECTS = "{事项}"
_SONG, _HEI = "SimSun", "SimHei"
_WIDTHS = (1.2, 6.0, 4.4, 4.4)  # cm
_HEADINGS = ("序号", "需要补正的事项", "怎样补正", "原件中的位置")
_LARGEST = 20 << 20  # bytes of a template


@dataclass(frozen=True)
class Defect:
    """One thing to be corrected, in words, what to do, and pictures (PNG) of where it stands."""

    text: str
    remedy: str = ""
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Notice:
    """All that a notice says."""

    number: str
    unit: str
    title: str
    defects: tuple[Defect, ...]
    made: date
    due: date
    working_days: int
    contact: str

    @property
    def words(self) -> Mapping[str, str]:
        """What stands in place of each word of a template."""
        return {
            "编号": self.number, "单位": self.unit, "表名": self.title, "期限": in_words(self.due),
            "工作日": str(self.working_days), "联系": self.contact, "日期": in_words(self.made),
        }  # fmt: skip


def in_words(day: date) -> str:
    """The day as a Chinese letter writes it."""
    return f"{day.year}年{day.month}月{day.day}日"


def write_notice(notice: Notice, template: Path | None = None) -> bytes:
    """The notice as a .docx, from `template` or from our own.

    Raises:
        BadUsage: the template can't be read, or has no place for the defects.
    """
    document = _opened(template) if template else _own_template()
    place = None
    for paragraph in _paragraphs(document):
        if _DEFECTS in paragraph.text:
            place = paragraph
        else:
            _fill(paragraph, notice.words)
    if place is None:
        raise BadUsage(f"通知模板中没有 {_DEFECTS}", advice="请在模板中单独的一段写上 {事项}")
    table = _table(document, notice.defects)
    place._p.addprevious(table._tbl)
    place._p.getparent().remove(place._p)
    return _saved(document)


def write_template() -> bytes:
    """Our own template as a .docx, for a bureau to edit."""
    return _saved(_own_template())


def _opened(path: Path) -> Any:
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    if path.stat().st_size > _LARGEST:
        raise BadUsage(f"通知模板太大：{path.name}", advice="请换一个小于 20 MiB 的 .docx 文件")
    try:
        return Document(str(path))
    except (PackageNotFoundError, KeyError, ValueError) as error:
        raise BadUsage(f"通知模板不是 Word 文件：{path.name}", advice="请用 Word 另存为 .docx") from error


def _paragraphs(document: Any) -> Iterator[Any]:
    """All paragraphs of the body, in tables too, and of headers and footers."""
    from docx.text.paragraph import Paragraph

    parts = [document, *(part for one in document.sections for part in (one.header, one.footer))]
    for part in parts:
        root = part._element if part is not document else document.element.body
        for element in list(root.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}p")):
            yield Paragraph(element, part)


def _fill(paragraph: Any, words: Mapping[str, str]) -> None:
    """Put the words in, in the look of the paragraph's first run: Word cuts text into runs as it likes."""
    text = paragraph.text
    filled = text
    for word, value in words.items():
        filled = filled.replace(f"{{{word}}}", value)
    if filled == text or not paragraph.runs:
        return
    first, *others = paragraph.runs
    first.text = filled
    for run in others:
        run._r.getparent().remove(run._r)


def _table(document: Any, defects: Sequence[Defect]) -> Any:
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Cm

    table = document.add_table(rows=1, cols=len(_HEADINGS))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _bordered(table)
    for cell, heading in zip(table.rows[0].cells, _HEADINGS, strict=True):
        _say(cell.paragraphs[0], heading, 10.5, bold=True)
    for number, defect in enumerate(defects, 1):
        cells = table.add_row().cells
        for cell, text in zip(cells, (str(number), defect.text, defect.remedy), strict=False):
            _say(cell.paragraphs[0], text, 10.5)
        for picture in defect.pictures:
            cells[3].paragraphs[0].add_run().add_picture(io.BytesIO(picture), width=Cm(_WIDTHS[3] - 0.5))
    # Word goes by the cells' widths, LibreOffice by the columns'.
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)
    _repeated(table.rows[0])
    return table


def _own_template() -> Any:
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm

    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    title = _say(document.add_paragraph(), "补正通知书", 22, _HEI, bold=True)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number = _say(document.add_paragraph(), "{编号}", 12)
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _say(document.add_paragraph(), "{单位}：", 14)
    opening = "你单位提交的《{表名}》收悉。经核对，下列事项需要补正，现一次性告知："
    for text in (opening, _DEFECTS, ""):
        _indented(_say(document.add_paragraph(), text, 14 if text else 6))
    for text in (
        "请于{期限}前（自本通知之日起{工作日}个工作日内）补正后重新提交。随附的申请表已填入核对无误的内容，"
        "只需补填空白处，并重新签字、盖章。",
        "联系方式：{联系}",
    ):
        _indented(_say(document.add_paragraph(), text, 14))
    day = _say(document.add_paragraph(), "{日期}", 14)
    day.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    return document


def _indented(paragraph: Any) -> None:
    from docx.shared import Pt

    paragraph.paragraph_format.first_line_indent = Pt(28)


def _say(paragraph: Any, text: str, size: float, font: str = _SONG, *, bold: bool = False) -> Any:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, font
    run._r.rPr.rFonts.set(qn("w:eastAsia"), font)
    return paragraph


def _bordered(table: Any) -> None:
    """Thin lines round every cell, whatever styles the template has."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    lines = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>' for side in sides)
    table._tbl.tblPr.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{lines}</w:tblBorders>"))


def _repeated(row: Any) -> None:
    """Let the headings stand at the top of each page."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    row._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))


def _saved(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
