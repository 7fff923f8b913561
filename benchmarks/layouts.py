"""Counts how many fields are read right, go to a person or pass wrong where a form's table is ruled otherwise
than ours: dotted, dashed, double, in thin blue or grey, open at its sides, without verticals, and so on.

    python -m benchmarks.layouts --files 60 --seed 1 --out DIR [--only dotted,dashed] [--jobs 2] [--wrong]

The shipped form of 试点申请表 is set anew with python-docx, its borders Word's own, filled in, printed by
LibreOffice, drawn at 200 dpi, stamped and signed, and read as a picture: clean sheets, so that what is lost
is lost by the layout. Faces, sizes, widths, weights, heights, margins and where pages break change from file
to file. DIR keeps the pictures, what the engine said of them, and each field in `read.jsonl`, so that a
second run takes a moment; what was made with other code must be removed by hand. Seeds below 100 are for
tuning, the others for reporting.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from PIL import Image
from rapidfuzz.distance import Levenshtein

from benchmarks.marks.copies import Picture
from benchmarks.office import converted
from benchmarks.pilot_answers import answers
from benchmarks.seal_names import stamp
from benchmarks.writing import INKS, paper, pens, prints, write
from extractor import Options, Source, extract
from extractor.scan.ocr import PaddleOcr
from extractor.scan.recorded import RecordedOcr
from models.fields import ChoiceField, DateField, Field, ProseField, Seal, SealField, SignatureField
from models.form import FormCell, FormDefinition, Printed
from models.writing import key
from service.forms.definitions import load_forms

DPI = 200
_FORM = "pilot-application"
_HANDS = Path("/usr/share/fonts/truetype/hand")
_FACES = ("Noto Serif CJK SC", "Noto Sans CJK SC", "AR PL UMing CN", "WenQuanYi Zen Hei")
_REDS = ((205, 30, 45), (220, 40, 50), (195, 20, 35))
_TICKS = (("☑", "□"), ("☒", "□"), ("■", "□"), ("√", "□"), ("□√", "□"))
_FIRST_LONG = 7  # rows of the form before the long ones
_MOST_MISREAD = 0.02  # of a long text's characters, for it to be right
_SCALE = DPI / 72


@dataclass(frozen=True)
class Style:
    """How a table is set. A border is (Word's name of its line, eighths of a point, colour), or None for
    none; `shade` is the colour of labels."""

    outer: tuple[str, int, str] | None = ("single", 4, "000000")
    inner: tuple[str, int, str] | None = ("single", 4, "000000")
    has_sides: bool = True
    has_verticals: bool = True
    shade: str | None = None
    is_wide: bool = False
    narrow: float | None = None


def _weak(lines: Sequence[str], weights: Sequence[int], r: Random) -> Style:
    """All borders of one kind of line, or those inside a frame that is drawn through."""
    line = (r.choice(lines), r.choice(weights), "000000")
    return Style(("single", r.choice((6, 8, 12)), "000000") if r.random() < 0.35 else line, line)


def _fine(colours: Sequence[str], r: Random) -> Style:
    line = ("single", r.choice((2, 2, 4)), r.choice(colours))
    return Style(line, line)


def _open(r: Random, has_verticals: bool) -> Style:
    return Style(
        ("single", r.choice((4, 8, 12)), "000000"), ("single", r.choice((4, 4, 6)), "000000"),
        has_sides=False, has_verticals=has_verticals,
    )  # fmt: skip


def _shaded(r: Random) -> Style:
    line = ("single", 4, r.choice(("000000", "000000", "7F7F7F", "BFBFBF")))
    return Style(line, line, shade=r.choice(("F2F2F2", "D9D9D9", "BFBFBF", "DDEBF7", "E2EFDA", "FFF2CC")))


LAYOUTS = {
    "dotted": lambda r: _weak(("dotted",), (4, 6, 8, 12), r),
    "dashed": lambda r: _weak(("dashed", "dashed", "dashSmallGap", "dotDash", "dotDotDash"), (4, 6, 8), r),
    "double": lambda r: _weak(("double",), (4, 4, 6), r),
    "thin-blue": lambda r: _fine(("0000FF", "1F4E79", "2E74B5", "5B9BD5"), r),
    "hairline": lambda r: _fine(("7F7F7F", "808080", "A6A6A6", "BFBFBF"), r),
    "open-sides": lambda r: _open(r, has_verticals=True),
    "no-verticals": lambda r: _open(r, has_verticals=False),
    "shaded": _shaded,
    "landscape": lambda r: Style(is_wide=True),
    "narrow": lambda r: Style(narrow=r.uniform(1.0, 1.7)),
    "no-rules": lambda r: Style(None, None),
}  # fmt: skip


@cache
def form() -> FormDefinition:
    """Returns the shipped form."""
    return load_forms(None)[_FORM]


class _Setting:
    """Sets the form in one style as a Word file; what the style leaves open is drawn by lot."""

    def __init__(self, style: Style, told: Mapping[str, Any], r: Random) -> None:
        self.style, self.told, self.r = style, told, r
        self.face, self.size = r.choice(_FACES), r.choice((10.5, 10.5, 11, 12, 12, 14))
        self.own_face = self.face if r.random() < 0.6 else r.choice((*_FACES[:3], "AR PL UKai CN"))
        self.is_centred, self.is_spaced = r.random() < 0.6, r.random() < 0.4
        self.may_break, self.pad = r.random() < 0.5, r.uniform(0.7, 1.3)
        self.ticks, self.between = r.choice(_TICKS), r.choice(("；", "  ", "   ", " "))
        self.day = r.choice(("{}年{}月{}日", "{} 年 {} 月 {} 日"))

    def save(self, path: Path) -> None:
        r, document = self.r, Document()
        section = document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        if self.style.is_wide:
            section.orientation = WD_ORIENT.LANDSCAPE
            section.page_width, section.page_height = Cm(29.7), Cm(21)
        margin = r.choice((2.0, 2.4, 2.8, 3.2))
        section.left_margin = section.right_margin = Cm(margin)
        section.top_margin = section.bottom_margin = Cm(r.choice((1.8, 2.5, 3.0)))
        if r.random() < 0.7:
            self._run(document.add_paragraph(), form().heading or "", self.face, 14)
        head = document.add_paragraph()
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title = form().title
        self._run(head, " ".join(title) if r.random() < 0.3 else title, self.face, 18, True)
        room = (29.7 if self.style.is_wide else 21) - 2 * margin
        label, other = r.uniform(2.6, 3.6), r.uniform(1.7, 2.6)
        if self.style.narrow:
            label, other = self.style.narrow, self.style.narrow * r.uniform(0.9, 1.1)
        left = (room - label - other) * r.uniform(0.45, 0.56)
        widths = [label, left, other, room - label - left - other]
        # Where a page ends: where it is full, or before one of the long rows, in a table of its own.
        last = r.choice((None, None, _FIRST_LONG, _FIRST_LONG + 1, _FIRST_LONG + 2))
        table = self._table(document, widths)
        for number, row in enumerate(form().rows):
            if number == last:
                start = document.add_paragraph()
                start.paragraph_format.page_break_before = True
                table = self._table(document, widths)
            self._row(table, number, row.cells, widths)
        document.save(str(path))

    def _table(self, document: Any, widths: Sequence[float]) -> Table:
        table = document.add_table(rows=0, cols=len(widths))
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
        borders = OxmlElement("w:tblBorders")
        style = self.style
        for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
            line = style.inner if side.startswith("inside") else style.outer
            is_left_out = (side in ("left", "right") and not style.has_sides) or (
                side == "insideV" and not style.has_verticals
            )
            one = OxmlElement(f"w:{side}")
            name, eighths, colour = ("nil", 0, "auto") if line is None or is_left_out else line
            for attribute, value in (("val", name), ("sz", str(eighths)), ("space", "0"), ("color", colour)):
                one.set(qn(f"w:{attribute}"), value)
            borders.append(one)
        table._tbl.tblPr.append(borders)
        return table

    def _row(self, table: Table, number: int, asked: Sequence[FormCell], widths: Sequence[float]) -> None:
        r, row = self.r, table.add_row()
        tall = 1.0 if number < _FIRST_LONG else r.choice((3, 5, 7)) if number < _FIRST_LONG + 2 else 4.5
        row.height = Cm(self.pad * tall * (0.75 if self.style.is_wide else 1))
        if not self.may_break:
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        cells = list(row.cells)
        for cell, width in zip(cells, widths, strict=True):
            cell.width = Cm(width)
        for one in asked:
            label = cells.pop(0)
            words = one.label or ""
            if len(words) == 2 and self.is_spaced:
                words = "  ".join(words)
            self._put(label, [(words, "centre" if self.is_centred else "left")], self.face)
            self._middle(label)
            if self.style.shade:
                shade = OxmlElement("w:shd")
                for attribute, value in (("val", "clear"), ("color", "auto"), ("fill", self.style.shade)):
                    shade.set(qn(f"w:{attribute}"), value)
                label._tc.get_or_add_tcPr().append(shade)
            own, cells = cells[: one.columns], cells[one.columns :]
            cell = own[0].merge(own[-1]) if len(own) > 1 else own[0]
            is_short = number < _FIRST_LONG
            self._put(cell, list(self._content(one)), self.own_face if is_short or number < 9 else self.face)
            if is_short:
                self._middle(cell)

    def _content(self, cell: FormCell) -> Iterator[tuple[str, str]]:
        """Yields the paragraphs of an answer's cell, and how each is aligned."""
        for item in cell.content:
            if isinstance(item, Printed):
                yield item.text, "left"
                yield "", "left"
                continue
            value = self.told[item.name]
            if isinstance(item, ChoiceField):
                on, off = self.ticks
                yield self.between.join((on if o in value else off) + o for o in item.options), "left"
            elif isinstance(item, SealField | SignatureField):
                yield "", "left"
                yield item.prompt or "", item.align
                yield "", "left"
            elif isinstance(item, DateField):
                yield self.day.format(value.year, value.month, value.day), self.r.choice(("left", item.align))
            else:
                yield value, "left"

    def _put(self, cell: _Cell, paragraphs: Sequence[tuple[str, str]], face: str) -> None:
        for number, (words, align) in enumerate(paragraphs):
            paragraph = cell.add_paragraph() if number else cell.paragraphs[0]
            self._run(paragraph, words, face, self.size)
            if align != "left":
                centre, right = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
                paragraph.alignment = centre if align == "centre" else right

    @staticmethod
    def _run(paragraph: Paragraph, words: str, face: str, size: float, is_bold: bool = False) -> None:
        run = paragraph.add_run(words)
        run.font.size, run.font.name, run.bold = Pt(size), face, is_bold
        run._element.rPr.rFonts.set(qn("w:eastAsia"), face)

    @staticmethod
    def _middle(cell: _Cell) -> None:
        middle = OxmlElement("w:vAlign")
        middle.set(qn("w:val"), "center")
        cell._tc.get_or_add_tcPr().append(middle)


def _lay(page: Picture, mark: Picture, x: float, y: float) -> None:
    """Lays what is drawn on white at 300 dpi over the page, its middle at (x, y)."""
    high, wide = (round(side * DPI / 300) for side in mark.shape[:2])
    ink = cv2.resize(mark, (wide, high), interpolation=cv2.INTER_AREA)
    top, left = max(0, round(y - high / 2)), max(0, round(x - wide / 2))
    part = page[top : top + high, left : left + wide]
    ink = ink[: part.shape[0], : part.shape[1]]
    part[:] = (part.astype(np.uint16) * ink // 255).astype(np.uint8)


def drawn(pdf: Path, told: Mapping[str, Any], hands: list[str], r: Random) -> list[Picture]:
    """Returns the printed pages, RGB at 200 dpi, stamped and signed at their prompts."""
    document = pdfium.PdfDocument(pdf.read_bytes())
    pages = [np.array(page.render(scale=_SCALE).to_numpy()[..., :3][..., ::-1]) for page in document]
    for field in form().fields.values():
        if not isinstance(field, SealField | SignatureField) or told[field.name] is None:
            continue
        for page, sheet in zip(document, pages, strict=True):
            text, words = page.get_textpage(), field.prompt or ""
            hit = text.search(words).get_next()
            if hit is None:
                continue
            left = text.get_charbox(hit[0])[0]
            _, low, right, high = text.get_charbox(hit[0] + hit[1] - 1)
            x, y = right * _SCALE, (page.get_height() - (low + high) / 2) * _SCALE
            if field.align == "right":  # behind it there is only the edge
                x = left * _SCALE - 60
            mark = paper(900, 900)
            if isinstance(field, SealField):
                stamp(mark, told[field.name], r.choice(prints(5)), r.choice(_REDS), r)
                _lay(sheet, mark, x + r.uniform(20, 170), y + r.uniform(-30, 60))
            else:
                ink, size = r.choice(INKS), r.uniform(70, 100)
                box = write(mark, told[field.name], (200, 450), r.choice(hands), size, ink, r.uniform(-5, 5))
                mark = mark[round(box[1]) : round(box[3]), round(box[0]) : round(box[2])]
                _lay(sheet, mark, x + r.uniform(30, 90) + mark.shape[1] * DPI / 600, y)
    return pages


def _make(
    layout: str, count: int, seed: int, out: Path, hands: list[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Makes the files of a layout that are not there yet, and returns their names and what stands in them."""
    files, new = [], []
    for number in range(count):
        r = Random(f"layouts {seed} {layout} {number}")
        name, told = f"{layout}-{number:03}", answers(r)
        files.append((name, told))
        if not (out / f"{name}.tif").exists():
            _Setting(LAYOUTS[layout](r), told, r).save(out / "word" / f"{name}.docx")
            new.append((name, told, r))
    if new:
        converted([out / "word" / f"{name}.docx" for name, *_ in new], "pdf")
    for name, told, r in new:
        first, *more = map(Image.fromarray, drawn(out / "word" / f"{name}.pdf", told, hands, r))
        first.save(
            out / f"{name}.tif", save_all=True, append_images=more, dpi=(DPI, DPI), compression="tiff_lzw"
        )
    return files


def is_right(field: Field, value: Any, wanted: Any) -> bool:
    """Tells whether a value is what stands in the field. A seal or signature needs to be there or not, and
    not to be told another's; of a long text, 2 % of its characters may be misread, and no digit."""
    if isinstance(field, SealField | SignatureField):
        told = value is not None and value.present
        return told == (wanted is not None) and not (isinstance(value, Seal) and value.agrees is False)
    if isinstance(field, ProseField):
        read, wanted = key(value or ""), key(wanted)
        digits = ["".join(filter(str.isdigit, one)) for one in (read, wanted)]
        return Levenshtein.distance(read, wanted) <= _MOST_MISREAD * len(wanted) and digits[0] == digits[1]
    if isinstance(wanted, str):
        return key(str(value or "")) == key(wanted)
    return bool(value == wanted)


@cache
def _engine() -> PaddleOcr:
    cv2.setNumThreads(1)
    return PaddleOcr()


def _read(name: str, told: Mapping[str, Any], out: Path) -> list[dict[str, Any]]:
    """Reads a file, and tells what became of each field."""
    engine = RecordedOcr(out / "recorded" / f"{name}.jsonl", _engine())
    result = extract(Source.at(out / f"{name}.tif"), load_forms(None), Options(ocr=engine))[0]
    lines = []
    for field in form().fields.values():
        found, wanted = result.fields.get(field.name), told[field.name]
        right = found is not None and is_right(field, found.value, wanted)
        review = found is None or found.decision != "accept"
        doubts = [one.code for one in result.findings if one.field == field.name]
        lines.append(
            {
                "file": name,
                "layout": name.rpartition("-")[0],
                "field": field.name,
                "right": right,
                "review": review,
                "silent": not right and not review,
                "wanted": wanted,
                "value": found and field.to_json(found.value),
                "raw": found and found.raw,
                "doubts": doubts,
                "error": result.error and result.error.code,
            }
        )
    return lines


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--files", type=int, default=25, help="forms a layout, of 18 fields each")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", default=",".join(LAYOUTS), help="layouts, with commas between them")
    asked.add_argument("--jobs", type=int, default=1)
    asked.add_argument("--hands", type=Path, default=_HANDS, help="a folder with pens' faces")
    asked.add_argument("--wrong", action="store_true", help="print what was read wrong")
    asked.add_argument("--out", type=Path, required=True, help="one folder a seed")
    given = asked.parse_args()
    (given.out / "word").mkdir(parents=True, exist_ok=True)
    counts: dict[str, Counter[str]] = {}
    print(f"{'layout':14} {'fields':>6} {'right %':>8} {'silent %':>9} {'review %':>9}")
    with (
        # A copy of this process would wait for threads that drawing has begun here and not there.
        ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool,
        (given.out / "read.jsonl").open("w", encoding="utf-8") as file,
    ):
        for layout in given.only.split(","):
            files = _make(layout, given.files, given.seed, given.out, pens(given.hands))
            names, told = zip(*files, strict=True)
            count = counts.setdefault(layout, Counter())
            for lines in pool.map(_read, names, told, [given.out] * len(files)):
                for line in lines:
                    file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
                    count.update(fields=1, **{word: line[word] for word in ("right", "silent", "review")})
                    if given.wrong and not line["right"]:
                        said = [line[word] for word in ("file", "field", "wanted", "value", "raw", "doubts")]
                        print("SILENT" if line["silent"] else "asked ", *said, sep=" | ")
            file.flush()
            _tell(layout, count)
    _tell("all", sum(counts.values(), Counter()))


def _tell(name: str, count: Counter[str]) -> None:
    shares = [100 * count[word] / count["fields"] for word in ("right", "silent", "review")]
    print(f"{name:14} {count['fields']:6} {shares[0]:8.2f} {shares[1]:9.2f} {shares[2]:9.2f}", flush=True)


if __name__ == "__main__":
    main()
