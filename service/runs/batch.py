"""Reads many submissions, each once, and yields each as soon as it is read."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from extractor import Options, Source
from models.errors import ReaderCrashed
from service.processes.ahead import ready_for_copies, ready_for_files, ready_for_pictures
from service.processes.pool import MOST_LIVES, UNSTARTABLE, Done, Forms, Limits, Pool, Read, read_submission
from service.processes.scratch import scratch_folder
from service.runs.expected import shows_pages
from service.signals import Stop


@dataclass(frozen=True)
class Started:
    """Processes that load what reads, the folder for their temporary files, and what asks them to stop."""

    pool: Pool
    scratch: Path
    stop: Stop


@contextmanager
def started(submissions: Sequence[Source], limits: Limits, options: Options) -> Iterator[Started]:
    """Starts the processes that will read the submissions, so that they load while the caller does too. They
    end with the context, whatever they do. A signal to stop counts from the first process on."""
    with Stop() as stop, scratch_folder() as scratch:
        ready_for_copies()
        pool = _pool(submissions, limits, scratch, options)
        try:
            pool.start()
            yield Started(pool, scratch, stop)
        finally:
            pool.end(now=True)


def read_all(
    submissions: Sequence[Source],
    forms: Forms,
    options: Options,
    limits: Limits,
    read: Read = read_submission,
    ready: Started | None = None,
) -> Generator[Done, None, None]:
    """Yields each submission as soon as it is read. Every submission gets at least one line.

    Closing the iterator early stops the processes and everything that they started. `read` must be importable
    in another process. `ready` are processes that were started earlier.
    """
    pending, lives = list(submissions), MOST_LIVES
    with ExitStack() as stack:
        scratch = ready.scratch if ready else stack.enter_context(scratch_folder())
        pool = ready.pool if ready else None
        while pending and lives:
            finished = set()
            for done in _round(
                pending, forms, options, read, pool or _pool(pending, limits, scratch, options)
            ):
                finished.add(done.submission)
                yield done
            # A process that dies between two files breaks the pool for all submissions that wait, through no
            # fault of theirs.
            pending = [submission for submission in pending if submission not in finished]
            lives = MOST_LIVES if finished else lives - 1
            pool = None
        for submission in pending:
            yield Done.failed(submission, ReaderCrashed(UNSTARTABLE))


def _pool(submissions: Sequence[Source], limits: Limits, scratch: Path, options: Options) -> Pool:
    limits = limits.for_only(submissions)
    # A process takes what comes first; the picture that is first of all may be further behind.
    pictures = any(map(shows_pages, submissions[: limits.jobs]))
    return Pool(limits, scratch, partial(ready_for_pictures, options.ocr) if pictures else ready_for_files)


def _round(
    submissions: Sequence[Source], forms: Forms, options: Options, read: Read, pool: Pool
) -> Iterator[Done]:
    """Runs one pool, which may end before it has read all submissions."""
    finished = False
    try:
        tasks = {}
        for submission in submissions:
            try:
                tasks[pool.schedule(submission, forms, options, read)] = submission
            except BrokenProcessPool:
                break
        for task in pool.ended(list(tasks)):
            given = pool.given(tasks.pop(task), task)
            if given is not None:
                yield Done.of(given)
        finished = not tasks
    finally:
        pool.end(now=not finished)
