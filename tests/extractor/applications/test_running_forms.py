"""Several forms one after the other in one file: where each begins, and that none takes an answer from
another."""

import copy
import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from docx import Document
from docx.document import Document as Docx

from extractor import Source, extract
from extractor.answers.units import Wording
from extractor.applications.mixed_pages import split
from extractor.applications.running_forms import divide
from extractor.limits import ZipLimits
from extractor.readers.word import read_word
from generator import generate, new_identity
from models.form import FormDefinition
from models.page import Line, Page, Pages, Run, Table
from models.record import Record, Result
from models.writing import key
from tests.extractor.papers import scanned, word_file
from tests.records import random_record

Forms = Mapping[str, FormDefinition]


@pytest.fixture(scope="module")
def records(form: FormDefinition) -> list[Record]:
    return [random_record(form, seed) for seed in range(30, 35)]


@pytest.fixture(scope="module")
def blank(form: FormDefinition) -> bytes:
    return generate(form, "docx", new_identity(form)).data


def opened(data: bytes) -> Docx:
    return Document(io.BytesIO(data))


def saved(document: Docx) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def pasted(first: bytes, *others: bytes) -> bytes:
    """Word files one behind the other in the first."""
    document = opened(first)
    end = document.element.body.sectPr
    for other in others:
        for element in opened(other).element.body.iterchildren():
            if element.tag != end.tag:
                end.addprevious(copy.deepcopy(element))
    return saved(document)


def in_one_table(first: bytes, *others: bytes) -> bytes:
    """The rows of all forms in the table of the first, as Word joins tables between which nothing stands."""
    document = opened(first)
    for other in others:
        for row in opened(other).tables[0].rows:
            document.tables[0]._tbl.append(copy.deepcopy(row._tr))
    return saved(document)


def behind(data: bytes, rows: list[list[str]], lines: tuple[str, ...] = ()) -> bytes:
    """A table and lines, and then what `data` holds."""
    document = opened(data)
    table = document.add_table(len(rows), len(rows[0]))
    for row, words in zip(table.rows, rows, strict=True):
        for cell, word in zip(row.cells, words, strict=True):
            cell.text = word
    body = document.element.body
    for number, element in enumerate([*(document.add_paragraph(line)._p for line in lines), table._tbl]):
        body.insert(number, element)
    return saved(document)


def results_of(data: bytes, folder: Path, forms: Forms, name: str = "a.docx") -> list[Result]:
    (folder / name).write_bytes(data)
    return extract(Source.at(folder / name), forms)


def assert_says(result: Result, record: Record, *, besides: frozenset[str] = frozenset()) -> None:
    """That a result says what the record does, and nobody need look at what it says."""
    assert result.form is not None
    got, want = result.record().to_json(result.form), record.to_json(result.form)
    marks = {name for name, field in result.form.fields.items() if field.kind in ("seal", "signature")}
    assert {name for name in want if key(str(got[name])) != key(str(want[name]))} - marks - besides == set()
    doubtful = {name for name, field in result.fields.items() if field.decision != "accept"}
    assert (
        doubtful
        <= {finding.field for finding in result.findings if finding.code in ("mention-missing", "date-range")}
        | besides
    )


def codes(results: list[Result]) -> set[str]:
    return {finding.code for result in results for finding in result.findings if finding.field is None}


def test_five_units_in_one_word_file_are_five_applications(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    results = results_of(pasted(*(word_file(form, record) for record in records)), tmp_path, forms)
    assert len(results) == 5
    for number, (result, record) in enumerate(zip(results, records, strict=True)):
        assert_says(result, record)
        assert {one.cell.table for field in result.fields.values() for one in field.evidence if one.cell} == {
            number
        }
    assert [part.applications for part in results[0].parts] == [(1, 2, 3, 4, 5)]
    assert [result.instance for result in results] == [None] * 5, (
        "the file bears one number, and whose it is can't be told"
    )
    assert codes(results) == set()


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_forms_whose_tables_ran_into_one_are_told_apart_by_their_rows(
    name: str, tmp_path: Path, forms: Forms
) -> None:
    form = forms[name]
    records = [random_record(form, seed) for seed in range(3)]
    results = results_of(in_one_table(*(word_file(form, record) for record in records)), tmp_path, forms)
    assert len(results) == 3
    for result, record in zip(results, records, strict=True):
        assert_says(result, record)


def test_a_form_and_half_a_form_never_lend_each_other_an_answer(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    upper = opened(word_file(form, records[0]))
    for row in upper.tables[0].rows[-3:]:
        upper.tables[0]._tbl.remove(row._tr)
    one, other = results_of(pasted(saved(upper), word_file(form, records[1])), tmp_path, forms)
    assert_says(other, records[1])
    assert one.fields["organization"].value == records[0].values["organization"]
    assert "label-missing" in {finding.code for finding in one.findings}


def test_two_kinds_of_form_in_one_word_file_are_two_applications(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    filing = forms["enterprise-filing"]
    record = random_record(filing, 3)
    one, other = results_of(pasted(word_file(form, records[0]), word_file(filing, record)), tmp_path, forms)
    assert (one.form, other.form) == (form, filing)
    assert_says(one, records[0])
    assert_says(other, record)


@pytest.mark.parametrize("is_first", [False, True])
def test_a_blank_copy_beside_a_filled_form_is_no_application_and_is_told(
    is_first: bool, tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record], blank: bytes
) -> None:
    filled = word_file(form, records[0])
    (result,) = results_of(pasted(*([blank, filled] if is_first else [filled, blank])), tmp_path, forms)
    assert_says(result, records[0])
    assert codes([result]) == {"form-blank"}
    assert [(part.state, part.applications) for part in result.parts] == [("read", (1,))]


def test_a_blank_form_in_a_file_of_its_own_is_read_and_told(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record], blank: bytes
) -> None:
    (tmp_path / "1.docx").write_bytes(blank)
    (tmp_path / "2.docx").write_bytes(word_file(form, records[0]))
    (result,) = extract(Source.at(tmp_path, "s"), forms)
    assert_says(result, records[0])
    assert codes([result]) == {"form-blank"}
    assert [(part.name, part.state, part.applications) for part in result.parts] == [
        ("1.docx", "read", ()),
        ("2.docx", "read", (1,)),
    ]


def test_blank_forms_alone_are_one_application(tmp_path: Path, forms: Forms, blank: bytes) -> None:
    (result,) = results_of(pasted(blank, blank), tmp_path, forms)
    assert result.status == "review"
    assert "form-blank" in codes([result])


def test_a_list_of_the_applications_in_front_of_them_is_none(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    texts = [
        name for name, field in form.fields.items() if field.kind in ("text", "phone", "email", "address")
    ]
    listed = [
        [form.titles[name] for name in texts],
        *([str(one.values.get(name, "")) for name in texts] for one in records[:2]),
    ]
    for several in (records[:1], records[:2]):
        data = behind(
            pasted(*(word_file(form, record) for record in several)),
            listed,
            ("关于报送申请材料的函", "现将材料报上。"),
        )
        results = results_of(data, tmp_path, forms)
        assert len(results) == len(several)
        for result, record in zip(results, several, strict=True):
            assert_says(result, record)


def test_a_table_of_whom_to_ask_in_front_of_a_form_does_no_harm(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    asked = [
        [form.titles[name], "别的内容"]
        for name in ("project_name", "organization", "contact", "phone", "email")
    ]
    (result,) = results_of(behind(word_file(form, records[0]), asked), tmp_path, forms)
    assert_says(result, records[0])
    assert result.instance is not None


def test_a_form_that_says_how_to_fill_it_in_is_one(form: FormDefinition, records: list[Record]) -> None:
    pages = read_word(word_file(form, records[0]), ZipLimits())
    told = tuple(Line(spans=(Run(text=f"{title}：请如实填写。"),)) for title in form.titles.values())
    page = pages.pages[0].model_copy(update={"blocks": (*pages.pages[0].blocks, *told)})
    whole = pages.model_copy(update={"pages": (page,)})
    assert [one.pages for one in divide(Wording.of(whole), [form])] == [whole]


def test_rows_that_somebody_added_or_moved_make_no_second_form(
    form: FormDefinition, records: list[Record]
) -> None:
    document = opened(word_file(form, records[0]))
    rows = document.tables[0].rows
    for row in list(rows)[3:7]:
        rows[8]._tr.addprevious(copy.deepcopy(row._tr))
    rows[0]._tr.addprevious(rows[-3]._tr)
    pages = read_word(saved(document), ZipLimits())
    assert [one.pages for one in divide(Wording.of(pages), [form])] == [pages]


def running_on(*several: Pages) -> Pages:
    """Printed forms of which each begins where the one before it ends, two pages of one on one page."""
    found: list[Page] = []
    for pages in several:
        for page in pages.pages:
            if found and page is pages.pages[0]:
                last = found[-1]
                top = last.height or 0
                moved = tuple(lowered(block, top) for block in page.blocks)
                found[-1] = last.model_copy(update={"blocks": (*last.blocks, *moved), "height": 2 * top})
            else:
                found.append(page)
    return Pages(
        reader="pdf", pages=tuple(page.model_copy(update={"number": n}) for n, page in enumerate(found, 1))
    )


def lowered(block: Table | Line, by: float) -> Table | Line:
    """A block so much further down its page."""

    def move(one: Table | Line) -> Table | Line:
        box = one.box and one.box.model_copy(update={"y0": one.box.y0 + by, "y1": one.box.y1 + by})
        if isinstance(one, Line):
            return one.model_copy(update={"box": box})
        cells = tuple(
            cell.model_copy(
                update={
                    "box": cell.box
                    and cell.box.model_copy(update={"y0": cell.box.y0 + by, "y1": cell.box.y1 + by})
                }
            )
            for cell in one.cells
        )
        return one.model_copy(update={"box": box, "cells": cells})

    return move(block)


def test_a_form_that_begins_on_the_page_on_which_another_ends_is_cut_there(
    form: FormDefinition, records: list[Record]
) -> None:
    papers = [scanned(form, record) for record in records[:3]]
    found = [sheaf.pages for sheaf in split(Wording.of(running_on(*papers)), [form])]
    assert [[page.number for page in pages.pages] for pages in found] == [[1, 2], [2, 3], [3, 4]]
    tables = [[b for page in pages.pages for b in page.blocks if isinstance(b, Table)] for pages in found]
    assert [[len(t.cells) for t in ts] for ts in tables] == [
        [len(b.cells) for page in paper.pages for b in page.blocks if isinstance(b, Table)]
        for paper in papers
    ]
