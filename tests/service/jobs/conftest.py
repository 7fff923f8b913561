from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.databases import postgresql, sqlite
from tests.service.jobs.office import Office


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with sqlite(tmp_path) if request.param == "sqlite" else postgresql() as database:
        office = Office(database, tmp_path)
        try:
            yield office
        finally:
            office.close()
