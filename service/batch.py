"""Reads many submissions in processes of their own, so that a file that hangs or crashes its reader costs itself alone.

Lines, not results, come back from the workers: they are plain data, which is what the file, the sheet and `--resume` use.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from extractor import Options, Source, extract
from models.errors import ReaderCrashed, TimedOut, UnreadableFile
from models.form import FormDefinition
from models.record import Failure, Part, Result
from service.results import Line
from service.scratch import scratch_folder
from service.sources import digests
from service.worker import prepare

# A worker is replaced after so many submissions: what a C library leaks stays bounded, and loading OCR stays rare.
_TASKS_A_WORKER = 200

Forms = Mapping[str, FormDefinition]
Read = Callable[[Source, Forms, Options], list[dict[str, Any]]]


@dataclass(frozen=True)
class Limits:
    """`jobs` processes at a time; `seconds` and `megabytes` of address space for one submission."""

    jobs: int = 1
    seconds: float = 120.0
    megabytes: int = 4096


@dataclass(frozen=True)
class Done:
    """A submission that was read: its lines, and the seconds that reading took; None where its process died."""

    submission: Source
    lines: Sequence[Line]
    seconds: float | None


def cores() -> int:
    """How many processes can run at the same time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_submission(submission: Source, forms: Forms, options: Options) -> list[dict[str, Any]]:
    """The lines of one submission, read in this process."""
    return [result.to_json() for result in extract(submission, forms, options)]


def read_all(
    submissions: Sequence[Source], forms: Forms, options: Options, limits: Limits, read: Read = read_submission
) -> Generator[Done, None, None]:
    """Each submission as soon as it is read; every submission gets at least one line.

    Closing the iterator early stops the workers, and all that they started. `read` must be importable in a worker.
    """
    pending = list(submissions)
    with scratch_folder() as scratch:
        while pending:
            finished = set()
            for done in _round(pending, forms, options, limits, read, scratch):
                finished.add(done.submission)
                yield done
            # A worker that dies between two files breaks the pool for all that wait, through no fault of theirs.
            pending = [submission for submission in pending if submission not in finished]
            if not finished:
                for submission in pending:
                    yield Done(submission, [_failed(submission, ReaderCrashed("读取进程无法启动或反复崩溃"))], None)
                return


def _round(
    submissions: Sequence[Source], forms: Forms, options: Options, limits: Limits, read: Read, scratch: Path
) -> Iterator[Done]:
    """One life of a pool, which may end before it got to all submissions."""
    workers = min(limits.jobs, len(submissions))
    # Not fork: this process has threads of its own, whose locks a fork would copy in whatever state they are.
    pool = ProcessPool(
        workers,
        max_tasks=_TASKS_A_WORKER,
        initializer=prepare,
        initargs=(scratch, limits.megabytes, max(1, cores() // workers)),
        context=multiprocessing.get_context("spawn"),
    )

    def schedule() -> dict[Future[Any], Source]:
        return {
            pool.schedule(_timed, args=(read, submission, forms, options), timeout=limits.seconds): submission
            for submission in submissions
        }

    finished = False
    # Workers die with the thread that started them, and take their signals from it. So it is a thread that lives as long as the
    # pool, whoever asks for the next result, and that leaves it to this process to hear Ctrl-C or that the terminal is closed.
    with ThreadPoolExecutor(1, initializer=_hear_no_signals) as keeper:
        try:
            futures = keeper.submit(schedule).result()
            for future in as_completed(futures):
                done = _done(futures.pop(future), future, limits)
                if done is not None:
                    yield done
            finished = True
        finally:
            if finished:
                pool.close()
            else:
                pool.stop()
            pool.join()


def _hear_no_signals() -> None:
    # The tracker is started with the first worker otherwise, and lets its thread hear Ctrl-C again.
    resource_tracker.ensure_running()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})


def _timed(read: Read, submission: Source, forms: Forms, options: Options) -> tuple[list[dict[str, Any]], float]:
    """The lines of one submission, and how long it took in the worker."""
    started = time.monotonic()
    return read(submission, forms, options), time.monotonic() - started


def _done(submission: Source, future: Future[Any], limits: Limits) -> Done | None:
    """None where the pool broke before it came to this one."""
    error = future.exception()
    if error is None:
        lines, seconds = future.result()
        return Done(submission, lines or [_failed(submission, ReaderCrashed("读取程序没有给出结果"))], seconds)
    if isinstance(error, BrokenProcessPool):
        return None
    if isinstance(error, TimeoutError):
        told: UnreadableFile = TimedOut(f"读取超过 {limits.seconds:g} 秒，已停止")
        return Done(submission, [_failed(submission, told)], limits.seconds)
    if isinstance(error, ProcessExpired):
        told = ReaderCrashed(f"读取该文件的进程异常退出（代码 {error.exitcode}）")
    elif isinstance(error, MemoryError):
        told = ReaderCrashed(f"读取该文件所需内存超过 {limits.megabytes} MiB")
    else:
        told = ReaderCrashed(f"读取程序出错（{type(error).__name__}：{error}）")
    return Done(submission, [_failed(submission, told)], None)


def _failed(submission: Source, error: UnreadableFile) -> Line:
    parts = tuple(Part(name=name, sha256=digest, state="unreadable") for name, digest in digests(submission))
    failure = Failure(code=error.code, message=str(error))
    return Result(source=submission.name, parts=parts, error=failure).to_json()
