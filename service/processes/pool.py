"""The processes that open submissions, so that a file that hangs or crashes its reader costs itself alone.

What is called in them is typed by what it gives: reading gives lines, which are plain data as files, sheets
and the database keep it, and drawing gives pictures.
"""

import logging
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from extractor import Book, Options, Source, extract
from models.errors import ReaderCrashed, TimedOut, UnreadableFile
from models.form import FormDefinition
from models.record import Failure, Part, Result
from service.processes.child import FOLDER, give_back_memory, is_running, prepare
from service.processes.inside_pebble import end_at_once
from service.results import ErrorJson, Line, line_of
from service.sources import digests

if TYPE_CHECKING:
    from service.settings import Settings

_log = logging.getLogger(__name__)

# A process is replaced after so many submissions: what a C library leaks stays bounded, and loading OCR stays
# rare.
_TASKS_A_PROCESS = 200
# Pools in a row that break without having read anything, before a submission is given up.
MOST_LIVES = 3
UNSTARTABLE = "读取进程无法启动或反复崩溃"
# Seconds between two looks at what a process is doing.
_GLANCE = 0.5
# Seconds beyond the limit of a submission, for a process to start in and for one to be ended in. A pool from
# which nothing came for longer has lost a task: one that died just as it took it can't be told from one that
# still starts.
_GRACE = 60.0

Forms = Mapping[str, FormDefinition]
T = TypeVar("T")
# What is to be done with a submission in another process, which must be able to import it.
Call = Callable[[Source, Forms, Options], T]
Read = Call[list[Line]]
Task = Future[tuple[T, float]]


@dataclass(frozen=True)
class Limits:
    """`jobs` processes at a time; for one submission `megabytes` of address space, and `seconds` for each of
    its files."""

    jobs: int = 1
    seconds: float = 120.0
    megabytes: int = 4096

    def seconds_for(self, submission: Source) -> float:
        """How long reading it may take: a hundred files that somebody sends at once are no longer one by
        one."""
        return self.seconds * max(1, len(submission.files()))


@dataclass(frozen=True)
class Given(Generic[T]):
    """What a call gave for a submission, or why it gave nothing, and the seconds that it took; None where its
    process died."""

    submission: Source
    outcome: T | UnreadableFile
    seconds: float | None = None


@dataclass(frozen=True)
class Done:
    """A submission that was read: its lines, at least one, and the seconds that reading took; None where its
    process died. `whole` says that the reader itself came to its end, whatever it found."""

    submission: Source
    lines: tuple[Line, ...]
    seconds: float | None
    whole: bool = True

    @property
    def error(self) -> ErrorJson | None:
        """That of the first line, by which a submission is asked about."""
        return self.lines[0]["error"]

    @classmethod
    def of(cls, given: Given[list[Line]]) -> Self:
        """What was read, by what reading it gave."""
        if isinstance(given.outcome, UnreadableFile):
            return cls.failed(given.submission, given.outcome, given.seconds)
        if not given.outcome:
            return cls.failed(given.submission, ReaderCrashed("读取程序没有给出结果"), given.seconds)
        return cls(given.submission, tuple(given.outcome), given.seconds)

    @classmethod
    def failed(cls, submission: Source, error: UnreadableFile, seconds: float | None = None) -> Self:
        """What becomes of a submission that could not be read."""
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
    """The pool was stopped, so that nothing is known of what it was reading."""


def cores() -> int:
    """How many processes can run at the same time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_submission(
    submission: Source, forms: Forms, options: Options, book: Book | None = None
) -> list[Line]:
    """The lines of one submission, read in this process; `book` is given the ledger of each of its parts."""
    return [line_of(result) for result in extract(submission, forms, options, book=book)]


def options_of(
    settings: "Settings", form: str | None = None, silent_target: float = Options.silent_target
) -> Options:
    """How this installation reads: with which engine and within which limits."""
    from extractor.scan.ocr import OcrSettings, PaddleOcr

    ocr = PaddleOcr(OcrSettings(models=settings.ocr_models, device=settings.ocr_device))
    return Options(form=form, silent_target=silent_target, limits=settings.limits(), ocr=ocr)


class Pool:
    """One life of the processes, which ends early where one of them dies between two submissions. Safe for
    threads."""

    def __init__(self, limits: Limits, scratch: Path) -> None:
        """Nothing is started before the first submission."""
        self._limits = limits
        self._scratch = scratch
        # Not fork: this process has threads of its own, whose locks a fork would copy in whatever state they
        # are.
        self._processes = ProcessPool(
            limits.jobs,
            max_tasks=_TASKS_A_PROCESS,
            initializer=prepare,
            initargs=(scratch, limits.megabytes, max(1, cores() // limits.jobs)),
            context=multiprocessing.get_context("spawn"),
        )
        # Processes die with the thread that started them, and take their signals from it. So it is a thread
        # that lives as long as the pool, whoever asks, and that leaves it to others to hear Ctrl-C or that
        # the terminal is closed.
        self._keeper = ThreadPoolExecutor(1, initializer=_hear_no_signals)
        self._open: dict[Task[Any], float] = {}

    def schedule(self, submission: Source, forms: Forms, options: Options, call: Call[T]) -> Task[T]:
        """What `call` gives for the submission, as soon as there is a process for it.

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
        """Each of `tasks` as soon as it is done. Where the pool breaks, or is stuck, it ends without those
        that never will be."""
        done: SimpleQueue[Task[T]] = SimpleQueue()
        for task in tasks:
            task.add_done_callback(done.put)
        left, was_alive, last, longest = len(tasks), True, time.monotonic(), self._longest
        while left:
            try:
                one = done.get(timeout=_GLANCE)
            except Empty:
                # What ended as the pool broke may only just be coming: hence a second look.
                if not was_alive or time.monotonic() - last > longest + _GRACE:
                    return
                was_alive = self.is_alive
                continue
            yield one
            left, last = left - 1, time.monotonic()

    @property
    def patience(self) -> float:
        """Seconds within which all that is scheduled now ends. What has not was taken by a process that died
        before it said so."""
        return -(-len(self._open) // self._limits.jobs) * self._longest + _GRACE

    @property
    def _longest(self) -> float:
        return max([self._limits.seconds, *self._open.copy().values()])

    @property
    def is_alive(self) -> bool:
        """Whether what was scheduled will end: what a broken pool had not begun does not."""
        return bool(self._processes.active)

    def given(self, submission: Source, task: Task[T]) -> Given[T] | None:
        """What a finished task gave for its submission; None where the pool broke, or was stopped, before it
        came to this one."""
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
        """Ends the processes and all that they started; unless `now`, what was scheduled is read first."""
        # After what the keeper does: a process that it is still starting would miss what it is to begin with,
        # and say so at length.
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
        """Removes the temporary files of processes that have ended: one that was killed removes nothing
        itself."""
        for folder in self._scratch.glob(FOLDER.format("*")):
            if not is_running(int(folder.name.rpartition("-")[2])):
                shutil.rmtree(folder, ignore_errors=True)


class LastingPool:
    """Processes for as long as a service runs: a pool that broke is followed by another one. Safe for
    threads."""

    def __init__(self, limits: Limits, scratch: Path) -> None:
        """As `Pool`."""
        self._limits = limits
        self._scratch = scratch
        self._lock = threading.Lock()
        self._pool = Pool(limits, scratch)
        self._is_stopped = False

    @property
    def seconds(self) -> float:
        """How long each file of a submission may take."""
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
        """Reads one submission, as `call`.

        Raises:
            Stopped: as `call`.
        """
        return Done.of(self.call(submission, forms, options, read, glance))

    def call(
        self, submission: Source, forms: Forms, options: Options, call: Call[T], glance: Callable[[], None]
    ) -> Given[T]:
        """What `call` gives for one submission; `glance` is called now and then meanwhile, in this thread,
        and ends it by raising TimedOut.

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
        """Ends the processes at once; whoever waits for one is told so."""
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
            # Only the first of those who waited for it.
            if self._pool is broken and not self._is_stopped:
                broken.end(now=True)
                self._pool = Pool(self._limits, self._scratch)


def _hear_no_signals() -> None:
    # The tracker is started with the first process otherwise, and lets its thread hear Ctrl-C again.
    resource_tracker.ensure_running()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})


def _timed(call: Call[T], submission: Source, forms: Forms, options: Options) -> tuple[T, float]:
    """What a call gives, and how long it took in the process that it was made in."""
    started = time.monotonic()
    outcome = call(submission, forms, options)
    give_back_memory()
    return outcome, time.monotonic() - started
