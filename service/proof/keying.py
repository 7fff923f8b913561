"""What a person keys without seeing what was read: which sample is next, what was keyed, what follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.errors import Conflict, NotFound
from models.form import FormDefinition
from service.proof import holding
from service.proof.judgement.agreement import BAD, OPEN, Keyed, State, agreed, outcome, truth
from service.store import audit, records, tables
from service.store.changes import Change, value_of
from service.store.forms import FormStore
from service.store.marks import SETTLED
from service.store.proof_tables import proof_answers, proof_samples
from service.store.tables import submissions
from service.store.versions import Editor

# Seconds of one answer that count at most: whoever took longer was elsewhere.
_LONGEST = 120.0
# What others are looking at just now is not told; so people begin at different places among so many.
_APART = 20
_URGENT = sa.case({"third": 0, "second": 1}, value=proof_samples.c.state, else_=2)
_REASONS = {
    "sample": "抽查：两人所录一致，与识别结果不同",
    "back": "收紧复核后回查：两人所录一致，与识别结果不同",
    "twice": "双人录入：两人所录一致",
}
# What a tightening reaches back to comes before what was drawn.
_FIRST = sa.case({"sample": 1}, value=proof_samples.c.purpose, else_=0)


@dataclass(frozen=True)
class Today:
    """How things stand today: samples that wait for this person, and seconds that people spent and may spend
    in all."""

    waiting: int
    spent: float
    most: float

    @property
    def is_over(self) -> bool:
        """Whether nobody is to be asked any more today."""
        return self.spent >= self.most


def today(connection: sa.Connection, who: str, minutes: float, now: datetime) -> Today:
    """Returns how things stand for `who`."""
    start = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    spent = (
        sa.select(sa.func.coalesce(sa.func.sum(proof_answers.c.seconds), 0.0))
        .join(proof_samples, proof_samples.c.id == proof_answers.c.sample_id)
        .where(proof_answers.c.at >= start, proof_samples.c.purpose != "twice")
    )
    count = sa.select(sa.func.count()).select_from(proof_samples).where(*_for(who))
    return Today(connection.scalar(count) or 0, connection.scalar(spent) or 0.0, minutes * 60)


def upcoming(
    connection: sa.Connection, who: str, minutes: float, now: datetime, count: int = 1
) -> Sequence[Any]:
    """Returns the rows of the samples that `who` is asked about next, up to `count`; none where the minutes
    of the day are used up. What somebody keyed otherwise than it was read comes first."""
    query = proof_samples.select().where(*_for(who)).order_by(_URGENT, _FIRST, proof_samples.c.id)
    if today(connection, who, minutes, now).is_over:
        query = query.where(proof_samples.c.purpose == "twice")
    rows = connection.execute(query.limit(_APART)).all()
    first = [row for row in rows if row.state == rows[0].state]
    begin = sum(who.encode()) % len(first) if first else 0
    return [*first[begin:], *first[:begin], *rows[len(first) :]][:count]


def _for(who: str) -> Sequence[sa.ColumnElement[bool]]:
    """The samples that wait for a person who has not keyed them."""
    keyed = sa.select(proof_answers.c.sample_id).where(proof_answers.c.by == who)
    return proof_samples.c.state.in_(OPEN), proof_samples.c.id.not_in(keyed)


def sample(connection: sa.Connection, number: int, *, lock: bool = False) -> Any:
    """Returns the row of a sample.

    Raises:
        NotFound: there is none of that number.
    """
    query = proof_samples.select().where(proof_samples.c.id == number)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {number} 的抽查")
    return row


@dataclass(frozen=True)
class Answered:
    """What became of a sample, and the rules that followed."""

    state: State
    rules: Sequence[holding.Rule] = ()


def answer(
    connection: sa.Connection,
    forms: FormStore,
    number: int,
    keyed: Change | None,
    seconds: float,
    by: Editor,
    target: float,
) -> Answered:
    """Keeps what a person keyed for a sample (None: it could not be read), after `seconds` of looking. Where
    two people agree on another value than the accepted one, the record is corrected, and whether more review
    is needed is looked at.

    Raises:
        NotFound: there is no such sample.
        Conflict: it is settled, or the person has keyed it before.
        Invalid: what was keyed has no reading in the field's kind.
    """
    row = sample(connection, number, lock=True)
    if row.state not in OPEN:
        raise Conflict("这一项已经有了结论", advice="请继续下一项")
    before = connection.execute(
        proof_answers.select().where(proof_answers.c.sample_id == number).order_by(proof_answers.c.position)
    ).all()
    if by.actor in [one.by for one in before]:
        raise Conflict("这一项您已经录过", advice="请继续下一项")
    form = forms.get(row.form, row.version)
    field = form.fields[row.field]
    value = None if keyed is None else value_of(field, form.titles[row.field], keyed, None)
    kept = {
        "sample_id": number, "position": len(before) + 1, "by": by.actor, "at": by.now, "value": value,
        "legible": keyed is not None, "seconds": min(max(seconds, 0.0), _LONGEST),
    }  # fmt: skip
    connection.execute(proof_answers.insert().values(kept))
    said = [*(Keyed(one.value, one.legible) for one in before), Keyed(value, keyed is not None)]
    was_accepted = row.purpose != "twice"
    state = outcome(field, row.value, said) if was_accepted else agreed(field, said)
    settled = {} if state in OPEN else {"settled_at": by.now}
    connection.execute(
        proof_samples.update().where(proof_samples.c.id == number).values(state=state, **settled)
    )
    if state in OPEN:
        return Answered(state)
    found = truth(field, said)
    if found is not None:
        _correct(connection, row, form, found, by)
    if not was_accepted or state not in BAD:
        return Answered(state)
    told = {"sampled": row.field, "outcome": state}
    audit.append(connection, by.now, by.actor, "sample", f"submission:{row.submission_id}", told)
    if row.purpose != "sample":
        # The rule that it was found by has answered it, and it is no sample drawn by chance.
        return Answered(state)
    return Answered(state, holding.watch(connection, target, by.now, number))


def _correct(connection: sa.Connection, row: Any, form: FormDefinition, found: Keyed, by: Editor) -> None:
    """Corrects the record where that is open for review. Where it is not, `to_correct` lists it."""
    now = connection.execute(submissions.select().where(submissions.c.id == row.submission_id)).one()
    if now.purged_at is not None or now.status != "in-review":
        return
    change = Change(row.field, data=found.value, has_data=True)
    records.correct(connection, row.submission_id, now.version, [change], form, by, _REASONS[row.purpose])
    connection.execute(proof_samples.update().where(proof_samples.c.id == row.id).values(corrected=True))


def to_correct(connection: sa.Connection, limit: int) -> Sequence[Any]:
    """Returns the samples that are wrong and whose field nobody has settled since, because the record was
    decided before or because nobody could read it: with `unit`, `name` and `status` of their submission."""
    query = (
        sa.select(
            proof_samples,
            submissions.c.unit,
            submissions.c.name,
            submissions.c.status,
            tables.records.c.marks,
        )
        .join(submissions, submissions.c.id == proof_samples.c.submission_id)
        .join(tables.records, tables.records.c.submission_id == submissions.c.id)
        .where(
            proof_samples.c.state.in_(BAD),
            proof_samples.c.corrected.is_(False),
            submissions.c.purged_at.is_(None),
        )
        .order_by(proof_samples.c.id.desc())
    )
    return [row for row in connection.execute(query) if not _is_settled(row)][:limit]


def _is_settled(row: Any) -> bool:
    mark = row.marks.get(row.field) or {}
    return mark.get("state") in SETTLED and mark.get("at", "") >= row.settled_at.isoformat()


def forget(connection: sa.Connection, submission: int) -> None:
    """Erases the values of a submission's samples; how they came out stays. What nobody has settled goes."""
    mine = proof_samples.c.submission_id == submission
    unsettled = sa.select(proof_samples.c.id).where(mine, proof_samples.c.state.in_(OPEN))
    connection.execute(proof_answers.delete().where(proof_answers.c.sample_id.in_(unsettled)))
    connection.execute(proof_samples.delete().where(mine, proof_samples.c.state.in_(OPEN)))
    rest = sa.select(proof_samples.c.id).where(mine)
    connection.execute(proof_answers.update().where(proof_answers.c.sample_id.in_(rest)).values(value=None))
    connection.execute(proof_samples.update().where(mine).values(value=None))
