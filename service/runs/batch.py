"""Reads many submissions, each once, and yields each as soon as it is read."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

from extractor import Options, Source
from models.errors import ReaderCrashed
from service.processes.pool import MOST_LIVES, UNSTARTABLE, Done, Forms, Limits, Pool, Read, read_submission
from service.processes.scratch import scratch_folder


def read_all(
    submissions: Sequence[Source],
    forms: Forms,
    options: Options,
    limits: Limits,
    read: Read = read_submission,
) -> Generator[Done, None, None]:
    """Yields each submission as soon as it is read. Every submission gets at least one line.

    Closing the iterator early stops the processes and everything that they started. `read` must be importable
    in another process.
    """
    pending, lives = list(submissions), MOST_LIVES
    with scratch_folder() as scratch:
        while pending and lives:
            finished = set()
            for done in _round(pending, forms, options, limits, read, scratch):
                finished.add(done.submission)
                yield done
            # A process that dies between two files breaks the pool for all submissions that wait, through no
            # fault of theirs.
            pending = [submission for submission in pending if submission not in finished]
            lives = MOST_LIVES if finished else lives - 1
        for submission in pending:
            yield Done.failed(submission, ReaderCrashed(UNSTARTABLE))


def _round(
    submissions: Sequence[Source], forms: Forms, options: Options, limits: Limits, read: Read, scratch: Path
) -> Iterator[Done]:
    """Runs one pool, which may end before it has read all submissions."""
    pool = Pool(replace(limits, jobs=min(limits.jobs, len(submissions))), scratch)
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
