"""`sealform reseal`: seals all that is kept with the key that seals now, while the service goes on.

What is sealed says itself with which key, so that there is nothing to note: whoever is interrupted goes on
where they stopped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from rich.console import Console

from models.errors import BadUsage, KeyMissing, NotFound, SealBroken
from service.blobs import Blobs
from service.sealing import Keys
from service.store import second_factor
from service.store.database import Database
from service.terminal import progress


@dataclass(frozen=True)
class Resealed:
    """How many blobs were sealed anew `of` all, and secrets of second factors; `failed` says of each that
    could not be which it is and why."""

    blobs: int
    of: int
    secrets: int
    failed: list[str]


def reseal(database: Database, blobs: Blobs, keys: Keys, console: Console) -> Resealed:
    """Seals what came plain, and wraps anew what is sealed with an older key.

    Raises:
        BadUsage: there is no key.
    """
    if not keys.seals:
        raise BadUsage("没有密钥", advice="请设置 SEALFORM_KEYS 或 SEALFORM_KEY_COMMAND")

    @contextmanager
    def held() -> Iterator[None]:
        """Keeps `sealform purge` away, which removes blobs within a transaction that has this lock."""
        with database.write(patient=True) as connection:
            if not database.is_sqlite:
                connection.execute(sa.text("LOCK TABLE upload_files IN SHARE ROW EXCLUSIVE MODE"))
            yield

    failed: list[str] = []
    secrets = 0
    try:
        with database.write() as connection:
            secrets = second_factor.reseal(connection, keys)
    except (KeyMissing, SealBroken) as error:
        failed.append(f"动态验证码的密钥：{error.message}")
    digests, changed = list(blobs.digests()), 0
    with progress(console, "密封文件", len(digests)) as advance:
        for digest in digests:
            try:
                changed += blobs.reseal(digest, held)
            except NotFound:
                pass  # purged meanwhile
            except (KeyMissing, SealBroken) as error:
                failed.append(f"{digest}：{error.message}")
            advance("")
    return Resealed(changed, len(digests), secrets, failed)
