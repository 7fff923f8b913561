"""A mailbox into the service: each message is an upload once, whatever is broken off."""

from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
import sqlalchemy as sa

from service.blobs import Blob
from service.mail.upload import hand_over
from service.store.database import Database
from service.store.tables import upload_files, uploads
from tests.service import dovecot
from tests.service.conftest import Run
from tests.service.dovecot import Dovecot, message
from tests.service.web.serving import served


def _uploads(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as connection:
        rows = connection.execute(
            sa.select(uploads.c.channel, uploads.c.created_by, upload_files.c.name).join(upload_files)
        )
        return sorted(map(tuple, rows))


def test_a_message_that_was_uploaded_before_its_file_could_be_removed_is_not_uploaded_again(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mail"
    with served(tmp_path) as service:
        for number in (1, 2):
            folder.mkdir(exist_ok=True)
            (folder / f"_1-{number}.eml").write_bytes(message("one"))
            made = hand_over(service.context, folder, "a/INBOX")
            assert len(made) == (number == 1)
        assert list(folder.glob("*.eml")) == []
        assert service.queued == [1]
        assert _uploads(service.context.database) == [("mail", "mail", "_1-1.eml")]


def test_a_message_whose_bytes_are_purged_while_it_comes_in_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, content = tmp_path / "mail", message("one")
    folder.mkdir()
    (folder / "_1-1.eml").write_bytes(content)
    with served(tmp_path) as service:
        blobs = service.context.blobs
        stored = blobs.put

        def purged_after(stream: IO[bytes], most: int | None = None) -> Blob:
            monkeypatch.undo()
            blob = stored(stream, most)
            blobs.delete(blob.sha256)
            return blob

        monkeypatch.setattr(blobs, "put", purged_after)
        assert len(hand_over(service.context, folder, "a/INBOX")) == 1
        assert [blobs.read(digest) for digest in blobs.digests()] == [content]
        assert list(folder.glob("*.eml")) == []


def test_new_messages_become_uploads_and_stay_none_twice(
    run: Run, imap: Dovecot, box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("MAIL_PASSWORD", dovecot.PASSWORD),
        ("DATA", str(tmp_path)),
        ("DATABASE_URL", ""),
        ("BLOBS", ""),
    ):
        monkeypatch.setenv(f"SEALFORM_{name}", value)
    where = ("mail", "--imap", imap.url(), "--folder", box, "--ca", imap.certificate, "--into-service")
    before = datetime.now(UTC).replace(microsecond=0)  # to which a mailbox counts
    imap.deliver(message("one"), message("two"), folder=box)
    first = run(*where)
    imap.deliver(message("three"), folder=box)
    second = run(*where)
    assert [first.code, second.code] == [0, 0]
    assert "交给服务读取 2 封" in first.err
    assert "交给服务读取 1 封" in second.err
    database = Database(f"sqlite:///{tmp_path / 'sealform.db'}")
    assert [channel for channel, _, _ in _uploads(database)] == ["mail"] * 3
    with database.read() as connection:
        moments = connection.scalars(sa.select(uploads.c.arrived_at)).all()
        assert all(before <= one <= datetime.now(UTC) for one in moments)
    database.close()
    assert list((tmp_path / "mail").rglob("*.eml")) == []


def test_a_folder_or_the_service_but_not_both(run: Run, tmp_path: Path) -> None:
    assert run("mail", "--imap", "imaps://a@b.cn").code == 2
    assert run("mail", "--imap", "imaps://a@b.cn", "-o", tmp_path, "--into-service").code == 2
