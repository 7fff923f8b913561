"""The commands of who runs the service, on a service's own folder."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.errors import BadUsage
from service.blobs import FolderBlobs
from service.sealing import no_keys
from service.store import accounts, audit, second_factor
from service.store.database import Database
from service.store.forms import FormStore
from service.store.tables import audit_log, audit_values, submissions
from service.upkeep.purge import period
from tests.service import kept
from tests.service.cli.test_trials import GOOD
from tests.service.databases import sqlite

YEARS_AGO = datetime.now(UTC) - timedelta(days=1000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a service keeps: one submission that was accepted years ago, and one that waits."""
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("SEALFORM_DATA", str(data))
    blobs = FolderBlobs(data / "blobs")
    with sqlite(data) as database:
        old, submission = kept.upload(database, blobs, b"old", at=YEARS_AGO)
        kept.read(database, old, at=YEARS_AGO)
        kept.decide(database, submission, "accept", at=YEARS_AGO)
        kept.upload(database, blobs, b"new")
    return data


def _change(folder: Path, what: Callable[[Database], object]) -> None:
    database = Database(f"sqlite:///{folder / 'sealform.db'}")
    what(database)
    database.close()


def test_a_backup_is_restored_by_the_commands(
    run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("backup", "-o", tmp_path / "backup.tar")
    assert (made.code, made.out) == (0, "")
    head = run("audit", "verify").out.split()[1]
    assert head in made.err
    refused = run("restore", tmp_path / "backup.tar")
    assert refused.code == 2
    assert "--force-empty" in refused.err
    monkeypatch.setenv("SEALFORM_DATA", str(tmp_path / "other"))
    came = run("restore", tmp_path / "backup.tar")
    assert came.code == 0
    assert "2 个文件" in came.err
    assert "1 份等待读取" in came.err
    verified = run("audit", "verify", "--head", head)
    assert (verified.code, verified.out.split()[0]) == (0, "6")


def test_a_rehearsal_tells_that_a_backup_would_come_back_and_leaves_nothing(
    run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert run("backup", "-o", tmp_path / "backup.tar").code == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = run("restore", tmp_path / "backup.tar", "--rehearse")
    assert (done.code, done.out) == (0, "")
    assert "2 个文件，2 份申请" in done.err
    assert "申请与日志一致" in done.err
    assert list(scratch.iterdir()) == []
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    broken = tmp_path / "broken.tar"
    broken.write_bytes((tmp_path / "backup.tar").read_bytes()[:20_000])
    refused = run("restore", broken, "--rehearse")
    assert refused.code == 1
    assert "备份" in refused.err
    assert list(scratch.iterdir()) == []
    assert run("restore", broken, "--rehearse", "--force-empty").code == 2


def test_a_rehearsal_tells_of_records_that_the_log_does_not_bear_out(
    run, folder: Path, tmp_path: Path
) -> None:
    _change(folder, _rewrite)
    assert run("backup", "-o", tmp_path / "backup.tar").code == 0
    done = run("restore", tmp_path / "backup.tar", "--rehearse")
    assert done.code == 1
    assert "申请与日志不一致" in done.err


def test_who_lost_the_second_factor_is_let_in_again_by_who_has_the_machine(run, folder: Path) -> None:
    at = datetime.now(UTC)

    def lose(database: Database) -> None:
        with database.write() as connection:
            user = accounts.create_user(connection, "wang", "", "administrator", "system", at)
            secret = second_factor.begin(connection, user, "wang", at, no_keys()).partition("secret=")[2][:32]
            code = second_factor.code_at(secret, int(at.timestamp()) // 30)
            assert len(second_factor.confirm(connection, user, code, at, no_keys())) == 10

    _change(folder, lose)
    assert run("readmit", "nobody").code == 1
    done = run("readmit", "wang")
    assert done.code == 0
    assert "/link/" in done.out

    def enter(database: Database) -> None:
        with database.write() as connection:
            user = accounts.accept_invitation(
                connection, done.out.strip().rpartition("/")[2], "another password", at
            )
            assert not second_factor.state_of(connection, user).active

    _change(folder, enter)
    assert run("audit", "verify").code == 0


def _rewrite(database: Database) -> None:
    with database.write() as connection:
        connection.execute(submissions.update().where(submissions.c.id == 1).values(status="rejected"))


def test_a_form_goes_out_by_the_command_for_a_reason_that_is_logged(
    run, folder: Path, tmp_path: Path
) -> None:
    definition = tmp_path / "form.yaml"
    definition.write_text(GOOD, "utf-8")
    ran = run("forms", "--add", definition, "--reason", "上级统一的表样")
    assert (ran.code, "已启用：走访登记表 1 版" in ran.err) == (0, True)

    def look(database: Database) -> None:
        assert FormStore(database).current()["visit-record"].title == "走访登记表"
        with database.read() as connection:
            values = dict(
                connection.execute(
                    sa.select(audit_values.c.label, audit_values.c.value)
                    .join(audit_log, audit_log.c.seq == audit_values.c.seq)
                    .where(audit_log.c.subject == "form:visit-record")
                ).all()
            )
        assert (values["reason"], values["trial"]) == ('"上级统一的表样"', '"none"')

    _change(folder, look)


def test_an_earlier_backup_is_kept_unless_it_is_said(run, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    target.write_bytes(b"the only one that is whole")
    ran = run("backup", "-o", target)
    assert (ran.code, target.read_bytes(), "--overwrite" in ran.err) == (
        2,
        b"the only one that is whole",
        True,
    )
    assert run("backup", "-o", target, "--overwrite").code == 0
    assert target.read_bytes() != b"the only one that is whole"


def test_a_purge_goes_by_what_is_set_unless_it_is_told(
    run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("purge")
    assert refused.code == 2
    assert "SEALFORM_RETENTION_DAYS" in refused.err
    assert "0 份" in run("purge", "--older-than", "3y").err
    monkeypatch.setenv("SEALFORM_RETENTION_DAYS", "730")
    assert "将清除 1 份" in run("purge", "--dry-run").err
    assert "0 份" in run("purge", "--status", "rejected").err
    assert run("purge", "--status", "in-review").code == 2
    assert "已清除 1 份申请的内容，1 个文件" in run("purge").err
    assert "0 份" in run("purge").err
    assert run("audit", "verify").code == 0


def test_a_purge_goes_by_the_clock_of_the_database(
    run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behind(database: Database) -> datetime:
        return YEARS_AGO + timedelta(days=10)

    monkeypatch.setattr(Database, "now", behind)
    assert "将清除 0 份" in run("purge", "--older-than", "30d", "--dry-run").err
    assert "已清除 0 份" in run("purge", "--older-than", "30d").err
    assert "已清除 1 份" in run("purge", "--older-than", "9d").err
    with sqlite(folder) as database, database.read() as connection:
        at = sa.select(audit_log.c.at).where(audit_log.c.action == "purge")
        assert connection.scalar(at) == behind(database)


def test_a_log_that_was_changed_is_told_with_the_place(run, folder: Path) -> None:
    def change(database: Database) -> None:
        with database.write() as connection:
            connection.execute(audit_log.update().where(audit_log.c.seq == 2).values(actor="user:9"))

    _change(folder, change)
    verified = run("audit", "verify")
    assert verified.code == 1
    assert "第 2 条" in verified.err


def test_a_log_that_was_written_anew_is_found_by_the_hash_that_was_noted(run, folder: Path) -> None:
    assert run("audit", "verify", "--head", "0" * 63 + "1").code == 1


def test_a_backup_of_a_changed_log_is_made_and_told(run, folder: Path, tmp_path: Path) -> None:
    def change(database: Database) -> None:
        with database.write() as connection:
            connection.execute(audit_log.update().where(audit_log.c.seq == 2).values(actor="user:9"))
            assert audit.verify(connection)[2] != []

    _change(folder, change)
    assert run("backup", "-o", tmp_path / "backup.tar").code == 1
    assert (tmp_path / "backup.tar").exists()


@pytest.mark.parametrize(
    "command", [("backup", "-o", "x.tar"), ("purge", "--older-than", "1d"), ("audit", "verify")]
)
def test_where_no_service_ever_was_nothing_is_made(
    run, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*command).code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "days"), [("90", 90), ("90d", 90), ("2y", 730), (" 1Y ", 365)])
def test_a_period_is_days_or_years(text: str, days: int) -> None:
    assert period(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "0", "-1d", "1.5y", "1m", "y", "999999d", "1d2y"])
def test_a_period_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadUsage):
        period(text)


def test_keys_are_made_and_all_is_sealed_anew_by_the_commands(
    run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("reseal").code == 2
    keys = tmp_path / "keys"
    keys.write_text(run("new-key").out)
    keys.chmod(0o600)
    monkeypatch.setenv("SEALFORM_KEYS", str(keys))
    done = run("reseal")
    assert (done.code, "重新密封 2 个文件（共 2）" in done.err) == (0, True)
    assert "重新密封 0 个文件" in run("reseal").err
    keys.write_text(run("new-key").out + keys.read_text())
    assert "重新密封 2 个文件" in run("reseal").err
    keys.write_text(run("new-key").out)
    lost = run("reseal")
    assert (lost.code, lost.err.count("不能密封")) == (1, 2)
