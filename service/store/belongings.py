"""Which campaign a submission is for, where a person had to say so. Each answer goes into the audit log in
the transaction that keeps it, and nobody is asked again."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from models.errors import Stale
from service.store import audit
from service.store.tables import belongings, submissions, uploads
from service.store.versions import Editor, expect_whole, row_of

# What is not read yet, or was turned down already, is not asked about.
_NOT_ASKED = ("received", "reading", "withdrawn", "rejected")


def place(connection: sa.Connection, submission: int, expected: int, campaign: str | None, by: Editor) -> int:
    """Keeps which campaign `submission` is for, None: none. Returns the new version of that answer.

    Raises:
        NotFound: there is no such submission.
        Conflict: its contents were erased.
        Stale: `expected` is not the version of the answer any more; 0 where nobody gave one.
    """
    expect_whole(row_of(connection, submission, lock=True))
    mine = belongings.c.submission_id == submission
    known = connection.scalar(sa.select(belongings.c.version).where(mine)) or 0
    if known != expected:
        raise Stale("这份申请的归属刚由别人确认过")
    said = {"campaign": campaign, "version": known + 1, "by": by.actor, "at": by.now}
    if known:
        connection.execute(belongings.update().where(mine).values(said))
    else:
        connection.execute(belongings.insert().values(submission_id=submission, **said))
    # Whoever follows the submissions' changes sees this one too.
    changed = audit.next_value(connection, "changes")
    connection.execute(submissions.update().where(submissions.c.id == submission).values(changed=changed))
    told = {"belongs": campaign}
    audit.append(connection, by.now, by.actor, "place", f"submission:{submission}", told)
    return known + 1


def unplaced(connection: sa.Connection, sure: Collection[str]) -> Sequence[Any]:
    """Submissions of which nobody said which campaign they are for, by number: those without a form, and
    those of another form than the `sure` ones, which tell it by themselves."""
    query = _about().where(
        belongings.c.submission_id.is_(None),
        submissions.c.purged_at.is_(None),
        submissions.c.status.not_in(_NOT_ASKED),
        sa.or_(submissions.c.form.is_(None), submissions.c.form.not_in(list(sure))),
    )
    return connection.execute(query).all()


def placed(connection: sa.Connection) -> Sequence[Any]:
    """Submissions of which a person said which campaign they are for, by number."""
    query = _about().where(belongings.c.submission_id.is_not(None), submissions.c.purged_at.is_(None))
    return connection.execute(query).all()


def forget(connection: sa.Connection, submission: int) -> None:
    """Erases the answer, with the submission's contents."""
    connection.execute(belongings.delete().where(belongings.c.submission_id == submission))


def _about() -> sa.Select[Any]:
    wanted = ("id", "name", "unit", "form", "status", "received_at")
    return (
        sa.select(
            *(submissions.c[name] for name in wanted),
            uploads.c.arrived_at,
            belongings.c.campaign,
            belongings.c.version,
        )
        .join(uploads, uploads.c.id == submissions.c.upload_id)
        .outerjoin(belongings, belongings.c.submission_id == submissions.c.id)
        .order_by(submissions.c.id)
    )
