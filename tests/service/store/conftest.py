from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractor import Options, Source
from service.forms.definitions import load_forms
from service.processes.pool import read_submission
from service.store.database import Database
from tests.service.databases import postgresql, sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with sqlite(tmp_path) if request.param == "sqlite" else postgresql() as opened:
        yield opened


@pytest.fixture(scope="module")
def line() -> dict[str, Any]:
    (read,) = read_submission(
        Source.at(Path(__file__).parents[3] / "fixtures/inbox/A01_lit_ballot_check.docx"),
        load_forms(),
        Options(),
    )
    # A value that a person must look at, whatever the reader learns to be sure of.
    read["fields"]["email"]["decision"] = "review"
    read["status"] = "review"
    return read
