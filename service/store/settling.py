"""Stores a person's verdict on two submissions that may be the same: the later one replaces the earlier, or
is another application. The verdict can be taken back."""

from collections.abc import Callable
from typing import Any, Literal

import sqlalchemy as sa

from models.errors import Conflict
from models.form import FormDefinition
from service.store import audit, events, notices, records, twins
from service.store.statuses import Status, after
from service.store.tables import kinships, submissions, versions
from service.store.versions import Editor, add_version, expect, expect_whole, row_of

Verdict = Literal["replaces", "another"]
# The actions in the history: of the later submission, and of the earlier one.
_ACTIONS: dict[Verdict | None, tuple[str, str]] = {
    "replaces": ("replaces", "replaced"), "another": ("another", "another"), None: ("unsettle", "unsettle"),
}  # fmt: skip
# A replaced submission in one of these states is withdrawn, because it needs no more work. A submission that
# was decided keeps its decision.
_WAITING: tuple[Status, ...] = ("in-review", "unreadable")


def settle(
    connection: sa.Connection, submission: int, twin: int, expected: int, verdict: Verdict | None, by: Editor,
    forms: Callable[[str, str], FormDefinition],
) -> int:  # fmt: skip
    """Stores the `verdict` on `submission` and `twin`, or takes it back (None), and returns the new version
    of `submission`. It is always the later one of the two that replaces. Where the earlier one was returned,
    the later is held against its notice.

    Raises:
        NotFound: one of them does not exist.
        Stale: `expected` is no longer the version of `submission`.
        Conflict: there is nothing to settle between them. They never were the same; or one of them was
            withdrawn, rejected, replaced or erased meanwhile; or the pair was settled already.
    """
    # The rows are locked in the order of their numbers. Everybody who locks two does so, which avoids a
    # deadlock.
    rows = {number: row_of(connection, number, lock=True) for number in sorted({submission, twin})}
    expect(rows[submission], expected)
    for row in rows.values():
        expect_whole(row)
    later, earlier = rows[max(rows)], rows[min(rows)]
    pair = sa.and_(kinships.c.submission_id == later.id, kinships.c.earlier == earlier.id)
    known = connection.execute(kinships.select().where(pair)).one_or_none()
    if known is None:
        raise Conflict(
            f"申请 {submission} 和 {twin} 之间没有要处理的重复",
            advice="其中一份可能刚撤回或已有结论，请刷新后再看",
        )
    if (known.verdict is None) == (verdict is None):
        advice = "要改变结论，请先撤销原来的处理"
        raise Conflict("已经处理过了", advice=advice) if verdict else Conflict("还没有处理，没有可以撤销的")
    said = {"verdict": verdict, "by": by.actor if verdict else None, "at": by.now if verdict else None}
    connection.execute(kinships.update().where(pair).values(said))
    status = earlier.status
    if verdict == "replaces":
        status = (status in _WAITING and after(status, "withdraw")) or status
    elif known.verdict == "replaces":
        status = _status_before(connection, earlier)
    _write(connection, later, later.status, earlier.id, _ACTIONS[verdict][0], by)
    _write(connection, earlier, status, later.id, _ACTIONS[verdict][1], by)
    if "replaces" in (verdict, known.verdict):
        _link(connection, later.id, earlier.id, verdict is not None)
        notices.settled(connection, later.id, earlier.id, verdict is not None, by.now)
        if later.form:
            form = forms(later.form, later.form_version)
            records.hold_against_notice(connection, later.id, form, by)
    for row in (earlier, later):
        twins.seek(connection, row.id)
    return int(rows[submission].version) + 1


def _status_before(connection: sa.Connection, earlier: Any) -> Status:
    """Returns the status that the submission had before it was replaced, or its present status where somebody
    has taken it up since."""
    last = (
        sa.select(versions.c.status_before)
        .where(versions.c.submission_id == earlier.id, versions.c.action == "replaced")
        .order_by(versions.c.version.desc())
        .limit(1)
    )
    before: Status | None = connection.scalar(last)
    return before if earlier.status == "withdrawn" and before in _WAITING else earlier.status


def _write(connection: sa.Connection, row: Any, status: Status, other: int, action: str, by: Editor) -> None:
    version = add_version(connection, row, by, action, f"编号 {other}", {}, status)
    changed = audit.next_value(connection, "changes")
    connection.execute(
        submissions.update().where(submissions.c.id == row.id)
        .values(status=status, version=version, updated_at=by.now, changed=changed)
    )  # fmt: skip
    audit.append(
        connection, by.now, by.actor, action, f"submission:{row.id}", {"status": status, "twin": other}
    )
    if status != row.status:
        events.emit(
            connection,
            "submission.withdrawn" if status == "withdrawn" else "submission.reopened",
            row.id,
            by.now,
        )


def _link(connection: sa.Connection, later: int, earlier: int, linked: bool) -> None:
    """Writes the links between the two, as an upload that names its predecessor also does. A submission may
    replace several; it then names the last of them."""
    replaced = sa.and_(kinships.c.submission_id == later, kinships.c.verdict == "replaces")
    last = connection.scalar(sa.select(sa.func.max(kinships.c.earlier)).where(replaced))
    for number, link in ((earlier, {"replaced_by": later if linked else None}), (later, {"replaces": last})):
        connection.execute(submissions.update().where(submissions.c.id == number).values(link))
