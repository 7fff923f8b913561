from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.database import Database
from tests.service.databases import postgresql, sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with sqlite(tmp_path) if request.param == "sqlite" else postgresql() as opened:
        yield opened
