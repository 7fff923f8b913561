"""What is called in the process that reads: the product's own reading, watched."""

import logging
import resource
import signal
from dataclasses import dataclass

from extractor import Options, Source
from service.processes.pool import Forms, read_submission

# Seconds of a core that a file may cost: twice its limit by the clock on a machine that is free.
_MOST_SECONDS = 240


@dataclass(frozen=True)
class Seen:
    """What reading gave: codes of errors, defects of ours that were caught, each by its kind and place, the
    most memory so far, in bytes, and the seconds of a core that it took."""

    codes: tuple[str, ...]
    defects: tuple[str, ...]
    memory: int
    seconds: float


class _Defects(logging.Handler):
    """Hears of what the pipeline caught: it must cost one file, but is still a defect."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            code = trace.tb_frame.f_code if trace is not None else None
            place = f"{code.co_filename.rpartition('/')[2]}:{code.co_name}" if code else "?"
            self.found.append(f"{type(error).__name__} in {place}: {str(error)[:100]}")


def read_watched(submission: Source, forms: Forms, options: Options) -> Seen:
    """Reads as the product does, and tells what came of it."""
    defects, log = _Defects(), logging.getLogger("extractor.pipeline")
    log.addHandler(defects)
    before = _spent()
    # The system ends the process then.
    signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
    try:
        lines = read_submission(submission, forms, options)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        log.removeHandler(defects)
    codes = tuple(line["error"]["code"] if line["error"] else line["status"] for line in lines)
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Seen(codes, tuple(defects.found), most << 10, _spent() - before)


def _spent() -> float:
    """Seconds of a core that this process and those that it started and that ended have taken."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)
