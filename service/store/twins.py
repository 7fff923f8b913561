"""The same again: submissions that may be one application that came more than once, and what is open of that.

A submission is known by traits: the bytes of what it consists of, the number that we wrote into its form, its
form and unit. Two that share one are kin, until a person says what they are to each other
(`service/store/settling.py`). Nothing is merged here.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models.form import FormDefinition
from models.writing import key
from service.results import Line
from service.store import audit
from service.store.statuses import Status
from service.store.tables import kinships, records, submissions, traits, upload_files

Ground = Literal["same-bytes", "same-instance", "same-unit", "named"]
# The strongest first: it is what a person is told. `named` was said by whoever sent it.
GROUNDS: tuple[Ground, ...] = ("same-bytes", "same-instance", "same-unit", "named")
# Of these a person may still say something: they were read, and neither refused nor taken back.
LIVING: tuple[Status, ...] = ("in-review", "unreadable", "returned", "accepted")
# The same unit may apply this often, and everybody may fill in copies of one blank form; of more, the newest
# are looked at.
MOST = 50
# Of the texts that two forms with the same number both hold, so many say the same where one of them was sent
# again.
_ALIKE = 0.5
# Characters by which a text is compared; more cost time, and whoever writes another text seldom begins as the
# first did.
_GLANCE = 60
_LONGEST = 160
# A submission may be either of a pair.
_SIDES = ((kinships.c.submission_id, kinships.c.earlier), (kinships.c.earlier, kinships.c.submission_id))


def arrived(
    connection: sa.Connection, submission: int, line: Line, form: FormDefinition | None,
    values: Mapping[str, Any]
) -> None:  # fmt: skip
    """Keeps by what a submission that was just read is known, and looks for its like."""
    found: set[tuple[Ground, str]] = {
        ("same-bytes", digest) for digest in _digests(connection, submission, line)
    }
    if line.get("instance"):
        found.add(("same-instance", str(line["instance"])))
    found |= {("same-unit", name) for name in _units(form, values)}
    connection.execute(traits.delete().where(traits.c.submission_id == submission))
    connection.execute(
        traits.insert(),
        [{"submission_id": submission, "kind": kind, "key": name} for kind, name in sorted(found)],
    )
    seek(connection, submission)


def corrected(
    connection: sa.Connection, submission: int, form: FormDefinition, values: Mapping[str, Any]
) -> None:
    """Looks again where a correction made it another unit's."""
    mine = sa.and_(traits.c.submission_id == submission, traits.c.kind == "same-unit")
    units = _units(form, values)
    if units == set(connection.scalars(sa.select(traits.c.key).where(mine))):
        return
    connection.execute(traits.delete().where(mine))
    if units:
        connection.execute(
            traits.insert(),
            [{"submission_id": submission, "kind": "same-unit", "key": unit} for unit in units],
        )
    seek(connection, submission)


def _digests(connection: sa.Connection, submission: int, line: Line) -> Iterable[str]:
    """Of each document that was read for this application, and of all that its upload brought. Where several
    applications share one, each is known by its place among them."""
    row = connection.execute(
        sa.select(submissions.c.upload_id, submissions.c.application).where(submissions.c.id == submission)
    ).one()
    files = (
        sa.select(upload_files.c.sha256)
        .where(upload_files.c.upload_id == row.upload_id)
        .order_by(upload_files.c.sha256)
    )
    whole = hashlib.sha256("".join(connection.scalars(files)).encode()).hexdigest()
    yield f"{whole}/{row.application}"
    mine = line.get("application", 1)
    for part in line["parts"]:
        sharing = sorted(part.get("applications", ()))
        if part["state"] == "read" and mine in sharing:
            yield f"{part['sha256']}/{sharing.index(mine) + 1}"


def _units(form: FormDefinition | None, values: Mapping[str, Any]) -> set[str]:
    """The form, and who applies, as `key` writes it; nothing where that isn't known."""
    if form is None:
        return set()
    texts = (values.get(name) for name in form.applicant or form.caption[:1])
    named = next((text for text in texts if isinstance(text, str) and key(text)), None)
    return set() if named is None else {f"{form.name}/{key(named)}"[:_LONGEST]}


def seek(connection: sa.Connection, submission: int) -> None:
    """Makes the kinships of a submission anew, but for those of which a person said something; one that lives
    no more has none. Called whenever a submission begins or ceases to live, or is known by something else.

    Whoever calls has taken a number of the counter of changes: two who look at the same time would not see
    each other.
    """
    here = sa.or_(kinships.c.submission_id == submission, kinships.c.earlier == submission)
    before = _partners(connection, submission)
    connection.execute(kinships.delete().where(here, kinships.c.verdict.is_(None)))
    found = _like(connection, submission)
    if found:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        rows = [
            {"submission_id": max(submission, other), "earlier": min(submission, other), "ground": ground}
            for other, ground in sorted(found.items())
        ]
        connection.execute(insert(kinships).on_conflict_do_nothing(), rows)
    _touch(connection, before ^ _partners(connection, submission))


def _like(connection: sa.Connection, submission: int) -> dict[int, Ground]:
    """{another living submission: the strongest thing that both have}; nothing for one that lives no more."""
    mine = sa.select(submissions.c.id).where(submissions.c.id == submission, *_lives())
    if connection.scalar(mine) is None:
        return {}
    known = connection.execute(
        sa.select(traits.c.kind, traits.c.key).where(traits.c.submission_id == submission)
    ).all()
    found: dict[int, Ground] = {}
    for trait in sorted(known, key=lambda trait: GROUNDS.index(trait.kind)):
        others = _sharing(connection, submission, trait)
        for other in _of_one(connection, submission, others) if trait.kind == "same-instance" else others:
            found.setdefault(other, trait.kind)
    return dict(sorted(found.items(), reverse=True)[:MOST])


def _sharing(connection: sa.Connection, submission: int, trait: Any) -> list[int]:
    query = (
        sa.select(traits.c.submission_id)
        .join(submissions, submissions.c.id == traits.c.submission_id)
        .where(
            traits.c.kind == trait.kind,
            traits.c.key == trait.key,
            traits.c.submission_id != submission,
            *_lives(),
        )
        .order_by(traits.c.submission_id.desc())
        .limit(MOST)
    )
    return list(connection.scalars(query))


def _of_one(connection: sa.Connection, submission: int, others: Sequence[int]) -> list[int]:
    """Those of `others`, forms with the same number, that speak of the same: a blank form may be copied to
    everybody."""
    if not others:
        return []
    query = sa.select(records.c.submission_id, records.c.content).where(
        records.c.submission_id.in_([submission, *others])
    )
    texts = {row.submission_id: _texts(row.content) for row in connection.execute(query)}
    mine = texts.get(submission, {})
    return [other for other in others if _are_alike(mine, texts.get(other, {}))]


def _texts(content: Mapping[str, Any]) -> dict[str, str]:
    begun = {name: key(value[:_GLANCE]) for name, value in content.items() if isinstance(value, str)}
    return {name: text for name, text in begun.items() if text}


def _are_alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    both = one.keys() & other.keys()
    return sum(one[name] == other[name] for name in both) >= _ALIKE * len(both)


def _lives() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        submissions.c.status.in_(LIVING),
        submissions.c.replaced_by.is_(None),
        submissions.c.purged_at.is_(None),
    )


def _partners(connection: sa.Connection, submission: int) -> set[int]:
    """Those with which it may be the same."""
    queries = (
        sa.select(there).where(here == submission, kinships.c.verdict.is_(None)) for here, there in _SIDES
    )
    return {number for query in queries for number in connection.scalars(query)}


def named(connection: sa.Connection, later: int, earlier: int, actor: str, now: datetime) -> None:
    """Keeps that an upload named the one whose place it takes."""
    said = {"ground": "named", "verdict": "replaces", "by": actor, "at": now}
    connection.execute(kinships.insert().values(submission_id=later, earlier=earlier, **said))
    seek(connection, earlier)


def _touch(connection: sa.Connection, numbers: Iterable[int]) -> None:
    """Lets those that follow changes see submissions whose twins came or went."""
    # Whoever holds one of them changes it anyway, and may be waiting for this transaction.
    wanted = sa.select(submissions.c.id).where(submissions.c.id.in_(list(numbers))).order_by(submissions.c.id)
    free = connection.scalars(wanted.with_for_update(skip_locked=True)).all()
    if free:
        first = audit.next_value(connection, "changes", len(free)) - len(free) + 1
        # Each its own number: who follows changes page by page goes on after the last one.
        change = (
            submissions.update()
            .where(submissions.c.id == sa.bindparam("one"))
            .values(changed=sa.bindparam("number"))
        )
        connection.execute(change, [{"one": one, "number": number} for number, one in enumerate(free, first)])


def unsettled(connection: sa.Connection, numbers: Sequence[int] | None = None) -> Mapping[int, list[int]]:
    """{submission: those with which it may be the same and of which nobody said anything}, of `numbers`
    (None: of all)."""
    found: dict[int, list[int]] = {}
    for here, there in _SIDES:
        query = sa.select(here.label("id"), there.label("twin")).where(kinships.c.verdict.is_(None))
        for row in connection.execute(query if numbers is None else query.where(here.in_(list(numbers)))):
            found.setdefault(row.id, []).append(row.twin)
    return {number: sorted(twins) for number, twins in found.items()}


def numbers_unsettled() -> sa.Select[int]:
    """The numbers of all that may be the same as another."""
    both = sa.union_all(
        *(sa.select(here.label("id")).where(kinships.c.verdict.is_(None)) for here, _ in _SIDES)
    ).subquery()
    return sa.select(both.c.id)


def kin(connection: sa.Connection, submission: int) -> list[Any]:
    """Those with which it is or was to be settled, the newest first: rows of `kinships` (`ground`, `verdict`,
    `by`, `at`) with the other's `id`, `name`, `unit`, `status`, `received_at`, `content`."""
    found: list[Any] = []
    about = [submissions.c[name] for name in ("id", "name", "unit", "status", "received_at")]
    for here, there in _SIDES:
        query = (
            sa.select(kinships, *about, records.c.content)
            .join(submissions, submissions.c.id == there)
            .outerjoin(records, records.c.submission_id == there)
            .where(here == submission)
        )
        found += connection.execute(query).all()
    return sorted(found, key=lambda row: -row.id)


def forget(connection: sa.Connection, submission: int) -> None:
    """Removes by what a submission was known, and what it was the same as."""
    _touch(connection, _partners(connection, submission))
    connection.execute(traits.delete().where(traits.c.submission_id == submission))
    here = sa.or_(kinships.c.submission_id == submission, kinships.c.earlier == submission)
    connection.execute(kinships.delete().where(here))
