"""What `service/jobs/inside_dbos.py` counts on inside DBOS, on both databases.

Where one of these fails after DBOS was brought up to date, that module has to follow. Workers would not
notice by themselves: they would read nothing, or too much at once.
"""

import inspect
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from dbos import DBOS

from service.jobs.inside_dbos import forget_jobs, own_queue, put_back, take_no_more
from service.jobs.queue import APPLICATION, NAME, VERSION, WORKFLOW
from tests.service.jobs.office import Office

_POLL = 0.05


class _Reading:
    """Jobs while they are read: each lasts until it is let go, and how many there were at a time is
    counted."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.ended: list[int] = []
        self.now = self.most = 0
        self._lock = threading.Lock()

    def read(self, upload: int) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.free.wait(30)
        with self._lock:
            self.now -= 1
            self.ended.append(upload)


@contextmanager
def _launched(office: Office, reading: _Reading, jobs: int = 2) -> Iterator[DBOS]:
    """A worker called `me` in this process."""
    url = office.database.url.render_as_string(hide_password=False)
    dbos = DBOS(
        config={
            "name": APPLICATION, "application_version": VERSION, "executor_id": "me",
            "system_database_url": url,
            "run_migrations": False, "log_level": "WARNING",
        }
    )  # fmt: skip

    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
    def read_upload(upload: int, attempts: int, tries: int) -> None:
        reading.read(upload)

    own_queue(dbos, NAME, jobs, _POLL)
    try:
        DBOS.launch()
        yield dbos
    finally:
        reading.free.set()
        DBOS.destroy(destroy_registry=True)


def _until(holds: Callable[[], bool], else_: str) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline, else_
        time.sleep(0.02)


def _states() -> Counter[str]:
    return Counter(one.status for one in DBOS.list_workflows(queue_name=NAME))


def _state(job: str) -> tuple[str, str | None]:
    (one,) = DBOS.list_workflows(workflow_ids=[job])
    return one.status, one.executor_id


def _give(office: Office, job: str, worker: str) -> None:
    """Makes `worker` the one that has begun a job, as it would itself."""
    table = sa.table(
        "workflow_status", *map(sa.column, ("workflow_uuid", "status", "executor_id")), schema=_schema(office)
    )
    with office.database.write() as connection:
        of_job = table.update().where(table.c.workflow_uuid == job)
        assert connection.execute(of_job.values(status="PENDING", executor_id=worker)).rowcount == 1


def _schema(office: Office) -> str | None:
    return None if office.database.is_sqlite else "dbos"


def _send(office: Office, many: int) -> list[str]:
    return [f"upload-{office.send((f'{number}.docx', b'x'))}-0" for number in range(many)]


def test_a_queue_of_our_own_has_its_limit_for_each_worker_whatever_others_are_reading(office: Office) -> None:
    jobs, reading = _send(office, 6), _Reading()
    for job in jobs[:2]:
        _give(office, job, "other")
    with _launched(office, reading):
        _until(lambda: reading.now >= 2, "the limit of a worker is not its own: others' jobs count")
        time.sleep(10 * _POLL)
        assert reading.most == 2, "worker_concurrency limits a worker no more"
        assert _states() == {"PENDING": 4, "ENQUEUED": 2}
        reading.free.set()
        _until(lambda: len(reading.ended) == 4, "what is queued is not taken as soon as there is room")
        assert DBOS.list_queues() == [], "the limit is in the database now, where all workers share it"


def test_a_worker_that_takes_no_more_ends_what_it_has(office: Office) -> None:
    reading = _Reading()
    (begun,) = _send(office, 1)
    with _launched(office, reading) as dbos:
        _until(lambda: reading.now == 1, "a queue of our own is not read")
        take_no_more(dbos)
        # One look may be under way.
        time.sleep(4 * _POLL)
        (late,) = _send(office, 1)
        time.sleep(10 * _POLL)
        assert (reading.most, _state(late)[0]) == (1, "ENQUEUED"), (
            "setting DBOS's stop events does not stop it from taking jobs"
        )
        reading.free.set()
        _until(lambda: _state(begun)[0] == "SUCCESS", "what was taken before is not kept as done")


def test_a_job_is_put_back_only_where_the_dead_worker_still_has_it(office: Office) -> None:
    job, other = _send(office, 2)
    reading = _Reading()
    with _launched(office, reading) as dbos:
        take_no_more(dbos)
        time.sleep(4 * _POLL)
        reading.free.set()
        _give(office, job, "dead")
        _give(office, other, "quicker")
        assert not put_back(dbos, other, "dead", NAME), (
            "a job is taken from a worker that is not the dead one"
        )
        assert _state(other) == ("PENDING", "quicker")
        assert put_back(dbos, job, "dead", NAME), "a job of a dead worker is not put back"
        assert _state(job)[0] == "ENQUEUED"
        assert [one.workflow_id for one in DBOS.list_workflows(queue_name=NAME, status="ENQUEUED")] == [job]
        assert not put_back(dbos, job, "dead", NAME), "a job is put back twice"


def test_after_all_jobs_were_forgotten_none_is_there_and_the_same_can_be_queued(office: Office) -> None:
    (job,) = _send(office, 1)
    with office.database.write() as connection:
        forget_jobs(connection)
    with _launched(office, _Reading(), jobs=1) as dbos:
        take_no_more(dbos)
        assert _states() == {}, "DBOS keeps its jobs elsewhere than in workflow_status"
    with office.database.write() as connection:
        office.queue.enqueue(connection, int(job.split("-")[1]))
        names = sa.inspect(connection).get_table_names(schema=_schema(office))
        leaning = {
            name: key["options"].get("ondelete")
            for name in names
            for key in sa.inspect(connection).get_foreign_keys(name, schema=_schema(office))
            if key["referred_table"] == "workflow_status"
        }
    assert set(leaning.values()) == {"CASCADE"}, f"what is kept of a job outlives it: {leaning}"


def test_it_is_called_as_dbos_wants_it() -> None:
    from dbos._dbos import DBOSRegistry
    from dbos._queue import Queue
    from dbos._sys_db import SystemDatabase

    limits = {"worker_concurrency", "polling_interval_sec"}
    assert [*inspect.signature(DBOSRegistry._register_internal_queue).parameters] == [
        "self",
        "name",
        "limits",
    ]
    assert inspect.signature(Queue.__init__).parameters.keys() >= limits
    expected = ["self", "workflow_id", "executor_ids", "recovery_queue_name"]
    assert [*inspect.signature(SystemDatabase.reenqueue_for_recovery).parameters] == expected


@pytest.fixture(autouse=True)
def _leave_no_dbos() -> Iterator[None]:
    yield
    DBOS.destroy(destroy_registry=True)
