"""The desk where forms are made: drafts and trials as jobs, each in a process apart, with what came of them
kept for a day on disk, sealed where there are keys. Nothing here is needed to read an application, so none
of it is in the database: what is worth keeping becomes a definition, and the file itself, which may be
somebody's filled form, is not kept longer than its draft.

Of several machines each has a desk of its own, whose mark is in the number of each job, so that another one
can say that it is not its own. Processes with the same folder share a desk."""

import hashlib
import json
import logging
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from extractor import Source
from models.errors import Conflict, NotFound, ReaderCrashed, SealformError
from models.form import FormDefinition
from service.atomic_files import make_folder, write_whole
from service.drafting.tasks import DraftTask, Outcome, Step, TrialTask
from service.forms.trials import Report
from service.processes.pool import Call, Forms, LastingPool, Limits, Stopped, options_of
from service.processes.scratch import scratch_folder
from service.sealing import Keys, is_sealed, seal, unseal
from service.settings import Settings

_log = logging.getLogger(__name__)

_FOLDER = "desk"
_PROCESSES, _SECONDS = 2, 300.0
_MOST_WAITING = 20
_KEPT = 24 * 3600.0  # seconds
_PROGRESS, _ALIVE, _MARK = "progress", "alive", "mark"
# Characters of a desk's mark, and of what is a job's own in its number.
_OF_DESK, _OF_JOB = 8, 16
# Seconds without a sign of life after which whoever was at a job is not any more.
_SILENT = 60.0

Kind = Literal["draft", "trial"]
State = Literal["working", "done", "failed"]


@dataclass(frozen=True)
class Job:
    """How a job stands. `facts` is what came of it, None before its end; `problem` says why nothing did."""

    state: State
    share: float = 0.0
    doing: str = ""
    facts: Mapping[str, Any] | None = None
    problem: SealformError | None = None


class FormDesk:
    """Drafts and trials. A job is seen only by whoever began it. Safe for threads; `close` ends its
    processes."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        """`keys` seal what is kept."""
        self._keys = keys
        self._folder = settings.data / _FOLDER
        self._limits = Limits(jobs=_PROCESSES, seconds=_SECONDS, megabytes=settings.memory_limit)
        self._options = options_of(settings)
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._pool: tuple[LastingPool, Path] | None = None
        self._threads = ThreadPoolExecutor(_PROCESSES, "form-desk")
        self._running: dict[str, Future[None]] = {}
        self._failed: dict[str, SealformError] = {}
        self._broom: threading.Timer | None = None
        self._tidy()

    def draft(self, data: bytes, name: str, owner: str) -> str:
        """Begins to draft a definition from a file, and returns the number of the job.

        Raises:
            Conflict: too many are waiting.
        """
        return self._begin(
            "draft", owner, {"source": name}, lambda job, place: self._drafted(job, place, data, name)
        )

    def trial(self, form: FormDefinition, owner: str) -> str:
        """Begins to try a definition, and returns the number of the job.

        Raises:
            Conflict: too many are waiting.
        """
        return self._begin("trial", owner, {}, lambda job, place: self._tried(job, place, form))

    def look(self, kind: Kind, number: str, owner: str) -> Job:
        """Returns how a job stands.

        Raises:
            NotFound: there is none of that number, or it is somebody else's.
            Conflict: it is another machine's.
        """
        about = self._about(kind, number, owner)
        with self._lock:
            running = self._running.get(number)
        # Before what came of it is looked for: it may end in between.
        is_going_on = self._is_alive(number) if running is None else not running.done()
        result = self._place(number) / "facts.json"
        if result.exists():
            return Job("done", 1.0, facts={**about, **json.loads(self._read(number, result.name))})
        if is_going_on:
            step = Step.seen(self._place(number) / _PROGRESS)
            return Job("working", step.share, step.doing)
        # Where nothing is known of it, another run of the service had begun it.
        problem = self._failed.get(number) or ReaderCrashed(
            "没有做完，服务可能重新启动过", advice="请再做一次"
        )
        return Job("failed", problem=problem)

    def picture(self, kind: Kind, number: str, owner: str, name: str) -> bytes:
        """Returns a picture that a job made.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        self._about(kind, number, owner)
        path = self._place(number) / f"{name}.picture"
        if not path.exists():
            raise NotFound("没有这一页")
        return self._read(number, path.name)

    def forget(self, kind: Kind, number: str, owner: str) -> None:
        """Removes what came of a job.

        Raises:
            NotFound: there is none of that number, or it is somebody else's.
        """
        self._about(kind, number, owner)
        shutil.rmtree(self._place(number), ignore_errors=True)

    def report(self, form: FormDefinition) -> Report:
        """Returns how a definition fared in its trial, which is made now unless it was made within the last
        day.

        Raises:
            SealformError: the form can't be tried.
        """
        known = self.kept(form)
        if known is None:
            with tempfile.TemporaryDirectory(prefix="sealform-") as folder:
                task = TrialTask(Path(folder, _PROGRESS))
                self._keep_report(form, self._called({form.name: form}, task, None))
            known = self.kept(form)
            assert known is not None
        return known

    def kept(self, form: FormDefinition) -> Report | None:
        """Returns how a definition fared in the trial that was made of it within the last day, if any was."""
        try:
            told = json.loads((self._reports / f"{_digest(form)}.json").read_bytes())
        except FileNotFoundError:
            return None
        return Report(**{**told, "told": tuple(told["told"])})

    def close(self) -> None:
        """Ends the processes at once."""
        with self._lock:
            self._open.close()
            self._pool = None
            if self._broom is not None:
                self._broom.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _begin(
        self, kind: Kind, owner: str, about: Mapping[str, Any], work: Callable[[str, Path], None]
    ) -> str:
        number = self._mark() + secrets.token_hex(_OF_JOB // 2)
        place = self._place(number)
        with self._lock:
            self._running = {job: one for job, one in self._running.items() if not one.done()}
            if len(self._running) >= _MOST_WAITING:
                raise Conflict("正在处理的表格太多", advice="请等前面的处理完再试")
            make_folder(place)
            self._write(
                number, "about.json", json.dumps({"kind": kind, "owner": owner, "about": about}).encode()
            )
            self._show_life([number])
            self._running[number] = self._threads.submit(self._safely, number, work)
        self._tidy()
        return number

    def _safely(self, number: str, work: Callable[[str, Path], None]) -> None:
        try:
            work(number, self._place(number))
        except SealformError as error:
            self._failed[number] = error
        except Exception as error:
            _log.error("a job of the desk failed", exc_info=error)
            self._failed[number] = ReaderCrashed("处理程序出错")
        finally:
            (self._place(number) / _ALIVE).unlink(missing_ok=True)

    def _drafted(self, number: str, place: Path, data: bytes, name: str) -> None:
        outcome = self._called({}, DraftTask(place / _PROGRESS), data)
        self._store(number, outcome)

    def _tried(self, number: str, place: Path, form: FormDefinition) -> None:
        outcome = self._called({form.name: form}, TrialTask(place / _PROGRESS), None)
        self._keep_report(form, outcome)
        self._store(number, outcome)

    def _called(self, forms: Forms, call: Call[Outcome | SealformError], data: bytes | None) -> Outcome:
        """Lets a process do a task on a file, or on none."""
        pool, scratch = self._started()
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            source = Source("", Path(folder))
            if data is not None:
                Path(folder, "file").write_bytes(data)
            options = replace(self._options, form=None)
            try:
                outcome = pool.call(source, forms, options, call, self._show_life).outcome
            except Stopped as error:
                raise ReaderCrashed("服务正在停止") from error
        if isinstance(outcome, SealformError):
            raise outcome
        return outcome

    def _store(self, number: str, outcome: Outcome) -> None:
        for name, picture in outcome.pictures.items():
            self._write(number, f"{name}.picture", picture)
        self._write(number, "facts.json", json.dumps(outcome.facts, ensure_ascii=False).encode())

    def _write(self, number: str, name: str, data: bytes) -> None:
        kept = seal(self._keys, data, _identity(number, name)) if self._keys.seals else data
        write_whole(self._place(number) / name, kept)

    def _read(self, number: str, name: str) -> bytes:
        kept = (self._place(number) / name).read_bytes()
        return unseal(self._keys, kept, _identity(number, name)) if is_sealed(kept) else kept

    def _show_life(self, numbers: Iterable[str] | None = None) -> None:
        """Leaves a sign of life for all jobs that wait here, or for these."""
        if numbers is None:
            numbers = [job for job, one in list(self._running.items()) if not one.done()]
        for number in numbers:
            # Somebody may have thrown the job away.
            with suppress(FileNotFoundError):
                (self._place(number) / _ALIVE).touch()

    def _is_alive(self, number: str) -> bool:
        """Whether another process with this folder is at the job."""
        try:
            return time.time() - (self._place(number) / _ALIVE).stat().st_mtime < _SILENT
        except FileNotFoundError:
            return False

    def _mark(self) -> str:
        """Returns what all processes with this folder begin the numbers of their jobs with."""
        make_folder(self._folder)
        path = self._folder / _MARK
        with suppress(FileExistsError), tempfile.NamedTemporaryFile(dir=self._folder) as new:
            new.write(secrets.token_hex(_OF_DESK // 2).encode())
            new.flush()
            os.link(new.name, path)
        return path.read_text()

    def _keep_report(self, form: FormDefinition, outcome: Outcome) -> None:
        make_folder(self._reports)
        told = {name: outcome.facts[name] for name in ("read", "right", "silent", "asked", "told")}
        write_whole(self._reports / f"{_digest(form)}.json", json.dumps(told, ensure_ascii=False).encode())

    def _about(self, kind: Kind, number: str, owner: str) -> Mapping[str, Any]:
        try:
            about = json.loads(self._read(number, "about.json"))
        except FileNotFoundError:
            if number[:_OF_DESK] != self._mark():
                raise Conflict(
                    "这份草稿或试读不在这台服务器上",
                    advice="请刷新再试；仍不行时再做一次，并请管理员让代理把同一浏览器送往同一台服务器",
                ) from None
            about = {}
        if (about.get("kind"), about.get("owner")) != (kind, owner):
            raise NotFound("没有这份草稿" if kind == "draft" else "没有这次试读", advice="请再做一次")
        return about["about"]  # type: ignore[no-any-return]

    @property
    def _reports(self) -> Path:
        return self._folder / "reports"

    def _place(self, number: str) -> Path:
        return self._folder / number

    def _tidy(self) -> None:
        """Removes what is older than a day, and looks again when what is left will be."""
        last = time.time() - _KEPT
        for path in [*self._folder.glob("*"), *self._reports.glob("*")]:
            try:
                is_old = path not in (self._reports, self._folder / _MARK) and path.stat().st_mtime < last
            except FileNotFoundError:
                continue
            if is_old and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif is_old:
                path.unlink(missing_ok=True)
        with self._lock:
            if self._broom is not None:
                self._broom.cancel()
                self._broom = None
            if self._folder.exists():
                self._broom = threading.Timer(_KEPT + 60, self._tidy)
                self._broom.daemon = True
                self._broom.start()

    def _started(self) -> tuple[LastingPool, Path]:
        with self._lock:
            if self._pool is None:
                scratch = self._open.enter_context(scratch_folder())
                self._pool = self._open.enter_context(LastingPool(self._limits, scratch)), scratch
            return self._pool


def _identity(number: str, name: str) -> str:
    return f"desk:{number}/{name}"


def _digest(form: FormDefinition) -> str:
    return hashlib.sha256(form.model_dump_json().encode()).hexdigest()
