"""From mail and archives to the message and the files inside, each with its bytes or the reason for its lack.

Nothing here uses a path that a file names. Unpacked content stays in memory, and unpacking stops where a
limit is reached.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.errors import Damaged, Hostile, TooLarge, UnreadableFile

if TYPE_CHECKING:
    # Names of files are made safe by a module here, and who only names a file opens none.
    from extractor.arrival.containers.base import Contents, Opener
    from extractor.arrival.kinds import Kind
    from extractor.limits import ContainerLimits

_log = logging.getLogger(__name__)


def open_container(data: bytes, kind: "Kind", name: str, limits: "ContainerLimits") -> "Contents":
    """Return the contents of `data`, a container of that `kind` called `name`.

    Raises:
        Encrypted: even its list of files needs a password. TooMany, TooLarge: it exceeds a limit as a whole.
        Hostile: it is built to do harm. Damaged: it can't be opened. UnsupportedKind, TimedOut: a program for
            it is missing or too slow.
    """
    try:
        return _openers()[kind](data, name, limits)
    except UnreadableFile:
        raise
    except MemoryError as error:
        raise TooLarge("解开所需内存过多") from error
    except RecursionError as error:
        raise Hostile("嵌套层数过多") from error
    except Exception as error:  # the libraries promise nothing about hostile bytes
        _log.info("%s", kind, exc_info=error)
        raise Damaged("文件内部有错误，无法打开") from error


def _openers() -> "Mapping[Kind, Opener]":
    # Imported here, because reading a Word file should not wait for them.
    from extractor.arrival.containers import archive, mail, msg, rar, sevenzip, smime, tnef, zipped

    return {
        "mail": mail.open_mail, "mbox": mail.open_mailbox, "msg": msg.open_msg, "tnef": tnef.open_tnef,
        "zip": zipped.open_zip, "tar": archive.open_tar, "packed": archive.open_packed,
        "7z": sevenzip.open_7z, "rar": rar.open_rar, "signed": smime.open_signed,
    }  # fmt: skip


__all__ = ["open_container"]
