"""What a purge erases, and what it must leave."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.errors import Conflict
from service import picture_shelf
from service.blobs import FolderBlobs
from service.settings import Settings
from service.store import audit, records, replay, twins
from service.store.database import Database
from service.store.tables import (
    audit_log,
    deliveries,
    idempotency,
    kinships,
    metadata,
    results,
    submissions,
    traits,
    upload_files,
    versions,
    webhooks,
)
from service.store.versions import Editor
from service.upkeep.purge import FINAL, Kept, Purged, foresee, purge
from tests.service import kept
from tests.service.databases import postgresql, sqlite
from tests.service.kept import NOW
from tests.service.web.serving import served

YEARS_AGO = NOW - timedelta(days=800)
LIMIT = NOW - timedelta(days=365)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with sqlite(tmp_path) if request.param == "sqlite" else postgresql() as opened:
        yield opened


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


def _old(database: Database, blobs: FolderBlobs, *contents: bytes, count: int = 1) -> list[int]:
    """Accepted years ago."""
    number, _ = kept.upload(database, blobs, *contents, at=YEARS_AGO)
    made = kept.read(database, number, count, YEARS_AGO)
    for submission in made:
        kept.decide(database, submission, "accept", at=YEARS_AGO)
    return made


def _purge(database: Database, blobs: FolderBlobs) -> Purged:
    settings = Settings(data=blobs.folder.parent)
    return purge(database, Kept(blobs, partial(picture_shelf.forget, settings)), LIMIT, FINAL, "cli", NOW)


def _held(database: Database, folder: Path) -> str:
    """All that is kept, as text: every row of every table and, on SQLite, the bytes of its files."""
    rows = "\n".join(map(str, kept.everything(database, metadata.sorted_tables).values()))
    with database.read() as connection:
        if not database.is_sqlite:
            return rows + str(connection.execute(sa.text("SELECT * FROM search")).all())
    return rows + "".join(
        path.read_bytes().decode("utf-8", "replace") for path in folder.glob("sealform.db*")
    )


def _personal() -> list[str]:
    values = kept.line()["fields"]
    return [values[name]["value"] for name in ("leader", "phone", "email", "organization")] + [
        "王小明", "wang@example.cn", "corrected@example.cn", "李四",
    ]  # fmt: skip


def test_a_purge_erases_contents_and_leaves_the_decision(
    database: Database, blobs: FolderBlobs, tmp_path: Path
) -> None:
    (submission,) = _old(database, blobs, b"first")
    before = _held(database, tmp_path)
    assert [text for text in _personal() if text not in before] == []
    assert foresee(database, LIMIT, FINAL) == Purged(1, 1, 5)
    assert _purge(database, blobs) == Purged(1, 1, 5)
    after = _held(database, tmp_path)
    assert [text for text in _personal() if text in after] == []
    assert list(blobs.digests()) == []
    with database.read() as connection:
        row = connection.execute(submissions.select()).one()
        assert (row.status, row.unit, row.purged_at) == ("accepted", None, NOW)
        history = connection.execute(versions.select().order_by(versions.c.version)).all()
        assert [one.action for one in history] == ["read", "correct", "accept", "purge"]
        assert [one for one in history if one.changes or one.reason] == []
        assert (
            connection.scalar(sa.select(audit_log.c.action).order_by(audit_log.c.seq.desc()).limit(1))
            == "purge"
        )
        assert audit.verify(connection)[2] == []
        assert list(replay.departures(connection)) == []
    assert _purge(database, blobs) == Purged()
    with pytest.raises(Conflict, match="清除"), database.write() as connection:
        records.decide(connection, submission, row.version, "reopen", Editor("user:1", NOW))


def test_what_is_young_or_undecided_stays(database: Database, blobs: FolderBlobs) -> None:
    number, young = kept.upload(database, blobs, b"young")
    kept.read(database, number)
    kept.decide(database, young, "accept")
    number, undecided = kept.upload(database, blobs, b"undecided", at=YEARS_AGO)
    kept.read(database, number, at=YEARS_AGO)
    kept.decide(database, undecided, at=YEARS_AGO)
    before = kept.everything(database, metadata.sorted_tables)
    assert _purge(database, blobs) == foresee(database, LIMIT, FINAL) == Purged()
    assert kept.everything(database, metadata.sorted_tables) == before
    assert len(list(blobs.digests())) == 2


def test_bytes_that_a_living_submission_shares_stay(database: Database, blobs: FolderBlobs) -> None:
    _old(database, blobs, b"shared", b"own")
    kept.upload(database, blobs, b"shared")
    assert _purge(database, blobs) == Purged(1, 1, 3)
    with database.read() as connection:
        (left,) = connection.scalars(sa.select(upload_files.c.sha256))
    assert blobs.read(left) == b"shared"


def test_an_upload_keeps_its_files_until_its_last_submission_goes(
    database: Database, blobs: FolderBlobs
) -> None:
    first, second = _old(database, blobs, b"both", count=2)
    with database.write() as connection:
        version = connection.scalar(sa.select(submissions.c.version).where(submissions.c.id == second)) or 0
        version = records.decide(connection, second, version, "reopen", Editor("user:1", NOW))
    assert _purge(database, blobs) == Purged(1, 0, 0)
    assert len(list(blobs.digests())) == 1
    with database.write() as connection:
        records.decide(connection, second, version, "reject", Editor("user:1", YEARS_AGO))
    assert _purge(database, blobs) == Purged(1, 1, 4)
    assert first != second


def test_by_what_an_erased_one_was_known_goes_and_nobody_is_held_to_be_the_same(
    database: Database, blobs: FolderBlobs
) -> None:
    (old,) = _old(database, blobs, b"old")
    number, again = kept.upload(database, blobs, b"new")
    kept.read(database, number)
    kept.make_same(database, again, old)
    with database.read() as connection:
        assert twins.unsettled(connection) == {old: [again], again: [old]}
    _purge(database, blobs)
    with database.read() as connection:
        assert set(connection.scalars(sa.select(traits.c.submission_id))) == {again}
        assert connection.execute(kinships.select()).all() == []
    kept.decide(database, again, "accept")


def test_answers_and_notices_that_repeat_contents_go_too(database: Database, blobs: FolderBlobs) -> None:
    with database.write() as connection:
        connection.execute(
            idempotency.insert().values(
                actor="user:1", key="k", digest="d", answer={"name": "王"}, created_at=YEARS_AGO
            )
        )
        hook = {
            "url": "https://a",
            "events": [],
            "secret": "s",
            "active": True,
            "created_by": "user:1",
            "created_at": NOW,
        }
        connection.execute(webhooks.insert().values(id=1, **hook))
        for number, waits in ((1, None), (2, NOW)):
            row = {
                "id": number,
                "webhook_id": 1,
                "event": "submission",
                "body": {},
                "created_at": YEARS_AGO,
                "next_at": waits,
            }
            connection.execute(deliveries.insert().values(attempts=1, **row))
    _purge(database, blobs)
    left = kept.everything(database, [idempotency, deliveries])
    assert left["idempotency"] == []
    assert [row[0] for row in left["deliveries"]] == [2]


def test_many_are_purged_batch_by_batch(
    database: Database, blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.upkeep.purge._AT_ONCE", 2)
    for number in range(5):
        _old(database, blobs, f"{number}".encode())
    assert _purge(database, blobs) == Purged(5, 5, 5)


def test_a_kill_between_bytes_and_commit_is_made_good_by_the_next_run(
    database: Database, blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    _old(database, blobs, b"first", b"other")
    really, gone = blobs.delete, []

    def once(digest: str) -> None:
        really(digest)
        gone.append(digest)
        if len(gone) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(blobs, "delete", once)
    with pytest.raises(KeyboardInterrupt):
        _purge(database, blobs)
    assert _purge(database, blobs).submissions == 1
    assert list(blobs.digests()) == []


def test_an_upload_of_bytes_that_a_purge_removes_meanwhile_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path) as service:
        clerk, kept_bytes = service.signed_in("clerk"), service.context.blobs
        really = kept_bytes.put

        def put(*arguments: Any, **more: Any) -> Any:
            made = really(*arguments, **more)
            kept_bytes.delete(made.sha256)
            return made

        monkeypatch.setattr(kept_bytes, "put", put)
        assert clerk.post("/api/v1/uploads", files={"files": ("a.docx", b"same")}).status_code == 409
        assert clerk.get("/api/v1/submissions").json()["items"] == []


def test_what_was_purged_is_still_shown_as_what_it_was(tmp_path: Path) -> None:
    with served(tmp_path) as service:
        (submission,) = _old(service.context.database, service.context.blobs, b"first")
        _purge(service.context.database, service.context.blobs)
        clerk = service.signed_in("clerk")
        assert [one["status"] for one in clerk.get("/api/v1/submissions").json()["items"]] == ["accepted"]
        for path in ("", "/history", "/letter"):
            assert clerk.get(f"/api/v1/submissions/{submission}{path}").status_code == 200, path


def test_what_was_made_of_a_part_to_look_at_goes_with_it(
    database: Database, blobs: FolderBlobs, tmp_path: Path
) -> None:
    (submission,) = _old(database, blobs, b"old")
    with database.read() as connection:
        line = connection.scalar(sa.select(results.c.line).where(results.c.submission_id == submission))
    (digest,) = {part["sha256"] for part in line["parts"]}
    place = picture_shelf.place_of(tmp_path / "cache", digest)
    place.mkdir(parents=True)
    (place / "page.webp").write_bytes(b"a page")
    _purge(database, blobs)
    assert not place.exists()
