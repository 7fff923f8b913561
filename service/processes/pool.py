"""Pools of processes that open submissions, so that a file that hangs or crashes its reader costs only
itself.

A call is typed by its result. Reading returns lines, which are plain data as files, sheets and the database
keep it; drawing returns pictures.

Whoever starts processes wants them to load as early as possible, so what forms and results are is not loaded
here before it is needed.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from extractor import Options, Source
from models.errors import ReaderCrashed, TimedOut, UnreadableFile
from service.processes.begin import Context, can_copy, hearing_no_signals
from service.processes.child import FOLDER, give_back_memory, is_running, prepare
from service.processes.inside_pebble import end_at_once, look_often
from service.sources import digests

if TYPE_CHECKING:
    from extractor import Book
    from models.form import FormDefinition
    from service.results import ErrorJson, Line
    from service.settings import Settings

_log = logging.getLogger(__name__)

# A process is replaced after so many submissions, so that leaks of a C library stay bounded while OCR is
# loaded seldom.
_TASKS_A_PROCESS = 200
# How many pools in a row may break without having read anything, before the submission is given up.
MOST_LIVES = 3
UNSTARTABLE = "读取进程无法启动或反复崩溃"
# The layers of the models are small.
_MOST_THREADS = 4
# Seconds between two looks at what a process is doing.
_GLANCE = 0.5
# Seconds beyond a submission's time limit, in which a process can start and another can end. A pool that
# gives nothing for longer has lost a task: its process died, or is still starting.
_GRACE = 60.0

Forms = Mapping[str, "FormDefinition"]
T = TypeVar("T")
# A call on a submission that runs in another process. That process must be able to import it.
Call = Callable[[Source, Forms, Options], T]
Read = Callable[[Source, Forms, Options], "list[Line]"]
Task = Future[tuple[T, float]]


@dataclass(frozen=True)
class Limits:
    """The limits of a pool: `jobs` processes at a time, and for one submission `megabytes` MiB of address
    space and `seconds` for each of its files; a process ends after `tasks` of them."""

    jobs: int = 1
    seconds: float = 120.0
    megabytes: int = 4096
    tasks: int = _TASKS_A_PROCESS

    @property
    def threads(self) -> int:
        """Returns how many threads each process may use."""
        return max(1, cores() // self.jobs)

    @property
    def of_models(self) -> int:
        """Returns how many threads a model may use; of more, some would wait for the others."""
        return min(self.threads, _MOST_THREADS)

    def for_only(self, submissions: Sequence[Source]) -> Self:
        """Returns the limits with no more processes than there are submissions."""
        return replace(self, jobs=max(1, min(self.jobs, len(submissions))))

    def seconds_for(self, submission: Source) -> float:
        """Returns the seconds that reading the submission may take. They grow with its number of files,
        because a hundred files that arrive at once are one submission."""
        return self.seconds * max(1, len(submission.files()))


@dataclass(frozen=True)
class Given(Generic[T]):
    """The result of a call on a submission, or the reason why there is none; and the seconds that it took,
    None where its process died."""

    submission: Source
    outcome: T | UnreadableFile
    seconds: float | None = None


@dataclass(frozen=True)
class Done:
    """A submission that was read: its lines, at least one, and the seconds that reading took (None where its
    process died). `whole` says that the reader itself came to its end, whatever it found."""

    submission: Source
    lines: tuple[Line, ...]
    seconds: float | None
    whole: bool = True

    @property
    def error(self) -> ErrorJson | None:
        """Returns the error of the first line, which stands for the submission."""
        return self.lines[0]["error"]

    @classmethod
    def of(cls, given: Given[list[Line]]) -> Self:
        """Makes the result of a submission from the result of the call that read it."""
        if isinstance(given.outcome, UnreadableFile):
            return cls.failed(given.submission, given.outcome, given.seconds)
        if not given.outcome:
            return cls.failed(given.submission, ReaderCrashed("读取程序没有给出结果"), given.seconds)
        return cls(given.submission, tuple(given.outcome), given.seconds)

    @classmethod
    def failed(cls, submission: Source, error: UnreadableFile, seconds: float | None = None) -> Self:
        """Makes the result of a submission that could not be read."""
        from models.record import Failure, Part, Result
        from service.results import line_of

        parts = tuple(
            Part(name=name, sha256=digest, state="unreadable") for name, digest in digests(submission)
        )
        failure = Failure(code=error.code, message=str(error))
        return cls(
            submission,
            (line_of(Result(source=submission.name, parts=parts, error=failure)),),
            seconds,
            whole=False,
        )


class Stopped(Exception):
    """The pool was stopped, so the result of what it was reading is unknown."""


def cores() -> int:
    """Returns how many processes can run at the same time on this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_submission(
    submission: Source, forms: Forms, options: Options, book: Book | None = None
) -> list[Line]:
    """Returns the lines of one submission, read in this process. `book` is given the ledger of each of its
    parts."""
    from extractor import extract
    from service.results import line_of

    return [line_of(result) for result in extract(submission, forms, options, book=book)]


def options_of(
    settings: Settings,
    form: str | None = None,
    silent_target: float = Options.silent_target,
    threads: int = 1,
) -> Options:
    """Returns the options for reading in this installation: the OCR engine, which runs on so many threads in
    each process, and the limits."""
    from extractor.scan.ocr import OcrSettings, PaddleOcr

    ocr = PaddleOcr(OcrSettings(settings.ocr_models, threads=threads, device=settings.ocr_device))
    return Options(form=form, silent_target=silent_target, limits=settings.limits(), ocr=ocr)


class Pool:
    """One pool of processes. Its life ends early where a process dies between two submissions. Safe for
    threads."""

    def __init__(self, limits: Limits, scratch: Path, ahead: Callable[[], object] | None = None) -> None:
        """Prepares the pool. No process is started before the first submission, or `start`. Each process
        calls `ahead` before its first submission, so that what it loads is there when that comes."""
        self._limits = limits
        self._scratch = scratch
        self._processes = ProcessPool(
            limits.jobs,
            max_tasks=limits.tasks,
            initializer=_begin,
            initargs=(ahead, scratch, limits.megabytes, limits.threads),
            context=Context(),
        )
        # Processes die with the thread that started them, and take their signal mask from it. So one thread
        # starts them all: it lives as long as the pool, whoever asks for a process, and it blocks SIGINT and
        # SIGHUP.
        self._keeper = ThreadPoolExecutor(1, initializer=_hear_no_signals)
        self._open: dict[Task[Any], float] = {}
        self._has_ended = False

    def start(self) -> None:
        """Starts the processes already, so that they load while the caller does too, and end as soon as all
        is read. It is meant for a command, which ends with its pool."""
        look_often()
        if can_copy():
            # The keeper is a thread, so it must not be there yet. This one lives as long as the pool, too.
            resource_tracker.ensure_running()
            with hearing_no_signals():
                self._look()
        else:
            self._keeper.submit(self._look).result()

    def _look(self) -> bool:
        """Returns whether the processes read, or are about to. Looking is what starts them."""
        return bool(self._processes.active)

    def schedule(self, submission: Source, forms: Forms, options: Options, call: Call[T]) -> Task[T]:
        """Schedules `call` on the submission, to run as soon as a process is free.

        Raises:
            BrokenProcessPool: this pool's life is over.
        """
        return self._keeper.submit(self._schedule, submission, forms, options, call).result()

    def _schedule(self, submission: Source, forms: Forms, options: Options, call: Call[T]) -> Task[T]:
        seconds = self._limits.seconds_for(submission)
        try:
            task: Task[T] = self._processes.schedule(
                _timed, args=(call, submission, forms, options), timeout=seconds
            )
        except RuntimeError as error:
            raise BrokenProcessPool from error
        self._open[task] = seconds
        task.add_done_callback(lambda done: self._open.pop(done, None))
        return task

    def ended(self, tasks: Collection[Task[T]]) -> Iterator[Task[T]]:
        """Yields each of `tasks` as soon as it is done. Where the pool breaks or is stuck, it ends without
        the tasks that will never be done."""
        done: SimpleQueue[Task[T]] = SimpleQueue()
        for task in tasks:
            task.add_done_callback(done.put)
        left, was_alive, last, longest = len(tasks), True, time.monotonic(), self._longest
        while left:
            try:
                one = done.get(timeout=_GLANCE)
            except Empty:
                # A task that ended as the pool broke may arrive only now, so there is a second look.
                if not was_alive or time.monotonic() - last > longest + _GRACE:
                    return
                was_alive = self.is_alive
                continue
            yield one
            left, last = left - 1, time.monotonic()

    @property
    def patience(self) -> float:
        """Returns the seconds within which everything that is scheduled now will end. A task that has not
        ended by then was taken by a process that died before it said so."""
        return -(-len(self._open) // self._limits.jobs) * self._longest + _GRACE

    @property
    def _longest(self) -> float:
        return max([self._limits.seconds, *self._open.copy().values()])

    @property
    def is_alive(self) -> bool:
        """Returns whether the scheduled tasks will end. A broken pool never ends the tasks that it had not
        begun."""
        return self._look()

    def given(self, submission: Source, task: Task[T]) -> Given[T] | None:
        """Returns the result of a finished task for its submission, or None where the pool broke or was
        stopped before it came to this task."""
        if task.cancelled():
            return None
        error = task.exception()
        if error is None:
            return Given(submission, *task.result())
        if isinstance(error, BrokenProcessPool):
            return None
        if isinstance(error, TimeoutError):
            seconds = self._limits.seconds_for(submission)
            return Given(submission, TimedOut(f"读取超过 {seconds:g} 秒，已停止"), seconds)
        return Given(submission, self._crash(error))

    def _crash(self, error: BaseException) -> ReaderCrashed:
        if isinstance(error, ProcessExpired):
            return ReaderCrashed(f"读取该文件的进程异常退出（代码 {error.exitcode}）")
        if isinstance(error, MemoryError):
            return ReaderCrashed(f"读取该文件所需内存超过 {self._limits.megabytes} MiB")
        _log.error("reading failed", exc_info=error)
        return ReaderCrashed("读取程序出错")

    def end(self, *, now: bool) -> None:
        """Ends the processes and everything that they started. Unless `now`, the scheduled submissions are
        read first. What has ended stays so."""
        if self._has_ended:
            return
        self._has_ended = True
        # The keeper does this after its other work. A process that it is still starting would otherwise miss
        # what it needs, and print a long error.
        self._keeper.submit(self._end, now).result()
        self._keeper.shutdown()
        self.tidy()

    def _end(self, now: bool) -> None:
        if now:
            self._processes.stop()
            end_at_once(self._processes)
        else:
            self._processes.close()
        self._processes.join()

    def tidy(self) -> None:
        """Removes the temporary files of processes that have ended, because a killed process removes nothing
        itself."""
        for folder in self._scratch.glob(FOLDER.format("*")):
            if not is_running(int(folder.name.rpartition("-")[2])):
                shutil.rmtree(folder, ignore_errors=True)


class LastingPool:
    """Processes that last as long as a service runs: a pool that broke is replaced by another one. Safe for
    threads."""

    def __init__(self, limits: Limits, scratch: Path) -> None:
        """Prepares the first pool, in the same way as `Pool`."""
        self._limits = limits
        self._scratch = scratch
        self._lock = threading.Lock()
        self._pool = Pool(limits, scratch)
        self._is_stopped = False

    @property
    def seconds(self) -> float:
        """Returns the seconds that each file of a submission may take."""
        return self._limits.seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def read(
        self, submission: Source, forms: Forms, options: Options, read: Read, glance: Callable[[], None]
    ) -> Done:
        """Reads one submission through `call`.

        Raises:
            Stopped: as in `call`.
        """
        return Done.of(self.call(submission, forms, options, read, glance))

    def call(
        self, submission: Source, forms: Forms, options: Options, call: Call[T], glance: Callable[[], None]
    ) -> Given[T]:
        """Returns the result of `call` for one submission. Meanwhile `glance` is called now and then in this
        thread; it ends the call by raising TimedOut.

        Raises:
            Stopped: the pool was stopped before the call came to its end.
        """
        for _ in range(MOST_LIVES):
            pool = self._living()
            given = self._call(pool, submission, forms, options, call, glance)
            if self._is_stopped:
                raise Stopped
            if given is not None:
                pool.tidy()
                return given
            self._bury(pool)
        return Given(submission, ReaderCrashed(UNSTARTABLE))

    def _call(
        self,
        pool: Pool,
        submission: Source,
        forms: Forms,
        options: Options,
        call: Call[T],
        glance: Callable[[], None],
    ) -> Given[T] | None:
        try:
            task = pool.schedule(submission, forms, options, call)
        except (BrokenProcessPool, RuntimeError):
            return None
        last = time.monotonic() + pool.patience
        while not wait([task], timeout=_GLANCE).done:
            if self._is_stopped:
                raise Stopped
            is_over = not pool.is_alive or time.monotonic() > last
            if is_over and not wait([task], timeout=_GLANCE).done:
                return None
            try:
                glance()
            except TimedOut as error:
                task.cancel()
                return Given(submission, error, self._limits.seconds)
        return pool.given(submission, task)

    def stop(self) -> None:
        """Ends the processes at once. Whoever waits for one gets Stopped."""
        with self._lock:
            if not self._is_stopped:
                self._is_stopped = True
                self._pool.end(now=True)

    def _living(self) -> Pool:
        with self._lock:
            if self._is_stopped:
                raise Stopped
            return self._pool

    def _bury(self, broken: Pool) -> None:
        with self._lock:
            # Only the first of those who waited for the broken pool replaces it.
            if self._pool is broken and not self._is_stopped:
                broken.end(now=True)
                self._pool = Pool(self._limits, self._scratch)


def _begin(ahead: Callable[[], object] | None, scratch: Path, megabytes: int, threads: int) -> None:
    prepare(scratch, megabytes, threads)
    if ahead:
        ahead()


def _hear_no_signals() -> None:
    # Otherwise the tracker would start with the first process, and let its thread hear Ctrl-C again.
    resource_tracker.ensure_running()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})


def _timed(call: Call[T], submission: Source, forms: Forms, options: Options) -> tuple[T, float]:
    """Returns the result of a call, and the seconds that it took in the process that ran it."""
    started = time.monotonic()
    outcome = call(submission, forms, options)
    give_back_memory()
    return outcome, time.monotonic() - started
