"""Several forms in one file or one folder: which pages belong together, and in which order."""

import random
from collections.abc import Mapping

import pytest

from extractor.answers.units import Wording
from extractor.applications.mixed_pages import Sheaf, split
from generator import new_identity
from models.form import FormDefinition
from models.page import Pages
from models.record import Record
from tests.extractor.papers import joined, ordered, scanned
from tests.records import random_record

Forms = Mapping[str, FormDefinition]


@pytest.fixture(scope="module")
def records(form: FormDefinition) -> list[Record]:
    return [random_record(form, seed) for seed in range(20, 25)]


def blocks(sheaf: Sheaf) -> list[object]:
    """The pages of a sheaf by what is on them, in any order."""
    return sorted(id(page.blocks) for page in sheaf.pages.pages)


def together(*several: Pages) -> list[list[object]]:
    return [sorted(id(page.blocks) for page in paper.pages) for paper in several]


def test_five_forms_scanned_one_after_the_other_are_five(form: FormDefinition, papers: list[Pages]) -> None:
    sheaves = split(Wording.of(joined(*papers)), [form])
    assert [blocks(sheaf) for sheaf in sheaves] == together(*papers)
    assert [sheaf.unsure for sheaf in sheaves] == [()] * 5


def test_one_form_stays_one(form: FormDefinition, papers: list[Pages]) -> None:
    assert [sheaf.pages for sheaf in split(Wording.of(papers[0]), [form])] == [papers[0]]


def test_interleaved_pages_are_told_apart_by_the_seals_on_them(
    form: FormDefinition, sealed: list[Pages]
) -> None:
    pages = [sealed[0].pages[0], sealed[1].pages[0], sealed[1].pages[1], sealed[0].pages[1]]
    sheaves = split(Wording.of(ordered(pages)), [form])
    assert [blocks(sheaf) for sheaf in sheaves] == together(*sealed[:2])
    assert [sheaf.unsure for sheaf in sheaves] == [(), ()]


def test_the_pages_of_five_forms_in_any_order_are_told_apart_by_seals(
    form: FormDefinition, sealed: list[Pages]
) -> None:
    pages = [page for paper in sealed for page in paper.pages]
    random.Random(2).shuffle(pages)
    sheaves = split(Wording.of(ordered(pages)), [form])
    assert sorted(map(blocks, sheaves)) == sorted(together(*sealed))
    assert all(sheaf.unsure == () for sheaf in sheaves)


def test_pages_are_told_apart_by_our_number_on_them(form: FormDefinition, records: list[Record]) -> None:
    papers = [scanned(form, record, identity=new_identity(form)) for record in records[:2]]
    pages = [papers[0].pages[0], papers[1].pages[0], papers[1].pages[1], papers[0].pages[1]]
    sheaves = split(Wording.of(ordered(pages)), [form])
    assert [blocks(sheaf) for sheaf in sheaves] == together(*papers)
    assert [sheaf.pages.identity for sheaf in sheaves] == [paper.identity for paper in papers]


def test_interleaved_pages_that_nothing_tells_apart_go_to_a_person(
    form: FormDefinition, papers: list[Pages]
) -> None:
    pages = [papers[0].pages[0], papers[1].pages[0], papers[0].pages[1], papers[1].pages[1]]
    sheaves = split(Wording.of(ordered(pages)), [form])
    assert len(sheaves) == 2
    assert sorted(n for sheaf in sheaves for n in sheaf.unsure) == [3, 4]


def test_the_last_page_that_is_left_goes_with_the_form_that_lacks_it(
    form: FormDefinition, sealed: list[Pages], papers: list[Pages]
) -> None:
    pages = [sealed[0].pages[0], papers[1].pages[0], papers[1].pages[1], sealed[0].pages[1]]
    sheaves = split(Wording.of(ordered(pages)), [form])
    assert [len(sheaf.pages.pages) for sheaf in sheaves] == [2, 2]
    assert [blocks(sheaf) for sheaf in sheaves] == together(sealed[0], papers[1])
    assert all(sheaf.unsure == () for sheaf in sheaves)


def test_two_kinds_of_form_in_one_file_are_two(forms: Forms, papers: list[Pages]) -> None:
    other = forms["enterprise-filing"]
    filing = scanned(other, random_record(other, 1))
    sheaves = split(Wording.of(joined(papers[0], filing)), list(forms.values()))
    assert [blocks(sheaf) for sheaf in sheaves] == together(papers[0], filing)


def test_a_page_that_the_only_form_has_already_is_anothers(form: FormDefinition, sealed: list[Pages]) -> None:
    pages = ordered([sealed[0].pages[0], sealed[1].pages[1], sealed[0].pages[1]])
    (sheaf,) = split(Wording.of(pages), [form])
    assert blocks(sheaf) == sorted(id(page.blocks) for page in sealed[0].pages)
    assert sheaf.unsure == (2,), "and what becomes of it is a person's to say"


def test_of_two_last_pages_that_nothing_tells_apart_none_is_trusted(
    form: FormDefinition, papers: list[Pages]
) -> None:
    pages = ordered([papers[0].pages[0], papers[1].pages[1], papers[0].pages[1]])
    (sheaf,) = split(Wording.of(pages), [form])
    assert sheaf.unsure != ()
