"""What persons decide on submissions for a campaign: versions, the log, purge, on both databases."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.errors import Conflict, NotFound, Stale
from service.blobs import FolderBlobs
from service.store import audit, belongings, campaigns, replay
from service.store.database import Database
from service.store.tables import announcements, audit_values, rulings
from service.store.tables import belongings as belongings_table
from service.upkeep.purge import Kept, purge
from tests.service.kept import FORMS
from tests.service.submissions import NOW, REVIEWER, move, store

FORM = FORMS["pilot-application"]
CONTENT = {"organiser": "武汉市教育局", "recommendation": "own"}


def _rule(
    database: Database, submission: int, expected: int = 0, campaign: str = "one", **content: Any
) -> int:
    with database.write() as connection:
        return campaigns.rule(
            connection, campaign, submission, expected, content or CONTENT, "来电说明", REVIEWER
        )


def _departures(database: Database) -> list[str]:
    with database.read() as connection:
        return [str(one) for one in replay.departures(connection)]


def _rows(database: Database, after: int = 0, campaign: str = "one", form: str = FORM.name) -> list[Any]:
    with database.read() as connection:
        return list(campaigns.changed(connection, form, campaign, after))


def test_a_ruling_stands_beside_its_submission_and_only_for_its_campaign(database: Database) -> None:
    submission = store(database, FORM)
    assert _rule(database, submission) == 1
    assert _rule(database, submission, campaign="two", organiser="别的") == 1
    (mine,), (other,) = _rows(database), _rows(database, campaign="two")
    assert (mine.ruling, mine.reason, mine.ruling_version) == (CONTENT, "来电说明", 1)
    assert other.ruling == {"organiser": "别的"}
    assert mine.content
    assert _rows(database, form="enterprise-filing")[0].content is None


def test_who_follows_the_changes_sees_a_ruling_as_one(database: Database) -> None:
    submission = store(database, FORM)
    seen = _rows(database)[-1].changed
    assert _rows(database, seen) == []
    _rule(database, submission)
    assert [row.id for row in _rows(database, seen)] == [submission]


def test_a_ruling_on_what_somebody_else_has_ruled_on_meanwhile_is_refused(database: Database) -> None:
    submission = store(database, FORM)
    _rule(database, submission)
    with pytest.raises(Stale, match="第 1 版"):
        _rule(database, submission, 0)
    assert _rule(database, submission, 1, organiser="武汉市商务局") == 2
    with pytest.raises(NotFound):
        _rule(database, 99)


def test_the_log_holds_every_ruling_and_verify_finds_one_that_was_changed(database: Database) -> None:
    submission = store(database, FORM)
    _rule(database, submission)
    _rule(database, submission, 1, organiser="武汉市商务局")
    assert _departures(database) == []
    with database.read() as connection:
        assert audit.verify(connection)[2] == []
    with database.write() as connection:
        connection.execute(rulings.update().values(content={"organiser": "武汉市教育局"}))
    assert _departures(database) == [f"编号 {submission}：活动中的人工意见与日志不一致"]
    with database.write() as connection:
        connection.execute(rulings.delete())
    assert _departures(database) == [f"编号 {submission}：活动中的人工意见与日志不一致"]


def test_a_purge_erases_what_was_ruled_and_why(database: Database, tmp_path: Path) -> None:
    submission = store(database, FORM)
    _rule(database, submission)
    move(database, submission, "accept")
    kept = Kept(FolderBlobs(tmp_path / "blobs"), lambda digests: None)
    later = NOW + timedelta(days=900)
    assert purge(database, kept, later, ["accepted"], "cli", later).submissions == 1
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(rulings)) == 0
        assert connection.scalar(sa.select(sa.func.count()).where(audit_values.c.value.like("%来电%"))) == 0
    assert _departures(database) == []
    with pytest.raises(Conflict):
        _rule(database, submission)


def test_which_campaign_a_submission_is_for_is_said_once_and_logged(
    database: Database, tmp_path: Path
) -> None:
    submission, other = store(database, FORM), store(database, FORM, 2)

    def place(expected: int, campaign: str | None) -> int:
        with database.write() as connection:
            return belongings.place(connection, submission, expected, campaign, REVIEWER)

    def waiting(*sure: str) -> list[int]:
        with database.read() as connection:
            return [row.id for row in belongings.unplaced(connection, sure)]

    assert (waiting(), waiting(FORM.name)) == ([submission, other], [])
    seen = _rows(database)[-1].changed
    assert place(0, "one") == 1
    with pytest.raises(Stale):
        place(0, "two")
    assert [(row.id, row.placed, row.placing) for row in _rows(database, seen)] == [(submission, "one", 1)]
    assert place(1, None) == 2
    assert waiting() == [other]
    assert _departures(database) == []
    with database.write() as connection:
        connection.execute(belongings_table.update().values(campaign="two"))
    assert _departures(database) == [f"编号 {submission}：归入的活动与日志不一致"]
    with database.write() as connection:
        connection.execute(belongings_table.update().values(campaign=None))
    move(database, submission, "accept")
    later = NOW + timedelta(days=900)
    kept = Kept(FolderBlobs(tmp_path / "blobs"), lambda digests: None)
    assert purge(database, kept, later, ["accepted"], "cli", later).submissions == 1
    with database.read() as connection:
        assert list(belongings.placed(connection)) == []
    assert _departures(database) == []


ROWS = [(2, "甲公司", "甲试点"), (3, "乙公司", "乙试点"), (4, "乙公司", "乙试点")]


def _announce(database: Database, expected: int, rows: list[tuple[int, str, str]], name: str = "one") -> int:
    with database.write() as connection:
        return campaigns.announce(connection, name, expected, "省.xlsx", rows, REVIEWER)


def _match(database: Database, expected: int, row: int, said: Any) -> int:
    with database.write() as connection:
        return campaigns.match(connection, "one", expected, row, said, REVIEWER)


def _content(database: Database, name: str = "one") -> Any:
    with database.read() as connection:
        kept = campaigns.announcement(connection, name)
    return kept and kept.content


def test_an_announced_list_has_versions_and_keeps_what_was_said_of_the_same_names(database: Database) -> None:
    assert _announce(database, 0, ROWS) == 1
    with pytest.raises(Stale, match="第 1 版"):
        _announce(database, 0, ROWS)
    assert _match(database, 1, 2, 17) == 2
    assert _match(database, 2, 3, None) == 3
    with pytest.raises(Stale, match="第 3 版"):
        _match(database, 2, 2, 18)
    with pytest.raises(NotFound):
        _match(database, 3, 9, 18)
    # A corrected list, with a line more above: what was said of names that stand once moves with them.
    again = [(3, "丙公司", "丙试点"), (4, "甲公司", "甲试点"), (5, "乙公司", "乙试点")]
    assert _announce(database, 3, again) == 4
    assert _content(database)["settled"] == {"4": 17}
    assert _match(database, 4, 4, campaigns.ASKED) == 5
    assert _content(database)["settled"] == {}
    assert _content(database, "two") is None
    with database.write() as connection, pytest.raises(Conflict):
        campaigns.match(connection, "two", 0, 2, 17, REVIEWER)


def test_the_log_holds_the_announced_list_and_every_answer_to_it(database: Database) -> None:
    _announce(database, 0, ROWS)
    _match(database, 1, 2, 17)
    _match(database, 2, 3, None)
    _match(database, 3, 3, campaigns.ASKED)
    assert _departures(database) == []
    with database.read() as connection:
        assert audit.verify(connection)[2] == []
    with database.write() as connection:
        content = {**_content(database), "settled": {"2": 18}}
        connection.execute(announcements.update().values(content=content))
    assert _departures(database) == ["活动 one：上级名单或它的对应与日志不一致"]
    with database.write() as connection:
        connection.execute(announcements.delete())
    assert _departures(database) == ["活动 one：上级名单或它的对应与日志不一致"]
