"""Pages that are moved to an application of another upload: where they are then, what is read again and what
is taken along, the log, the way back, and what is left once one of the two is erased."""

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from models.errors import Conflict, Invalid
from service.parts import own_parts
from service.store import groupings, listing, moving, rearranged, records, regrouping
from service.store.database import Database
from service.store.grouping_tables import moved_pieces
from service.store.groupings import Group, Piece
from service.store.tables import submissions, upload_files, uploads
from service.store.uploads import Arrival, StoredFile, begin_reading, create, files_of
from tests.service.store.test_records import NOW, _editor, _form, _row
from tests.service.store.test_regrouping import _is_sound, _kept, _line, _page, _read_state

SHA = {"扫描.pdf": "a" * 64, "另一份.pdf": "b" * 64, "来信.eml": "c" * 64}


def _arrived(database: Database, line: Mapping[str, Any], name: str, pages: int, inside: str = "") -> Any:
    """An upload with one application of so many pages, in a file or in one `inside` it."""
    part = {"name": f"{name}/{inside}" if inside else name, "sha256": SHA[name], "state": "read"}
    parts = [{**part, "applications": [1], "pages": [_page(number) for number in range(1, pages + 1)]}]
    if inside:
        parts.insert(0, {"name": name, "sha256": SHA[name], "state": "read", "pages": []})
    with database.write() as connection:
        upload, number = create(connection, Arrival([StoredFile(name, SHA[name], 9)], "page"), "user:1", NOW)
        assert begin_reading(connection, upload, NOW)
        records.finish(connection, upload, [_line(line, 1, parts, 1)], _form, "w1", 1.5, NOW)
        groupings.keep_readings(connection, upload, {f"1-{SHA[name]}": b"read", "1-other": b"not meant"})
    return upload, number, part["name"]


def _move(database: Database, wanted: Mapping[int, list[Group]]) -> regrouping.Regrouped:
    with database.write() as connection:
        rows = connection.execute(sa.select(submissions)).all()
        return regrouping.regroup(connection, wanted, {row.id: row.version for row in rows}, _editor(5))


def _read(database: Database, upload: int, line: Mapping[str, Any]) -> list[int]:
    """The worker's turn. What it opens has all its pages."""
    with database.write() as connection:
        assert begin_reading(connection, upload, NOW)
        read = []
        for group in groupings.waiting(connection, upload):
            names = dict.fromkeys(piece.part for piece in group.pieces)
            parts = [
                {"name": one, "sha256": "d" * 64, "state": "read", "pages": [_page(n) for n in (1, 2, 3)]}
                for one in names
            ]
            read.append((group, _line(line, 1, parts, 1)))
        return rearranged.finish(connection, upload, read, _form, "w2", 0.1, NOW)  # type: ignore[arg-type]


def _places(database: Database, upload: int) -> dict[int | None, list[tuple[str, int]]]:
    with database.read() as connection:
        now = groupings.present(connection, upload)
    found = {one.submission: [piece.place for piece in one.pieces] for one in now.groups if one.pieces}
    return {**found, None: [piece.place for piece in now.rest]}


def _pages(name: str, *numbers: int, upload: int = 0) -> tuple[Piece, ...]:
    return tuple(Piece(name, number, upload=upload) for number in numbers)


@pytest.fixture
def two(database: Database, line: dict[str, Any]) -> tuple[Any, Any]:
    """An application whose third page is another's, which came by itself."""
    return _arrived(database, line, "扫描.pdf", 3), _arrived(database, line, "另一份.pdf", 1)


def _third_page(two: tuple[Any, Any]) -> dict[int, list[Group]]:
    (home, first, name), (host, second, other) = two
    return {
        home: [Group(first, _pages(name, 1, 2))],
        host: [Group(second, (*_pages(other, 1), *_pages(name, 3, upload=home)))],
    }


def test_a_page_goes_to_an_application_of_another_upload_with_its_file_and_what_was_read_of_it(
    database: Database, line: dict[str, Any], two: tuple[Any, Any]
) -> None:
    (home, first, name), (host, second, other) = two
    made = _move(database, _third_page(two))
    assert (made.reread, made.uploads, made.merged) == ((first, second), (home, host), ())
    with database.read() as connection:
        assert groupings.readings_of(connection, host)[f"1-{SHA[name]}"] == b"read"
        assert [file.name for file in files_of(connection, host)] == [other, name]
        assert [file.name for file in listing.upload(connection, host)[1]] == [other]
        assert moving.hosts_of(connection, home) == {name: {second}}
    assert _read(database, home, line) == [first]
    assert _read(database, host, line) == [second]
    assert _places(database, home) == {first: [(name, 1), (name, 2)], None: []}
    assert _places(database, host) == {second: [(other, 1), (name, 3)], None: [(other, 2), (other, 3)]}
    with database.read() as connection:
        parts = own_parts(groupings.lines_of(connection, host)[second])
    assert [(one["name"], [page["number"] for page in one["pages"]]) for one in parts] == [
        (other, [1, 2, 3]),
        (name, [3]),
    ]
    assert _is_sound(database)


def test_an_application_whose_last_page_goes_is_withdrawn_and_shows_none_of_it(
    database: Database, line: dict[str, Any], two: tuple[Any, Any]
) -> None:
    (home, first, name), (host, second, other) = two
    pieces = (*_pages(other, 1), *_pages(name, 1, 2, 3, upload=home))
    made = _move(database, {home: [Group(first, ())], host: [Group(second, pieces)]})
    assert (made.reread, made.uploads, made.merged) == ((second,), (host,), (first,))
    assert _row(database, first).status == "withdrawn"
    _read(database, host, line)
    assert _places(database, home) == {None: []}
    with database.read() as connection:
        assert own_parts(groupings.lines_of(connection, home)[first]) == []
    assert _is_sound(database)


@pytest.mark.parametrize("from_there", [False, True])
def test_it_is_taken_back_in_both_by_one_step_from_either(
    from_there: bool, database: Database, line: dict[str, Any], two: tuple[Any, Any]
) -> None:
    (home, first, name), (host, second, other) = two
    before = _kept(database)
    _move(database, _third_page(two))
    _read(database, home, line)
    _read(database, host, line)
    with database.write() as connection:
        upload = host if from_there else home
        assert regrouping.may_undo(connection, upload)
        assert set(regrouping.undo(connection, upload, _form, _editor(9))) == {first, second}
    assert _kept(database) == before
    assert _places(database, home) == {first: [(name, 1), (name, 2), (name, 3)], None: []}
    assert _places(database, host)[second] == [(other, 1)]
    with database.read() as connection:
        assert [file.name for file in files_of(connection, host)] == [other]
        assert connection.execute(moved_pieces.select()).all() == []
        assert not regrouping.may_undo(connection, home)
    assert _is_sound(database)


def test_what_was_grouped_again_since_in_one_of_them_keeps_it_from_being_taken_back(
    database: Database, line: dict[str, Any], two: tuple[Any, Any]
) -> None:
    (home, first, name), (host, _, _) = two
    _move(database, _third_page(two))
    _read(database, home, line)
    _read(database, host, line)
    _move(database, {home: [Group(first, _pages(name, 1))]})
    _read(database, home, line)
    with database.write() as connection:
        assert not regrouping.may_undo(connection, host)
        with pytest.raises(Conflict, match="又有人修改"):
            regrouping.undo(connection, host, _form, _editor(9))


def test_a_page_can_go_on_to_a_third_and_back_home_and_each_step_can_be_taken_back(
    database: Database, line: dict[str, Any], two: tuple[Any, Any]
) -> None:
    (home, first, name), (host, second, other) = two
    third, number, letter = _arrived(database, line, "来信.eml", 1, "表.pdf")
    _move(database, _third_page(two))
    for upload in (home, host):
        _read(database, upload, line)
    on = {
        host: [Group(second, _pages(other, 1))],
        third: [Group(number, (*_pages(letter, 1), *_pages(name, 3, upload=host)))],
    }
    _move(database, on)
    for upload in (host, third):
        _read(database, upload, line)
    assert _places(database, third)[number] == [(letter, 1), (name, 3)]
    with database.read() as connection:
        assert [file.name for file in files_of(connection, host)] == [other]
        assert moving.hosts_of(connection, home) == {name: {number}}
    with database.write() as connection:
        regrouping.undo(connection, third, _form, _editor(9))
    assert _places(database, host)[second] == [(other, 1), (name, 3)]
    with database.read() as connection:
        assert [file.name for file in files_of(connection, host)] == [other, name]
    back = {
        home: [Group(first, (*_pages(name, 1, 2), *_pages(name, 3, upload=host)))],
        host: [Group(second, _pages(other, 1))],
    }
    _move(database, back)
    for upload in (home, host):
        _read(database, upload, line)
    assert _places(database, home)[first] == [(name, 1), (name, 2), (name, 3)]
    with database.read() as connection:
        assert connection.execute(moved_pieces.select()).all() == []
        assert [file.name for file in files_of(connection, host)] == [other]
    assert _is_sound(database)


def test_what_lies_in_a_mail_comes_without_the_mail_s_other_parts_and_by_a_name_that_is_free(
    database: Database, line: dict[str, Any]
) -> None:
    home, first, inner = _arrived(database, line, "来信.eml", 2, "表.pdf")
    host, second, other = _arrived(database, line, "来信.eml", 1, "表.pdf")
    pieces = (*_pages(other, 1), *_pages(inner, 2, upload=home))
    _move(database, {home: [Group(first, _pages(inner, 1))], host: [Group(second, pieces)]})
    with database.read() as connection:
        names = [file.name for file in files_of(connection, host)]
        parts = own_parts(groupings.lines_of(connection, host)[second])
    assert len(set(names)) == 2
    assert _places(database, host)[second] == [(other, 1), (f"{names[1]}/表.pdf", 2)]
    assert names[1] not in {part["name"] for part in parts}


def test_nothing_is_moved_that_is_not_there_or_twice_or_out_of_what_nobody_looked_at(
    database: Database, two: tuple[Any, Any]
) -> None:
    (home, first, name), (host, second, _) = two
    for pieces, why in ((_pages(name, 9, upload=home), "没有"), (_pages(name, 3, 3, upload=home), "两份")):
        with pytest.raises(Invalid, match=why):
            _move(database, {home: [Group(first, _pages(name, 1, 2))], host: [Group(second, pieces)]})
    with pytest.raises(Invalid, match="没有"):
        _move(database, {host: [Group(second, _pages(name, 3, upload=home))]})
    with database.write() as connection:
        records.decide(connection, first, 1, "reject", _editor(1))
    with pytest.raises(Conflict, match="不予受理"):
        _move(database, _third_page(two))


def test_once_its_home_is_erased_a_page_stays_where_it_went_and_can_go_on(
    database: Database, line: dict[str, Any], two: tuple[Any, Any]
) -> None:
    (home, first, name), (host, second, other) = two
    third, number, letter = _arrived(database, line, "来信.eml", 1)
    _move(database, _third_page(two))
    for upload in (home, host):
        _read(database, upload, line)
    with database.write() as connection:
        groupings.forget(connection, first)
        moving.forget(connection, [home])
        connection.execute(upload_files.delete().where(upload_files.c.upload_id == home))
        connection.execute(uploads.update().where(uploads.c.id == home).values(purged_at=NOW))
    with database.write() as connection:
        assert not regrouping.may_undo(connection, host)
    on = {
        host: [Group(second, _pages(other, 1))],
        third: [Group(number, (*_pages(letter, 1), *_pages(name, 3, upload=host)))],
    }
    _move(database, on)
    assert _read_state(database, number)[0] == "received"
    with database.write() as connection:
        assert [file.name for file in files_of(connection, third)] == [letter, name]
