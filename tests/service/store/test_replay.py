"""What the log says of every submission, held against what the database says, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service.store import records, replay, search
from service.store.changes import Change
from service.store.database import Database
from service.store.tables import records as kept
from service.store.tables import submissions, versions
from tests.service.store.test_records import FORMS, NOW, _editor, _read, _upload


def _departures(database: Database) -> list[str]:
    with database.read() as connection:
        return [str(one) for one in replay.departures(connection)]


def _worked_on(database: Database, line: dict[str, Any]) -> int:
    """A submission that was read, corrected, taken back, accepted and reopened, beside one that waits."""
    number = _read(database, line)
    form = FORMS[str(line["form"])]
    with database.write() as connection:
        records.correct(connection, number, 1, [Change("email", text="other@example.cn")], form, _editor(1))
    with database.write() as connection:
        records.correct(
            connection, number, 2, [Change("email", text="third@example.cn")], form, _editor(2), "读错了"
        )
    with database.write() as connection:
        records.decide(connection, number, 3, "return", _editor(3), "请补盖公章")
    _upload(database)
    return number


def test_what_was_worked_on_is_what_the_log_says(database: Database, line: dict[str, Any]) -> None:
    _worked_on(database, line)
    assert _departures(database) == []


_CHANGES: dict[str, tuple[Callable[[int], Any], str]] = {
    "a value": (lambda number: None, "“email”的值与日志不一致"),
    "a record that is gone": (lambda number: kept.delete().where(kept.c.submission_id == number), "记录被删去"),
    "a version that is gone": (
        lambda number: versions.delete().where(versions.c.submission_id == number, versions.c.version == 2),
        "应有 4 个版本，实有 3 个",
    ),
    "a status": (
        lambda number: submissions.update().where(submissions.c.id == number).values(status="accepted"),
        "状态应为 returned，实为 accepted",
    ),
    "a version's number": (
        lambda number: submissions.update().where(submissions.c.id == number).values(version=9),
        "版本应为 4，实为 9",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", _CHANGES)
def test_what_was_changed_past_the_log_is_named(
    database: Database, line: dict[str, Any], change: str
) -> None:
    number = _worked_on(database, line)
    made, why = _CHANGES[change]
    with database.write() as connection:
        statement = made(number)
        if statement is None:
            content = connection.scalar(sa.select(kept.c.content).where(kept.c.submission_id == number))
            statement = (
                kept.update()
                .where(kept.c.submission_id == number)
                .values(content={**content, "email": "x@example.cn"})
            )
        connection.execute(statement)
    assert _departures(database) == [f"编号 {number}：{why}"]


def test_a_submission_that_is_missing_and_one_too_much_are_named(
    database: Database, line: dict[str, Any]
) -> None:
    number = _worked_on(database, line)
    with database.write() as connection:
        row = dict(connection.execute(submissions.select().where(submissions.c.id == number)).one()._mapping)
        connection.execute(
            submissions.insert().values(
                {**row, "id": number + 7, "application": 5, "received_at": NOW + timedelta(days=1)}
            )
        )
        search.forget(connection, number + 1)
        connection.execute(submissions.delete().where(submissions.c.id == number + 1))
    told = _departures(database)
    assert f"编号 {number + 1}：日志中有这份申请，数据库中没有" in told
    assert f"编号 {number + 7}：数据库中有这份申请，日志中没有" in told
