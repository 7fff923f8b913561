import gc
import importlib
import subprocess
import sys

import pytest

from models.on_demand import loading, on_demand


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


@pytest.mark.parametrize("was_on", [True, False])
def test_garbage_is_looked_for_again_after_loading_as_before(was_on: bool) -> None:
    (gc.enable if was_on else gc.disable)()
    try:
        with loading():
            inside = gc.isenabled()
        assert (inside, gc.isenabled()) == (False, was_on)
    finally:
        gc.enable()
        gc.unfreeze()
