"""Runs `sealform worker`: it takes uploads from the queue and reads them, shows that it lives, and takes over
the jobs of dead workers."""

import logging
import os
import signal
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dbos import DBOS, DBOSConfig

from models.errors import BadUsage
from service import logs, webhooks
from service.blobs import open_blobs
from service.jobs import aliases, inside_dbos
from service.jobs.decisions import Tempo, Watch, takeover
from service.jobs.desk import Desk, Job, TwiceToo, nothing_more
from service.jobs.queue import APPLICATION, NAME, VERSION, WORKFLOW, Queue, job_id
from service.page_pictures import Views
from service.processes.child import die_with_parent, is_running
from service.processes.pool import LastingPool, Limits, Read, Stopped, cores, options_of
from service.processes.readers import Telling
from service.processes.scratch import scratch_folder, sweep
from service.proof import drawing
from service.sealing import keys_of
from service.settings import Settings
from service.signals import Stop
from service.store import workers
from service.store.database import Database
from service.store.forms import FormStore
from service.store.sealed import Values

_log = logging.getLogger(__name__)

# Seconds after which finished jobs are deleted from the queue's tables, and seconds between two such
# deletions.
_KEPT, _EVERY = 86400.0, 3600.0
_MOST_STRUCK = 1000
# Seconds in which those who wait for the pool notice that it was stopped.
_TO_NOTICE = 5.0


class _LeftAlone(BaseException):
    """Leaves a job begun, for the next takeover. It is not an Exception, because the queue would take an
    Exception for the job's end."""


@dataclass(frozen=True)
class Identity:
    """The identity of a worker: its name, which no other living worker has, and the machine and process where
    it runs."""

    name: str
    host: str
    pid: int

    @classmethod
    def here(cls, name: str | None = None) -> Self:
        """Returns the identity of this process, with the name `name`, or one made of its machine and its
        process id."""
        host, pid = socket.gethostname(), os.getpid()
        return cls(name or f"{host}-{pid}", host, pid)

    def sees_dead(self, row: Any) -> bool:
        """Returns whether a worker's row belongs to a process of this machine that has ended."""
        return bool(row.host == self.host and row.pid != self.pid and not is_running(row.pid))


def work(
    settings: Settings,
    identity: Identity,
    say: Callable[[str], object],
    clock: Callable[[], datetime] | None,
    tempo: Tempo,
    reader: Callable[[Path], Read] = Telling,
    twice_too: Callable[[FormStore], TwiceToo] = lambda _: nothing_more,
) -> None:
    """Reads uploads until a signal (SIGINT, SIGTERM) stops it. The jobs that it has begun then get
    `tempo.grace` seconds to end; those that do not are left to other workers. `twice_too` makes what tells
    which fields are keyed twice beside those that the forms name. Without a `clock` it goes by the
    database's.

    Raises:
        BadUsage: a setting is wrong, or another worker has this name.
        OSError: a folder can't be written.
    """
    logs.configure(settings.log_level)
    if settings.parent is not None:
        die_with_parent(signal.SIGTERM, settings.parent)
    jobs = settings.jobs or cores()
    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        stack.callback(sweep)
        keys = keys_of(settings.keys, settings.key_command)
        database = Database(settings.database_url, Values(keys, on=settings.seal_values))
        stack.callback(database.close)
        clock = clock or database.now
        database.migrate()
        queue = Queue(database)
        scratch = stack.enter_context(scratch_folder())
        pool = stack.enter_context(
            LastingPool(Limits(jobs, settings.time_limit, settings.memory_limit), scratch)
        )
        blobs = open_blobs(settings.blob_place, keys)
        forms = FormStore(database)
        desk = Desk(
            identity.name, database, blobs, forms, queue, pool,
            options_of(settings, silent_target=settings.silent_target), tempo,
            scratch, clock, reader,
            Views(settings, blobs, keys, (pool, scratch)) if settings.parent is not None else None,
            twice_too(forms),
        )  # fmt: skip
        stack.enter_context(_thread("messenger", webhooks.run, database, settings, clock))
        stack.enter_context(_thread("draw", drawing.run, database, desk.forms, settings, clock))
        stack.enter_context(_thread("aliases", aliases.run, desk))
        with _Worker(desk, identity, jobs) as worker:
            say(f"工作进程 {identity.name} 已启动，同时读取 {jobs} 份")
            try:
                stop.wait(threading.Event().wait)
            except KeyboardInterrupt:
                say("正在停止：先读完手上的")
            worker.drain(tempo.grace)
    say("已停止")


@contextmanager
def _thread(name: str, run: Callable[..., object], *arguments: object) -> Iterator[None]:
    """Calls `run` in a thread, with an event that is set when the block ends as its last argument."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(*arguments, stop), name=name)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class _Worker:
    """A worker, which while it is entered is known to the others and at work. There is one in a process."""

    def __init__(self, desk: Desk, identity: Identity, jobs: int) -> None:
        self._desk = desk
        self._identity = identity
        self._jobs = jobs
        self._tempo = desk.tempo
        self._watch = Watch(desk.tempo.silence)
        self._lost: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._at_work: Counter[str] = Counter()
        self._draining = threading.Event()
        self._ended = threading.Event()
        self._struck = -_EVERY
        self._heart = threading.Thread(target=self._live, name="heart")

    def __enter__(self) -> Self:
        """Registers the worker and starts it.

        Raises:
            BadUsage: another worker has this name.
        """
        self._register()
        config: DBOSConfig = {
            "name": APPLICATION, "application_version": VERSION, "executor_id": self._identity.name,
            "system_database_url": self._desk.database.queue_url,
            "sys_db_pool_size": self._jobs + 5, "run_migrations": False, "log_level": "WARNING",
        }  # fmt: skip
        self._dbos = DBOS(config=config)

        # The workflow has no steps, because all of it may be done again. So nothing that was read is stored
        # in the queue's tables.
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        def read_upload(upload: int, attempts: int, tries: int) -> None:
            self._read(upload, attempts, tries)

        inside_dbos.own_queue(self._dbos, NAME, self._jobs, self._tempo.poll)
        DBOS.launch()
        self._desk.queue.enqueue_forgotten()
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the worker. Unfinished jobs are left to other workers."""
        self.drain(0.0)
        self._desk.pool.stop()
        self._wait_for_work(_TO_NOTICE)
        DBOS.destroy(destroy_registry=True)
        self._ended.set()
        self._heart.join()
        with self._desk.database.write() as connection:
            workers.leave(connection, self._identity.name)

    def drain(self, seconds: float) -> None:
        """Takes no more jobs, and waits up to `seconds` for those that were begun."""
        self._draining.set()
        inside_dbos.take_no_more(self._dbos)
        self._wait_for_work(seconds)

    def _wait_for_work(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._at_work.total() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _register(self) -> None:
        me, now = self._identity, self._desk.clock()
        with self._desk.database.write() as connection:
            same = [row for row in workers.living(connection) if row.name == me.name]
            is_fresh = any((now - row.seen_at).total_seconds() < self._tempo.silence for row in same)
            if is_fresh and not any(me.sees_dead(row) or row.pid == me.pid for row in same):
                raise BadUsage(
                    f"已有名为“{me.name}”的工作进程",
                    advice="请用 --name 另起一个名字；它已停止的，过一会儿再启动",
                )
            workers.say_alive(connection, me.name, me.host, me.pid, now)

    def _read(self, upload: int, attempts: int, tries: int) -> None:
        """Does one job of the queue."""
        if self._draining.is_set():
            raise _LeftAlone
        job, started = job_id(upload, attempts), time.monotonic()
        with self._lock:
            self._at_work[job] += 1
        try:
            code = self._desk.read(Job(upload, attempts, tries))
        except Stopped:
            raise _LeftAlone from None
        except Exception as error:
            # The error's text is not logged, because it may quote an applicant.
            where = traceback.extract_tb(error.__traceback__)[-1]
            _log.error(
                "upload %d: %s at %s:%s, left alone",
                upload,
                type(error).__name__,
                where.filename,
                where.lineno,
            )
            raise _LeftAlone from None
        finally:
            with self._lock:
                self._at_work[job] -= 1
        _log.info("upload %d: %s after %.1f s", upload, code or "read", time.monotonic() - started)

    def _live(self) -> None:
        while not self._ended.is_set():
            try:
                self._beat()
                self._strike()
            except Exception as error:
                _log.error("heart: %s", type(error).__name__)
            self._ended.wait(self._tempo.beat)

    def _beat(self) -> None:
        """Shows that this worker lives, and checks on the others."""
        me, database = self._identity, self._desk.database
        # The jobs are listed before the workers: whoever has begun a job registered before that.
        pending = {
            one.workflow_id: str(one.executor_id)
            for one in DBOS.list_workflows(
                status="PENDING", queue_name=NAME, load_input=False, load_output=False
            )
        }
        with database.write() as connection:
            workers.say_alive(connection, me.name, me.host, me.pid, self._desk.clock())
            rows = workers.living(connection)
            silent = self._watch.silent({row.name: row.seen_at for row in rows}, time.monotonic()) - {me.name}
            dead = workers.declare_dead(
                connection, [row for row in rows if row.name in silent or me.sees_dead(row)]
            )
        for name in dead:
            _log.warning("worker %s is dead", name)
        with self._lock:
            at_work = {job for job, count in self._at_work.items() if count > 0}
        plan = takeover(pending, {row.name for row in rows} - set(dead), me.name, at_work, self._lost)
        self._lost = plan.lost
        for job, worker in plan.now.items():
            inside_dbos.put_back(self._dbos, job, worker, NAME)
        if plan.now:
            _log.warning("%d jobs taken over", len(plan.now))
        if dead or plan.now:
            sweep()

    def _strike(self) -> None:
        """Deletes jobs that ended long ago from the queue's tables."""
        if time.monotonic() - self._struck < _EVERY:
            return
        self._struck = time.monotonic()
        before = (self._desk.clock() - timedelta(seconds=_KEPT)).isoformat()
        done = DBOS.list_workflows(
            status="SUCCESS",
            queue_name=NAME,
            completed_before=before,
            limit=_MOST_STRUCK,
            load_input=False,
            load_output=False,
        )
        if done:
            DBOS.delete_workflows([one.workflow_id for one in done])
