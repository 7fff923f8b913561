import importlib
import subprocess
import sys

import pytest

from models.on_demand import on_demand


@pytest.mark.parametrize("name", ["extractor", "extractor.arrival"])
def test_a_package_has_each_name_that_it_publishes(name: str) -> None:
    package = importlib.import_module(name)
    missing = [one for one in package.__all__ if not hasattr(package, one)]
    assert (missing, len(package.__all__) > 5) == ([], True)


def test_a_name_that_nobody_published_is_missing_as_in_any_package() -> None:
    with pytest.raises(AttributeError, match="'extractor' has no attribute 'nothing'"):
        on_demand("extractor", {"options": "Options"})("nothing")


@pytest.mark.parametrize(
    ("code", "unneeded"),
    [
        # What each process imports first, because it is the program that started it.
        ("import service.cli", {"typer", "pydantic", "extractor.pipeline"}),
        # What a run imports before its processes start to load, and all that it imports.
        ("import service.runs.batch", {"typer", "pydantic", "extractor.pipeline"}),
        ("import service.runs.extraction", {"openpyxl", "numpy", "extractor.pipeline"}),
    ],
)
def test_who_hands_files_to_others_loads_nothing_that_reads(code: str, unneeded: set[str]) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.split()) & unneeded == set()
