"""Values sealed in the database: nothing planted is found in it, whatever works without works with, and an
existing database is switched on and back while it is in use."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.errors import KeyMissing, SealBroken
from service import sealing
from service.blobs import FolderBlobs
from service.sealing import Keys
from service.store import (
    audit,
    belongings,
    campaigns,
    listing,
    notices,
    replay,
    search,
    twins,
)  # fmt: skip
from service.store.database import Database
from service.store.groupings import Group, Piece, keep, keep_readings
from service.store.listing import Filter
from service.store.sealed import Sealed, Values, seal_with
from service.store.tables import metadata, records, submissions, uploads, webhooks
from service.store.versions import Editor
from service.terminal import to_stderr
from service.upkeep.backup import back_up
from service.upkeep.rehearse import rehearse
from service.upkeep.reseal import Resealed, reseal
from service.upkeep.restore import restore
from tests.service import kept
from tests.service.databases import postgresql, sqlite
from tests.service.kept import NOW

OLD, NEW = (base64.b64decode(sealing.new_key()) for _ in range(2))
BY = Editor("user:1", NOW)

# What no column may hold: values, evidence, names of files and people that apply, mail, reasons, secrets.
PLANTED = [
    "王小明", "李四", "corrected@example", "wang@example.cn", "武汉市教育局", "甲单位", "乙处公章", "丙小组",
    "丁的读数", "戊密码", "己.docx", "庚说明",
]  # fmt: skip

# Columns that may hold a text and are not sealed, and why that tells nothing of an application.
PLAIN = {
    "users": "staff", "invitations": "digests", "sessions": "digests, browsers of staff",
    "second_factors": "sealed by itself", "recovery_codes": "digests", "tokens": "digests, names by staff",
    "login_attempts": "addresses", "forms": "what forms ask for", "identities": "staff, by the provider",
    "errands": "sign-ins under way", "presets": "which columns to export", "workers": "machines",
    "audit_log": "who did what to which number, and salted digests whose salts are sealed",
    "counters": "numbers", "deliveries": "numbers and states of submissions", "doubts": "names of fields",
    "kinships": "numbers", "belongings": "names of campaigns", "proof_draws": "days",
    "proof_counts": "counts", "proof_rules": "what the reader must be sure of", "proof_focus": "seconds",
    "proof_lessons": "figures of the reader", "proof_alias_runs": "times",
    "proof_aliases": "labels that forms print, which a person must agree to",
    "uploads": "who, when, how", "upload_files": "digests, which a settings page tells of",
    "idempotency": "keys that systems chose", "submissions": "states, forms and their numbers",
    "results": "when and by which worker", "versions": "who and when", "traits": "kinds of traits",
    "rulings": "campaigns and who", "announcements": "campaigns and who",
    "notices": "numbers, days and states", "audit_values": "names of fields", "webhooks": "addresses",
    "proof_samples": "names of fields", "proof_answers": "who and when",
    "groupings": "forms", "regroupings": "numbers and who", "readings": "digests", "moved_pieces": "numbers",
}  # fmt: skip


def _values(*keys: bytes, on: bool = True) -> Values:
    return Values(Keys(lambda: keys), on=on)


@contextmanager
def _opened(kind: str, folder: Path, values: Values) -> Iterator[Database]:
    with sqlite(folder, values) if kind == "sqlite" else postgresql(values) as one:
        yield one


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _fill(database: Database, folder: Path) -> tuple[int, int]:
    """Two submissions, with something planted wherever somebody's words may come to lie."""
    blobs = FolderBlobs(folder)
    first, one = kept.upload(database, blobs, b"first")
    kept.read(database, first)
    kept.decide(database, one, "return")
    second, other = kept.upload(database, blobs, b"second")
    kept.read(database, second)
    asked = [{"text": "请补乙处公章", "remedy": "盖章", "field": None, "code": None}]
    with database.write() as connection:
        unit = connection.scalar(sa.select(submissions.c.unit).where(submissions.c.id == one)) or ""
        notice = notices.Asking(
            one, unit, "K7", asked, {"organization": unit}, "补〔{年}〕{序号}", 2026, 10, NOW.date(), NOW
        )
        notices.issue(connection, notice, BY)
        ruled = {"organiser": "武汉市教育局", "may_apply": None}
        campaigns.rule(connection, "call", one, 0, ruled, "庚说明", BY)
        campaigns.announce(connection, "call", 0, "省.xlsx", [(2, "甲单位", "丙小组")], BY)
        belongings.place(connection, one, 0, "call", BY)
        keep(connection, other, Group(other, (Piece("己.docx", 1),), None))
        keep_readings(connection, second, {"a": "丁的读数".encode() * 9})
        hook = {"url": "https://example.cn", "events": [], "secret": "戊密码", "active": True}
        connection.execute(webhooks.insert().values(created_by="user:1", created_at=NOW, **hook))
        progress = {"part": "己.docx", "done": 1, "total": 2}
        connection.execute(uploads.update().where(uploads.c.id == second).values(progress=progress))
    return one, other


def _raw(database: Database) -> str:
    """All that the database holds, as it holds it: every table that there is, and the file of SQLite."""
    held = []
    with database.read() as connection:
        inspector = sa.inspect(connection)
        for schema in inspector.get_schema_names():
            for name in [] if schema == "pg_catalog" else inspector.get_table_names(schema):
                quoted = f'"{schema}"."{name}"'
                held += [repr(tuple(row)) for row in connection.exec_driver_sql(f"SELECT * FROM {quoted}")]
        if database.is_sqlite:
            connection.exec_driver_sql("SELECT 1").close()
    if database.is_sqlite:
        folder = Path(str(database.url.database)).parent
        held += [path.read_bytes().decode("utf-8", "ignore") for path in folder.glob("sealform.db*")]
    every = "\n".join(held)
    # JSON may write characters by their numbers.
    return every + re.sub(r"\\u([0-9a-f]{4})", lambda told: chr(int(told[1], 16)), every)


def _found(text: str) -> list[str]:
    """What was planted and stands there, as text or as bytes."""
    return [
        name
        for name in PLANTED
        if any(word in text for word in (name, name.encode().hex(), repr(name.encode())[2:-1]))
    ]


def _search(database: Database, query: str) -> list[int]:
    with database.read() as connection:
        wanted = search.matches(connection, query)
        return sorted(connection.scalars(wanted)) if wanted is not None else []


def _listed(database: Database, wanted: Filter, **how: Any) -> list[int]:
    with database.read() as connection:
        return [row.id for row in listing.page(connection, wanted, **how).rows]


def _is_whole(database: Database) -> bool:
    with database.snapshot() as connection:
        return audit.verify(connection)[2] == [] and list(replay.departures(connection)) == []


def _reseal(database: Database, folder: Path, *keys: bytes, on: bool = True) -> Resealed:
    seal_with(database.engine, _values(*keys, on=on))
    known = Keys(lambda: keys)
    return reseal(database, FolderBlobs(folder, known), known, to_stderr())


def test_every_column_that_may_hold_somebodys_words_is_sealed_or_told_why_not() -> None:
    plain = {
        table.name
        for table in metadata.sorted_tables
        for column in table.columns
        if not isinstance(column.type, Sealed) and not column.foreign_keys
        and isinstance(column.type, (sa.String, sa.JSON, sa.LargeBinary))
    }  # fmt: skip
    assert plain <= PLAIN.keys()
    sealed = [column for table in metadata.sorted_tables for column in table.columns]
    places = [str(column) for column in sealed if isinstance(column.type, Sealed)]
    assert places == [column.type.place for column in sealed if isinstance(column.type, Sealed)]


def test_nothing_that_was_planted_is_found_in_any_column_or_in_the_file(kind: str, tmp_path: Path) -> None:
    with _opened(kind, tmp_path / "plain", _values(NEW, on=False)) as plain:
        _fill(plain, tmp_path / "blobs")
        assert _found(_raw(plain)) == PLANTED, "each of them is looked for"
    with _opened(kind, tmp_path / "sealed", _values(NEW)) as database:
        _fill(database, tmp_path / "blobs")
        assert _found(_raw(database)) == []
        assert _is_whole(database)


def test_what_is_sealed_is_found_listed_sorted_and_known_again(kind: str, tmp_path: Path) -> None:
    answers = []
    for on in (False, True):
        with _opened(kind, tmp_path / str(on), _values(NEW, on=on)) as database:
            one, other = _fill(database, tmp_path / "blobs")
            kept.make_same(database, other, one)
            with database.read() as connection:
                unit = str(connection.scalar(sa.select(submissions.c.unit).where(submissions.c.id == one)))
                kin = twins.unsettled(connection)
            words = ("王小明", "corrected@example", "corrected 王小明", "明", "没有的", unit[2:6], "，")
            found = [_search(database, word) for word in words]
            listed = [_listed(database, Filter(unit=part)) for part in (unit, unit[1:3], "%", "没有")]
            with database.read() as connection:
                page = listing.page(connection, Filter(), "unit", limit=1)
                rest = listing.page(connection, Filter(query="王小明"), "unit", page.next, limit=1)
            answers.append((found, listed, kin, [row.id for row in (*page.rows, *rest.rows)], rest.next))
    assert answers[0] == answers[1]
    assert answers[0][0][0] == [1, 2]
    assert answers[0][2] == {1: [2], 2: [1]}


def test_an_existing_database_is_switched_on_gets_a_new_key_and_is_switched_back(
    kind: str, tmp_path: Path
) -> None:
    folder = tmp_path / "blobs"
    with _opened(kind, tmp_path / "database", _values(OLD, on=False)) as database:
        one, other = _fill(database, folder)
        before = kept.everything(database, metadata.sorted_tables)
        # What was written plain, and what is sealed, are both read while the rest is still to be done.
        seal_with(database.engine, _values(OLD))
        kept.make_same(database, other, one)
        assert _search(database, "王小明") == [1, 2]
        with database.read() as connection:
            assert twins.unsettled(connection) == {1: [2], 2: [1]}
        done = _reseal(database, folder, OLD)
        assert (done.rows > 20, done.failed) == (True, [])
        if kind == "sqlite":
            assert _found(_raw(database)) == []
        assert _reseal(database, folder, OLD).rows == 0
        every = _reseal(database, folder, NEW, OLD).rows
        assert every > done.rows, "with the new key what was written sealed too"
        seal_with(database.engine, _values(NEW))
        assert _is_whole(database)
        assert _search(database, "王小明") == [1, 2]
        assert _reseal(database, folder, NEW, on=False).rows == every
        seal_with(database.engine, Values(sealing.no_keys(), on=False))
        assert _is_whole(database)
        assert _search(database, "王小明") == [1, 2]
        after = kept.everything(database, metadata.sorted_tables)
        same = [name for name in before if name not in _CHANGED]
        assert [after[name] for name in same] == [before[name] for name in same]


# What `make_same` changes.
_CHANGED = {
    "submissions", "records", "versions", "traits", "kinships", "audit_log", "audit_values", "counters",
}  # fmt: skip


def test_without_the_key_nothing_is_told_and_with_it_nothing_may_be_changed(tmp_path: Path) -> None:
    with sqlite(tmp_path, _values(NEW)) as database:
        one, other = _fill(database, tmp_path / "blobs")
        with database.write() as connection:
            raw = "SELECT content FROM records WHERE submission_id = "
            kept_there = connection.exec_driver_sql(f"{raw}{one}").scalar_one()
            # A record in the place of another's opens, and is not what the log tells.
            connection.execute(
                sa.text("UPDATE records SET content = :it WHERE submission_id = :id"),
                {"it": kept_there, "id": other},
            )
        assert not _is_whole(database)
        with database.write() as connection:
            told = json.loads(kept_there)["$sealed"]
            for column, kept_so in (
                ("marks", kept_there),
                ("content", json.dumps({"$sealed": told[:60] + "AB"[told[60] == "A"] + told[61:]})),
            ):
                connection.execute(
                    sa.text(f"UPDATE records SET {column} = :it WHERE submission_id = :id"),
                    {"it": kept_so, "id": other},
                )
                with pytest.raises(SealBroken):
                    connection.execute(sa.select(records.c[column])).all()
        for wrong in (_values(OLD), Values(sealing.no_keys(), on=False)):
            seal_with(database.engine, wrong)
            with database.read() as connection, pytest.raises(KeyMissing):
                connection.execute(sa.select(records.c.content)).all()


def test_a_backup_of_sealed_values_holds_them_sealed_and_comes_back_with_the_key_alone(
    kind: str, tmp_path: Path
) -> None:
    path, keys = tmp_path / "backup.tar", Keys(lambda: [NEW])
    with _opened(kind, tmp_path / "a", _values(NEW)) as database:
        _fill(database, tmp_path / "blobs")
        back_up(database, FolderBlobs(tmp_path / "blobs", keys), path, NOW, to_stderr(), keys=keys)
    for values in (Values(sealing.no_keys(), on=False), _values(OLD)):
        with sqlite(tmp_path / "none", values) as other, pytest.raises(KeyMissing):
            restore(other, FolderBlobs(tmp_path / "came"), path, lambda *_: None, NOW, to_stderr(), keys=keys)
    with sqlite(tmp_path / "b", _values(NEW)) as other:
        blobs = FolderBlobs(tmp_path / "came", keys)
        restore(other, blobs, path, lambda *_: None, NOW, to_stderr(), keys=keys)
        assert _found(_raw(other)) == []
        assert _search(other, "王小明") == [1, 2]
        assert _is_whole(other)
    (tmp_path / "rehearsal").mkdir()
    done = rehearse(path, tmp_path / "rehearsal", NOW, to_stderr(), None, keys)
    assert (done.submissions, done.departed) == (2, [])


@pytest.mark.parametrize(
    "text", ["sealed-value:", "sealed-value:=", "sealed-value:AAAA", "sealed-name:=x", ""]
)
def test_a_text_that_looks_sealed_because_somebody_wrote_it_so_is_what_they_wrote(
    tmp_path: Path, text: str
) -> None:
    for on in (False, True):
        with sqlite(tmp_path / str(on), _values(NEW, on=on)) as database:
            number, one = kept.upload(database, FolderBlobs(tmp_path / "blobs"), b"x")
            kept.read(database, number)
            with database.write() as connection:
                connection.execute(submissions.update().values(unit=text, name=text))
            assert _listed(database, Filter(), sort="unit") == [one]
            _reseal(database, tmp_path / "blobs", NEW, on=not on)
            with database.read() as connection:
                assert connection.execute(sa.select(submissions.c.unit, submissions.c.name)).all() == [
                    (text, text)
                ]
