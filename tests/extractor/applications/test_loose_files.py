"""Forms that were sent a page a file: put together where something tells whose the pages are, and else left
apart and told."""

import io
import random
from collections.abc import Mapping
from itertools import count, islice
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from pypdf import PdfReader, PdfWriter

from extractor import Source, extract
from extractor.applications.loose_files import Loose, gather, together
from generator import generate, new_identity
from models.form import FormDefinition
from models.identity import Identity
from models.page import Line, Page, Pages, Run, Table
from models.record import Record, Result
from models.writing import key
from tests.extractor.papers import scanned
from tests.extractor.pdfs import saved, typeset
from tests.records import random_record

Forms = Mapping[str, FormDefinition]


@pytest.fixture(scope="module")
def records(form: FormDefinition) -> list[Record]:
    """Three units with names by which a page can be told."""
    several = (random_record(form, seed) for seed in count(21))
    return list(islice((one for one in several if len(str(one.values.get("organization"))) > 6), 3))


def loose(names: str, *pages: Page, reader: str = "scan", identity: Identity | None = None) -> list[Loose]:
    """Each page as a file of its own, called as `names` says."""
    made = (
        Pages.model_validate({"reader": reader, "pages": (page.model_copy(update={"number": 1}),)})
        for page in pages
    )
    return [
        Loose(name, one.model_copy(update={"identity": identity}))
        for name, one in zip(names.split(), made, strict=True)
    ]


def bundled(files: list[Loose], form: FormDefinition) -> list[tuple[str, bool]]:
    """The names of the files of each bundle, and whether it is in doubt."""
    return [(" ".join(files[n].name for n in one.files), bool(one.told)) for one in gather(files, [form])[0]]


def test_pages_that_are_numbered_on_are_one_application(form: FormDefinition, papers: list[Pages]) -> None:
    one, two = papers[0].pages
    assert bundled(loose("1.pdf 2.pdf", one, two), form) == [("1.pdf 2.pdf", False)]
    assert bundled(loose("1.pdf 2.pdf", two, one), form) == [("2.pdf 1.pdf", False)], (
        "from the last page to the first"
    )
    assert bundled(loose("2021年表-9.pdf 2021年表-10.pdf", one, two), form) == [
        ("2021年表-9.pdf 2021年表-10.pdf", False)
    ]
    assert bundled(loose("20210205101500.pdf 20210205101730.pdf", one, two), form) != [], (
        "by the time at which they were scanned"
    )


def test_pages_of_two_units_that_are_numbered_on_are_two_applications(
    form: FormDefinition, papers: list[Pages]
) -> None:
    pages = [*papers[0].pages, *papers[1].pages]
    assert bundled(loose("1.pdf 2.pdf 3.pdf 4.pdf", *pages), form) == [
        ("1.pdf 2.pdf", False),
        ("3.pdf 4.pdf", False),
    ]
    assert bundled(loose("乙1.pdf 乙2.pdf 甲1.pdf 甲2.pdf", *pages), form) == [
        ("乙1.pdf 乙2.pdf", False),
        ("甲1.pdf 甲2.pdf", False),
    ]


def test_what_nothing_tells_stays_apart_and_puts_those_that_may_lack_it_in_doubt(
    form: FormDefinition, papers: list[Pages]
) -> None:
    (a1, a2), (b1, b2) = papers[0].pages, papers[1].pages
    for names, pages in (
        ("1.pdf 2.pdf 3.pdf 4.pdf", (a1, b1, a2, b2)),
        ("1.pdf 2.pdf 3.pdf", (a1, a2, b1)),
        ("a.pdf b.pdf c.pdf d.pdf", (a1, b2, b1, a2)),
        ("首页.pdf 盖章页.pdf", (a1, a2)),
        ("1.pdf 3.pdf", (a1, a2)),
    ):
        files = loose(names, *pages)
        heads = [names.split()[n] for n, page in enumerate(pages) if page in (a1, b1)]
        assert bundled(files, form) == [(head, True) for head in heads], names
        assert [pages[n] for n in sorted(gather(files, [form])[1])] == [
            page for page in pages if page in (a2, b2)
        ]


def test_seals_tell_whose_the_pages_are_whatever_they_are_called(
    form: FormDefinition, sealed: list[Pages]
) -> None:
    pages = [page for paper in sealed for page in paper.pages]
    order = list(range(6))
    random.Random(5).shuffle(order)
    files = loose("k.pdf q.pdf a.pdf z.pdf b.pdf m.pdf", *(pages[n] for n in order))
    found, left = gather(files, [form])
    assert sorted(tuple(order[n] for n in one.files) for one in found) == [(0, 1), (2, 3), (4, 5)]
    assert left == set()
    assert not any(one.told for one in found)


def test_another_units_seal_speaks_louder_than_the_names_of_files(
    form: FormDefinition, sealed: list[Pages]
) -> None:
    files = loose("1.pdf 2.pdf", sealed[0].pages[0], sealed[1].pages[1])
    assert bundled(files, form) == [("1.pdf", True)]


def test_our_numbers_tell_whose_the_pages_are(form: FormDefinition, records: list[Record]) -> None:
    one, two = (scanned(form, record, identity=new_identity(form)) for record in records[:2])
    files = loose("1.pdf 2.pdf 3.pdf 4.pdf", one.pages[0], two.pages[1], two.pages[0], one.pages[1])
    assert bundled(files, form) == [("1.pdf 4.pdf", False), ("3.pdf 2.pdf", False)]


def test_a_second_copy_of_a_page_is_told_and_not_mixed_in(form: FormDefinition, papers: list[Pages]) -> None:
    (a1, a2), (_, b2) = papers[0].pages, papers[1].pages
    assert bundled(loose("1.pdf 2.pdf 3.pdf", a1, a2, b2), form) == [("1.pdf", True)]


def without_labels(page: Page) -> Page:
    """A page on which a long answer runs on and nothing else stands."""
    (table,) = [block for block in page.blocks if isinstance(block, Table)][:1]
    cell = max(table.cells, key=lambda cell: len(cell.text))
    said = cell.model_copy(
        update={"lines": (Line(spans=(Run(text="继续推进各项任务。" * 20),), box=cell.box),), "row": 0}
    )
    return page.model_copy(update={"blocks": (table.model_copy(update={"cells": (said,)}),)})


def test_a_page_in_the_middle_of_a_long_answer_goes_with_those_it_is_numbered_among(
    form: FormDefinition, papers: list[Pages]
) -> None:
    one, two = papers[0].pages
    middle = without_labels(one)
    assert bundled(loose("1.pdf 2.pdf 3.pdf", one, middle, two), form) == [("1.pdf 2.pdf 3.pdf", False)]
    assert bundled(loose("1.pdf 2.pdf 3.pdf", one, two, middle), form) == [("1.pdf 2.pdf", False)], "an annex"


def test_a_page_that_may_stand_between_others_puts_them_in_doubt(
    form: FormDefinition, sealed: list[Pages]
) -> None:
    one, two = sealed[0].pages
    assert bundled(loose("k.pdf a.pdf m.pdf", one, without_labels(one), two), form) == [("k.pdf m.pdf", True)]


def test_digital_pages_and_scanned_ones_are_not_laid_together(
    form: FormDefinition, sealed: list[Pages]
) -> None:
    one, two = sealed[0].pages
    assert bundled([*loose("1.pdf", one, reader="pdf"), *loose("2.pdf", two)], form) == [("1.pdf", True)]


def test_pages_of_several_files_are_numbered_anew(papers: list[Pages]) -> None:
    pages = together(loose("a.pdf b.pdf", *papers[0].pages))
    assert [page.number for page in pages.pages] == [1, 2]
    tables = [block.index for page in pages.pages for block in page.blocks if isinstance(block, Table)]
    assert tables == list(range(len(tables)))


# -- whole submissions


@pytest.fixture
def without_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.readers.pdf.reader.read_codes", lambda picture: ())


def single(data: bytes) -> list[bytes]:
    """Each page of a PDF as a file."""
    found = []
    for page in PdfReader(io.BytesIO(data)).pages:
        writer = PdfWriter()
        writer.add_page(page)
        found.append(saved(writer))
    return found


def printed(form: FormDefinition, record: Record) -> list[bytes]:
    return single(generate(form, "pdf-flat", new_identity(form), record).data)


def results_of(folder: Path, forms: Forms, files: Mapping[str, bytes]) -> list[Result]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return extract(Source.at(folder, "s"), forms)


def wrong(result: Result, record: Record) -> set[str]:
    """The fields that do not say what the record says, marks aside."""
    assert result.form is not None
    got, want = result.record().to_json(result.form), record.to_json(result.form)
    marks = {name for name, field in result.form.fields.items() if field.kind in ("seal", "signature")}
    return {name for name in want if key(str(got[name])) != key(str(want[name]))} - marks


@pytest.mark.usefixtures("without_codes")
@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_two_forms_sent_a_page_a_file_are_read_whole(name: str, tmp_path: Path, forms: Forms) -> None:
    form = forms[name]
    records = [random_record(form, seed) for seed in (3, 4)]
    pages = [page for record in records for page in printed(form, record)]
    results = results_of(tmp_path, forms, {f"{n}.pdf": page for n, page in enumerate(pages, 1)})
    assert [wrong(result, record) for result, record in zip(results, records, strict=True)] == [set(), set()]
    assert not {"pages-apart", "pages-alone", "part-version"} & {
        f.code for result in results for f in result.findings
    }
    for result in results:
        mine = {part.name for part in result.parts if result.application in part.applications}
        assert {one.part for field in result.fields.values() for one in field.evidence} == mine
        assert {one.page for field in result.fields.values() for one in field.evidence} == {1}
        assert [len(part.pages) for part in result.parts] == [1] * len(pages)


@pytest.mark.usefixtures("without_codes")
def test_pages_that_can_not_be_told_apart_are_named_and_nothing_is_accepted(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    (a1, a2), (b1, b2) = (printed(form, record) for record in records[:2])
    results = results_of(tmp_path, forms, {"a.pdf": a1, "b.pdf": b2, "c.pdf": b1, "d.pdf": a2})
    read, alone = results[:2], results[2:]
    assert [result.fields["organization"].value for result in read] == [
        one.values["organization"] for one in records[:2]
    ]
    assert {field.decision for result in results for field in result.fields.values()} == {"review"}
    assert [(part.name, part.state, part.applications) for part in results[0].parts] == [
        ("a.pdf", "read", (1,)), ("b.pdf", "not-a-form", (3,)), ("c.pdf", "read", (2,)),
        ("d.pdf", "not-a-form", (4,)),
    ]  # fmt: skip
    assert [result.error and result.error.code for result in alone] == ["lone-pages"] * 2
    assert all("pages-apart" in {finding.code for finding in result.findings} for result in read)


@pytest.mark.usefixtures("without_codes")
def test_a_page_of_another_kind_among_them_stays_what_it_is(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    pages = printed(form, records[0])
    notice = typeset("关于报送申请材料的通知 #table(columns: 2, [时间], [三月一日], [地点], [二楼会议室])")
    blank = generate(form, "pdf-flat", new_identity(form)).data
    results = results_of(
        tmp_path, forms, {"1.pdf": pages[0], "2.pdf": pages[1], "空表.pdf": blank, "通知.pdf": notice}
    )
    assert [wrong(result, records[0]) for result in results] == [set()]
    assert {(part.name, part.state, part.applications) for part in results[0].parts} == {
        ("1.pdf", "read", (1,)), ("2.pdf", "read", (1,)), ("空表.pdf", "read", ()),
        ("通知.pdf", "not-a-form", ()),
    }  # fmt: skip
    assert {"form-blank", "part-not-form"} <= {finding.code for finding in results[0].findings}
    assert {field.decision for field in results[0].fields.values()} != {"review"}


def test_scans_of_single_pages_in_files_of_their_own_are_one_application(
    tmp_path: Path, forms: Forms, form: FormDefinition, records: list[Record]
) -> None:
    files = {}
    for number, page in enumerate(
        pdfium.PdfDocument(generate(form, "pdf-flat", new_identity(form), records[0]).data), 1
    ):
        stream = io.BytesIO()
        page.render(scale=200 / 72).to_pil().convert("RGB").save(stream, "PDF", resolution=200)
        files[f"{number}.pdf"] = stream.getvalue()
    (result,) = results_of(tmp_path, forms, files)
    assert {name for name in wrong(result, records[0]) if result.fields[name].decision == "accept"} == set()
    assert [(part.state, part.applications) for part in result.parts] == [("read", (1,)), ("read", (1,))]
    assert {one.part for field in result.fields.values() for one in field.evidence} == {"1.pdf", "2.pdf"}
