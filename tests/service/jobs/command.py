"""`sealform worker`, but with a reader that takes orders and little patience: `python -m
tests.service.jobs.command NAME JOBS S` misses others after S seconds."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from extractor import Options, Source
from models.form import FormDefinition
from service.jobs.decisions import Tempo
from service.jobs.desk import Telling
from service.jobs.worker import Identity, work
from service.serving import now
from service.settings import Settings
from tests.service.readers import ORDER, do

TEMPO = Tempo(poll=0.1, grace=3.0, pauses=(0.3, 0.6), lives=3)


@dataclass(frozen=True)
class Obeying:
    """Does what a submission's first file says where that is an order, and reads it as a worker does."""

    place: Path

    def __call__(
        self, submission: Source, forms: Mapping[str, FormDefinition], options: Options
    ) -> list[dict[str, Any]]:
        data = submission.files()[0][1].read_bytes()
        if data.startswith(ORDER):
            do(data[len(ORDER) :].decode())
        return Telling(self.place)(submission, forms, options)


if __name__ == "__main__":
    name, jobs, silence = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    settings = replace(Settings.read(os.environ), jobs=jobs)
    tempo = replace(TEMPO, silence=silence, beat=silence / 6)
    work(
        settings,
        Identity.here(name),
        lambda said: print(said, file=sys.stderr, flush=True),
        now,
        tempo,
        Obeying,
    )
