"""Submissions for tests, stored as reading stores them, without reading anything."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from models.form import FormDefinition
from models.record import FieldResult, Part, Result
from service.store import records
from service.store.changes import Change
from service.store.database import Database
from service.store.statuses import Move
from service.store.tables import submissions
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from tests.records import random_record

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
REVIEWER = Editor("user:1", NOW)


def line(form: FormDefinition, seed: int = 1, **values: Any) -> dict[str, Any]:
    """A result of reading in which every field is sure."""
    record = {**random_record(form, seed).values, **values}
    fields = {
        name: FieldResult(value=value, raw=None, confidence=1, decision="accept")
        for name, value in record.items()
    }
    part = Part(name=f"s{seed}.docx", sha256=f"{seed:064x}", state="read", applications=(1,))
    return Result(source=f"s{seed}.docx", form=form, fields=fields, parts=(part,)).to_json()


def store(
    database: Database, form: FormDefinition, seed: int = 1, files: Sequence[StoredFile] = (), **values: Any
) -> int:
    """A submission under review, read from `files`."""
    arrived = files or [StoredFile(f"s{seed}.docx", f"{seed:064x}", 100)]
    with database.write() as connection:
        upload, submission = create(connection, Arrival(arrived, "page"), "user:1", NOW)
        begin_reading(connection, upload, NOW)
        records.finish(connection, upload, [line(form, seed, **values)], lambda *_: form, "w1", 1.5, NOW)
    return submission


def move(database: Database, submission: int, move: Move, reason: str | None = None) -> None:
    """A decision on it as it stands."""
    with database.write() as connection:
        records.decide(connection, submission, version(connection, submission), move, REVIEWER, reason)


def correct(database: Database, submission: int, form: FormDefinition, field: str, text: str) -> None:
    """Somebody's correction."""
    with database.write() as connection:
        records.correct(
            connection,
            submission,
            version(connection, submission),
            [Change(field, text=text)],
            form,
            REVIEWER,
        )


def version(connection: Any, submission: int) -> int:
    """Its version now."""
    return int(
        connection.scalar(
            submissions.select()
            .with_only_columns(submissions.c.version)
            .where(submissions.c.id == submission)
        )
    )
