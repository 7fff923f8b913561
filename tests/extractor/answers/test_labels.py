"""Labels sought once, and a form laid over units in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.answers import labels, units
from extractor.answers.labels import align, closest, most
from extractor.answers.units import Wording
from models.page import Cell, Line, Page, Pages, Run, Table


def _pages(*texts):
    """A page for each text, with it in a cell."""
    pages = []
    for number, text in enumerate(texts, 1):
        cell = Cell(row=0, column=0, lines=(Line(spans=(Run(text=text),)),))
        pages.append(Page(number=number, blocks=(Table(index=number - 1, cells=(cell,)),)))
    return Pages(reader="scan", pages=tuple(pages))


@pytest.fixture(scope="module")
def printed(forms):
    """Of each form what its labels say."""
    return {name: [label.texts[0] for label in labels.labels_of(form)] for name, form in forms.items()}


def test_a_label_is_sought_once_in_a_unit_however_often_a_form_is_laid_over_it(forms, printed, monkeypatch):
    searched = []
    seek = units._hits
    monkeypatch.setattr(
        units, "_hits", lambda unit, sought: searched.append((id(unit), sought.texts)) or seek(unit, sought)
    )
    form = next(iter(forms.values()))
    wording = Wording.of(_pages(*printed[form.name][:4]))
    for places in ((0, 1, 2, 3), (3, 2, 1, 0)):
        align(form, wording.in_order(places).units)
    assert len(searched) == len(set(searched)) > 0


@given(data=st.data())
def test_no_order_of_pages_scores_more_than_the_most(data, forms, printed):
    form = data.draw(st.sampled_from(list(forms.values())))
    texts = data.draw(st.lists(st.sampled_from([*printed[form.name], "无", "其他"]), min_size=1, max_size=12))
    wording = Wording.of(_pages(*texts))
    order = data.draw(st.permutations(range(len(texts))))
    assert align(form, wording.in_order(order).units).score <= most(form, wording.units)


@given(data=st.data())
def test_the_closest_form_is_the_first_of_those_that_score_most(data, forms, printed):
    words = [text for texts in printed.values() for text in texts]
    texts = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=12))
    units = Wording.of(_pages(*texts)).units
    every = list(forms.values())
    best = max((align(form, units) for form in every), key=lambda alignment: alignment.score)
    found = closest(every, units)
    assert found.form is best.form
    assert found.found == best.found


def test_labels_are_told_once_and_name_the_cells_of_their_own_form(forms):
    """A form that was loaded anew says the same, but its cells are others."""
    form = next(iter(forms.values()))
    again = form.model_copy(deep=True)
    assert labels.labels_of(form) is labels.labels_of(form)
    own = {id(cell) for row in again.rows for cell in row.cells}
    assert again == form
    assert {id(label.cell) for label in labels.labels_of(again)} <= own
