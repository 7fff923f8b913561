"""The queue of uploads to read. It lies in the service's own database, so that an upload and its job are stored together."""

import logging

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions, WorkflowSerializationFormat

from service.store.database import Database
from service.store.tables import uploads

APPLICATION = "sealform"
# One for all versions of the program: a job of an older one is done by a newer one, because it holds nothing but numbers.
VERSION = "1"
NAME = "reading"
WORKFLOW = "read-upload"


class Queue:
    """Where uploads are put to be read. Safe for threads."""

    def __init__(self, database: Database) -> None:
        """Makes the queue's tables, or brings them up to date.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
        """
        quiet()
        DBOS.migrate(database.url.render_as_string(hide_password=False))
        self._client = DBOSClient(system_database_engine=database.engine, application_name=APPLICATION, lazy=True)

    def enqueue(self, connection: sa.Connection, upload: int, tries: int = 1, pause: float | None = None) -> None:
        """Puts an upload into the queue, as soon as the caller's transaction is committed and `pause` seconds have passed.

        `tries` is the number of this try, counted from 1. An upload that is in the queue already is not put there again.
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


def job_id(upload: int, attempts: int) -> str:
    """What the queue calls the reading of an upload that was begun `attempts` times before: once begun, the next is another job."""
    return f"upload-{upload}-{attempts}"


def quiet() -> None:
    """Leaves the log of the queue to the program: warnings go where all others go, and nothing is printed."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    log.setLevel(logging.WARNING)
