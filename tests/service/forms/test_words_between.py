"""Answers among printed words: out as Word, as PDF and in a file of another writer, and back."""

import io
from pathlib import Path
from random import Random

import pytest
from docx import Document

from extractor import Options, Source, extract
from generator import Kind, generate, generate_from, new_identity
from models.form import FormDefinition
from models.record import Record
from service.forms.invented import random_record
from service.forms.templates import template_of
from service.forms.trials import trial
from tests.service.forms.sentence_form import FORM

SEEDS = range(6)


def read_back(path: Path, form: FormDefinition, record: Record) -> None:
    (result,) = extract(Source.at(path), {form.name: form})
    assert result.record().to_json(form) == record.to_json(form)
    assert {name for name, field in result.fields.items() if field.decision == "review"} == set()


@pytest.mark.parametrize("kind", ["docx", "pdf", "pdf-flat"])
def test_what_is_filled_in_is_read_back(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / ("a.docx" if kind == "docx" else "a.pdf")
    for seed in SEEDS:
        record = random_record(FORM, Random(seed))
        path.write_bytes(generate(FORM, kind, new_identity(FORM), record).data)
        read_back(path, FORM, record)


@pytest.mark.parametrize("kind", ["docx", "pdf", "pdf-flat"])
def test_a_blank_is_read_as_empty(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / ("a.docx" if kind == "docx" else "a.pdf")
    path.write_bytes(generate(FORM, kind, new_identity(FORM)).data)
    read_back(path, FORM, Record(form=FORM.name, version=FORM.version, values=dict.fromkeys(FORM.fields)))


def test_a_scan_of_it_is_right_or_goes_to_a_person() -> None:
    readings = [one for one in trial(FORM, None, Options(), copies=1, scanned=True) if one.way == "扫描件"]
    assert [one for one in readings if one.is_silent] == []
    assert sum(one.is_right for one in readings) >= len(readings) - 1


def own_file() -> bytes:
    """The form as another writer drew it."""
    document = Document()
    document.add_paragraph(FORM.title)
    table = document.add_table(4, 4, style="Table Grid")
    texts = [
        "□考试 □评审 □其他：______________",
        "□无  □有，共______人  □计划，时间为______年____月",
        "本人____________于______年____月至______年____月在________________单位从事相关工作，特此说明。",
    ]
    for number, text in enumerate(["姓名", "", "电话", ""]):
        table.cell(0, number).text = text
    for number, (row, text) in enumerate(zip(FORM.rows[1:], texts, strict=True), 1):
        table.cell(number, 0).text = str(row.cells[0].label)
        table.cell(number, 1).merge(table.cell(number, 3)).text = text
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_its_answers_have_their_places_in_a_file_of_another_writer(tmp_path: Path) -> None:
    (tmp_path / "own.docx").write_bytes(own_file())
    form = FORM.model_copy(update={"template": "own.docx"})
    template = template_of(form, tmp_path, Options())
    assert template
    assert template.unplaced == ()
    for seed in SEEDS:
        record = random_record(form, Random(seed))
        made, unplaced = generate_from(template.data, form, new_identity(form), template.spots, record)
        assert unplaced == ()
        path = tmp_path / "a.docx"
        path.write_bytes(made.data)
        read_back(path, form, record)
