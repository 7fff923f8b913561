"""Which documents are one application: by instance, name and content, never by luck."""

import random
from collections.abc import Mapping
from typing import Any

import pytest

from extractor.applications.group import Document, group, relate
from generator import new_identity
from models.form import FormDefinition
from models.record import Record
from tests.extractor.papers import document, scanned, stamped, typed
from tests.records import random_record

Forms = Mapping[str, FormDefinition]


@pytest.fixture
def form(forms: Forms) -> FormDefinition:
    return forms["pilot-application"]


def changed(record: Record, **values: Any) -> Record:
    return record.model_copy(update={"values": {**record.values, **values}})


def grouped(documents: list[Document]) -> set[frozenset[str]]:
    return {
        frozenset(name for one in application.documents for name in one.names)
        for application in group(documents)
    }


def told(documents: list[Document]) -> list[str]:
    return [finding.code for application in group(documents) for finding in application.findings]


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_a_word_file_and_the_scan_of_it_are_one_application(name: str, forms: Forms) -> None:
    form = forms[name]
    record = random_record(form, 1)
    files = [
        document(form, typed(form, record), 1, "a.docx"),
        document(form, scanned(form, record), 2, "1.jpg"),
    ]
    assert grouped(files) == {frozenset({"a.docx", "1.jpg"})}
    assert told(files) == ["part-joined"]


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_a_word_file_and_the_scan_of_another_are_two(name: str, forms: Forms) -> None:
    form = forms[name]
    files = [
        document(form, typed(form, random_record(form, 1)), 1, "甲.docx"),
        document(form, scanned(form, random_record(form, 2)), 2, "甲.jpg"),
    ]
    assert len(group(files)) == 2


def test_five_units_in_word_and_on_paper_are_five_whatever_the_files_are_called(form: FormDefinition) -> None:
    records = {unit: random_record(form, unit) for unit in range(10, 15)}
    papers = [(unit, scanned(form, record)) for unit, record in records.items()]
    both = [(unit, typed(form, record)) for unit, record in records.items()] + papers
    random.Random(3).shuffle(both)
    files = [document(form, pages, number, f"IMG_{number}.x") for number, (_, pages) in enumerate(both, 1)]
    units = {file.names[0]: unit for file, (unit, _) in zip(files, both, strict=True)}
    applications = group(files)
    assert [len(application.documents) for application in applications] == [2] * 5
    assert all(
        len({units[one.names[0]] for one in application.documents}) == 1 for application in applications
    )
    firsts = [application.documents[0].number for application in applications]
    assert firsts == sorted(firsts), "applications stand in the order of their first parts"


def test_the_order_of_the_files_changes_nothing(form: FormDefinition) -> None:
    records = [random_record(form, seed) for seed in (1, 2, 3)]
    pages = [read(form, record) for record in records for read in (typed, scanned)]
    found = set()
    for seed in range(6):
        order = random.Random(seed).sample(range(len(pages)), len(pages))
        files = [document(form, pages[n], number, f"{n}.x") for number, n in enumerate(order, 1)]
        found.add(frozenset(grouped(files)))
    assert len(found) == 1


def test_names_that_are_nearly_the_same_are_never_joined(form: FormDefinition) -> None:
    record = random_record(form, 1)
    one = changed(record, organization="武汉云栖科技股份有限公司")
    other = changed(random_record(form, 2), organization="武汉云栖水务集团有限公司")
    files = [
        document(form, typed(form, one), 1, "云栖.docx"),
        document(form, scanned(form, other), 2, "云栖（盖章）.pdf"),
    ]  # fmt: skip
    assert len(group(files)) == 2
    alike = changed(record, organization="武汉云栖水务集团有限公司")
    files = [
        document(form, typed(form, one), 1, "云栖.docx"),
        document(form, scanned(form, alike), 2, "云栖（盖章）.pdf"),
    ]
    assert len(group(files)) == 2, "even where all else is the same"
    assert set(told(files)) == {"part-unsure"}


def test_a_name_that_was_misread_still_joins(form: FormDefinition) -> None:
    record = changed(random_record(form, 1), organization="武汉花山管理办公室")
    paper = scanned(form, record, {"公": ("工", 0.99, (("公", 0.009),))})
    assert (
        len(group([document(form, typed(form, record), 1, "a.docx"), document(form, paper, 2, "b.jpg")])) == 1
    )


def test_a_unit_with_two_projects_makes_two_applications_and_a_person_is_told(form: FormDefinition) -> None:
    one = random_record(form, 1)
    other = changed(random_record(form, 2), organization=one.values["organization"])
    files = [
        document(form, typed(form, record), number, f"{number}.docx")
        for number, record in enumerate([one, other], 1)
    ]
    assert len(group(files)) == 2
    assert told(files) == ["part-unsure", "part-unsure"]


def test_our_number_joins_and_another_number_parts(form: FormDefinition) -> None:
    record, ours = random_record(form, 1), new_identity(form)
    paper = scanned(form, record, identity=ours)
    word = typed(form, record)
    same = document(form, word.model_copy(update={"identity": ours}), 1, "a.docx")
    other = document(form, word.model_copy(update={"identity": new_identity(form)}), 1, "a.docx")
    assert relate(same, document(form, paper, 2, "b.pdf")).verdict == "one"
    assert len(group([other, document(form, paper, 2, "b.pdf")])) == 2
    assert set(told([other, document(form, paper, 2, "b.pdf")])) == {"part-unsure"}, (
        "the same unit with the same content"
    )


def test_units_that_filled_in_copies_of_one_blank_are_not_joined_by_its_number(form: FormDefinition) -> None:
    ours = new_identity(form)
    files = [
        document(
            form,
            typed(form, random_record(form, seed)).model_copy(update={"identity": ours}),
            seed,
            f"{seed}.docx",
        )
        for seed in (1, 2, 3)
    ]
    assert len(group(files)) == 3


def stamp_page(form: FormDefinition, record: Record, number: int) -> Document:
    """What a page with nothing but the seal says."""
    page = stamped(scanned(form, record), "申报单位（盖章）", str(record.values["organization"]))
    seals = [
        one for one in document(form, page, number, "盖章页.jpg").observations if one.field == "pledge_seal"
    ]
    assert seals[0].value.present
    return Document(number, ("盖章页.jpg",), form, None, True, tuple(seals), is_whole=False)


def test_the_stamped_page_alone_goes_with_the_form_whose_name_it_bears(form: FormDefinition) -> None:
    records = [random_record(form, seed) for seed in (1, 2)]
    words = [
        document(form, typed(form, record), number, f"{number}.docx")
        for number, record in enumerate(records, 1)
    ]
    alone = stamp_page(form, records[1], 3)
    assert frozenset({"2.docx", "盖章页.jpg"}) in grouped([*words, alone])
    assert grouped([alone]) == set(), "by itself it is no application"


def test_a_stamped_page_that_goes_with_either_of_two_goes_with_none(form: FormDefinition) -> None:
    record = random_record(form, 1)
    second = changed(random_record(form, 2), organization=record.values["organization"])
    words = [
        document(form, typed(form, one), number, f"{number}.docx")
        for number, one in enumerate([record, second], 1)
    ]
    files = [*words, stamp_page(form, record, 3)]
    assert grouped(files) == {frozenset({"1.docx"}), frozenset({"2.docx"})}
    assert "part-unsure" in told(files)
