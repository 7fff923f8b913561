"""Selects records for export, in the order of their last change, so that another system can follow the
changes. It also keeps saved choices of columns.

`submissions.changed` rises with every change, in the order in which transactions commit. A reader that has
seen everything up to a number, and asks for what is above it, misses nothing. A submission that changes while
somebody pages through the list appears once more, further on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.errors import Conflict, NotFound
from service.results import FindingJson
from service.store import audit, twins
from service.store.marks import MarkJson
from service.store.statuses import Status
from service.store.tables import counters, presets, records, results, submissions

_AT_A_TIME = 500


@dataclass(frozen=True)
class Selection:
    """Which submissions to export: those of one form or of any, only the accepted ones or all, those changed
    after `after`, and with or without those that were `replaced`."""

    form: str | None = None
    accepted: bool = True
    after: int | None = None
    replaced: bool = False


@dataclass(frozen=True)
class Kept:
    """A submission as it is now. `content`, `marks` and `findings` are those of its record, and empty where
    it has none. `failure` says why it could not be read. `purged` says that its values were erased. `twins`
    are the submissions that may be the same as this one, with no decision yet."""

    id: int
    changed: int
    version: int
    status: Status
    form: str | None
    form_version: str | None
    name: str
    unit: str | None
    received_at: datetime
    updated_at: datetime
    replaces: int | None
    replaced_by: int | None
    error_code: str | None
    failure: str | None
    purged: bool
    content: Mapping[str, Any]
    marks: Mapping[str, MarkJson]
    findings: list[FindingJson]
    twins: Sequence[int] = ()

    @property
    def has_record(self) -> bool:
        """Returns whether the submission has a record."""
        return bool(self.marks)

    def unweighed(self, name: str) -> Sequence[str]:
        """Returns the parts of a field's value that nobody has weighed."""
        mark = self.marks.get(name)
        return tuple(mark.get("unweighed", ())) if mark else ()


def last_change(connection: sa.Connection) -> int:
    """Returns the number of the last change of any submission."""
    return connection.scalar(sa.select(counters.c.value).where(counters.c.name == "changes")) or 0


def select(connection: sa.Connection, wanted: Selection) -> Iterator[Kept]:
    """Yields the `wanted` submissions by number; with a cursor, in the order of their changes."""
    query = _query(wanted)
    order = submissions.c.id if wanted.after is None else submissions.c.changed
    same = twins.unsettled(connection)
    found = connection.execution_options(yield_per=_AT_A_TIME).execute(query.order_by(order))
    return (_kept(row, same) for row in found)


@dataclass(frozen=True)
class Counted:
    """What an export would hold: the submissions, how many of them may be the same as another, and how many
    it leaves out because they were replaced."""

    records: int
    unsettled: int
    replaced: int


def count(connection: sa.Connection, wanted: Selection) -> Counted:
    """Counts what `select` would yield and leave out."""
    held = _query(wanted).with_only_columns(submissions.c.id)
    every = _query(replace(wanted, replaced=True)).with_only_columns(submissions.c.id)
    every = every.where(submissions.c.replaced_by.is_not(None))
    same = held.where(submissions.c.id.in_(twins.numbers_unsettled()))
    records, unsettled, replaced = (
        connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
        for query in (held, same, every)
    )
    return Counted(records, unsettled, 0 if wanted.replaced else replaced)


def changes(connection: sa.Connection, form: str | None, after: int, limit: int) -> list[Kept]:
    """Returns up to `limit` submissions in any state that changed after `after`, in the order of their
    changes."""
    query = (
        _query(Selection(form, accepted=False, after=after, replaced=True))
        .order_by(submissions.c.changed)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    same = twins.unsettled(connection, [row.id for row in rows])
    return [_kept(row, same) for row in rows]


def one(connection: sa.Connection, submission: int) -> Kept:
    """Returns one submission.

    Raises:
        NotFound: there is no such submission.
    """
    row = connection.execute(
        _query(Selection(accepted=False, replaced=True)).where(submissions.c.id == submission)
    ).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {submission} 的申请")
    return _kept(row, twins.unsettled(connection, [submission]))


def forms_in(connection: sa.Connection, wanted: Selection) -> list[str]:
    """Returns the names of the forms that the `wanted` submissions are on."""
    kept = (
        _query(wanted).with_only_columns(submissions.c.form).where(submissions.c.form.is_not(None)).distinct()
    )
    return sorted(connection.scalars(kept))


def _query(wanted: Selection) -> sa.Select[Any]:
    about = submissions.c
    # Result lines are long and databases parse them whole, so only failures are looked into.
    failure = sa.case((about.error_code.is_not(None), results.c.line))
    query = sa.select(
        about.id, about.changed, about.version, about.status, about.form, about.form_version, about.name,
        about.unit,
        about.received_at, about.updated_at, about.replaces, about.replaced_by, about.error_code,
        failure.label("failure"), about.purged_at, records.c.content, records.c.marks, records.c.findings,
    )  # fmt: skip
    query = query.select_from(submissions.outerjoin(records).outerjoin(results))
    if wanted.form is not None:
        query = query.where(about.form == wanted.form)
    if wanted.accepted:
        query = query.where(about.status == "accepted")
    if not wanted.replaced:
        query = query.where(about.replaced_by.is_(None))
    return query if wanted.after is None else query.where(about.changed > wanted.after)


def _kept(row: Any, same: Mapping[int, Sequence[int]]) -> Kept:
    told = {**row._mapping, "purged": row.purged_at is not None, "twins": same.get(row.id, ())}
    del told["purged_at"]
    error = row.failure["error"] if row.failure else None
    told["failure"] = error["message"] if error else None
    return Kept(
        **{**told, "content": row.content or {}, "marks": row.marks or {}, "findings": row.findings or []}
    )


def save_preset(
    connection: sa.Connection, name: str, content: Mapping[str, Any], actor: str, now: datetime
) -> int:
    """Saves a choice of columns under a name, and returns its number.

    Raises:
        Conflict: the name is taken.
    """
    row = {"name": name, "content": dict(content), "created_by": actor, "created_at": now}
    try:
        with connection.begin_nested():
            made = connection.execute(presets.insert().values(row).returning(presets.c.id)).scalar_one()
    except sa.exc.IntegrityError:
        raise Conflict(f"已有名为“{name}”的方案", advice="请换一个名称，或先删除原来的方案") from None
    audit.append(connection, now, actor, "preset", f"preset:{made}", {"name": name, "content": content})
    return int(made)


def list_presets(connection: sa.Connection) -> list[Any]:
    """Returns the saved choices, sorted by name."""
    return list(connection.execute(presets.select().order_by(presets.c.name)))


def preset(connection: sa.Connection, name: str) -> dict[str, Any]:
    """Returns the choice that was saved under `name`.

    Raises:
        NotFound: there is none of that name.
    """
    content = connection.scalar(sa.select(presets.c.content).where(presets.c.name == name))
    if content is None:
        raise NotFound(f"没有名为“{name}”的方案", advice="请核对名称")
    return dict(content)


def delete_preset(connection: sa.Connection, number: int, actor: str, now: datetime) -> None:
    """Deletes a saved choice.

    Raises:
        NotFound: there is none of that number.
    """
    if not connection.execute(presets.delete().where(presets.c.id == number)).rowcount:
        raise NotFound(f"没有编号为 {number} 的方案", advice="请刷新列表")
    audit.append(connection, now, actor, "preset-deleted", f"preset:{number}")
