"""Backing up and taking back, from each database into each."""

import gzip
import hashlib
import io
import json
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.errors import BackupUnusable, BadUsage
from service.blobs import FolderBlobs
from service.store import audit, belongings, campaigns, search, twins
from service.store.database import Database
from service.store.tables import audit_log, metadata, submissions, uploads, users, workers
from service.store.versions import Editor
from service.terminal import to_stderr
from service.upkeep.backup import TRANSIENT, Made, back_up
from service.upkeep.restore import Restored, restore
from tests.service import kept
from tests.service.databases import postgresql, sqlite
from tests.service.kept import NOW

Open = Callable[[str], Database]
BOTH = [("sqlite", "sqlite"), ("sqlite", "postgresql"), ("postgresql", "sqlite")]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens an empty database of a kind."""
    with ExitStack() as stack:
        made: list[Path] = []

        def opened(kind: str) -> Database:
            made.append(tmp_path / f"database-{len(made)}")
            return stack.enter_context(sqlite(made[-1]) if kind == "sqlite" else postgresql())

        yield opened


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


def _fill(database: Database, blobs: FolderBlobs) -> None:
    """One accepted, two under review that came together, of which one may be the same, one being read, one
    that waits; and somebody who may sign in."""
    with database.write() as connection:
        connection.execute(
            users.insert().values(
                name="li", full_name="李四", role="reviewer", active=True, created_at=NOW, failures=0
            )
        )
        connection.execute(workers.insert().values(name="w1", host="h", pid=1, started_at=NOW, seen_at=NOW))
    first, submission = kept.upload(database, blobs, b"first", b"shared")
    kept.read(database, first)
    kept.decide(database, submission, "accept")
    second, _ = kept.upload(database, blobs, b"second", b"shared")
    again, _ = kept.read(database, second, 2)
    kept.make_same(database, again, submission)
    third, _ = kept.upload(database, blobs, b"third" * 100_000)
    with database.write() as connection:
        assert kept.begin_reading(connection, third, NOW)
    kept.upload(database, blobs, b"fourth")
    with database.write() as connection:
        number = connection.scalar(sa.select(sa.func.min(submissions.c.id)))
        ruled = {"organiser": "武汉市教育局", "may_apply": None}
        by = Editor("user:1", NOW)
        campaigns.rule(connection, "call", int(number or 0), 0, ruled, "来电说明", by)
        campaigns.announce(connection, "call", 0, "省.xlsx", [(2, "甲单位", "甲试点")], by)
        belongings.place(connection, int(number or 0), 0, "call", by)


def _back_up(database: Database, blobs: FolderBlobs, path: Path) -> Made:
    return back_up(database, blobs, path, NOW, to_stderr())


def _restore(
    database: Database, blobs: FolderBlobs, path: Path, queued: list[int] | None = None, empty: bool = False
) -> Restored:
    def enqueue(connection: sa.Connection, upload: int) -> None:
        if queued is not None:
            queued.append(upload)

    return restore(database, blobs, path, enqueue, NOW, to_stderr(), empty=empty)


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_what_was_backed_up_comes_back_into_either_database(
    opened: Open, blobs: FolderBlobs, tmp_path: Path, source: str, target: str
) -> None:
    old, new, path = opened(source), opened(target), tmp_path / "backup.tar"
    _fill(old, blobs)
    made = _back_up(old, blobs, path)
    assert (made.blobs, made.lost, made.broken) == (5, [], [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    queued: list[int] = []
    others = FolderBlobs(tmp_path / "others")
    came = _restore(new, others, path, queued)
    assert (came.rows, came.blobs, came.lost, came.broken, came.head) == (made.rows, 5, [], [], made.head)
    assert queued == [3, 4]
    assert sorted(others.digests()) == sorted(blobs.digests())
    # What follows from the queue and the log differs; every other row is the same on both.
    later = {"submissions", "uploads", "audit_log", "audit_values", "counters", "workers"}
    same = [table for table in metadata.sorted_tables if table.name not in later]
    assert kept.everything(new, same) == kept.everything(old, same)
    with new.read() as connection:
        assert twins.unsettled(connection) == {1: [2], 2: [1]}
    before, after = (kept.everything(one, [audit_log])["audit_log"] for one in (old, new))
    assert after[:-1] == before
    with new.read() as connection:
        assert audit.verify(connection, head=made.head)[2] == []
        assert connection.scalars(sa.select(uploads.c.state).order_by(uploads.c.id)).all() == [
            "done",
            "done",
            "received",
            "received",
        ]
        wanted = search.matches(connection, "corrected@example")
        assert wanted is not None
        assert list(connection.scalars(wanted)) == [1]
        assert connection.scalar(sa.select(sa.func.count()).select_from(workers)) == 0
    assert kept.upload(new, others, b"fifth") == (5, 6), "it goes on numbering"


def test_a_database_that_holds_something_is_emptied_only_when_told_so(
    opened: Open, blobs: FolderBlobs, tmp_path: Path
) -> None:
    old, path = opened("sqlite"), tmp_path / "backup.tar"
    _fill(old, blobs)
    with old.write() as connection:
        connection.execute(workers.delete())
    _back_up(old, blobs, path)
    later, _ = kept.upload(old, blobs, b"later")
    with pytest.raises(BadUsage, match="--force-empty"):
        _restore(old, blobs, path)
    assert _restore(old, blobs, path, empty=True).blobs == 5
    with old.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(uploads.c.id == later)) == 0
    assert len(list(blobs.digests())) == 5


def test_nothing_is_taken_back_under_a_living_worker(
    opened: Open, blobs: FolderBlobs, tmp_path: Path
) -> None:
    old, path = opened("sqlite"), tmp_path / "backup.tar"
    _fill(old, blobs)
    _back_up(old, blobs, path)
    with pytest.raises(BadUsage, match="停止服务"):
        _restore(old, blobs, path, empty=True)


def test_a_blob_that_is_damaged_or_gone_is_told_and_costs_itself_alone(
    opened: Open, blobs: FolderBlobs, tmp_path: Path
) -> None:
    old, path = opened("sqlite"), tmp_path / "backup.tar"
    _fill(old, blobs)
    damaged, gone = sorted(blobs.digests())[:2]
    (blobs.folder / damaged[:2] / damaged).write_bytes(b"rotten")
    blobs.delete(gone)
    assert sorted(_back_up(old, blobs, path).lost) == [damaged, gone]
    came = _restore(opened("sqlite"), FolderBlobs(tmp_path / "others"), path)
    assert (came.blobs, came.lost) == (3, [damaged, gone])


def _changed(path: Path, name: str, change: Callable[[bytes], bytes | None]) -> Path:
    """A copy of the backup in which one member is another, or missing."""
    copy = path.with_name("changed.tar")
    with tarfile.open(path) as source, tarfile.open(copy, "w") as target:
        for member in source:
            content: bytes | None = source.extractfile(member).read()  # type: ignore[union-attr]
            if member.name.startswith(name):
                assert content is not None
                content = change(content)
            if content is not None:
                member.size = len(content)
                target.addfile(member, io.BytesIO(content))
    return copy


def _not_this_head(content: bytes) -> bytes:
    manifest = json.loads(content)
    manifest["audit"]["head"] = "0" * 64
    return json.dumps(manifest).encode()


def _newer(content: bytes) -> bytes:
    return json.dumps({**json.loads(content), "schema": "9999"}).encode()


# Rows that no program of ours wrote.
_MALFORMED = (b"[]", b"7", b'{"id": {}}', b'{"no": "column"}', b'{"id": 1, "name": null}', b"[" * 9000)


def _with_row(row: bytes) -> Callable[[bytes], bytes]:
    return lambda content: gzip.compress(gzip.decompress(content) + row + b"\n")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("blobs/", lambda content: content + b"x"),
        ("blobs/", lambda content: None),
        ("tables/uploads", lambda content: content[: len(content) // 2]),
        ("tables/users", lambda content: None),
        ("end.json", lambda content: None),
        ("manifest.json", _not_this_head),
        ("manifest.json", _newer),
        ("manifest.json", lambda content: b"[]"),
        *[("tables/users", change) for change in (*map(_with_row, _MALFORMED),)],
    ],
)
def test_a_backup_that_was_changed_leaves_everything_as_it_was(
    opened: Open, blobs: FolderBlobs, tmp_path: Path, name: str, change: Callable[[bytes], bytes | None]
) -> None:
    old, new, others = opened("sqlite"), opened("sqlite"), FolderBlobs(tmp_path / "others")
    kept.upload(old, blobs, b"first")
    _back_up(old, blobs, tmp_path / "backup.tar")
    _refused(new, others, _changed(tmp_path / "backup.tar", name, change))


_ODD = (None, -1, 10**30, 1.5, "", "x", "\ud800", [], [[]], {}, {"a": []}, True, {"base64": "!"})


def _columns() -> list[tuple[str, str]]:
    return [
        (table.name, column.name)
        for table in metadata.sorted_tables
        if table.name not in TRANSIENT
        for column in table.columns
    ]


@pytest.mark.parametrize("table", sorted({name for name, _ in _columns()}))
def test_a_row_with_anything_in_any_column_comes_back_or_is_refused_in_words(
    opened: Open, blobs: FolderBlobs, tmp_path: Path, table: str
) -> None:
    old = opened("sqlite")
    _fill(old, blobs)
    _back_up(old, blobs, tmp_path / "backup.tar")
    new, others = opened("sqlite"), FolderBlobs(tmp_path / "others")
    for number, (_, column) in enumerate(one for one in _columns() if one[0] == table):
        path = _made_to_fit(tmp_path / "backup.tar", table, column, _ODD[number % len(_ODD)])
        try:
            _restore(new, others, path)
        except BackupUnusable:
            # It is as empty as before, and fit for the next.
            _nothing_came(new, others)
        else:
            new, others = opened("sqlite"), FolderBlobs(tmp_path / f"others-{number}")


def _made_to_fit(path: Path, table: str, column: str, odd: object) -> Path:
    """A copy of the backup with another value in the last row of a table, its digest made anew."""
    with tarfile.open(path) as tar:
        packed = tar.extractfile(f"tables/{table}.jsonl.gz")
        assert packed is not None
        lines = gzip.decompress(packed.read()).splitlines()
    row = json.loads(lines.pop()) if lines else {}
    lines.append(json.dumps({**row, column: odd}).encode())
    content = b"".join(line + b"\n" for line in lines)

    def manifest(said: bytes) -> bytes:
        known = json.loads(said)
        known["tables"][table] = {"rows": len(lines), "sha256": hashlib.sha256(content).hexdigest()}
        return json.dumps(known).encode()

    changed = _changed(path, f"tables/{table}.jsonl", lambda _: gzip.compress(content))
    return _changed(changed.rename(path.with_name("once.tar")), "manifest.json", manifest)


KEY, OTHER = b"k" * 32, b"o" * 32


def test_a_signed_backup_comes_back_with_its_key_alone(
    opened: Open, blobs: FolderBlobs, tmp_path: Path
) -> None:
    old, path = opened("sqlite"), tmp_path / "backup.tar"
    kept.upload(old, blobs, b"first")
    back_up(old, blobs, path, NOW, to_stderr(), key=KEY)
    _refused(opened("sqlite"), FolderBlobs(tmp_path / "others"), path, OTHER)
    again = FolderBlobs(tmp_path / "again")
    assert restore(opened("sqlite"), again, path, lambda *_: None, NOW, to_stderr(), key=KEY).blobs == 1
    assert _restore(opened("sqlite"), FolderBlobs(tmp_path / "more"), path).blobs == 1, (
        "without a key nothing is asked for"
    )


def test_a_backup_without_a_signature_is_not_taken_for_a_signed_one(
    opened: Open, blobs: FolderBlobs, tmp_path: Path
) -> None:
    old, path = opened("sqlite"), tmp_path / "backup.tar"
    kept.upload(old, blobs, b"first")
    _back_up(old, blobs, path)
    _refused(opened("sqlite"), FolderBlobs(tmp_path / "others"), path, KEY)


def _later(content: bytes) -> bytes:
    """A manifest that says something else, its signature left as it was."""
    return json.dumps({**json.loads(content), "made_at": "2026-12-31T00:00:00+00:00"}).encode()


def _all_lost(content: bytes) -> bytes:
    return json.dumps({**json.loads(content), "lost": [hashlib.sha256(b"first").hexdigest()]}).encode()


@pytest.mark.parametrize(("name", "change"), [("manifest.json", _later), ("end.json", _all_lost)])
def test_a_signed_backup_that_was_made_to_fit_is_refused(
    opened: Open, blobs: FolderBlobs, tmp_path: Path, name: str, change: Callable[[bytes], bytes]
) -> None:
    old, path = opened("sqlite"), tmp_path / "backup.tar"
    kept.upload(old, blobs, b"first")
    back_up(old, blobs, path, NOW, to_stderr(), key=KEY)
    _refused(opened("sqlite"), FolderBlobs(tmp_path / "others"), _changed(path, name, change), KEY)


def _refused(database: Database, blobs: FolderBlobs, path: Path, key: bytes | None = None) -> None:
    with pytest.raises(BackupUnusable):
        restore(database, blobs, path, lambda *_: None, NOW, to_stderr(), key=key)
    _nothing_came(database, blobs)


def _nothing_came(database: Database, blobs: FolderBlobs) -> None:
    assert list(blobs.digests()) == []
    held = kept.everything(database, metadata.sorted_tables)
    assert [name for name, rows in held.items() if rows and name != "counters"] == []


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_backup_that_was_cut_off_leaves_everything_as_it_was(
    opened: Open, blobs: FolderBlobs, tmp_path: Path, share: float
) -> None:
    path = tmp_path / "backup.tar"
    old = opened("sqlite")
    kept.upload(old, blobs, b"first" * 20_000)
    _back_up(old, blobs, path)
    whole = path.read_bytes().rstrip(b"\0")
    path.write_bytes(whole[: int(len(whole) * share)])
    _refused(opened("sqlite"), FolderBlobs(tmp_path / "others"), path)


def test_a_backup_that_fails_leaves_the_last_one(
    opened: Open, blobs: FolderBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, path = opened("sqlite"), tmp_path / "out/backup.tar"
    kept.upload(old, blobs, b"first")
    _back_up(old, blobs, path)
    before = path.read_bytes()

    def full(_: object) -> Iterator[bytes]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs, "chunks", full)
    with pytest.raises(OSError, match="No space"):
        _back_up(old, blobs, path)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["backup.tar"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_is_of_one_moment(opened: Open, blobs: FolderBlobs, tmp_path: Path, kind: str) -> None:
    """What is written while it runs is in none of its tables."""
    old, new, path = opened(kind), opened("sqlite"), tmp_path / "backup.tar"
    kept.upload(old, blobs, b"first")
    with old.snapshot() as connection:
        seen = connection.scalar(sa.select(sa.func.count()).select_from(submissions))
        kept.upload(old, blobs, b"second")
        assert connection.scalar(sa.select(sa.func.count()).select_from(submissions)) == seen == 1
    _back_up(old, blobs, path)
    assert _restore(new, blobs, path).waiting == 2


def test_every_table_is_in_a_backup_or_named_as_left_out(
    opened: Open, blobs: FolderBlobs, tmp_path: Path
) -> None:
    _back_up(opened("sqlite"), blobs, tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar") as tar:
        held = {
            name.removeprefix("tables/").removesuffix(".jsonl.gz")
            for name in tar.getnames()
            if name.startswith("tables/")
        }
    assert held == set(metadata.tables) - TRANSIENT
