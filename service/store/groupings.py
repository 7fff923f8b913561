"""Which pages of an upload are which application, as a person or the program grouped them.

Until a person regroups an upload, this follows from what was read: a part belongs to the applications that it
was read for, and where it is several applications' a page belongs to the one with most values on it. From
then on it stands in the table `groupings`, and reading keeps to that.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.results import Line, PartJson
from service.store.grouping_tables import groupings, readings, regroupings
from service.store.tables import results, submissions


@dataclass(frozen=True, order=True)
class Piece:
    """A page of a part, or a whole part without pages (0). `quarters`: how often a person turned its picture
    counter-clockwise, counted from how it came; -1: as the program read it. `upload` is where it is now, if
    that is another one than where it is wanted (0)."""

    part: str
    page: int = 0
    quarters: int = -1
    upload: int = 0

    @property
    def place(self) -> tuple[str, int]:
        """What it is a piece of, however it lies."""
        return self.part, self.page


@dataclass(frozen=True)
class Group:
    """The pieces of one application in their order, and its form, where a person said it. `submission` is
    None for one that is to be made."""

    submission: int | None
    pieces: tuple[Piece, ...]
    form: str | None = None


@dataclass(frozen=True)
class Present:
    """How an upload is grouped: a group for each submission, the pieces of none, and all parts."""

    groups: tuple[Group, ...]
    rest: tuple[Piece, ...]
    parts: tuple[PartJson, ...]

    @property
    def places(self) -> set[tuple[str, int]]:
        """What all its pieces are pieces of."""
        return {piece.place for one in self.groups for piece in one.pieces} | {one.place for one in self.rest}

    def of(self, submission: int) -> Group:
        """Returns the group of a submission; an empty one where there is none."""
        return next((one for one in self.groups if one.submission == submission), Group(submission, ()))


def lines_of(connection: sa.Connection, upload: int) -> dict[int, Line]:
    """Returns {submission: its line} for what was read of an upload."""
    query = sa.select(submissions.c.id, results.c.line).join(results)
    rows = connection.execute(query.where(submissions.c.upload_id == upload).order_by(submissions.c.id))
    return {row.id: row.line for row in rows if row.line}


def present(connection: sa.Connection, upload: int) -> Present:
    """Returns how an upload is grouped now."""
    lines = lines_of(connection, upload)
    parts = max((tuple(line["parts"]) for line in lines.values()), key=len, default=())
    pieces = tuple(_pieces(parts))
    kept = _kept(connection, upload)
    groups = tuple(kept.values()) if kept else _grouped(lines, parts, pieces)
    taken = {piece.place for one in groups for piece in one.pieces}
    return Present(groups, tuple(piece for piece in pieces if piece.place not in taken), parts)


def _kept(connection: sa.Connection, upload: int) -> dict[int, Group]:
    query = sa.select(groupings).join(submissions).where(submissions.c.upload_id == upload)
    rows = connection.execute(query.order_by(groupings.c.submission_id)).all()
    return {row.submission_id: _group(row) for row in rows}


def _group(row: Any) -> Group:
    return Group(row.submission_id, tuple(Piece(*one) for one in row.pieces), row.form)


def _pieces(parts: Sequence[PartJson]) -> Iterator[Piece]:
    """Yields the pieces of all parts but archives and mails, whose content are other parts."""
    for part in parts:
        pages = part.get("pages") or ()
        yield from (Piece(part["name"], page["number"]) for page in pages)
        if not pages and not any(other["name"].startswith(f"{part['name']}/") for other in parts):
            yield Piece(part["name"])


def _grouped(
    lines: Mapping[int, Line], parts: Sequence[PartJson], pieces: Sequence[Piece]
) -> tuple[Group, ...]:
    numbers = {line.get("application", 1): submission for submission, line in lines.items()}
    on = Counter(
        (place["part"], place.get("page", 0), submission)
        for submission, line in lines.items()
        for field in line["fields"].values()
        for place in field["evidence"]
    )
    owners = {
        part["name"]: [numbers[one] for one in part.get("applications", ()) if one in numbers]
        for part in parts
    }
    found: dict[int, list[Piece]] = {submission: [] for submission in lines}
    last: dict[str, int] = {}
    for piece in pieces:
        own = owners.get(piece.part, [])
        if not own:
            continue
        most = max(own, key=lambda one: on[*piece.place, one])
        owner = most if on[*piece.place, most] else last.get(piece.part, own[0])
        last[piece.part] = owner
        found[owner].append(piece)
    return tuple(Group(submission, tuple(own)) for submission, own in found.items())


def keep(connection: sa.Connection, submission: int, group: Group) -> None:
    """Keeps the group of a submission."""
    connection.execute(groupings.delete().where(groupings.c.submission_id == submission))
    pieces = [[one.part, one.page, one.quarters] for one in group.pieces]
    connection.execute(groupings.insert().values(submission_id=submission, pieces=pieces, form=group.form))


def waiting(connection: sa.Connection, upload: int) -> list[Group]:
    """Returns the groups of an upload that wait to be read as a person put them together."""
    where = submissions.c.upload_id == upload, submissions.c.status.in_(("received", "reading"))
    query = sa.select(groupings).join(submissions).where(*where).order_by(groupings.c.submission_id)
    return [_group(row) for row in connection.execute(query)]


def readings_of(connection: sa.Connection, upload: int) -> dict[str, bytes]:
    """Returns {key: what was read of the pictures of an upload}, as it was kept."""
    rows = connection.execute(sa.select(readings).where(readings.c.upload_id == upload))
    return {row.key: row.data for row in rows}


def keep_readings(connection: sa.Connection, upload: int, made: Mapping[str, bytes]) -> None:
    """Keeps what was read of pictures, where it is not kept yet."""
    known = set(connection.scalars(sa.select(readings.c.key).where(readings.c.upload_id == upload)))
    rows = [{"upload_id": upload, "key": key, "data": data} for key, data in made.items() if key not in known]
    if rows:
        connection.execute(readings.insert(), rows)


def forget(connection: sa.Connection, submission: int) -> None:
    """Erases how a submission was grouped, with its contents, and what was read of the pictures that came
    with it."""
    upload = connection.scalar(sa.select(submissions.c.upload_id).where(submissions.c.id == submission))
    connection.execute(groupings.delete().where(groupings.c.submission_id == submission))
    for table in (readings, regroupings):
        connection.execute(table.delete().where(table.c.upload_id == upload))
