"""What a service keeps, for tests: submissions that went the whole way through the store, with their
bytes."""

import copy
import hashlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from extractor import Options, Source
from models.form import FormDefinition
from service.blobs import Blobs
from service.forms.definitions import load_forms
from service.runs.batch import read_submission
from service.store import records
from service.store.changes import Change
from service.store.database import Database
from service.store.statuses import Move
from service.store.tables import submissions
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor

SAMPLE = Path(__file__).parents[2] / "fixtures/inbox/A01_lit_ballot_check.docx"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FORMS = load_forms()


@cache
def line() -> dict[str, Any]:
    """What reading the sample gives, with one value that a person must look at."""
    (read,) = read_submission(Source.at(SAMPLE), FORMS, Options())
    read["fields"]["email"]["decision"], read["status"] = "review", "review"
    read["message"] = {"sender": "wang@example.cn", "subject": "王小明的申请"}
    return read


def form_of(name: str, version: str) -> FormDefinition:
    assert FORMS[name].version == version
    return FORMS[name]


def upload(
    database: Database, blobs: Blobs, *contents: bytes, name: str = "王小明的申请.docx", at: datetime = NOW
) -> tuple[int, int]:
    """(upload, submission), received."""
    kept = [blobs.put(io.BytesIO(content)) for content in contents]
    files = [
        StoredFile(f"{number}-王小明的申请.docx", blob.sha256, blob.bytes) for number, blob in enumerate(kept)
    ]
    with database.write() as connection:
        return create(connection, Arrival(files, "page"), "user:1", at)


def read(database: Database, number: int, count: int = 1, at: datetime = NOW) -> list[int]:
    """Reads an upload, in which there are `count` applications; returns the submissions, all under review."""
    with database.write() as connection:
        assert begin_reading(connection, number, at)
        lines = [_another(f"{number}-{place}") for place in range(count)]
        return records.finish(connection, number, lines, form_of, "w1", 1.5, at)


def _another(name: str) -> dict[str, Any]:
    """That reading, of another unit's file: the same again would have to be settled first."""
    read = copy.deepcopy(line())
    read["fields"][FORMS[read["form"]].applicant[0]]["value"] += name
    for part in read["parts"]:
        part["sha256"] = hashlib.sha256(name.encode()).hexdigest()
    return read


def make_same(database: Database, submission: int, other: int) -> None:
    """Corrects `submission` so that the unit of `other` applies."""
    name = FORMS[line()["form"]].applicant[0]
    with database.write() as connection:
        unit = connection.scalar(sa.select(submissions.c.unit).where(submissions.c.id == other))
        version = (
            connection.scalar(sa.select(submissions.c.version).where(submissions.c.id == submission)) or 0
        )
        records.correct(
            connection,
            submission,
            version,
            [Change(name, text=unit)],
            FORMS[line()["form"]],
            Editor("user:1", NOW),
        )


def decide(database: Database, submission: int, *moves: Move, at: datetime = NOW) -> None:
    """Corrects the doubtful field and makes these moves, each for a reason."""
    by = Editor("user:1", at + timedelta(seconds=1))
    with database.write() as connection:
        version = (
            connection.scalar(sa.select(submissions.c.version).where(submissions.c.id == submission)) or 0
        )
        change = Change("email", text="corrected@example.cn")
        version = records.correct(
            connection, submission, version, [change], FORMS[line()["form"]], by, "王小明来电更正"
        )
        for move in moves:
            version = records.decide(connection, submission, version, move, by, "由李四核对")


def everything(database: Database, tables: Sequence[sa.Table]) -> dict[str, list[Any]]:
    """All rows of these tables, to be compared."""
    with database.read() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key.columns))
            ]
            for table in tables
        }
