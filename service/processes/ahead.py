"""What a process that reads does before its first submission comes, so that nothing has to be loaded then."""

from __future__ import annotations

from concurrent.futures.thread import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from models.errors import OcrUnavailable
from models.on_demand import loading
from service.processes.begin import can_copy

if TYPE_CHECKING:
    from extractor.scan.ocr import OcrEngine


def ready_for_copies() -> None:
    """Imports what both who asks and what reads need, where what reads will be a copy of this process."""
    if can_copy():
        with loading():
            import_module("service.results")


def ready_for_files() -> None:
    """Imports what reads."""
    with loading():
        import_module("extractor.pipeline")


def ready_for_pictures(ocr: OcrEngine) -> None:
    """Imports what reads, and opens the models meanwhile, which takes another core."""
    with ThreadPoolExecutor(1) as beside:
        # If something is missing, the file that needs it is told so.
        beside.submit(ocr.open)
        ready_for_files()
        from extractor.scan.read import load

        with suppress(OcrUnavailable):
            load()
