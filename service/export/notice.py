"""The notice by which an application goes back for correction: all defects at once, what to do for each, and
the place on the page. It is a Word document made from a template that the bureau may edit.

A template is any .docx with words of `Notice.words` in braces in its text, such as {单位}. The paragraph that
holds {事项} becomes the table of defects.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from generator.letter import Table, fill_letter, placeholders
from models.errors import BadUsage, GenerationError
from service.export.letters import chinese_date

_DEFECTS = "事项"
_SONG, _HEI = "SimSun", "SimHei"
_WIDTHS = (1.2, 6.0, 4.4, 4.4)  # cm
_HEADINGS = ("序号", "需要补正的事项", "怎样补正", "原件中的位置")
_TEXT, _GAP = 14.0, 6.0  # points
_LARGEST = 10_000_000  # bytes of a template


@dataclass(frozen=True)
class Defect:
    """One thing to be corrected, in words, what to do, and pictures (PNG) of where it stands."""

    text: str
    remedy: str = ""
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Notice:
    """All that a notice says. `by_hand` is what has to be set on paper anew, such as 盖章."""

    number: str
    unit: str
    title: str
    defects: tuple[Defect, ...]
    made: date
    due: date
    working_days: int
    contact: str
    by_hand: tuple[str, ...] = ()

    @property
    def words(self) -> Mapping[str, str]:
        """What stands in place of each word of a template."""
        return {
            "编号": self.number, "单位": self.unit, "表名": self.title, "期限": chinese_date(self.due),
            "工作日": str(self.working_days), "联系": self.contact, "日期": chinese_date(self.made),
            "签章": f"，并重新{'、'.join(self.by_hand)}" if self.by_hand else "",
        }  # fmt: skip


def write_notice(notice: Notice, template: Path | None = None) -> bytes:
    """Return the notice as a .docx, made from `template` or from our own.

    Raises:
        BadUsage: the template can't be read, asks for an unknown word, or has no place for the defects.
    """
    try:
        data = _bytes(template) if template else write_template()
        if _DEFECTS not in placeholders(data):
            raise GenerationError(f"模板中没有 {{{_DEFECTS}}}，请在单独的一段写上")
        rows = [
            (str(number), defect.text, defect.remedy, defect.pictures)
            for number, defect in enumerate(notice.defects, 1)
        ]
        return fill_letter(data, notice.words, _DEFECTS, Table(_HEADINGS, rows, _WIDTHS))
    except GenerationError as error:
        name = template.name if template else ""
        raise BadUsage(f"通知模板 {name}：{error.message}", advice="请用 Word 改好后再试") from error


def write_template() -> bytes:
    """Return our own template as a .docx, for a bureau to edit."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    for text, size, font in (("补正通知书", 22.0, _HEI), ("{编号}", 12.0, _SONG)):
        _say(document, text, size, font).alignment = WD_ALIGN_PARAGRAPH.CENTER
    _say(document, "{单位}：", _TEXT)
    opening = "你单位提交的《{表名}》收悉。经核对，下列事项需要补正，现一次性告知："
    _say(document, opening, _TEXT).paragraph_format.first_line_indent = Pt(2 * _TEXT)
    _say(document, f"{{{_DEFECTS}}}", _TEXT)
    _say(document, "", _GAP)
    for text in (
        "请于{期限}前（自本通知之日起{工作日}个工作日内）补正后重新提交。随附的申请表已填入核对无误的内容，"
        "只需补填标明“补正第几项”的地方{签章}。",
        "联系方式：{联系}",
    ):
        _say(document, text, _TEXT).paragraph_format.first_line_indent = Pt(2 * _TEXT)
    _say(document, "{日期}", _TEXT).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _bytes(template: Path) -> bytes:
    try:
        with template.open("rb") as opened:
            return opened.read(_LARGEST + 1)
    except OSError as error:
        raise GenerationError("读不到这个文件") from error


def _say(document: Any, text: str, size: float, font: str = _SONG) -> Any:
    """Add a paragraph. Word takes Chinese characters from the font that is named for East Asia."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.font.size, run.font.name = Pt(size), font
    run.font.element.rPr.rFonts.set(qn("w:eastAsia"), font)
    return paragraph
