"""Moves fetched messages from their folder into the service. Each message becomes an upload, and none becomes
one twice."""

from pathlib import Path

import sqlalchemy as sa

from service.mail.folder import arrivals, held
from service.mail.imap import Address
from service.store.tables import upload_files, uploads
from service.store.uploads import Arrival, StoredFile, await_purge, create
from service.web.context import Context

CHANNEL = "mail"


def folder_of(context: Context, address: Address) -> Path:
    """Returns the folder that holds this mailbox's messages on their way into the service, and the record of
    the messages that were fetched."""
    name = f"{address.account}_{address.host}_{address.folder}"
    return (
        context.settings.data
        / CHANNEL
        / "".join(character if character.isalnum() else "_" for character in name)
    )


def hand_over(context: Context, folder: Path, mailbox: str) -> list[int]:
    """Makes an upload of each message in `folder`, and removes the message there. A message that was uploaded
    before is only removed. Returns the new uploads. Where it is broken off, the next call goes on from there.

    Raises:
        BadUsage: another run holds the folder, or it is for another mailbox.
        OSError: a message can't be read or stored.
    """
    made = []
    with held(folder, mailbox):
        reached = arrivals(folder)
        for path in sorted(folder.glob("*.eml")):
            with path.open("rb") as message:
                blob = context.blobs.put(message)
            with context.database.write() as connection:
                if not _is_known(connection, blob.sha256):
                    # A purge may have removed the same old bytes since they were found to be there, and the
                    # message is removed below.
                    await_purge(connection)
                    if not context.blobs.holds(blob.sha256):
                        with path.open("rb") as message:
                            context.blobs.put(message)
                    arrival = Arrival(
                        [StoredFile(path.name, blob.sha256, blob.bytes)],
                        CHANNEL,
                        arrived_at=reached.get(path.name),
                    )
                    upload, _ = create(connection, arrival, CHANNEL, context.clock())
                    context.enqueue(connection, upload)
                    made.append(upload)
            path.unlink()
    return made


def _is_known(connection: sa.Connection, sha256: str) -> bool:
    """Returns whether a message with these bytes came by mail before."""
    same = (
        sa.select(upload_files.c.upload_id)
        .join(uploads)
        .where(
            upload_files.c.sha256 == sha256, uploads.c.channel == CHANNEL, upload_files.c.home_id.is_(None)
        )
    )
    return connection.execute(same.limit(1)).first() is not None
