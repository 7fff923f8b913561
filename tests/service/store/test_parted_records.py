"""Several submissions out of one upload, and reading one of them again."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.parts import own
from service.store import again, records
from service.store.changes import Change
from service.store.database import Database
from service.store.tables import (
    results,
    submissions,
    uploads,
)
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from tests.service.store.test_records import FORMS, NOW, _editor, _form, _found, _row


def _parted(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of two applications and of a damaged file that came together."""
    told = {"甲.docx": ("read", [1]), "乙.docx": ("read", [2]), "坏.docx": ("unreadable", [3])}
    parts = [
        {"name": name, "sha256": "a" * 64, "state": state, "applications": own}
        for name, (state, own) in told.items()
    ]
    return [*({**line, "application": number, "parts": parts} for number in (1, 2)), _damaged(parts, 3)]


def _damaged(parts: list[dict[str, Any]], number: int) -> dict[str, Any]:
    error = {"code": "timed-out", "message": "读取超过 120 秒，已停止"}
    nothing = {
        "form": None,
        "version": None,
        "instance": None,
        "message": None,
        "status": "failed",
        "fields": {},
        "findings": [],
    }
    return {"source": "一批", "application": number, "parts": parts, **nothing, "error": error}


def _read_parted(database: Database, line: Mapping[str, Any]) -> tuple[int, list[int]]:
    files = [StoredFile(name, "a" * 64, 100) for name in ("甲.docx", "乙.docx", "坏.docx")]
    with database.write() as connection:
        upload, _ = create(connection, Arrival(files, "page", apart=True), "user:1", NOW)
        assert begin_reading(connection, upload, NOW)
        return upload, records.finish(connection, upload, _parted(line), _form, "w1", 1.5, NOW)


def test_each_of_several_that_came_together_is_called_after_its_own_files(
    database: Database, line: dict[str, Any]
) -> None:
    _, numbers = _read_parted(database, line)
    rows = [_row(database, number) for number in numbers]
    assert [(row.name, row.status) for row in rows] == [
        ("甲.docx", "in-review"), ("乙.docx", "in-review"), ("坏.docx", "unreadable"),
    ]  # fmt: skip
    for row in rows:
        assert _found(database, row.name) == [row.id]
    assert _found(database, "等 3 个文件") == []


def test_one_of_several_is_read_again_by_itself_and_the_others_stay_as_people_left_them(
    database: Database, line: dict[str, Any]
) -> None:
    upload, (first, second, broken) = _read_parted(database, line)
    with database.write() as connection:
        records.correct(
            connection, first, 1, [Change("email", text="new@example.com")], FORMS[line["form"]], _editor(1)
        )
        records.decide(connection, broken, 1, "retry", _editor(2))
        assert begin_reading(connection, upload, NOW)
        wanted = again.to_read(connection, upload)
    assert wanted == ["坏.docx"]
    alone = {**line, "parts": [{"name": "坏.docx", "sha256": "a" * 64, "state": "read", "applications": [1]}]}
    with database.write() as connection:
        assert records.finish(connection, upload, [alone], _form, "w1", 1.5, NOW, wanted) == [broken]
    assert [_row(database, number).status for number in (first, second, broken)] == ["in-review"] * 3
    assert [_row(database, number).version for number in (first, second, broken)] == [2, 1, 3]
    with database.read() as connection:
        assert connection.scalar(sa.select(uploads.c.state)) == "done"
        assert len(connection.execute(submissions.select()).all()) == 3
    with database.write() as connection:
        late = records.finish(connection, upload, _parted(line), _form, "w2", 1.5, NOW)
    assert late == [first, second, broken]
    assert _row(database, first).version == 2


def test_what_fails_again_is_told_as_what_it_was(database: Database, line: dict[str, Any]) -> None:
    upload, (*_, broken) = _read_parted(database, line)
    with database.write() as connection:
        records.decide(connection, broken, 1, "retry", _editor(2))
        assert begin_reading(connection, upload, NOW)
        failed = {**_damaged([], 1), "error": {"code": "reader-crashed", "message": "读取进程无法启动"}}
        records.finish(connection, upload, [failed], _form, "w1", 1.5, NOW, again.to_read(connection, upload))
    assert (_row(database, broken).status, _row(database, broken).error_code) == (
        "unreadable",
        "reader-crashed",
    )
    assert [part["name"] for part in own(_line(database, broken))["parts"]] == ["坏.docx"]


def test_all_that_was_in_an_archive_that_is_read_at_last_is_stored(
    database: Database, line: dict[str, Any]
) -> None:
    upload, (first, _, broken) = _read_parted(database, line)
    with database.write() as connection:
        records.decide(connection, broken, 1, "retry", _editor(2))
        assert begin_reading(connection, upload, NOW)
        parts = [
            {"name": f"坏.docx{name}", "sha256": "a" * 64, "state": "read", "applications": numbers}
            for name, numbers in (("", []), ("/1.docx", [1]), ("/2.docx", [2]))
        ]
        lines = [{**line, "application": number, "parts": parts} for number in (1, 2)]
        made = records.finish(
            connection, upload, lines, _form, "w1", 1.5, NOW, again.to_read(connection, upload)
        )
    assert made[0] == broken
    assert [_row(database, number).name for number in made] == ["坏.docx/1.docx", "坏.docx/2.docx"]
    assert _row(database, first).version == 1


def _line(database: Database, submission: int) -> dict[str, Any]:
    with database.read() as connection:
        return dict(connection.scalar(sa.select(results.c.line).where(results.c.submission_id == submission)))
