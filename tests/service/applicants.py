"""What applicants do with a form that they were sent: write into the Word file, fill in the PDF, print it,
stamp and sign it, and scan it."""

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pdfplumber
from docx import Document
from docx.oxml.ns import qn
from pylopdf_fonts_zh_cn import serif_path
from pypdf import PdfReader, PdfWriter

from benchmarks.coded_values import flattened
from benchmarks.seal_names import stamp
from generator.filling import fill
from models.form import FormDefinition
from models.identity import Tag
from models.record import Record

DPI = 200
_POINT = DPI / 72
_SEAL = 400  # pixels of the place that a seal takes
_RED, _BLUE = (205, 30, 45), (40, 50, 120)
_CHECKED = "{http://schemas.microsoft.com/office/word/2010/wordml}checked"
_VAL = "{http://schemas.microsoft.com/office/word/2010/wordml}val"
_TICKED, _EMPTY = "\u2612", "\u2610"

Values = Mapping[str, Any]
Picture = Any


def in_word(data: bytes, form: FormDefinition, values: Values) -> bytes:
    """The Word file with `values` written into the places of their fields, as Word does it: what was a prompt
    is one no more. What the file holds elsewhere stays."""
    texts, ticked = _answers(form, values)
    package = Document(io.BytesIO(data))
    for control in package.element.body.iter(qn("w:sdt")):
        tag = _tag(control)
        if tag is None or tag.field not in values:
            continue
        if tag.option is not None:
            _tick(control, tag in ticked)
        elif tag in texts:
            _write(control, texts[tag])
    file = io.BytesIO()
    package.save(file)
    return file.getvalue()


def typed_in_word(data: bytes, texts: Mapping[str, str]) -> bytes:
    """The Word file with `texts` by field written as they are, which may be no values of their kinds."""
    package = Document(io.BytesIO(data))
    for control in package.element.body.iter(qn("w:sdt")):
        tag = _tag(control)
        if tag is not None and tag.option is None and tag.field in texts:
            _write(control, texts[tag.field])
    file = io.BytesIO()
    package.save(file)
    return file.getvalue()


def _answers(form: FormDefinition, values: Values) -> tuple[Mapping[Tag, str], Iterable[Tag]]:
    filling = fill(form, Record(form=form.name, version=form.version, values=values))
    return filling.texts, filling.ticked


def _tag(control: Any) -> Tag | None:
    found = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")
    return None if found is None else Tag.read(found.get(qn("w:val")))


def _write(control: Any, text: str) -> None:
    properties, content = control.find(qn("w:sdtPr")), control.find(qn("w:sdtContent"))
    for flag in properties.findall(qn("w:showingPlcHdr")):
        properties.remove(flag)
    first, *others = content.findall(qn("w:r"))
    for run in others:
        content.remove(run)
    for child in list(first):
        first.remove(child)
    for number, line in enumerate(text.split("\n")):
        if number:
            first.append(first.makeelement(qn("w:br"), {}))
        first.append(first.makeelement(qn("w:t"), {}))
        first[-1].text = line


def _tick(control: Any, is_ticked: bool) -> None:
    next(control.iter(_CHECKED)).set(_VAL, "1" if is_ticked else "0")
    for node in control.find(qn("w:sdtContent")).iter(qn("w:t")):
        node.text = _TICKED if is_ticked else _EMPTY


def in_pdf(data: bytes, form: FormDefinition, values: Values) -> bytes:
    """The fillable PDF with `values` set by pypdf."""
    texts, ticked = _answers(form, values)
    writer = PdfWriter(clone_from=io.BytesIO(data))
    names = PdfReader(io.BytesIO(data)).get_fields() or {}
    wanted: dict[str, str] = {}
    for name in names:
        tag = Tag.read(name)
        if tag is None or tag.field not in values:
            continue
        if tag.option is not None:
            wanted[name] = "/Yes" if tag in ticked else "/Off"
        elif tag in texts:
            wanted[name] = texts[tag]
    for page in writer.pages:
        writer.update_page_form_field_values(page, wanted, auto_regenerate=False)  # type: ignore[arg-type]
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def on_paper(
    data: bytes, form: FormDefinition, seals: Mapping[str, str], signed: Iterable[str], seed: int
) -> bytes:
    """The PDF printed, stamped, signed and scanned, as a .tif: `seals` are the names on the seals by field,
    `signed` the fields that are signed. Each is set beside the words that are printed for it."""
    r, places = Random(seed), _places(data, form)
    pages = [page.render(scale=_POINT) for page in flattened(data)]
    sheets = [np.array(page.to_pil().convert("RGB")) for page in pages]
    for field, name in seals.items():
        page, x, y = places[field]
        _stamp(sheets[page], x, y, name, r)
    for field in signed:
        page, x, y = places[field]
        _sign(sheets[page], x, y, r)
    return _scanned(sheets, r)


def _places(data: bytes, form: FormDefinition) -> Mapping[str, tuple[int, float, float]]:
    """{field of a mark: (index of its page, x and y in points of the end of its prompt)}."""
    found: dict[str, tuple[int, float, float]] = {}
    with pdfplumber.open(io.BytesIO(data)) as pages:
        for number, page in enumerate(pages.pages):
            for name, field in form.fields.items():
                if field.is_mark and (hits := page.search(re.escape(field.prompt or ""))):
                    found.setdefault(name, (number, hits[0]["x1"], (hits[0]["top"] + hits[0]["bottom"]) / 2))
    return found


def _stamp(sheet: Picture, x: float, y: float, name: str, r: Random) -> None:
    """A seal beside (x, y). It is drawn at 300 dots an inch."""
    high, wide = sheet.shape[:2]
    left = int(min(max(0, (x + 60) * _POINT - _SEAL / 2), wide - _SEAL))
    top = int(min(max(0, y * _POINT - _SEAL / 2), high - _SEAL))
    place = np.s_[top : top + _SEAL, left : left + _SEAL]
    large = cv2.resize(sheet[place], None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    stamp(large, name, str(serif_path()), _RED, r)
    sheet[place] = cv2.resize(large, (_SEAL, _SEAL), interpolation=cv2.INTER_AREA)


def _sign(sheet: Picture, x: float, y: float, r: Random) -> None:
    left, middle = (x + 15) * _POINT, y * _POINT
    for letter in range(3):
        at = left + 46 * letter
        for _ in range(4):
            points = [(at + r.uniform(-18, 18), middle + r.uniform(-20, 20)) for _ in range(4)]
            cv2.polylines(sheet, [np.array(points, np.int32)], False, _BLUE, 3, cv2.LINE_AA)


def _scanned(sheets: list[Picture], r: Random) -> bytes:
    from PIL import Image

    pages = []
    for sheet in sheets:
        high, wide = sheet.shape[:2]
        turn = cv2.getRotationMatrix2D((wide / 2, high / 2), r.uniform(-0.3, 0.3), 1)
        skewed = cv2.warpAffine(sheet, turn, (wide, high), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
        pages.append(Image.fromarray(skewed))
    file = io.BytesIO()
    more = pages[1:]
    pages[0].save(file, "TIFF", save_all=True, append_images=more, compression="tiff_lzw", dpi=(DPI, DPI))
    return file.getvalue()


def write(folder: Path, name: str, data: bytes) -> Path:
    """A file of that name."""
    path = folder / name
    path.write_bytes(data)
    return path
