"""Rebuilds the present state of every submission from the audit log, and compares it with the database.

The log (`service.store.audit`) shows that the log itself was not changed; this module shows that the database
still holds what the log tells. Erased values can't be rebuilt, so only the status and the versions of a
purged submission are compared.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.store.audit import canonical
from service.store.campaigns import ASKED
from service.store.tables import (
    announcements,
    audit_log,
    audit_values,
    belongings,
    records,
    rulings,
    submissions,
    versions,
)

# How many submissions have their entries in memory at a time.
_BATCH = 500
_PREFIX = "submission:"
# Entries about a submission that change nothing in its record.
_SILENT = frozenset({
    "upload", "dossier", "correction", "view", "ruling", "place", "sample", "notice", "answered",
    "notice-sending", "notice-sent", "assign", "grouped",
})  # fmt: skip
_CAMPAIGN = "campaign:"
_UNDER_WAY = ("received", "reading")


@dataclass(frozen=True)
class Departure:
    """A difference between what is kept and the log, and the reason; `submission` is the number of the one
    that differs, None where it is not about one."""

    submission: int | None
    why: str

    def __str__(self) -> str:
        return self.why if self.submission is None else f"编号 {self.submission}：{self.why}"


@dataclass
class _Told:
    """A submission as the log tells it. `values` holds canonical JSON by field."""

    status: str = "received"
    version: int = 0
    values: dict[str, str] = field(default_factory=dict)
    rulings: dict[str, str] = field(default_factory=dict)
    belongs: str | None = None
    is_purged: bool = False
    has_record: bool = False

    def hear(self, action: str, values: Iterable[tuple[str, str]]) -> None:
        """Applies one entry of the log."""
        self.version += action not in _SILENT
        if action == "purge":
            self.rulings, self.belongs = {}, None
        if action in ("purge", "read", "reread", "restored"):
            self.values, self.has_record = {}, action in ("read", "restored")
            self.is_purged = action == "purge"
        for label, value in values:
            if label == "status":
                self.status = value.strip('"')
            elif label == "belongs":
                self.belongs = value
            elif label.startswith(_CAMPAIGN):
                self.rulings[label.removeprefix(_CAMPAIGN)] = value
            elif label == "error" and value != "null":
                self.has_record = False
            elif label.startswith("field:") and not label.endswith(":before"):
                self.values[label.removeprefix("field:").removesuffix(":after")] = value


def departures(connection: sa.Connection) -> Iterator[Departure]:
    """Yields every submission that is missing, that the log does not know, or that differs from the log.
    About `_BATCH` are in memory at a time."""
    numbers = connection.scalar(sa.select(sa.func.max(submissions.c.id))) or 0
    told = sa.select(sa.func.max(sa.cast(sa.func.substr(audit_log.c.subject, len(_PREFIX) + 1), sa.Integer)))
    last = max(numbers, connection.scalar(told.where(audit_log.c.subject.like(f"{_PREFIX}%"))) or 0)
    for first in range(1, last + 1, _BATCH):
        yield from _compared(connection, range(first, min(first + _BATCH, last + 1)))
    yield from _announced(connection)


def _announced(connection: sa.Connection) -> Iterator[Departure]:
    """Yields the campaigns whose announced list is not as the log tells."""
    about = sa.select(audit_log.c.seq, audit_log.c.subject, audit_log.c.action).where(
        audit_log.c.action.in_(("announce", "match"))
    )
    entries = connection.execute(about.order_by(audit_log.c.seq)).all()
    values = _values(connection, [entry.seq for entry in entries])
    told: dict[str, dict[str, Any]] = {}
    for entry in entries:
        said = {label: json.loads(text) for label, text in values.get(entry.seq, ())}
        name = entry.subject.removeprefix(_CAMPAIGN)
        if entry.action == "announce":
            told[name] = said
        elif "row" in said:
            settled = told.setdefault(name, {"settled": {}})["settled"]
            settled.pop(str(said["row"]), None)
            if said["submission"] != ASKED:
                settled[str(said["row"])] = said["submission"]
    kept = {row.campaign: row.content for row in connection.execute(announcements.select())}
    for name in sorted(told.keys() | kept.keys()):
        if canonical(told.get(name)) != canonical(kept.get(name)):
            yield Departure(None, f"活动 {name}：上级名单或它的对应与日志不一致")


def _compared(connection: sa.Connection, batch: Sequence[int]) -> Iterator[Departure]:
    told = _told(connection, batch)
    kept = {
        row.id: row for row in connection.execute(submissions.select().where(submissions.c.id.in_(batch)))
    }
    content = {
        row.submission_id: row.content
        for row in connection.execute(
            sa.select(records.c.submission_id, records.c.content).where(records.c.submission_id.in_(batch))
        )
    }
    counted = sa.select(versions.c.submission_id, sa.func.count().label("n")).where(
        versions.c.submission_id.in_(batch)
    )
    made = {
        row.submission_id: row.n for row in connection.execute(counted.group_by(versions.c.submission_id))
    }
    ruled = _rulings(connection, batch)
    said = sa.select(belongings).where(belongings.c.submission_id.in_(batch))
    belong = {row.submission_id: canonical(row.campaign) for row in connection.execute(said)}
    for number in batch:
        one, row = told.get(number), kept.get(number)
        if one is None and row is None:
            continue
        if row is None:
            yield Departure(number, "日志中有这份申请，数据库中没有")
        elif one is None:
            # A submission that was found in an upload of several has no entry before it is read.
            if row.status not in _UNDER_WAY:
                yield Departure(number, "数据库中有这份申请，日志中没有")
        else:
            for why in _why(one, row, content.get(number), made.get(number, 0)):
                yield Departure(number, why)
            if ruled.get(number, {}) != one.rulings:
                yield Departure(number, "活动中的人工意见与日志不一致")
            if belong.get(number) != one.belongs:
                yield Departure(number, "归入的活动与日志不一致")


def _rulings(connection: sa.Connection, batch: Sequence[int]) -> dict[int, dict[str, str]]:
    """{submission: {campaign: what was decided}}, as canonical JSON."""
    found: dict[int, dict[str, str]] = {}
    query = sa.select(rulings.c.submission_id, rulings.c.campaign, rulings.c.content)
    for row in connection.execute(query.where(rulings.c.submission_id.in_(batch))):
        found.setdefault(row.submission_id, {})[row.campaign] = canonical(row.content)
    return found


def _told(connection: sa.Connection, batch: Sequence[int]) -> dict[int, _Told]:
    subjects = {f"{_PREFIX}{number}": number for number in batch}
    about = sa.select(audit_log.c.seq, audit_log.c.subject, audit_log.c.action).where(
        audit_log.c.subject.in_(list(subjects))
    )
    entries = connection.execute(about.order_by(audit_log.c.seq)).all()
    values = _values(connection, [entry.seq for entry in entries])
    found: dict[int, _Told] = {}
    for entry in entries:
        found.setdefault(subjects[entry.subject], _Told()).hear(entry.action, values.get(entry.seq, ()))
    return found


def _values(connection: sa.Connection, entries: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Returns {entry: its (label, value)}. It queries by the entries' numbers, because a join would walk
    through all values for each batch."""
    found: dict[int, list[tuple[str, str]]] = {}
    for first in range(0, len(entries), _BATCH):
        some = audit_values.c.seq.in_(entries[first : first + _BATCH])
        query = sa.select(audit_values.c.seq, audit_values.c.label, audit_values.c.value).where(some)
        for seq, label, value in connection.execute(query):
            found.setdefault(seq, []).append((label, value))
    return found


def _why(
    told: _Told, row: sa.Row[tuple[object, ...]], content: Mapping[str, object] | None, versions_kept: int
) -> Iterator[str]:
    """Yields how a submission differs from what the log tells."""
    status = row._mapping["status"]
    if status != told.status and not (told.status in _UNDER_WAY and status in _UNDER_WAY):
        yield f"状态应为 {told.status}，实为 {status}"
    if row._mapping["version"] != told.version:
        yield f"版本应为 {told.version}，实为 {row._mapping['version']}"
    if versions_kept != told.version:
        yield f"应有 {told.version} 个版本，实有 {versions_kept} 个"
    if told.is_purged:
        if content is not None:
            yield "内容应已清除，仍有记录"
        return
    if told.has_record != (content is not None):
        yield "记录被删去" if told.has_record else "多出一份记录"
        return
    for name in sorted(told.values.keys() | (content or {}).keys()):
        if told.values.get(name) != (canonical(content[name]) if content and name in content else None):
            yield f"“{name}”的值与日志不一致"
