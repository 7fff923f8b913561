"""Keys that change while the service goes on: what is sealed with which, and what backups hold of it."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.errors import BackupUnusable, BadUsage, KeyMissing
from service import sealing
from service.blobs import FolderBlobs
from service.sealing import Keys
from service.store import accounts, audit, replay, second_factor
from service.store.database import Database
from service.store.tables import second_factors
from service.terminal import to_stderr
from service.upkeep.backup import back_up
from service.upkeep.rehearse import rehearse
from service.upkeep.reseal import reseal
from service.upkeep.restore import restore
from tests.service import kept
from tests.service.databases import postgresql, sqlite
from tests.service.kept import NOW
from tests.service.web.serving import PASSWORD, Served

OLD, NEW = (base64.b64decode(sealing.new_key()) for _ in range(2))
CONTENTS = [b"telephone 13800138000 " * 4000, b"telephone 13900139000"]


def _keys(*keys: bytes) -> Keys:
    return Keys(lambda: keys)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with sqlite(tmp_path) if request.param == "sqlite" else postgresql() as one:
        yield one


def _fill(database: Database, folder: Path, keys: Keys) -> str:
    """Two uploads, and somebody with a second factor, whose secret is returned."""
    blobs = FolderBlobs(folder, keys)
    for content in CONTENTS:
        number, _ = kept.upload(database, blobs, content)
        kept.read(database, number)
    with database.write() as connection:
        user = accounts.create_user(connection, "wang", "", "administrator", "system", NOW)
        secret = second_factor.begin(connection, user, "wang", NOW, keys).partition("secret=")[2][:32]
        second_factor.confirm(connection, user, _code(secret), NOW, keys)
    return secret


def _code(secret: str, steps: int = 0) -> str:
    return second_factor.code_at(secret, int(NOW.timestamp()) // 30 + steps)


def _passes(database: Database, secret: str, keys: Keys) -> bool:
    with database.write() as connection:
        connection.execute(second_factors.update().values(last_step=None))
        user = connection.scalar(sa.select(second_factors.c.user_id)) or 0
        return second_factor.passes(connection, user, _code(secret), NOW, keys)


def _kept_secret(database: Database) -> str:
    with database.read() as connection:
        return str(connection.scalar(sa.select(second_factors.c.secret)))


def _readable(folder: Path, keys: Keys) -> list[bytes]:
    blobs = FolderBlobs(folder, keys)
    return sorted(blobs.read(digest) for digest in blobs.digests())


def _bears_nothing(path: Path, *plain: bytes) -> bool:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return not any(word in file.read_bytes() for file in files for word in plain)


@pytest.mark.parametrize("before", ["plain", "old"])
def test_all_is_sealed_anew_while_both_keys_are_there_and_the_old_one_may_go(
    database: Database, tmp_path: Path, before: str
) -> None:
    folder = tmp_path / "blobs"
    secret = _fill(database, folder, sealing.no_keys() if before == "plain" else _keys(OLD))
    both, alone = _keys(NEW, OLD), _keys(NEW)
    assert _readable(folder, both) == sorted(CONTENTS)
    assert _passes(database, secret, both)
    done = reseal(database, FolderBlobs(folder, both), both, to_stderr())
    assert (done.blobs, done.of, done.secrets, done.failed) == (2, 2, 1, [])
    again = reseal(database, FolderBlobs(folder, both), both, to_stderr())
    assert (again.blobs, again.of, again.secrets) == (0, 2, 0)
    assert _readable(folder, alone) == sorted(CONTENTS)
    assert _passes(database, secret, alone)
    assert secret not in _kept_secret(database)
    assert _bears_nothing(folder, b"telephone")
    with database.snapshot() as connection:
        assert audit.verify(connection)[2] == []
        assert list(replay.departures(connection)) == []


def test_what_can_not_be_opened_is_named_and_the_rest_is_sealed(database: Database, tmp_path: Path) -> None:
    folder, lost = tmp_path / "blobs", base64.b64decode(sealing.new_key())
    _fill(database, folder, _keys(lost))
    plain, _ = kept.upload(database, FolderBlobs(folder), b"came later, plain")
    assert plain
    done = reseal(database, FolderBlobs(folder, _keys(NEW)), _keys(NEW), to_stderr())
    assert (done.blobs, len(done.failed)) == (1, 3)
    with pytest.raises(BadUsage):
        reseal(database, FolderBlobs(folder), sealing.no_keys(), to_stderr())


def test_a_secret_of_one_user_is_of_no_use_to_another(database: Database, tmp_path: Path) -> None:
    keys = _keys(NEW)
    secret = _fill(database, tmp_path / "blobs", keys)
    with database.write() as connection:
        other = accounts.create_user(connection, "li", "", "administrator", "system", NOW)
        stolen = connection.scalar(sa.select(second_factors.c.secret))
        connection.execute(
            second_factors.insert().values(user_id=other, secret=stolen, created_at=NOW, confirmed_at=NOW)
        )
    with database.write() as connection, pytest.raises(sealing.SealBroken):
        second_factor.passes(connection, other, _code(secret, 1), NOW, keys)


def test_a_backup_holds_sealed_what_is_sealed_and_comes_back_with_its_key_alone(
    database: Database, tmp_path: Path
) -> None:
    folder, path, old = tmp_path / "blobs", tmp_path / "backup.tar", _keys(OLD)
    secret = _fill(database, folder, old)
    made = back_up(database, FolderBlobs(folder, old), path, NOW, to_stderr(), keys=old)
    assert (made.blobs, made.lost) == (2, [])
    assert _bears_nothing(path, b"telephone", secret.encode())
    (tmp_path / "new").mkdir()
    with sqlite(tmp_path / "new") as other:
        for wrong in (sealing.no_keys(), _keys(NEW)):
            elsewhere = FolderBlobs(tmp_path / "elsewhere", wrong)
            with pytest.raises(KeyMissing):
                restore(other, elsewhere, path, lambda *_: None, NOW, to_stderr(), keys=wrong)
            assert list(elsewhere.digests()) == []
        # Since then the key has changed; what comes back is sealed with the new one.
        both = _keys(NEW, OLD)
        restore(
            other, FolderBlobs(tmp_path / "came", both), path, lambda *_: None, NOW, to_stderr(), keys=both
        )
        assert _readable(tmp_path / "came", _keys(NEW)) == sorted(CONTENTS)
        assert _passes(other, secret, both)
    (tmp_path / "rehearsal").mkdir()
    done = rehearse(path, tmp_path / "rehearsal", NOW, to_stderr(), None, old)
    assert (done.submissions, done.departed) == (2, [])


def test_a_sealed_blob_that_was_changed_in_a_backup_leaves_everything_as_it_was(tmp_path: Path) -> None:
    keys, path = _keys(NEW), tmp_path / "backup.tar"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with sqlite(tmp_path / "a") as database:
        _fill(database, tmp_path / "blobs", keys)
        back_up(database, FolderBlobs(tmp_path / "blobs", keys), path, NOW, to_stderr(), keys=keys)
    data = bytearray(path.read_bytes())
    data[data.index(b"SFSEAL1\n") + 90] ^= 1
    path.write_bytes(data)
    with sqlite(tmp_path / "b") as other, pytest.raises(BackupUnusable):
        restore(other, FolderBlobs(tmp_path / "c", keys), path, lambda *_: None, NOW, to_stderr(), keys=keys)
    assert _readable(tmp_path / "c", keys) == []


def test_the_service_signs_in_with_a_sealed_secret(tmp_path: Path) -> None:
    with sqlite(tmp_path) as database:
        service = Served(database, tmp_path)
        sealing_context = replace(service.context, keys=_keys(NEW))
        service.app.state.context = sealing_context
        client = service.signed_in("administrator", "wang")
        secret = client.post("/api/v1/second-factor", json={"password": PASSWORD}).json()["secret"]
        assert secret not in _kept_secret(database)
        code = second_factor.code_at(secret, int(service.clock().timestamp()) // 30)
        assert client.post("/api/v1/second-factor/confirmation", json={"code": code}).status_code == 200
        service.clock.forward(minutes=1)
        code = second_factor.code_at(secret, int(service.clock().timestamp()) // 30)
        given = {"name": "wang", "password": PASSWORD, "code": code}
        assert service.client().post("/api/v1/session", json=given).status_code == 200
        # Without the key nobody gets in by the password alone.
        service.app.state.context = service.context
        answer = service.client().post("/api/v1/session", json={**given, "code": code})
        assert (answer.status_code, answer.json()["code"]) == (503, "key-missing")
