"""What campaigns need of submissions, and what persons decided on them there. A ruling has versions of its
own, because it says nothing of the record; each goes into the audit log in the transaction that makes it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.errors import Stale
from service.store import audit
from service.store.tables import records, rulings, submissions, upload_files, uploads
from service.store.versions import Editor, expect_whole, row_of

_ACTION = "ruling"


def rule(
    connection: sa.Connection,
    campaign: str,
    submission: int,
    expected: int,
    content: Mapping[str, Any],
    reason: str | None,
    by: Editor,
) -> int:
    """Keeps what a person decided on `submission` for `campaign`, all of it, and returns the new version.

    Raises:
        NotFound: there is no such submission.
        Conflict: its contents were erased.
        Stale: `expected` is not the version of what was decided any more; 0 where nothing was.
    """
    row = row_of(connection, submission, lock=True)
    expect_whole(row)
    mine = (rulings.c.submission_id == submission) & (rulings.c.campaign == campaign)
    known = connection.scalar(sa.select(rulings.c.version).where(mine)) or 0
    if known != expected:
        raise Stale(f"这份意见已是第 {known} 版，您看到的是第 {expected} 版")
    said = {"content": dict(content), "reason": reason, "version": known + 1, "by": by.actor, "at": by.now}
    if known:
        connection.execute(rulings.update().where(mine).values(said))
    else:
        connection.execute(rulings.insert().values(submission_id=submission, campaign=campaign, **said))
    # Whoever follows the submissions' changes sees this one too.
    changed = audit.next_value(connection, "changes")
    connection.execute(submissions.update().where(submissions.c.id == submission).values(changed=changed))
    told = {f"campaign:{campaign}": dict(content), "reason": reason}
    audit.append(connection, by.now, by.actor, _ACTION, f"submission:{submission}", told)
    return known + 1


def ruling(connection: sa.Connection, campaign: str, submission: int) -> Any | None:
    """What stands decided on `submission` for `campaign`, None where nothing does."""
    mine = (rulings.c.submission_id == submission) & (rulings.c.campaign == campaign)
    return connection.execute(rulings.select().where(mine)).one_or_none()


def forget(connection: sa.Connection, submission: int) -> None:
    """Erases what was decided on `submission`, with its contents."""
    connection.execute(rulings.delete().where(rulings.c.submission_id == submission))


def changed(connection: sa.Connection, form: str, campaign: str, after: int) -> Sequence[Any]:
    """Every submission that changed after the change numbered `after`, with what a campaign needs of it: its
    record where it is of `form`, the mail that it came with, and what was decided for `campaign`."""
    ours = (records.c.submission_id == submissions.c.id) & (submissions.c.form == form)
    said = (rulings.c.submission_id == submissions.c.id) & (rulings.c.campaign == campaign)
    wanted = (
        "id",
        "status",
        "name",
        "form",
        "received_at",
        "replaced_by",
        "changed",
        "purged_at",
        "upload_id",
    )
    query = (
        sa.select(
            *(submissions.c[name] for name in wanted),
            uploads.c.message,
            records.c.content,
            records.c.marks,
            rulings.c.content.label("ruling"),
            rulings.c.reason,
            rulings.c.version.label("ruling_version"),
        )
        .join(uploads, uploads.c.id == submissions.c.upload_id)
        .outerjoin(records, ours)
        .outerjoin(rulings, said)
        .where(submissions.c.changed > after)
        .order_by(submissions.c.changed)
    )
    return connection.execute(query).all()


def files_of(connection: sa.Connection, upload: int) -> list[str]:
    """The names of the files of an upload."""
    query = sa.select(upload_files.c.name).where(upload_files.c.upload_id == upload)
    return list(connection.scalars(query.order_by(upload_files.c.position)))
