"""Which form pages show, and in which order they show it."""

from collections.abc import Mapping
from itertools import permutations

import pytest

from extractor.applications.recognise import recognise
from models.form import FormDefinition
from models.page import Pages
from models.record import Observation
from tests.extractor.papers import ordered, scanned, typed
from tests.records import random_record


def _laid(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The forms that are laid over pages from now on."""
    found: list[str] = []
    module = recognise.__globals__
    align = module["align"]
    monkeypatch.setitem(module, "align", lambda form, units: found.append(form.name) or align(form, units))
    return found


def _values(pages: Pages, forms: Mapping[str, FormDefinition]) -> dict[str, object]:
    (document,) = recognise(pages, "a.pdf", {}, forms, None)
    seen: tuple[Observation, ...] = document.observations
    return {one.field: one.value for one in seen}


def test_sheets_that_were_shuffled_say_what_they_say_in_order(
    form: FormDefinition, forms: Mapping[str, FormDefinition]
) -> None:
    pages = scanned(form, random_record(form, 3)).pages
    values = _values(ordered(list(pages)), forms)
    assert len(pages) > 1
    assert all(_values(ordered(list(order)), forms) == values for order in permutations(pages))


@pytest.mark.parametrize("read", [scanned, typed])
def test_a_form_is_laid_over_its_pages_once_where_these_lie_in_order(
    read, form: FormDefinition, forms: Mapping[str, FormDefinition], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = read(form, random_record(form, 3))
    laid = _laid(monkeypatch)
    recognise(pages, "a.pdf", {}, forms, None)
    assert laid.count(form.name) == 1
    assert len(laid) <= len(forms)
