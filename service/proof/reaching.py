"""A tightening reaches back: what was accepted before it, with less confidence than it asks for, is keyed
blindly too, the least sure first. It says nothing of the figure, which is of what was drawn by chance."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.form import FormDefinition
from service.parts import own
from service.proof import holding
from service.proof.judgement.agreement import OPEN, can_be_keyed
from service.proof.judgement.strata import Stratum, source_of
from service.store.marks import SETTLED
from service.store.proof_tables import proof_samples
from service.store.tables import records, results, submissions

# How far back it reaches, for how long, and how many applications are looked through in a day, the newest
# first.
_BACK, _FOR, _MOST = timedelta(days=28), timedelta(days=28), 5_000
# Of the minutes of a day, so that the figure still gets its samples.
_SHARE = 0.5
PURPOSE = "back"
Known = Callable[[Any], FormDefinition | None]


def reach_back(
    connection: sa.Connection, form_of: Known, now: datetime, spare: float, seconds: Callable[[str], float]
) -> int:
    """Asks for what the rules in force reach back to, within a share of the `spare` seconds of the day;
    `seconds` says what one of a kind takes. Returns how many it asks for."""
    rules = [rule for rule in holding.rules(connection) if rule.since > now - _FOR]
    if not rules:
        return 0
    waiting = sa.select(proof_samples.c.kind).where(
        proof_samples.c.purpose == PURPOSE, proof_samples.c.state.in_(OPEN)
    )
    left = _SHARE * spare - sum(map(seconds, connection.scalars(waiting)))
    asked = 0
    for row in sorted(
        _held(connection, form_of, rules), key=lambda row: (row["confidence"], row["submission_id"])
    ):
        left -= seconds(row["kind"])
        if left < 0:
            break
        connection.execute(proof_samples.insert().values(row))
        asked += 1
    return asked


def _held(
    connection: sa.Connection, form_of: Known, rules: Sequence[holding.Rule]
) -> Iterator[Mapping[str, Any]]:
    """Yields the values that would be held back today, and that nobody has looked at."""
    newest, oldest = max(rule.since for rule in rules), min(rule.since for rule in rules) - _BACK
    known = {
        (row.submission_id, row.field)
        for row in connection.execute(sa.select(proof_samples.c.submission_id, proof_samples.c.field))
    }
    query = (
        sa.select(results.c.submission_id, results.c.line, results.c.read_at, records.c.marks)
        .join(records, records.c.submission_id == results.c.submission_id)
        .join(submissions, submissions.c.id == results.c.submission_id)
        .where(results.c.read_at > oldest, results.c.read_at <= newest, submissions.c.purged_at.is_(None))
        .order_by(results.c.read_at.desc())
        .limit(_MOST)
    )
    for row in connection.execute(query).all():
        form = form_of(row.line)
        if form is None:
            continue
        parts = own(row.line)["parts"]
        for name, read in row.line["fields"].items():
            settled = (row.marks.get(name) or {}).get("state") in SETTLED
            if settled or read["decision"] != "accept" or name not in form.fields or not read["evidence"]:
                continue
            field = form.fields[name]
            one = Stratum(form.name, field.kind, source_of(read, parts))
            is_held = any(
                rule.scope.holds(one) and read["confidence"] < rule.least and row.read_at <= rule.since
                for rule in rules
            )
            if is_held and can_be_keyed(field, read["value"]) and (row.submission_id, name) not in known:
                yield {
                    "purpose": PURPOSE, "submission_id": row.submission_id, "field": name, "form": one.form,
                    "version": form.version, "kind": one.kind, "source": one.source, "value": read["value"],
                    "confidence": read["confidence"], "read_at": row.read_at, "state": "first",
                    "corrected": False,
                }  # fmt: skip
