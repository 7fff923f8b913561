"""Pieces that persons moved to an application of another upload.

The upload that a piece goes to, its host, gets the file as a guest, by a name that is free there. Bytes are
kept once, whatever refers to them, and what was read of its pictures goes along. The upload that brought the
piece stays its home: it is known where each of its pieces is, and each can go back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from models.errors import Invalid
from service.parts import file_of, names_of
from service.results import PartJson
from service.store.grouping_tables import moved_pieces, readings
from service.store.groupings import Group, Piece, Present, present
from service.store.sealed import same
from service.store.tables import upload_files

# Of a piece its home, its part and page there, and where it was before: the host and the name there, None
# where it was at home.
MovedJson = list[Any]


@dataclass(frozen=True)
class Moves:
    """What a person wants of each upload: its groups, each piece by the name that it has there then, and its
    parts. `moved` says of the pieces that left an upload where they were; `touched` are these uploads."""

    groups: Mapping[int, Sequence[Group]]
    parts: Mapping[int, Sequence[PartJson]]
    moved: Sequence[MovedJson]
    touched: frozenset[int]


def move(
    connection: sa.Connection, now: Mapping[int, Present], wanted: Mapping[int, Sequence[Group]]
) -> Moves:
    """Moves each piece of `wanted` that is in another upload now, which `Piece.upload` names, to where it is
    wanted.

    Raises:
        Invalid: a piece comes from an upload that is not among `wanted`.
    """
    mover = _Mover(connection, now)
    groups = {
        upload: [
            replace(group, pieces=tuple(mover.moved(upload, piece) for piece in group.pieces))
            for group in own
        ]
        for upload, own in wanted.items()
    }
    parts = {upload: here(connection, upload, known) for upload, known in mover.parts.items()}
    return Moves(groups, parts, mover.log, frozenset(mover.touched))


class _Mover:
    def __init__(self, connection: sa.Connection, now: Mapping[int, Present]) -> None:
        self._connection = connection
        self._now = now
        self.parts: dict[int, list[PartJson]] = {upload: list(one.parts) for upload, one in now.items()}
        self.log: list[MovedJson] = []
        self.touched: set[int] = set()

    def moved(self, upload: int, piece: Piece) -> Piece:
        """Returns a piece as it is called in `upload`, after it was moved there where it is not there yet."""
        if piece.upload in (0, upload):
            return replace(piece, upload=0)
        if piece.upload not in self._now:
            raise Invalid(f"没有说明第 {piece.upload} 批的分组")
        was = _where(self._connection, piece)
        home, part = (was.home_id, was.part) if was else (piece.upload, piece.part)
        name = part if home == upload else _guest(self._connection, upload, home, part, piece)
        _put(self._connection, (home, part, piece.page), None if home == upload else (upload, name))
        self.log.append([home, part, piece.page, *((piece.upload, piece.part) if was else (None, None))])
        self.touched |= {piece.upload, upload}
        known = next(one for one in self._now[piece.upload].parts if one["name"] == piece.part)
        self._add(upload, name, known)
        _lend(self._connection, piece.upload, upload, known["sha256"])
        return Piece(name, piece.page, piece.quarters)

    def _add(self, upload: int, name: str, part: PartJson) -> None:
        """Adds a part with its pages to those of an upload; which of them are there is told by `here`."""
        own = self.parts[upload]
        known = next((one for one in own if one["name"] == name), None)
        pages = {page["number"]: page for one in (known, part) if one for page in one.get("pages", ())}
        made: PartJson = {**(known or part), "name": name, "pages": [pages[one] for one in sorted(pages)]}
        self.parts[upload] = [made if one is known else one for one in own] if known else [*own, made]


def here(connection: sa.Connection, upload: int, parts: Iterable[PartJson]) -> list[PartJson]:
    """Returns the parts of an upload with only the pages that are there now, without those of which nothing
    is."""
    rows = connection.execute(
        moved_pieces.select().where(
            sa.or_(moved_pieces.c.home_id == upload, moved_pieces.c.host_id == upload)
        )
    ).all()
    away = {(row.part, row.page) for row in rows if row.home_id == upload}
    came = {(row.name, row.page) for row in rows if row.host_id == upload}
    guests = _guests(connection, upload)

    def is_here(name: str, page: int) -> bool:
        if any(_is_in(name, guest) for guest in guests):
            return (name, page) in came
        return (name, page) not in away

    found = []
    for part in parts:
        pages = part.get("pages", ())
        kept = [page for page in pages if is_here(part["name"], page["number"])]
        if kept or (not pages and is_here(part["name"], 0)):
            found.append({**part, "pages": kept} if len(kept) < len(pages) else part)
    return found


def _is_in(part: str, file: str) -> bool:
    return part == file or part.startswith(f"{file}/")


def _guests(connection: sa.Connection, upload: int) -> set[str]:
    query = sa.select(upload_files.c.name)
    mine = upload_files.c.upload_id == upload, upload_files.c.home_id.is_not(None)
    return set(connection.scalars(query.where(*mine)))


def _where(connection: sa.Connection, piece: Piece) -> Any | None:
    """Returns the row of a piece that is a guest where it is; None where it is at home."""
    at = moved_pieces.c.host_id == piece.upload, same(connection, moved_pieces.c.name, [piece.part])
    return connection.execute(
        moved_pieces.select().where(*at, moved_pieces.c.page == piece.page)
    ).one_or_none()


def _put(connection: sa.Connection, piece: tuple[int, str, int], place: tuple[int, str] | None) -> None:
    """Notes where a piece is: (host, name there), or None where it is at home."""
    home, part, page = piece
    connection.execute(moved_pieces.delete().where(*_is(connection, home, part, page)))
    if place is not None:
        row = {"home_id": home, "part": part, "page": page, "host_id": place[0], "name": place[1]}
        connection.execute(moved_pieces.insert().values(row))


def _is(connection: sa.Connection, home: int, part: str, page: int) -> tuple[sa.ColumnElement[bool], ...]:
    named = same(connection, moved_pieces.c.part, [part])
    return moved_pieces.c.home_id == home, named, moved_pieces.c.page == page


def _files(connection: sa.Connection, upload: int) -> list[Any]:
    mine = upload_files.c.upload_id == upload
    return list(connection.execute(upload_files.select().where(mine).order_by(upload_files.c.position)))


def _guest(connection: sa.Connection, host: int, home: int, part: str, now: Piece) -> str:
    """Returns the name of a part in the upload `host`, which has its file as a guest from now on. `now` is
    where it is so far."""
    there = names_of([file.name for file in _files(connection, now.upload)])
    inside = now.part.removeprefix(file_of(now.part, there))
    outer = part.removesuffix(inside)
    both = moved_pieces.c.home_id == home, moved_pieces.c.host_id == host
    for row in connection.execute(moved_pieces.select().where(*both)):
        if _is_in(row.part, outer):
            return str(row.name).removesuffix(row.part.removeprefix(outer)) + inside
    known = [file.name for file in _files(connection, host)]
    name = names_of([*known, outer.rpartition("/")[2]])[-1] + inside
    _attach(connection, home, now, Piece(name, upload=host))
    return name


def _attach(connection: sa.Connection, home: int, now: Piece, wanted: Piece) -> None:
    """Makes the file of a part that is `now` somewhere a guest where it is `wanted`, if it is none there."""
    files, known = _files(connection, now.upload), _files(connection, wanted.upload)
    names = names_of([one.name for one in files])
    outer = file_of(now.part, names)
    file, name = files[names.index(outer)], wanted.part.removesuffix(now.part.removeprefix(outer))
    if any(one.name == name and one.home_id == home for one in known):
        return
    row = {
        "upload_id": wanted.upload, "position": known[-1].position + 1, "name": name, "sha256": file.sha256,
        "bytes": file.bytes, "home_id": home,
    }  # fmt: skip
    connection.execute(upload_files.insert().values(row))


def _lend(connection: sa.Connection, source: int, target: int, sha256: str) -> None:
    """Takes along what was read of a file's pictures."""
    known = set(connection.scalars(sa.select(readings.c.key).where(readings.c.upload_id == target)))
    mine = readings.c.upload_id == source, readings.c.key.contains(sha256)
    for row in connection.execute(readings.select().where(*mine)).all():
        if row.key not in known:
            connection.execute(readings.insert().values(upload_id=target, key=row.key, data=row.data))


def put_back(connection: sa.Connection, moved: Sequence[MovedJson]) -> None:
    """Notes pieces where they were before they were moved."""
    for home, part, page, host, name in reversed(moved):
        mine = moved_pieces.select().where(*_is(connection, home, part, page))
        row = connection.execute(mine).one_or_none()
        if host is not None:
            now = Piece(row.name, page, upload=row.host_id) if row else Piece(part, page, upload=home)
            _attach(connection, home, now, Piece(name, page, upload=host))
        _put(connection, (home, part, page), None if host is None else (host, name))


def release(connection: sa.Connection, uploads: Collection[int]) -> None:
    """Lets the guests go of which no piece is left in these uploads."""
    for upload in uploads:
        names = list(
            connection.scalars(sa.select(moved_pieces.c.name).where(moved_pieces.c.host_id == upload))
        )
        for file in _files(connection, upload):
            if file.home_id is not None and not any(_is_in(name, file.name) for name in names):
                mine = upload_files.c.upload_id == upload, upload_files.c.position == file.position
                connection.execute(upload_files.delete().where(*mine))


def hosts_of(connection: sa.Connection, upload: int) -> dict[str, set[int]]:
    """Returns {part: the submissions of other uploads that pieces of it were moved to}."""
    found: dict[str, set[int]] = {}
    owners: dict[int, Present] = {}
    for row in connection.execute(moved_pieces.select().where(moved_pieces.c.home_id == upload)):
        now = owners.get(row.host_id) or owners.setdefault(row.host_id, present(connection, row.host_id))
        found.setdefault(row.part, set()).update(
            group.submission
            for group in now.groups
            if group.submission is not None and (row.name, row.page) in {one.place for one in group.pieces}
        )
    return found


def forget(connection: sa.Connection, uploads: Collection[int]) -> None:
    """Erases where pieces went whose host is erased."""
    connection.execute(moved_pieces.delete().where(moved_pieces.c.host_id.in_(uploads)))
