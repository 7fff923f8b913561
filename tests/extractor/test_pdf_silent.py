"""What a PDF shows, or holds and doesn't show, that is easily passed over: it is read as a person sees it, or
goes to review."""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
)

from extractor import Source, extract
from extractor.readers.pdf import read_pdf
from generator import generate, new_identity
from models.form import FormDefinition
from models.record import FieldResult, Result
from tests.extractor.energy_form import energy_form
from tests.extractor.pdfs import saved, turned, typeset

FORM = energy_form("shown")
RIGHT: dict[str, Any] = {
    "project": "清源LED园区改造", "energy": "18650吨", "phone": "13871520946", "area": "1200",
    "policy": "每季度核算一次，CO2单列。"
}  # fmt: skip
SUPER, SUB = "#super(typographic: false)[{}]", "#sub(typographic: false)[{}]"


def page(**answers: str) -> bytes:
    """The form as a PDF; `answers` are Typst markup and replace the usual ones."""
    given = {**RIGHT, **answers}
    return typeset(
        f"""= 用能表
#table(columns: (3fr, 5fr, 3fr, 5fr), [项目名称], table.cell(colspan: 3)[{given["project"]}],
[综合能耗], [{given["energy"]}], [联系电话], [{given["phone"]}], [建筑面积], table.cell(colspan: 3)[{given["area"]}],
[管理政策], table.cell(colspan: 3)[{given["policy"]}])"""
    )


def result(data: bytes, tmp_path: Path) -> Result:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    (read,) = extract(Source.at(path), {"shown": FORM})
    assert read.error is None
    return read


def fields(data: bytes, tmp_path: Path) -> dict[str, FieldResult]:
    return dict(result(data, tmp_path).fields)


def test_a_form_without_traps_is_accepted(tmp_path: Path) -> None:
    read = fields(page(), tmp_path)
    assert {field.decision for field in read.values()} == {"accept"}


@pytest.mark.parametrize(
    "energy",
    [
        f"18650{SUPER.format(1)}吨",
        f"18650{SUPER.format(1)}",
        f"18650{SUB.format(1)}吨",
        f"10{SUPER.format(4)}吨",
        f"{SUPER.format(1)}18650吨",
        "18650#super(typographic: false, size: 0.4em, baseline: -0.6em)[1]吨",
        "18650#super(typographic: false, size: 0.85em, baseline: -0.35em)[1]吨",
        "18650#super(typographic: false, size: 1em, baseline: -0.3em)[1]吨",
        "18650#super(typographic: false, size: 0.58em, baseline: 0.08em)[1]吨",
        f"18650{SUPER.format('注1')}吨",
        f"18650{SUPER.format('[1]')}吨",
    ],
)
def test_a_raised_or_lowered_digit_is_never_glued_to_a_number(energy: str, tmp_path: Path) -> None:
    read = fields(page(energy=energy), tmp_path)
    assert read["energy"].decision == "review"
    assert read["phone"].decision == "accept"


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("by_content", [False, True])
def test_a_page_that_is_shown_sideways_is_read_as_upright(
    turn: int, by_content: bool, tmp_path: Path
) -> None:
    upright = fields(page(), tmp_path)
    sideways = fields(turned(page(), turn, by_content), tmp_path)
    assert {name: (one.value, one.decision) for name, one in sideways.items()} == {
        name: (one.value, one.decision) for name, one in upright.items()
    }


@pytest.mark.parametrize("turn", ["90deg", "-90deg", "180deg"])
def test_an_answer_that_stands_turned_on_its_page_is_reviewed(turn: str, tmp_path: Path) -> None:
    read = fields(page(project=f"#rotate({turn}, reflow: true)[低碳园区]"), tmp_path)
    assert read["project"].decision == "review"
    assert read["phone"].decision == "accept"


@pytest.mark.parametrize(
    ("name", "answer", "value"),
    [
        ("area", f"1200 m{SUPER.format(2)}", "1200"),
        ("policy", f"每季度核算，CO{SUB.format(2)}单列。", "每季度核算，CO₂单列。"),
        (
            "policy",
            "公司#text(size: 8pt)[每季度]核算LED，#text(size: 14pt)[一次]。",
            "公司每季度核算LED，一次。",
        ),
        ("energy", "18650#text(size: 8pt)[吨]", "18650"),
        ("project", '清源#text(font: "Noto Sans SC", size: 9pt)[LED 3]园区', "清源LED 3园区"),
        ("phone", "#text(size: 8pt)[13871520946]", "13871520946"),
        ("policy", "第一#box(baseline: 0.7pt, text(size: 8pt)[A1])段", "第一A1段"),
    ],
)
def test_units_formulas_and_other_sizes_are_no_doubt(
    name: str, answer: str, value: str, tmp_path: Path
) -> None:
    read = fields(page(**{name: answer}), tmp_path)
    said = read[name].value
    assert str(getattr(said, "amount", said)) == value
    assert read[name].decision == "accept"


def texts_told(read: Result) -> str:
    return " ".join(finding.message for finding in read.findings)


def annotated(data: bytes, *annotations: dict[str, Any], form: bool = False, widgets: bool = True) -> bytes:
    """The first page with annotations (values of pypdf); `form`: they are fields, which, unless `widgets`,
    stand on no page."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    placed = ArrayObject()
    for one in annotations:
        if "AP" in one:
            one = {**one, "AP": DictionaryObject({NameObject("/N"): writer._add_object(one["AP"])})}
        placed.append(
            writer._add_object(
                DictionaryObject({NameObject(f"/{name}"): value for name, value in one.items()})
            )
        )
    if widgets:
        writer.pages[0][NameObject("/Annots")] = placed
    if form:
        writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): placed})
    return saved(writer)


def helvetica(text: str, width: float, height: float, size: float) -> StreamObject:
    """An appearance that shows a Latin text."""
    stream = StreamObject()
    stream.set_data(f"BT /F1 {size} Tf 1 2 Td ({text}) Tj ET".encode("latin-1"))
    font = DictionaryObject(
        {NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")}
    )
    font[NameObject("/BaseFont")] = NameObject("/Helvetica")
    fonts = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})})
    stream.update({NameObject("/BBox"): rect(0, 0, width, height), NameObject("/Resources"): fonts})
    return stream


def rect(x0: float, y0: float, x1: float, y1: float) -> ArrayObject:
    return ArrayObject(FloatObject(n) for n in (x0, y0, x1, y1))


def place(data: bytes, words: str) -> ArrayObject:
    """Where words stand, in the page's own coordinates."""
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        page = pdf.pages[0]
        (found,) = page.search(re.escape(words))
        return rect(
            found["x0"], float(page.height) - found["bottom"], found["x1"], float(page.height) - found["top"]
        )


@pytest.mark.parametrize(
    "energy",
    [
        "18650#text(fill: white)[00]吨",
        "#place(text(fill: white)[9])18650吨",
        "#place(dx: 2em, box(fill: white, width: 3em, height: 1em))18650吨",
        "#text(size: 8pt, fill: white)[单位为千吨]18650吨",
    ],
)
def test_what_an_answer_holds_and_does_not_show_is_told(energy: str, tmp_path: Path) -> None:
    read = result(page(energy=energy), tmp_path)
    told = [finding.code for finding in read.findings if finding.field == "energy"]
    shown = "place(dx" in energy
    assert told == ([] if shown else ["text-unseen"])
    assert read.fields["energy"].decision == ("accept" if shown else "review")
    assert read.fields["phone"].decision == "accept"


@pytest.mark.parametrize("subtype", ["Text", "Highlight", "StrikeOut", "Square", "Stamp", "Caret"])
def test_a_note_on_an_answer_is_told_and_the_answer_reviewed(subtype: str, tmp_path: Path) -> None:
    where = place(page(), "13871520946")
    note = {
        "Subtype": NameObject(f"/{subtype}"),
        "Rect": where,
        "Contents": TextStringObject("应为13871520947"),
    }
    read = result(annotated(page(), note), tmp_path)
    assert "应为13871520947" in texts_told(read)
    assert read.fields["phone"].decision == "review"
    assert read.fields["energy"].decision == "accept"


def test_a_note_beside_the_form_is_told(tmp_path: Path) -> None:
    note = {
        "Subtype": NameObject("/Text"),
        "Rect": rect(390, 10, 410, 20),
        "Contents": TextStringObject("以第二份为准"),
    }
    read = result(annotated(page(), note), tmp_path)
    assert "以第二份为准" in texts_told(read)
    assert {field.decision for field in read.fields.values()} == {"accept"}


@pytest.mark.parametrize("flags", [2, 32])
def test_a_hidden_field_or_note_on_an_answer_is_told(flags: int, tmp_path: Path) -> None:
    where = place(page(), "13871520946")
    hidden = {"F": NumberObject(flags), "Rect": where}
    field = {
        "Subtype": NameObject("/Widget"),
        "FT": NameObject("/Tx"),
        "T": TextStringObject("a"),
        "V": TextStringObject("13900000000"),
    }
    note = {"Subtype": NameObject("/FreeText"), "Contents": TextStringObject("13900000000")}
    for one in (field, note):
        read = result(annotated(page(), {**hidden, **one}, form=one is field), tmp_path)
        assert "13900000000" in texts_told(read)
        assert read.fields["phone"].decision == "review"
        assert read.fields["energy"].decision == "accept"


def test_a_value_without_a_place_on_any_page_is_told(tmp_path: Path) -> None:
    field = {"FT": NameObject("/Tx"), "T": TextStringObject("备用电话"), "V": TextStringObject("13900000000")}
    read = result(annotated(page(), field, form=True, widgets=False), tmp_path)
    assert "备用电话：13900000000" in texts_told(read)


def test_a_field_too_small_for_its_value_is_reviewed(tmp_path: Path) -> None:
    data = page(phone="")
    label = place(data, "联系电话")
    where = rect(label[0] + 75, label[1], label[0] + 130, label[3])
    field = {
        "Subtype": NameObject("/Widget"), "FT": NameObject("/Tx"), "T": TextStringObject("a"),
        "V": TextStringObject("13871520946"),
        "Rect": where, "AP": helvetica("1387152", 55, 11, 9),
    }  # fmt: skip
    read = result(annotated(data, field, form=True), tmp_path)
    assert "13871520946" in texts_told(read)
    assert read.fields["phone"].decision == "review"


def test_what_stands_off_the_page_or_on_a_layer_switched_off_is_in_the_ledger(tmp_path: Path) -> None:
    data = page()
    writer = PdfWriter(clone_from=io.BytesIO(data))
    low, high = place(data, "联系电话")[1] - 3, place(data, "用能表")[3] + 10
    writer.pages[0].cropbox = RectangleObject((0, low, 420, high))
    seen = read_pdf(saved(writer)).pages
    assert "".join(one.text for one in seen.aside if one.kind == "hidden").startswith("建筑面积")


@pytest.mark.parametrize("subtype", ["Stamp", "Watermark"])
def test_words_that_a_stamp_or_a_watermark_shows_on_an_answer_are_told(subtype: str, tmp_path: Path) -> None:
    stamp = {
        "Subtype": NameObject(f"/{subtype}"),
        "Rect": place(page(), "13871520946"),
        "AP": helvetica("VOID", 60, 11, 9),
    }
    read = result(annotated(page(), stamp), tmp_path)
    assert "VOID" in texts_told(read)
    assert read.fields["phone"].decision == "review"
    assert read.fields["energy"].decision == "accept"


def test_a_place_that_nobody_touched_says_nothing(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    for form in forms.values():
        path = tmp_path / "blank.pdf"
        path.write_bytes(generate(form, "pdf", new_identity(form)).data)
        (read,) = extract(Source.at(path), forms)
        assert {one.code for one in read.findings} & {"control-disagrees", "guidance-left"} == set()
