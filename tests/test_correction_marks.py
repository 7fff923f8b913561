"""The marks of a notice of correction in a form: seen by whoever fills it in, and never read as an answer."""

import io
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from extractor import Options, Source
from generator import Kind, Notes, generate, new_identity
from models.record import Record
from models.writing import CORRECTION_MARK, correction_mark, is_correction_mark, key
from service.forms.definitions import load_forms
from service.runs.batch import read_submission
from tests.records import random_record

NUMBER = "补正〔2026〕12-1 号"
FORMS = load_forms()


def _read(data: bytes, path: Path, name: str) -> dict[str, Any]:
    path.write_bytes(data)
    (line,) = read_submission(Source.at(path), {name: FORMS[name]}, Options())
    return line


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("kind", ["docx", "pdf", "pdf-flat"])
def test_what_is_marked_is_empty_and_the_rest_is_as_it_was(name: str, kind: Kind, tmp_path: Path) -> None:
    form = FORMS[name]
    items = {field: number for number, field in enumerate(form.fields, 1) if number % 2}
    values = {field: value for field, value in random_record(form, 3).values.items() if field not in items}
    record, identity = Record(form=name, version=form.version, values=values), new_identity(form)
    made = generate(form, kind, identity, record, Notes(NUMBER, items))
    line = _read(made.data, tmp_path / f"form{made.suffix}", name)
    assert line["instance"] == identity.instance
    for field, kind_of in form.fields.items():
        if not kind_of.is_mark:
            assert line["fields"][field]["value"] == kind_of.to_json(values.get(field)), field
    told = {one["code"] for one in line["findings"]}
    assert told.isdisjoint({"text-unclaimed", "seal-typed", "signature-typed", "choice-extra-text"})


def test_each_mark_stands_in_the_word_file_with_the_notice_s_number(tmp_path: Path) -> None:
    form = FORMS["pilot-application"]
    items = {field: number for number, field in enumerate(form.fields, 1)}
    data = generate(form, "docx", new_identity(form), None, Notes(NUMBER, items)).data
    package = Document(io.BytesIO(data))
    shown = "".join(node.text or "" for node in package.element.body.iter() if node.tag.endswith("}t"))
    assert [number for number in items.values() if correction_mark(number) not in shown] == []
    assert NUMBER in package.sections[0].header.paragraphs[0].text
    (item,) = [part for part in package.part.package.iter_parts() if part.partname.endswith("item1.xml")]
    assert f'notice="{NUMBER}"' in item.blob.decode()


@pytest.mark.parametrize(
    ("read", "is_mark"),
    [
        ("【补正第2项】", True), ("[补正第12项]", True), ("〔补正第 2 项〕", True), ("（补正第2项）", True),
        ("已按补正第2项修改", False), ("【补正第二项】", False), ("补正第2项", False),
    ],
)  # fmt: skip
def test_a_mark_is_known_whatever_brackets_it_is_read_with(read: str, is_mark: bool) -> None:
    assert (CORRECTION_MARK.fullmatch(read) is not None) is is_mark


def test_a_key_of_a_mark_is_print_and_one_with_more_is_not() -> None:
    assert is_correction_mark(key(correction_mark(7)))
    assert not is_correction_mark(key(f"{correction_mark(7)}张三"))


@pytest.mark.parametrize("read", ["【朴正第2项】张三", "补正第2顶】张三", "第2项】张三", "已按补正第2项修改"])
def test_what_is_left_of_a_mark_that_was_misread_sends_the_answer_to_a_person(
    read: str, tmp_path: Path
) -> None:
    form = FORMS["pilot-application"]
    (field, *_) = [name for name, one in form.fields.items() if one.kind == "text"]
    values = {**random_record(form, 3).values, field: read}
    record = Record(form=form.name, version=form.version, values=values)
    line = _read(generate(form, "docx", new_identity(form), record).data, tmp_path / "a.docx", form.name)
    assert (line["fields"][field]["value"], line["fields"][field]["decision"]) == (read, "review")


def test_what_is_written_behind_a_mark_is_the_answer(tmp_path: Path) -> None:
    """Somebody who writes in another program may leave the mark standing before what is filled in."""
    form = FORMS["pilot-application"]
    (field,) = [name for name, one in form.fields.items() if one.kind == "email"]
    data = generate(form, "docx", new_identity(form), None, Notes(NUMBER, {field: 2})).data
    package = Document(io.BytesIO(data))
    for node in package.element.body.iter():
        if node.tag.endswith("}t") and node.text and correction_mark(2) in node.text:
            node.text = f"{correction_mark(2)}office@example.cn"
    for flag in [node for node in package.element.body.iter() if node.tag.endswith("}showingPlcHdr")]:
        flag.getparent().remove(flag)
    file = io.BytesIO()
    package.save(file)
    assert (
        _read(file.getvalue(), tmp_path / "a.docx", form.name)["fields"][field]["value"]
        == "office@example.cn"
    )
