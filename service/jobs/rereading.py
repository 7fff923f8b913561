"""Reading again what was read by an earlier edition of a definition: what would change, and doing it.

Nothing is changed by looking: each upload is read as it is grouped, from what is kept of its pictures, and
compared with the record. What is then done is done by the workers, keeps what persons settled where the same
is read, and can be taken back on the page of the grouping.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from extractor import Kept, Options, Source
from models.form import FormDefinition
from service.blobs import Blobs, lay_out
from service.jobs.arranging import files_with, lines_of_each, reader_of
from service.jobs.queue import Queue
from service.processes.pool import LastingPool
from service.proof import aliases
from service.results import Line
from service.store import groupings, regrouping
from service.store.database import Database
from service.store.forms import FormStore
from service.store.groupings import Group
from service.store.tables import records, submissions, uploads
from service.store.uploads import files_of
from service.store.versions import Editor

# Reasons for which another edition of a form may be found where none was.
_NO_FORM = ("not-a-form", "lone-pages")


@dataclass(frozen=True)
class Change:
    """A field that would be another: its title, and its texts; None where there is nothing."""

    title: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Foreseen:
    """What would become of a submission: the error because of which it could not be read, or its changes and
    how many fields would wait for a person."""

    submission: int
    unit: str | None
    error: str | None
    changes: tuple[Change, ...]
    doubtful: int


def affected(connection: sa.Connection, forms: FormStore, form: str) -> dict[int, list[int]]:
    """Returns {upload: its submissions} that an earlier edition of a form read, or in which no form was
    found, and on which nobody has decided."""
    current = forms.current()[form].version
    earlier = sa.and_(submissions.c.form == form, submissions.c.form_version != current)
    unknown = sa.and_(
        submissions.c.status == "unreadable", submissions.c.error_code.in_(_NO_FORM),
        sa.or_(uploads.c.form.is_(None), uploads.c.form == form),
    )  # fmt: skip
    query = sa.select(submissions.c.id, submissions.c.upload_id).join(uploads)
    where = submissions.c.status.in_(regrouping.OPEN), uploads.c.state == "done", sa.or_(earlier, unknown)
    found: dict[int, list[int]] = {}
    for row in connection.execute(query.where(*where).order_by(submissions.c.id)):
        found.setdefault(row.upload_id, []).append(row.id)
    return found


def foresee(
    database: Database, blobs: Blobs, forms: FormStore, form: str, pool: LastingPool, options: Options
) -> Iterator[Foreseen]:
    """Yields what would become of each submission that is affected; nothing is changed."""
    current = aliases.current(database, forms)
    with database.read() as connection:
        every = affected(connection, forms, form)
    for upload, numbers in every.items():
        with database.read() as connection:
            now = groupings.present(connection, upload)
            kept = groupings.readings_of(connection, upload)
            files = files_of(connection, upload)
            said = connection.scalar(sa.select(uploads.c.form).where(uploads.c.id == upload))
            rows = {row.id: row for row in connection.execute(_records(numbers))}
        groups = [now.of(number) for number in numbers if now.of(number).pieces]
        named = [(file.name, file.sha256) for file in files]
        for group, line in _read(blobs, named, groups, said, kept, current, pool, options):
            assert group.submission is not None
            yield _foreseen(rows[group.submission], line, forms)


def reread(database: Database, queue: Queue, forms: FormStore, form: str, by: Editor) -> int:
    """Has all that is affected read again, and returns how many submissions."""
    with database.read() as connection:
        every = affected(connection, forms, form)
    for upload, numbers in every.items():
        with database.write() as connection:
            regrouping.reread(connection, upload, numbers, by)
            queue.enqueue(connection, upload)
    return sum(map(len, every.values()))


def _records(numbers: list[int]) -> sa.Select[Any]:
    about = submissions.c.id, submissions.c.unit, submissions.c.form, submissions.c.form_version
    query = sa.select(*about, records.c.content).join(records, isouter=True)
    return query.where(submissions.c.id.in_(numbers))


def _read(
    blobs: Blobs, files: list[tuple[str, str]], groups: list[Group], said: str | None,
    readings: Mapping[str, bytes], forms: Mapping[str, FormDefinition], pool: LastingPool, options: Options,
) -> list[tuple[Group, Line]]:  # fmt: skip
    parts = {piece.part for one in groups for piece in one.pieces}
    with tempfile.TemporaryDirectory() as place:
        folder, kept = Path(place), Kept(Path(place) / "kept")
        for key, data in readings.items():
            kept.lay(key, data)
        source = Source.of("", folder, lay_out(blobs, files_with(parts, files), folder))
        options = replace(options, form=None, kept=kept)
        done = pool.read(source, forms, options, reader_of(groups, said), lambda: None)
    return lines_of_each(groups, done.lines)


def _foreseen(row: Any, line: Line, forms: FormStore) -> Foreseen:
    error = line["error"]["message"] if line["error"] else None
    new = None if error else forms.get(str(line["form"]), str(line["version"]))
    old = forms.get(row.form, row.form_version) if row.form else None
    before, after = row.content or {}, {name: one["value"] for name, one in line["fields"].items()}
    titles = {**(old.titles if old else {}), **(new.titles if new else {})}
    changes = tuple(
        Change(titles[name], _text(old, name, before.get(name)), _text(new, name, after.get(name)))
        for name in titles
        if _text(old, name, before.get(name)) != _text(new, name, after.get(name))
    )
    doubtful = sum(one["decision"] == "review" for one in line["fields"].values())
    return Foreseen(row.id, row.unit, error, changes, doubtful)


def _text(form: FormDefinition | None, name: str, value: Any) -> str | None:
    field = form.fields.get(name) if form else None
    typed: Any = field.from_json(value) if field and value is not None else None
    return field.format(typed) if field and typed is not None else None
