"""One run of `sealform extract`: what is to be read, the results as they come, the file and the sheet that they go to."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from extractor import Options, Source
from models.form import FormDefinition
from service.batch import read_all
from service.export import write_sheet
from service.files import check_writable, write_whole
from service.pool import Limits
from service.results import Line, ResultsFile, read_results, resume
from service.sources import Selection
from service.stopping import Stop
from service.summary import counts, details, in_words
from service.talk import progress


@dataclass(frozen=True)
class Targets:
    """Where results go: `lines` to a file (None: to `emit` alone), `sheet` to a workbook. `resume` continues `lines`."""

    lines: Path | None = None
    sheet: Path | None = None
    resume: bool = False


@dataclass(frozen=True)
class Outcome:
    """All lines that the results now hold, those of this run's submissions, and whether it was broken off."""

    lines: Sequence[Line]
    asked: Sequence[Line]
    interrupted: bool

    @property
    def failed(self) -> int:
        return sum(line["status"] == "failed" for line in self.asked)


def read(
    selection: Selection,
    forms: Mapping[str, FormDefinition],
    options: Options,
    limits: Limits,
    targets: Targets,
    emit: Callable[[Iterable[Line]], Any],
    console: Console,
) -> Outcome:
    """Reads what `selection` names and leaves results in `targets`; `emit` gets the lines of each as they are done.

    Ctrl-C ends it early: what was read until then is kept, and the sheet is written from it.

    Raises:
        BadUsage: `targets.lines` is to be resumed and holds something else, or another run is writing it.
        OSError: a target can't be written. Of the sheet that is told as early as can be, and last of all.
    """
    started = time.monotonic()
    if targets.sheet:
        check_writable(targets.sheet)
    kept, pending = _plan(selection, targets)
    every, seconds, counted = list(kept), dict[str, float](), counts(())
    interrupted, unwritten = False, None
    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        with ExitStack() as reading:
            results = reading.enter_context(ResultsFile(targets.lines, kept)) if targets.lines else None
            advance = reading.enter_context(progress(console, "读取", len(pending)))
            each = reading.enter_context(closing(read_all(pending, forms, options, limits)))
            try:
                while (done := stop.wait(lambda: next(each, None))) is not None:
                    if results:
                        results.append(done.lines)
                    emit(done.lines)
                    every += done.lines
                    counted += counts(done.lines)
                    if done.seconds is not None:
                        seconds[done.submission.name] = done.seconds
                    advance(in_words(counted))
            except KeyboardInterrupt:
                interrupted = True
        if targets.sheet:
            try:
                write_whole(targets.sheet, write_sheet(every, forms))
            except OSError as error:
                unwritten, targets = error, replace(targets, sheet=None)
    names = {submission.name for submission in selection.submissions}
    outcome = Outcome(every, [line for line in every if line["source"] in names], interrupted)
    for line in details(outcome.asked, seconds, selection.left_out, forms):
        console.print(line)
    _summarise(outcome, counted.total(), time.monotonic() - started, targets, console)
    if unwritten:
        raise unwritten
    return outcome


def _plan(selection: Selection, targets: Targets) -> tuple[Sequence[Line], Sequence[Source]]:
    if targets.resume and targets.lines and targets.lines.exists():
        return resume(read_results(targets.lines), selection.submissions)
    return (), selection.submissions


def _summarise(outcome: Outcome, new: int, seconds: float, targets: Targets, console: Console) -> None:
    kept = f"（其中 {len(outcome.asked) - new} 份沿用上次结果）" if len(outcome.asked) > new else ""
    broken = "已中断，" if outcome.interrupted else ""
    pace = f"，每分钟 {new / seconds * 60:.0f} 份" if new and seconds else ""
    console.print(f"{broken}共 {len(outcome.asked)} 份{kept}：{in_words(counts(outcome.asked))}；用时 {seconds:.1f} 秒{pace}")
    for words, path in (("结果", targets.lines), ("汇总表", targets.sheet)):
        if path:
            console.print(f"{words}：{path}")
