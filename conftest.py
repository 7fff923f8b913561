"""Where SEALFORM_FORBID_SKIPS is set, a test fails that skips itself because a program or server is missing.

The reason of such a skip begins with "needs ". This file stands at the root so that it holds for every test.
"""

import os
from collections.abc import Generator
from typing import Any

import pytest

_FORBID = bool(os.environ.get("SEALFORM_FORBID_SKIPS"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Looks at a skip inside a test or a fixture."""
    report = yield
    _fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Looks at a skip of a whole module."""
    report = yield
    _fail_instead(report)
    return report


def _fail_instead(report: Any) -> None:
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if _FORBID and reason.removeprefix("Skipped: ").startswith("needs "):
        report.outcome = "failed"
        report.longrepr = f"skipped, but SEALFORM_FORBID_SKIPS is set: {reason}"
