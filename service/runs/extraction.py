"""One run of `sealform extract`: it selects what to read, and writes results to the results file and the
summary sheet as they come."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from extractor import Options, Source
from models.errors import BadUsage
from models.form import FormDefinition
from service.atomic_files import check_targets, has_content, is_stream, set_aside, write_whole
from service.processes.pool import Limits
from service.results import Line, ResultsFile, read_results, resume
from service.runs.batch import Started, read_all
from service.runs.expected import Expected
from service.runs.ledger import ledger_of
from service.runs.summary import counts, details, in_words
from service.signals import Stop
from service.sources import Selection
from service.terminal import progress

_LINES_ADVICE = "请加上 --resume 接着读，或换一个文件名，或加上 --overwrite 覆盖"
_LEDGER_ADVICE = "请换一个文件名，或加上 --overwrite 覆盖"
_SHEET_ADVICE = "请换一个文件名，或加上 --overwrite 覆盖；接着上次的结果读，请加上 --resume"


@dataclass(frozen=True)
class Targets:
    """Where results go. `lines` is the results file (None: results go to `emit` alone), `sheet` the workbook,
    and `ledger` the file with the ledger of what this run read. `resume` continues `lines`; `overwrite` lets
    new results replace old ones."""

    lines: Path | None = None
    sheet: Path | None = None
    resume: bool = False
    overwrite: bool = False
    ledger: Path | None = None

    def check(self) -> None:
        """Checks that all files can be written, and that nothing is lost by it.

        Raises:
            BadUsage: a file with content is there, and is neither to be continued nor replaced; or the file
                to be continued is a device or a pipe.
            OSError: one of them can't be written.
        """
        if self.lines and is_stream(self.lines):
            if self.resume:
                raise BadUsage(
                    f"{self.lines} 不是普通文件，不能用 --resume 续写", advice="请用 -o 给出上次的结果文件"
                )
        elif self.lines:
            check_targets(self.lines, replace=self.resume or self.overwrite, advice=_LINES_ADVICE)
        self.check_sheet()
        if self.ledger:
            check_targets(self.ledger, replace=self.overwrite, advice=_LEDGER_ADVICE)

    def check_sheet(self) -> None:
        """Does the same as `check` for the sheet alone."""
        if self.sheet:
            check_targets(self.sheet, replace=self.overwrite or self.continues, advice=_SHEET_ADVICE)

    @property
    def continues(self) -> bool:
        """Returns whether there is a results file to continue. The sheet is then made anew."""
        return self.resume and self.lines is not None and self.lines.exists()


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run: all lines that the results now hold, the lines of the submissions asked for in
    this run, and whether the run was interrupted."""

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
    *,
    brief: bool = False,
    ready: Started | None = None,
) -> Outcome:
    """Reads what `selection` names and leaves results in `targets`; `emit` gets the lines of each as they are
    done. `brief` leaves it to the caller to say what came out. `ready` are processes that were started
    for the selection.

    Ctrl-C ends the run early: what was read until then is kept, and the sheet is written from it.

    Raises:
        BadUsage: `targets.lines` is to be resumed but holds something else, or another run is writing it; or
            a target is neither to be continued nor replaced.
        OSError: a target can't be written. For the sheet, this is checked as early as possible, and raised
            last of all if it fails at the end.
    """
    started = time.monotonic()
    targets.check()
    kept, pending = _plan(selection, targets)
    every, seconds, counted = list(kept), dict[str, float](), counts(())
    interrupted = False
    with ExitStack() as stack:
        stop = ready.stop if ready else stack.enter_context(Stop())
        with ExitStack() as reading:
            results = reading.enter_context(ResultsFile(targets.lines, kept)) if targets.lines else None
            expected = Expected(pending, limits.jobs)
            advance = reading.enter_context(progress(console, "读取", len(pending), expected.left))
            how = reading.enter_context(ledger_of(pending, targets.ledger))
            each = reading.enter_context(closing(read_all(pending, forms, options, limits, how, ready)))
            try:
                while (done := stop.wait(lambda: next(each, None))) is not None:
                    if results:
                        results.append(done.lines)
                    emit(done.lines)
                    every += done.lines
                    counted += counts(done.lines)
                    if done.seconds is not None:
                        seconds[done.submission.name] = done.seconds
                    expected.done(done.submission.name, done.seconds)
                    advance(in_words(counted))
            except KeyboardInterrupt:
                interrupted = True
        untouched = [
            path for path in (targets.lines, targets.sheet) if path and not every and has_content(path)
        ]
        unwritten = None if targets.sheet in untouched else _write_sheet(every, forms, targets, console)
    names = {submission.name for submission in selection.submissions}
    outcome = Outcome(every, [line for line in every if line["source"] in names], interrupted)
    if brief and not unwritten:
        return outcome
    for line in details(outcome.asked, seconds, selection.left_out, forms):
        console.print(line)
    _summarise(outcome, counted.total(), time.monotonic() - started, console)
    if interrupted and targets.lines:
        console.print("读完其余的：再运行同一命令，加上 --resume（不带 --overwrite）")
    for words, path in (
        ("结果", targets.lines),
        ("汇总表", None if unwritten else targets.sheet),
        ("账目", targets.ledger),
    ):
        if path:
            console.print(
                f"没有新的结果，原有的{words}未动：{path}" if path in untouched else f"{words}：{path}"
            )
    if unwritten:
        raise unwritten
    return outcome


def _plan(selection: Selection, targets: Targets) -> tuple[Sequence[Line], Sequence[Source]]:
    if targets.lines and targets.continues:
        return resume(read_results(targets.lines), selection.submissions)
    return (), selection.submissions


def _write_sheet(
    lines: Iterable[Line], forms: Mapping[str, FormDefinition], targets: Targets, console: Console
) -> BadUsage | OSError | None:
    """Writes the sheet where one is wanted, and returns the error if it could not be written. A sheet that
    somebody has saved since we wrote it is set aside."""
    if targets.sheet is None:
        return None
    # Most runs ask for no sheet, and what writes one takes as long to load as a Word file to be read.
    from service.export.summary_sheet import write_sheet
    from service.export.workbook import is_as_made

    try:
        # The file may have come into being while we were reading.
        targets.check_sheet()
        sheet = write_sheet(lines, forms)
        if has_content(targets.sheet) and not targets.overwrite and not is_as_made(targets.sheet):
            console.print(f"原有的汇总表已不是上次写下的样子，留作：{set_aside(targets.sheet)}")
        write_whole(targets.sheet, sheet)
    except (BadUsage, OSError) as error:
        return error
    return None


def _summarise(outcome: Outcome, new: int, seconds: float, console: Console) -> None:
    kept = f"（其中 {len(outcome.asked) - new} 份沿用上次结果）" if len(outcome.asked) > new else ""
    broken = "已中断，" if outcome.interrupted else ""
    pace = f"，每分钟 {new / seconds * 60:.0f} 份" if new and seconds else ""
    console.print(
        f"{broken}共 {len(outcome.asked)} 份{kept}：{in_words(counts(outcome.asked))}；用时 {seconds:.1f} 秒{pace}"
    )
