"""`sealform purge`: erases the contents of what was decided long ago, and leaves the fact that it was, and
how it was decided."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.errors import BadUsage
from service.blobs import Blobs
from service.proof import keying
from service.results import Line
from service.store import audit, belongings, campaigns, events, groupings, moving, notices, search, twins
from service.store.database import Database
from service.store.statuses import Status
from service.store.tables import (
    deliveries,
    doubts,
    idempotency,
    records,
    results,
    submissions,
    upload_files,
    uploads,
    versions,
)

# Where a submission's way ends.
FINAL: tuple[Status, ...] = ("accepted", "rejected", "withdrawn")
# What an erased submission is called.
_NAME = "已清除"
_AT_ONCE = 50


def period(text: str) -> timedelta:
    """What "90", "90d" (days) or "2y" (years) means.

    Raises:
        BadUsage: it means nothing, or nothing longer than a moment.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,4})([dy]?)", text.strip().lower())
    if found is None:
        raise BadUsage(f"看不懂期限“{text}”", advice="应为天数或年数，如 90d、2y")
    return timedelta(days=int(found[1]) * (365 if found[2] == "y" else 1))


@dataclass(frozen=True)
class Kept:
    """What the service keeps outside its database: the bytes that arrived, and what was made of them to look
    at, which `forget` removes by their digests."""

    blobs: Blobs
    forget: Callable[[Iterable[str]], object]


@dataclass(frozen=True)
class Purged:
    """Submissions whose contents were erased, blobs that were removed, and their bytes."""

    submissions: int = 0
    blobs: int = 0
    bytes: int = 0


def foresee(database: Database, before: datetime, statuses: Iterable[Status]) -> Purged:
    """What `purge` would do."""
    due = _due(before, statuses)
    with database.snapshot() as connection:
        chosen = connection.scalar(sa.select(sa.func.count()).select_from(submissions).where(due)) or 0
        files = _left_alone(connection, _finished(due))
        return Purged(chosen, len(files), sum(files.values()))


def purge(
    database: Database, kept: Kept, before: datetime, statuses: Iterable[Status], actor: str, now: datetime
) -> Purged:  # fmt: skip
    """Erases the contents of every submission in one of `statuses` that nobody has touched since `before`:
    what was read and corrected, the reasons, the names and the bytes of its files, and the values in the
    audit log, whose chain stays whole. Bytes that another upload brought too stay, and so does an upload of
    which a submission is still needed.

    A kill in the middle costs nothing: each batch is one transaction, and what it did not finish the next run
    does.
    """
    due = _due(before, statuses)
    total = Purged()
    while (made := _purge_some(database, kept, due, actor, now)).submissions:
        total = Purged(
            total.submissions + made.submissions, total.blobs + made.blobs, total.bytes + made.bytes
        )
    with database.write(patient=True) as connection:
        _forget_answers(connection, before)
    wipe(database)
    return total


def _due(before: datetime, statuses: Iterable[Status]) -> sa.ColumnElement[bool]:
    # Not the list of them: who was taken up again meanwhile is not due any more.
    return sa.and_(
        submissions.c.updated_at < before,
        submissions.c.status.in_(list(statuses)),
        submissions.c.purged_at.is_(None),
    )


def _purge_some(
    database: Database, kept: Kept, due: sa.ColumnElement[bool], actor: str, now: datetime
) -> Purged:
    """One transaction's worth; nothing once there is nothing left."""
    with database.write() as connection:
        if not database.is_sqlite:
            # No upload may refer to a blob while it is being removed; SQLite has one writer anyway.
            connection.execute(sa.text("LOCK TABLE upload_files IN SHARE ROW EXCLUSIVE MODE"))
        some = sa.select(submissions.c.id).where(due).order_by(submissions.c.id).limit(_AT_ONCE)
        batch = list(connection.scalars(some.with_for_update()))
        finished = [row.id for row in connection.execute(_finished(submissions.c.id.in_(batch)))]
        kept.forget(_parts(connection, batch))
        for submission in batch:
            _erase(connection, submission, actor, now)
        removed = _erase_uploads(connection, finished, now)
        # Before the commit: otherwise a kill between the two would leave bytes that nobody knows of.
        for digest in removed:
            kept.blobs.delete(digest)
    return Purged(len(batch), len(removed), sum(removed.values()))


def _parts(connection: sa.Connection, batch: Sequence[int]) -> set[str]:
    """The digests of all parts of these submissions, those that lay in others too."""
    lines: Iterable[Line | None] = connection.scalars(
        sa.select(results.c.line).where(results.c.submission_id.in_(batch))
    )
    return {part["sha256"] for line in lines if line for part in line["parts"]}


def _erase(connection: sa.Connection, submission: int, actor: str, now: datetime) -> None:
    """Makes one submission a tombstone."""
    row = connection.execute(submissions.select().where(submissions.c.id == submission)).one()
    connection.execute(results.update().where(results.c.submission_id == submission).values(line=None))
    connection.execute(
        versions.update().where(versions.c.submission_id == submission).values(changes={}, reason=None)
    )
    for table in (records, doubts):
        connection.execute(table.delete().where(table.c.submission_id == submission))
    search.forget(connection, submission)
    twins.forget(connection, submission)
    campaigns.forget(connection, submission)
    belongings.forget(connection, submission)
    keying.forget(connection, submission)
    notices.forget(connection, submission)
    groupings.forget(connection, submission)
    connection.execute(
        versions.insert().values(
            submission_id=submission, version=row.version + 1, at=now, actor=actor, action="purge",
            changes={},
            status_before=row.status, status_after=row.status,
        )
    )  # fmt: skip
    connection.execute(
        submissions.update().where(submissions.c.id == submission).values(
            name=_NAME, unit=None, instance=None, doubtful=0, errors=0, version=row.version + 1,
            purged_at=now, updated_at=now,
            changed=audit.next_value(connection, "changes"),
        )
    )  # fmt: skip
    events.emit(connection, "submission.purged", submission, now)
    audit.erase(connection, [f"submission:{submission}"])
    audit.append(connection, now, actor, "purge", f"submission:{submission}", {"status": row.status})


def _finished(chosen: sa.ColumnElement[bool]) -> sa.Select[tuple[int]]:
    """The uploads of which nothing is left but the `chosen` submissions and what was erased before."""
    touched = sa.select(submissions.c.upload_id).where(chosen)
    living = sa.select(submissions.c.upload_id).where(submissions.c.purged_at.is_(None), sa.not_(chosen))
    return sa.select(uploads.c.id).where(uploads.c.id.in_(touched), uploads.c.id.not_in(living))


def _left_alone(connection: sa.Connection, finished: sa.Select[tuple[int]] | Sequence[int]) -> dict[str, int]:
    """{SHA-256: bytes} of the blobs that only these uploads refer to."""
    files = sa.select(upload_files.c.sha256, upload_files.c.bytes).where(
        upload_files.c.upload_id.in_(finished)
    )
    others = sa.select(upload_files.c.sha256).where(upload_files.c.upload_id.not_in(finished))
    return {
        row.sha256: row.bytes for row in connection.execute(files.where(upload_files.c.sha256.not_in(others)))
    }


def _erase_uploads(connection: sa.Connection, finished: Sequence[int], now: datetime) -> dict[str, int]:
    """Erases what came with these uploads; returns the blobs that nothing refers to any more."""
    files = _left_alone(connection, finished)
    connection.execute(upload_files.delete().where(upload_files.c.upload_id.in_(finished)))
    moving.forget(connection, finished)
    connection.execute(
        uploads.update().where(uploads.c.id.in_(finished)).values(message=None, progress=None, purged_at=now)
    )
    return files


def _forget_answers(connection: sa.Connection, before: datetime) -> None:
    """Old answers to requests and old notices to other systems repeat what was erased."""
    connection.execute(idempotency.delete().where(idempotency.c.created_at < before))
    connection.execute(
        deliveries.delete().where(deliveries.c.created_at < before, deliveries.c.next_at.is_(None))
    )


def wipe(database: Database) -> None:
    """Overwrites what SQLite leaves of erased rows in its files; PostgreSQL's autovacuum does so by itself,
    in its time."""
    if not database.is_sqlite:
        return
    with database.write() as connection:
        connection.execute(sa.text("INSERT INTO search (search) VALUES ('optimize')"))
    # Outside any transaction, which the engine's own connections always begin.
    raw = database.engine.raw_connection()
    try:
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            raw.cursor().execute(statement)
    finally:
        raw.close()
