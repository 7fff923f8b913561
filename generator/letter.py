"""Letters and lists from a Word template that the bureau edits: words in braces become what they stand for,
and the paragraph with the table's own becomes the table. Knows nothing of what it writes about."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import cast
from xml.sax.saxutils import escape

from docx import Document as open_package
from docx.document import Document as Package
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from docx.oxml.table import CT_Tbl
from docx.shared import Cm, Emu
from docx.table import Table as PackageTable
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from generator.word_package import TEXT_FONT, TITLE_FONT
from models.errors import GenerationError

_PLACE = re.compile(r"\{([^{}\s]{1,20})\}")
# What XML can't hold, and halves of characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MOST_BYTES, _MOST_UNPACKED = 10_000_000, 100_000_000
_HALF_POINTS = 21
# Without it, the words of a cell stand with the gap that paragraphs of the template have below them.
_SPACING = '<w:spacing w:before="40" w:after="40" w:line="240" w:lineRule="auto"/>'
_CELL_SIDES = 0.5  # centimetres that a cell keeps free beside a picture


# Pictures (PNG, of the size that their resolution gives) that stand in a cell one below the other.
Pictures = tuple[bytes, ...]


@dataclass(frozen=True)
class Table:
    """A table to be set; `widths` in centimetres, one a heading."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str | Pictures]]
    widths: Sequence[float]


def placeholders(template: bytes) -> set[str]:
    """The words in braces that `template` has.

    Raises:
        GenerationError: it is no Word file.
    """
    return {word for one in _paragraphs(_open(template)) for word in _PLACE.findall(one.text)}


def fill_letter(
    template: bytes, words: Mapping[str, str], place: str = "", table: Table | None = None
) -> bytes:
    """`template` with each `{word}` replaced, and the paragraph that holds `{place}` by `table`. A line break
    in a word begins a new paragraph of the same looks.

    Raises:
        GenerationError: it is no Word file, or asks for a word that there is none for.
    """
    package = _open(template)
    for paragraph in list(_paragraphs(package)):
        if table is not None and f"{{{place}}}" in paragraph.text:
            _set_table(paragraph, table)
        elif _PLACE.search(paragraph.text):
            _set_words(paragraph, words)
    file = io.BytesIO()
    package.save(file)
    return file.getvalue()


def _open(template: bytes) -> Package:
    if len(template) > _MOST_BYTES:
        raise GenerationError("模板过大")
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
                raise GenerationError("模板过大")
        return open_package(io.BytesIO(template))
    except GenerationError:
        raise
    # python-docx lets through whatever its parsers trip over: KeyError, ValueError, XML errors.
    except Exception as error:
        raise GenerationError("模板不是 .docx 文件，或已损坏") from error


def _paragraphs(package: Package) -> Iterator[Paragraph]:
    """All of the body, of tables in it too, and of heads and feet of pages."""
    parts = [package, *(part for one in package.sections for part in (one.header, one.footer))]
    for part in parts:
        for element in (
            part._element.iter(qn("w:p")) if part is not package else package.element.body.iter(qn("w:p"))
        ):
            yield Paragraph(element, part)  # type: ignore[arg-type]


def _set_words(paragraph: Paragraph, words: Mapping[str, str]) -> None:
    """Word breaks a text into runs as it likes, so that the paragraph is joined in its first."""
    unknown = [word for word in _PLACE.findall(paragraph.text) if word not in words]
    if unknown:
        raise GenerationError(f"模板中有不认识的 {{{unknown[0]}}}")
    whole = _PLACE.sub(lambda found: plain(words[found[1]]), paragraph.text)
    if not whole.strip():
        paragraph._p.getparent().remove(paragraph._p)  # type: ignore[union-attr]
        return
    first, *more = whole.split("\n")
    holder = next(run for run in paragraph.runs if run.text)
    for run in list(paragraph.runs):
        if run is not holder and run._r is not holder._r:
            run._r.getparent().remove(run._r)  # type: ignore[union-attr]
    _write(holder, first)
    before = paragraph
    for line in more:
        element = deepcopy(paragraph._p)
        before._p.addnext(element)
        before = Paragraph(element, paragraph._parent)
        _write(before.runs[0], line)


def _write(run: Run, text: str) -> None:
    """The library's own way takes a text a character at a time, for the sake of tabs."""
    if "\t" in text:
        run.text = text
        return
    run._r.clear_content()
    run.add_text(text)


def _set_table(paragraph: Paragraph, table: Table) -> None:
    """Written as XML at once: a cell at a time, a list of ten thousand takes a minute."""
    grid = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in table.widths)
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    rows = "".join(
        _row(row, table.widths, is_heading=number == 0)
        for number, row in enumerate([table.headings, *table.rows])
    )
    made = parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:jc w:val="center"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>'
    )
    paragraph._p.addnext(made)
    _set_pictures(PackageTable(cast("CT_Tbl", made), paragraph._parent), table)
    paragraph._p.getparent().remove(paragraph._p)  # type: ignore[union-attr]


def _set_pictures(made: PackageTable, table: Table) -> None:
    """A picture is a part of the package, which only the library can add."""
    for number, row in enumerate(table.rows, 1):
        for column, cell in enumerate(row):
            if not isinstance(cell, str):
                run = made.cell(number, column).paragraphs[0].add_run()
                for place, picture in enumerate(cell):
                    if place:
                        run.add_break()
                    _set_picture(run, picture, Cm(table.widths[column] - _CELL_SIDES))


def _set_picture(run: Run, picture: bytes, widest: int) -> None:
    """In its own size, as far as the cell holds it, and with no gap beside it. Where a file names none,
    LibreOffice takes a gap of its own, which pushes the picture over the edge of the cell."""
    shape = run.add_picture(io.BytesIO(picture))
    if shape.width > widest:
        shape.height, shape.width = Emu(shape.height * widest // shape.width), Emu(widest)
    for side in ("distT", "distB", "distL", "distR"):
        shape._inline.set(side, "0")


def _row(texts: Sequence[str | Pictures], widths: Sequence[float], *, is_heading: bool) -> str:
    repeated = "<w:tblHeader/>" if is_heading else ""
    cells = "".join(
        _cell(text if isinstance(text, str) else "", width, is_heading)
        for text, width in zip(texts, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{cells}</w:tr>"


def _cell(text: str, width: float, is_heading: bool) -> str:
    font = TITLE_FONT if is_heading else TEXT_FONT
    middle = '<w:jc w:val="center"/>' if is_heading or text.isdecimal() else ""
    lines = '</w:t><w:br/><w:t xml:space="preserve">'.join(map(escape, plain(text).split("\n")))
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{_twips(width)}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        f"<w:p><w:pPr>{_SPACING}{middle}</w:pPr><w:r><w:rPr>"
        f'<w:rFonts w:ascii="{font}" w:eastAsia="{font}" w:hAnsi="{font}"/>'
        f'<w:sz w:val="{_HALF_POINTS}"/></w:rPr><w:t xml:space="preserve">{lines}</w:t></w:r></w:p></w:tc>'
    )


def _twips(centimetres: float) -> int:
    return round(centimetres * 567)


def plain(text: str) -> str:
    """`text` without what no document can hold."""
    return _UNWRITABLE.sub("", text)
