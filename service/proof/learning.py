"""Learning from what people corrected, confirmed and keyed blindly: a candidate is drawn, tried on cases of
which the truth is known, and goes live only if it passes and a person says so; one click takes it back."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa

from extractor import sure_of, threshold
from models.errors import Conflict, NotFound, UnknownForm
from models.findings import CATALOGUE, Finding
from models.form import FormDefinition
from service.parts import own
from service.proof import tallies
from service.proof.judgement.agreement import BAD, same
from service.proof.judgement.confusions import Confused, Corrected, Word, confused, recurring
from service.proof.judgement.learning import Candidate, Case, Lesson, Line, Replay, candidate
from service.proof.judgement.strata import Stratum, added, source_of
from service.results import Line as ResultLine
from service.results import finding_of
from service.store import audit
from service.store.forms import FormStore
from service.store.marks import SETTLED
from service.store.proof_tables import proof_lessons, proof_samples
from service.store.tables import records, results, submissions
from service.store.versions import Editor

_SUBJECT = "service:proof"
# What the program came with: readings of drawn scans whose truth is known (`benchmarks.reference`).
_REFERENCE = "reference.jsonl"
# Only what is read off a picture has a confidence that can be learned.
_PICTURES = ("scan", "photo")
# Findings by which a decision was changed afterwards, and that say nothing of the reading.
_NO_DOUBTS = ("unsure", "held-back", "keyed-twice")
_MOST_CASES, _MOST_TOLD, _KEPT = 50_000, 500, 20


@dataclass(frozen=True)
class Known:
    """A lesson as it is kept: what it says, how it did, and from when to when it was in use."""

    id: int
    at: datetime
    by: str
    lesson: Lesson
    report: Mapping[str, Any]
    live_at: datetime | None
    ended_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether it decides now."""
        return self.live_at is not None and self.ended_at is None


@cache
def reference() -> tuple[Case, ...]:
    """The readings that came with the program."""
    text = (files("service") / "proof" / _REFERENCE).read_text("utf-8")
    return tuple(
        Case(
            f"reference:{number}", one["kind"], "scan", sure_of(one["kind"], one["signs"]), one["right"],
            one["doubted"],
        )
        for number, one in enumerate(map(json.loads, text.splitlines()))
    )  # fmt: skip


def cases(connection: sa.Connection, forms: FormStore, now: datetime) -> list[Case]:
    """The readings off pictures of which people said what is right: blindly, or in review."""
    blind = dict(_blind(connection, now))
    query = (
        sa.select(results.c.submission_id, results.c.line, records.c.content, records.c.marks)
        .join(records, records.c.submission_id == results.c.submission_id)
        .join(submissions, submissions.c.id == results.c.submission_id)
        .where(submissions.c.purged_at.is_(None))
        .order_by(results.c.submission_id.desc())
    )
    found: list[Case] = []
    for row in connection.execute(query, execution_options={"yield_per": 100}):
        found += _cases_of(row, _form(forms, row.line), blind)
        if len(found) >= _MOST_CASES:
            break
    return found


def _form(forms: FormStore, line: Mapping[str, Any]) -> FormDefinition | None:
    if not line or line.get("error") or not line.get("form"):
        return None
    try:
        return forms.get(line["form"], line["version"])
    except UnknownForm:
        return None


def _blind(connection: sa.Connection, now: datetime) -> Iterator[tuple[tuple[int, str], tuple[bool, float]]]:
    """Yields of each settled sample whether it was right, and how many accepted values it stands for."""
    first = now.astimezone().date() - tallies.WINDOW
    counts = added(tallies.by_day(connection, first).values())
    query = proof_samples.select().where(
        proof_samples.c.purpose == "sample", proof_samples.c.state.in_(("right", *BAD))
    )
    for row in connection.execute(query):
        count = counts.get(Stratum(row.form, row.kind, row.source))
        stands_for = max(1.0, count.population / count.looked) if count and count.looked else 1.0
        yield (row.submission_id, row.field), (row.state == "right", stands_for)


def _cases_of(
    row: Any, form: FormDefinition | None, blind: Mapping[tuple[int, str], tuple[bool, float]]
) -> Iterator[Case]:
    if form is None:
        return
    parts, doubted = own(row.line)["parts"], _doubted(row.line)
    for name, read in row.line["fields"].items():
        source = source_of(read, parts)
        mark = row.marks.get(name) or {}
        sampled = blind.get((row.submission_id, name))
        if name not in form.fields or source not in _PICTURES:
            continue
        if sampled is None and mark.get("state") not in SETTLED:
            continue
        field = form.fields[name]
        right, weight = sampled or (same(field, read["value"], row.content.get(name)), 1.0)
        who = None if sampled else mark.get("by")
        is_doubted = bool(doubted & {name, None})
        yield Case(
            f"{row.submission_id}:{name}",
            field.kind,
            source,
            read["confidence"],
            right,
            is_doubted,
            weight,
            who,
        )


def _doubted(line: Mapping[str, Any]) -> set[str | None]:
    return {
        one.get("field")
        for one in line["findings"]
        if one["code"] in CATALOGUE and CATALOGUE[one["code"]].doubt and one["code"] not in _NO_DOUBTS
    }


def propose(connection: sa.Connection, forms: FormStore, target: float, by: Editor) -> int:
    """Draws a candidate from all that is known, tries it, and keeps it with its report; returns its number.
    Nothing changes by that."""
    made = candidate(cases(connection, forms, by.now), reference(), threshold(target), target)
    kept = {
        "at": by.now, "by": by.actor, "report": _report(made),
        "content": {
            "least": made.lesson.least,
            "lines": {one: asdict(line) for one, line in made.lesson.lines.items()},
        },
    }  # fmt: skip
    number = int(
        connection.execute(proof_lessons.insert().values(kept).returning(proof_lessons.c.id)).scalar_one()
    )
    told = {"lesson": number, "passed": made.may_go_live, "cases": made.own.cases}
    audit.append(connection, by.now, by.actor, "learn", _SUBJECT, told)
    return number


def _report(made: Candidate) -> dict[str, Any]:
    changed = [_named(case, case in made.own.opened) for case in made.own.changed]
    return {
        "against": list(made.against),
        "dropped": dict(made.dropped),
        **{name: _counts(one) for name, one in _tried(made).items()},
        "changed": changed[:_MOST_TOLD],
    }


def _tried(made: Candidate) -> Mapping[str, Replay]:
    return {"kept_back": made.kept_back, "own": made.own, "reference": made.reference}


def _counts(one: Replay) -> dict[str, Any]:
    return {
        "cases": one.cases, "silent": list(one.silent), "review": list(one.review),
        "changed": len(one.changed),
    }  # fmt: skip


def _named(case: Case, is_accepted: bool) -> dict[str, Any]:
    submission, _, name = case.name.partition(":")
    return {"submission": int(submission), "field": name, "accepted": is_accepted, "right": case.right}


def lessons(connection: sa.Connection) -> list[Known]:
    """The latest lessons, the newest first."""
    query = proof_lessons.select().order_by(proof_lessons.c.id.desc()).limit(_KEPT)
    return [_known(row) for row in connection.execute(query)]


def _known(row: Any) -> Known:
    lines = {name: Line(**line) for name, line in row.content["lines"].items()}
    lesson = Lesson(lines, row.content["least"])
    return Known(row.id, row.at, row.by, lesson, row.report, row.live_at, row.ended_at)


def in_use(connection: sa.Connection) -> Lesson | None:
    """The lesson that decides now; None: the program decides as it came."""
    live = proof_lessons.c.live_at.is_not(None) & proof_lessons.c.ended_at.is_(None)
    row = connection.execute(proof_lessons.select().where(live)).first()
    return _known(row).lesson if row else None


def go_live(connection: sa.Connection, number: int, by: Editor) -> None:
    """Lets a lesson decide from now on, in place of the one before.

    Raises:
        NotFound: there is none of that number.
        Conflict: it did not pass, or another was drawn since.
    """
    audit.wait_for_turn(connection)
    newest = connection.execute(proof_lessons.select().order_by(proof_lessons.c.id.desc()).limit(1)).first()
    row = connection.execute(proof_lessons.select().where(proof_lessons.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"没有编号为 {number} 的学习结果")
    if row.report["against"]:
        raise Conflict("这次学习没有通过检验，不能采用", advice="；".join(row.report["against"]))
    if newest is not None and newest.id != number:
        raise Conflict("又有新的学习结果", advice="请看新的一次")
    _end(connection, by)
    said = {"live_at": by.now, "live_by": by.actor, "ended_at": None, "ended_by": None}
    connection.execute(proof_lessons.update().where(proof_lessons.c.id == number).values(said))
    audit.append(connection, by.now, by.actor, "lesson-live", _SUBJECT, {"lesson": number})


def go_back(connection: sa.Connection, by: Editor) -> None:
    """Lets the program decide as it came.

    Raises:
        Conflict: it does so already.
    """
    audit.wait_for_turn(connection)
    if not _end(connection, by):
        raise Conflict("没有采用中的学习结果")
    audit.append(connection, by.now, by.actor, "lesson-ended", _SUBJECT)


def _end(connection: sa.Connection, by: Editor) -> bool:
    live = proof_lessons.c.live_at.is_not(None) & proof_lessons.c.ended_at.is_(None)
    said = {"ended_at": by.now, "ended_by": by.actor}
    return bool(connection.execute(proof_lessons.update().where(live).values(said)).rowcount)


def decided_anew(
    line: ResultLine, form: FormDefinition | None, lesson: Lesson | None, target: float
) -> ResultLine:
    """`line` with the decisions of the lesson; as it is where there is none. Its confidences stay what the
    reader said."""
    if form is None or lesson is None or line.get("error"):
        return line
    parts, doubted, least = own(line)["parts"], _doubted(line), threshold(target)
    fields, changed = dict(line["fields"]), set[str]()
    for name, read in line["fields"].items():
        source = source_of(read, parts)
        if name not in form.fields or source not in _PICTURES or doubted & {name, None}:
            continue
        case = Case(name, form.fields[name].kind, source, read["confidence"], right=True)
        if case.group in lesson.lines:
            decision = "accept" if lesson.lines[case.group].sure(case.sure) >= lesson.least else "review"
            was = "accept" if case.sure >= least else "review"
            if decision != was and read["decision"] == was:
                fields[name] = {**read, "decision": decision}  # type: ignore[typeddict-item]
                changed.add(name)
    return _with(line, form, fields, changed) if changed else line


def _with(
    line: ResultLine, form: FormDefinition, fields: dict[str, Any], changed: Iterable[str]
) -> ResultLine:
    names = set(changed)
    findings = [one for one in line["findings"] if one.get("field") not in names or one["code"] != "unsure"]
    for name in sorted(names):
        read = fields[name]
        if read["decision"] == "review":
            unsure = Finding.of(
                "unsure", name, title=form.titles[name], percent=int(read["confidence"] * 100)
            )
            findings.append(finding_of(unsure))
    is_review = any(read["decision"] == "review" for read in fields.values())
    is_wrong = any(one["severity"] == "error" for one in findings)
    return {
        **line,
        "fields": fields,
        "findings": findings,
        "status": "review" if is_review or is_wrong else "clear",
    }


def proposals(connection: sa.Connection, forms: FormStore) -> tuple[list[Confused], list[Word]]:
    """What corrections say of the reader, for a person to use: characters that it took for others, and words
    that people put in place of misread ones time and again."""
    query = (
        sa.select(results.c.line, records.c.content, records.c.marks)
        .join(records, records.c.submission_id == results.c.submission_id)
        .join(submissions, submissions.c.id == results.c.submission_id)
        .where(submissions.c.purged_at.is_(None))
        .order_by(results.c.submission_id.desc())
        .limit(_MOST_CASES // 10)
    )
    found: list[Corrected] = []
    for row in connection.execute(query, execution_options={"yield_per": 100}):
        form = _form(forms, row.line)
        for name, mark in row.marks.items() if form else ():
            read, value = row.line["fields"].get(name), row.content.get(name)
            if form is None or read is None or mark["state"] != "corrected" or name not in form.fields:
                continue
            if isinstance(value, str) and isinstance(read["value"], str) and value != read["value"]:
                titles = form.title, form.titles[name], form.fields[name].is_masked
                found.append(Corrected(*titles, read["value"], value))
    return confused(found), recurring(found)
