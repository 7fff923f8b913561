"""Four eyes, where a campaign asks for them: who reviewed an application does not decide on it, and to refuse
one takes two. And whose work an application is."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from models.errors import Conflict, NotFound
from service.store import audit
from service.store.statuses import Move, after
from service.store.tables import submissions, users, versions
from service.store.versions import Editor, add_version, expect, expect_whole, row_of

PROPOSED = "propose-reject"
_REVIEWED = ("correct", "undo")
# What begins a round of review, so that what people did before it is no part of it.
_BEGINS = ("read", "reopen")


def hold(
    connection: sa.Connection, submission: int, expected: int, move: Move, by: Editor, reason: str | None
) -> int | None:
    """Holds `move` to the rule. Returns the new version where it was only proposed, None where it may be
    done.

    Raises:
        NotFound, Stale: as `records.decide`.
        Conflict: whoever decides has reviewed it, or has proposed the same before.
    """
    if move not in ("accept", "reject"):
        return None
    row = row_of(connection, submission, lock=True)
    expect(row, expected)
    expect_whole(row)
    if after(row.status, move) is None:
        return None
    acted = _acted(connection, submission)
    proposer = next((one.actor for one in acted if one.action == PROPOSED), None)
    if move == "reject" and proposer is None:
        return _propose(connection, row, by, reason)
    if move == "reject" and proposer == by.actor:
        raise Conflict("您已提出不予受理，须由另一位复核员确认")
    if by.actor in {person for one in acted for person in _reviewers(one)}:
        raise Conflict("这次活动规定，复核过的人不作决定", advice="请由另一位复核员决定，或转交给另一位")
    return None


def _acted(connection: sa.Connection, submission: int) -> list[Any]:
    """What was done in this round of review, the newest first."""
    about = versions.c.actor, versions.c.action, versions.c.changes
    query = sa.select(*about).where(versions.c.submission_id == submission)
    found: list[Any] = []
    for one in connection.execute(query.order_by(versions.c.version.desc())):
        if one.action in _BEGINS:
            break
        found.append(one)
    return found


def _reviewers(version: Any) -> Iterable[str]:
    """Those who reviewed by a version; what was carried over a new reading was reviewed by those who settled
    it before."""
    if version.action == "carried":
        return {change["mark_after"].get("by", "") for change in version.changes.values()}
    return {version.actor} if version.action in _REVIEWED else ()


def _propose(connection: sa.Connection, row: Any, by: Editor, reason: str | None) -> int:
    version = add_version(connection, row, by, PROPOSED, reason, {}, row.status)
    changed = audit.next_value(connection, "changes")
    connection.execute(
        submissions.update()
        .where(submissions.c.id == row.id)
        .values(version=version, updated_at=by.now, changed=changed)
    )
    about = {"status": row.status, "reason": reason}
    audit.append(connection, by.now, by.actor, PROPOSED, f"submission:{row.id}", about)
    return version


def proposal(connection: sa.Connection, submission: int) -> Any | None:
    """The version in which somebody proposed to refuse a submission; None where nobody did since its review
    began."""
    last = connection.execute(_LAST, {"number": submission}).one_or_none()
    return last if last is not None and last.action == PROPOSED else None


_LAST = (
    versions.select()
    .where(versions.c.submission_id == sa.bindparam("number"))
    .where(versions.c.action.in_((PROPOSED, *_BEGINS, "reject", "accept", "return", "withdraw")))
    .order_by(versions.c.version.desc())
    .limit(1)
)


def assign(connection: sa.Connection, submission: int, user: int | None, by: Editor) -> None:
    """Makes a submission the work of a user, or nobody's (None).

    Raises:
        NotFound: there is no such submission, or no such active user.
    """
    row = row_of(connection, submission, lock=True)
    known = sa.select(users.c.id).where(users.c.id == user, users.c.active)
    if user is not None and connection.scalar(known) is None:
        raise NotFound(f"没有编号为 {user} 的用户")
    changed = audit.next_value(connection, "changes")
    mine = submissions.c.id == row.id
    connection.execute(submissions.update().where(mine).values(assignee=user, changed=changed))
    about = {"from": row.assignee, "to": user}
    audit.append(connection, by.now, by.actor, "assign", f"submission:{submission}", about)
