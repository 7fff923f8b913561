"""`sealform backup`: all that the service keeps as one .tar, the same for both databases, so that what was on
SQLite can be taken back into PostgreSQL and the other way round.

    manifest.json            format, revision of the schema, when, head of the audit log, rows of each table
    tables/NAME.jsonl.gz     a table each, a row a line, in an order in which they can be put back
    blobs/SHA256             the bytes that arrived, each checked against its name, maybe sealed
    end.json                 which blobs were damaged or gone; a backup without it was broken off

Where there is a key, both of these say by an HMAC (RFC 2104, SHA-256) that whoever wrote them had it; the
manifest holds the digest of each table, and a blob is called by its own, so that nothing can be changed
without the key.
"""

import base64
import gzip
import hashlib
import hmac
import io
import json
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from rich.console import Console

from models.errors import NotFound, SealBroken
from service.atomic_files import writing_whole
from service.blobs import Blobs, identity_of
from service.sealing import Keys, Sealer
from service.store import audit
from service.store.database import Database, revision_of
from service.store.tables import Json, metadata, upload_files
from service.terminal import progress

FORMAT = 1
SIGNATURE = "signature"
MANIFEST, END, TABLES, BLOBS = "manifest.json", "end.json", "tables/", "blobs/"
SEALED = ".sealed"
# Whoever was signed in, failed to, or was at work when the backup was made, is not so when it is taken back.
# What was read of pictures can be read again.
TRANSIENT = frozenset({"sessions", "login_attempts", "errands", "workers", "readings"})
_IN_MEMORY = 16 << 20
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Made:
    """What a backup holds: rows, blobs and their bytes. `lost` are blobs that were damaged or gone, `broken`
    what is wrong with the audit log, `head` its last hash."""

    rows: int
    blobs: int
    bytes: int
    lost: list[str]
    broken: list[audit.Broken]
    head: str


def back_up(
    database: Database,
    blobs: Blobs,
    path: Path,
    now: datetime,
    console: Console,
    *,
    key: bytes | None = None,
    keys: Keys | None = None,
) -> Made:
    """Writes a backup to `path`, readable by its owner alone: the database at one moment, and the bytes that
    it refers to.

    The service may go on meanwhile. What was damaged before is told, and the rest is kept. With a `key` it is
    signed; where `keys` seal what is kept, blobs are sealed in it too.

    Raises:
        OSError: the file can't be written; `path` is then as it was.
    """
    with (
        writing_whole(path, private=True) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        with database.snapshot() as connection:
            manifest, wanted, broken = _write_tables(connection, tar, path.parent, now, key)
        lost, size = [], 0
        with progress(console, "备份文件", len(wanted)) as advance:
            for digest in wanted:
                sealer = Sealer(keys) if keys is not None and keys.seals else None
                with _checked(blobs, digest, path.parent, sealer) as content:
                    if content is None:
                        lost.append(digest)
                    else:
                        size += _add(tar, BLOBS + digest + SEALED * bool(sealer), content, now)
                advance("")
        _add_json(tar, END, signed({"lost": lost, "of": manifest.get(SIGNATURE)}, key), now)
    rows = sum(table["rows"] for table in manifest["tables"].values())
    return Made(rows, len(wanted) - len(lost), size, lost, broken, manifest["audit"]["head"])


def signed(said: Mapping[str, Any], key: bytes | None) -> dict[str, Any]:
    """What a backup says, with its signature where there is a key."""
    return {**said, SIGNATURE: signature(said, key)} if key else dict(said)


def signature(said: Mapping[str, Any], key: bytes) -> str:
    """The HMAC of what a backup says, without what it says itself of that."""
    plain = {name: value for name, value in said.items() if name != SIGNATURE}
    return hmac.new(key, audit.canonical(plain).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    """The service's tables as this database has them, those that others refer to first; values in them are
    plain JSON or bytes."""
    found = sa.MetaData()

    @sa.event.listens_for(found, "column_reflect")
    def _(_: object, __: object, column: Any) -> None:
        if isinstance(column["type"], sa.JSON):
            column["type"] = Json

    present = set(sa.inspect(connection).get_table_names()) & set(metadata.tables)
    found.reflect(connection, only=sorted(present))
    return [table for table in found.sorted_tables if table.name not in TRANSIENT]


def encoded(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: bytes become {"base64": …}."""
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def decoded(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `table` from what `encoded` made of it."""
    binary = {column.name for column in table.columns if isinstance(column.type, sa.LargeBinary)}
    return {
        name: base64.b64decode(value["base64"]) if name in binary and value else value
        for name, value in row.items()
    }


def _write_tables(
    connection: sa.Connection, tar: tarfile.TarFile, folder: Path, now: datetime, key: bytes | None
) -> tuple[dict[str, Any], list[str], list[audit.Broken]]:
    """(manifest, SHA-256 of every blob that is referred to, what is wrong with the log)."""
    count, head, broken = audit.verify(connection)
    # Files without a name, which a kill can't leave behind.
    with ExitStack() as spools:
        tables = {}
        for table in tables_of(connection):
            file = spools.enter_context(tempfile.TemporaryFile(dir=folder))
            tables[table.name] = (file, *_dump(connection, table, file))
        manifest = {
            "format": FORMAT,
            "schema": revision_of(connection),
            "made_at": now.isoformat(),
            "audit": {"entries": count, "head": head},
            "tables": {name: {"rows": rows, "sha256": digest} for name, (_, rows, digest) in tables.items()},
        }
        manifest = signed(manifest, key)
        _add_json(tar, MANIFEST, manifest, now)
        for name, (file, _, _) in tables.items():
            _add(tar, f"{TABLES}{name}.jsonl.gz", file, now)
    return manifest, referred(connection), broken


def referred(connection: sa.Connection) -> list[str]:
    """The SHA-256 of every blob that the database refers to."""
    return list(
        connection.scalars(sa.select(upload_files.c.sha256).distinct().order_by(upload_files.c.sha256))
    )


def _dump(connection: sa.Connection, table: sa.Table, file: IO[bytes]) -> tuple[int, str]:
    """Writes the table to `file` as packed lines of JSON; returns (rows, SHA-256 of the lines)."""
    digest, count = hashlib.sha256(), 0
    rows = connection.execute(
        table.select().order_by(*table.primary_key.columns), execution_options={"yield_per": 500}
    )
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
        for count, row in enumerate(rows.mappings(), 1):  # noqa: B007
            line = json.dumps(encoded({**row}), separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            packed.write(line)
    return count, digest.hexdigest()


@contextmanager
def _checked(blobs: Blobs, sha256: str, folder: Path, sealer: Sealer | None) -> Iterator[IO[bytes] | None]:
    """A file with the bytes of a blob, sealed where there is a `sealer`; None where they are gone, or are
    others than their name says."""
    digest = hashlib.sha256()

    def passing() -> Iterator[bytes]:
        for chunk in blobs.chunks(sha256):
            digest.update(chunk)
            yield chunk

    with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)) as file:
        try:
            if sealer is not None:
                file.write(sealer.head(identity_of(sha256)))
            for piece in sealer.pieces(passing()) if sealer is not None else passing():
                file.write(piece)
        except (NotFound, SealBroken):
            yield None
            return
        yield file if digest.hexdigest() == sha256 else None


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], now: datetime) -> int:
    """Adds all of `content` under `name`; returns its size in bytes."""
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = content.seek(0, io.SEEK_END), int(now.timestamp()), 0o600
    content.seek(0)
    tar.addfile(member, content)
    return member.size


def _add_json(tar: tarfile.TarFile, name: str, value: Mapping[str, Any], now: datetime) -> None:
    _add(tar, name, io.BytesIO(json.dumps(value, ensure_ascii=False, indent=1).encode()), now)


def lines(packed: IO[bytes]) -> Iterable[bytes]:
    """The lines of a table in a backup."""
    with gzip.GzipFile(fileobj=packed) as file:
        yield from file
