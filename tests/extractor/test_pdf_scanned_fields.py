"""A scanned page that carries form fields or notes: its picture shows them, and what they hold and was not
read there is told."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from pypdf.generic import NameObject, NumberObject, TextStringObject

from extractor import Options, Source, extract
from extractor.limits import PictureLimits
from extractor.readers.pdf import read_pdf, unread
from extractor.readers.pdf.held import Held
from extractor.scan.decode import pdf_pictures
from extractor.scan.ocr import PaddleOcr
from models.page import Box, Frame, Line, Page, Run, Tick, Warp
from tests.extractor.test_pdf_silent import FORM, annotated, helvetica, page, place, rect

BLANK = {"project": "", "energy": "", "phone": "", "area": "", "policy": ""}
PLACE = Box(x0=100, y0=50, x1=200, y1=70)


def scanned(data: bytes) -> bytes:
    """A PDF as its pages come out of a scanner: each a picture."""
    document, made = pdfium.PdfDocument(data), io.BytesIO()
    pictures = [one.render(scale=200 / 72).to_pil() for one in document]
    pictures[0].save(made, "PDF", resolution=200, save_all=True, append_images=pictures[1:])
    return made.getvalue()


def field(name: str, value: str, where: Any, shown: str | None = None) -> dict[str, Any]:
    """A text field that shows its value, or something else."""
    wide = float(where[2]) - float(where[0])
    return {
        "Subtype": NameObject("/Widget"), "FT": NameObject("/Tx"), "T": TextStringObject(name),
        "V": TextStringObject(value),
        "F": NumberObject(4), "Rect": where, "AP": helvetica(shown or value, wide, 11, 10),
    }  # fmt: skip


def beside(data: bytes, label: str, width: float = 90) -> Any:
    _, y0, x1, y1 = (float(n) for n in place(data, label))
    return rect(x1 + 25, y0, x1 + 25 + width, y1)


def filled(**shown: str) -> bytes:
    """The form printed, scanned while it was blank and then filled in on the screen."""
    blank = page(**BLANK)
    fields = [
        field("f1", "18650", beside(blank, "综合能耗"), shown.get("energy")),
        field("f2", "13871520946", beside(blank, "联系电话"), shown.get("phone")),
        field("f3", "1200", beside(blank, "建筑面积"), shown.get("area")),
    ]
    return annotated(scanned(blank), *fields, form=True)


def test_the_picture_of_a_scanned_page_shows_its_fields() -> None:
    bare, full = (
        next(pdf_pictures(data, [1], PictureLimits())).colour for data in (scanned(page(**BLANK)), filled())
    )
    assert np.count_nonzero(full < 100) > np.count_nonzero(bare < 100) + 1000


def test_what_is_filled_in_on_a_scan_is_read_and_never_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(filled())
    (read,) = extract(Source.at(path), {"shown": FORM}, Options(ocr=PaddleOcr()))
    for name, value in (("energy", "18650"), ("phone", "13871520946"), ("area", "1200")):
        one = read.fields[name]
        assert one.decision == "review" or str(getattr(one.value, "amount", one.value)) == value
        assert one.value is not None


def test_a_field_that_shows_otherwise_than_it_holds_is_reviewed_on_a_scan_too(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(filled(phone="13871520947"))
    (read,) = extract(Source.at(path), {"shown": FORM}, Options(ocr=PaddleOcr()))
    assert read.fields["phone"].decision == "review"
    assert "13871520946" in " ".join(finding.message for finding in read.findings)


def test_fields_on_a_page_that_is_a_picture_are_kept_with_what_they_hold() -> None:
    reading = read_pdf(filled())
    assert reading.scanned == (1,)
    assert [one.text for one in reading.held] == ["18650", "13871520946", "1200"]


def _page(text: str, frame: Frame | None = None, tick: str | None = None) -> Page:
    inner = Box(x0=110, y0=52, x1=150, y1=68)
    spans = (Run(text=text, box=inner), *((Tick(state="ticked", box=inner),) if tick else ()))
    return Page(number=1, width=420, height=300, frame=frame, blocks=(Line(spans=spans, box=inner),))


_FLAT = Frame(picture=(420, 300), flat=(420, 300), scale=1)
_BENT = _FLAT.model_copy(
    update={
        "warp": Warp(zoom=1, fine=1, left=0, top=0, back=(1,) * 9, level=(0,) * 9, upright=(0,) * 9, half=1)
    }
)


@pytest.mark.parametrize(
    ("text", "value", "frame", "told"),
    [
        ("18650", "18650", _FLAT, False),
        ("18 650 吨", "18650", _FLAT, False),
        ("186501", "18650", _FLAT, True),
        ("1865.0", "18650", _FLAT, True),
        ("18650", "18650.5", _FLAT, True),
        ("", "18650", _FLAT, True),
        ("18650", "18650", _BENT, False),
        ("18651", "18650", _BENT, True),
        ("12", "12", _BENT, True),
    ],
)
def test_a_value_that_was_not_read_at_its_place_is_told(
    text: str, value: str, frame: Frame, told: bool
) -> None:
    found = unread([Held("f", 1, PLACE, value)], _page(text, frame))
    assert [(one.stored, one.box) for one in found] == ([(value, PLACE)] if told else [])


def test_a_tick_that_was_not_read_at_its_place_is_told() -> None:
    held = [Held("f", 1, PLACE, ticked=True)]
    assert unread(held, _page("", _FLAT, tick="ticked")) == []
    assert len(unread(held, _page("", _FLAT))) == 1
    assert len(unread(held, _page("", _BENT, tick="ticked"))) == 1


def test_a_note_on_a_scanned_page_puts_what_it_may_be_about_in_doubt(tmp_path: Path) -> None:
    typed = page()
    note = {
        "Subtype": NameObject("/Text"),
        "Rect": place(typed, "13871520946"),
        "Contents": TextStringObject("号码已停用"),
    }
    path = tmp_path / "a.pdf"
    path.write_bytes(annotated(scanned(typed), note))
    (read,) = extract(Source.at(path), {"shown": FORM}, Options(ocr=PaddleOcr()))
    assert "comment-on-answer" in [finding.code for finding in read.findings if finding.field == "phone"]
    assert read.fields["phone"].decision == "review"
