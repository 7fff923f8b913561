"""The readers of a worker's processes. They stand apart from the worker, because each process that reads
imports this module, and database and queue would cost it a second of processor before its first page."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extractor import Gathered, Options, Source, extract, extract_arranged
from service.results import Line, line_of

if TYPE_CHECKING:
    from service.processes.pool import Forms


@dataclass(frozen=True)
class Telling:
    """Reads a submission, and writes the part that it has come to into the file `place`. The file outlives a
    process that dies."""

    place: Path

    def __call__(self, submission: Source, forms: "Forms", options: Options) -> list[Line]:
        """Returns the lines of one submission."""
        begun = 0

        def tell(part: str) -> None:
            nonlocal begun
            new = self.place.with_suffix(".new")
            new.write_text(json.dumps({"part": part, "done": begun}), "utf-8")
            new.replace(self.place)
            begun += 1

        return [line_of(result) for result in extract(submission, forms, options, tell)]


@dataclass(frozen=True)
class Arranging:
    """Reads the `gathered` pieces of a submission, each as one application."""

    gathered: tuple[Gathered, ...]

    def __call__(self, submission: Source, forms: "Forms", options: Options) -> list[Line]:
        """Returns a line for each of them, in their order."""
        return [line_of(one) for one in extract_arranged(submission, self.gathered, forms, options)]
