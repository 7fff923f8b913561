"""All that is reached inside DBOS past its public interface. `pyproject.toml` bounds its version because of
this, and
`tests/service/jobs/test_dbos_contract.py` says what each of these must do."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from dbos import DBOS


def own_queue(dbos: "DBOS", name: str, jobs: int, poll: float) -> None:
    """Lets this worker take from the queue `name`, `jobs` at a time, looking every `poll` seconds; called
    before the launch.

    `DBOS.register_queue` keeps one limit in the database for all workers, and each of ours has its own, by
        the machine it is on.
    """
    dbos._registry._register_internal_queue(name, worker_concurrency=jobs, polling_interval_sec=poll)


def take_no_more(dbos: "DBOS") -> None:
    """Stops taking from queues, while what was taken goes on and is kept. `DBOS.destroy` can only do so and
    then end all."""
    for event in dbos.background_thread_stop_events:
        event.set()


def put_back(dbos: "DBOS", job: str, worker: str, queue: str) -> bool:
    """Puts a job that was begun into the queue again, and says whether it did: only where `worker` still has
    it.

    `DBOS.resume_workflow` would do so whoever has it, and of two that take over, one comes too late.
    """
    return dbos._sys_db.reenqueue_for_recovery(job, [worker], queue)


def forget_jobs(connection: sa.Connection) -> None:
    """Strikes all jobs from the queue's tables, where there are any.

    It does so in the caller's transaction, and `DBOS.delete_workflows` in one of its own.
    """
    schema = None if connection.dialect.name == "sqlite" else "dbos"
    if sa.inspect(connection).has_table("workflow_status", schema=schema):
        connection.execute(sa.table("workflow_status", schema=schema).delete())
