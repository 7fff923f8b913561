"""`sealform restore`: takes a backup back, whole or not at all."""

import gzip
import hashlib
import hmac
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import sqlalchemy as sa
from rich.console import Console

from models.errors import BackupUnusable, BadUsage, SealBroken
from service.blobs import Blobs, identity_of
from service.jobs.inside_dbos import forget_jobs
from service.sealing import Keys, Stream, no_keys, opened
from service.store import audit
from service.store.database import Database, revision_of, revisions
from service.store.search import index_again
from service.store.tables import counters, metadata, submissions, uploads, workers
from service.terminal import progress
from service.upkeep.backup import (
    BLOBS,
    END,
    FORMAT,
    MANIFEST,
    SEALED,
    SIGNATURE,
    TABLES,
    decoded,
    lines,
    referred,
    signature,
    tables_of,
)  # fmt: skip

# A worker that was heard of this lately is at work.
_ALIVE = timedelta(seconds=60)
_AT_ONCE = 500
_CHUNK = 1 << 20

# Puts the reading of an upload into the queue, in the transaction that it is given.
Enqueue = Callable[[sa.Connection, int], None]


@dataclass(frozen=True)
class Restored:
    """What came back: rows, blobs, and uploads that wait to be read again. `lost` are blobs that the backup
    did not hold either,
    `broken` what was wrong with the audit log when the backup was made, `head` its last hash then."""

    rows: int
    blobs: int
    waiting: int
    lost: list[str]
    broken: list[audit.Broken]
    head: str


def restore(
    database: Database,
    blobs: Blobs,
    path: Path,
    enqueue: Enqueue,
    now: datetime,
    console: Console,
    *,
    empty: bool = False,
    key: bytes | None = None,
    keys: Keys | None = None,
) -> Restored:
    """Takes the backup at `path` back into an empty database; `empty` empties it first, and removes what
    blobs are left over then.

    Every table and every blob is checked against its digest, and the audit log against the head that the
    backup names; with a `key` the backup must bear its signature, without one whoever had the file may have
    written it. Blobs that are sealed in it are opened with `keys`. What was waiting to be read, or being
    read, is put into the queue again.

    Raises:
        KeyMissing: something in it is sealed with a key that is not among the keys. Nothing has been changed.
        BadUsage: the database is not empty, or a worker is using it.
        BackupUnusable: the backup is not whole, was changed, or is of another schema. Nothing has been
            changed.
        OSError: it can't be read.
    """
    with _opened(path) as (tar, manifest):
        _expect_signed(manifest, key)
        current = _prepare(database, manifest)
        with database.write(patient=True) as connection, _taken_back_unless_whole(blobs) as put:
            _expect_unused(connection, now, empty)
            _empty(connection)
            rows = _load_tables(connection, tar, manifest)
            wanted = set(referred(connection))
            end, came = _load_blobs(tar, put, wanted, console, keys or no_keys())
            _expect_signed(end, key)
            if key and end["of"] != manifest[SIGNATURE]:
                raise BackupUnusable("备份由两份拼成")
            lost = sorted(end["lost"])
            _number_on(connection)
            _, head, broken = audit.verify(connection, head=manifest["audit"]["head"])
            if head != manifest["audit"]["head"]:
                raise BackupUnusable("操作日志与备份时不一致")
            waiting = _finish(connection, manifest, enqueue, now) if current else 0
        if not current:
            waiting = _brought_up(database, manifest, enqueue, now)
    if empty:
        for digest in set(blobs.digests()) - wanted:
            blobs.delete(digest)
    return Restored(rows, came, waiting, lost, broken, head)


def _brought_up(database: Database, manifest: Mapping[str, Any], enqueue: Enqueue, now: datetime) -> int:
    """Gives what came from an older program the present schema. A row that its steps can't take was in the
    backup, so that what came goes again."""
    try:
        database.migrate()
        with database.write() as connection:
            return _finish(connection, manifest, enqueue, now)
    except Exception:
        with database.write(patient=True) as connection:
            for table in reversed(tables_of(connection)):
                connection.execute(table.delete())
        raise


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, dict[str, Any]]]:
    """The backup, and its manifest; whatever is wrong with the file is told as `BackupUnusable`."""
    try:
        with tarfile.open(path, "r:") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST:
                raise BackupUnusable("这不是 Sealform 的备份")
            manifest = json.load(_content(tar, first))
            if manifest["format"] != FORMAT:
                raise BackupUnusable(
                    f"不认识第 {manifest['format']} 种备份格式", advice="请用做备份的那个版本，或更新的版本"
                )
            yield tar, manifest
    except (
        tarfile.TarError,
        EOFError,
        zlib.error,
        gzip.BadGzipFile,
        ValueError,
        TypeError,
    ) as error:
        raise BackupUnusable("备份不完整或已损坏") from error
    except SealBroken as error:
        raise BackupUnusable("备份中有被改动的文件") from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, sa.exc.CompileError) as error:
        raise BackupUnusable("备份中有不成样子的内容") from error
    except sa.exc.StatementError as error:
        # That the database can't be had is no fault of the backup's.
        if isinstance(error, sa.exc.OperationalError):
            raise
        raise BackupUnusable("备份中有数据库不能接受的内容") from error


def _prepare(database: Database, manifest: Mapping[str, Any]) -> bool:
    """Gives an empty database the backup's schema; tells whether that is this program's."""
    known, wanted = revisions(), manifest["schema"]
    if wanted not in known:
        raise BackupUnusable("备份来自更新的版本", advice="请用做备份的那个版本，或更新的版本")
    with database.read() as connection:
        present = revision_of(connection)
    if present is None:
        database.migrate(wanted)
    elif present != wanted:
        raise BadUsage("数据库的结构与备份的不同", advice="请改用一个空的数据库，旧备份的结构会自动更新")
    return bool(wanted == known[0])


def _expect_unused(connection: sa.Connection, now: datetime, empty: bool) -> None:
    if connection.scalar(sa.select(sa.func.count()).where(workers.c.seen_at > now - _ALIVE)):
        raise BadUsage("读取进程正在使用这个数据库", advice="请先停止服务，一分钟后再试")
    held = [table for table in metadata.sorted_tables if table is not counters]
    if not empty and any(
        connection.scalar(sa.select(sa.exists(sa.select(1).select_from(table)))) for table in held
    ):
        raise BadUsage(
            "数据库中已有内容", advice="请用空的数据库；确定要以备份取代现有的一切，请加 --force-empty"
        )


def _empty(connection: sa.Connection) -> None:
    connection.execute(sa.text("DELETE FROM search"))
    # An old job may have the number of one that is put in now.
    forget_jobs(connection)
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())


def _load_tables(connection: sa.Connection, tar: tarfile.TarFile, manifest: Mapping[str, Any]) -> int:
    """Puts all rows of the backup back; returns their number."""
    known = {table.name: table for table in tables_of(connection)}
    total = 0
    for name, said in manifest["tables"].items():
        member = tar.next()
        if member is None or member.name != f"{TABLES}{name}.jsonl.gz":
            raise BackupUnusable(f"备份中缺少表 {name}")
        digest, count = hashlib.sha256(), 0
        each = lines(_content(tar, member))
        while chunk := list(islice(each, _AT_ONCE)):
            for line in chunk:
                digest.update(line)
            connection.execute(
                known[name].insert(), [decoded(known[name], json.loads(line)) for line in chunk]
            )
            count += len(chunk)
        if (count, digest.hexdigest()) != (said["rows"], said["sha256"]):
            raise BackupUnusable(f"备份中的表 {name} 被改动")
        total += count
    return total


def _expect_signed(said: Mapping[str, Any], key: bytes | None) -> None:
    if key is None:
        return
    if SIGNATURE not in said:
        raise BackupUnusable("备份没有签名", advice="确信它可靠的，请不设 SEALFORM_BACKUP_KEY 再恢复")
    if not hmac.compare_digest(str(said[SIGNATURE]), signature(said, key)):
        raise BackupUnusable("备份的签名不符：内容被改动，或签名用的是另一个密钥")


def _load_blobs(
    tar: tarfile.TarFile, put: Callable[[IO[bytes]], str], wanted: set[str], console: Console, keys: Keys
) -> tuple[dict[str, Any], int]:
    """(what the backup says at its end, among it which blobs it does not hold; number of those that came)."""
    came = set()
    with progress(console, "恢复文件", len(wanted)) as advance:
        while (member := tar.next()) is not None and member.name != END:
            digest, content = member.name.removeprefix(BLOBS).removesuffix(SEALED), _content(tar, member)
            if member.name.endswith(SEALED):
                content = _unsealed(keys, content, digest)
            if put(content) != digest:
                raise BackupUnusable(f"文件 {digest[:12]}… 的内容被改动")
            came.add(digest)
            advance("")
    if member is None:
        raise BackupUnusable("备份没有写完")
    end: dict[str, Any] = json.load(_content(tar, member))
    if wanted - came - set(end["lost"]):
        raise BackupUnusable("备份中缺少文件的内容")
    return end, len(came)


def _unsealed(keys: Keys, content: IO[bytes], digest: str) -> IO[bytes]:
    """What was sealed, as a stream that is opened as it is read."""
    chunks = iter(lambda: content.read(_CHUNK), b"")
    try:
        return cast("IO[bytes]", Stream(opened(keys, chunks, identity_of(digest))))
    except SealBroken as error:
        raise BackupUnusable(f"文件 {digest[:12]}… 的内容被改动") from error


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    if content is None:
        raise BackupUnusable("备份中有不应有的内容")
    return content


@contextmanager
def _taken_back_unless_whole(blobs: Blobs) -> Iterator[Callable[[IO[bytes]], str]]:
    """Gives what keeps a blob and tells its SHA-256; where the block fails, those that were not there before
    are removed again."""
    before, made = set(blobs.digests()), set()

    def put(content: IO[bytes]) -> str:
        blob = blobs.put(content)
        made.add(blob.sha256)
        return blob.sha256

    try:
        yield put
    except BaseException:
        for digest in made - before:
            blobs.delete(digest)
        raise


def _number_on(connection: sa.Connection) -> None:
    """Lets PostgreSQL go on numbering after the rows that came with their numbers; SQLite does so by
    itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and column.autoincrement is True:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            highest = sa.select(sa.func.max(column)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(highest, 0) + 1, False)))


def _finish(connection: sa.Connection, manifest: Mapping[str, Any], enqueue: Enqueue, now: datetime) -> int:
    """What follows from the tables: the search index, the queue, and a line in the log; returns how many
    uploads wait."""
    index_again(connection)
    waiting = list(
        connection.scalars(sa.select(uploads.c.id).where(uploads.c.state != "done").order_by(uploads.c.id))
    )
    connection.execute(
        uploads.update().where(uploads.c.state == "reading").values(state="received", progress=None)
    )
    connection.execute(
        submissions.update().where(submissions.c.status == "reading").values(status="received")
    )
    for upload in waiting:
        enqueue(connection, upload)
    audit.append(
        connection, now, "cli", "restore", "service", {"made_at": manifest["made_at"], "uploads": waiting}
    )
    return len(waiting)
