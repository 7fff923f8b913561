"""Uploads with their files, and the submissions that reading found in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict

import sqlalchemy as sa

from models.errors import Conflict, NotFound
from service.store import audit, search, twins
from service.store.tables import submissions, upload_files, uploads


class ProgressJson(TypedDict):
    """The progress of reading an upload: the current part, how many parts are done, and of how many. Where it
    is to be read again, it holds the error that is the reason, and the time of the next try."""

    part: str | None
    done: NotRequired[int]
    total: NotRequired[int]
    code: NotRequired[str | None]
    again_at: NotRequired[str]


@dataclass(frozen=True)
class StoredFile:
    """A file whose bytes are already stored under `sha256`."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Arrival:
    """A new upload. It has its files, the channel that it came by (`page`, `api`, `mail`), its form (None: to
    be recognised) and the submission that it replaces. `apart` says that its files may come from different
    applicants, not from one sender. `arrived_at` is when the mailbox had it, where that is known."""

    files: Sequence[StoredFile]
    channel: str
    form: str | None = None
    replaces: int | None = None
    message: dict[str, Any] | None = None
    apart: bool = False
    arrived_at: datetime | None = None


def create(connection: sa.Connection, arrival: Arrival, actor: str, now: datetime) -> tuple[int, int]:
    """Stores an upload and its first submission, both `received`, and returns (upload, submission). The
    caller enqueues the reading in the same transaction.

    Raises:
        NotFound: there is no submission to replace.
        Conflict: that submission was replaced already.
    """
    name = called([file.name for file in arrival.files])
    row = {
        "created_at": now, "created_by": actor, "channel": arrival.channel, "form": arrival.form,
        "replaces": arrival.replaces, "message": arrival.message, "apart": arrival.apart,
        "arrived_at": arrival.arrived_at,
    }  # fmt: skip
    upload = connection.execute(uploads.insert().values(row).returning(uploads.c.id)).scalar_one()
    files = [
        {
            "upload_id": upload,
            "position": position,
            "name": file.name,
            "sha256": file.sha256,
            "bytes": file.bytes,
        }
        for position, file in enumerate(arrival.files)
    ]
    connection.execute(upload_files.insert(), files)
    submission = insert_submission(connection, upload, 1, name, arrival.replaces, now)
    if arrival.replaces is not None:
        _supersede(connection, arrival.replaces, submission)
        twins.named(connection, submission, arrival.replaces, actor, now)
    digests = [[one.name, one.sha256] for one in arrival.files]
    about: dict[str, Any] = {
        "upload": upload,
        "channel": arrival.channel,
        "replaces": arrival.replaces,
        "files": digests,
    }
    if arrival.arrived_at is not None:
        about["arrived"] = arrival.arrived_at.isoformat()
    audit.append(connection, now, actor, "upload", f"submission:{submission}", about)
    return int(upload), submission


def await_purge(connection: sa.Connection) -> None:
    """Waits until no purge is removing blobs, and lets none do so before this transaction ends. SQLite has
    one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text("LOCK TABLE upload_files IN ROW EXCLUSIVE MODE"))


def called(names: Sequence[str]) -> str:
    """Returns the name for these files, as long as the applicant is not known."""
    return names[0] if len(names) == 1 else f"{names[0]} 等 {len(names)} 个文件"


def insert_submission(
    connection: sa.Connection, upload: int, application: int, name: str, replaces: int | None, now: datetime
) -> int:
    """Stores a new submission, `received`, which can be found by the name of its file."""
    row = {
        "upload_id": upload, "application": application, "status": "received", "name": name[:512],
        "received_at": now,
        "updated_at": now, "changed": audit.next_value(connection, "changes"), "replaces": replaces,
    }  # fmt: skip
    made = connection.execute(submissions.insert().values(row).returning(submissions.c.id)).scalar_one()
    search.index(connection, made, [name])
    return int(made)


def _supersede(connection: sa.Connection, old: int, new: int) -> None:
    known = connection.execute(
        sa.select(submissions.c.replaced_by).where(submissions.c.id == old)
    ).one_or_none()
    if known is None:
        raise NotFound(f"没有编号为 {old} 的申请")
    if known.replaced_by is not None:
        raise Conflict(f"申请 {old} 已由 {known.replaced_by} 替换")
    connection.execute(
        submissions.update().where(submissions.c.id == old)
        .values(replaced_by=new, changed=audit.next_value(connection, "changes"))
    )  # fmt: skip


def files_of(connection: sa.Connection, upload: int) -> list[StoredFile]:
    """Returns the files of an upload in the order in which they were sent."""
    rows = connection.execute(
        upload_files.select().where(upload_files.c.upload_id == upload).order_by(upload_files.c.position)
    )
    return [StoredFile(row.name, row.sha256, row.bytes) for row in rows]


def arrival_of(connection: sa.Connection, upload: int) -> datetime:
    """Returns when an upload came: to the mailbox where that is known, else to the service."""
    row = connection.execute(
        sa.select(uploads.c.arrived_at, uploads.c.created_at).where(uploads.c.id == upload)
    ).one()
    came = row.arrived_at or row.created_at
    assert isinstance(came, datetime)
    return came


def begin_reading(connection: sa.Connection, upload: int, now: datetime) -> bool:
    """Marks an upload as being read. Returns False where there is nothing to do, because it was read,
    withdrawn or purged."""
    # The row is locked: a worker that was thought dead may be storing the result just now, and what it ended
    # must not be begun again.
    state = connection.scalar(sa.select(uploads.c.state).where(uploads.c.id == upload).with_for_update())
    waiting = submissions.c.upload_id == upload, submissions.c.status.in_(("received", "reading"))
    if state in (None, "done") or not connection.scalar(sa.select(sa.func.count()).where(*waiting)):
        return False
    connection.execute(
        uploads.update()
        .where(uploads.c.id == upload)
        .values(state="reading", attempts=uploads.c.attempts + 1, progress=None)
    )
    received = submissions.c.upload_id == upload, submissions.c.status == "received"
    for submission in connection.scalars(sa.select(submissions.c.id).where(*received)).all():
        connection.execute(
            submissions.update().where(submissions.c.id == submission)
            .values(status="reading", updated_at=now, changed=audit.next_value(connection, "changes"))
        )  # fmt: skip
    return True


def put_back(connection: sa.Connection, upload: int) -> None:
    """Puts an upload back to be read again. The attempts are raised by one, because the queue tells jobs
    apart by them, and a job that found nothing to do did not raise them."""
    again = {"state": "received", "progress": None, "attempts": uploads.c.attempts + 1}
    connection.execute(uploads.update().where(uploads.c.id == upload).values(again))


def report_progress(connection: sa.Connection, upload: int, progress: ProgressJson) -> None:
    """Stores which part of an upload is being read, for those who watch it."""
    connection.execute(
        uploads.update().where(uploads.c.id == upload, uploads.c.state == "reading").values(progress=progress)
    )
