"""Aliases of labels and prompts, learned from corrections: proposed with their evidence, tried on the
applications that are kept, and in use only once a person says so; one click takes each back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.aliases import Alias, with_aliases
from models.errors import Conflict, NotFound
from models.form import FormDefinition
from service.proof.judgement.agreement import same
from service.proof.judgement.aliases import Answer, Proposal, Tried, report
from service.results import Line
from service.store import audit
from service.store.database import Database
from service.store.forms import FormStore
from service.store.marks import SETTLED
from service.store.proof_tables import proof_alias_runs, proof_aliases
from service.store.tables import records, results, submissions, uploads
from service.store.versions import Editor

_SUBJECT = "service:proof"
_MOST_UPLOADS = 200  # on which an alias is tried; those where it stands come first
_MOST_TOLD = 500


@dataclass(frozen=True)
class Kept:
    """An application that is kept: its form, what is right in it as JSON by field, as far as a person or a
    decision said so, and what was `lost`: fields in which nothing was read and a person put in what stands
    there, as text with who did so."""

    submission: int
    upload: int
    form: str
    right: Mapping[str, Any]
    lost: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Known:
    """A proposal as it is kept."""

    id: int
    found_at: datetime
    alias: Alias
    submissions: Sequence[int]
    people: Sequence[str]
    report: Mapping[str, Any]
    live_at: datetime | None
    ended_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether labels are sought in it now."""
        return self.live_at is not None and self.ended_at is None


def ask(connection: sa.Connection, by: Editor) -> None:
    """Asks the workers to look for aliases, unless that is waiting already."""
    if is_waiting(connection):
        return
    connection.execute(proof_alias_runs.insert().values(asked_at=by.now, asked_by=by.actor))
    audit.append(connection, by.now, by.actor, "seek-aliases", _SUBJECT)


def is_waiting(connection: sa.Connection) -> bool:
    """Tells whether workers were asked and did not end yet."""
    waiting = proof_alias_runs.c.ended_at.is_(None)
    return bool(connection.scalar(sa.select(sa.func.count()).select_from(proof_alias_runs).where(waiting)))


def begin(connection: sa.Connection, now: datetime, before: datetime) -> int | None:
    """Takes what was asked for, or was begun before `before` by a worker that did not end it; returns its
    number, None where nothing is to be done."""
    runs = proof_alias_runs.c
    free = sa.or_(runs.begun_at.is_(None), runs.begun_at < before)
    number = connection.scalar(sa.select(sa.func.min(runs.id)).where(runs.ended_at.is_(None), free))
    if number is None:
        return None
    taken = connection.execute(proof_alias_runs.update().where(runs.id == number, free).values(begun_at=now))
    return number if taken.rowcount else None


def end(
    connection: sa.Connection, run: int, found: Sequence[tuple[Proposal, Sequence[Tried]]], now: datetime
) -> None:
    """Keeps what was found, with how each did."""
    for proposal, tried in found:
        told = report(tried, proposal.alias)
        told["changed"] = told["changed"][:_MOST_TOLD]
        connection.execute(
            proof_aliases.insert().values(
                run_id=run, found_at=now, report=told, submissions=list(proposal.submissions),
                people=list(proposal.people), **asdict(proposal.alias),
            )
        )  # fmt: skip
    ended = proof_alias_runs.update().where(proof_alias_runs.c.id == run)
    connection.execute(ended.values(ended_at=now))


def kept(connection: sa.Connection, forms: Mapping[str, FormDefinition]) -> Iterator[Kept]:
    """Yields the applications of forms in force in which people said what is right, the latest first."""
    query = (
        sa.select(
            submissions.c.id, submissions.c.upload_id, submissions.c.status, results.c.line,
            records.c.content, records.c.marks,
        )
        .join(results, results.c.submission_id == submissions.c.id)
        .join(records, records.c.submission_id == submissions.c.id)
        .join(uploads, uploads.c.id == submissions.c.upload_id)
        .where(submissions.c.purged_at.is_(None), uploads.c.state == "done")
        .order_by(submissions.c.id.desc())
    )  # fmt: skip
    for row in connection.execute(query, execution_options={"yield_per": 100}):
        line: Line = row.line
        form = forms.get(str(line["form"])) if line and not line.get("error") else None
        if form is None:
            continue
        is_decided = row.status == "accepted"
        right = {
            name: row.content.get(name)
            for name, mark in row.marks.items()
            if name in form.fields and (is_decided or mark["state"] in SETTLED)
        }
        if right:
            yield Kept(row.id, row.upload_id, form.name, right, dict(_lost(form, row)))


def _lost(form: FormDefinition, row: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, mark in row.marks.items():
        field, read, value = form.fields.get(name), row.line["fields"].get(name), row.content.get(name)
        if field is None or read is None or value is None or mark["state"] != "corrected":
            continue
        is_short = field.entered == "written" and not field.is_long and field.widget != "table"
        # Of options one is read off its neighbour's box where its words are not known.
        is_other = field.widget == "options" and value != read["value"]
        if (read["value"] is None and is_short) or is_other:
            typed: Any = field.from_json(value)
            yield name, (field.format(typed), mark.get("by", ""))


def chosen(every: Sequence[Kept], first: Sequence[int]) -> list[Kept]:
    """Returns the applications to try an alias on: those of the uploads of the submissions `first`, then the
    latest."""
    wanted = {one.upload for one in every if one.submission in first}
    order = dict.fromkeys((*sorted(wanted), *(one.upload for one in every)))
    among = set(list(order)[:_MOST_UPLOADS])
    return [one for one in every if one.upload in among]


def tried(one: Kept, form: FormDefinition, before: Line, after: Line) -> Iterator[Tried]:
    """Yields each field of an application of which the truth is known, as it is read without an alias and
    with it."""
    for name, value in one.right.items():
        answers = [_answer(form, name, value, line) for line in (before, after)]
        if answers[0] is not None and answers[1] is not None:
            yield Tried(one.submission, name, answers[0], answers[1])


def _answer(form: FormDefinition, name: str, value: Any, line: Line) -> Answer | None:
    read = line["fields"].get(name)
    if read is None:
        return None
    is_right = same(form.fields[name], read["value"], value)
    return Answer(read["value"], is_right, read["decision"] == "accept")


def latest(connection: sa.Connection) -> list[Known]:
    """Returns what is in use, and what the last run proposed, the newest first."""
    runs = sa.select(sa.func.max(proof_alias_runs.c.id)).where(proof_alias_runs.c.ended_at.is_not(None))
    wanted = sa.or_(_is_live(), proof_aliases.c.run_id == runs.scalar_subquery())
    query = proof_aliases.select().where(wanted).order_by(proof_aliases.c.id.desc())
    return [_known(row) for row in connection.execute(query)]


def _is_live() -> sa.ColumnElement[bool]:
    return proof_aliases.c.live_at.is_not(None) & proof_aliases.c.ended_at.is_(None)


def _known(row: Any) -> Known:
    return Known(
        row.id, row.found_at, Alias(row.form, row.field, row.place, row.text, row.option), row.submissions,
        row.people, row.report, row.live_at, row.ended_at,
    )  # fmt: skip


def in_use(connection: sa.Connection) -> list[Alias]:
    """Returns the aliases that labels are sought in now."""
    query = proof_aliases.select().where(_is_live()).order_by(proof_aliases.c.id)
    return [_known(row).alias for row in connection.execute(query)]


def current(database: Database, forms: FormStore) -> dict[str, FormDefinition]:
    """Returns the definitions in force, with the aliases in use."""
    with database.read() as connection:
        aliases = in_use(connection)
    return {name: with_aliases(form, aliases) for name, form in forms.current().items()}


def go_live(connection: sa.Connection, number: int, by: Editor) -> None:
    """Lets labels be sought in an alias from now on.

    Raises:
        NotFound: there is none of that number.
        Conflict: it did not pass, it is in use, another was sought since, or only who asks corrected so.
    """
    audit.wait_for_turn(connection)
    one = _found(connection, number)
    if one.report["against"]:
        raise Conflict("这个写法没有通过检验，不能采用", advice="；".join(one.report["against"]))
    if one.is_live:
        raise Conflict("这个写法已经采用")
    if one.id not in {other.id for other in latest(connection)}:
        raise Conflict("又有新的试算结果", advice="请看新的一次")
    if set(one.people) <= {by.actor}:
        raise Conflict("依据的更正都是您自己作的", advice="请另一位管理员核对后采用")
    said = {"live_at": by.now, "live_by": by.actor, "ended_at": None, "ended_by": None}
    connection.execute(proof_aliases.update().where(proof_aliases.c.id == number).values(said))
    told = {"alias": number, **asdict(one.alias)}
    audit.append(connection, by.now, by.actor, "alias-live", _SUBJECT, told)


def go_back(connection: sa.Connection, number: int, by: Editor) -> None:
    """Lets labels be sought without an alias again.

    Raises:
        NotFound: there is none of that number.
        Conflict: it is not in use.
    """
    audit.wait_for_turn(connection)
    one = _found(connection, number)
    if not one.is_live:
        raise Conflict("这个写法没有在用")
    said = {"ended_at": by.now, "ended_by": by.actor}
    connection.execute(proof_aliases.update().where(proof_aliases.c.id == number).values(said))
    audit.append(connection, by.now, by.actor, "alias-ended", _SUBJECT, {"alias": number})


def _found(connection: sa.Connection, number: int) -> Known:
    row = connection.execute(proof_aliases.select().where(proof_aliases.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {number} 的写法")
    return _known(row)
