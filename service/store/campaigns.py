"""What campaigns need of submissions, and what persons decided on them there. A ruling has versions of its
own, because it says nothing of the record; each goes into the audit log in the transaction that makes it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa

from models.errors import Conflict, NotFound, Stale
from service.store import audit
from service.store.tables import (
    announcements,
    belongings,
    records,
    rulings,
    submissions,
    upload_files,
    uploads,
)
from service.store.versions import Editor, expect_whole, row_of

_ACTION = "ruling"
_AT_A_TIME = 500
# Of a row of the announced list: that nobody has said yet which submission it means.
ASKED: Literal["asked"] = "asked"


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
        "assignee",
    )
    query = (
        sa.select(
            *(submissions.c[name] for name in wanted),
            uploads.c.message,
            uploads.c.arrived_at,
            records.c.content,
            records.c.marks,
            belongings.c.campaign.label("placed"),
            belongings.c.version.label("placing"),
            rulings.c.content.label("ruling"),
            rulings.c.reason,
            rulings.c.version.label("ruling_version"),
        )
        .join(uploads, uploads.c.id == submissions.c.upload_id)
        .outerjoin(records, ours)
        .outerjoin(rulings, said)
        .outerjoin(belongings, belongings.c.submission_id == submissions.c.id)
        .where(submissions.c.changed > after)
        .order_by(submissions.c.changed)
    )
    return connection.execute(query).all()


def contents(connection: sa.Connection, numbers: Sequence[int]) -> Iterator[Any]:
    """Yields the records of these submissions, with their marks."""
    for first in range(0, len(numbers), _AT_A_TIME):
        some = records.c.submission_id.in_(numbers[first : first + _AT_A_TIME])
        yield from connection.execute(
            sa.select(records.c.submission_id, records.c.content, records.c.marks).where(some)
        )


def files_of(connection: sa.Connection, upload: int) -> list[str]:
    """The names of the files that an upload brought."""
    own = upload_files.c.upload_id == upload, upload_files.c.home_id.is_(None)
    query = sa.select(upload_files.c.name).where(*own)
    return list(connection.scalars(query.order_by(upload_files.c.position)))


def announcement(connection: sa.Connection, campaign: str) -> Any | None:
    """The list that was announced for `campaign`, None where none was brought in."""
    return connection.execute(
        announcements.select().where(announcements.c.campaign == campaign)
    ).one_or_none()


def announce(
    connection: sa.Connection,
    campaign: str,
    expected: int,
    file: str,
    rows: Sequence[Sequence[Any]],
    by: Editor,
) -> int:
    """Keeps the announced list, `rows` of (number, unit, title), in place of the one before; what a person
    said of a row holds where a row bears the same names. Returns the new version.

    Raises:
        Stale: `expected` is not the version of the list any more; 0 where there is none.
    """
    known = _announcement(connection, campaign, expected)
    said = _said_of_names(known.content) if known else {}
    settled = {str(row[0]): said[tuple(row[1:])] for row in rows if tuple(row[1:]) in said}
    content = {"file": file, "rows": [list(row) for row in rows], "settled": settled}
    audit.append(connection, by.now, by.actor, "announce", f"campaign:{campaign}", content)
    return _keep(connection, campaign, expected, content, by)


def match(
    connection: sa.Connection,
    campaign: str,
    expected: int,
    row: int,
    submission: int | Literal["asked"] | None,
    by: Editor,
) -> int:
    """Keeps which submission a row of the announced list means: None for none, `ASKED` to take back what was
    said. Returns the new version.

    Raises:
        Conflict: no list was brought in.
        NotFound: it has no such row.
        Stale: `expected` is not the version of the list any more.
    """
    known = _announcement(connection, campaign, expected)
    if known is None:
        raise Conflict("还没有导入上级公布的名单")
    if not any(number == row for number, *_ in known.content["rows"]):
        raise NotFound(f"名单中没有第 {row} 行")
    settled = {number: one for number, one in known.content["settled"].items() if number != str(row)}
    if submission != ASKED:
        settled[str(row)] = submission
    said = {"row": row, "submission": submission}
    audit.append(connection, by.now, by.actor, "match", f"campaign:{campaign}", said)
    return _keep(connection, campaign, expected, {**known.content, "settled": settled}, by)


def _announcement(connection: sa.Connection, campaign: str, expected: int) -> Any | None:
    # Whoever comes second waits here, also where there is no row to lock yet.
    audit.wait_for_turn(connection)
    known = announcement(connection, campaign)
    version = known.version if known else 0
    if version != expected:
        raise Stale(f"名单已是第 {version} 版，您看到的是第 {expected} 版")
    return known


def _said_of_names(content: Mapping[str, Any]) -> dict[tuple[Any, ...], Any]:
    """{(unit, title): what a person said of the row}; names that stand in two rows are not told apart."""
    rows = {str(number): tuple(names) for number, *names in content["rows"]}
    counts = Counter(rows.values())
    alone = {names for names, count in counts.items() if count == 1}
    return {
        rows[number]: said
        for number, said in content["settled"].items()
        if number in rows and rows[number] in alone
    }


def _keep(
    connection: sa.Connection, campaign: str, version: int, content: Mapping[str, Any], by: Editor
) -> int:
    said = {"content": dict(content), "version": version + 1, "by": by.actor, "at": by.now}
    if version:
        connection.execute(announcements.update().where(announcements.c.campaign == campaign).values(said))
    else:
        connection.execute(announcements.insert().values(campaign=campaign, **said))
    return version + 1
