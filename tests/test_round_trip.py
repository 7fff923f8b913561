"""Tests that we read what we write: prefilled forms come back as the records that they were made from."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from extractor import Source, extract
from generator import Kind, generate, new_identity
from models.fields import Seal, Signature
from models.form import FormDefinition
from models.record import Record
from tests.conftest import Convert
from tests.records import random_record

SEEDS = range(20)


def make(folder: Path, forms: Mapping[str, FormDefinition]) -> dict[Path, tuple[FormDefinition, Record]]:
    made = {}
    for form in forms.values():
        for seed in SEEDS:
            record = random_record(form, seed)
            path = folder / f"{form.name}-{seed}.docx"
            path.write_bytes(generate(form, "docx", new_identity(form), record).data)
            made[path] = form, record
    return made


def assert_read_back(
    path: Path, forms: Mapping[str, FormDefinition], form: FormDefinition, record: Record
) -> None:
    result = extract(Source.at(path), forms)[0]
    assert result.form is form
    assert result.record().to_json(form) == record.to_json(form)
    assert [name for name, field in result.fields.items() if field.decision == "review"] == []


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_prefilled_word_is_read_back_equal_to_the_record(
    name: str, tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    for path, (form, record) in make(tmp_path, {name: forms[name]}).items():
        assert_read_back(path, forms, form, record)


@pytest.mark.parametrize("kind", ["pdf", "pdf-flat"])
@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_prefilled_pdf_is_read_back_equal_to_the_record(
    name: str, kind: Kind, tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    form, path = forms[name], tmp_path / "a.pdf"
    for seed in SEEDS:
        record = random_record(form, seed)
        path.write_bytes(generate(form, kind, new_identity(form), record).data)
        assert_read_back(path, forms, form, record)


def test_it_still_is_after_libreoffice_opened_and_saved_it(
    tmp_path: Path, forms: Mapping[str, FormDefinition], soffice: Convert
) -> None:
    made = make(tmp_path, forms)
    for saved, (form, record) in zip(soffice(list(made), "docx"), made.values(), strict=True):
        assert_read_back(saved, forms, form, record)


def test_a_blank_form_is_read_as_empty(
    tmp_path: Path, forms: Mapping[str, FormDefinition], soffice: Convert
) -> None:
    blanks = {tmp_path / f"{form.name}.docx": form for form in forms.values()}
    for path, form in blanks.items():
        path.write_bytes(generate(form, "docx", new_identity(form)).data)
    for path, form in [*blanks.items(), *zip(soffice(list(blanks), "docx"), blanks.values(), strict=True)]:
        fields = extract(Source.at(path), forms)[0].fields
        assert list(fields) == list(form.fields)
        assert {
            name
            for name, field in fields.items()
            if field.value not in (None, Seal(present=False), Signature(present=False))
        } == set()
