"""The row of a submission, the checks before it is changed, and the versions that record its changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.errors import Conflict, NotFound, Stale
from service.store.statuses import Status
from service.store.tables import submissions, versions


@dataclass(frozen=True)
class Editor:
    """The actor who writes, and the time."""

    actor: str
    now: datetime


def row_of(connection: sa.Connection, submission: int, *, lock: bool = False) -> Any:
    """Returns the row of a submission; `lock` keeps others from changing it.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(_LOCKED if lock else _ROW, {"number": submission}).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {submission} 的申请")
    return row


_ROW = submissions.select().where(submissions.c.id == sa.bindparam("number"))
_LOCKED = _ROW.with_for_update()


def expect(row: Any, expected: int) -> None:
    """Raises Stale where the row has changed since it was looked at."""
    if row.version != expected:
        raise Stale(f"这份申请已是第 {row.version} 版，您看到的是第 {expected} 版")


def expect_whole(row: Any) -> None:
    """Raises Conflict where the contents of the row were erased."""
    if row.purged_at is not None:
        raise Conflict("这份申请的内容已按期清除", advice="只保留了处理结果，不能再处理")


def add_version(
    connection: sa.Connection,
    row: Any,
    by: Editor,
    action: str,
    reason: str | None,
    changes: Mapping[str, Any],
    status: Status,
    undoes: int | None = None,
) -> int:
    """Stores what was done to `row` as its next version, and returns the version."""
    version = int(row.version) + 1
    made = {
        "submission_id": row.id, "version": version, "at": by.now, "actor": by.actor, "action": action,
        "reason": reason, "changes": dict(changes), "status_before": row.status, "status_after": status,
        "undoes": undoes,
    }  # fmt: skip
    connection.execute(versions.insert(), made)
    return version
