"""`sealform worker`, but with a reader that takes orders and little patience: `python -m
tests.service.jobs.command NAME JOBS S` misses others after S seconds.

The processes that read import this module too, and need no more of it than the reader.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from extractor import Options, Source
from models.form import FormDefinition
from service.processes.readers import Telling
from service.results import Line
from tests.service.readers import ORDER, do


@dataclass(frozen=True)
class Obeying:
    """Does what a submission's first file says where that is an order, and reads it as a worker does."""

    place: Path

    def __call__(
        self, submission: Source, forms: Mapping[str, FormDefinition], options: Options
    ) -> list[Line]:
        data = submission.files()[0][1].read_bytes()
        if data.startswith(ORDER):
            do(data[len(ORDER) :].decode())
        return Telling(self.place)(submission, forms, options)


def main(name: str, jobs: int, silence: float) -> None:
    from service.jobs.decisions import Tempo
    from service.jobs.worker import Identity, work
    from service.settings import Settings

    tempo = Tempo(poll=0.1, grace=3.0, pauses=(0.3, 0.6), lives=3, silence=silence, beat=silence / 6)
    work(
        replace(Settings.read(os.environ), jobs=jobs),
        Identity.here(name),
        lambda said: print(said, file=sys.stderr, flush=True),
        lambda: datetime.now(UTC),
        tempo,
        Obeying,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
