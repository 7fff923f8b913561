"""Calls into DBOS that are not part of its public interface. `pyproject.toml` bounds its version because of
them, and `tests/service/jobs/test_dbos_contract.py` says what each of them must do."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from dbos import DBOS


def own_queue(dbos: "DBOS", name: str, jobs: int, poll: float) -> None:
    """Lets this worker take jobs from the queue `name`, `jobs` at a time, with a look into it every `poll`
    seconds. Call it before the launch.

    `DBOS.register_queue` keeps one limit in the database for all workers. Our workers each have a limit of
    their own, which depends on their machine.
    """
    dbos._registry._register_internal_queue(name, worker_concurrency=jobs, polling_interval_sec=poll)


def take_no_more(dbos: "DBOS") -> None:
    """Takes no more jobs from the queues, while the jobs that were taken go on and are stored. `DBOS.destroy`
    can only do the same and then end everything."""
    for event in dbos.background_thread_stop_events:
        event.set()


def put_back(dbos: "DBOS", job: str, worker: str, queue: str) -> bool:
    """Puts a job that was begun back into the queue, and returns whether it did. It does so only where
    `worker` still has the job.

    `DBOS.resume_workflow` would put the job back whoever has it. Of two workers that take a job over, the
    second would do so too late.
    """
    return dbos._sys_db.reenqueue_for_recovery(job, [worker], queue)


def forget_jobs(connection: sa.Connection) -> None:
    """Deletes all jobs from the queue's tables, where there are any.

    It does so in the caller's transaction; `DBOS.delete_workflows` uses a transaction of its own.
    """
    schema = None if connection.dialect.name == "sqlite" else "dbos"
    if sa.inspect(connection).has_table("workflow_status", schema=schema):
        connection.execute(sa.table("workflow_status", schema=schema).delete())
