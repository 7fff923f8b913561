"""The readers of a worker's processes. They stand apart from the worker, because each process that reads
imports this module, and database and queue would cost it a second of processor before its first page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extractor import Gathered, Options, Source, extract, extract_arranged, find_aliases
from service.results import Line, line_of

if TYPE_CHECKING:
    from models.aliases import Alias
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


@dataclass(frozen=True)
class SeekingAliases:
    """Seeks aliases that forms do not know in the `gathered` pieces of a submission, each with the texts that
    are `right` in its fields."""

    gathered: tuple[Gathered, ...]
    right: tuple[Mapping[str, str], ...]

    def __call__(self, submission: Source, forms: "Forms", options: Options) -> "list[list[Alias]]":
        """Returns what was found in each of them, in their order."""
        return find_aliases(submission, self.gathered, self.right, forms, options)


@dataclass(frozen=True)
class Variants:
    """Reads the same pieces of a submission with each of several sets of definitions."""

    reader: Arranging
    variants: "tuple[Forms, ...]"

    def __call__(self, submission: Source, forms: "Forms", options: Options) -> list[list[Line]]:
        """Returns the lines of each set, in their order."""
        return [self.reader(submission, each, options) for each in self.variants]
