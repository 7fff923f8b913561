"""Forms whose pages were shuffled, interleaved with foreign ones, or pasted into Word as pictures."""

import io
from collections.abc import Mapping
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from docx import Document
from docx.shared import Cm
from pypdf import PdfReader, PdfWriter

from extractor import Source, extract
from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Record
from models.writing import key
from tests.records import random_record


@pytest.fixture
def printed(forms: Mapping[str, FormDefinition]) -> tuple[FormDefinition, Record, bytes]:
    """A form of two pages or more."""
    form = forms["pilot-application"]
    record = random_record(form, 4)
    return form, record, generate(form, "pdf-flat", new_identity(form), record).data


def assert_read(
    path: Path, forms: Mapping[str, FormDefinition], form: FormDefinition, record: Record
) -> None:
    result = extract(Source.at(path), forms)[0]
    assert result.error is None
    assert result.form is form
    got, want = result.record().to_json(form), record.to_json(form)
    wrong = {name for name in want if key(str(got[name])) != key(str(want[name]))}
    assert {name for name in wrong if result.fields[name].decision == "accept"} == set()
    assert len(wrong) <= 1, wrong


def test_pages_in_reverse_order_are_read_in_theirs(
    printed: tuple[FormDefinition, Record, bytes], tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    form, record, data = printed
    writer = PdfWriter()
    for page in reversed(PdfReader(io.BytesIO(data)).pages):
        writer.add_page(page)
    writer.write(tmp_path / "a.pdf")
    assert_read(tmp_path / "a.pdf", forms, form, record)


def test_a_blank_page_between_does_no_harm(
    printed: tuple[FormDefinition, Record, bytes], tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    form, record, data = printed
    writer = PdfWriter()
    for page in PdfReader(io.BytesIO(data)).pages:
        writer.add_page(page)
        writer.add_blank_page()
    writer.write(tmp_path / "a.pdf")
    assert_read(tmp_path / "a.pdf", forms, form, record)


def test_pictures_of_pages_pasted_into_word_are_read(
    printed: tuple[FormDefinition, Record, bytes], tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    form, record, data = printed
    document = Document()
    for page in pdfium.PdfDocument(data):
        picture = io.BytesIO()
        page.render(scale=200 / 72).to_pil().convert("RGB").save(picture, "PNG")
        document.add_picture(picture, width=Cm(15))
    document.save(str(tmp_path / "a.docx"))
    assert_read(tmp_path / "a.docx", forms, form, record)
