"""Reads one upload, from the moment that its turn comes until its result is stored or the upload is put off.

Every step here may happen twice, because a worker that was thought dead may come back. The result is stored
only once.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from extractor import Kept, Options, Source
from models.errors import NotFound, ReaderCrashed, TimedOut
from service.blobs import Blobs, lay_out
from service.jobs.arranging import files_with, lines_of_each, reader_of
from service.jobs.decisions import Tempo, pause_before_another
from service.jobs.queue import Queue
from service.page_pictures import Views
from service.processes.pool import Done, Forms, LastingPool, Read
from service.processes.readers import Telling
from service.proof import aliases, twice
from service.proof.holding import held_back, rules
from service.proof.learning import decided_anew, in_use
from service.results import Line
from service.store import again, groupings, rearranged, records
from service.store.database import Database
from service.store.forms import FormStore
from service.store.tables import uploads
from service.store.uploads import (  # fmt: skip
    ProgressJson,
    StoredFile,
    arrival_of,
    begin_reading,
    called,
    files_of,
    report_progress,
)

_PROGRESS, _KEPT = "progress.json", "kept"


@dataclass(frozen=True)
class Job:
    """An upload to read. `attempts` is how often its reading had been begun when it was put into the queue;
    `tries` is the number of this try, counted from 1."""

    upload: int
    attempts: int
    tries: int


@dataclass(frozen=True)
class _Begun:
    """An upload whose reading has begun, with its `files`. `again` names the parts to read again, where not
    all are to be read. `arranged` are the groups to read as persons put them together. `apart` says that the
    files may come from different applicants. `deaths` is how many workers began this job and did not end
    it."""

    files: tuple[StoredFile, ...]
    form: str | None
    deaths: int
    apart: bool = False
    again: tuple[str, ...] = ()
    arranged: tuple[groupings.Group, ...] = ()

    @property
    def name(self) -> str:
        return called([file.name for file in self.files])

    def to_read(self) -> list[tuple[str, str]]:
        """Returns (name, digest) of each file to read, with the names that the file's parts have."""
        parts = {piece.part for one in self.arranged for piece in one.pieces} or set(self.again)
        return files_with(parts or None, [(file.name, file.sha256) for file in self.files])


# The fields of a form that are keyed twice, beside those that it names, of something that came then.
TwiceToo = Callable[[str, datetime], frozenset[str]]


def nothing_more(form: str, came: datetime) -> frozenset[str]:
    """Names no fields."""
    return frozenset()


@dataclass(frozen=True)
class Desk:
    """Everything that a worker called `name` needs to read uploads. Safe for threads. `views` belong to a
    service on this machine; the first pages of what was read are drawn for it in advance. `twice_too`
    says what is keyed twice beside what the forms say."""

    name: str
    database: Database
    blobs: Blobs
    forms: FormStore
    queue: Queue
    pool: LastingPool
    options: Options
    tempo: Tempo
    scratch: Path
    clock: Callable[[], datetime]
    reader: Callable[[Path], Read] = Telling
    views: Views | None = None
    twice_too: TwiceToo = nothing_more

    def read(self, job: Job) -> str | None:
        """Reads an upload and stores its result, or puts the upload off. Returns the code of the error, if
        there is one.

        Raises:
            Stopped: the pool was stopped meanwhile; nothing was stored.
        """
        begun = self._begin(job)
        if begun is None:
            return None
        if begun.deaths >= self.tempo.lives:
            error = ReaderCrashed(f"读取时工作进程先后中断 {begun.deaths} 次，已不再尝试")
            done, pause = Done.failed(Source(begun.name, self.scratch), error), None
            kept: dict[str, bytes] = {}
        else:
            done, kept = self._extract(job, begun)
            pause = pause_before_another(done.lines, job.tries, self.tempo.pauses)
        self._settle(job, begun, done, pause, kept)
        if self.views and pause is None:
            self.views.prepare(done.lines[0]["parts"], [(file.name, file.sha256) for file in begun.files])
        return done.error["code"] if done.error else None

    def _begin(self, job: Job) -> _Begun | None:
        with self.database.write() as connection:
            if not begin_reading(connection, job.upload, self.clock()):
                return None
            row = connection.execute(uploads.select().where(uploads.c.id == job.upload)).one()
            files, parts = (
                tuple(files_of(connection, job.upload)),
                tuple(again.to_read(connection, job.upload)),
            )
            arranged = tuple(groupings.waiting(connection, job.upload))
            return _Begun(files, row.form, row.attempts - job.attempts - 1, row.apart, parts, arranged)

    def _extract(self, job: Job, begun: _Begun) -> tuple[Done, dict[str, bytes]]:
        """Returns what was read, and what is to be kept of its pictures by key."""
        with self._folder(job) as folder:
            try:
                source = Source.of(
                    begun.name, folder, lay_out(self.blobs, begun.to_read(), folder), apart=begun.apart
                )
            except NotFound as error:
                # The blobs may be out of reach of this machine alone, so another try makes sense.
                return Done.failed(Source(begun.name, folder), ReaderCrashed(error.message)), {}
            glance = _Glance(
                self.database, job.upload, folder / _PROGRESS, len(source.parts), self.pool.seconds
            )
            kept = Kept(folder / _KEPT)
            options, reader = replace(self.options, form=begun.form, kept=kept), self._reader(begun, folder)
            self._lay_out_kept(job, begun, kept)
            forms = aliases.current(self.database, self.forms)
            done = self.pool.read(source, forms, options, reader, glance)
            if not done.whole and source.apart and not begun.arranged:
                done = self._extract_each(source, forms, options, reader, glance)
            return done, {key: path.read_bytes() for key, path in kept.names().items()}

    def _reader(self, begun: _Begun, folder: Path) -> Read:
        if not begun.arranged:
            return self.reader(folder / _PROGRESS)
        return reader_of(begun.arranged, begun.form)

    def _lay_out_kept(self, job: Job, begun: _Begun, kept: Kept) -> None:
        """Puts what was read before where the reader finds it, so that nothing is read twice."""
        if begun.arranged:
            with self.database.read() as connection:
                for key, data in groupings.readings_of(connection, job.upload).items():
                    kept.lay(key, data)

    def _extract_each(
        self, source: Source, forms: Forms, options: Options, reader: Read, glance: "_Glance"
    ) -> Done:
        """Reads files that came apart one by one, after reading them together has failed as a whole. The file
        at fault then costs only itself, but files that belong together are no longer joined."""
        found = []
        for number, part in enumerate(source.parts):
            glance.begin(number)
            alone = Source.of(part[0], source.path, [part])
            found.append(self.pool.read(alone, forms, options, reader, glance))
        # Lines that were read come first, because an upload's first line stands for the upload.
        lines = sorted(
            (line for one in found for line in one.lines), key=lambda line: line["error"] is not None
        )
        return Done(source, tuple(lines), sum(one.seconds or 0.0 for one in found))

    @contextmanager
    def _folder(self, job: Job) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix=f"upload-{job.upload}-", dir=self.scratch))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _settle(
        self, job: Job, begun: _Begun, done: Done, pause: float | None, kept: dict[str, bytes]
    ) -> None:
        """Stores the result, or puts the upload back into the queue for later."""
        now = self.clock()
        with self.database.write() as connection:
            groupings.keep_readings(connection, job.upload, kept)
            if pause is None:
                came = arrival_of(connection, job.upload)
                made = self._finish(connection, job, begun, done, now, came)
                twice.ask(connection, made, self.forms.get, now, lambda form: self.twice_too(form, came))
                return
            code = done.error["code"] if done.error else None
            again: ProgressJson = {
                "part": None,
                "code": code,
                "again_at": (now + timedelta(seconds=pause)).isoformat(),
            }
            report_progress(connection, job.upload, again)
            self.queue.enqueue(connection, job.upload, job.tries + 1, pause)

    def _finish(
        self,
        connection: sa.Connection,
        job: Job,
        begun: _Begun,
        done: Done,
        now: datetime,
        came: datetime,
    ) -> list[int]:
        lines = self._held_back(connection, done.lines, came)
        about = self.forms.get, self.name, done.seconds, now
        if not begun.arranged:
            return records.finish(connection, job.upload, lines, *about, begun.again)
        return rearranged.finish(connection, job.upload, lines_of_each(begun.arranged, lines), *about)

    def _held_back(self, connection: sa.Connection, lines: Sequence[Line], came: datetime) -> list[Line]:
        known, lesson, target = rules(connection), in_use(connection), self.options.silent_target
        found = []
        for line in lines:
            form = self.forms.get(str(line["form"]), str(line["version"])) if line["form"] else None
            decided = decided_anew(line, form, lesson, target)
            also = self.twice_too(form.name, came) if form else ()
            found.append(twice.marked(held_back(decided, form, known), form, also))
        return found


@dataclass
class _Glance:
    """Looks now and then at the progress that the reader wrote, and reports it to those who watch the upload.
    The upload brought `files` files. Each part may take `seconds`; pictures that are pages of one document
    are begun together, and get that time for each."""

    database: Database
    upload: int
    place: Path
    files: int
    seconds: float
    told: bytes = b""
    since: float = field(default_factory=time.monotonic)
    before: int = 0
    parts: int = 1

    def begin(self, before: int) -> None:
        """Starts over for the next file, after `before` files."""
        self.place.unlink(missing_ok=True)
        self.told, self.since, self.before, self.parts = b"", time.monotonic(), before, 1

    def __call__(self) -> None:
        """Reports progress. Raises TimedOut where the part takes too long."""
        try:
            now = self.place.read_bytes()
        except FileNotFoundError:
            return
        if now == self.told and time.monotonic() - self.since > self.seconds * self.parts:
            raise TimedOut(f"读取超过 {self.seconds:g} 秒，已停止")
        if now != self.told:
            progress: ProgressJson = json.loads(now)
            self.parts = max(1, progress["done"] - (json.loads(self.told)["done"] if self.told else -1))
            self.told, self.since = now, time.monotonic()
            progress["done"] += self.before
            progress["total"] = max(self.files, progress["done"] + 1)
            with self.database.write() as connection:
                report_progress(connection, self.upload, progress)
