"""Reads many submissions in processes of their own, so that a file that hangs or crashes its reader costs itself alone.

Lines, not results, come back from the workers: they are plain data, which is what the file, the sheet and `--resume` use.
"""

import multiprocessing
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from pebble import ProcessExpired, ProcessPool

from extractor import Options, Source, extract
from models.errors import ReaderCrashed, TimedOut, UnreadableFile
from models.form import FormDefinition
from models.record import Failure, Part, Result
from service.results import Line
from service.sources import digests

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


def read_submission(submission: Source, forms: Forms, options: Options) -> list[dict[str, Any]]:
    """The lines of one submission, read in this process."""
    return [result.to_json() for result in extract(submission, forms, options)]


def read_all(
    submissions: Sequence[Source], forms: Forms, options: Options, limits: Limits, read: Read = read_submission
) -> Generator[tuple[Source, Sequence[Line]], None, None]:
    """The lines of each submission as soon as it is read; every submission gets at least one line.

    Closing the iterator early stops the workers. `read` must be importable in a worker.
    """
    pending = list(submissions)
    while pending:
        done = set()
        for submission, lines in _round(pending, forms, options, limits, read):
            if lines is not None:
                done.add(submission)
                yield submission, lines
        # A worker that dies between two files breaks the pool for all that wait, through no fault of theirs.
        pending = [submission for submission in pending if submission not in done]
        if not done:
            for submission in pending:
                yield submission, [_failed(submission, ReaderCrashed("读取进程无法启动或反复崩溃"))]
            return


def _round(
    submissions: Sequence[Source], forms: Forms, options: Options, limits: Limits, read: Read
) -> Iterator[tuple[Source, Sequence[Line] | None]]:
    """One life of a pool; None for a submission that it did not get to."""
    # Not fork: this process has threads of its own, whose locks a fork would copy in whatever state they are.
    pool = ProcessPool(
        min(limits.jobs, len(submissions)),
        max_tasks=_TASKS_A_WORKER,
        initializer=_limit_memory,
        initargs=(limits.megabytes,),
        context=multiprocessing.get_context("spawn"),
    )
    finished = False
    try:
        futures: dict[Future[Any], Source] = {
            pool.schedule(read, args=(submission, forms, options), timeout=limits.seconds): submission for submission in submissions
        }
        for future in as_completed(futures):
            yield futures[future], _lines(futures[future], future, limits)
        finished = True
    finally:
        if finished:
            pool.close()
        else:
            pool.stop()
        pool.join()


def _lines(submission: Source, future: Future[Any], limits: Limits) -> Sequence[Line] | None:
    error = future.exception()
    if error is None:
        lines: list[Line] = future.result()
        return lines or [_failed(submission, ReaderCrashed("读取程序没有给出结果"))]
    if isinstance(error, BrokenProcessPool):
        return None
    if isinstance(error, TimeoutError):
        return [_failed(submission, TimedOut(f"读取超过 {limits.seconds:g} 秒，已停止"))]
    if isinstance(error, ProcessExpired):
        return [_failed(submission, ReaderCrashed(f"读取该文件的进程异常退出（代码 {error.exitcode}）"))]
    if isinstance(error, MemoryError):
        return [_failed(submission, ReaderCrashed(f"读取该文件所需内存超过 {limits.megabytes} MiB"))]
    return [_failed(submission, ReaderCrashed(f"读取程序出错（{type(error).__name__}：{error}）"))]


def _failed(submission: Source, error: UnreadableFile) -> Line:
    parts = tuple(Part(name=name, sha256=digest, state="unreadable") for name, digest in digests(submission))
    failure = Failure(code=error.code, message=str(error))
    return Result(source=submission.name, parts=parts, error=failure).to_json()


def _limit_memory(megabytes: int) -> None:
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = megabytes << 20
        resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))
