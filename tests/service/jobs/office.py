"""A service for tests, without its pages: uploads go into the queue, and workers are processes that can be
killed."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.blobs import FolderBlobs
from service.forms.definitions import load_forms
from service.jobs.queue import Queue
from service.store import audit, replay
from service.store.database import Database
from service.store.forms import FormStore
from service.store.tables import counters, results, submissions, uploads, versions, workers
from service.store.uploads import Arrival, StoredFile, create
from tests.service.readers import ORDER
from tests.service.survivors import Mark, told_of

ROOT = Path(__file__).parents[3]
INBOX = ROOT / "fixtures/inbox"
WORD = INBOX / "A01_lit_ballot_check.docx"
_PARENT = (
    "import os, subprocess, sys; subprocess.run(sys.argv[1:], "
    "env={**os.environ, 'SEALFORM_PARENT': str(os.getpid())})"
)


def _is_stopped(process: int) -> bool:
    """Whether all threads of a process have stopped, or it has ended."""
    threads = map(told_of, Path(f"/proc/{process}/task").glob("*/stat"))
    return all(told[0] in "TtZX" for told in threads if told)


class Office:
    """What workers share; everything that they start is marked, and all temporary files are in one folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.blobs = FolderBlobs(folder / "blobs")
        self.mark = Mark()
        self.queue = Queue(database)
        FormStore(database).add(load_forms(), "system", datetime.now(UTC))
        self._hired: list[subprocess.Popen[bytes]] = []

    def send(self, *files: tuple[str, bytes], form: str | None = None, apart: bool = False) -> int:
        """Stores an upload of (name, content) and queues it, in one transaction."""
        kept = [(name, self.blobs.put(io.BytesIO(data))) for name, data in files]
        stored = [StoredFile(name, blob.sha256, blob.bytes) for name, blob in kept]
        with self.database.write() as connection:
            upload, _ = create(
                connection, Arrival(stored, "api", form, apart=apart), "user:1", datetime.now(UTC)
            )
            self.queue.enqueue(connection, upload)
        return upload

    def send_file(self, path: Path = WORD) -> int:
        return self.send((path.name, path.read_bytes()))

    def send_order(self, order: str, *files: tuple[str, bytes]) -> int:
        """An upload over which the reader does as it is told, before it reads `files`."""
        return self.send(("0.txt", ORDER + order.encode()), *files)

    def hire(
        self, name: str, jobs: int = 1, *, silence: float = 2.0, seconds: float = 60, parent: bool = False
    ) -> subprocess.Popen[bytes]:
        """Starts a worker, or a process that starts it as its own and waits."""
        command = [sys.executable, "-m", "tests.service.jobs.command", name, str(jobs), str(silence)]
        if parent:
            code = (
                "import os, subprocess, sys; subprocess.run(sys.argv[1:], "
                "env={**os.environ, 'SEALFORM_PARENT': str(os.getpid())})"
            )
            command = [sys.executable, "-c", code, *command]
        return self.start(name, command, SEALFORM_TIME_LIMIT=str(seconds))

    def start(self, name: str, command: Sequence[str], **more: str) -> subprocess.Popen[bytes]:
        """Starts a process of this service, which writes what it says into a log."""
        environment = {
            **os.environ, **self.mark.environment, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary),
            "SEALFORM_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "SEALFORM_BLOBS": str(self.blobs.folder), "SEALFORM_DATA": str(self.folder), **more,
        }  # fmt: skip
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self._hired.append(process)
        return process

    def freeze(self, worker: subprocess.Popen[bytes]) -> None:
        """Stops a worker and its readers, at a moment at which it keeps nobody from writing: a machine that
        is cut off gives its locks back, a stopped process does not."""
        processes = (worker.pid, *self.mark.alive(b"spawn_main"))
        while True:
            for process in processes:
                os.kill(process, signal.SIGSTOP)
            # On a busy machine a thread may still end what it asked of the system, such as a lock, and only
            # then stop.
            self.wait_until(lambda: all(map(_is_stopped, processes)))
            if self._can_write():
                return
            for process in processes:
                os.kill(process, signal.SIGCONT)
            time.sleep(0.05)

    def _can_write(self) -> bool:
        engine = sa.create_engine(
            self.database.url, connect_args={"timeout": 0.5} if self.database.is_sqlite else {}
        )
        try:
            with engine.connect() as connection:
                if not self.database.is_sqlite:
                    connection.execute(sa.text("SET LOCAL lock_timeout = 500"))
                for table in (counters, uploads, workers):
                    connection.execute(table.update().values({table.c[0].name: table.c[0]}))
                connection.rollback()
        except sa.exc.OperationalError:
            return False
        finally:
            engine.dispose()
        return True

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def wait_until(self, condition: Any, seconds: float = 120.0) -> None:
        """Until `condition()` holds, or the test fails."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{condition} does not hold; {self._state()}"
            time.sleep(0.05)

    def _state(self) -> str:
        logs = {path.name: path.read_text()[-1500:] for path in self.folder.glob("*.log")}
        return f"uploads {self.states()}, {logs}"

    def states(self) -> dict[int, str]:
        with self.database.read() as connection:
            return {row.id: row.state for row in connection.execute(sa.select(uploads.c.id, uploads.c.state))}

    def row(self, upload: int) -> Any:
        with self.database.read() as connection:
            return connection.execute(uploads.select().where(uploads.c.id == upload)).one()

    def are_done(self, wanted: Collection[int]) -> bool:
        states = self.states()
        return all(states[upload] == "done" for upload in wanted)

    def are_begun(self, wanted: Collection[int]) -> bool:
        states = self.states()
        return all(states[upload] != "received" for upload in wanted)

    def present(self) -> set[str]:
        """The workers that say that they live."""
        with self.database.read() as connection:
            return set(connection.scalars(sa.select(workers.c.name)))

    def submissions(self, upload: int) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(submissions.select().where(submissions.c.upload_id == upload)))

    def error(self, upload: int) -> str | None:
        (one,) = self.submissions(upload)
        return one.error_code  # type: ignore[no-any-return]

    def line(self, upload: int) -> dict[str, Any]:
        (one,) = self.submissions(upload)
        with self.database.read() as connection:
            return dict(connection.scalar(sa.select(results.c.line).where(results.c.submission_id == one.id)))

    def assert_one_final_result_each(self, wanted: Collection[int]) -> None:
        with self.database.read() as connection:
            rows = connection.execute(
                sa.select(
                    submissions.c.upload_id, submissions.c.id, submissions.c.status, results.c.worker
                ).join(results, isouter=True)
            ).all()
            reads = connection.execute(
                sa.select(versions.c.submission_id, sa.func.count())
                .where(versions.c.action == "read")
                .group_by("submission_id")
            ).all()
            assert sorted(row.upload_id for row in rows) == sorted(wanted), "one application each"
            assert {row.status for row in rows} <= {"in-review", "unreadable"}
            assert all(row.worker for row in rows)
            assert dict(map(tuple, reads)) == {row.id: 1 for row in rows}
            assert audit.verify(connection)[2] == []
            assert list(replay.departures(connection)) == []

    def dismiss(self, process: subprocess.Popen[bytes], seconds: float = 30.0) -> None:
        """Asks a worker to stop, and it does."""
        process.send_signal(signal.SIGTERM)
        assert process.wait(seconds) == 0, self._state()

    def assert_nothing_is_left(self) -> None:
        alive, left = self.mark.wait_for_end(), sorted(self.temporary.rglob("*"))
        assert (alive, left) == ({}, []), f"{alive} {left}"
        assert [path.name for path in (self.folder / "blobs/incoming").iterdir()] == []

    def close(self) -> None:
        for process in self._hired:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.mark.wait_for_end()
