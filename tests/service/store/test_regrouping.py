"""Pages put together anew: what is read again and what stays, what persons settled, the log, and the way
back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models.errors import Conflict, Invalid, Stale
from service.store import audit, groupings, notices, rearranged, records, regrouping, replay
from service.store.changes import Change
from service.store.database import Database
from service.store.groupings import Group, Piece
from service.store.tables import results, submissions
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from tests.service.store.test_records import FORMS, NOW, _editor, _form, _row

FIELD, OTHER = "email", "phone"
_SHA = "a" * 64


def _page(number: int) -> dict[str, Any]:
    return {"number": number, "width": 595.0, "height": 842.0, "frame": None, "quarters": 0}


def _line(line: Mapping[str, Any], number: int, parts: Sequence[Any], page: int) -> dict[str, Any]:
    """A line whose values all stand on one page of the scan."""
    place = [{"part": "扫描.pdf", "page": page, "box": [1, 2, 3, 4]}]
    fields = {name: {**one, "evidence": place} for name, one in line["fields"].items()}
    return {**line, "application": number, "parts": parts, "fields": fields}


def _parts() -> list[dict[str, Any]]:
    """A scan of two applications, and a letter."""
    scan = {"name": "扫描.pdf", "sha256": _SHA, "state": "read", "applications": [1, 2]}
    letter = {"name": "信.docx", "sha256": _SHA, "state": "not-a-form", "applications": [], "pages": []}
    return [{**scan, "pages": [_page(number) for number in (1, 2, 3, 4)]}, letter]


def _arrived(database: Database, line: Mapping[str, Any]) -> tuple[int, int, int]:
    """The upload and its two submissions, with values on the first and third page."""
    files = [StoredFile(name, _SHA, 100) for name in ("扫描.pdf", "信.docx")]
    with database.write() as connection:
        upload, _ = create(connection, Arrival(files, "page"), "user:1", NOW)
        assert begin_reading(connection, upload, NOW)
        lines = [_line(line, 1, _parts(), 1), _line(line, 2, _parts(), 3)]
        first, second = records.finish(connection, upload, lines, _form, "w1", 1.5, NOW)
    return upload, first, second


def _pieces(*pages: int) -> tuple[Piece, ...]:
    return tuple(Piece("扫描.pdf", page) for page in pages)


def _regroup(database: Database, upload: int, *wanted: Group, minutes: int = 5) -> regrouping.Regrouped:
    with database.write() as connection:
        rows = connection.execute(sa.select(submissions).where(submissions.c.upload_id == upload)).all()
        expected = {row.id: row.version for row in rows}
        return regrouping.regroup(connection, {upload: wanted}, expected, _editor(minutes))


def _read(database: Database, upload: int, line: Mapping[str, Any]) -> list[int]:
    """The worker's turn: what waits is read as it was put together."""
    with database.write() as connection:
        assert begin_reading(connection, upload, NOW)
        waiting = groupings.waiting(connection, upload)
        read = [
            (group, _line(line, number, _parts()[:1], group.pieces[0].page))
            for number, group in enumerate(waiting, 1)
        ]
        return rearranged.finish(
            connection, upload, read, _form, "w2", 0.1, NOW + timedelta(minutes=6)  # type: ignore[arg-type]
        )  # fmt: skip


def _grouped(database: Database, upload: int) -> dict[int | None, list[int]]:
    with database.read() as connection:
        now = groupings.present(connection, upload)
    return {
        **{one.submission: [piece.page for piece in one.pieces] for one in now.groups if one.pieces},
        None: [piece.page for piece in now.rest],
    }


def _is_sound(database: Database) -> bool:
    with database.read() as connection:
        return not audit.verify(connection)[2] and not list(replay.departures(connection))


def test_a_page_belongs_to_whom_its_values_are_and_one_without_to_the_one_before(
    database: Database, line: dict[str, Any]
) -> None:
    upload, first, second = _arrived(database, line)
    assert _grouped(database, upload) == {first: [1, 2], second: [3, 4], None: [0]}


def test_only_what_changed_is_read_again_and_the_rest_stays_as_people_left_it(
    database: Database, line: dict[str, Any]
) -> None:
    upload, first, second = _arrived(database, line)
    with database.write() as connection:
        wanted = [Change(FIELD, text="new@example.com")]
        records.correct(connection, second, 1, wanted, FORMS[line["form"]], _editor(1))
    made = _regroup(database, upload, Group(first, _pieces(1)), Group(second, _pieces(3, 4)))
    assert (made.reread, made.merged) == ((first,), ())
    assert (_row(database, first).status, _row(database, second).version) == ("received", 2)
    assert _is_sound(database)
    assert _read(database, upload, line) == [first]
    assert _grouped(database, upload) == {first: [1], second: [3, 4], None: [2, 0]}
    assert _read_state(database, first) == ("in-review", 3)
    assert _is_sound(database)


def _read_state(database: Database, submission: int) -> tuple[str, int]:
    row = _row(database, submission)
    return row.status, row.version


def test_what_a_person_settled_stays_where_the_same_ink_is_read_the_same_again(
    database: Database, line: dict[str, Any]
) -> None:
    upload, first, second = _arrived(database, line)
    with database.write() as connection:
        wanted = [Change(FIELD, text="new@example.com"), Change(OTHER)]
        records.correct(connection, first, 1, wanted, FORMS[line["form"]], _editor(1))
    _regroup(database, upload, Group(first, _pieces(1, 2, 4)), Group(second, _pieces(3)))
    other = {**line, "fields": {**line["fields"], OTHER: {**line["fields"][OTHER], "raw": "别的"}}}
    _read(database, upload, other)
    with database.read() as connection:
        kept = connection.execute(sa.text("SELECT content, marks FROM records ORDER BY submission_id")).all()
    assert "new@example.com" in str(kept[0].content)
    with database.read() as connection:
        marks = connection.execute(records.records.select()).all()[0].marks
    assert (marks[FIELD]["state"], marks[FIELD]["by"]) == ("corrected", "user:1")
    assert marks[OTHER]["state"] in ("read", "doubtful")
    assert _is_sound(database)


def test_splitting_makes_a_submission_that_came_when_its_pages_came_and_joining_withdraws_one(
    database: Database, line: dict[str, Any]
) -> None:
    upload, first, second = _arrived(database, line)
    made = _regroup(database, upload, Group(first, _pieces(1, 2, 3)), Group(None, _pieces(4)))
    new = next(one for one in made.reread if one != first)
    assert made.merged == (second,)
    assert _row(database, second).status == "withdrawn"
    _read(database, upload, line)
    assert _row(database, new).received_at == NOW
    assert _grouped(database, upload) == {first: [1, 2, 3], new: [4], None: [0]}
    assert _is_sound(database)


def test_it_can_be_taken_back_to_the_letter_and_again_be_done(
    database: Database, line: dict[str, Any]
) -> None:
    upload, first, second = _arrived(database, line)
    with database.write() as connection:
        wanted = [Change(FIELD, text="new@example.com")]
        records.correct(connection, first, 1, wanted, FORMS[line["form"]], _editor(1))
    before = _kept(database)
    _regroup(database, upload, Group(first, _pieces(1, 2, 3)), Group(None, _pieces(4)))
    _read(database, upload, line)
    with database.write() as connection:
        assert regrouping.may_undo(connection, upload)
        regrouping.undo(connection, upload, _form, _editor(9))
    assert _grouped(database, upload) == {first: [1, 2], second: [3, 4], None: [0]}
    assert _kept(database)[:2] == before
    assert [_row(database, one).status for one in (first, second)] == ["in-review"] * 2
    assert _is_sound(database)
    with database.write() as connection, pytest.raises(Conflict, match="没有可以撤销的分组"):
        regrouping.undo(connection, upload, _form, _editor(9))


def _kept(database: Database) -> list[Any]:
    with database.read() as connection:
        rows = connection.execute(records.records.select().order_by(records.records.c.submission_id)).all()
    return [(row.submission_id, row.content, row.marks, row.findings) for row in rows]


def test_it_can_not_be_taken_back_over_what_somebody_did_since(
    database: Database, line: dict[str, Any]
) -> None:
    upload, first, second = _arrived(database, line)
    _regroup(database, upload, Group(first, _pieces(1)), Group(second, _pieces(3, 4)))
    _read(database, upload, line)
    with database.write() as connection:
        records.correct(connection, first, 3, [Change(FIELD, text="a@b.cn")], FORMS[line["form"]], _editor(8))
    with database.write() as connection, pytest.raises(Conflict, match="又有人修改"):
        regrouping.undo(connection, upload, _form, _editor(9))


def test_what_was_decided_and_what_others_changed_is_not_touched(
    database: Database, line: dict[str, Any]
) -> None:
    upload, first, second = _arrived(database, line)
    with database.write() as connection:
        records.decide(connection, second, 1, "reject", _editor(1))
    with pytest.raises(Conflict, match="不予受理"):
        _regroup(database, upload, Group(first, _pieces(1, 2, 3)), Group(second, _pieces(4)))
    wanted = [Group(first, _pieces(1)), Group(second, _pieces(3, 4))]
    with database.write() as connection, pytest.raises(Stale):
        regrouping.regroup(connection, {upload: wanted}, {first: 0, second: 2}, _editor(1))
    with pytest.raises(Invalid, match="放进了两份"):
        _regroup(database, upload, Group(first, _pieces(1, 1)), Group(second, _pieces(3, 4)))
    with pytest.raises(Invalid, match="没有"):
        _regroup(database, upload, Group(first, _pieces(1, 9)), Group(second, _pieces(3, 4)))
    with pytest.raises(Conflict, match="没有改动"):
        _regroup(database, upload, Group(first, _pieces(1, 2)), Group(second, _pieces(3, 4)))


def test_a_reading_that_fails_loses_no_page(database: Database, line: dict[str, Any]) -> None:
    upload, first, second = _arrived(database, line)
    _regroup(database, upload, Group(first, _pieces(1)), Group(second, _pieces(3, 4)))
    with database.write() as connection:
        assert begin_reading(connection, upload, NOW)
        (group,) = groupings.waiting(connection, upload)
        bare = [{"name": "扫描.pdf", "sha256": _SHA, "state": "unreadable"}]
        error = {"code": "timed-out", "message": "读取超过 120 秒，已停止"}
        nothing = {"form": None, "version": None, "fields": {}, "findings": [], "instance": None}
        failed = {**line, **nothing, "parts": bare, "error": error}
        rearranged.finish(connection, upload, [(group, failed)], _form, "w2", 0.1, NOW)  # type: ignore[list-item]
    assert _read_state(database, first)[0] == "unreadable"
    assert _grouped(database, upload) == {first: [1], second: [3, 4], None: [2, 0]}
    assert _is_sound(database)


def test_what_is_put_together_anew_is_known_as_an_answer_and_no_more_when_that_is_taken_back(
    database: Database, line: dict[str, Any]
) -> None:
    _, old, _ = _arrived(database, line)
    with database.write() as connection:
        records.decide(connection, old, 1, "return", _editor(0), "1. 电话打不通。")
        content = dict(connection.execute(records.records.select()).first().content)  # type: ignore[union-attr]
        given = {name: value for name, value in content.items() if name != OTHER}
        asked = [{"text": "电话打不通", "remedy": "", "field": OTHER, "code": None}]
        asking = notices.Asking(
            old, "某单位", "7KX2M4N6P8", asked, given, "{编号}-{次}", 2026, 10, date(2027, 1, 4),  # type: ignore[arg-type]
            datetime(2027, 1, 5, tzinfo=UTC),
        )  # fmt: skip
        notices.issue(connection, asking, _editor(1))
    # What the machine made of it showed no number of ours.
    other = {**line, "instance": None, "fields": {**line["fields"], FIELD: _with(line, FIELD, "b@b.example")}}
    upload, first, second = _arrived(database, other)
    _regroup(database, upload, Group(first, _pieces(1)), Group(second, _pieces(2, 3, 4)))
    _read(database, upload, {**other, "instance": "7KX2M4N6P8"})
    with database.read() as connection:
        notice = notices.present(connection, old)
        found = [connection.scalar(sa.select(results.c.line).where(results.c.submission_id == first))]
    assert notice is not None
    assert (notice.state, notice.answer) == ("answered", first)
    assert (_row(database, old).replaced_by, _row(database, first).replaces) == (first, old)
    codes = {finding["code"]: finding["field"] for one in found if one for finding in one["findings"]}
    assert (codes["correction-unasked"], codes["correction-unmade"]) == (FIELD, OTHER)
    assert _is_sound(database)
    with database.write() as connection:
        regrouping.undo(connection, upload, _form, _editor(9))
        notice = notices.present(connection, old)
    assert notice is not None
    assert (notice.state, notice.answer) == ("open", None)
    assert (_row(database, old).replaced_by, _row(database, first).replaces) == (None, None)
    assert _is_sound(database)


def _with(line: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**line["fields"][name], "value": value}
