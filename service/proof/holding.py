"""What is held back for a person because samples of its like were wrong: the alarm, the rule that follows of
it, and a person's loosening."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from extractor import threshold
from models.errors import Conflict, Invalid, NotFound
from models.findings import Finding
from models.form import FormDefinition
from service.parts import own
from service.proof import tallies
from service.proof.judgement.agreement import BAD
from service.proof.judgement.interval import Counted
from service.proof.judgement.strata import SOURCES, Counts, Source, Stratum, added, figure, source_of
from service.proof.judgement.watch import Alarm, Scope, alarms, tightened
from service.results import FieldJson, Line, for_review
from service.store import audit
from service.store.proof_tables import proof_rules, proof_samples
from service.store.versions import Editor

_log = logging.getLogger(__name__)
_SUBJECT = "service:proof"
# Shares of silent errors whose thresholds are the steps of tightening.
_STEPS = (0.0005, 0.0002, 0.0001)
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Rule:
    """Values of `scope` are accepted with a confidence of `least` at least; `since` when, and why."""

    id: int
    scope: Scope
    least: float
    since: datetime
    reason: str


def rules(connection: sa.Connection) -> list[Rule]:
    """Returns the rules in force, the oldest first."""
    rows = connection.execute(
        proof_rules.select().where(proof_rules.c.loosened_at.is_(None)).order_by(proof_rules.c.id)
    )
    return [
        Rule(row.id, Scope(row.form, row.kind, row.source), row.least, row.since, row.reason) for row in rows
    ]


def held_back(line: Line, form: FormDefinition | None, known: Iterable[Rule]) -> Line:
    """Returns `line` with every value for a person that a rule does not let pass."""
    some = list(known)
    if form is None or not some or line.get("error"):
        return line
    parts = own(line)["parts"]

    def is_held(name: str, read: FieldJson) -> bool:
        if read["decision"] != "accept" or name not in form.fields:
            return False
        one = Stratum(form.name, form.fields[name].kind, source_of(read, parts))
        return any(rule.scope.holds(one) and read["confidence"] < rule.least for rule in some)

    names = [name for name, read in line["fields"].items() if is_held(name, read)]
    return for_review(line, {name: Finding.of("held-back", name, title=form.titles[name]) for name in names})


def watch(connection: sa.Connection, target: float, now: datetime, newest: int | None = None) -> list[Rule]:
    """Looks whether the figures ask for more review, makes the rules that follow, and returns them. `newest`
    is the sample that was just found to be wrong: without it the figure of all was as it was before."""
    known, answered = rules(connection), _answered(connection)
    first = now.astimezone().date() - tallies.WINDOW

    def since(one: Stratum) -> datetime | None:
        return max((at for scope, at in answered if scope.holds(one)), default=None)

    counts = added(tallies.by_day(connection, first, since).values())
    was_kept = newest is not None and figure(_without(connection, counts, newest)).upper <= target
    made = []
    for alarm in alarms(counts, target, was_kept, _suspected(known)):
        scope = alarm.scope
        before = max((rule.least for rule in known if rule.scope == scope), default=0.0)
        least = tightened(before, _wrong(connection, scope, since, first.isoformat()), _steps(target))
        made.append(_tighten(connection, alarm, least, now))
    return made


def _suspected(known: Iterable[Rule]) -> set[Source]:
    """Returns the sources of which some values are held back."""
    return {rule.scope.source for rule in known if rule.scope.source}


def _answered(connection: sa.Connection) -> list[tuple[Scope, datetime]]:
    """Returns until when what was found in a scope has been answered: by a rule, or by a person who took one
    back knowing it."""
    rows = connection.execute(proof_rules.select())
    return [(Scope(row.form, row.kind, row.source), row.loosened_at or row.since) for row in rows]


def _steps(target: float) -> Sequence[float]:
    return tuple(threshold(share) for share in _STEPS if share < target)


def _without(connection: sa.Connection, counts: Counts, sample: int) -> Counts:
    row = connection.execute(proof_samples.select().where(proof_samples.c.id == sample)).one()
    one = Stratum(row.form, row.kind, row.source)
    if one not in counts or not counts[one].wrong:
        return counts
    now = counts[one]
    return {**counts, one: Counted(now.population, now.looked - 1, now.wrong - 1)}


def _wrong(connection: sa.Connection, scope: Scope, since: tallies.Since, first: str) -> list[float]:
    """Returns how sure the reader was of the values that were wrong."""
    query = proof_samples.select().where(
        proof_samples.c.purpose == "sample", proof_samples.c.state.in_(BAD), proof_samples.c.day >= first
    )
    found = []
    for row in connection.execute(query):
        one = Stratum(row.form, row.kind, row.source)
        begun = since(one)
        if scope.holds(one) and (begun is None or row.read_at > begun):
            found.append(row.confidence)
    return found


def _tighten(connection: sa.Connection, alarm: Alarm, least: float, now: datetime) -> Rule:
    scope = alarm.scope
    reason = (
        f"抽查 {alarm.looked} 项，{alarm.wrong} 项有误，误率不低于千分之 {alarm.interval.lower * 1000:.2f}"
    )
    row = {
        "form": scope.form, "kind": scope.kind, "source": scope.source, "least": least, "since": now,
        "by": "system", "reason": reason,
    }  # fmt: skip
    made = int(connection.execute(proof_rules.insert().values(row).returning(proof_rules.c.id)).scalar_one())
    told = {"scope": _named(scope), "least": least, "looked": alarm.looked, "wrong": alarm.wrong}
    audit.append(connection, now, "system", "tighten", _SUBJECT, {"rule": made, **told})
    _log.warning("samples: %d of %d wrong, rule %d", alarm.wrong, alarm.looked, made)
    return Rule(made, scope, least, now, reason)


def loosen(connection: sa.Connection, rule: int, reason: str, by: Editor) -> None:
    """Takes a rule back, for a person's reason.

    Raises:
        NotFound: there is no such rule.
        Conflict: it was taken back before.
        Invalid: there is no reason.
    """
    if not reason.strip():
        raise Invalid("请写明放宽的理由")
    row = connection.execute(
        proof_rules.select().where(proof_rules.c.id == rule).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {rule} 的收紧")
    if row.loosened_at is not None:
        raise Conflict("已经放宽过了", advice="请刷新页面")
    said = {"loosened_at": by.now, "loosened_by": by.actor, "loosened_why": reason}
    connection.execute(proof_rules.update().where(proof_rules.c.id == rule).values(said))
    audit.append(connection, by.now, by.actor, "loosen", _SUBJECT, {"rule": rule, "reason": reason})


def spoken(scope: Scope, kinds: Mapping[str, str] = _NONE, forms: Mapping[str, str] = _NONE) -> str:
    """Returns in words what a rule is about; `kinds` and `forms` say what these are called."""
    told = [
        SOURCES[scope.source] if scope.source else "",
        kinds.get(scope.kind, scope.kind) if scope.kind else "",
        forms.get(scope.form, scope.form) if scope.form else "",
    ]
    return "、".join(filter(None, told)) or "全部"


def _named(scope: Scope) -> dict[str, Any]:
    return {"form": scope.form, "kind": scope.kind, "source": scope.source}
