"""`sealform restore --rehearse`: whether a backup would come back, tried where nothing can be lost."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console

from service.blobs import FolderBlobs
from service.sealing import Keys
from service.store import audit, replay
from service.store.database import Database
from service.store.sealed import Values
from service.store.tables import submissions
from service.upkeep.restore import Restored, restore


@dataclass(frozen=True)
class Rehearsed:
    """What came back, how many submissions, which of them differ from what the log says, and the seconds that
    it took."""

    restored: Restored
    submissions: int
    departed: list[str]
    seconds: float


def rehearse(
    backup: Path, folder: Path, now: datetime, console: Console, key: bytes | None, keys: Keys | None = None
) -> Rehearsed:
    """Takes the backup back into a new database and new blobs in `folder`, which is empty and whose owner
    removes it, sealed as in use, and verifies what came: digests, the log, and each record by the log.

    Raises:
        BackupUnusable: as `restore`. OSError: it can't be read, or there is no room for it.
    """
    started = time.monotonic()
    # Not one word of what is sealed goes into an index here.
    values = Values(keys, on=keys.seals) if keys else None
    database = Database(f"sqlite:///{folder / 'rehearsal.db'}", values)
    try:
        came = restore(
            database, FolderBlobs(folder / "blobs", keys), backup, lambda *_: None, now, console, key=key,
            keys=keys,
        )  # fmt: skip
        with database.snapshot() as connection:
            _, _, broken = audit.verify(connection, head=came.head)
            departed = [str(one) for one in replay.departures(connection)]
            count = connection.scalar(sa.select(sa.func.count()).select_from(submissions)) or 0
        departed += [f"日志第 {one.seq} 条：{one.why}" for one in broken if one not in came.broken]
        return Rehearsed(came, count, departed, time.monotonic() - started)
    finally:
        database.close()
