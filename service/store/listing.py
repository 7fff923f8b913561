"""Queries for people to look through: the list of submissions, the answers to one question that wait, and one
submission with everything that it has.

Lists are paged by key: a page begins after the last row of the page before. So paging through a list shows
each submission once, even while new ones arrive, and a late page costs no more than an early one.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from models.errors import Invalid, NotFound
from service.parts import own
from service.results import FindingJson, Line, Parted
from service.store import notices, sealed, search, twins, units, urgency
from service.store.among import among
from service.store.database import one_of
from service.store.statuses import Status
from service.store.tables import (
    Moment,
    doubts,
    records,
    results,
    submissions,
    tokens,
    upload_files,
    uploads,
    users,
    versions,
)

Sort = Literal["urgency", "-received_at", "received_at", "-doubtful", "unit"]
# No number that a cursor may name is this large; the databases count to 2^31 - 1 at least.
_FAR = 1 << 31


@dataclass(frozen=True)
class Filter:
    """Which submissions to list: those that meet every condition given. `unit` is a part of the applicant's
    name. `query` holds words that must all occur. `since` and `until` bound the time of arrival (`until`
    itself is excluded). `assignee` is the user whose work it is. `overdue_at` asks for those whose notice of
    correction is open and had ended by then. `doubtful` asks whether a field waits for a person, `twins`
    whether the submission may be the same as another."""

    status: Sequence[Status] = ()
    form: str | None = None
    unit: str | None = None
    query: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    doubtful: bool | None = None
    twins: bool | None = None
    overdue_at: datetime | None = None
    assignee: int | None = None


@dataclass(frozen=True)
class Page:
    """One page: rows of `submissions`, and the cursor for the next page, None at the end."""

    rows: Sequence[Any]
    next: str | None


@dataclass(frozen=True)
class _Order:
    """An order by `key`, then by number. Rows without a key come last, because databases differ in where they
    sort NULL."""

    key: sa.Column[Any]
    descending: bool = False


_ORDERS: dict[Sort, _Order] = {
    "-received_at": _Order(submissions.c.received_at, descending=True),
    "received_at": _Order(submissions.c.received_at),
    "-doubtful": _Order(submissions.c.doubtful, descending=True),
    "unit": _Order(submissions.c.unit),
}


def page(
    connection: sa.Connection,
    wanted: Filter,
    sort: Sort = "-received_at",
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Returns up to `limit` submissions after `cursor`, which is the `next` of a page in the same order.

    Raises:
        Invalid: `cursor` is not a cursor of that order.
    """
    rough = search.rough(connection, wanted.query) if wanted.query else None
    conditions = _conditions(connection, wanted, rough)
    fetch = partial(_fetch, connection, rough)
    if sort == "urgency":
        return _urgent(fetch, conditions, cursor, limit)
    order = _ORDERS[sort]
    after = _read_cursor(cursor, sort) if cursor else None
    if sort == "unit" and sealed.is_on(connection):
        return _cut(units.page(connection, conditions, after, limit + 1), sort, limit)
    rows: list[Any] = []
    if after is None or after[0] is not None:
        query = _keyed(order, after).where(*conditions)
        rows += fetch(query, (order.key, submissions.c.id), order.descending, limit + 1)
    if order.key.nullable and len(rows) <= limit:
        last = after[1] if after and after[0] is None else 0
        rest = submissions.select().where(order.key.is_(None), submissions.c.id > last, *conditions)
        rows += fetch(rest, (submissions.c.id,), False, limit + 1 - len(rows))
    return _cut(rows, sort, limit)


def _cut(rows: list[Any], sort: Sort, limit: int) -> Page:
    """A page of the first `limit` rows, of which one more was looked for."""
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], _write_cursor(sort, getattr(last, _ORDERS[sort].key.name), last.id))


def _fetch(
    connection: sa.Connection, rough: search.Rough | None, query: sa.Select[Any],
    keys: Sequence[sa.Column[Any]], descending: bool, limit: int,
) -> Sequence[Any]:  # fmt: skip
    """Fetches the first `limit` rows of `query` in the order of `keys`. Where the search is `rough`, its
    candidates are sorted first (OFFSET keeps the server from asking each of them before), and then asked one
    by one until there are enough."""
    ordered = query.order_by(*(key.desc() if descending else key.asc() for key in keys))
    if rough is not None:
        some = ordered.offset(0).subquery("candidates")
        columns = [some.c[key.name] for key in keys]
        ordered = sa.select(some).where(rough.is_exact(some.c.id))
        ordered = ordered.order_by(*(column.desc() if descending else column.asc() for column in columns))
    return connection.execute(ordered.limit(limit)).all()


def _urgent(
    fetch: urgency.Fetch, conditions: Sequence[sa.ColumnElement[bool]], cursor: str | None, limit: int
) -> Page:
    place = None
    if cursor:
        (stage, told), number = _read_cursor(cursor, "urgency")
        place = urgency.Place(stage, told, number)
    rows, last = urgency.page(fetch, conditions, place, limit)
    told = [last.stage, last.at.isoformat()] if last else None
    return Page(rows, _write_cursor("urgency", told, last.number) if last else None)


def _keyed(order: _Order, after: tuple[Any, int] | None) -> sa.Select[Any]:
    pair = (order.key, submissions.c.id)
    query = submissions.select()
    if order.key.nullable:
        query = query.where(order.key.is_not(None))
    if after is not None:
        here = sa.tuple_(*pair)
        there = sa.tuple_(
            *(sa.literal(value, column.type) for value, column in zip(after, pair, strict=True))
        )
        query = query.where(here < there if order.descending else here > there)
    return query


def _conditions(
    connection: sa.Connection, wanted: Filter, rough: search.Rough | None
) -> list[sa.ColumnElement[bool]]:
    held: list[sa.ColumnElement[bool]] = []
    if wanted.status:
        one, *more = wanted.status
        held.append(submissions.c.status.in_([one, *more]) if more else submissions.c.status == one)
    if wanted.form is not None:
        held.append(submissions.c.form == wanted.form)
    if wanted.unit:
        named = units.holding(connection, wanted.unit)
        # PostgreSQL knows how rare a name is, and has an index of its parts (migration 0013).
        held.append(named if isinstance(named, sa.ColumnElement) else among(submissions.c.id, named))
    if wanted.since is not None:
        held.append(submissions.c.received_at >= wanted.since)
    if wanted.until is not None:
        held.append(submissions.c.received_at < wanted.until)
    if wanted.doubtful is not None:
        some = sa.select(submissions.c.id).where(submissions.c.doubtful > 0)
        held.append(among(submissions.c.id, some) if wanted.doubtful else submissions.c.doubtful == 0)
    if wanted.twins is not None:
        same = among(submissions.c.id, twins.numbers_unsettled())
        held.append(same if wanted.twins else sa.not_(same))
    if wanted.assignee is not None:
        held.append(submissions.c.assignee == wanted.assignee)
    if wanted.overdue_at is not None:
        held.append(among(submissions.c.id, notices.numbers_overdue(wanted.overdue_at)))
    if rough is not None:
        held.append(one_of(connection, submissions.c.id, rough.candidates))
    elif wanted.query and wanted.query.strip():
        found = search.matches(connection, wanted.query)
        # A query without a letter or a digit is found nowhere. What is not rough is found often: one walks
        # along the list (`among`), on PostgreSQL too, whose statistics know words as little.
        held.append(sa.false() if found is None else (submissions.c.id + 0).in_(found))
    return held


def _write_cursor(sort: Sort, key: Any, number: int) -> str:
    told = key.isoformat() if isinstance(key, datetime) else key
    return (
        base64.urlsafe_b64encode(json.dumps([sort, told, number], ensure_ascii=False).encode())
        .decode()
        .rstrip("=")
    )


def _read_cursor(cursor: str, sort: Sort) -> tuple[Any, int]:
    """Returns (key, number) of the last row of the page before."""
    try:
        name, key, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if sort != name or type(number) is not int or abs(number) >= _FAR:
            raise ValueError(cursor)
        if sort == "urgency":
            stage, told = key
            if type(stage) is not int or not 0 <= stage < len(urgency.STAGES):
                raise ValueError(cursor)
            return (stage, _key(told, submissions.c.received_at)), number
        return _key(key, _ORDERS[sort].key), number
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise Invalid("翻页的游标无效", advice="请从第一页重新开始") from error


def _key(told: Any, column: sa.Column[Any]) -> Any:
    if isinstance(column.type, Moment):
        return datetime.fromisoformat(told).astimezone(UTC)
    if isinstance(column.type, sa.Integer):
        sound = type(told) is int and abs(told) < _FAR
    else:
        # A key with half a character or a NUL can't come from a row, because no database could hold it.
        sound = told is None or (isinstance(told, str) and b"\0" not in told.encode())
    if not sound:
        raise ValueError(told)
    return told


def changes(connection: sa.Connection, after: int, limit: int) -> Sequence[Any]:
    """Returns the submissions that changed after the change numbered `after`, in the order of their last
    changes."""
    query = (
        submissions.select().where(submissions.c.changed > after).order_by(submissions.c.changed).limit(limit)
    )
    return connection.execute(query).all()


def last_change(connection: sa.Connection) -> int:
    """Returns the number of the last change, or 0 before the first."""
    return connection.scalar(sa.select(sa.func.max(submissions.c.changed))) or 0


def doubtful_fields(connection: sa.Connection, numbers: Sequence[int]) -> Mapping[int, list[str]]:
    """Returns {submission: names of the fields that wait for a person} for the submissions in `numbers` that
    have such fields."""
    found: dict[int, list[str]] = {}
    query = sa.select(doubts.c.submission_id, doubts.c.field)
    for row in connection.execute(query.where(one_of(connection, doubts.c.submission_id, numbers))):
        found.setdefault(row.submission_id, []).append(row.field)
    return found


def answers(connection: sa.Connection, form: str, field: str, after: int, limit: int) -> Sequence[Any]:
    """Returns rows of submissions under review whose `field` waits for a person, by number, after the number
    `after`. The rows also hold `content`, `marks` and `findings` of the record and `line` of the result."""
    query = (
        sa.select(submissions, records.c.content, records.c.marks, records.c.findings, results.c.line)
        .join(doubts, doubts.c.submission_id == submissions.c.id)
        .join(records, records.c.submission_id == submissions.c.id)
        .outerjoin(results, results.c.submission_id == submissions.c.id)
        .where(
            doubts.c.form == form,
            doubts.c.field == field,
            submissions.c.status == "in-review",
            submissions.c.id > after,
        )
        .order_by(submissions.c.id)
        .limit(limit)
    )
    return connection.execute(query).all()


class Kept(NamedTuple):
    """The record of a submission."""

    content: dict[str, Any]
    marks: dict[str, Any]
    findings: list[FindingJson]


@dataclass(frozen=True)
class Whole:
    """A submission with everything that it has. `record` and `line` are None before it was read, and
    after its values were purged. `files` are the files of the upload. The parts in `line` are only the
    submission's own. `is_alone` says that the upload holds no other submission. Where there are others and no
    line, nobody knows which files are whose, so `files` is empty."""

    row: Any
    upload: Any
    files: Sequence[Any]
    record: Kept | None
    line: Line | None
    is_alone: bool


def exists(connection: sa.Connection, submission: int) -> bool:
    """Returns whether there is a submission of that number."""
    wanted = sa.select(submissions.c.id).where(submissions.c.id == submission)
    return connection.scalar(wanted) is not None


def whole(connection: sa.Connection, submission: int) -> Whole:
    """Returns the submission of that number.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(_WHOLE, {"number": submission}).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {submission} 的申请")
    brought = connection.execute(_BROUGHT, {"number": row.upload_id}).all()
    line: Line | None = row.line
    files = [one for one in brought if one.position is not None] if line or row.is_alone else ()
    record = None if row.content is None else Kept(row.content, row.marks, row.findings)
    return Whole(row, brought[0], files, record, own(line) if line else None, row.is_alone)


def _whole() -> sa.Select[Any]:
    others = submissions.alias()
    another = others.c.upload_id == submissions.c.upload_id, others.c.id != submissions.c.id
    about = records.c.content, records.c.marks, records.c.findings, results.c.line
    joined = submissions.outerjoin(records, records.c.submission_id == submissions.c.id)
    joined = joined.outerjoin(results, results.c.submission_id == submissions.c.id)
    query = sa.select(submissions, *about, sa.not_(sa.exists().where(*another)).label("is_alone"))
    return query.select_from(joined).where(submissions.c.id == sa.bindparam("number"))


# Made once: these are asked for with every step of a review.
_WHOLE = _whole()
_BROUGHT = (
    sa.select(uploads, *(column for column in upload_files.c if column.name != "upload_id"))
    .outerjoin_from(uploads, upload_files, upload_files.c.upload_id == uploads.c.id)
    .where(uploads.c.id == sa.bindparam("number"))
    .order_by(upload_files.c.position)
)


def routes(connection: sa.Connection, number: int) -> Sequence[tuple[int, Parted]]:
    """Returns (submission, line) for what was found in an upload, as far as it is known. Of the line it holds
    only the parts."""
    query = sa.select(submissions.c.id, results.c.line).join(results)
    rows = connection.execute(
        query.where(submissions.c.upload_id == number).order_by(submissions.c.application)
    ).all()
    return [
        (row.id, {"application": row.line.get("application"), "parts": row.line["parts"]})
        for row in rows
        if row.line is not None
    ]


def upload(connection: sa.Connection, number: int) -> tuple[Any, Sequence[Any], Sequence[Any]]:
    """Returns (row of the upload, the files that it brought, its submissions).

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(uploads.select().where(uploads.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {number} 的上传")
    own = upload_files.c.upload_id == number, upload_files.c.home_id.is_(None)
    files = upload_files.select().where(*own).order_by(upload_files.c.position)
    made = submissions.select().where(submissions.c.upload_id == number).order_by(submissions.c.application)
    return row, connection.execute(files).all(), connection.execute(made).all()


def history(connection: sa.Connection, submission: int) -> Sequence[Any]:
    """Returns every version of a submission, the newest first.

    Raises:
        NotFound: there is no such submission.
    """
    if connection.scalar(sa.select(submissions.c.id).where(submissions.c.id == submission)) is None:
        raise NotFound(f"没有编号为 {submission} 的申请")
    query = (
        versions.select().where(versions.c.submission_id == submission).order_by(versions.c.version.desc())
    )
    return connection.execute(query).all()


def changed_since(connection: sa.Connection, submission: int, version: int) -> Sequence[Any]:
    """Returns the versions after `version`, the oldest first: what others did since the submission was looked
    at."""
    query = versions.select().where(versions.c.submission_id == submission, versions.c.version > version)
    return connection.execute(query.order_by(versions.c.version)).all()


def people(connection: sa.Connection, actors: set[str] | None) -> Mapping[str, str]:
    """Returns {actor: the actor's name} for the known users and tokens among `actors` (None: for all of
    them)."""
    if actors is None:
        of_users, of_tokens = connection.execute(_USERS).all(), connection.execute(_TOKENS).all()
    else:
        wanted: dict[str, list[int]] = {"user": [], "token": []}
        for actor in actors:
            kind, _, number = actor.partition(":")
            if number.isdecimal() and kind in wanted:
                wanted[kind].append(int(number))
        of_users, of_tokens = (
            connection.execute(query, {"numbers": wanted[kind]}).all() if wanted[kind] else []
            for kind, query in (("user", _SOME_USERS), ("token", _SOME_TOKENS))
        )
    found = {f"user:{row.id}": row.full_name or row.name for row in of_users}
    return found | {f"token:{row.id}": row.name for row in of_tokens}


_USERS = sa.select(users.c.id, users.c.name, users.c.full_name)
_TOKENS = sa.select(tokens.c.id, tokens.c.name)
_NUMBERS: sa.BindParameter[int] = sa.bindparam("numbers", expanding=True)
_SOME_USERS = _USERS.where(users.c.id.in_(_NUMBERS))
_SOME_TOKENS = _TOKENS.where(tokens.c.id.in_(_NUMBERS))
