from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.web.serving import Served, served


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running
