"""Submissions of several files: what comes out as one application, and what each line says of its parts."""

import json
import random
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from extractor import Source, extract
from extractor.answers.labels import align
from extractor.answers.match import match
from extractor.answers.units import units_of
from generator import generate, new_identity
from models.fields import Seal
from models.form import FormDefinition
from models.page import Frame
from models.record import Record, Result
from tests.conftest import FIXTURES
from tests.extractor.papers import scanned, stamped, word_file
from tests.records import random_record

Forms = Mapping[str, FormDefinition]
TRUTH = json.loads((FIXTURES / "inbox-truth.json").read_text("utf-8"))


@pytest.fixture
def form(forms: Forms) -> FormDefinition:
    return forms["pilot-application"]


def extracted(folder: Path, forms: Forms, **files: bytes) -> list[Result]:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return extract(Source.at(folder, "s"), forms)


def told(results: list[Result]) -> list[str]:
    return [
        finding.code
        for result in results
        for finding in result.findings
        if finding.code.startswith(("part", "pages", "twin"))
    ]


def test_five_units_word_files_are_five_applications_in_the_order_of_their_names(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    records = [random_record(form, seed) for seed in range(10, 15)]
    results = extracted(
        tmp_path, forms, **{f"{n}_docx": word_file(form, record) for n, record in enumerate(records, 1)}
    )
    assert [result.application for result in results] == [1, 2, 3, 4, 5]
    assert [result.fields["organization"].value for result in results] == [
        record.values["organization"] for record in records
    ]
    assert [part.applications for part in results[0].parts] == [(1,), (2,), (3,), (4,), (5,)]
    assert all(len(result.parts) == 5 for result in results), "every line tells all parts"
    assert told(results) == []


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_word_and_pdf_under_one_number_are_one_application_whatever_they_are_called(
    name: str, tmp_path: Path, forms: Forms
) -> None:
    form, files = forms[name], []
    for seed in range(3):
        record, ours = random_record(form, seed), new_identity(form)
        files += [(seed, generate(form, kind, ours, record).data) for kind in ("docx", "pdf")]
    random.Random(4).shuffle(files)
    results = extracted(tmp_path, forms, **{f"IMG{n}_bin": data for n, (_, data) in enumerate(files)})
    assert len(results) == 3
    seeds = {f"IMG{n}.bin": seed for n, (seed, _) in enumerate(files)}
    for number in (1, 2, 3):
        own = [part.name for part in results[0].parts if part.applications == (number,)]
        assert len(own) == 2
        assert len({seeds[part] for part in own}) == 1


def test_the_same_form_again_is_told_as_a_duplicate(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    record, ours = random_record(form, 1), new_identity(form)
    results = extracted(
        tmp_path,
        forms,
        a_docx=generate(form, "docx", ours, record).data,
        b_docx=generate(form, "docx", ours, record).data + b"\0",
    )
    assert len(results) == 1
    assert [(part.name, part.state, part.applications) for part in results[0].parts] == [
        ("a.docx", "read", (1,)), ("b.docx", "duplicate", (1,)),
    ]  # fmt: skip


def test_a_corrected_version_is_one_application_that_a_person_looks_at(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    record, ours = random_record(form, 1), new_identity(form)
    second = record.model_copy(update={"values": {**record.values, "contact": "沈嘉禾"}})
    (result,) = extracted(
        tmp_path,
        forms,
        **{f"{n}_docx": generate(form, "docx", ours, one).data for n, one in enumerate([record, second])},
    )
    assert {"part-joined", "part-version", "versions-disagree"} <= {
        finding.code for finding in result.findings
    }
    assert (result.fields["contact"].decision, result.fields["contact"].alternatives) == (
        "review",
        ("沈嘉禾",),
    )
    assert result.fields["leader"].decision == "accept"


def _record_of(form: FormDefinition, case: str) -> Record:
    """The record that the Word file of a printed sample held."""
    told = TRUTH[case]["fields"]
    values = {name: field.from_json(told[name]) for name, field in form.fields.items() if name in told}
    return Record(form=form.name, version=form.version, values=values)


def test_the_word_file_of_a_real_scan_gives_its_text_and_the_scan_its_seal(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    shutil.copy(FIXTURES / "inbox/scan_stamped.pdf", tmp_path / "1.pdf")
    record = _record_of(form, "scan_stamped.pdf")
    other = random_record(form, 9)
    results = extracted(tmp_path, forms, a_docx=word_file(form, other), b_docx=word_file(form, record))
    assert {frozenset(p.name for p in results[0].parts if n in p.applications) for n in (1, 2)} == {
        frozenset({"a.docx"}), frozenset({"1.pdf", "b.docx"}),
    }  # fmt: skip
    result = next(
        result for result in results if result.fields["organization"].value == record.values["organization"]
    )
    texts = [
        name
        for name, field in form.fields.items()
        if field.kind in ("text", "phone", "email", "address") and name in record.values
    ]
    assert [name for name in texts if result.fields[name].value != record.values[name]] == []
    assert [name for name in texts if result.fields[name].decision != "accept"] == []
    seal = result.fields["pledge_seal"]
    assert isinstance(seal.value, Seal)
    assert seal.value.present
    assert {one.part for one in seal.evidence} == {"1.pdf"}
    assert "part-joined" in {finding.code for finding in result.findings}


def test_two_forms_in_one_file_are_two_applications_of_that_part(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    record, other = random_record(form, 4), random_record(form, 5)
    one, two = (
        PdfReader(BytesIO(generate(form, "pdf-flat", new_identity(form), r).data)) for r in (record, other)
    )
    writer, data = PdfWriter(), BytesIO()
    for page in (one.pages[0], one.pages[1], two.pages[0], two.pages[1]):
        writer.add_page(page)
    writer.write(data)
    results = extracted(tmp_path, forms, a_pdf=data.getvalue())
    assert [result.fields["organization"].value for result in results] == [
        r.values["organization"] for r in (record, other)
    ]
    assert [part.applications for part in results[0].parts] == [(1, 2)]
    assert [
        {one.page for f in r.fields.values() for one in f.evidence} <= pages
        for r, pages in zip(results, ({1, 2}, {3, 4}), strict=True)
    ] == [True, True]


def test_a_seal_on_the_one_scanned_page_of_a_printed_form_is_seen(form: FormDefinition) -> None:
    record = random_record(form, 21)
    paper = stamped(scanned(form, record), "申报单位（盖章）", str(record.values["organization"]))
    picture = Frame(picture=(1, 1), flat=(1, 1), scale=1.0)
    last = paper.pages[-1].model_copy(update={"frame": picture})
    pages = paper.model_copy(update={"reader": "pdf", "pages": (*paper.pages[:-1], last)})
    seen = {one.field: one.value for one in match(pages, align(form, units_of(pages)), "a.pdf").observations}
    assert seen["pledge_seal"] == Seal(present=True, text=str(record.values["organization"]), agrees=True)
