"""What the work of people was, of the last weeks: what nobody had to touch, why people were asked, what they
corrected, and how long they had an application before them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.findings import CATALOGUE
from models.form import FormDefinition
from service.store.marks import SETTLED
from service.store.proof_tables import proof_focus
from service.store.tables import records, results, submissions, versions

_AT_ONCE = 200
_TITLE, _PLACE = re.compile("“{title}”"), re.compile(r"[“（]?{\w+}[”）]?%?")


@dataclass(frozen=True)
class Corrected:
    """A field of a form: how often people corrected it, and how often of these nobody had been asked to look
    (`silent`)."""

    form: str
    title: str
    count: int
    silent: int


@dataclass(frozen=True)
class Work:
    """Of the applications that were read since a day: how many, how many of these nobody touched, the same of
    fields, {reason: doubts}, what was corrected, and the `seconds` that people had `timed` applications
    before them."""

    applications: int
    untouched: int
    fields: int
    untouched_fields: int
    reasons: Mapping[str, int]
    corrected: list[Corrected]
    timed: int
    seconds: float


def work(
    connection: sa.Connection, forms: Callable[[str, str], FormDefinition], now: datetime, weeks: int
) -> Work:
    """Returns the work on what was read in the last `weeks`. What is asked for and not touched yet counts as
    touched: somebody will have to."""
    since = now - timedelta(weeks=weeks)
    applications = untouched = fields = untouched_fields = 0
    reasons: Counter[str] = Counter()
    query = (
        sa.select(records.c.marks, results.c.line)
        .join(results, results.c.submission_id == records.c.submission_id)
        .where(results.c.read_at >= since, results.c.line.is_not(None))
    )
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        touched = [mark for mark in row.marks.values() if mark["state"] in ("doubtful", *SETTLED)]
        applications, fields = applications + 1, fields + len(row.marks)
        untouched, untouched_fields = (
            untouched + (not touched),
            untouched_fields + len(row.marks) - len(touched),
        )
        reasons.update(_reasons(row.line))
    lately = sa.select(submissions.c.id).where(submissions.c.received_at >= since)
    timed = sa.select(
        sa.func.count(sa.distinct(proof_focus.c.submission_id)),
        sa.func.coalesce(sa.func.sum(proof_focus.c.seconds), 0.0),
    ).where(proof_focus.c.submission_id.in_(lately))
    cases, seconds = connection.execute(timed).one()
    return Work(
        applications, untouched, fields, untouched_fields, dict(reasons.most_common()),
        _corrected(connection, forms, since), cases, seconds,
    )  # fmt: skip


def _reasons(line: Any) -> list[str]:
    """Returns the reasons for which fields of a result wait for a person, each once a field."""
    asked = {name for name, field in line["fields"].items() if field["decision"] == "review"}
    told = {
        (finding["field"], finding["code"])
        for finding in line["findings"]
        if finding["code"] in CATALOGUE and CATALOGUE[finding["code"]].doubt and finding["field"] in asked
    }
    return [spoken(code) for _, code in told]


def spoken(code: str) -> str:
    """Returns what a finding says, without what it says it of."""
    return _PLACE.sub("…", _TITLE.sub("本栏", CATALOGUE[code].message)).replace("……", "…")


def _corrected(
    connection: sa.Connection, forms: Callable[[str, str], FormDefinition], since: datetime
) -> list[Corrected]:
    query = (
        sa.select(versions.c.changes, submissions.c.form, submissions.c.form_version)
        .join(submissions, submissions.c.id == versions.c.submission_id)
        .where(versions.c.action == "correct", versions.c.at >= since, submissions.c.form.is_not(None))
    )
    every: Counter[tuple[str, str]] = Counter()
    silent: Counter[tuple[str, str]] = Counter()
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        form = forms(row.form, row.form_version)
        for name, change in row.changes.items():
            if change["mark_after"]["state"] != "corrected" or change["before"] == change["after"]:
                continue
            one = form.title, form.titles.get(name, name)
            every[one] += 1
            silent[one] += change["mark_before"]["state"] == "read"
    return [Corrected(*one, count, silent[one]) for one, count in every.most_common()]


def add_focus(connection: sa.Connection, submission: int, who: str, seconds: float) -> None:
    """Adds to how long a person has had an application before them."""
    mine = (proof_focus.c.submission_id == submission) & (proof_focus.c.by == who)
    more = proof_focus.update().where(mine).values(seconds=proof_focus.c.seconds + seconds)
    if connection.execute(more).rowcount:
        return
    try:
        with connection.begin_nested():
            row = {"submission_id": submission, "by": who, "seconds": seconds}
            connection.execute(proof_focus.insert().values(row))
    except sa.exc.IntegrityError:
        connection.execute(more)  # the same person, in another window
