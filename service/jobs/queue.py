"""The queue of uploads to read. It lies in the service's own database, so that an upload and its job are
stored together."""

import logging

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions, WorkflowSerializationFormat

from service.store.database import Database
from service.store.tables import uploads

APPLICATION = "sealform"
# One for all versions of the program: a job of an older one is done by a newer one, because it holds nothing
# but numbers.
VERSION = "1"
NAME = "reading"
WORKFLOW = "read-upload"
_ACTIVE = ["ENQUEUED", "DELAYED", "PENDING"]


class Queue:
    """Where uploads are put to be read. Safe for threads."""

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
        """Puts an upload into the queue, as soon as the caller's transaction is committed and `pause` seconds
        have passed.

        `tries` is the number of this try, counted from 1. An upload that is in the queue already is not put
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
        """Queues the uploads that are unread and not in the queue, as after the database was restored from a
        backup, which holds no queue. Returns how many."""
        # In this order: what is queued or put off meanwhile has the name that it would get here, and is not
        # there twice.
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
    """What the queue calls the reading of an upload that was begun `attempts` times before: once begun, the
    next is another job."""
    return f"upload-{upload}-{attempts}"


def quiet() -> None:
    """Leaves the log of the queue to the program: warnings go where all others go, and nothing is printed."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    log.setLevel(logging.WARNING)
