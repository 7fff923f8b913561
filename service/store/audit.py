"""The audit log. It is append-only, and each entry is bound to the one before by its hash.

An entry holds salted digests of the values that it is about. The values and the salts lie beside it in
`audit_values`, and can be erased. Without its salt a digest tells nothing. The chain stays whole, because it
was made over the digests.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.tables import audit_log, audit_values, counters

_START = "0" * 64
_HEAD = "audit"
# These options are given to each statement. On a connection they would hold for all later statements,
# including those that write.
_STREAM = {"yield_per": 1000}


@dataclass(frozen=True)
class Broken:
    """An entry where the log does not hold together, and the reason."""

    seq: int
    why: str


def append(
    connection: sa.Connection,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    values: Mapping[str, Any] | None = None,
) -> int:
    """Adds an entry and returns its number. `values` are JSON-ready values by label. They are kept beside the
    log, salted.

    Entries are made one after the other: a second transaction waits here until the first has ended.
    """
    seq = next_value(connection, _HEAD)
    previous = connection.scalar(_HASH, {"number": seq - 1}) or _START
    rows, digests = [], {}
    for label, value in (values or {}).items():
        salt, text = secrets.token_bytes(16), canonical(value)
        digests[label] = _digest(salt, text)
        rows.append({"seq": seq, "label": label, "salt": salt, "value": text})
    entry = {
        "seq": seq,
        "at": at.isoformat(),
        "actor": actor,
        "action": action,
        "subject": subject,
        "digests": digests,
    }
    kept = {**entry, "at": at, "previous": previous, "hash": _hash(entry, previous)}
    connection.execute(audit_log.insert(), kept)
    if rows:
        connection.execute(audit_values.insert(), rows)
    return seq


def next_value(connection: sa.Connection, name: str, count: int = 1) -> int:
    """Returns the next number of the counter `name`, in the order in which transactions commit. Takes `count`
    numbers and returns the last of them."""
    made = connection.execute(_NEXT, {"counter": name, "count": count}).scalar()
    if made is None:
        raise LookupError(f"no counter {name}")
    return int(made)


_HASH = sa.select(audit_log.c.hash).where(audit_log.c.seq == sa.bindparam("number"))
_NEXT = (
    counters.update()
    .where(counters.c.name == sa.bindparam("counter"))
    .values(value=counters.c.value + sa.bindparam("count"))
    .returning(counters.c.value)
)


def wait_for_turn(connection: sa.Connection) -> None:
    """Waits until no other transaction that adds to the log is under way, and lets none begin before this one
    ends."""
    next_value(connection, _HEAD, 0)


def erase(connection: sa.Connection, subjects: Iterable[str]) -> int:
    """Erases the values of all entries about `subjects`, and returns how many were erased. The entries
    stay."""
    about = sa.select(audit_log.c.seq).where(audit_log.c.subject.in_(list(subjects)))
    return connection.execute(audit_values.delete().where(audit_values.c.seq.in_(about))).rowcount


def verify(connection: sa.Connection, head: str | None = None) -> tuple[int, str, list[Broken]]:
    """Returns (number of entries, hash of the last entry, list of faults). It computes every hash again, and
    the digest of every value that was not erased.

    `head` is a hash that was noted earlier, outside the database. If the log no longer holds it, the end of
    the log was rewritten.
    """
    broken: list[Broken] = []
    count, last, seen_head = 0, _START, head is None
    for row in connection.execute(audit_log.select().order_by(audit_log.c.seq), execution_options=_STREAM):
        count += 1
        entry = {
            "seq": row.seq, "at": row.at.isoformat(), "actor": row.actor, "action": row.action,
            "subject": row.subject,
            "digests": row.digests or {},
        }  # fmt: skip
        if row.seq != count:
            broken.append(Broken(row.seq, f"编号应为 {count}"))
            count = row.seq
        if row.previous != last:
            broken.append(Broken(row.seq, "与前一条不相接"))
        if row.hash != _hash(entry, row.previous):
            broken.append(Broken(row.seq, "内容被改动"))
        last = row.hash
        seen_head = seen_head or last == head
    digests = sa.select(audit_values, audit_log.c.digests).join(audit_log, isouter=True)
    for row in connection.execute(digests, execution_options=_STREAM):
        if (row.digests or {}).get(row.label) != _digest(row.salt, row.value):
            broken.append(Broken(row.seq, f"“{row.label}”的值被改动"))
    written = connection.scalar(sa.select(counters.c.value).where(counters.c.name == _HEAD))
    if written != count:
        broken.append(Broken(count, f"应有 {written} 条，只有 {count} 条"))
    if not seen_head:
        broken.append(Broken(count, "没有找到先前记下的末条摘要"))
    return count, last, broken


def canonical(value: Any) -> str:
    """Returns `value` as JSON in which one value has only one spelling."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(salt: bytes, text: str) -> str:
    return hashlib.sha256(salt + text.encode("utf-8", "surrogatepass")).hexdigest()


def _hash(entry: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256(f"{previous}\n{canonical(entry)}".encode()).hexdigest()
