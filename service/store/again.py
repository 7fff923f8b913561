"""Reads one of several submissions of an upload once more. Only its own files are read, and only it is
changed by that."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from service.parts import files_of
from service.results import Line
from service.store.tables import results, submissions


def to_read(connection: sa.Connection, upload: int) -> list[str]:
    """Returns the parts of an upload that are to be read once more, where its other parts are not. The list
    is empty where all parts are to be read."""
    return [name for kept in waiting(connection, upload).values() for name in files_of(kept)]


def waiting(connection: sa.Connection, upload: int) -> Mapping[int, Line]:
    """Returns {submission: its line from the earlier reading} for the submissions that wait to be read
    again."""
    waiting = submissions.c.upload_id == upload, submissions.c.status.in_(("received", "reading"))
    rows = connection.execute(
        sa.select(submissions.c.id, results.c.line).join(results).where(*waiting).order_by(submissions.c.id)
    )
    return {row.id: row.line for row in rows if row.line}


def found_again(
    connection: sa.Connection, upload: int, lines: Sequence[Line], again: Collection[str]
) -> list[tuple[int | None, Line]]:
    """Returns (submission, line) of what was read once more, with None for an application that is new. Other
    submissions in the same archive were read with it, but nothing of that is taken, because a person may have
    worked on them since."""
    found: list[tuple[int | None, Line]] = []
    for submission, kept in waiting(connection, upload).items():
        names = files_of(kept)
        if not set(names) <= set(again):
            continue
        inside = tuple(f"{name}/" for name in names)
        mine = [
            line for line in lines if any(name in names or name.startswith(inside) for name in files_of(line))
        ]
        first, *more = mine or [{**kept, "error": lines[0]["error"] or kept["error"]}]
        found += [(submission, first), *((None, line) for line in more)]
    return found
