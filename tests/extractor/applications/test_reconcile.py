"""The Word file gives the text, the paper the marks and the last word."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from extractor.applications.group import Application, Document
from extractor.applications.reconcile import United, unite
from extractor.weighing.decide import Decided, decide
from models.fields import Seal
from models.form import FormDefinition
from models.record import Record
from tests.extractor.papers import Misread, document, scanned, stamped, typed
from tests.records import random_record

Forms = Mapping[str, FormDefinition]


@pytest.fixture
def form(forms: Forms) -> FormDefinition:
    return forms["pilot-application"]


@pytest.fixture
def record(form: FormDefinition) -> Record:
    return random_record(form, 1)


def changed(record: Record, **values: Any) -> Record:
    return record.model_copy(update={"values": {**record.values, **values}})


def united(form: FormDefinition, *documents: Document) -> tuple[United, Decided]:
    one = unite(Application(documents))
    return one, decide(form, one.observations, one.findings)


def twins(form: FormDefinition, word: Record, paper: Record, misread: Misread | None = None) -> Decided:
    scan = document(form, scanned(form, paper, misread), 2, "b.pdf")
    return united(form, document(form, typed(form, word), 1, "a.docx"), scan)[1]


def codes(decided: Decided, field: str) -> set[str]:
    return {finding.code for finding in decided.findings if finding.field == field}


@pytest.mark.parametrize("name", ["pilot-application", "enterprise-filing"])
def test_two_files_that_say_the_same_vouch_for_each_other(name: str, forms: Forms) -> None:
    form = forms[name]
    record = random_record(form, 1)
    decided = twins(form, record, record)
    unmarked = [name for name, field in form.fields.items() if field.kind not in ("seal", "signature")]
    assert [name for name in unmarked if decided.fields[name].decision != "accept"] == []
    assert [name for name in unmarked if decided.fields[name].value != record.values[name]] == []
    assert all(
        {one.part for one in decided.fields[name].evidence} == {"a.docx", "b.pdf"} for name in unmarked
    )


def test_what_was_misread_for_the_typed_character_is_taken_from_the_word_file(
    form: FormDefinition, record: Record
) -> None:
    record = changed(record, organization="武汉花山管理办公室")
    decided = twins(form, record, record, {"公": ("工", 0.97, (("公", 0.02),))})
    assert decided.fields["organization"].value == "武汉花山管理办公室"
    assert decided.fields["organization"].decision == "accept"


@pytest.mark.parametrize(("field", "typed_value", "paper_value"), [
    ("phone", "027-85807053", "027-85807058"),
    ("email", "bgs17@example.com", "bgs77@example.com"),
    ("leader", "赵安澜", "赵安海"),
    ("overview", "占地面积约12.6万平方米，现有职工350人。", "占地面积约12.6万平方米，现有职工380人。"),
    ("overview", "占地面积约12.6万平方米，现有职工350人。", "占地面积约126万平方米，现有职工350人。"),
    ("pledge_date", date(2021, 2, 4), date(2021, 2, 5)),
    ("types", ("园区",), ("校园",)),
])  # fmt: skip
def test_where_the_paper_says_otherwise_a_person_sees_both(
    field: str, typed_value: Any, paper_value: Any, form: FormDefinition, record: Record
) -> None:
    decided = twins(form, changed(record, **{field: typed_value}), changed(record, **{field: paper_value}))
    result = decided.fields[field]
    assert (result.value, result.decision) == (paper_value, "review"), "the paper has the last word"
    assert typed_value in result.alternatives
    assert codes(decided, field) == {"twin-disagrees"}
    assert {one.part for one in result.evidence} == {"a.docx", "b.pdf"}
    rest = {name for name, one in decided.fields.items() if one.decision == "review"}
    assert {name for name in rest if form.fields[name].kind not in ("seal", "signature")} == {field}


def test_a_figure_is_never_explained_away(form: FormDefinition, record: Record) -> None:
    record = changed(record, tasks="计划总投资3200万元。")
    decided = twins(form, record, record, {"3": ("8", 0.5, (("3", 0.45),))})
    assert decided.fields["tasks"].decision == "review"


def test_what_was_written_only_on_paper_stands_by_itself(form: FormDefinition, record: Record) -> None:
    decided = twins(form, changed(record, pledge_date=None), record)
    assert decided.fields["pledge_date"].value == record.values["pledge_date"]
    assert codes(decided, "pledge_date") == set()


def test_what_is_gone_from_the_paper_goes_to_a_person(form: FormDefinition, record: Record) -> None:
    decided = twins(form, record, changed(record, contact=None))
    assert decided.fields["contact"].decision == "review"
    assert "twin-disagrees" in codes(decided, "contact")


def test_the_seal_on_paper_counts_and_a_typed_one_is_forgotten(form: FormDefinition, record: Record) -> None:
    name = str(record.values["organization"])
    word = document(
        form, typed(form, changed(record, pledge_seal=Seal(present=True, text=name))), 1, "a.docx"
    )
    paper = document(form, stamped(scanned(form, record), "申报单位（盖章）", name), 2, "b.pdf")
    _, decided = united(form, word, paper)
    assert decided.fields["pledge_seal"].value == Seal(present=True, text=name, agrees=True)
    assert not {"seal-typed", "seal-missing"} & codes(decided, "pledge_seal")
    assert decided.fields["pledge_seal"].decision == "accept"
    assert {one.part for one in decided.fields["pledge_seal"].evidence} == {"b.pdf"}


def test_the_stamped_page_alone_gives_its_seal_to_the_word_file(form: FormDefinition, record: Record) -> None:
    name = str(record.values["organization"])
    paper = document(form, stamped(scanned(form, record), "申报单位（盖章）", name), 2, "b.pdf")
    kept = tuple(one for one in paper.observations if form.fields[one.field].kind in ("seal", "signature"))
    page = Document(2, ("b.pdf",), form, None, True, kept, is_whole=False)
    _, decided = united(form, document(form, typed(form, record), 1, "a.docx"), page)
    assert decided.fields["pledge_seal"].value.agrees is True
    assert decided.fields["organization"].decision == "accept"


def test_pages_that_came_in_a_file_each_go_to_a_person(form: FormDefinition, record: Record) -> None:
    name = str(record.values["organization"])
    paper = document(form, stamped(scanned(form, record), "申报单位（盖章）", name), 2, "2.pdf")
    last = tuple(one for one in paper.observations if form.fields[one.field].kind in ("seal", "signature"))
    first = tuple(one for one in paper.observations if one not in last)
    pages = [
        Document(1, ("1.pdf",), form, None, True, first),
        Document(2, ("2.pdf",), form, None, True, last, is_whole=False),
    ]
    one, decided = united(form, *pages)
    assert decided.fields["pledge_seal"].value.present
    assert decided.fields["overview"].value == record.values["overview"]
    assert "pages-apart" in {finding.code for finding in one.findings}
    assert {result.decision for result in decided.fields.values()} == {"review"}


def test_a_field_that_a_whole_scan_does_not_show_goes_to_a_person(
    form: FormDefinition, record: Record
) -> None:
    paper = document(form, scanned(form, record), 2, "b.pdf")
    rest = tuple(one for one in paper.observations if not one.field.startswith("recommend"))
    cut = Document(2, ("b.pdf",), form, None, True, rest)
    _, decided = united(form, document(form, typed(form, record), 1, "a.docx"), cut)
    assert decided.fields["recommend_seal"].decision == "review"
    assert decided.fields["recommend_opinion"].decision == "review"


def test_the_same_form_again_is_a_duplicate(form: FormDefinition, record: Record) -> None:
    words = [document(form, typed(form, record), number, f"{number}.docx") for number in (1, 2)]
    one, decided = united(form, *words)
    assert one.duplicates == ("2.docx",)
    assert [finding.code for finding in one.findings] == ["part-duplicate"]
    assert decided.fields["organization"].decision == "accept"


def test_a_corrected_version_shows_both_values_of_what_differs(form: FormDefinition, record: Record) -> None:
    second = changed(record, phone="027-85807058", contact="沈嘉禾")
    words = [
        document(form, typed(form, one), number, f"{number}.docx")
        for number, one in enumerate([record, second], 1)
    ]
    one, decided = united(form, *words)
    assert "part-version" in {finding.code for finding in one.findings}
    differ = {name for name, result in decided.fields.items() if "versions-disagree" in codes(decided, name)}
    assert differ == {"phone", "contact"}
    assert decided.fields["contact"].alternatives == ("沈嘉禾",)
    assert decided.fields["contact"].decision == "review"


def test_of_two_versions_the_one_that_was_printed_leads(form: FormDefinition, record: Record) -> None:
    second = changed(record, contact="沈嘉禾")
    words = [
        document(form, typed(form, one), number, f"{number}.docx")
        for number, one in enumerate([record, second], 1)
    ]
    _, decided = united(form, *words, document(form, scanned(form, second), 3, "3.pdf"))
    assert decided.fields["contact"].value == "沈嘉禾"
    assert decided.fields["contact"].alternatives == (record.values["contact"],)
    assert decided.fields["contact"].decision == "review"
