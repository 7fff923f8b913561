"""The queue of uploads to read. It lies in the service's own database, so that an upload and its job are
stored in one transaction."""

import logging

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions, WorkflowSerializationFormat

from service.store.database import Database
from service.store.tables import uploads

APPLICATION = "sealform"
# One version stands for all versions of the program: a newer program can do the job of an older one, because
# a job holds only numbers.
VERSION = "1"
NAME = "reading"
WORKFLOW = "read-upload"
_ACTIVE = ["ENQUEUED", "DELAYED", "PENDING"]


class Queue:
    """Puts uploads into the queue. Safe for threads."""

    def __init__(self, database: Database) -> None:
        """Makes the queue's tables, or brings them up to date.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
        """
        quiet()
        self._database = database
        DBOS.migrate(database.url.render_as_string(hide_password=False))
        self._client = DBOSClient(
            system_database_engine=database.engine, application_name=APPLICATION, lazy=True
        )

    def enqueue(
        self, connection: sa.Connection, upload: int, tries: int = 1, pause: float | None = None
    ) -> None:
        """Puts an upload into the queue, once the caller's transaction is committed and `pause` seconds have
        passed.

        `tries` is the number of this try, counted from 1. An upload that is already in the queue is not put
        there again.
        """
        attempts = connection.scalar(sa.select(uploads.c.attempts).where(uploads.c.id == upload))
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": NAME,
            "workflow_id": job_id(upload, int(attempts or 0)),
            "app_version": VERSION,
            "serialization_type": WorkflowSerializationFormat.PORTABLE,
        }
        if pause is not None:
            options["delay_seconds"] = pause
        self._client.enqueue_in_transaction(connection, options, upload, attempts, tries)

    def enqueue_forgotten(self) -> int:
        """Queues the uploads that are unread and not in the queue, and returns how many. There are some after
        the database was restored from a backup, which holds no queue."""
        # The queue is listed before the uploads: an upload that is queued or put off in between has the same
        # job name as here, so it is not queued twice.
        active = self._client.list_workflows(
            status=_ACTIVE, queue_name=NAME, load_input=False, load_output=False
        )
        queued = {one.workflow_id.split("-")[1] for one in active}
        with self._database.read() as connection:
            unread = connection.scalars(
                sa.select(uploads.c.id).where(uploads.c.state != "done").order_by(uploads.c.id)
            ).all()
        forgotten = [upload for upload in unread if str(upload) not in queued]
        for upload in forgotten:
            with self._database.write() as connection:
                self.enqueue(connection, upload)
        return len(forgotten)


def job_id(upload: int, attempts: int) -> str:
    """Returns the queue's name for the reading of an upload that was begun `attempts` times before. Once a
    reading has begun, the next one is another job."""
    return f"upload-{upload}-{attempts}"


def quiet() -> None:
    """Leaves the queue's log to the program: its warnings go where all others go, and it prints nothing."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    log.setLevel(logging.WARNING)
