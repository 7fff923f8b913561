"""A submission's way through the store, on both databases."""

import copy
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models.errors import Conflict, Invalid, NotFound, Stale
from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.store import audit, records, search
from service.store.changes import Change
from service.store.database import Database
from service.store.tables import (
    audit_log,
    audit_values,
    doubts,
    metadata,
    results,
    submissions,
    versions,
)
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FORMS = load_forms()


def _form(name: str, version: str) -> FormDefinition:
    assert FORMS[name].version == version
    return FORMS[name]


def _editor(seconds: int = 0) -> Editor:
    return Editor("user:1", NOW + timedelta(seconds=seconds))


def _upload(database: Database, replaces: int | None = None) -> tuple[int, int]:
    with database.write() as connection:
        return create(
            connection,
            Arrival([StoredFile("s001.docx", "a" * 64, 100)], "page", replaces=replaces),
            "user:1",
            NOW,
        )


def _read(database: Database, line: Mapping[str, Any]) -> int:
    upload, submission = _upload(database)
    with database.write() as connection:
        assert begin_reading(connection, upload, NOW)
        assert records.finish(connection, upload, [line], _form, "w1", 1.5, NOW) == [submission]
    return submission


def _row(database: Database, submission: int) -> Any:
    with database.read() as connection:
        return connection.execute(submissions.select().where(submissions.c.id == submission)).one()


def _found(database: Database, query: str) -> list[int]:
    with database.read() as connection:
        wanted = search.matches(connection, query)
        assert wanted is not None
        return sorted(connection.scalars(wanted))


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                # An index that a database may lack has no part in the tables.
                "include_name": lambda name, kind, _: (
                    name in metadata.tables if kind == "table" else name != "ix_submissions_unit_parts"
                ),
            },
        )
        assert compare_metadata(context, metadata) == []
    assert database.is_current()


def test_a_reading_becomes_a_submission_under_review_with_its_doubts(
    database: Database, line: dict[str, Any]
) -> None:
    row = _row(database, _read(database, line))
    assert (row.status, row.doubtful, row.version, row.form) == ("in-review", 1, 1, line["form"])
    assert row.unit == line["fields"][FORMS[line["form"]].applicant[0]]["value"]
    with database.read() as connection:
        assert [one.field for one in connection.execute(doubts.select())] == ["email"]


def test_finishing_twice_leaves_one_result(database: Database, line: dict[str, Any]) -> None:
    upload, submission = _upload(database)
    for worker in ("w1", "w2"):
        with database.write() as connection:
            assert records.finish(connection, upload, [line, line], _form, worker, None, NOW) == [
                submission,
                submission + 1,
            ]
    with database.read() as connection:
        assert connection.execute(sa.select(results.c.worker)).scalars().all() == ["worker:w1", "worker:w1"]
        assert not begin_reading(connection, upload, NOW)


def test_an_unreadable_file_is_a_state_and_can_be_tried_again(
    database: Database, line: dict[str, Any]
) -> None:
    failed = {
        **line,
        "form": None,
        "version": None,
        "fields": {},
        "findings": [],
        "error": {"code": "damaged", "message": "文件不完整"},
    }
    submission = _read(database, failed)
    row = _row(database, submission)
    assert (row.status, row.error_code) == ("unreadable", "damaged")
    with database.write() as connection:
        records.decide(connection, submission, row.version, "retry", _editor())
        assert begin_reading(connection, row.upload_id, NOW)
        records.finish(connection, row.upload_id, [line], _form, "w1", None, NOW)
    assert _row(database, submission).status == "in-review"


def test_correcting_confirming_and_undoing_keep_every_version(
    database: Database, line: dict[str, Any]
) -> None:
    submission, form = _read(database, line), FORMS[line["form"]]
    with database.write() as connection:
        records.correct(
            connection, submission, 1, [Change("email", text="new@example.com")], form, _editor(1)
        )
    assert _row(database, submission).doubtful == 0
    with database.write() as connection:
        records.undo(connection, submission, 2, form, _editor(2))
    assert _row(database, submission).doubtful == 1
    with pytest.raises(Conflict), database.write() as connection:
        records.undo(connection, submission, 3, form, _editor(3))
    with database.write() as connection:
        records.correct(connection, submission, 3, [Change("email")], form, _editor(4))
    with database.read() as connection:
        kept = connection.execute(versions.select().order_by(versions.c.version)).all()
        (record,) = connection.execute(records.records.select())
    assert [(one.version, one.action, one.undoes) for one in kept] == [
        (1, "read", None), (2, "correct", None), (3, "undo", 2), (4, "correct", None),
    ]  # fmt: skip
    assert record.content["email"] == line["fields"]["email"]["value"]
    assert record.marks["email"]["state"] == "confirmed"


def _unweighed(database: Database) -> dict[str, list[str]]:
    with database.read() as connection:
        (record,) = connection.execute(records.records.select())
    return {name: mark["unweighed"] for name, mark in record.marks.items() if "unweighed" in mark}


def test_what_the_reader_did_not_weigh_is_marked_until_a_person_has_seen_it(
    database: Database, line: dict[str, Any]
) -> None:
    sealed = {
        **line["fields"]["recommend_seal"],
        "value": {"present": True, "text": "汉阳区梅花蛤", "agrees": None},
    }
    fields = {**line["fields"], "recommend_seal": {**sealed, "decision": "accept", "unweighed": ["text"]}}
    submission, form = _read(database, {**line, "fields": fields}), FORMS[line["form"]]
    assert _unweighed(database) == {"recommend_seal": ["text"]}
    with database.write() as connection:
        records.correct(connection, submission, 1, [Change("recommend_seal")], form, _editor(1))
    assert _unweighed(database) == {}
    with database.write() as connection:
        records.undo(connection, submission, 2, form, _editor(2))
    assert _unweighed(database) == {"recommend_seal": ["text"]}


def test_a_name_that_a_person_changes_bears_out_no_seal_that_was_read_with_the_old_one(
    database: Database, line: dict[str, Any]
) -> None:
    name = line["fields"]["organization"]["value"]
    sealed = {
        **line["fields"]["pledge_seal"],
        "value": {"present": True, "text": name, "agrees": True},
        "decision": "accept",
    }
    fields = {**line["fields"], "pledge_seal": {**sealed, "unweighed": []}}
    submission, form = _read(database, {**line, "fields": fields}), FORMS[line["form"]]
    assert _unweighed(database) == {}
    for version, text, unweighed in ((1, "另一家公司", {"pledge_seal": ["text", "agrees"]}), (2, name, {})):
        with database.write() as connection:
            records.correct(
                connection, submission, version, [Change("organization", text=text)], form, _editor(version)
            )
        assert _unweighed(database) == unweighed


def test_what_a_person_typed_is_checked_by_the_rules_again(database: Database, line: dict[str, Any]) -> None:
    submission, form = _read(database, line), FORMS[line["form"]]
    with database.write() as connection:
        records.correct(connection, submission, 1, [Change("email", text="nobody")], form, _editor())
    with database.read() as connection:
        (record,) = connection.execute(records.records.select())
    assert [finding["code"] for finding in record.findings if finding["field"] == "email"] == [
        "email-invalid"
    ]
    assert _row(database, submission).errors >= 1


@pytest.mark.parametrize(
    "change",
    [
        Change("nothing", text="x"),
        Change("pledge_date", text="no date at all"),
        Change("types", data=3, has_data=True),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    database: Database, line: dict[str, Any], change: Change
) -> None:
    submission, form = _read(database, line), FORMS[line["form"]]
    with pytest.raises(Invalid), database.write() as connection:
        records.correct(connection, submission, 1, [Change("email", text="a@b.cn"), change], form, _editor())
    assert _row(database, submission).version == 1


def test_that_a_required_field_is_empty_must_be_said(database: Database, line: dict[str, Any]) -> None:
    empty = copy.deepcopy(line)
    empty["fields"]["email"]["value"] = None
    submission = _read(database, empty)
    version = _row(database, submission).version
    for change in (Change("email"), Change("email", text="  ")):
        with database.write() as connection, pytest.raises(Invalid, match="必填"):
            records.correct(connection, submission, version, [change], FORMS["pilot-application"], _editor())
    with database.write() as connection:
        said = [Change("email", data=None, has_data=True)]
        records.correct(connection, submission, version, said, FORMS["pilot-application"], _editor())
    assert _row(database, submission).doubtful == 0


def test_of_two_who_correct_at_once_the_second_is_told(database: Database, line: dict[str, Any]) -> None:
    submission, form = _read(database, line), FORMS[line["form"]]
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def work(text: str) -> None:
        start.wait()
        try:
            with database.write() as connection:
                records.correct(connection, submission, 1, [Change("email", text=text)], form, _editor())
            outcomes.append("saved")
        except Stale:
            outcomes.append("stale")

    threads = [threading.Thread(target=work, args=(f"{i}@example.com",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved", "stale", "stale", "stale"]


def test_only_a_reviewed_submission_is_accepted_and_only_legal_moves_are_made(
    database: Database, line: dict[str, Any]
) -> None:
    submission, form = _read(database, line), FORMS[line["form"]]
    with pytest.raises(Conflict), database.write() as connection:
        records.decide(connection, submission, 1, "accept", _editor())
    with database.write() as connection:
        records.correct(connection, submission, 1, [Change("email")], form, _editor())
    with pytest.raises(Conflict, match="处错误没有改正"), database.write() as connection:
        records.decide(connection, submission, 2, "accept", _editor(), " ")
    with database.write() as connection:
        records.decide(connection, submission, 2, "accept", _editor(), "已电话核实")
    assert _row(database, submission).status == "accepted"
    with pytest.raises(Conflict), database.write() as connection:
        records.decide(connection, submission, 3, "return", _editor())
    with pytest.raises(Conflict), database.write() as connection:
        records.correct(connection, submission, 3, [Change("email")], form, _editor())
    with database.write() as connection:
        records.decide(connection, submission, 3, "reopen", _editor())
    assert _row(database, submission).status == "in-review"


def test_a_resubmission_is_linked_to_what_it_replaces_once(database: Database, line: dict[str, Any]) -> None:
    old = _read(database, line)
    _, new = _upload(database, replaces=old)
    assert (_row(database, old).replaced_by, _row(database, new).replaces) == (new, old)
    with pytest.raises(Conflict):
        _upload(database, replaces=old)
    with pytest.raises(NotFound):
        _upload(database, replaces=999)


def test_chinese_is_found_by_any_substring_and_only_as_the_record_stands_now(
    database: Database, line: dict[str, Any]
) -> None:
    submission, form = _read(database, line), FORMS[line["form"]]
    unit = _row(database, submission).unit
    for query in (unit, unit[2:4], unit[-1], f"{unit[:2]} {unit[-2:]}", "s001.docx"):
        assert _found(database, query) == [submission], query
    assert _found(database, unit[1] + unit[0]) == []
    with database.write() as connection:
        records.correct(
            connection, submission, 1, [Change("email", text="wuyou@example.com")], form, _editor()
        )
    assert _found(database, "wuyou@example") == [submission]
    assert _found(database, line["fields"]["email"]["value"]) == []


def test_the_log_holds_together_and_tells_what_was_changed_behind_its_back(
    database: Database, line: dict[str, Any]
) -> None:
    submission, form = _read(database, line), FORMS[line["form"]]
    with database.write() as connection:
        records.correct(connection, submission, 1, [Change("email", text="new@example.com")], form, _editor())
    with database.read() as connection:
        count, head, broken = audit.verify(connection)
        assert (count, broken) == (3, [])
        assert audit.verify(connection, head=head)[2] == []
        assert audit.verify(connection, head="0" * 63 + "1")[2] != []
    with database.write() as connection:
        connection.execute(
            audit_values.update().where(audit_values.c.label == "field:email:after").values(value='"other"')
        )
        assert [one.seq for one in audit.verify(connection)[2]] == [3]
    with database.write() as connection:
        assert audit.erase(connection, [f"submission:{submission}"]) > 0
        assert audit.verify(connection)[2] == []
    with database.write() as connection:
        connection.execute(audit_log.update().where(audit_log.c.seq == 2).values(actor="user:9"))
        assert [one.seq for one in audit.verify(connection)[2]] == [2]


def test_the_log_stays_one_chain_when_many_write_at_once(database: Database) -> None:
    def work(number: int) -> None:
        for _ in range(5):
            with database.write() as connection:
                audit.append(connection, NOW, f"user:{number}", "test", "x", {"n": number})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert audit.verify(connection)[::2] == (30, [])
