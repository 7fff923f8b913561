"""Fields that two people key, each without seeing what was read or what the other keyed: an account number,
an amount. A form's definition names them, or a campaign."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.findings import Finding
from models.form import FormDefinition
from service.parts import own
from service.proof.judgement.agreement import OPEN, Keyed, same, truth
from service.proof.judgement.interval import Interval, clopper_pearson
from service.proof.judgement.strata import source_of
from service.results import Line, for_review
from service.store.forms import FormStore
from service.store.proof_tables import proof_answers, proof_samples
from service.store.tables import results

_CODE = "keyed-twice"
_MOST_COUNTED = 100_000


def marked(line: Line, form: FormDefinition | None, also: Collection[str] = ()) -> Line:
    """Returns `line` with every field for a person that two people have to key: those of the form, and those
    that a campaign names beside them."""
    if form is None:
        return line
    names = _names(line, form, also)
    return for_review(line, {name: Finding.of(_CODE, name, title=form.titles[name]) for name in names})


def ask(
    connection: sa.Connection,
    submissions: Sequence[int],
    forms: Callable[[str, str], FormDefinition],
    now: datetime,
    also: Callable[[str], Collection[str]] = lambda _: (),
) -> None:
    """Has two people key what the forms say, and what is named `also` of a form, of those of
    `submissions` whose reading was kept at `now`. What was asked of an earlier reading is asked anew."""
    query = sa.select(results.c.submission_id, results.c.line).where(
        results.c.submission_id.in_(list(submissions)), results.c.read_at == now
    )
    for submission, line in connection.execute(query).all():
        form = forms(str(line["form"]), str(line["version"])) if line["form"] else None
        names = _names(line, form, also(form.name)) if form else []
        if form is None or not names:
            continue
        earlier = proof_samples.c.submission_id == submission, proof_samples.c.purpose == "twice"
        known = sa.select(proof_samples.c.id).where(*earlier)
        connection.execute(proof_answers.delete().where(proof_answers.c.sample_id.in_(known)))
        connection.execute(proof_samples.delete().where(*earlier))
        parts = own(line)["parts"]
        rows = [
            {
                "purpose": "twice", "submission_id": submission, "field": name, "form": form.name,
                "version": form.version, "kind": form.fields[name].kind,
                "source": source_of(line["fields"][name], parts), "value": line["fields"][name]["value"],
                "confidence": line["fields"][name]["confidence"], "read_at": now, "state": "first",
                "corrected": False,
            }
            for name in names
        ]  # fmt: skip
        connection.execute(proof_samples.insert(), rows)


def waiting(connection: sa.Connection, submission: int) -> set[str]:
    """Returns the fields of a submission that two people have still to key."""
    return set(connection.scalars(_WAITING, {"number": submission}))


_WAITING = sa.select(proof_samples.c.field).where(
    proof_samples.c.submission_id == sa.bindparam("number"),
    proof_samples.c.purpose == "twice",
    proof_samples.c.state.in_(OPEN),
)


def _names(line: Line, form: FormDefinition, also: Collection[str]) -> list[str]:
    """Returns the fields that two people key, where there is a place to see."""
    if line.get("error"):
        return []
    return [
        name
        for name, field in form.fields.items()
        if (field.keyed_twice or name in also) and name in line["fields"] and line["fields"][name]["evidence"]
    ]


@dataclass(frozen=True)
class Keyer:
    """What a person keyed of what is settled: how much, how much of it otherwise than it was settled, and the
    interval of that share."""

    who: str
    keyed: int
    wrong: int
    interval: Interval


def keyers(connection: sa.Connection, forms: FormStore, who: str | None = None) -> list[Keyer]:
    """Returns how each person keyed, or `who` alone. What is not settled, or by nobody, counts for nothing,
    nor does saying that something can't be read."""
    query = (
        sa.select(
            proof_samples.c.id, proof_samples.c.purpose, proof_samples.c.state, proof_samples.c.form,
            proof_samples.c.version, proof_samples.c.field, proof_samples.c.value.label("accepted"),
            proof_answers.c.by, proof_answers.c.value, proof_answers.c.legible,
        )
        .join(proof_samples, proof_samples.c.id == proof_answers.c.sample_id)
        .where(proof_samples.c.state.not_in((*OPEN, "unclear")))
        .order_by(proof_samples.c.id.desc(), proof_answers.c.position)
        .limit(_MOST_COUNTED)
    )  # fmt: skip
    samples: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        samples.setdefault(row.id, []).append(row)
    counted: dict[str, list[int]] = {}
    for rows in samples.values():
        field = forms.get(rows[0].form, rows[0].version).fields[rows[0].field]
        settled = truth(field, [Keyed(row.value, row.legible) for row in rows])
        is_accepted = rows[0].purpose != "twice" and rows[0].state == "right"
        value = rows[0].accepted if is_accepted or settled is None else settled.value
        for row in rows:
            if row.legible and who in (None, row.by):
                sums = counted.setdefault(row.by, [0, 0])
                sums[0], sums[1] = sums[0] + 1, sums[1] + (not same(field, row.value, value))
    return [
        Keyer(by, keyed, wrong, clopper_pearson(wrong, keyed))
        for by, (keyed, wrong) in sorted(counted.items())
    ]
