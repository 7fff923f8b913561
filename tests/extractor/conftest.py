"""Printed forms for the tests of which pages and files belong together; each module says with which
`records`."""

from collections.abc import Mapping

import pytest

from models.form import FormDefinition
from models.page import Pages
from models.record import Record
from tests.extractor.papers import scanned, stamped


@pytest.fixture(scope="module")
def form(forms: Mapping[str, FormDefinition]) -> FormDefinition:
    return forms["pilot-application"]


@pytest.fixture(scope="module")
def papers(form: FormDefinition, records: list[Record]) -> list[Pages]:
    """Forms of two pages, on none of which stands whose second page it is."""
    several = [scanned(form, record) for record in records]
    assert {len(paper.pages) for paper in several} == {2}
    return several


@pytest.fixture(scope="module")
def sealed(papers: list[Pages], records: list[Record]) -> list[Pages]:
    """The same with seals."""
    return [
        stamped(paper, "申报单位（盖章）", str(one.values["organization"]))
        for paper, one in zip(papers, records, strict=True)
    ]
