"""A code on the paper and the print beside it: where both say the same it is the value, where somebody
altered the print a person sees both, and a code of another copy is not believed."""

from typing import Any

import pytest

from extractor import rungs
from extractor.answers.coded import with_coded
from models.coded import encode
from models.findings import Finding
from models.identity import Identity
from models.page import Page, Pages, Run
from models.record import Observation
from service.forms.definitions import load_forms
from tests.records import random_record

FORM = load_forms()["pilot-application"]
COPY = Identity(form=FORM.name, version=FORM.version, instance="7KX2M")
VALUES = random_record(FORM, 5).values
PHONE = next(name for name, field in FORM.fields.items() if field.kind == "phone")
NAME = FORM.applicant[0]
LONG = next(name for name, field in FORM.fields.items() if field.is_prose)


def _page(code: str | None = None, identity: Identity | None = COPY) -> Pages:
    page = Page(number=2, coded=code or encode(FORM, COPY, VALUES), identity=identity)
    return Pages(reader="scan", pages=(Page(number=1), page), identity=identity)


def _seen(name: str, value: Any, confidence: float = 0.6, rivals: str = "") -> Observation:
    """What was read of the print, not surely."""
    shown = FORM.fields[name].format(value)
    others = ((rivals, 0.1),) if rivals else ()
    runs = tuple(Run(text=char, confidence=confidence, others=others) for char in shown)
    return Observation(
        field=name, value=value, raw=shown, source="ocr", confidence=confidence, signs={"least": confidence},
        readings=(runs,),
    )  # fmt: skip


def _beside(name: str, value: Any, **more: Any) -> Observation:
    (found,), _ = with_coded(FORM, _page(), [_seen(name, value, **more)])
    return found


def test_what_code_and_print_both_say_needs_nobody() -> None:
    found = _beside(NAME, VALUES[NAME])
    assert (found.value, found.source, found.doubts) == (VALUES[NAME], "twin", ())
    assert found.confidence >= rungs.ACCEPTED
    assert not found.signs


@pytest.mark.parametrize("name", [NAME, LONG])
def test_a_doubt_of_the_place_is_settled_by_a_code_that_says_the_same_and_one_of_the_ink_is_not(
    name: str,
) -> None:
    doubts = tuple(Finding.of(code, name, title="", text="") for code in ("text-foreign", "ink-unread"))
    seen = _seen(name, VALUES[name]).model_copy(update={"doubts": doubts})
    (found,), _ = with_coded(FORM, _page(), [seen])
    assert [doubt.code for doubt in found.doubts] == ["ink-unread"]


def test_a_doubt_of_the_place_stays_where_another_field_says_the_same() -> None:
    other = next(
        name
        for name, field in FORM.fields.items()
        if name != NAME and field.kind == FORM.fields[NAME].kind and not field.is_prose
    )
    doubts = (Finding.of("place-unsure", NAME, title=""),)
    seen = _seen(NAME, VALUES[NAME]).model_copy(update={"doubts": doubts})
    code = encode(FORM, COPY, {**VALUES, other: VALUES[NAME]})
    (found,), _ = with_coded(FORM, _page(code), [seen])
    assert [doubt.code for doubt in found.doubts] == ["place-unsure"]


def test_a_character_that_was_read_unsurely_is_the_codes() -> None:
    right = str(VALUES[NAME])
    found = _beside(NAME, right[:-1] + "口", confidence=0.9, rivals=right[-1])
    assert (found.value, found.source) == (right, "twin")


def test_a_number_that_was_altered_after_printing_is_the_papers_and_both_are_shown() -> None:
    right = str(VALUES[PHONE])
    altered = right[:-1] + ("3" if right[-1] == "8" else "8")
    found = _beside(PHONE, altered, confidence=0.5, rivals=right[-1])
    assert (found.value, found.alternatives) == (altered, (VALUES[PHONE],))
    assert [doubt.code for doubt in found.doubts] == ["code-disagrees"]
    assert right in found.doubts[0].message


@pytest.mark.parametrize(
    ("print_", "wanted"), [("office1O@a.cn", "twin"), ("office7O@a.cn", "ocr"), ("office1Oa.cn", "ocr")]
)
def test_an_address_that_differs_only_in_what_print_hardly_tells_apart_is_the_codes(
    print_: str, wanted: str
) -> None:
    mail = next(name for name, field in FORM.fields.items() if field.kind == "email")
    code = encode(FORM, COPY, {mail: "officel0@a.cn"})
    (found,), _ = with_coded(FORM, _page(code), [_seen(mail, print_, confidence=0.99)])
    assert found.source == wanted
    assert found.value == ("officel0@a.cn" if wanted == "twin" else print_)


def test_what_is_not_in_the_print_is_not_believed() -> None:
    blank = Observation(field=NAME, value=None, raw="", source="ocr", confidence=0.9)
    (found,), _ = with_coded(FORM, _page(), [blank])
    assert (found.value, found.alternatives) == (None, (VALUES[NAME],))
    assert [doubt.code for doubt in found.doubts] == ["code-disagrees"]


def test_a_long_text_is_borne_out_by_its_checksum_or_goes_to_a_person_as_it_was() -> None:
    found = _beside(LONG, VALUES[LONG])
    assert (found.source, found.confidence >= rungs.ACCEPTED) == ("twin", True)
    # A checksum says nothing of punctuation, the words of a code do.
    assert (found.unweighed, _beside(NAME, VALUES[NAME]).unweighed) == (("punctuation",), ())
    altered = f"{VALUES[LONG]}另"
    found = _beside(LONG, altered, confidence=0.9999)
    assert (found.value, found.source, [doubt.code for doubt in found.doubts]) == (
        altered,
        "ocr",
        ["code-sum"],
    )


@pytest.mark.parametrize(
    "page",
    [
        _page(identity=COPY.model_copy(update={"instance": "9999"})),
        _page(code=f"{encode(FORM, COPY, VALUES)}0"),
        _page(code="SV1/OTHER/1/7KX2M/ABC"),
    ],
)
def test_a_code_of_another_copy_or_a_damaged_one_is_told_and_not_used(page: Pages) -> None:
    seen = _seen(NAME, VALUES[NAME])
    found, told = with_coded(FORM, page, [seen])
    assert found == [seen]
    assert [finding.code for finding in told] == ["code-foreign"]


def test_a_code_that_cannot_be_read_sends_the_whole_copy_to_a_person() -> None:
    pages = Pages(reader="scan", pages=(Page(number=1), Page(number=2, code_lost=True)), identity=COPY)
    (found,), told = with_coded(FORM, pages, [_seen(NAME, VALUES[NAME])])
    assert found.source == "ocr"
    assert [(one.code, one.field, one.is_doubt) for one in told] == [("code-unread", None, True)]
