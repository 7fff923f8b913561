"""Answers to notices of correction: which notice a submission that was just read answers, and what differs
from what was there before.

A notice's form has a number of its own, which no other form has, so that whoever sends it back is known by
it. A mail is known by what it replies to, or by the notice's number in its subject, where the unit is the
same; an upload may name the submission that it replaces. What bears no mark of ours is known by its unit and
its content: nearly all that was right stands in it again, and something that was asked for has changed. What
fits none of these is told by the same unit, as any two submissions are (`service/store/twins.py`), and a
person says what it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from models.fields import Field
from models.findings import Finding
from models.form import FormDefinition
from models.writing import excerpt, key
from service.results import FieldJson, FindingJson, Line, finding_of
from service.store import audit, notices, tables, twins
from service.store.notices import AskedJson, Ground
from service.store.sealed import same
from service.store.tables import kinships, records, submissions
from service.store.versions import Editor

_ACTION = "answered"
# `unmade`: asked, and as it was or empty; `unasked`: changed though nobody asked; `kept`: given, and as it
# was; `made`: asked, and no more as it was; `left`: neither asked nor given.
Verdict = Literal["made", "unmade", "unasked", "kept", "left"]
_ODD: tuple[Verdict, ...] = ("unmade", "unasked")
# Doubts about how a value was read, which it having been accepted before settles.
_OF_READING = frozenset({"unsure"})
# What is found by holding an answer against its notice, and by nothing else.
_TOLD = frozenset({
    "correction-unmade", "correction-unasked", "correction-carried", "correction-closed", "correction-late",
})  # fmt: skip
# Without a mark of ours, an answer is one where at least so many values that were right stand again, which
# are so large a share of them, and where no text differs that may name the application.
_FEWEST, _SHARE = 4, 0.8
_MOST = 20  # notices of one unit that are looked at


@dataclass(frozen=True)
class Tie:
    """A notice that a submission of `form` answers, by what that is known, and the values that stood before
    (JSON). `status` is that of what was returned, which `is_free` where no other has taken its place."""

    form: FormDefinition
    notice: Any
    ground: Ground
    before: Mapping[str, Any]
    status: str
    is_free: bool
    received_at: datetime | None

    @property
    def may_replace(self) -> bool:
        """Whether the answer takes the place of what was returned: that still waits for it."""
        return self.status == "returned" and self.is_free and self.notice.state == "open"


def find(
    connection: sa.Connection, submission: int | None, line: Line,
    forms: Callable[[str, str], FormDefinition], replaces: int | None,
) -> Tie | None:  # fmt: skip
    """The notice that a submission (None: one that is not stored yet) answers; None where it answers none.
    The submission that was returned is locked. `line` is what was read, `replaces` what its upload named."""
    if line.get("error"):
        return None
    form = forms(str(line["form"]), str(line["version"]))
    notice, ground = _notice(connection, submission, line, form, replaces)
    if notice is None or ground is None:
        return None
    return _tie(connection, submission, form, notice, ground)


def _tie(
    connection: sa.Connection, submission: int | None, form: FormDefinition, notice: Any, ground: Ground
) -> Tie | None:
    query = sa.select(submissions.c.status, submissions.c.replaced_by, submissions.c.form).where(
        submissions.c.id == notice.submission_id
    )
    row = connection.execute(query.with_for_update()).one()
    content = connection.scalar(
        sa.select(records.c.content).where(records.c.submission_id == notice.submission_id)
    )
    if row.form != form.name or notice.submission_id == submission:
        return None
    came = connection.scalar(sa.select(submissions.c.received_at).where(submissions.c.id == submission))
    is_free = row.replaced_by in (None, submission)
    return Tie(form, notice, ground, content or {}, row.status, is_free, came)


def _notice(
    connection: sa.Connection, submission: int | None, line: Line, form: FormDefinition, replaces: int | None
) -> tuple[Any | None, Ground | None]:
    table = tables.notices
    # One that is read again answers what it answered before.
    if submission is not None and (found := notices.answered_by(connection, submission)) is not None:
        return found, found.ground
    if line.get("instance"):
        mine = table.select().where(table.c.instance == str(line["instance"]))
        if (found := connection.execute(mine).one_or_none()) is not None:
            return found, "instance"
    if replaces is not None and (found := notices.present(connection, replaces)) is not None:
        return found, "named"
    for found in _of_thread(connection, line.get("message") or {}):
        if key(found.unit or "") in _units(form, line):
            return found, "thread"
    near = _of_unit(connection, submission, form, line)
    alike = [found for found in near if _is_alike(form, found, line)]
    return (alike[0], "content") if len(alike) == 1 else (None, None)


def _of_unit(
    connection: sa.Connection, submission: int | None, form: FormDefinition, line: Line
) -> Sequence[Any]:
    """The open notices of the same unit on the same form, with the `content` that was returned; but none of
    which a person said that this is another application."""
    table, traits = tables.notices, tables.traits
    keys = [twins.unit_key(form, name) for name in sorted(_units(form, line))]
    named = traits.c.kind == "same-unit", same(connection, traits.c.key, keys)
    like = sa.select(traits.c.submission_id).where(*named)
    others = sa.select(kinships.c.earlier).where(
        kinships.c.submission_id == submission, kinships.c.verdict == "another"
    )
    query = (
        sa.select(table, records.c.content)
        .join(submissions, submissions.c.id == table.c.submission_id)
        .join(records, records.c.submission_id == table.c.submission_id)
        .where(
            table.c.submission_id.in_(like), table.c.submission_id.not_in(others), table.c.state == "open",
            submissions.c.status == "returned", submissions.c.replaced_by.is_(None),
        )
    )  # fmt: skip
    return connection.execute(query.order_by(table.c.id.desc()).limit(_MOST)).all()


def _is_alike(form: FormDefinition, found: Any, line: Line) -> bool:
    """Tell whether what was read is plainly what was returned, with something mended that was asked for."""
    after = {name: one["value"] for name, one in line["fields"].items()}
    every = compare(form, found.asked, found.given, found.content, after)
    written = [one for one in every if not form.fields[one.field].is_mark]
    kept = sum(one.verdict == "kept" for one in written)
    changed = {one.field for one in written if one.verdict == "unasked"}
    return (
        kept >= _FEWEST
        and kept >= _SHARE * (kept + len(changed))
        and changed.isdisjoint(form.caption)
        and any(one.verdict == "made" for one in every)
    )


def _of_thread(connection: sa.Connection, message: Mapping[str, Any]) -> Iterator[Any]:
    """The notices that a mail replies to, by its headers and by its subject."""
    table = tables.notices
    replied = [str(one) for one in message.get("references") or ()]
    if replied:
        known = table.select().where(table.c.message_id.in_(replied)).order_by(table.c.id.desc())
        yield from connection.execute(known).all()
    subject = str(message.get("subject") or "")
    if subject:
        holds = sa.literal(subject).contains(table.c.number)
        yield from connection.execute(table.select().where(holds).order_by(table.c.id.desc())).all()


def _units(form: FormDefinition, line: Line) -> set[str]:
    fields = (line["fields"].get(name) for name in form.applicant or form.caption[:1])
    texts = (field["value"] for field in fields if field)
    return {key(text) for text in texts if isinstance(text, str) and key(text)}


def link(connection: sa.Connection, submission: int, tie: Tie, by: Editor) -> None:
    """Keeps that `submission` answers a notice, and lets it take the place of what was returned, where that
    still waits for it. A withdrawn one stays withdrawn."""
    about = {"notice": tie.notice.number, "of": tie.notice.submission_id, "ground": tie.ground}
    if tie.may_replace and notices.answer(connection, tie.notice.id, submission, tie.ground, by.now):
        old = tie.notice.submission_id
        if tie.ground != "named":
            _replace(connection, submission, old, by)
    audit.append(connection, by.now, by.actor, _ACTION, f"submission:{submission}", about)


def _replace(connection: sa.Connection, submission: int, old: int, by: Editor) -> None:
    for number, link in ((old, {"replaced_by": submission}), (submission, {"replaces": old})):
        changed = audit.next_value(connection, "changes")
        connection.execute(
            submissions.update().where(submissions.c.id == number).values(changed=changed, **link)
        )
    pair = kinships.c.submission_id == submission, kinships.c.earlier == old
    said = {"ground": "answer", "verdict": "replaces", "by": by.actor, "at": by.now}
    connection.execute(kinships.delete().where(*pair))
    connection.execute(kinships.insert().values(submission_id=submission, earlier=old, **said))
    twins.seek(connection, old)


def loosen(connection: sa.Connection, submission: int, since: datetime, by: Editor) -> None:
    """Takes back that a submission answers a notice, where that was found after `since`."""
    notice = notices.answered_by(connection, submission)
    if notice is None or notice.settled_at <= since:
        return
    old = notice.submission_id
    notices.settled(connection, submission, old, False, by.now)
    pair = kinships.c.submission_id == submission, kinships.c.earlier == old
    connection.execute(kinships.delete().where(*pair))
    for number, link in ((old, {"replaced_by": None}), (submission, {"replaces": None})):
        changed = audit.next_value(connection, "changes")
        connection.execute(
            submissions.update().where(submissions.c.id == number).values(changed=changed, **link)
        )
    about = {"notice": notice.number, "of": old, "ground": None}
    audit.append(connection, by.now, by.actor, _ACTION, f"submission:{submission}", about)


@dataclass(frozen=True)
class Compared:
    """A field as it was when the notice was made, and as it is now (JSON values). `number` is the item of the
    notice that asked for it."""

    field: str
    verdict: Verdict
    before: Any
    after: Any
    number: int | None = None


def compare(
    form: FormDefinition, asked: Sequence[AskedJson], given: Mapping[str, Any], before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> list[Compared]:  # fmt: skip
    """Every field of `form` with what became of it; `before` and `after` are {field: JSON value} (pure)."""
    numbers = notices.items(asked)
    return [
        Compared(
            name, _verdict(field, name in numbers, given, before, after),
            given.get(name, before.get(name)), after.get(name), numbers.get(name),
        )
        for name, field in form.fields.items()
    ]  # fmt: skip


def _verdict(
    field: Field, is_asked: bool, given: Mapping[str, Any], before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Verdict:  # fmt: skip
    name = field.name
    if is_asked:
        now = after.get(name)
        is_made = not (field.required and _is_empty(field, now)) and not _same(field, before.get(name), now)
        return "made" if is_made else "unmade"
    if name not in given:
        return "left"
    return "kept" if _same(field, given[name], after.get(name)) else "unasked"


def _is_empty(field: Field, value: Any) -> bool:
    return value is None or (field.is_mark and isinstance(value, Mapping) and not value.get("present"))


def _same(field: Field, one: Any, other: Any) -> bool:
    if field.is_mark and isinstance(one, Mapping) and isinstance(other, Mapping):
        # The words of a seal are read anew each time, and may differ in a character.
        return bool(one.get("present") == other.get("present")) and (
            not one.get("present") or key(str(one.get("text"))) == key(str(other.get("text")))
        )
    return bool(one == other)


def weigh(line: Line, tie: Tie, now: datetime) -> Line:
    """`line` with what the notice says of it: a value that nobody asked to change and that is another now
    goes to a person, one that was to change and did not is an error, and one that was accepted before and
    is read the same again needs no second look."""
    form = tie.form
    fields: dict[str, FieldJson] = dict(line["fields"])
    found: list[FindingJson] = list(line["findings"])
    _carry(form, tie, fields, found)
    _restore_marks(form, tie, fields)
    after = {name: one["value"] for name, one in fields.items()}
    for one in compare(form, tie.notice.asked, tie.notice.given, tie.before, after):
        if one.field in fields and one.verdict == "kept":
            _settle(fields, found, one.field)
    told = _departures(tie, after, now)
    for finding in told:
        if finding.field and finding.is_doubt:
            fields[finding.field] = {**fields[finding.field], "decision": "review"}
    return {**line, "fields": fields, "findings": [*found, *map(finding_of, told)]}


def tied(
    connection: sa.Connection, submission: int, form: FormDefinition, values: Mapping[str, Any], now: datetime
) -> list[Finding]:
    """What the notice says that a person tied a submission to, which is under review with these `values`;
    nothing where it answers none."""
    notice = notices.answered_by(connection, submission)
    tie = notice and _tie(connection, submission, form, notice, notice.ground)
    return _departures(tie, values, now) if tie else []


def untold(line: Line) -> Line:
    """`line` without what a notice said of it."""
    return {**line, "findings": [one for one in line["findings"] if one["code"] not in _TOLD]}


def _departures(tie: Tie, after: Mapping[str, Any], now: datetime) -> list[Finding]:
    """What is not as the notice asked."""
    every = compare(tie.form, tie.notice.asked, tie.notice.given, tie.before, after)
    told = [_told(tie.form, one) for one in every if one.field in after and one.verdict in _ODD]
    if tie.notice.state == "closed":
        told.append(Finding.of("correction-closed", number=tie.notice.number))
    elif tie.notice.ends_at <= (tie.received_at or now):
        told.append(Finding.of("correction-late", due=tie.notice.due))
    return told


def _carry(form: FormDefinition, tie: Tie, fields: dict[str, FieldJson], found: list[FindingJson]) -> None:
    """Takes over what was right, was not asked for and was not given again, where the definition says that
    once is enough."""
    asked = notices.items(tie.notice.asked)
    for name, value in tie.notice.given.items():
        field = form.fields.get(name)
        if field is None or not field.given_once or name in asked or name not in fields:
            continue
        if _is_empty(field, fields[name]["value"]):
            fields[name] = {**fields[name], "value": value, "decision": "accept", "alternatives": []}
            found[:] = [one for one in found if one["field"] != name]
            told = Finding.of("correction-carried", name, title=form.titles[name])
            found.append(finding_of(told))


def _restore_marks(form: FormDefinition, tie: Tie, fields: dict[str, FieldJson]) -> None:
    """Takes over what was right and was read again with nothing but other punctuation, where the reading says
    that it does not vouch for that. It still does not: the first reading may not have done so either."""
    for name, value in tie.notice.given.items():
        now = fields.get(name)
        if now is None or name not in form.fields or "punctuation" not in now.get("unweighed", ()):
            continue
        if isinstance(value, str) and isinstance(now["value"], str) and key(value) == key(now["value"]):
            fields[name] = {**now, "value": value}


def _settle(fields: dict[str, FieldJson], found: list[FindingJson], name: str) -> None:
    """Accepts a value that two readings agree on, where nothing but its reading was in doubt."""
    mine = [one for one in found if one["field"] == name]
    doubts = [one for one in mine if Finding(**one).is_doubt]
    if fields[name]["decision"] == "review" and all(one["code"] in _OF_READING for one in doubts):
        fields[name] = {**fields[name], "decision": "accept"}
        found[:] = [one for one in found if one not in doubts]


def _told(form: FormDefinition, one: Compared) -> Finding:
    field, title = form.fields[one.field], form.titles[one.field]
    if one.verdict == "unmade":
        return Finding.of("correction-unmade", one.field, title=title, number=one.number)
    before, after = (_words(field, value) for value in (one.before, one.after))
    return Finding.of("correction-unasked", one.field, title=title, before=before, after=after)


def _words(field: Field, value: Any) -> str:
    typed: Any = None if value is None else field.from_json(value)
    return "（空）" if typed is None else excerpt(field.format(typed))
