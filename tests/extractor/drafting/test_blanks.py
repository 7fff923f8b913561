"""Blanks among printed words: a draft makes each a field of its own, which reads what is written there."""

import io
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from extractor import Options, Source, extract, print_docx
from models.form import FormDefinition
from tests.extractor.drafting.round_trip import drafted
from tests.service.forms.sentence_form import FORM
from tests.service.forms.test_words_between import own_file


def kinds(form: FormDefinition) -> list[str]:
    return [field.kind for field in form.fields.values()]


@pytest.fixture(scope="module", params=["docx", "pdf"])
def form(request: pytest.FixtureRequest) -> FormDefinition:
    return drafted(own_file() if request.param == "docx" else print_docx(own_file(), Options()))


def test_words_beside_options_are_fields(form: FormDefinition) -> None:
    beside = {option: form.fields[name] for name, (_, option) in form.beside.items()}
    assert {option: field.kind for option, field in beside.items()} == {
        "其他": "text", "有": "number", "计划": "month"
    }  # fmt: skip
    assert getattr(beside["有"], "unit", None) == "人"
    assert [beside[option].prompt for option in ("其他", "有", "计划")] == [None, "，共", "，时间为"]


def test_blanks_of_a_sentence_are_fields(form: FormDefinition) -> None:
    cell = form.rows[-1].cells[0]
    assert len(cell.paragraphs) == 1
    assert [field.kind for field in cell.fields] == ["text", "period", "text"]
    assert [field.prompt for field in cell.fields] == [None, "于", "在"]


def own(*rows: tuple[str, ...]) -> bytes:
    document = Document()
    document.add_paragraph(FORM.title)
    table = document.add_table(len(rows), 2, style="Table Grid")
    for number, texts in enumerate(rows):
        if len(texts) == 1:
            table.cell(number, 0).merge(table.cell(number, 1))
        for at, text in enumerate(texts):
            table.cell(number, at).text = text
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_sentence_over_a_whole_row_begins_with_its_label(tmp_path: Path) -> None:
    blank = "本单位现有职工____人，自____年__月起承担________项目，特此证明。"
    form = drafted(own(("单位名称", ""), (blank,)))
    assert kinds(form) == ["text", "number", "month", "text"]
    filled = "本单位现有职工__86__人，自2019年3月起承担河道治理项目，特此证明。"
    path = tmp_path / "a.docx"
    path.write_bytes(own(("单位名称", "清源公司"), (filled,)))
    (result,) = extract(Source.at(path), {form.name: form})
    values: list[Any] = [field.value for field in result.fields.values()]
    assert str(values[1].amount) == "86"
    assert values[2:] == ["2019-03", "河道治理"]
    assert {field.decision for field in result.fields.values()} == {"accept"}


@pytest.mark.parametrize(
    "text", ["____年__月__日", "编号：______  日期：____年__月__日", "________", "共____人"]
)
def test_what_is_no_sentence_is_drafted_as_before(text: str) -> None:
    form = drafted(own(("单位名称", ""), ("登记", text)))
    assert not any(cell.has_words_between for cell in form.cells())
