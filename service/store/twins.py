"""Finds submissions that may be one application that came more than once ("twins").

A submission is recognised by its traits: the bytes of its content, the number that we wrote into its form,
and its form with the applicant's name. Two submissions that share a trait are kin, until a person decides
what they are to each other (`service/store/settling.py`). Nothing is merged here.
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
from service.store.database import one_of
from service.store.sealed import same
from service.store.statuses import Status
from service.store.tables import kinships, records, submissions, traits, upload_files

Ground = Literal["same-bytes", "same-instance", "same-unit", "named", "answer"]
# The strongest ground comes first, because only the strongest one that a pair shares is shown to a person.
# The ground `named` was given by whoever sent the upload; `answer`, by the notice that it answers.
GROUNDS: tuple[Ground, ...] = ("same-bytes", "same-instance", "same-unit", "named", "answer")
# The statuses of living submissions, on which a person may still decide: they were read, and neither rejected
# nor withdrawn.
LIVING: tuple[Status, ...] = ("in-review", "unreadable", "returned", "accepted")
# How many other submissions with the same trait are looked at; where there are more, the newest. One unit may
# apply often, and everybody may fill in copies of one blank form.
MOST = 50
# Two forms with the same number count as one sent twice where at least this share of the texts that both hold
# are equal.
_ALIKE = 0.5
# How many characters of a text are compared. More would cost time, and different texts seldom begin alike.
_GLANCE = 60
_LONGEST = 160
# The columns of `kinships` as (one submission, the other), because a submission may be the later or the
# earlier one of a pair.
_SIDES = ((kinships.c.submission_id, kinships.c.earlier), (kinships.c.earlier, kinships.c.submission_id))


def arrived(
    connection: sa.Connection, submission: int, line: Line, form: FormDefinition | None,
    values: Mapping[str, Any]
) -> None:  # fmt: skip
    """Stores the traits of a submission that was just read, and looks for others that share them."""
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
    """Looks for kin again where a correction changed the applicant."""
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
    """Yields a digest of each document that was read for this application, and a digest of its whole upload.
    Where several applications share a document, the digest also holds the application's place among them."""
    row = connection.execute(
        sa.select(submissions.c.upload_id, submissions.c.application).where(submissions.c.id == submission)
    ).one()
    files = (
        sa.select(upload_files.c.sha256)
        .where(upload_files.c.upload_id == row.upload_id, upload_files.c.home_id.is_(None))
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
    """Returns the form with the applicant's name as `key` writes it, or nothing where the name isn't
    known."""
    if form is None:
        return set()
    texts = (values.get(name) for name in form.applicant or form.caption[:1])
    named = next((text for text in texts if isinstance(text, str) and key(text)), None)
    return set() if named is None else {unit_key(form, key(named))}


def unit_key(form: FormDefinition, name: str) -> str:
    """Returns the trait of an applicant's name, written as `key` writes it, on a form."""
    return f"{form.name}/{name}"[:_LONGEST]


def seek(connection: sa.Connection, submission: int) -> None:
    """Makes the kinships of a submission anew, except those with a verdict. A submission that is no longer
    living gets none. It is called whenever a submission begins or ceases to be living, or its traits change.

    The caller must have taken a number of the counter of changes before, because two transactions that look
    at the same time would not see each other.
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
    """Returns {another living submission: the strongest ground that both share}, or nothing where
    `submission` is not living."""
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
            same(connection, traits.c.key, [trait.key]),
            traits.c.submission_id != submission,
            *_lives(),
        )
        .order_by(traits.c.submission_id.desc())
        .limit(MOST)
    )
    return list(connection.scalars(query))


def _of_one(connection: sa.Connection, submission: int, others: Sequence[int]) -> list[int]:
    """Returns those of `others`, which are forms with the same number, whose texts are alike. The same number
    alone proves little, because copies of one blank form may go to everybody."""
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
    """Returns the submissions that may be the same as this one, with no verdict yet."""
    queries = (
        sa.select(there).where(here == submission, kinships.c.verdict.is_(None)) for here, there in _SIDES
    )
    return {number for query in queries for number in connection.scalars(query)}


def named(connection: sa.Connection, later: int, earlier: int, actor: str, now: datetime) -> None:
    """Stores that an upload named the submission that it replaces."""
    said = {"ground": "named", "verdict": "replaces", "by": actor, "at": now}
    connection.execute(kinships.insert().values(submission_id=later, earlier=earlier, **said))
    seek(connection, earlier)


def _touch(connection: sa.Connection, numbers: Iterable[int]) -> None:
    """Gives a new change number to submissions that gained or lost a twin, so that whoever follows the
    changes sees them."""
    # A locked row is skipped: whoever holds it changes it anyway, and may be waiting for this transaction.
    wanted = sa.select(submissions.c.id).where(submissions.c.id.in_(list(numbers))).order_by(submissions.c.id)
    free = connection.scalars(wanted.with_for_update(skip_locked=True)).all()
    if free:
        first = audit.next_value(connection, "changes", len(free)) - len(free) + 1
        # Each row gets its own number, because whoever follows the changes page by page goes on after the
        # last number.
        change = (
            submissions.update()
            .where(submissions.c.id == sa.bindparam("one"))
            .values(changed=sa.bindparam("number"))
        )
        connection.execute(change, [{"one": one, "number": number} for number, one in enumerate(free, first)])


def unsettled(connection: sa.Connection, numbers: Sequence[int] | None = None) -> Mapping[int, list[int]]:
    """Returns {submission: the submissions that may be the same, with no verdict yet}, for `numbers` (None:
    for all)."""
    found: dict[int, list[int]] = {}
    sides = []
    for here, there in _SIDES:
        side = sa.select(here.label("id"), there.label("twin")).where(kinships.c.verdict.is_(None))
        sides.append(side if numbers is None else side.where(one_of(connection, here, numbers)))
    for row in connection.execute(sa.union_all(*sides)):
        found.setdefault(row.id, []).append(row.twin)
    return {number: sorted(twins) for number, twins in found.items()}


def numbers_unsettled() -> sa.Select[int]:
    """Selects the numbers of all submissions that may be the same as another."""
    both = sa.union_all(
        *(sa.select(here.label("id")).where(kinships.c.verdict.is_(None)) for here, _ in _SIDES)
    ).subquery()
    return sa.select(both.c.id)


def kin(connection: sa.Connection, submission: int) -> Sequence[Any]:
    """Returns the kinships of a submission, with and without a verdict, the newest first. They are rows of
    `kinships` (`ground`, `verdict`, `by`, `at`) with the other submission's `id`, `name`, `unit`, `status`,
    `received_at` and `content`."""
    return connection.execute(_KIN, {"number": submission}).all()


def _kin() -> sa.Select[Any]:
    number = sa.bindparam("number", type_=kinships.c.earlier.type)
    about = [submissions.c[name] for name in ("id", "name", "unit", "status", "received_at")]
    other = sa.case((kinships.c.earlier == number, kinships.c.submission_id), else_=kinships.c.earlier)
    joined = kinships.join(submissions, submissions.c.id == other)
    joined = joined.outerjoin(records, records.c.submission_id == submissions.c.id)
    mine = sa.or_(*(here == number for here, _ in _SIDES))
    return (
        sa.select(kinships, *about, records.c.content)
        .select_from(joined).where(mine).order_by(submissions.c.id.desc())
    )  # fmt: skip


_KIN = _kin()


def forget(connection: sa.Connection, submission: int) -> None:
    """Removes the traits and the kinships of a submission."""
    _touch(connection, _partners(connection, submission))
    connection.execute(traits.delete().where(traits.c.submission_id == submission))
    here = sa.or_(kinships.c.submission_id == submission, kinships.c.earlier == submission)
    connection.execute(kinships.delete().where(here))
