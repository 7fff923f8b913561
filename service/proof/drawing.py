"""The daily draw: which of the values that were accepted since the last one are keyed again, blindly."""

import hashlib
import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.errors import UnknownForm
from models.form import FormDefinition
from service.parts import own
from service.proof import tallies
from service.proof.judgement.agreement import OPEN, can_be_keyed
from service.proof.judgement.interval import Counted
from service.proof.judgement.plan import plan
from service.proof.judgement.strata import Counts, Stratum, added, source_of
from service.proof.reaching import reach_back
from service.results import Line
from service.settings import Settings
from service.store import audit
from service.store.database import Database
from service.store.forms import FormStore
from service.store.proof_tables import proof_counts, proof_draws, proof_samples
from service.store.tables import results, submissions

_log = logging.getLogger(__name__)

# The first draw takes what was read in the day before it; and a reading may be kept a little later than its
# time says.
_FIRST, _SETTLING = timedelta(days=1), timedelta(minutes=2)
_PAUSE = 600.0  # seconds between two looks whether a day has begun
_AT_ONCE = 100


@dataclass(frozen=True)
class _Value:
    """An accepted value that may be drawn."""

    submission: int
    field: str
    form: str
    version: str
    value: Any
    confidence: float
    read_at: datetime


@dataclass(frozen=True)
class _Found:
    """All that was accepted since the last draw: what may be drawn, and how many there are in each stratum.
    `ticked` says of each kind whether it is answered by a tick."""

    values: dict[Stratum, list[_Value]]
    accepted: dict[Stratum, int]
    left_out: dict[Stratum, int]
    ticked: dict[str, bool]


def run(
    database: Database,
    forms: FormStore,
    settings: Settings,
    clock: Callable[[], datetime],
    stop: threading.Event,
) -> None:
    """Draws once a day until `stop` is set. Several processes may do so at once."""
    while not stop.is_set():
        try:
            draw(database, forms, settings, clock())
        except Exception as error:
            # A database that is out of reach comes back.
            _log.error("draw: %s", type(error).__name__)
        stop.wait(_PAUSE)


def draw(database: Database, forms: FormStore, settings: Settings, now: datetime) -> int | None:
    """Draws today's samples and returns how many; None where that was done, or nothing is to be drawn."""
    day = now.astimezone().date()
    if not settings.sample_minutes:
        return None
    with database.snapshot() as connection:
        if _is_done(connection, day):
            return None
        upto = now - _SETTLING
        last = connection.scalar(sa.select(sa.func.max(proof_draws.c.upto, type_=proof_draws.c.upto.type)))
        found = _accepted(connection, forms, last or upto - _FIRST, upto)
    with database.write() as connection:
        seed = secrets.token_hex(16)
        try:
            with connection.begin_nested():
                row = {"day": day.isoformat(), "at": now, "upto": upto, "seed": seed}
                connection.execute(proof_draws.insert().values(row))
        except sa.exc.IntegrityError:
            return None  # another process was faster
        back = _reach_back(connection, forms, settings, now)
        drawn = _drawn(connection, found, seed, day, settings)
        _keep(connection, found, drawn, day)
        told = {"day": day.isoformat(), "count": len(drawn), "back": back, "seed": seed}
        audit.append(connection, now, "system", "draw", "service:proof", told)
    return len(drawn)


def _reach_back(connection: sa.Connection, forms: FormStore, settings: Settings, now: datetime) -> int:
    kinds = _waiting_kinds(connection) | {
        field.kind: field.entered != "written"
        for form in forms.current().values()
        for field in form.fields.values()
    }
    seconds = tallies.seconds_by_kind(connection, kinds)

    def form_of(line: Any) -> FormDefinition | None:
        try:
            return forms.get(line["form"], line["version"]) if line and line.get("form") else None
        except UnknownForm:
            return None

    longest = max(seconds.values(), default=0.0)
    spare = settings.sample_minutes * 60
    return reach_back(connection, form_of, now, spare, lambda kind: seconds.get(kind, longest))


def _is_done(connection: sa.Connection, day: date) -> bool:
    done = sa.select(proof_draws.c.day).where(proof_draws.c.day >= day.isoformat())
    return connection.scalar(done) is not None


def _accepted(connection: sa.Connection, forms: FormStore, after: datetime, upto: datetime) -> _Found:
    found = _Found({}, {}, {}, {})
    query = (
        sa.select(results.c.submission_id, results.c.line, results.c.read_at)
        .join(submissions, submissions.c.id == results.c.submission_id)
        .where(results.c.read_at > after, results.c.read_at <= upto, submissions.c.purged_at.is_(None))
        .order_by(results.c.submission_id)
    )
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        if not row.line or row.line.get("error") or not row.line.get("form"):
            continue
        try:
            form = forms.get(row.line["form"], row.line["version"])
        except UnknownForm:
            continue
        for one, value, can_be_drawn in _values(row.submission_id, row.line, form, row.read_at):
            found.accepted[one] = found.accepted.get(one, 0) + 1
            found.ticked[one.kind] = form.fields[value.field].entered != "written"
            if can_be_drawn:
                found.values.setdefault(one, []).append(value)
            else:
                found.left_out[one] = found.left_out.get(one, 0) + 1
    return found


def _values(
    submission: int, line: Line, form: FormDefinition, read_at: datetime
) -> Iterator[tuple[Stratum, _Value, bool]]:
    """Yields what was accepted of one application, and whether it may be drawn: it is short, and there is a
    place to be shown."""
    parts = own(line)["parts"]
    for name, read in line["fields"].items():
        if read["decision"] != "accept" or name not in form.fields:
            continue
        field = form.fields[name]
        one = Stratum(form.name, field.kind, source_of(read, parts))
        value = _Value(submission, name, form.name, form.version, read["value"], read["confidence"], read_at)
        yield one, value, bool(read["evidence"]) and can_be_keyed(field, read["value"])


def _drawn(
    connection: sa.Connection, found: _Found, seed: str, day: date, settings: Settings
) -> list[tuple[Stratum, _Value]]:
    counts = _known(connection, found, day)
    seconds = tallies.seconds_by_kind(connection, found.ticked | _waiting_kinds(connection))
    spare = settings.sample_minutes * 60 - _waiting(connection, seconds)
    available = {one: len(values) for one, values in found.values.items()}
    made = plan(counts, available, seconds, settings.silent_target, spare)
    return [
        (one, value)
        for one, number in sorted(made.each.items())
        for value in sorted(found.values[one], key=lambda value: _place(seed, value))[:number]
    ]


def _place(seed: str, value: _Value) -> str:
    """Returns where a value stands in the order of a draw, which nobody knew before it."""
    return hashlib.sha256(f"{seed}:{value.submission}:{value.field}".encode()).hexdigest()


def _known(connection: sa.Connection, found: _Found, day: date) -> Counts:
    known = tallies.by_day(connection, day - tallies.WINDOW, waiting=True)
    today = {one: Counted(number, 0, 0) for one, number in found.accepted.items()}
    return added([*known.values(), today])


def _waiting_kinds(connection: sa.Connection) -> dict[str, bool]:
    return dict.fromkeys(connection.scalars(_open().with_only_columns(proof_samples.c.kind)), False)


def _waiting(connection: sa.Connection, seconds: dict[str, float]) -> float:
    """Returns the seconds that what was drawn earlier and nobody has settled will take."""
    return sum(seconds[kind] for kind in connection.scalars(_open().with_only_columns(proof_samples.c.kind)))


def _open() -> sa.Select[Any]:
    return proof_samples.select().where(proof_samples.c.state.in_(OPEN), proof_samples.c.purpose != "twice")


def _keep(
    connection: sa.Connection, found: _Found, drawn: Sequence[tuple[Stratum, _Value]], day: date
) -> None:
    def named(one: Stratum) -> dict[str, Any]:
        return {"day": day.isoformat(), "form": one.form, "kind": one.kind, "source": one.source}

    counted = [
        {**named(one), "accepted": number, "left_out": found.left_out.get(one, 0)}
        for one, number in sorted(found.accepted.items())
    ]
    if counted:
        connection.execute(proof_counts.insert(), counted)
    kept = [
        {
            **named(one), "purpose": "sample", "submission_id": value.submission, "field": value.field,
            "version": value.version, "value": value.value, "confidence": value.confidence,
            "read_at": value.read_at, "state": "first", "corrected": False,
        }
        for one, value in drawn
    ]  # fmt: skip
    if kept:
        connection.execute(proof_samples.insert(), kept)
